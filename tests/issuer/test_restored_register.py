"""The register came back from a backup: nothing goes out that forgets, and one command leads on."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, make_url, text
from starlette.testclient import TestClient

from support.keyed import OPERATOR
from support.office import EXAMPLES, OTHER_ID_NUMBER, CourtHouse, StandingClock, application, code, relisting
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.cli import main
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import initialise, open_issuer
from xinzheng_issuer.issuing import readiness
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.settings import Settings
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier import TrustStore, Verifier

CASES = (
    application(),
    application(enforcementCaseNumber="（2022）鄂0683执124号", idNumber=OTHER_ID_NUMBER, name="李某"),
    application(enforcementCaseNumber="（2022）鄂0683执125号"),
)


@pytest.fixture
def clock() -> StandingClock:
    # The command line reads the machine's clock.
    return StandingClock(datetime.now(UTC))


@pytest.fixture
def court(tmp_path: Path, clock: StandingClock) -> Iterator[CourtHouse]:
    settings = Settings(data=tmp_path / "var")
    initialise(settings, EXAMPLES / "court.toml", clock=clock)
    house = CourtHouse.open(open_issuer(settings, clock=clock), clock)
    with house.client:
        yield house


def backup(house: CourtHouse) -> bytes:
    house.issuer.office.register.engine.dispose()
    return register(house).read_bytes()


def restore(house: CourtHouse, content: bytes) -> None:
    house.issuer.office.register.engine.dispose()
    register(house).write_bytes(content)


@contextmanager
def started(house: CourtHouse) -> Iterator[CourtHouse]:
    """The server as it is started on what lies in the data folder."""
    issuer = open_issuer(house.issuer.settings, clock=house.clock)
    client = TestClient(app_of(issuer), raise_server_exceptions=False)
    with client:
        yield CourtHouse(issuer, client, house.clock, house.tokens)


def register(house: CourtHouse) -> Path:
    return house.issuer.settings.data / "register.sqlite"


def token(house: CourtHouse, number: str) -> bytes:
    content: bytes = house.get(f"/api/v1/certificates/{number}/credential.jwt").content
    return content


def revoke(house: CourtHouse, number: str) -> dict[str, Any]:
    answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert answer.status_code == 200
    publication: dict[str, Any] = answer.json()["publication"]
    return publication


def suspend(house: CourtHouse, number: str) -> None:
    assert house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"}).status_code == 200


def verdict(house: CourtHouse, certificate: bytes, at: datetime | None = None) -> str:
    publisher = house.issuer.outbox.publisher
    assert publisher.latest is not None
    trust = TrustStore.from_bundle(publisher.latest.path.read_bytes(), root=publisher.root, at=house.clock.now)
    return Verifier(trust).report(certificate, at=at or house.clock.now, now=house.clock.now).code


def journal(house: CourtHouse) -> list[list[int]]:
    changes: list[list[int]] = house.get("/status/420683/1/revocation/changes", None).json()["changes"]
    return changes


def run(house: CourtHouse, *arguments: str, **environment: str) -> Result:
    environment = {"XINZHENG_LANG": "en", "XINZHENG_LOG_LEVEL": "error", **environment}
    data = str(house.issuer.settings.data)
    return CliRunner().invoke(main, ["db", "adopt", "--data", data, *arguments], env={**os.environ, **environment})


def test_what_was_forgotten_is_never_outrun(court: CourtHouse) -> None:
    """A08: the editions of a restored register reach the old numbers again; they go out with the revocations or not."""
    first, second, third = (court.certificate(case)["certificateNumber"] for case in CASES)
    certificate = token(court, second)
    assert court.issuer.outbox.settle().published
    content = backup(court)
    revoke(court, second)
    restore(court, content)
    for number in (first, third):
        court.clock.advance(seconds=5)
        assert revoke(court, number)["published"] is False
    for _ in range(4):
        court.clock.advance(hours=25)
        assert not court.issuer.tend().published
    assert verdict(court, certificate) == "revoked"
    with court.issuer.office.reading() as store:
        row = store.status_list(1, "revocation")
        assert row is not None
        assert row.sequence == 1


def test_one_command_takes_over_what_was_published(court: CourtHouse) -> None:
    known, ordinary = (court.certificate(case)["certificateNumber"] for case in CASES[:2])
    court.issuer.outbox.settle()
    content = backup(court)
    made = court.clock.advance(seconds=60)
    lost = court.certificate(CASES[2])
    held = {number: token(court, number) for number in (known, ordinary, lost["certificateNumber"])}
    court.clock.advance(seconds=60)
    for number in (known, lost["certificateNumber"]):
        assert revoke(court, number)["published"]
    told = journal(court)
    restore(court, content)
    court.clock.advance(seconds=60)

    said = run(court, "--dry-run")
    assert said.exit_code == 0
    assert f"Certificate {known} was published" in said.output
    assert "1 set entry(ies) belong to certificates that the register does not know" in said.output
    assert known in run(court, "--dry-run", XINZHENG_LANG="zh").output
    early = run(court, "--yes")
    assert (early.exit_code, "[steps_to_repeat]" in early.output) == (1, True)

    assert revoke(court, known)["published"] is False
    done = run(court, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output.splitlines()[-1])["action"] == "adopt"
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    assert [verdict(court, each) for each in held.values()] == ["revoked", "ok", "revoked"]
    assert verdict(court, held[known], at=made) == "ok"

    # It goes on from there: what is unknown stays revoked, and nothing is given out on the old list.
    court.clock.advance(seconds=60)
    assert revoke(court, ordinary)["published"]
    assert [verdict(court, each) for each in held.values()] == ["revoked"] * 3
    assert journal(court)[:-1] == told  # the country's publisher takes nothing else
    assert court.certificate(application(enforcementCaseNumber="（2022）鄂0683执126号"))["statusListNumber"] == 2
    assert court.issuer.outbox.behind() == []
    assert "nothing to take over" in run(court, "--yes").output


LISTS = tuple(f"/status/420683/1/{name}" for name in ("revocation", "suspension"))
JOURNALS = tuple(f"{path}/changes" for path in LISTS)


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
        restored.issuer.tend()
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
        assert revoke(house, number)["detail"] == "status_list_older"
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


def test_what_was_suspended_and_is_unknown_stays_so(court: CourtHouse) -> None:
    content = backup(court)
    lost = court.certificate(CASES[0])["certificateNumber"]
    certificate = token(court, lost)
    suspend(court, lost)
    restore(court, content)
    assert not court.issuer.outbox.renew().published
    assert court.issuer.outbox.adopt().published
    assert verdict(court, certificate) == "suspended"
    court.clock.advance(hours=25)
    assert court.issuer.tend().published
    assert verdict(court, certificate) == "suspended"


def test_a_forgotten_suspension_is_repeated_first(court: CourtHouse) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    content = backup(court)
    suspend(court, number)
    restore(court, content)
    with pytest.raises(PublishingError) as refused:
        court.issuer.outbox.adopt()
    assert (refused.value.code, refused.value.params["numbers"]) == ("steps_to_repeat", number)
    suspend(court, number)
    assert court.issuer.outbox.adopt().published
