"""Step 8 beyond the vectors: bundles that run out, clocks that run behind, lists that are kept."""

import json
from datetime import timedelta
from typing import Any

import pytest

from support.issuers import SimulatedCourt
from xinzheng_schemas.trust_documents import ControllerDocument, IssuerDocument
from xinzheng_verifier import Policy, TrustStore, Verdict, Verifier
from xinzheng_verifier.trust.issuers import TrustedIssuer


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


def store(court: SimulatedCourt, **settings: Any) -> TrustStore:
    documents = TrustStore.from_documents((), court.status_lists())
    lists = {url: documents.status_list(url) or b"" for url in documents.status_list_urls}
    issuer = TrustedIssuer.from_issuer_document(IssuerDocument.parse(court.issuer_document()))
    return TrustStore({court.did: issuer}, lists, **settings)


def test_bundle_that_has_run_out_hides_what_happened_since(court: SimulatedCourt) -> None:
    """The same old bundle, offered for ever (TUF: freeze attack)."""
    jwt = court.issue().jwt
    verifier = Verifier(store(court, bundle_version=7, bundle_expires=court.now))
    before = verifier.report(jwt, at=court.now - timedelta(seconds=1))
    assert (before.verdict, before.bundle_version) == (Verdict.PASSED, 7)
    report = verifier.report(jwt, at=court.now)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "bundle_expired")
    assert report.status_as_of == court.now - timedelta(minutes=10)


def test_bundle_that_has_run_out_does_not_undo_a_revocation(court: SimulatedCourt) -> None:
    documents = TrustStore.from_documents([court.issuer_document()], court.status_lists(revoked=[94567]))
    lists = {url: documents.status_list(url) or b"" for url in documents.status_list_urls}
    trust = TrustStore(documents.issuers, lists, bundle_expires=court.now)
    assert Verifier(trust).report(court.issue().jwt, at=court.now).code == "revoked"


def test_expired_bundle_matters_without_status_too(court: SimulatedCourt) -> None:
    document = court.secure(court.credential({"type": ["VerifiableCredential", "CreditRepairCredential"]}))
    document = court.secure(
        {name: value for name, value in document.items() if name not in ("proof", "credentialStatus")}
    )
    policy = Policy(profile="vcdm")
    text = json.dumps(document)
    assert Verifier(store(court), policy=policy).report(text, at=court.now).code == "ok"
    trust = store(court, bundle_expires=court.now)
    assert Verifier(trust, policy=policy).report(text, at=court.now).code == "bundle_expired"


def test_clock_behind_the_trust_data(court: SimulatedCourt) -> None:
    jwt = court.issue().jwt
    trust = store(court, issued_floor=court.now)
    assert Verifier(trust).report(jwt, at=court.now).code == "ok"
    for behind in (timedelta(seconds=1), timedelta(days=1)):  # a day ago it was not valid yet
        report = Verifier(trust).report(jwt, at=court.now - behind)
        assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "clock_implausible")


def test_list_is_decoded_once(court: SimulatedCourt) -> None:
    trust = store(court)
    jwt = court.issue().jwt
    assert Verifier(trust).report(jwt, at=court.now).code == "ok"
    kept = dict(trust.decoded_status_lists)
    assert {*kept} == {*trust.status_list_urls}
    assert Verifier(trust).report(jwt, at=court.now).code == "ok"
    assert all(trust.decoded_status_lists[url] is status_list for url, status_list in kept.items())


def test_key_of_a_kept_list_is_still_asked_at_each_use(court: SimulatedCourt) -> None:
    """A list that was authentic yesterday is not, once its key has run out at the moment asked about."""
    document = court.controller_document()
    expires = (court.now + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    for method in document["verificationMethod"]:
        if "status-1" in method["id"]:
            method["expires"] = expires
    trust = TrustStore.from_documents([document], court.status_lists())
    verifier, jwt = Verifier(trust), court.issue().jwt
    assert verifier.report(jwt, at=court.now).code == "ok"
    report = verifier.report(jwt, at=court.now + timedelta(hours=1))
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_issuer")
    assert report.deciding_step.evidence["reason"] == "key_expired"
    assert ControllerDocument.parse(document).id == court.did


def test_list_that_is_no_json(court: SimulatedCourt) -> None:
    issuer = store(court).issuers
    url = court.status_url("revocation")
    reasons = {b"\xff": "form_unknown", b"XZ1:": "form_unknown", b"[]": "malformed", b"{}": "proof_missing"}
    for data, reason in reasons.items():
        trust = TrustStore(issuer, {url: data})
        report = Verifier(trust).report(court.issue().jwt, at=court.now)
        assert report.code == "status_unavailable"
        assert report.steps[7].evidence["reason"] == reason


def test_list_of_several_purposes_serves_each(court: SimulatedCourt) -> None:
    url = court.status_url("revocation")
    both = court.status_list(overrides={"credentialSubject": {"statusPurpose": ["revocation", "suspension"]}})
    entries = court.credential()["credentialStatus"]
    entries[1]["statusListCredential"] = url
    document = court.secure(court.credential({"credentialStatus": entries}))
    trust = TrustStore.from_documents([court.issuer_document()], [both])
    assert Verifier(trust, policy=Policy(profile="vcdm")).report(json.dumps(document), at=court.now).code == "ok"


def test_evidence_names_every_entry(court: SimulatedCourt) -> None:
    trust = TrustStore.from_documents([court.issuer_document()], [court.status_list("revocation", sequence=12)])
    step = Verifier(trust).report(court.issue().jwt, at=court.now).steps[7]
    assert step.code == "status_unavailable"
    entries: Any = step.evidence["entries"]
    revocation, suspension = entries
    assert revocation == {
        "purpose": "revocation",
        "index": 94567,
        "list": court.status_url("revocation"),
        "code": "ok",
        "asOf": "2026-11-23T08:50:00Z",
        "madeAt": "2026-11-23T08:50:00Z",
        "attestedAt": None,
        "validUntil": "2026-11-30T08:50:00Z",
        "sequence": 12,
    }
    assert suspension["code"] == "status_unavailable"


def test_list_under_another_address_than_its_own(court: SimulatedCourt) -> None:
    issuers, url = store(court).issuers, court.status_url("revocation")
    content = json.dumps(court.status_list("revocation", number=2)).encode()
    report = Verifier(TrustStore(issuers, {url: content})).report(court.issue().jwt, at=court.now)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_id")


def test_status_that_is_no_object_is_looked_up_all_the_same(court: SimulatedCourt) -> None:
    """Every step after the gate runs: the shape is wrong, and the status cannot be told."""
    document = court.secure(court.credential({"credentialStatus": "revoked"}))
    report = Verifier(store(court), policy=Policy(profile="vcdm")).report(json.dumps(document), at=court.now)
    assert [step.code for step in report.steps if step.number in (6, 8)] == ["shape_invalid", "status_malformed"]
