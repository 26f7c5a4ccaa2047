"""The register came back from a backup: nothing goes out that forgets, and one command leads on."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from starlette.testclient import TestClient

from support.office import EXAMPLES, OTHER_ID_NUMBER, CourtHouse, StandingClock, application
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.cli import main
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import initialise, open_issuer
from xinzheng_issuer.settings import Settings
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
