"""The register came back from a backup: what the server gives out, and what it refuses, until it is reconciled."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner
from sqlalchemy import create_engine, make_url, text
from starlette.testclient import TestClient

from support.keyed import OPERATOR
from support.office import OTHER_ID_NUMBER, CourtHouse, code, relisting
from support.restoring import CASES, Lender, backup, bring_back, restore, revoke, run, snapshot, suspend, token
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.cli import main
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.installation import open_issuer
from xinzheng_issuer.issuing import readiness
from xinzheng_issuer.issuing.epoch import EPOCH_FILE
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.publishing import outbox
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier import TrustStore, Verifier

LISTS = tuple(f"/status/420683/1/{name}" for name in ("revocation", "suspension"))
JOURNALS = tuple(f"{path}/changes" for path in LISTS)


@contextmanager
def started(house: CourtHouse) -> Iterator[CourtHouse]:
    """The server as it is started on what lies in the data folder."""
    issuer = open_issuer(house.issuer.settings, clock=house.clock)
    client = TestClient(app_of(issuer), raise_server_exceptions=False)
    with client:
        yield CourtHouse(issuer, client, house.clock, house.tokens)


def listed(house: CourtHouse, certificate: bytes) -> str:
    """What somebody finds who has the court's DID document and lists from the court's own addresses."""
    did = house.get("/did/420683/did.json", None).content
    lists = [house.get(path, None).content for path in LISTS]
    trust = TrustStore.from_documents(controllers=[did], status_lists=lists)
    return Verifier(trust).report(certificate, at=house.clock.now).code


def test_no_address_gives_an_older_list_than_was_published(court: CourtHouse) -> None:
    """B08: what the register has back is validly signed for a week, and forgets a revocation that was seen."""
    revoked, suspended = (court.certificate(case)["certificateNumber"] for case in CASES[:2])
    court.issuer.outbox.settle()
    certificates = [token(court, number) for number in (revoked, suspended)]
    content = backup(court)
    revoke(court, revoked)
    suspend(court, suspended)
    published = {path: court.get(path, None).content for path in (*LISTS, *JOURNALS)}
    restore(court, content)
    with started(court) as restored:
        assert {path: restored.get(path, None).content for path in published} == published
        assert [listed(restored, each) for each in certificates] == ["revoked", "suspended"]
        suspend(restored, revoked)  # the register forgot that it is revoked, and cannot publish what it knows
        assert [listed(restored, each) for each in certificates] == ["revoked", "suspended"]


def refused(answer: Any) -> None:
    assert code(answer) == (503, "register_restored")
    assert "xinzheng db adopt" in answer.json()["detail"]


def test_a_restored_register_is_noticed_at_the_start_and_issues_nothing(
    court: CourtHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A08: nothing is waiting and nothing is due, and yet numbers and indexes of the old lists may be taken."""
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(outbox, "TOLD_SECONDS", 0.0)
    known, relisted = (court.certificate(case)["certificateNumber"] for case in CASES[:2])
    case = court.approved(CASES[2])
    content = backup(court)
    revoke(court, known)
    restore(court, content)
    with structlog.testing.capture_logs() as logs, started(court) as restored:
        assert ("hindered", "register_restored") in [(each["event"], each.get("code")) for each in logs]
        health = restored.get("/healthz", None).json()
        assert (health["status"], health["hindrances"]) == ("ok", ["register_restored"])
        for language in ("en", "zh-CN"):
            refused(restored.get("/readyz", None, headers={"Accept-Language": language}))
            refused(restored.post(f"{case}/issuance", {}, "sealOperator", headers={"Accept-Language": language}))
        assert recorded(restored) == {known, relisted}

        # What takes a certificate out of force is entered all the same.
        record = relisting(caseCode="(2022)鄂0683执124号", iname="李某", cardNum=OTHER_ID_NUMBER)
        assert restored.feed(record)["records"][0]["effect"] == "revoked"
        assert revoke(restored, known)["published"] is False
        assert [restored.state(number) for number in (known, relisted)] == ["revoked", "revoked"]

        assert run(restored, "--yes").exit_code == 0
        assert restored.issue(case)["statusListNumber"] == 2
        assert restored.get("/readyz", None).json() == {"status": "ready"}
        assert restored.get("/healthz", None).json()["hindrances"] == []


def recorded(house: CourtHouse) -> set[str]:
    with house.issuer.office.reading() as store:
        return {each.number for each in store.given_out(1)}


def test_what_is_left_of_a_restored_register_is_neither_finished_nor_voided(court: CourtHouse) -> None:
    """It was signed and handed over after the backup, perhaps."""
    known = court.certificate(CASES[0])["certificateNumber"]
    case = court.approved(CASES[1]).rpartition("/")[2]
    left = court.issuer.cycle._record(case, Actor("seal", "seal", frozenset({Role.SEAL_OPERATOR})))
    content = backup(court)
    suspend(court, known)
    restore(court, content)
    with started(court) as restored:
        court.clock.advance(hours=25)  # its look-up is too old by now: it would be voided
        restored.issuer.tend()
        with restored.issuer.office.reading() as store:
            assert [each.number for each in store.pending_certificates()] == [left.number]
        suspend(restored, known)
        assert restored.issuer.outbox.adopt().published
        restored.issuer.tend()
        with restored.issuer.office.reading() as store:
            assert store.pending_certificates() == []


def test_a_server_that_runs_issues_nothing_once_something_is_taken_over(
    court: CourtHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot of the machine started by itself, and found everything well: what it knew then counts no more."""
    known = court.certificate(CASES[0])["certificateNumber"]
    case = court.approved(CASES[1])
    assert court.issuer.outbox.renew().published
    kept, lender = snapshot(court), Lender(court, tmp_path / "lender")
    court.clock.advance(seconds=30)
    revoke(court, known)
    lender.fetch()
    bring_back(court, kept)
    with started(court) as server:
        assert server.get("/healthz", None).json()["hindrances"] == []
        assert "[steps_to_repeat]" in run(server, "--bundle", lender.file(), "--yes").output
        refused(server.post(f"{case}/issuance", {}, "sealOperator"))
        assert recorded(server) == {known}
        assert server.get("/healthz", None).json()["hindrances"] == ["register_restored"]
        revoke(server, known)
        assert run(server, "--yes").exit_code == 0
        monkeypatch.setattr(outbox, "TOLD_SECONDS", 0.0)
        assert server.get("/healthz", None).json()["hindrances"] == []
        assert server.issue(case)["statusListNumber"] == 2


def test_what_was_recorded_just_before_a_doubt_is_not_signed_and_not_lost(court: CourtHouse) -> None:
    case = court.approved(CASES[0]).rpartition("/")[2]
    actor = Actor("seal", "seal", frozenset({Role.SEAL_OPERATOR}))
    left = court.issuer.cycle._record(case, actor)
    court.issuer.outbox.epoch.doubt()
    with pytest.raises(IssuingError) as caught:
        court.issuer.cycle._finish(left, actor)
    assert caught.value.code == "register_doubted"
    court.issuer.tend()
    with court.issuer.office.reading() as store:
        assert [(each.number, each.voided_at) for each in store.pending_certificates()] == [(left.number, None)]
    assert run(court, "--yes").exit_code == 0
    court.issuer.tend()
    assert court.state(left.number) == "active"


def test_certificates_that_were_only_issued_are_missed_too(court: CourtHouse) -> None:
    """A08: no status list tells of them, and their numbers and indexes are taken."""
    known = court.certificate(CASES[0])["certificateNumber"]
    case = court.approved(CASES[1])
    content = backup(court)
    forgotten = token(court, court.issue(case)["certificateNumber"])
    restore(court, content)
    with started(court) as restored:
        assert restored.get("/healthz", None).json()["hindrances"] == ["register_forgetful"]
        answer = restored.post(f"{case}/issuance", {}, "sealOperator")
        assert (code(answer), recorded(restored)) == ((503, "register_forgetful"), {known})
        assert revoke(restored, known)["published"] is True
        said = run(restored, "--dry-run").stdout
        assert "came back from a backup" in said
        assert "new status list" in said
        assert "由备份恢复" in run(restored, "--dry-run", LC_ALL="zh_CN.UTF-8").stdout
        assert run(restored, "--yes").exit_code == 0
        assert restored.issue(case)["statusListNumber"] == 2
        restored.issuer.tend()
        assert restored.get("/healthz", None).json()["hindrances"] == []
        assert listed(restored, forgotten) == "ok"
        assert "nothing to take over" in run(restored, "--dry-run").stdout


def test_they_are_missed_after_a_clock_that_was_ahead(court: CourtHouse) -> None:
    """What it recorded is not the last of all, whatever its date says; nor is what is finished late."""
    court.clock.now += timedelta(days=1)
    early = court.approved(CASES[0]).rpartition("/")[2]
    left = court.issuer.cycle._record(early, Actor("seal", "seal", frozenset({Role.SEAL_OPERATOR})))
    court.certificate(CASES[1])
    court.clock.now -= timedelta(days=1)
    case = court.approved(CASES[2])
    content = backup(court)
    court.issue(case)
    court.issuer.cycle.note(left.id)
    restore(court, content)
    with started(court) as restored:
        assert "register_forgetful" in restored.get("/healthz", None).json()["hindrances"]
        assert code(restored.post(f"{case}/issuance", {}, "sealOperator")) == (503, "register_forgetful")
        assert run(restored, "--yes").exit_code == 0
        assert restored.issue(case)["statusListNumber"] == 2


def test_what_cannot_be_remembered_is_not_signed_and_not_lost(court: CourtHouse) -> None:
    case = court.approved(CASES[0])
    folder = (court.issuer.settings.data / EPOCH_FILE).parent
    folder.write_bytes(b"in the way")
    assert code(court.post(f"{case}/issuance", {}, "sealOperator")) == (503, "epoch_damaged")
    assert recorded(court) == set()
    folder.unlink()
    (folder / "lock").mkdir(parents=True)
    assert code(court.post(f"{case}/issuance", {}, "sealOperator")) == (503, "epoch_unwritable")
    (number,) = recorded(court)
    (folder / "lock").rmdir()
    assert court.issue(case)["certificateNumber"] == number


def test_an_epoch_that_cannot_be_read_is_doubt(court: CourtHouse) -> None:
    court.certificate(CASES[0])
    (court.issuer.settings.data / EPOCH_FILE).write_bytes(b"{")
    case = court.approved(CASES[1])
    with started(court) as restored:
        assert code(restored.post(f"{case}/issuance", {}, "sealOperator")) == (503, "epoch_damaged")
        assert run(restored, "--yes").exit_code == 0
        assert restored.issue(case)["statusListNumber"] == 2


def test_nothing_is_issued_anew_from_a_restored_register(court: CourtHouse) -> None:
    court.certificate(CASES[0])
    lost = court.certificate(CASES[1])["certificateNumber"]
    desk = KeyDesk(court.issuer)
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="stolen")
    court.clock.advance(seconds=1)
    desk.activate("cert-2", OPERATOR, reason="stolen", now=True)
    desk.compromise("cert-1", court.clock.now, OPERATOR, reason="stolen")
    content = backup(court)
    revoke(court, lost)
    restore(court, content)
    before = recorded(court)
    data = str(court.issuer.settings.data)
    said = CliRunner().invoke(
        main, ["keys", "reissue", "cert-1", "--data", data, "--reason", "stolen", "--yes"], env={**os.environ}
    )
    assert (said.exit_code, "[register_restored]" in said.output) == (1, True)
    assert recorded(court) == before


@pytest.mark.parametrize("noticed", ["by the timer", "by a publication that is refused"])
def test_a_running_server_notices_that_its_register_was_set_back(
    shared_house: CourtHouse, url: str, noticed: str
) -> None:
    """A09: a database of before takes the place of another one, and the server goes on."""
    house = shared_house
    number = house.certificate(CASES[0])["certificateNumber"]
    case = house.approved(CASES[1])
    house.issuer.tend()
    kept = Kept(house, url)
    revoke(house, number)
    kept.restore()
    house.clock.advance(seconds=5)
    if noticed == "by the timer":
        house.issuer.tend()
        assert house.get("/healthz", None).json()["hindrances"] == ["register_restored"]
    else:
        assert revoke(house, number)["detail"] == "register_restored"
    refused(house.post(f"{case}/issuance", {}, "sealOperator"))
    if noticed == "by the timer":
        revoke(house, number)
    assert house.issuer.outbox.adopt().published
    assert house.issue(case)["statusListNumber"] == 2


class Kept:
    """A backup of a register, on either database."""

    def __init__(self, house: CourtHouse, url: str) -> None:
        self._engine = house.issuer.office.register.engine
        self._url = make_url(url)
        self._engine.dispose()
        if self._is_file:
            self._content = Path(self._url.database or "").read_bytes()
        else:
            self._run(f"CREATE DATABASE {self._url.database}_kept TEMPLATE {self._url.database}")

    @property
    def _is_file(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def restore(self) -> None:
        self._engine.dispose()
        if self._is_file:
            Path(self._url.database or "").write_bytes(self._content)
        else:
            self._run(f"DROP DATABASE {self._url.database}")
            self._run(f"ALTER DATABASE {self._url.database}_kept RENAME TO {self._url.database}")

    def _run(self, statement: str) -> None:
        url = self._url.set(drivername="postgresql+psycopg", database="postgres")
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()
