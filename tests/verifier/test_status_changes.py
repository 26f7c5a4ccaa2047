"""Moments in the past: what a journal of changes says of them, and what no journal can make them say."""

import json
import pickle
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from support.doors import by_batch, by_http, by_http_batch, command
from support.issuers import LIST_ENTRIES, SimulatedCourt
from support.samples import ABSENT
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas import multibase
from xinzheng_schemas.contexts import CREDENTIALS_V2
from xinzheng_schemas.strict_json import JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Item, Policy, Report, TrustStore, Verdict, Verifier
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_STATUS_CHANGES, STATUS_CHANGES_JSON
from xinzheng_verifier.receipt.trust_digest import trust_digest
from xinzheng_verifier.secure.data_integrity import hash_data
from xinzheng_verifier.status.changes import authentic_journal, look_back
from xinzheng_verifier.status.lists import authentic_list
from xinzheng_verifier.web import create_app

INDEX = 94567
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SEQUENCE = 7

Change = tuple[datetime, int, int]


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


def documents(
    court: SimulatedCourt, *, revocations: Iterable[Change] = (), suspensions: Iterable[Change] = (), **more: Any
) -> dict[str, Any]:
    """Lists and journals that say the same."""
    told = {"revocation": [*revocations], "suspension": [*suspensions]}
    bits = {purpose: set_after(changes) for purpose, changes in told.items()}
    return {
        "controllers": [court.issuer_document()],
        "status_lists": [court.status_list(purpose, bits[purpose], sequence=SEQUENCE) for purpose in told],
        "status_changes": [court.status_changes(purpose, told[purpose], sequence=SEQUENCE, **more) for purpose in told],
    }


def set_after(changes: Iterable[Change]) -> set[int]:
    found: set[int] = set()
    for _, index, value in changes:
        (found.add if value else found.discard)(index)
    return found


def entry(report: Report, place: int = 0) -> dict[str, Any]:
    entries: Any = report.steps[7].evidence["entries"]
    found: dict[str, Any] = entries[place]
    return found


def test_in_force_on_the_deadline_and_revoked_since(court: SimulatedCourt, certificate: str, made: datetime) -> None:
    deadline, revoked = court.now - 5 * DAY, court.now - 2 * DAY
    verifier = Verifier(TrustStore.from_documents(**documents(court, revocations=[(revoked, INDEX, 1)])))
    report = verifier.report(certificate, at=deadline)
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
        verifier.report(certificate, at=revoked - late) for late in (timedelta(microseconds=1), timedelta(0))
    )
    assert (before.code, then.code) == ("ok", "revoked")
    assert then.deciding_step.evidence["since"] == format_timestamp(revoked)


def test_a_suspension_that_was_lifted_counts_while_it_lasted(court: SimulatedCourt, certificate: str) -> None:
    begun, lifted = court.now - 6 * DAY, court.now - 4 * DAY
    changes = [(begun, INDEX, 1), (lifted, INDEX, 0)]
    verifier = Verifier(TrustStore.from_documents(**documents(court, suspensions=changes)))
    report = verifier.report(certificate, at=court.now - 5 * DAY)
    assert (report.verdict, report.code) == (Verdict.FAILED, "suspended")
    evidence = report.deciding_step.evidence
    assert (evidence["since"], evidence["liftedSince"]) == (format_timestamp(begun), format_timestamp(lifted))
    assert report.message().endswith(f"the suspension was lifted {format_timestamp(lifted)}.")
    assert report.message("zh").endswith(f"该暂停已于 {format_timestamp(lifted)} 解除。")
    for at in (begun - HOUR, lifted, court.now):
        assert verifier.report(certificate, at=at).code == "ok"
    assert "suspendedSince" not in verifier.report(certificate, at=begun - HOUR).steps[7].evidence


def test_suspended_since_and_then_revoked_says_the_worse(court: SimulatedCourt, certificate: str) -> None:
    trust = documents(court, revocations=[(court.now - DAY, INDEX, 1)], suspensions=[(court.now - 2 * DAY, INDEX, 1)])
    report = Verifier(TrustStore.from_documents(**trust)).report(certificate, at=court.now - 3 * DAY)
    assert report.code == "ok"
    assert {"revokedSince", "suspendedSince"} <= report.steps[7].evidence.keys()
    assert "revoked since" in report.message()
    only = documents(court, suspensions=[(court.now - 2 * DAY, INDEX, 1)])
    report = Verifier(TrustStore.from_documents(**only)).report(certificate, at=court.now - 3 * DAY)
    assert "suspended since" in report.message()
    assert "被暂停" in report.message("zh")


def test_before_the_journal_begins_nothing_is_known(court: SimulatedCourt, certificate: str) -> None:
    since = court.now - 10 * DAY
    changes = [(since, INDEX, 1)]
    for revocations in ([], changes):
        trust = TrustStore.from_documents(**documents(court, revocations=revocations, since=since))
        report = Verifier(trust).report(certificate, at=since - timedelta(seconds=1))
        assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_before_changes")
        assert report.deciding_step.evidence["entries"] != []
        expected = "revoked" if revocations else "ok"
        assert Verifier(trust).report(certificate, at=since).code == expected


def test_without_a_journal_a_set_bit_counts_however_old_and_a_clear_one_is_unknown(
    court: SimulatedCourt, certificate: str
) -> None:
    trust = documents(court, revocations=[(court.now - DAY, INDEX, 1)]) | {"status_changes": []}
    assert Verifier(TrustStore.from_documents(**trust)).report(certificate, at=court.now - 5 * DAY).code == "revoked"
    clear = documents(court) | {"status_changes": []}
    report = Verifier(TrustStore.from_documents(**clear)).report(certificate, at=court.now - 5 * DAY)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_not_yet_known")


def test_a_slow_clock_is_given_no_benefit(court: SimulatedCourt, certificate: str, made: datetime) -> None:
    """Whatever the moment may be in truth, the certificate has to be in force at it."""
    revoked = court.now - 2 * DAY
    trust = TrustStore.from_documents(**documents(court, revocations=[(revoked, INDEX, 1)]))
    slow = Verifier(trust, policy=Policy(max_clock_skew=5 * MINUTE))
    assert slow.report(certificate, at=revoked - 4 * MINUTE).code == "revoked"
    assert slow.report(certificate, at=revoked - 6 * MINUTE).code == "ok"
    assert slow.report(certificate, at=made - 4 * MINUTE).code == "revoked"
    lifted = [(revoked, INDEX, 1), (revoked + MINUTE, INDEX, 0)]
    trust = TrustStore.from_documents(**documents(court, suspensions=lifted))
    slow = Verifier(trust, policy=Policy(max_clock_skew=5 * MINUTE))
    assert slow.report(certificate, at=revoked - 4 * MINUTE).code == "suspended"


_OPTIONS = {"controllers": "--controller", "status_lists": "--status-list", "status_changes": "--status-changes"}


def _options(trust: dict[str, Any], folder: Path) -> list[str]:
    """What the command takes for these documents, which are written into `folder`."""
    options: list[str] = []
    for name, listed in trust.items():
        options.append(_OPTIONS[name])
        for number, document in enumerate(listed):
            path = folder / f"{name}-{number}.json"
            path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
            options.append(str(path))
    return options


def test_every_door_answers_a_question_about_the_past(
    court: SimulatedCourt, certificate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline, revoked = court.now - 5 * DAY, court.now - 2 * DAY
    given_documents = documents(court, revocations=[(revoked, INDEX, 1)])
    (tmp_path / "certificate.jwt").write_text(certificate, "ascii")
    options = [*_options(given_documents, tmp_path), "--at", format_timestamp(deadline)]
    verifier = Verifier(TrustStore.from_documents(**given_documents))
    expected = verifier.report(certificate, at=deadline).to_json()
    printed = command(tmp_path / "certificate.jwt", *options, "--json")
    assert printed.status == 0
    assert {name: value for name, value in json.loads(printed.out).items() if name != "file"} == expected
    assert by_http(verifier, certificate.encode(), at=deadline) == expected
    assert by_http_batch(verifier, [Item(certificate)], at=deadline) == [expected]
    assert [report.to_json() for report in by_batch(verifier, [Item(certificate)], at=deadline)] == [expected]
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
    page = TestClient(create_app(verifier)).post(
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
    assert verifier.report(certificate, at=deadline).code == "clock_implausible"
    assert verifier.report(certificate, at=deadline, now=court.now).code == "ok"
    assert verifier.report(certificate, at=deadline, now=court.now - HOUR).code == "clock_implausible"
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
    assert verifier.report(certificate, at=made - timedelta(seconds=1)).code == "ok"
    kept = dict(trust.decoded_status_changes)
    assert {*kept} == {*trust.status_list_urls}
    verifier.report(certificate, at=made - HOUR)
    assert all(trust.decoded_status_changes[url] is journal for url, journal in kept.items())
    again = pickle.loads(pickle.dumps(trust))  # noqa: S301 - what a worker of a batch receives
    assert again.decoded_status_changes == {}
    assert Verifier(again).report(certificate, at=made - HOUR).code == "ok"


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


# --- journals that are not what they should be ------------------------------------------------------------------------


def _answer(
    court: SimulatedCourt, certificate: str, journal: dict[str, Any] | bytes, *, revoked: bool = False, **more: Any
) -> Report:
    """What is said of a moment five days ago, with this journal of the revocation list."""
    trust = documents(court, revocations=[(court.now - DAY, INDEX, 1)] if revoked else ())
    content = journal if isinstance(journal, bytes) else json.dumps(journal).encode()
    plain = TrustStore.from_documents(
        [*trust["controllers"], *more.get("controllers", ())], trust["status_lists"], more.get("contexts")
    )
    lists = {url: plain.status_list(url) or b"" for url in plain.status_list_urls}
    changes = {
        court.status_url("revocation"): content,
        court.status_url("suspension"): json.dumps(trust["status_changes"][1]).encode(),
    }
    store = TrustStore(plain.issuers, lists, plain.contexts, status_changes=changes)
    return Verifier(store).report(certificate, at=court.now - 5 * DAY)


def _wrong_journals(court: SimulatedCourt) -> dict[str, tuple[str, Any]]:
    """Name → code and journal; each is signed by the court unless that is what is wrong."""

    def journal(changes: Iterable[Change] = (), **settings: Any) -> dict[str, Any]:
        return court.status_changes("revocation", changes, **{"sequence": SEQUENCE, **settings})

    def raw(*changes: Any) -> dict[str, Any]:
        return journal(overrides={"changes": [*changes]})

    day = court.now - DAY
    seconds = int(day.timestamp())
    turn, turn_back = [seconds, 5, 1], [seconds, 5, 0]
    future = [int(court.now.timestamp()), 5, 1]
    early = [int((court.now - 400 * DAY).timestamp()), 5, 1]
    altered = journal([(day, 5, 1), (day, 5, 0)])
    altered["changes"][0][1] = altered["changes"][1][1] = 6
    stranger = SoftwareSigner.generate()
    return {
        "older": ("status_changes_list", journal(sequence=SEQUENCE - 1)),
        "newer": ("status_changes_list", journal(sequence=SEQUENCE + 1)),
        "sequence-true": ("status_changes_list", journal(overrides={"sequence": True})),
        "sequence-text": ("status_changes_list", journal(overrides={"sequence": str(SEQUENCE)})),
        "no-sequence": ("status_changes_list", journal(overrides={"sequence": ABSENT})),
        "other-list": ("status_changes_list", court.status_changes("suspension", sequence=SEQUENCE)),
        "other-number": ("status_changes_list", journal(number=2)),
        "other-id": ("status_changes_list", journal(overrides={"id": court.status_url("revocation")})),
        "other-list-same-id": ("status_changes_list", journal(overrides={"list": court.status_url("suspension")})),
        "contradicts-set": ("status_changes_contradict", journal([(day, INDEX, 1)])),
        "contradicts-other": ("status_changes_contradict", journal([(day, 5, 1)])),
        "order": ("status_changes_malformed", journal([(day, 5, 1), (day - HOUR, 5, 0)])),
        "future": ("status_changes_malformed", raw(future, [future[0], 5, 0])),
        "before-since": ("status_changes_malformed", raw(early, turn_back)),
        "range": ("status_changes_malformed", raw([seconds, LIST_ENTRIES, 1], [seconds, LIST_ENTRIES, 0])),
        "negative": ("status_changes_malformed", raw([seconds, -1, 1], [seconds, -1, 0])),
        "twice-set": ("status_changes_malformed", raw(turn, turn, turn_back)),
        "cleared-first": ("status_changes_malformed", raw(turn_back, turn)),
        "value-two": ("status_changes_malformed", raw([seconds, 5, 2])),
        "value-true": ("status_changes_malformed", raw([seconds, 5, True], turn_back)),
        "index-float": ("status_changes_malformed", raw([seconds, 5.0, 1], turn_back)),
        "moment-text": ("status_changes_malformed", raw([format_timestamp(day), 5, 1], turn_back)),
        "moment-huge": ("status_changes_malformed", raw([2**53 - 1, 5, 1], [2**53 - 1, 5, 0])),
        "short-change": ("status_changes_malformed", raw([seconds, 5])),
        "long-change": ("status_changes_malformed", raw([seconds, 5, 1, "fraud"])),
        "change-object": ("status_changes_malformed", raw({"at": seconds})),
        "changes-object": ("status_changes_malformed", journal(overrides={"changes": {}})),
        "no-changes": ("status_changes_malformed", journal(overrides={"changes": ABSENT})),
        "no-since": ("status_changes_malformed", journal(overrides={"since": ABSENT})),
        "since-day": ("status_changes_malformed", journal(overrides={"since": "2026-01-01"})),
        "type": ("status_changes_malformed", journal(overrides={"type": "BitstringStatusListCredential"})),
        "type-list": ("status_changes_malformed", journal(overrides={"type": ["StatusListChanges"]})),
        "reasons": ("status_changes_malformed", journal(overrides={"reasons": ["fraud"]})),
        "altered": ("status_changes_issuer", altered),
        "stranger": ("status_changes_issuer", journal(signer=stranger)),
        "certificate-key": ("status_changes_issuer", journal(key="cert-1")),
        "unsigned": ("status_changes_unavailable", {n: v for n, v in journal().items() if n != "proof"}),
        "no-json": ("status_changes_unavailable", b"\xff"),
        "array": ("status_changes_unavailable", b"[]"),
        "doubled": ("status_changes_unavailable", b'{"list": 1, "list": 1}'),
    }


_NAMES = sorted(_wrong_journals(SimulatedCourt()))


@pytest.fixture(scope="module")
def wrong_journals(court: SimulatedCourt) -> dict[str, tuple[str, Any]]:
    return _wrong_journals(court)


@pytest.mark.parametrize("name", _NAMES)
def test_a_journal_that_is_not_right_answers_nothing(
    court: SimulatedCourt, certificate: str, wrong_journals: dict[str, tuple[str, Any]], name: str
) -> None:
    code, journal = wrong_journals[name]
    report = _answer(court, certificate, journal)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, code), report.deciding_step.evidence
    assert entry(report)["code"] == code
    assert "history" not in entry(report)


@pytest.mark.parametrize("name", ["older", "contradicts-set", "future"])
def test_every_door_says_what_is_wrong_with_a_journal(
    court: SimulatedCourt, certificate: str, wrong_journals: dict[str, tuple[str, Any]], name: str, tmp_path: Path
) -> None:
    code, journal = wrong_journals[name]
    trust = documents(court)
    trust["status_changes"][0] = journal
    at = court.now - 5 * DAY
    verifier = Verifier(TrustStore.from_documents(**trust))
    assert by_http(verifier, certificate.encode(), at=at)["code"] == code
    path = tmp_path / "certificate.jwt"
    path.write_text(certificate, "ascii")
    options = [*_options(trust, tmp_path), "--at", format_timestamp(at), "--json"]
    printed = command(path, *options)
    assert (printed.status, json.loads(printed.out)["code"]) == (2, code)


def test_an_old_journal_does_not_undo_a_revocation(court: SimulatedCourt, certificate: str) -> None:
    """The journal from before the revocation, replayed beside the list that has it."""
    old = court.status_changes("revocation", sequence=SEQUENCE - 1)
    assert _answer(court, certificate, old, revoked=True).code == "status_changes_list"
    same_number = court.status_changes("revocation", sequence=SEQUENCE)
    assert _answer(court, certificate, same_number, revoked=True).code == "status_changes_contradict"


def test_the_journal_of_another_issuer_does_not_count(court: SimulatedCourt, certificate: str) -> None:
    other = SimulatedCourt(region_code="420684", court_code="鄂0684")
    journal = other.status_changes("revocation", sequence=SEQUENCE)
    url = court.status_url("revocation")
    journal = other.secure(
        {name: value for name, value in journal.items() if name != "proof"} | {"id": f"{url}#changes", "list": url},
        key="status-1",
        created=court.now,
    )
    report = _answer(court, certificate, journal, controllers=[other.issuer_document()])
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_changes_issuer")


def test_a_graph_cannot_sign_a_journal(court: SimulatedCourt, certificate: str) -> None:
    """RDF drops what no context explains; and where one does, its lists have no order."""
    context = "https://xz.example/contexts/changes"
    names = ("StatusListChanges", "list", "sequence", "since")
    terms: dict[str, JSONValue] = {name: f"https://xz.example/ns#{name}" for name in names}
    terms["issuer"] = {"@id": "https://www.w3.org/2018/credentials#issuer", "@type": "@id"}
    terms["changes"] = {"@id": "https://xz.example/ns#changes", "@type": "@json"}
    contexts: dict[str, dict[str, JSONValue]] = {context: {"@context": terms}}
    journal = court.status_changes("revocation", sequence=SEQUENCE, overrides={"@context": [CREDENTIALS_V2, context]})
    unsecured = {name: value for name, value in journal.items() if name != "proof"}
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "ecdsa-rdfc-2019",
        "created": format_timestamp(court.now),
        "verificationMethod": court.method("status-1"),
        "proofPurpose": "assertionMethod",
    }
    config = {**options, "@context": unsecured["@context"]}
    message = hash_data(unsecured, config, hash_name="sha256", canonicalization="rdfc", contexts=contexts)
    proof = {**options, "proofValue": multibase.encode(court.status_signer.sign(message))}
    report = _answer(court, certificate, {**unsecured, "proof": proof}, contexts=contexts)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_changes_malformed")
    assert entry(report)["code"] == "status_changes_malformed"


def test_the_key_of_a_kept_journal_is_still_asked(court: SimulatedCourt, certificate: str) -> None:
    trust = documents(court)
    document = court.controller_document()
    for method in document["verificationMethod"]:
        if "status-1" in method["id"]:
            method["expires"] = format_timestamp(court.now - 3 * DAY)
    store = TrustStore.from_documents([document], trust["status_lists"], status_changes=trust["status_changes"])
    verifier = Verifier(store)
    assert verifier.report(certificate, at=court.now - 4 * DAY).code == "ok"
    assert verifier.report(certificate, at=court.now - 2 * DAY).code == "status_issuer"
    url = court.status_url("revocation")
    status_list = authentic_list(url, store, at=court.now - 4 * DAY)
    with pytest.raises(Exception, match="not vouched for") as refused:
        authentic_journal(status_list, store, at=court.now - 2 * DAY)
    assert refused.value.code == "status_changes_issuer"  # type: ignore[attr-defined]


def test_a_delegate_writes_the_journal_of_its_own_list(court: SimulatedCourt, certificate: str) -> None:
    """Whoever may sign the list signs its journal; the court itself may not speak for another's list."""
    delegate = SimulatedCourt(host="delegate.example", region_code="420600", court_code="鄂06")
    url = court.status_url("revocation")
    as_of_court = {"id": url, "credentialSubject": {"id": f"{url}#list"}}
    by_delegate = delegate.status_list("revocation", sequence=SEQUENCE, overrides=as_of_court)
    document = court.issuer_document(statusListIssuers=[delegate.did])
    controllers = [document, delegate.issuer_document()]
    journal = delegate.status_changes("revocation", sequence=SEQUENCE, overrides={"id": f"{url}#changes", "list": url})
    own = documents(court)
    for written, code in ((journal, "ok"), (own["status_changes"][0], "status_changes_issuer")):
        store = TrustStore.from_documents(
            controllers, [by_delegate, own["status_lists"][1]], status_changes=[written, own["status_changes"][1]]
        )
        assert Verifier(store).report(certificate, at=court.now - 5 * DAY).code == code


def test_many_changes_are_read_in_time_and_more_are_refused(court: SimulatedCourt, certificate: str) -> None:
    """A million changes, and as many as are taken."""
    day = court.now - 2 * DAY
    most = [(day, index, 1) for index in range(LIST_ENTRIES)] + [(day, index, 0) for index in range(LIST_ENTRIES)]
    assert len(most) == MAX_STATUS_CHANGES
    largest = court.status_changes("revocation", most, sequence=SEQUENCE)
    assert len(json.dumps(largest, separators=(",", ":"))) <= STATUS_CHANGES_JSON.max_bytes
    began = time.process_time()
    assert _answer(court, certificate, json.dumps(largest, separators=(",", ":")).encode()).code == "ok"
    assert time.process_time() - began < 10
    began = time.process_time()
    million = b'{"list":"x","changes":[' + b"[1700000000,5,1]," * 1_000_000 + b"[1700000000,5,0]]}"
    assert _answer(court, certificate, million).code == "status_changes_unavailable"
    small = b'{"list":"x","changes":[' + b"[0,5,1]," * 1_000_000 + b"[0,5,0]]}"
    report = _answer(court, certificate, small)
    assert (report.code, entry(report)["code"]) == ("status_changes_unavailable", "status_changes_unavailable")
    assert time.process_time() - began < 2


# --- freshness --------------------------------------------------------------------------------------------------------


def _attested(court: SimulatedCourt, attested_at: datetime | None, **lists: Any) -> TrustStore:
    plain = TrustStore.from_documents([court.issuer_document()], court.status_lists(**lists))
    documents_of = {url: plain.status_list(url) or b"" for url in plain.status_list_urls}
    attested = {} if attested_at is None else dict.fromkeys(documents_of, attested_at)
    return TrustStore(plain.issuers, documents_of, attested=attested)


def test_a_list_that_is_vouched_for_is_as_fresh_as_the_word(court: SimulatedCourt, certificate: str) -> None:
    made, until = court.now - 5 * DAY, court.now + 2 * DAY
    day = Policy(max_status_age=DAY)
    vouched = court.now - HOUR
    for attested_at, code in ((None, "status_stale"), (made - DAY, "status_stale"), (vouched, "ok")):
        verifier = Verifier(_attested(court, attested_at, valid_from=made, valid_until=until), policy=day)
        report = verifier.report(certificate, at=court.now)
        assert report.code == code
    assert report.status_as_of == vouched
    shown = {name: entry(report)[name] for name in ("asOf", "madeAt", "attestedAt", "validUntil")}
    assert shown == {
        "asOf": format_timestamp(vouched),
        "madeAt": format_timestamp(made),
        "attestedAt": format_timestamp(vouched),
        "validUntil": format_timestamp(until),
    }
    assert verifier.report(certificate, at=vouched + DAY).code == "ok"
    assert verifier.report(certificate, at=vouched + DAY + timedelta(seconds=1)).code == "status_stale"


def test_no_word_prolongs_a_list(court: SimulatedCourt, certificate: str) -> None:
    made, until = court.now - 5 * DAY, court.now - HOUR
    verifier = Verifier(_attested(court, court.now, valid_from=made, valid_until=until))
    report = verifier.report(certificate, at=court.now)
    assert (report.code, report.status_as_of) == ("status_stale", until)
    assert verifier.report(certificate, at=until).code == "ok"


def test_a_word_makes_no_clear_bit_of_a_moment_before_the_list(court: SimulatedCourt, certificate: str) -> None:
    verifier = Verifier(_attested(court, court.now, valid_from=court.now - HOUR))
    report = verifier.report(certificate, at=court.now - 2 * HOUR)
    assert report.code == "status_not_yet_known"
    assert report.deciding_step.evidence["since"] == format_timestamp(court.now - HOUR)


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
