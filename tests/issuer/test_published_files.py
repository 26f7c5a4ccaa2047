"""What lies in the publication folder is read once, without waiting, and no further than its bound."""

import os
from pathlib import Path

import pytest

from xinzheng_issuer.publishing.reading import read_published


def test_content_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "timestamp.json"
    path.write_bytes(b"{}")
    assert read_published(path) == b"{}"
    assert read_published(path, max_bytes=2) == b"{}"


def test_file_that_is_not_there_is_told_from_one_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_published(tmp_path / "timestamp.json")


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "device", "long"])
def test_what_is_no_regular_file_within_its_bound_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path, real = tmp_path / "timestamp.json", tmp_path / "elsewhere.json"
    real.write_bytes(b"{}")
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to(real)
        case "folder":
            path.mkdir()
        case "device":
            path = Path("/dev/zero")
        case _:
            path.write_bytes(b"{} ")
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match=r".") as caught:
        read_published(path, max_bytes=2)
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before
    assert not isinstance(caught.value, FileNotFoundError)
