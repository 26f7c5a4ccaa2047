"""Journals of changes that are not what they should be: none of them answers anything."""

import json
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.doors import by_http, command
from support.histories import INDEX, SEQUENCE, Change, command_options, documents, entry
from support.issuers import LIST_ENTRIES, SimulatedCourt
from support.samples import ABSENT
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas import multibase
from xinzheng_schemas.contexts import CREDENTIALS_V2
from xinzheng_schemas.strict_json import JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Report, TrustStore, Verdict, Verifier
from xinzheng_verifier.limits import MAX_STATUS_CHANGES, STATUS_CHANGES_JSON
from xinzheng_verifier.secure.data_integrity import hash_data
from xinzheng_verifier.status.changes import authentic_journal
from xinzheng_verifier.status.lists import authentic_list

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def certificate(court: SimulatedCourt) -> str:
    """Valid for thirty days already."""
    return court.issue({"validFrom": format_timestamp(court.now - 30 * DAY)}).jwt


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
    return Verifier(store).report(certificate, at=court.now - 5 * DAY, now=court.now)


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


@pytest.mark.usefixtures("present")
@pytest.mark.parametrize("name", ["older", "contradicts-set", "future"])
def test_every_door_says_what_is_wrong_with_a_journal(
    court: SimulatedCourt,
    certificate: str,
    wrong_journals: dict[str, tuple[str, Any]],
    name: str,
    tmp_path: Path,
) -> None:
    code, journal = wrong_journals[name]
    trust = documents(court)
    trust["status_changes"][0] = journal
    at = court.now - 5 * DAY
    verifier = Verifier(TrustStore.from_documents(**trust))
    assert by_http(verifier, certificate.encode(), at=at, now=court.now)["code"] == code
    path = tmp_path / "certificate.jwt"
    path.write_text(certificate, "ascii")
    options = [*command_options(trust, tmp_path), "--at", format_timestamp(at), "--json"]
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
    assert verifier.report(certificate, at=court.now - 4 * DAY, now=court.now).code == "ok"
    assert verifier.report(certificate, at=court.now - 2 * DAY, now=court.now).code == "status_issuer"
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
        assert Verifier(store).report(certificate, at=court.now - 5 * DAY, now=court.now).code == code


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
