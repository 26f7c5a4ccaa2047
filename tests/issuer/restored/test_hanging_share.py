"""The watermark lies on a share whose server is away: whoever asks hangs, and nobody at the court waits for it."""

import os
import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.office import CourtHouse, StandingClock
from support.restoring import CASES, begun, revoke
from xinzheng_issuer.publishing import memory as memory_file
from xinzheng_issuer.publishing import other_disk
from xinzheng_issuer.publishing.memory import Memory
from xinzheng_issuer.publishing.other_disk import in_time
from xinzheng_issuer.publishing.reading import read_published

PATIENCE = 0.3


@pytest.fixture
def watermark(tmp_path: Path) -> Path:
    return tmp_path / "share.json"


@pytest.fixture
def house(
    tmp_path: Path, clock: StandingClock, watermark: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CourtHouse]:
    monkeypatch.setattr(other_disk, "PATIENCE_SECONDS", PATIENCE)
    monkeypatch.setattr(memory_file, "read_published", from_share)
    house = begun(tmp_path / "var", clock, watermark)
    with house.client:
        yield house


def from_share(path: Path, *, max_bytes: int) -> bytes:
    """A named pipe stands for a share that hangs."""
    return path.read_bytes() if path.is_fifo() else read_published(path, max_bytes=max_bytes)


@contextmanager
def limited_memory() -> Iterator[None]:
    """A gigabyte more than there is now, and no file can be read that is longer."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 30), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def come_back(watermark: Path, content: bytes) -> None:
    """The share answers: whoever has hung on it reads, and nobody hangs any more."""
    pipe = os.open(watermark, os.O_WRONLY)  # there is a reader, or this would hang
    watermark.unlink()
    os.write(pipe, content)
    os.close(pipe)
    deadline = time.monotonic() + 10
    while any(each.name == "other-disk" for each in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    watermark.write_bytes(content)


def test_revocations_are_published_while_the_share_hangs(house: CourtHouse, watermark: Path) -> None:
    numbers = [house.certificate(case)["certificateNumber"] for case in CASES]
    content = watermark.read_bytes()
    watermark.unlink()
    os.mkfifo(watermark)
    begin = time.monotonic()
    for number in numbers:
        assert revoke(house, number)["published"] is True
    assert house.get("/healthz", None).json()["hindrances"] == []
    assert house.issuer.tend().published
    assert sum(each.name == "other-disk" for each in threading.enumerate()) == 1
    assert time.monotonic() - begin < 30  # far less than for ever, however slow the machine is

    come_back(watermark, content)
    assert house.issuer.outbox.renew().published
    memory, latest = Memory.read(watermark), house.issuer.outbox.publisher.latest
    assert memory is not None
    assert latest is not None
    assert memory.version == latest.version


@pytest.mark.parametrize("kind", ["link", "endless"])
def test_a_watermark_without_end_is_not_read_and_stops_nothing(house: CourtHouse, watermark: Path, kind: str) -> None:
    number = str(house.certificate(CASES[0])["certificateNumber"])
    watermark.unlink()
    if kind == "link":
        watermark.symlink_to("/dev/zero")
    else:
        watermark.touch()
        os.truncate(watermark, 1 << 40)
    with limited_memory():
        assert revoke(house, number)["published"] is True
    assert Memory.read(watermark) is not None


def test_many_who_ask_at_once_all_get_an_answer(tmp_path: Path) -> None:
    """A file that answers is never taken for one that hangs."""
    path = tmp_path / "file"
    path.write_bytes(b"there")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: in_time(path, path.read_bytes), range(200)))
    assert answers == [b"there"] * 200


def test_whatever_is_raised_is_raised_to_whoever_waits(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        in_time(tmp_path / "none", (tmp_path / "none").read_bytes)
    with pytest.raises(ZeroDivisionError):
        in_time(tmp_path / "none", lambda: 1 // 0)
