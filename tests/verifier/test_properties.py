"""Whatever is read is answered: every parser over changed vectors and over made-up values of its own grammar."""

import json
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.harnesses import HARNESSES
from support.issuers import NOW, SimulatedCourt, forged_jws, qr_text
from support.mechanisms import sign1
from xinzheng_schemas import base64url
from xinzheng_verifier import Policy, TrustStore, Verifier

COURT = SimulatedCourt()
TRUST = TrustStore.from_documents([COURT.issuer_document()], COURT.status_lists())
VERIFIERS = [Verifier(TRUST), Verifier(TRUST, policy=Policy(profile="vcdm"))]
HEADER = {"alg": "ES256", "typ": "vc+jwt", "kid": "#cert-1"}

# --- any bytes --------------------------------------------------------------------------------------------------------


@st.composite
def changed(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with a few pieces cut out, put in, or taken from another seed."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        other = draw(st.sampled_from(seeds))
        start = draw(st.integers(0, len(other)))
        piece = draw(st.one_of(st.binary(max_size=4), st.just(other[start : start + 40])))
        data[at : at + draw(st.sampled_from([0, 1, 4, 40]))] = piece
    return bytes(data)


@pytest.mark.parametrize("name", HARNESSES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_must_hold_holds_of_changed_input(name: str, data: st.DataObject) -> None:
    harness = HARNESSES[name]
    seeds = [*harness.seeds()]
    harness.check(data.draw(st.binary(max_size=64) | changed(seeds))[: harness.largest])


# --- values of the right kind -----------------------------------------------------------------------------------------

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["did:web:xz.example:did:420683", "2026-11-23T08:00:00Z", "z", "1e3", ""]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS | st.just("id"), inner, max_size=4),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    [
        *COURT.credential(),
        *("proof", "iss", "exp", "nbf", "iat", "jti", "sub", "vc", "aud", "name", "evidence", "__proto__"),
    ]
)
SUBJECT = st.sampled_from([*COURT.credential()["credentialSubject"], "id", "type", "jsonSchema"])
STATUS = st.sampled_from([*COURT.credential()["credentialStatus"][0], "statusSize", "statusMessage", "statusReference"])


def answered(data: bytes | str) -> None:
    for verifier in VERIFIERS:
        report = verifier.report(data, at=NOW)
        answer = json.loads(json.dumps(report.to_json()))
        assert answer["verdict"] in ("passed", "failed", "indeterminate")
        assert (answer["verdict"] == "passed") is (answer["code"] == "ok")
        assert report.steps[4].code == "ok" or answer["claims"] is None


@given(st.dictionaries(MEMBERS, VALUES, max_size=3), st.dictionaries(SUBJECT, VALUES, max_size=3))
def test_whatever_the_court_signs_is_answered(members: dict[str, Any], subject: dict[str, Any]) -> None:
    credential = COURT.credential()
    credential["credentialSubject"] |= subject
    answered(forged_jws(HEADER, credential | members, COURT.certificate_signer))


@given(st.lists(st.dictionaries(STATUS, VALUES, max_size=3) | VALUES, max_size=9))
def test_whatever_a_status_says_is_answered(entries: list[Any]) -> None:
    usual = COURT.credential()["credentialStatus"][0]
    listed = [usual | entry if isinstance(entry, dict) else entry for entry in entries]
    answered(forged_jws(HEADER, COURT.credential() | {"credentialStatus": listed}, COURT.certificate_signer))


@given(st.dictionaries(TEXTS | st.sampled_from(["alg", "typ", "cty", "kid", "iss", "crit", "jwk"]), VALUES, max_size=4))
def test_whatever_a_header_says_is_answered(header: dict[str, Any]) -> None:
    answered(forged_jws(HEADER | header, COURT.credential(), COURT.certificate_signer))


PROOF = st.sampled_from(
    ["type", "cryptosuite", "created", "expires", "verificationMethod", "proofPurpose", "proofValue"]
)


@given(
    st.lists(
        st.dictionaries(PROOF | st.sampled_from(["id", "previousProof", "@context"]), VALUES, max_size=3), max_size=5
    )
)
def test_whatever_proofs_say_is_answered(proofs: list[dict[str, Any]]) -> None:
    genuine = COURT.secure(COURT.credential())
    answered(json.dumps(genuine | {"proof": [genuine["proof"] | proof for proof in proofs]}))


LABELS = st.integers(-40, 40) | st.sampled_from([1, 2, 3, 4, 16, -65537]) | st.text(max_size=3)
CBOR = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=12) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LABELS, inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(LABELS, CBOR, max_size=4), st.dictionaries(LABELS, CBOR, max_size=2), CBOR)
def test_whatever_a_message_says_is_answered(
    protected: dict[Any, Any], unprotected: dict[Any, Any], payload: Any
) -> None:
    head = {1: -7, 4: b"#cert-1", 16: "application/vc+cose"} | protected
    body = json.dumps(COURT.credential()).encode() if payload is None else cbor2.dumps(payload)
    answered(sign1(head, body, COURT.certificate_signer, unprotected=unprotected))
    symbol = {1: -7, 4: COURT.certificate_signer.kid} | protected
    claims = payload if isinstance(payload, dict) else {1: COURT.did, -65537: [payload] * 27}
    answered(qr_text(sign1(symbol, cbor2.dumps(claims, canonical=True), COURT.certificate_signer)))


@given(st.dictionaries(st.sampled_from(["@context", "id", "type", "proof"]), VALUES, max_size=3))
def test_whatever_an_envelope_says_is_answered(members: dict[str, Any]) -> None:
    url = "data:application/vc+jwt," + forged_jws(HEADER, COURT.credential(), COURT.certificate_signer)
    envelope = {"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential", "id": url}
    answered(json.dumps(envelope | members))


@given(st.binary(max_size=60))
def test_any_list_is_usable_or_not(data: bytes) -> None:
    """A list that the court has signed and that is garbage within: indeterminate, never passed."""
    overrides = {"credentialSubject": {"encodedList": "u" + base64url.encode(data)}}
    lists = [COURT.status_list("revocation", overrides=overrides), COURT.status_list("suspension")]
    trust = TrustStore.from_documents([COURT.issuer_document()], lists)
    report = Verifier(trust).report(COURT.issue().jwt, at=NOW)
    assert (report.verdict, report.code) == ("indeterminate", "status_malformed")
