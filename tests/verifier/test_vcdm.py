"""The general profile: any credential of the VC Data Model 2.0, over trust of one's own making."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.issuers import SimulatedCourt, forged_jws
from support.samples import ABSENT, changed
from xinzheng_schemas.contexts import CREDENTIALS_V2
from xinzheng_verifier import Policy, Report, TrustStore, Verdict, Verifier

EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
VOCABULARY = "https://www.w3.org/ns/credentials/examples#"
TERMS = ("AlumniCredential", "Terms", "Other", "alumniOf", "idType", "idCommitment", "unifiedSocialCreditCode")
CONTEXTS: dict[str, dict[str, Any]] = {EXAMPLES: {"@context": {term: VOCABULARY + term for term in TERMS}}}
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def school() -> SimulatedCourt:
    return SimulatedCourt(host="school.example")


def alumni(school: SimulatedCourt, **overrides: Any) -> dict[str, Any]:
    credential = {
        "@context": [CREDENTIALS_V2, EXAMPLES],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "issuer": {"id": school.did, "name": "The School of Examples"},
        "validFrom": "2023-01-01T00:00:00.5+08:00",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    }
    return changed(credential, overrides)


def judged(school: SimulatedCourt, credential: dict[str, Any], at: datetime = AT, **policy: Any) -> Report:
    trust = TrustStore.from_documents([school.controller_document()], contexts=CONTEXTS)
    document = school.secure(credential, created=AT - timedelta(hours=1))
    return Verifier(trust, policy=Policy(profile="vcdm", **policy)).report(json.dumps(document), at=at)


def test_passes_without_status_or_schema(school: SimulatedCourt) -> None:
    report = judged(school, alumni(school))
    assert (report.verdict, report.code) == (Verdict.PASSED, "ok")
    assert report.steps[7].code == "status_not_stated"
    assert report.scope_statement is None
    assert report.issuer is not None
    assert report.issuer.name is None  # never that of the credential


def test_jwt_with_registered_claims_passes_and_loses_them(school: SimulatedCourt) -> None:
    credential = alumni(school)
    seconds = int(AT.timestamp())
    claims = {
        "iss": school.did,
        "jti": credential["id"],
        "sub": credential["credentialSubject"]["id"],
        "iat": seconds,
        "nbf": seconds - 0.5,
        "exp": seconds + 1,
    }
    header = {"alg": "ES256", "typ": "vc+jwt", "kid": school.method("cert-1"), "iss": school.did}
    token = forged_jws(header, credential | claims, school.certificate_signer)
    trust = TrustStore.from_documents([school.controller_document()], contexts=CONTEXTS)
    verifier = Verifier(trust, policy=Policy(profile="vcdm"))
    report = verifier.report(token, at=AT)
    assert report.code == "ok"
    assert report.claims == credential
    # RFC 7519, 4.1.4: at `exp` itself it is over.
    assert verifier.report(token, at=AT + timedelta(seconds=1)).code == "expired"


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        ({"@context": CREDENTIALS_V2}, "context_unknown"),
        ({"@context": [EXAMPLES, CREDENTIALS_V2]}, "context_unknown"),
        ({"@context": [CREDENTIALS_V2, "https://unknown.example/v1"]}, "context_unknown"),
        ({"@context": [CREDENTIALS_V2, {"@vocab": "https://unknown.example/"}]}, "context_unknown"),
        ({"@context": [CREDENTIALS_V2, 7]}, "context_unknown"),
        ({"credentialSubject": {"achievement": [{"@context": {}}]}}, "context_unknown"),
        ({"type": ["AlumniCredential"]}, "type_unexpected"),
        ({"type": ["VerifiableCredential", 7]}, "type_unexpected"),
        ({"type": ["VerifiableCredential", ""]}, "type_unexpected"),
        ({"type": ABSENT}, "type_unexpected"),
        ({"id": "no address"}, "shape_invalid"),
        ({"id": None}, "shape_invalid"),
        ({"id": ["urn:uuid:1"]}, "shape_invalid"),
        ({"credentialSubject": ABSENT}, "shape_invalid"),
        ({"credentialSubject": {"id": ABSENT, "alumniOf": ABSENT}}, "shape_invalid"),
        ({"credentialSubject": [{"id": "did:example:a"}, {}]}, "shape_invalid"),
        ({"credentialSubject": "did:example:a"}, "shape_invalid"),
        ({"validUntil": "2023-01-01"}, "date_malformed"),
        ({"validUntil": "2022-01-01T00:00:00Z"}, "shape_invalid"),
        ({"termsOfUse": {"id": "urn:x:1"}}, "shape_invalid"),
        ({"evidence": ["text"]}, "shape_invalid"),
        ({"credentialSchema": [{"type": "JsonSchema"}, {"type": []}]}, "shape_invalid"),
    ],
)
def test_refuses_what_the_data_model_does_not_allow(
    school: SimulatedCourt, overrides: dict[str, Any], code: str
) -> None:
    report = judged(school, alumni(school, **overrides))
    assert (report.verdict, report.deciding_step.number, report.code) == (Verdict.FAILED, 6, code)


@pytest.mark.parametrize(
    "overrides",
    [
        {"type": "VerifiableCredential"},
        {"issuer": {"name": ABSENT}},
        {"id": ABSENT},
        {"validFrom": ABSENT},
        {"credentialSubject": [{"id": "did:example:a"}, {"id": "did:example:b"}]},
        {"termsOfUse": [{"type": "Terms"}, {"type": ["Terms", "Other"]}]},
        {"validUntil": "2026-11-23T17:00:00+08:00"},
    ],
)
def test_accepts_what_the_data_model_allows(school: SimulatedCourt, overrides: dict[str, Any]) -> None:
    assert judged(school, alumni(school, **overrides)).code == "ok"


@pytest.mark.parametrize("form", ["json", "jwt"])
@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        ({"credentialSubject": {"nickname": "Al"}}, "data_loss"),
        ({"type": ["VerifiableCredential", "NobodyKnowsCredential"]}, "data_loss"),
        ({"credentialSubject": {"id": "not-absolute"}}, "data_loss"),
        ({"credentialSubject": {VOCABULARY + "alumniOf": "Another"}}, "not_compacted"),
        ({"credentialSubject": {"alumniOf": None}}, "data_loss"),
        ({"@graph": []}, "not_compacted"),
    ],
)
def test_terms_that_nothing_explains_are_refused_whatever_signed_them(
    school: SimulatedCourt, overrides: dict[str, Any], code: str, form: str
) -> None:
    credential = alumni(school, **overrides)
    trust = TrustStore.from_documents([school.controller_document()], contexts=CONTEXTS)
    header = {"alg": "ES256", "typ": "vc+jwt", "kid": school.method("cert-1")}
    document = json.dumps(school.secure(credential, created=AT))
    data = document if form == "json" else forged_jws(header, credential, school.certificate_signer)
    report = Verifier(trust, policy=Policy(profile="vcdm")).report(data, at=AT)
    assert (report.verdict, report.deciding_step.number, report.code) == (Verdict.FAILED, 6, code)


def test_rules_of_the_lender(school: SimulatedCourt) -> None:
    credential = alumni(school)
    assert judged(school, credential, types=frozenset({"AlumniCredential", "Other"})).code == "ok"
    assert judged(school, credential, types=frozenset({"Other"})).code == "policy_type"
    assert judged(school, credential, types=frozenset()).code == "policy_type"
    assert judged(school, credential, issuers=frozenset({school.did})).code == "ok"
    assert judged(school, credential, issuers=frozenset()).code == "policy_issuer"
    assert judged(school, credential, require_status=True).code == "status_required"


def test_court_profile_refuses_other_credentials(school: SimulatedCourt) -> None:
    trust = TrustStore.from_documents([school.controller_document()], contexts=CONTEXTS)
    document = school.secure(alumni(school), created=AT)
    report = Verifier(trust).report(json.dumps(document), at=AT)
    codes = {step.number: step.code for step in report.steps}
    assert (codes[6], codes[8], codes[10]) == ("context_unknown", "status_required", "policy_type")


def test_identity_where_none_is_stated(school: SimulatedCourt) -> None:
    trust = TrustStore.from_documents([school.controller_document()], contexts=CONTEXTS)
    verifier = Verifier(trust, policy=Policy(profile="vcdm"))
    subjects: list[Any] = [
        {"id": "did:example:a"},
        [{"id": "did:example:a"}],
        {"idType": "residentId"},
        {"idType": "residentId", "idCommitment": "sha-256:x:y"},
        {"idType": "unknown", "idCommitment": 7},
        {"idType": ["residentId"]},
    ]
    for subject in subjects:
        document = school.secure(alumni(school, credentialSubject=ABSENT) | {"credentialSubject": subject}, created=AT)
        report = verifier.report(json.dumps(document), at=AT, identity="42068319900101001X")
        assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "identity_not_stated")


def test_social_credit_code_in_clear_is_compared(school: SimulatedCourt) -> None:
    trust = TrustStore.from_documents([school.controller_document()], contexts=CONTEXTS)
    verifier = Verifier(trust, policy=Policy(profile="vcdm"))
    subject = {"idType": "uscc", "unifiedSocialCreditCode": "91420683MA0000007M"}
    document = json.dumps(school.secure(alumni(school, credentialSubject=subject), created=AT))
    assert verifier.report(document, at=AT, identity="91420683ma0000007m").code == "ok"
    assert verifier.report(document, at=AT, identity="91350100M000100Y43").code == "identity_mismatch"
