"""Publishing: derived from rows, in order, never lost by a failure, and fresh without anybody's doing."""

import io
import tarfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from support.office import CourtHouse, PublisherTemplate, StandingClock, application, code, make_issuer
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.publishing import bundle
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_schemas import bitstring


def status_list(house: CourtHouse, purpose: str = "revocation") -> dict[str, Any]:
    found: dict[str, Any] = house.get(f"/status/420683/1/{purpose}", None).json()
    return found


def bit(house: CourtHouse, index: int, purpose: str = "revocation") -> bool:
    bits = bitstring.decode(status_list(house, purpose)["credentialSubject"]["encodedList"], max_bytes=2**21)
    return bitstring.get_bit(bits, index)


def sequence(house: CourtHouse) -> int:
    found: int = status_list(house)["credentialSubject"]["sequence"]
    return found


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BundlePublisher, "publish", fail)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Publishing fails until the fixture is undone."""
    fill_the_disk(monkeypatch)
    return monkeypatch


def test_bits_follow_the_rows(house: CourtHouse) -> None:
    certificate = house.certificate()
    number, index = certificate["certificateNumber"], certificate["statusListIndex"]
    address = f"/api/v1/certificates/{number}"
    assert (bit(house, index), bit(house, index, "suspension")) == (False, False)
    house.post(f"{address}/suspension", {"reason": "举报"})
    assert (bit(house, index), bit(house, index, "suspension")) == (False, True)
    house.post(f"{address}/reinstatement", {"reason": "查明"}, "judge")
    house.post(f"{address}/reinstatement", {"reason": "查明"}, "approver")
    assert (bit(house, index), bit(house, index, "suspension")) == (False, False)
    house.post(f"{address}/revocation", {"reason": "fraud"}, "judge")
    assert (bit(house, index), bit(house, index, "suspension")) == (True, False)


def test_a_list_says_when_it_was_made_and_counts_its_editions(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    before = sequence(house)
    house.clock.advance(hours=1)
    house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    made = status_list(house)
    assert made["validFrom"] == "2026-11-23T09:00:00Z"
    assert made["validUntil"] == "2026-11-30T09:00:00Z"
    assert sequence(house) == before + 1


def test_a_list_that_says_the_same_stays_the_same(house: CourtHouse) -> None:
    """A certificate that is issued, and a suspension, change no bit of the revocations."""
    house.issuer.outbox.renew()
    before = house.get("/status/420683/1/revocation", None).content
    house.clock.advance(hours=1)
    number = house.certificate()["certificateNumber"]
    house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"})
    assert house.get("/status/420683/1/revocation", None).content == before


def test_a_change_that_cannot_be_published_is_told_and_kept(house: CourtHouse, full_disk: pytest.MonkeyPatch) -> None:
    answer = house.post(f"{house.approved()}/issuance", {}, "sealOperator").json()
    assert answer["state"] == "active"
    assert answer["publication"]["published"] is False
    assert answer["publication"]["bundleVersion"] == 1
    number = answer["certificateNumber"]
    revoked = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert revoked.json()["publication"]["published"] is False
    full_disk.undo()
    state = house.issuer.tend()
    assert state.published
    assert bit(house, answer["statusListIndex"])
    with house.issuer.office.reading() as store:
        assert store.pending_publications() == []


def test_a_court_that_cannot_publish_still_issues(house: CourtHouse, full_disk: pytest.MonkeyPatch) -> None:
    """Its register is ahead of what was published, not behind it."""
    number = house.issue(house.approved())["certificateNumber"]
    house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"})
    house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    for _ in range(2):
        assert not house.issuer.tend().published
    assert house.get("/healthz", None).json()["hindrances"] == []
    assert house.issue(house.approved(application(enforcementCaseNumber="（2022）鄂0683执124号")))["state"] == "active"
    full_disk.undo()
    assert house.issuer.tend().published


def test_no_publication_meanwhile_makes_a_register_look_restored(shared_house: CourtHouse) -> None:
    house, stopped = shared_house, threading.Event()
    hindrances: list[str] = []

    def look() -> None:
        while not stopped.is_set():
            house.issuer.outbox.look()
            hindrances.extend(house.issuer.outbox.hindrances)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for n in range(1, 7):
            number = house.certificate(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号"))["certificateNumber"]
            house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    finally:
        stopped.set()
        looking.join(30)
    assert hindrances == []


def test_what_cannot_be_published_is_revoked_at_the_court_s_own_address(
    house: CourtHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lenders with the bundle wait for it; whoever asks the court is told what is signed."""
    certificate = house.certificate()
    published, version = sequence(house), house.get("/healthz", None).json()["bundleVersion"]
    fill_the_disk(monkeypatch)
    number, index = certificate["certificateNumber"], certificate["statusListIndex"]
    revoked = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge").json()
    assert (revoked["publication"]["published"], revoked["publication"]["bundleVersion"]) == (False, version)
    assert (bit(house, index), sequence(house)) == (True, published + 1)
    changes = house.get("/status/420683/1/revocation/changes", None).json()
    assert (changes["sequence"], [change[1:] for change in changes["changes"]]) == (published + 1, [[index, 1]])


@pytest.mark.usefixtures("full_disk")
def test_before_the_first_publication_the_register_s_lists_are_given_out(issuer: Issuer, clock: StandingClock) -> None:
    house = CourtHouse.open(issuer, clock)
    with house.client:
        assert code(house.get("/bundle/latest.xzb", None)) == (404, "nothing_published")
        assert sequence(house) == 1
        for path in ("2/revocation", "1/revocation.changes", "1/message", "2/suspension/changes"):
            assert code(house.get(f"/status/420683/{path}", None)) == (404, "status_list_not_found")


def test_without_the_publication_no_list_is_given_out(house: CourtHouse) -> None:
    """It cannot be told whether the register's edition is older than the published one."""
    timestamp = house.issuer.settings.public_folder / "metadata" / "timestamp.json"
    content = timestamp.read_bytes()
    timestamp.write_bytes(b"{}")
    for path in ("revocation", "suspension/changes"):
        assert code(house.get(f"/status/420683/1/{path}", None)) == (503, "repository_damaged")
    timestamp.write_bytes(content)
    assert sequence(house) == 1


def test_the_next_start_publishes_what_waits(house: CourtHouse, full_disk: pytest.MonkeyPatch) -> None:
    certificate = house.issue(house.approved())
    full_disk.undo()
    recovery, state = house.issuer.start()
    assert (recovery.finished, recovery.voided, state.published) == ((), (), True)
    assert house.get(f"/api/v1/certificates/{certificate['certificateNumber']}").json()["state"] == "active"


def test_the_bundle_is_said_to_be_what_it_is(house: CourtHouse) -> None:
    answer = house.get("/bundle/latest.xzb", None)
    assert answer.headers["content-type"] == "application/x-xz"
    with tarfile.open(fileobj=io.BytesIO(answer.content), mode="r:xz") as archive:
        assert archive.getnames()[0] == "bundle.json"
    described = house.get("/openapi.json", None).json()["paths"]["/bundle/latest.xzb"]["get"]["responses"]
    assert list(described["200"]["content"]) == ["application/x-xz"]


def test_nothing_new_publishes_nothing(house: CourtHouse) -> None:
    version = house.get("/healthz", None).json()["bundleVersion"]
    assert house.issuer.outbox.settle().bundle_version == version
    assert house.issuer.tend().bundle_version == version


def test_old_lists_are_vouched_for_by_the_timer(house: CourtHouse) -> None:
    version = house.issuer.tend().bundle_version
    house.clock.advance(hours=23)
    assert house.issuer.tend().bundle_version == version
    house.clock.advance(hours=1)
    renewed = house.issuer.tend()
    assert renewed.bundle_version == (version or 0) + 1
    assert status_list(house)["validFrom"] == "2026-11-23T08:00:00Z"


def test_a_list_is_signed_anew_when_half_of_its_life_is_over(house: CourtHouse) -> None:
    house.issuer.tend()
    before = sequence(house)
    house.clock.advance(hours=83)
    house.issuer.tend()
    assert (status_list(house)["validFrom"], sequence(house)) == ("2026-11-23T08:00:00Z", before)
    house.clock.advance(hours=24)
    house.issuer.tend()
    assert (status_list(house)["validFrom"], sequence(house)) == ("2026-11-27T19:00:00Z", before + 1)


def test_a_certificate_that_ends_is_published_by_the_timer(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    house.clock.advance(days=182)
    house.issuer.tend()
    with house.issuer.office.reading() as store:
        assert store.issued_certificate(number)[1].state == "expired"


def test_a_clock_that_was_set_back_makes_no_older_list(house: CourtHouse) -> None:
    made = status_list(house)["validFrom"]
    house.clock.advance(hours=-2)
    house.issuer.outbox.renew()
    assert status_list(house)["validFrom"] == made


def test_many_changes_at_once_end_in_one_state(house: CourtHouse) -> None:
    cases = [house.approved(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号")) for n in range(1, 7)]
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(house.issue, cases))
        numbers = [each["certificateNumber"] for each in made]
        body = {"reason": "fraud"}
        answers = list(pool.map(lambda n: house.post(f"/api/v1/certificates/{n}/revocation", body, "judge"), numbers))
    assert all(answer.json()["publication"]["published"] for answer in answers)
    assert all(bit(house, each["statusListIndex"]) for each in made)


def test_another_process_that_publishes_is_waited_for(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, overlaps = threading.Semaphore(1), []
    publish = house.issuer.outbox._publish

    def watched(**options: Any) -> Any:
        overlaps.append(not inside.acquire(blocking=False))
        try:
            return publish(**options)
        finally:
            inside.release()

    monkeypatch.setattr(house.issuer.outbox, "_publish", watched)
    with ThreadPoolExecutor(3) as pool:
        states = list(pool.map(lambda _: house.issuer.outbox.renew(), range(3)))
    assert [state.published for state in states] == [True] * 3
    assert overlaps == [False] * 3


def test_a_refusal_of_the_verifier_keeps_the_bundle_before(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PublishingError("publication_refused", refusal="bundle_threshold", reason="x")

    version = house.get("/healthz", None).json()["bundleVersion"]
    monkeypatch.setattr(bundle, "_check", refuse)
    state = house.issuer.outbox.renew()
    assert (state.published, state.bundle_version) == (False, version)


def test_tending_survives_what_it_meets(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(house.issuer.cycle, "recover", fail)
    assert house.issuer.tend().published


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_timer_outlives_a_register_that_is_away(
    tmp_path: Path, publisher_template: PublisherTemplate, office: Office, clock: StandingClock
) -> None:
    issuer = make_issuer(tmp_path, publisher_template, office=office, publish_check_seconds=1)
    house = CourtHouse.open(issuer, clock)
    register = tmp_path / "register.sqlite"
    with house.client, structlog.testing.capture_logs() as logs:
        content = register.read_bytes()
        office.register.engine.dispose()
        register.write_bytes(b"a disk that came up empty" * 400)
        until(lambda: any(each["event"] == "publication_failed" for each in logs))
        office.register.engine.dispose()
        register.write_bytes(content)
        version = house.get("/healthz", None).json()["bundleVersion"]
        clock.advance(hours=25)  # refresh_hours is 24
        until(lambda: house.get("/healthz", None).json()["bundleVersion"] > version)


def test_a_damaged_publication_neither_hides_a_change_nor_stops_the_timer(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    house.issuer.outbox.settle()
    latest = house.issuer.outbox.publisher.latest
    assert latest is not None
    lost = (latest.path, house.issuer.settings.public_folder / "metadata" / f"{latest.version}.snapshot.json")
    away = [path.rename(path.with_suffix(".away")) for path in lost]
    answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert (answer.status_code, answer.json()["publication"]["published"]) == (200, False)
    state = house.issuer.tend()
    assert (state.published, state.bundle_version, state.reason) == (False, None, "edition_damaged")
    for path, back in zip(lost, away, strict=True):
        back.rename(path)
    assert house.issuer.tend().published
    assert house.state(number) == "revoked"


def test_health_says_when_publishing_is_behind(house: CourtHouse, full_disk: pytest.MonkeyPatch) -> None:
    def overdue() -> bool:
        found: bool = house.get("/healthz", None).json()["publicationOverdue"]
        return found

    number = house.certificate()["certificateNumber"]
    house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"})
    assert not overdue()
    house.clock.advance(minutes=4)
    assert overdue()
    full_disk.undo()
    house.issuer.outbox.settle()
    assert not overdue()
    house.clock.advance(hours=24)
    assert not overdue()
    house.clock.advance(minutes=4)
    assert overdue()


def test_a_queue_of_any_length_is_published(shared_house: CourtHouse) -> None:
    """More entries than one statement can name."""
    office = shared_house.issuer.office
    queue = text(
        "INSERT INTO publication (court_id, cause, created_at) WITH RECURSIVE n(i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 260000) SELECT '420683', 'x', CURRENT_TIMESTAMP FROM n"
    )
    with office.register.engine.begin() as connection:
        connection.execute(queue)
    assert shared_house.issuer.outbox.settle().published
    with office.reading() as store:
        assert store.pending_publications() == []
