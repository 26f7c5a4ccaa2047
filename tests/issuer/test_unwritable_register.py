"""The disk under the register takes nothing for a while: what was begun is finished, and everybody reads what to do."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.engine import Engine

from support.alone import cheap_passphrases
from support.office import CourtHouse, StandingClock, code
from support.restoring import CASES, begun, token
from support.unwritable import Disk, disk_under
from xinzheng_issuer.cli import main


@pytest.fixture
def disk(house: CourtHouse) -> Iterator[Disk]:
    with disk_under(house.issuer.office.register.engine) as disk:
        yield disk


def pending(house: CourtHouse) -> list[str]:
    with house.issuer.office.reading() as store:
        return [each.number for each in store.pending_certificates()]


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_certificate_that_was_recorded_is_finished_once_there_is_room(
    house: CourtHouse, disk: Disk, monkeypatch: pytest.MonkeyPatch, by_itself: bool
) -> None:
    """The disk runs full between the record and the last step."""
    case = house.approved()
    cycle = house.issuer.cycle
    note = cycle._note

    def fill(certificate_id: str, fill: tuple[int, int]) -> None:
        note(certificate_id, fill)
        disk.is_full = True

    monkeypatch.setattr(cycle, "_note", fill)
    answer = house.post(f"{case}/issuance", {}, "sealOperator")
    assert code(answer) == (503, "issuing_unfinished")
    (number,) = pending(house)
    assert number in answer.json()["detail"]
    assert "nothing was changed" not in answer.json()["detail"]
    assert code(house.post(f"{case}/issuance", {}, "sealOperator"))[1] in {"issuing_unfinished", "register_unavailable"}

    monkeypatch.undo()
    disk.is_full = False
    if by_itself:
        house.issuer.tend()
        assert house.state(number) == "active"
    else:
        assert house.issue(case)["certificateNumber"] == number
    assert pending(house) == []


def test_a_publication_says_that_the_register_is_at_fault(house: CourtHouse, disk: Disk) -> None:
    number = house.certificate()["certificateNumber"]
    disk.is_full = True
    state = house.issuer.outbox.renew()
    assert (state.published, state.reason) == (False, "register_unavailable")
    disk.is_full = False
    assert house.issuer.outbox.renew().published
    assert token(house, number)


def test_a_command_says_in_plain_words_what_is_full(tmp_path: Path) -> None:
    """And goes on, once there is room, from what it had done."""
    with cheap_passphrases():
        house = begun(tmp_path / "var", StandingClock(datetime.now(UTC)))
        house.certificate(CASES[0])
        data = str(house.issuer.settings.data)
        create = ["keys", "create", "cert-2", "--usage", "certificate", "--reason", "r", "--yes", "--data", data]

        with disk_under(Engine) as disk:
            disk.is_full = True
            for language, words in (("C.UTF-8", "there is room"), ("zh_CN.UTF-8", "有空间")):
                said = CliRunner().invoke(main, create, env={**os.environ, "LC_ALL": language})
                assert (said.exit_code, words in said.output) == (1, True), said.output
                assert "[register_unavailable]" in said.output
                assert isinstance(said.exception, SystemExit)
        done = CliRunner().invoke(main, create, env=dict(os.environ))
        assert done.exit_code == 0, done.output
