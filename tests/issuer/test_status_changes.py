"""Journals of changes: what a court publishes of the past, from the step in the register to the lender's answer."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from support.office import OTHER_ID_NUMBER, CourtHouse, StandingClock, application, court_keys, zaoyang_court
from xinzheng_issuer.casework.steps import take_step
from xinzheng_issuer.domain.workflow import Action, Actor, Role
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.people import actor_of
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_issuer.publishing.editions import check_not_older, editions
from xinzheng_issuer.publishing.outbox import Outbox
from xinzheng_issuer.publishing.status_changes import Change, beginning, folded, replayed
from xinzheng_issuer.register import migrations
from xinzheng_issuer.register.migration import upgrade
from xinzheng_schemas import bitstring
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState
from xinzheng_verifier import Policy, TrustStore, Verifier

HOUR = timedelta(hours=1)
NAMES = ("revocation", "suspension")


def lender(house: CourtHouse, **policy: Any) -> Verifier:
    """A lender who has the newest bundle."""
    publisher = house.issuer.outbox.publisher
    assert publisher.latest is not None
    trust = TrustStore.from_bundle(publisher.latest.path.read_bytes(), root=publisher.root, at=house.clock.now)
    return Verifier(trust, policy=Policy(**policy))


def token(house: CourtHouse, number: str) -> str:
    with house.issuer.office.reading() as store:
        found = store.issued_certificate(number)[0].credential_jwt
    assert found is not None
    return found


def journal(house: CourtHouse, purpose: str = "revocation") -> dict[str, Any]:
    found: dict[str, Any] = house.get(f"/status/420683/1/{purpose}/changes", None).json()
    return found


def status_list(house: CourtHouse, purpose: str = "revocation") -> dict[str, Any]:
    found: dict[str, Any] = house.get(f"/status/420683/1/{purpose}", None).json()
    return found


def bits_and_journal_agree(house: CourtHouse) -> bool:
    """Whether the journals that are served lead to the lists that are served, edition and bits."""
    for purpose in NAMES:
        listed, told = status_list(house, purpose)["credentialSubject"], journal(house, purpose)
        bits = bytearray(bitstring.MINIMUM_BYTES)
        for _, index, value in told["changes"]:
            bitstring.set_bit(bits, index, value=bool(value))
        if bitstring.encode(bits) != listed["encodedList"] or told["sequence"] != listed["sequence"]:
            return False
    return True


def suspend(house: CourtHouse, number: str) -> None:
    assert house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"}).status_code == 200


def lift(house: CourtHouse, number: str) -> None:
    for who in ("judge", "approver"):
        assert house.post(f"/api/v1/certificates/{number}/reinstatement", {"reason": "查明"}, who).status_code == 200


def revoke(house: CourtHouse, number: str) -> None:
    assert house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge").status_code == 200


def test_in_force_on_the_tender_deadline_and_revoked_since(shared_house: CourtHouse) -> None:
    house = shared_house
    number = house.certificate()["certificateNumber"]
    certificate = token(house, number)
    deadline = house.clock.advance(days=20)
    revoked = house.clock.advance(days=3)
    revoke(house, number)
    now = house.clock.advance(hours=1)
    verifier = lender(house)
    report = verifier.report(certificate, at=deadline, now=now)
    assert report.code == "ok"
    assert report.steps[7].evidence["revokedSince"] == format_timestamp(revoked)
    assert verifier.report(certificate, at=now).code == "revoked"
    assert bits_and_journal_agree(house)


def test_a_journal_names_nobody_and_no_reason(house: CourtHouse) -> None:
    certificate = house.certificate()
    suspend(house, certificate["certificateNumber"])
    revoke(house, certificate["certificateNumber"])
    index = certificate["statusListIndex"]
    for purpose, values in (("revocation", [1]), ("suspension", [1, 0])):
        told = journal(house, purpose)
        members = {"@context", "id", "type", "issuer", "list", "sequence", "since", "changes", "proof"}
        assert told.keys() == members
        assert [change[1:] for change in told["changes"]] == [[index, value] for value in values]
        assert told["since"] == "2026-11-23T08:00:00Z"
    again = house.get("/status/420683/1/revocation/changes", None)
    assert again.headers["content-type"] == "application/json"
    assert again.content == house.get("/status/420683/1/revocation/changes", "judge").content
    for path in ("/status/420683/2/revocation/changes", "/status/420684/1/revocation/changes"):
        assert house.get(path, None).status_code == 404


def test_a_voided_number_is_in_the_journal(house: CourtHouse) -> None:
    cycle, office = house.issuer.cycle, house.issuer.office
    case_id = house.approved().rpartition("/")[2]
    certificate = cycle._record(case_id, actor_of(office, house.tokens["sealOperator"]))
    cycle.void(certificate.id, reason="test")
    house.issuer.tend()
    assert journal(house)["changes"] == [[int(house.clock.now.timestamp()), certificate.list_index, 1]]
    assert bits_and_journal_agree(house)


def test_a_suspended_certificate_that_ends_leaves_the_list(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    suspend(house, number)
    ended = house.clock.advance(days=200)
    house.issuer.tend()
    assert [change[0] for change in journal(house, "suspension")["changes"]][-1] == int(ended.timestamp())
    assert bits_and_journal_agree(house)


def test_what_is_vouched_for_is_fresh(house: CourtHouse) -> None:
    """Two days later the list is the same, and the lender who asks for data of a day is content."""
    certificate = token(house, house.certificate()["certificateNumber"])
    made = status_list(house)["validFrom"]
    now = house.clock.advance(hours=48)
    assert lender(house, max_status_age=24 * HOUR).report(certificate, at=now).code == "status_stale"
    assert house.issuer.tend().published
    report = lender(house, max_status_age=24 * HOUR).report(certificate, at=now)
    assert (report.code, report.status_as_of) == ("ok", now)
    assert status_list(house)["validFrom"] == made


def test_another_status_key_signs_the_lists_anew(house: CourtHouse) -> None:
    house.issuer.tend()
    before = status_list(house)["credentialSubject"]["sequence"]
    other = court_keys(zaoyang_court())
    with house.issuer.keys.in_use() as keys:
        pass
    certificate_key, old = keys.records
    signer = other.signers["status-1"]
    new = replace(old, name="status-2", public_key_multibase=signer.public_key_multibase)
    retired = replace(old, state=KeyState.RETIRED, valid_until=house.clock.now)
    rotated = replace(keys, records=(certificate_key, retired, new), signers={**keys.signers, "status-2": signer})
    house.clock.advance(hours=1)
    folder = house.issuer.settings.data
    outbox = Outbox(house.issuer.office, rotated, house.issuer.outbox.publisher, lock_folder=folder)
    assert outbox.renew().published
    signed = status_list(house)
    assert signed["proof"]["verificationMethod"].endswith("#status-2")
    assert signed["credentialSubject"]["sequence"] == before + 1


def test_a_change_that_waited_counts_from_its_own_moment(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    number = house.certificate()["certificateNumber"]
    certificate = token(house, number)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    revoked = house.clock.advance(hours=3)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(BundlePublisher, "publish", fail)
        revoke(house, number)
    now = house.clock.advance(hours=2)
    assert house.issuer.tend().published
    verifier = lender(house)
    answers = {at: verifier.report(certificate, at=at, now=now).code for at in (revoked - HOUR, revoked, now)}
    assert [*answers.values()] == ["ok", "revoked", "revoked"]


def test_a_clock_that_was_set_back_changes_nothing_that_was_vouched_for(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    certificate = token(house, number)
    house.clock.advance(hours=30)
    vouched = house.clock.now
    house.issuer.tend()
    house.clock.advance(hours=-10)
    revoke(house, number)
    assert journal(house)["changes"][-1][0] == int(vouched.timestamp())
    house.clock.advance(hours=11)
    verifier = lender(house)
    assert verifier.report(certificate, at=vouched - timedelta(seconds=1), now=house.clock.now).code == "ok"
    assert verifier.report(certificate, at=vouched, now=house.clock.now).code == "revoked"


def test_a_revocation_that_was_noted_nowhere_shows_all_the_same(house: CourtHouse) -> None:
    certificate = house.certificate()
    index = certificate["statusListIndex"]
    with house.issuer.office.register.engine.begin() as connection:
        connection.execute(text("UPDATE case_file SET state = 'revoked'"))
    now = house.clock.advance(hours=1)
    assert house.issuer.outbox.renew().published
    assert journal(house)["changes"] == [[int(now.timestamp()), index, 1]]
    assert bits_and_journal_agree(house)


def test_an_older_edition_or_another_of_the_same_number_is_refused() -> None:
    def listed(sequence: int, more: str = "", entries: tuple[int, ...] = ()) -> dict[str, bytes]:
        bits = bytearray(bitstring.MINIMUM_BYTES)
        for entry in entries:
            bitstring.set_bit(bits, entry)
        subject = {"sequence": sequence, "more": more, "encodedList": bitstring.encode(bits)}
        content = {"credentialSubject": subject}
        return {"courts/420683/status/1/revocation.json": json.dumps(content).encode()}

    check_not_older(listed(3), listed(3))
    check_not_older(listed(4), listed(3))
    check_not_older(listed(1), {})
    check_not_older({"courts/420684/issuer.json": b""}, listed(3))
    with pytest.raises(PublishingError) as refused:
        check_not_older({"courts/420683/issuer.json": b""}, listed(3))
    assert refused.value.params["sequence"] == 0
    for sequence, more in ((2, ""), (3, "other")):
        with pytest.raises(PublishingError) as refused:
            check_not_older(listed(sequence, more), listed(3))
        assert refused.value.code == "status_list_older"
    check_not_older(listed(4, entries=(9, 70_001)), listed(3, entries=(70_001,)))
    with pytest.raises(PublishingError) as refused:
        check_not_older(listed(4, entries=(9,)), listed(3, entries=(9, 70_001, 131_071)))
    assert (refused.value.code, refused.value.params["index"]) == ("revocations_forgotten", 70_001)


def test_many_changes_at_once_leave_lists_and_journals_of_one_state(shared_house: CourtHouse) -> None:
    house = shared_house
    cases = [house.approved(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号")) for n in range(1, 6)]
    numbers = [house.issue(case)["certificateNumber"] for case in cases]

    def end(number: str) -> None:
        suspend(house, number)
        revoke(house, number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(end, numbers))
    house.issuer.tend()
    assert bits_and_journal_agree(house)
    changes = journal(house, "suspension")["changes"]
    assert len(changes) == 10
    with house.issuer.keys.in_use() as keys, house.issuer.office.writing(snapshot=True) as store:
        rows = editions(store, house.issuer.office, keys, at=house.clock.now)
        assert [len(store.status_changes(row.number, row.purpose)) for row in rows] == [5, 10]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_change_that_is_committed_late_keeps_the_journal_in_order(shared_house: CourtHouse) -> None:
    """Rows are numbered when they are written: the lower number is published second."""
    house, office = shared_house, shared_house.issuer.office
    late = house.certificate()["certificateNumber"]
    other = application(enforcementCaseNumber="（2022）鄂0683执124号", idNumber=OTHER_ID_NUMBER, name="李某")
    early = house.certificate(other)["certificateNumber"]
    judge = Actor("judge", "judge", frozenset({Role.JUDGE}))
    certificate = token(house, late)
    in_force = house.clock.now
    house.clock.advance(seconds=5)
    with office.writing() as store:
        _, case = store.issued_certificate(late, lock=True)
        take_step(store, case, Action.SUSPEND, judge, at=office.clock(), reason="举报")
        suspend(house, early)
        house.clock.advance(seconds=1)
    assert house.issuer.outbox.settle().published
    with office.reading() as store:
        ids = [change.id or 0 for change in store.status_changes(1, "suspension")]
    assert ids == sorted(ids, reverse=True)
    assert bits_and_journal_agree(house)
    moments = [moment for moment, _, _ in journal(house, "suspension")["changes"]]
    assert moments == sorted(moments)
    verifier = lender(house)
    assert verifier.report(certificate, at=in_force, now=house.clock.now).code == "ok"
    assert verifier.report(certificate, at=house.clock.now).code == "suspended"


@pytest.mark.parametrize("seed", range(4))
def test_any_history_is_answered_as_it_was(house: CourtHouse, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random steps, publications that fail, a timer that runs now and then; asked about every half hour since."""
    dice = random.Random(seed)  # noqa: S311 - a simulation
    publish = BundlePublisher.publish

    def unreliable(self: BundlePublisher, *arguments: Any, **settings: Any) -> Any:
        if dice.random() < 0.25:
            raise OSError(28, "No space left on device")
        return publish(self, *arguments, **settings)

    monkeypatch.setattr(BundlePublisher, "publish", unreliable)
    history: dict[str, list[tuple[datetime, str]]] = {}
    steps: dict[str, tuple[Callable[[CourtHouse, str], None], str]] = {
        "ok": (suspend, "suspended"),
        "suspended": (lift, "ok"),
    }
    for serial in range(1, 4):
        made = house.certificate(application(enforcementCaseNumber=f"（2022）鄂0683执{serial}号"))
        history[made["certificateNumber"]] = [(house.clock.now, "ok")]
    for _ in range(16):
        house.clock.advance(minutes=dice.choice((0, 20, 90, 600)))
        number = dice.choice([*history])
        state = history[number][-1][1]
        if dice.random() < 0.2:
            house.issuer.tend()
        elif state != "revoked":
            step, after = steps[state] if dice.random() < 0.75 else (revoke, "revoked")
            step(house, number)
            history[number].append((house.clock.now, after))
    monkeypatch.undo()
    now = house.clock.advance(minutes=7)
    house.issuer.outbox.renew()
    assert bits_and_journal_agree(house)
    verifier = lender(house)
    for number, turns in history.items():
        certificate, at = token(house, number), turns[0][0]
        while at <= now:
            expected = [after for moment, after in turns if moment <= at][-1]
            report = verifier.report(certificate, at=at, now=now)
            assert report.code == expected, (seed, number, at, turns)
            at += timedelta(minutes=30)


# --- what is told of long ago -----------------------------------------------------------------------------------------


def test_a_journal_reaches_back_to_a_new_year() -> None:
    since, made = datetime(2020, 5, 6, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
    assert beginning(since, made_at=made, years=10) == since
    assert beginning(since, made_at=made, years=3) == datetime(2023, 1, 1, tzinfo=UTC)
    assert beginning(since, made_at=made, years=3) == beginning(since, made_at=made + timedelta(days=30), years=3)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=20).map(sorted),
    st.integers(0, 31),
)
def test_folding_forgets_moments_and_nothing_else(turns: list[tuple[int, int]], cut: int) -> None:
    start, is_set = datetime(2026, 1, 1, tzinfo=UTC), dict.fromkeys(range(4), False)
    changes = []
    for hours, entry in turns:
        is_set[entry] = not is_set[entry]
        changes.append(Change(start + hours * HOUR, entry, is_set[entry]))
    since = start + cut * HOUR
    told = folded(changes, since)
    assert all(change.at >= since for change in told)
    assert told == sorted(told, key=lambda change: change.at)
    for hour in range(cut, 32):
        at = start + hour * HOUR
        assert replayed(each for each in told if each.at <= at) == replayed(each for each in changes if each.at <= at)


def test_a_court_that_tells_ten_years_tells_them(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    suspend(house, number)
    revoke(house, number)
    house.clock.advance(days=366 * 11)
    told = {}
    with house.issuer.keys.in_use() as keys, house.issuer.office.writing(snapshot=True) as store:
        for row in editions(store, house.issuer.office, keys, at=house.clock.now):
            told[row.purpose] = json.loads(row.journal or b"")
    assert {document["since"] for document in told.values()} == {"2027-01-01T00:00:00Z"}
    since = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
    assert [change[0] for change in told["revocation"]["changes"]] == [since]
    assert told["suspension"]["changes"] == []


# --- registers of an earlier version ----------------------------------------------------------------------------------


def _to_version_3(house: CourtHouse) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with house.issuer.office.register.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")


def _history(house: CourtHouse) -> dict[str, Any]:
    """A suspension that was lifted, one that lasts, one that ended in a revocation; the journals afterwards."""
    numbers = [
        house.certificate(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号"))["certificateNumber"]
        for n in range(1, 5)
    ]
    for step, number in ((suspend, 0), (suspend, 1), (lift, 0), (revoke, 2), (revoke, 1), (suspend, 3)):
        house.clock.advance(hours=5)
        step(house, numbers[number])
    return {purpose: journal(house, purpose)["changes"] for purpose in NAMES}


def test_the_log_of_an_earlier_version_tells_the_same_history(shared_house: CourtHouse) -> None:
    house = shared_house
    before = _history(house)
    _to_version_3(house)
    upgrade(house.issuer.office.register.engine)
    house.clock.advance(hours=1)
    assert house.issuer.outbox.renew().published
    assert {purpose: journal(house, purpose)["changes"] for purpose in NAMES} == before
    assert journal(house)["since"] == "2026-11-23T08:00:00Z"
    assert bits_and_journal_agree(house)


def test_where_the_log_does_not_tell_the_history_begins_with_the_upgrade(shared_house: CourtHouse) -> None:
    house = shared_house
    before = _history(house)
    _to_version_3(house)
    with house.issuer.office.register.engine.begin() as connection:
        connection.execute(text("DELETE FROM transition_log WHERE to_state = 'revoked' AND from_state = 'active'"))
    began = datetime.now(UTC).replace(microsecond=0)
    upgrade(house.issuer.office.register.engine)
    _at_or_after(house.clock, began)
    assert house.issuer.outbox.renew().published
    told = journal(house)
    assert told["since"] >= format_timestamp(began)
    assert {change[0] for change in told["changes"]} == {int(datetime.fromisoformat(told["since"]).timestamp())}
    assert {change[1] for change in told["changes"]} == {change[1] for change in before["revocation"]}
    assert journal(house, "suspension")["changes"] == before["suspension"]
    assert bits_and_journal_agree(house)


def _at_or_after(clock: StandingClock, moment: datetime) -> None:
    clock.now = max(clock.now, moment + timedelta(minutes=1))
