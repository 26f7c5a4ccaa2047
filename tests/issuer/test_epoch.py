"""The certificate that was recorded last: whoever else writes at the same time, and in whatever order."""

import json
import threading
from pathlib import Path

import pytest

from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.epoch import EPOCH_FILE, Epoch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / EPOCH_FILE


def noted(path: Path) -> str:
    return str(json.loads(path.read_bytes())["certificate"])


def test_what_is_finished_late_does_not_take_the_place_of_what_was_recorded_since(path: Path) -> None:
    epoch = Epoch(path)
    epoch.note("b", (1, 2))
    epoch.note("a", (1, 2))
    assert noted(path) == "b"
    epoch.note("c", (1, 3))
    epoch.note("b", (1, 2))
    assert noted(path) == "c"
    epoch.note("d", (2, 1))
    assert noted(path) == "d"


def test_many_at_once_disturb_nobody(path: Path) -> None:
    failures: list[Exception] = []

    def note(first: int) -> None:
        try:
            for number in range(first, 200, 4):
                Epoch(path).note(f"{number}", (1, number))
        except Exception as error:  # noqa: BLE001 - whatever it is fails the test
            failures.append(error)

    threads = [threading.Thread(target=note, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert noted(path) == "199"


def test_what_cannot_be_read_is_not_written_over(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"{")
    with pytest.raises(IssuingError) as caught:
        Epoch(path).note("a", (1, 1))
    assert caught.value.code == "epoch_unwritable"
    assert path.read_bytes() == b"{"


def test_what_is_recorded_in_doubt_is_refused_before_it_is_signed(path: Path) -> None:
    epoch = Epoch(path)
    epoch.note("a", (1, 1))
    epoch.doubt()
    with pytest.raises(IssuingError) as caught:
        epoch.note("b", (1, 2))
    assert caught.value.code == "register_doubted"
    assert json.loads(path.read_bytes())["certificate"] is None
