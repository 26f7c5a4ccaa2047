"""Moments in the past: what a journal of changes says of them, at every door."""

import json
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from support.doors import by_batch, by_http, by_http_batch, command
from support.histories import INDEX, SEQUENCE, Change, command_options, documents, entry, set_after
from support.issuers import LIST_ENTRIES, SimulatedCourt
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Item, Policy, TrustStore, Verdict, Verifier
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.status.changes import authentic_journal, look_back
from xinzheng_verifier.status.lists import authentic_list
from xinzheng_verifier.trust.digest import trust_digest
from xinzheng_verifier.web import create_app

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def certificate(court: SimulatedCourt) -> str:
    """Valid for thirty days already."""
    return court.issue({"validFrom": format_timestamp(court.now - 30 * DAY)}).jwt


@pytest.fixture(scope="module")
def made(court: SimulatedCourt) -> datetime:
    """When the lists were made."""
    return court.now - 10 * MINUTE


def test_in_force_on_the_deadline_and_revoked_since(court: SimulatedCourt, certificate: str, made: datetime) -> None:
    deadline, revoked = court.now - 5 * DAY, court.now - 2 * DAY
    verifier = Verifier(TrustStore.from_documents(**documents(court, revocations=[(revoked, INDEX, 1)])))
    report = verifier.report(certificate, at=deadline, now=court.now)
    assert (report.verdict, report.code) == (Verdict.PASSED, "ok")
    assert report.steps[7].evidence["revokedSince"] == format_timestamp(revoked)
    assert entry(report)["history"] == {"then": 0, "now": 1, "turnedAt": format_timestamp(revoked)}
    assert (entry(report)["sequence"], report.status_as_of) == (SEQUENCE, made)
    assert (
        report.message()
        == f"Genuine, and in force at the moment asked about; revoked since {format_timestamp(revoked)}."
    )
    assert report.message("zh") == f"真实，所查时刻有效；自 {format_timestamp(revoked)} 起已被撤销。"
    assert report.steps[7].message() == report.message()
    assert verifier.report(certificate, at=court.now).code == "revoked"


def test_a_change_counts_from_its_own_moment_on(court: SimulatedCourt, certificate: str) -> None:
    revoked = court.now - 2 * DAY
    verifier = Verifier(TrustStore.from_documents(**documents(court, revocations=[(revoked, INDEX, 1)])))
    before, then = (
        verifier.report(certificate, at=revoked - late, now=court.now)
        for late in (timedelta(microseconds=1), timedelta(0))
    )
    assert (before.code, then.code) == ("ok", "revoked")
    assert then.deciding_step.evidence["since"] == format_timestamp(revoked)


def test_a_suspension_that_was_lifted_counts_while_it_lasted(court: SimulatedCourt, certificate: str) -> None:
    begun, lifted = court.now - 6 * DAY, court.now - 4 * DAY
    changes = [(begun, INDEX, 1), (lifted, INDEX, 0)]
    verifier = Verifier(TrustStore.from_documents(**documents(court, suspensions=changes)))
    report = verifier.report(certificate, at=court.now - 5 * DAY, now=court.now)
    assert (report.verdict, report.code) == (Verdict.FAILED, "suspended")
    evidence = report.deciding_step.evidence
    assert (evidence["since"], evidence["liftedSince"]) == (format_timestamp(begun), format_timestamp(lifted))
    assert report.message().endswith(f"the suspension was lifted {format_timestamp(lifted)}.")
    assert report.message("zh").endswith(f"该暂停已于 {format_timestamp(lifted)} 解除。")
    for at in (begun - HOUR, lifted, court.now):
        assert verifier.report(certificate, at=at, now=court.now).code == "ok"
    assert "suspendedSince" not in verifier.report(certificate, at=begun - HOUR, now=court.now).steps[7].evidence


def test_suspended_since_and_then_revoked_says_the_worse(court: SimulatedCourt, certificate: str) -> None:
    trust = documents(court, revocations=[(court.now - DAY, INDEX, 1)], suspensions=[(court.now - 2 * DAY, INDEX, 1)])
    report = Verifier(TrustStore.from_documents(**trust)).report(certificate, at=court.now - 3 * DAY, now=court.now)
    assert report.code == "ok"
    assert {"revokedSince", "suspendedSince"} <= report.steps[7].evidence.keys()
    assert "revoked since" in report.message()
    only = documents(court, suspensions=[(court.now - 2 * DAY, INDEX, 1)])
    report = Verifier(TrustStore.from_documents(**only)).report(certificate, at=court.now - 3 * DAY, now=court.now)
    assert "suspended since" in report.message()
    assert "被暂停" in report.message("zh")


def test_before_the_journal_begins_nothing_is_known(court: SimulatedCourt, certificate: str) -> None:
    since = court.now - 10 * DAY
    changes = [(since, INDEX, 1)]
    for revocations in ([], changes):
        trust = TrustStore.from_documents(**documents(court, revocations=revocations, since=since))
        report = Verifier(trust).report(certificate, at=since - timedelta(seconds=1), now=court.now)
        assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_before_changes")
        assert report.deciding_step.evidence["entries"] != []
        expected = "revoked" if revocations else "ok"
        assert Verifier(trust).report(certificate, at=since, now=court.now).code == expected


def test_without_a_journal_a_set_bit_counts_however_old_and_a_clear_one_is_unknown(
    court: SimulatedCourt, certificate: str
) -> None:
    trust = documents(court, revocations=[(court.now - DAY, INDEX, 1)]) | {"status_changes": []}
    assert (
        Verifier(TrustStore.from_documents(**trust)).report(certificate, at=court.now - 5 * DAY, now=court.now).code
        == "revoked"
    )
    clear = documents(court) | {"status_changes": []}
    report = Verifier(TrustStore.from_documents(**clear)).report(certificate, at=court.now - 5 * DAY, now=court.now)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_not_yet_known")


def test_a_slow_clock_is_given_no_benefit(court: SimulatedCourt, certificate: str, made: datetime) -> None:
    """Whatever the moment may be in truth, the certificate has to be in force at it."""
    revoked = court.now - 2 * DAY
    trust = TrustStore.from_documents(**documents(court, revocations=[(revoked, INDEX, 1)]))
    slow = Verifier(trust, policy=Policy(max_clock_skew=5 * MINUTE))
    assert slow.report(certificate, at=revoked - 4 * MINUTE, now=court.now).code == "revoked"
    assert slow.report(certificate, at=revoked - 6 * MINUTE, now=court.now).code == "ok"
    assert slow.report(certificate, at=made - 4 * MINUTE, now=court.now).code == "revoked"
    lifted = [(revoked, INDEX, 1), (revoked + MINUTE, INDEX, 0)]
    trust = TrustStore.from_documents(**documents(court, suspensions=lifted))
    slow = Verifier(trust, policy=Policy(max_clock_skew=5 * MINUTE))
    assert slow.report(certificate, at=revoked - 4 * MINUTE, now=court.now).code == "suspended"


@pytest.mark.usefixtures("present")
def test_every_door_answers_a_question_about_the_past(
    court: SimulatedCourt, certificate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline, revoked = court.now - 5 * DAY, court.now - 2 * DAY
    given_documents = documents(court, revocations=[(revoked, INDEX, 1)])
    (tmp_path / "certificate.jwt").write_text(certificate, "ascii")
    options = [*command_options(given_documents, tmp_path), "--at", format_timestamp(deadline)]
    verifier = Verifier(TrustStore.from_documents(**given_documents))
    expected = verifier.report(certificate, at=deadline, now=court.now).to_json()
    printed = command(tmp_path / "certificate.jwt", *options, "--json")
    assert printed.status == 0
    assert {name: value for name, value in json.loads(printed.out).items() if name != "file"} == expected
    assert by_http(verifier, certificate.encode(), at=deadline, now=court.now) == expected
    assert by_http_batch(verifier, [Item(certificate)], at=deadline, now=court.now) == [expected]
    assert [report.to_json() for report in by_batch(verifier, [Item(certificate)], at=deadline, now=court.now)] == [
        expected
    ]
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    for locale, sentence, row in (
        (
            "en_GB.UTF-8",
            "in force at the moment asked about; revoked since",
            "neither revoked nor suspended at the moment",
        ),
        ("zh_CN.UTF-8", "真实，所查时刻有效；自", "所查时刻未被撤销或暂停"),
    ):
        monkeypatch.setenv("LANG", locale)
        shown = command(tmp_path / "certificate.jwt", *options).out
        assert sentence in shown
        assert row in shown
        assert shown.count(format_timestamp(revoked)) >= 2
    page = TestClient(create_app(verifier, clock=lambda: court.now)).post(
        "/page/verify", content=certificate, params={"at": format_timestamp(deadline)}
    )
    status = next(row["text"] for row in page.json()["sheet"]["zh"]["rows"] if row["key"] == "status")
    assert status.startswith(f"所查时刻未被撤销或暂停 · 自 {format_timestamp(revoked)} 起已被撤销")


def test_a_chosen_moment_is_no_clock_that_is_behind(court: SimulatedCourt, certificate: str) -> None:
    """What a bundle remembers is a floor under the clock, not under the question (threats K02)."""
    deadline = court.now - 5 * DAY
    plain = TrustStore.from_documents(**documents(court, revocations=[(court.now - DAY, INDEX, 1)]))
    lists = {url: plain.status_list(url) or b"" for url in plain.status_list_urls}
    changes = {url: plain.status_changes(url) or b"" for url in plain.status_list_urls}
    trust = TrustStore(plain.issuers, lists, issued_floor=court.now, status_changes=changes)
    verifier = Verifier(trust)
    for now in (None, court.now - HOUR):
        report = verifier.report(certificate, at=deadline, now=now)
        assert (report.code, report.steps[6].code) == ("revoked", "clock_implausible")
    assert verifier.report(certificate, at=deadline, now=court.now).code == "ok"
    assert verifier.verify(certificate, at=deadline, now=court.now)["issuer"] == court.did
    (report,) = verifier.report_many([certificate], at=deadline, now=court.now, workers=2)
    assert report.code == "ok"
    client = TestClient(create_app(verifier, clock=lambda: court.now))
    answer = client.post("/v1/verify", content=certificate, params={"at": format_timestamp(deadline)})
    assert answer.json()["code"] == "ok"
    with pytest.raises(ValueError, match="now must be an aware datetime"):
        verifier.report(certificate, at=deadline, now=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake
    with pytest.raises(TypeError, match="now must be a datetime"):
        verifier.report(certificate, at=deadline, now="now")  # type: ignore[arg-type]


def test_journals_are_looked_at_only_for_the_past_and_once(
    court: SimulatedCourt, certificate: str, made: datetime
) -> None:
    trust = TrustStore.from_documents(**documents(court))
    verifier = Verifier(trust)
    for at in (made, court.now):
        assert verifier.report(certificate, at=at).code == "ok"
    assert trust.decoded_status_changes == {}
    assert verifier.report(certificate, at=made - timedelta(seconds=1), now=court.now).code == "ok"
    kept = dict(trust.decoded_status_changes)
    assert {*kept} == {*trust.status_list_urls}
    verifier.report(certificate, at=made - HOUR, now=court.now)
    assert all(trust.decoded_status_changes[url] is journal for url, journal in kept.items())
    again = pickle.loads(pickle.dumps(trust))  # noqa: S301 - what a worker of a batch receives
    assert again.decoded_status_changes == {}
    assert Verifier(again).report(certificate, at=made - HOUR, now=court.now).code == "ok"


def test_a_journal_is_part_of_what_was_trusted(court: SimulatedCourt) -> None:
    with_journals = documents(court)
    without = {**with_journals, "status_changes": []}
    assert trust_digest(TrustStore.from_documents(**with_journals)) != trust_digest(
        TrustStore.from_documents(**without)
    )


def test_two_journals_of_one_list_are_no_trust(court: SimulatedCourt) -> None:
    trust = documents(court)
    journal = trust["status_changes"][0]
    TrustStore.from_documents(**{**trust, "status_changes": [journal, journal]})
    older = court.status_changes("revocation", sequence=SEQUENCE - 1)
    with pytest.raises(TrustError) as refused:
        TrustStore.from_documents(**{**trust, "status_changes": [journal, older]})
    assert refused.value.code == "status_changes_ambiguous"
    with pytest.raises(TrustError) as refused:
        TrustStore.from_documents(**{**trust, "status_changes": [{"type": "StatusListChanges"}]})
    assert refused.value.code == "trust_document_malformed"


# --- any history ------------------------------------------------------------------------------------------------------

_MODEL_COURT = SimulatedCourt()
_EPOCH = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
_INDEXES = (0, 7, 8, INDEX, LIST_ENTRIES - 1)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Seconds after `_EPOCH` and index of each change, in order of time; several may be at one moment."""
    turns = draw(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(_INDEXES)), max_size=25))
    return sorted(turns, key=lambda turn: turn[0])


@settings(max_examples=60, deadline=None)
@given(history=histories(), skew=st.integers(0, 10))
def test_the_answer_at_every_moment_is_that_of_a_model(history: list[tuple[int, int]], skew: int) -> None:
    court = _MODEL_COURT
    changes: list[Change] = []
    value = dict.fromkeys(_INDEXES, 0)
    model: dict[tuple[int, int], int] = {(index, -1): 0 for index in _INDEXES}
    for second in range(-1, 42):
        for turned, index in history:
            if turned == second:
                value[index] ^= 1
                changes.append((datetime.fromtimestamp(_EPOCH + turned, UTC), index, value[index]))
        model |= {(index, second): value[index] for index in _INDEXES}
    made = datetime.fromtimestamp(_EPOCH + 60, UTC)
    since = datetime.fromtimestamp(_EPOCH - 1, UTC)
    store = TrustStore.from_documents(
        [court.issuer_document()],
        [court.status_list("revocation", set_after(changes), valid_from=made)],
        status_changes=[court.status_changes("revocation", changes, since=since)],
    )
    url = court.status_url("revocation")
    status_list = authentic_list(url, store, at=made)
    journal = authentic_journal(status_list, store, at=made)
    assert journal is not None
    for (index, second), then in model.items():
        at = datetime.fromtimestamp(_EPOCH + second, UTC)
        found = look_back(journal, index, at=at, latest=at)
        assert (found.value, found.value_now) == (then, value[index])
        later = [moment for moment, of, _ in changes if of == index and moment > at]
        assert found.turned_at == (later[-1] if later else None)
        earlier = [moment for moment, of, set_to in changes if of == index and moment <= at and set_to]
        assert found.set_at == (earlier[-1] if then else None)
        worst = look_back(journal, index, at=at, latest=at + timedelta(seconds=skew))
        turns = [moment for moment in later if moment <= at + timedelta(seconds=skew)]
        assert worst.value == int(bool(then or turns))
