"""Receipts: what they say, what a later reader can check, and that nothing can be slipped into one."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from support.issuers import forged_jws
from support.sm2 import SM2_PUBLIC_KEY
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas import base64url
from xinzheng_verifier import Outcome, Policy, TrustStore, Verdict, Verifier
from xinzheng_verifier.limits import MAX_INPUT_BYTES, MAX_RECEIPT_BYTES
from xinzheng_verifier.receipt import (
    LenderKey,
    ReceiptCheck,
    ReceiptError,
    ReceiptSigner,
    check_receipt,
    make_receipt,
    policy_of,
    public_jwk,
    read_public_key,
    read_receipt,
    trust_digest,
)
from xinzheng_verifier.testkit import OTHER_PERSON, PERSON, Case, FakeCertificate, FakeCourt, FakeIssuer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)
COURT = FakeCourt(now=NOW)
CERTIFICATE = COURT.certificate()
VERIFIER = Verifier(COURT.trust(), policy=Policy(max_status_age=timedelta(hours=24)))
KEY = LenderKey.generate()
PUBLIC = KEY.public_key


def receipt_of(
    data: bytes | str = CERTIFICATE.jwt,
    *,
    verifier: Verifier = VERIFIER,
    signer: ReceiptSigner = KEY,
    at: datetime = NOW,
    **asked: Any,
) -> str:
    report = verifier.report(data, at=at, **asked)
    return make_receipt(report, verifier=verifier, signer=signer, made_at=LATER, version="1.2.3")


RECEIPT = receipt_of()
CONTENT: dict[str, Any] = json.loads(base64url.decode(RECEIPT.split(".")[1]))


def codes(check: ReceiptCheck) -> list[str]:
    return [finding.code for finding in check.findings]


# --- content ----------------------------------------------------------------------------------------------------------


def test_receipt_says_what_was_asked_and_what_came_of_it() -> None:
    report = VERIFIER.report(CERTIFICATE.jwt, at=NOW)
    assert {
        "version": 1,
        "madeAt": "2026-11-23T09:03:00Z",
        "verifierVersion": "1.2.3",
        "inputSha256": hashlib.sha256(CERTIFICATE.jwt.encode()).hexdigest(),
        "form": "jwt",
        "at": "2026-11-23T09:00:00Z",
        "now": None,
        "bundleVersion": None,
        "trustSha256": trust_digest(VERIFIER.trust),
        "policy": VERIFIER.policy.to_json(),
        "verdict": "passed",
        "code": "ok",
        "steps": [{"name": step.name, "outcome": step.outcome.value, "code": step.code} for step in report.steps],
        "statusAsOf": "2026-11-23T08:50:00Z",
        "issuer": COURT.did,
        "certificateNumber": CERTIFICATE.credential["certificateNumber"],
        "compared": [],
    } == CONTENT
    header = json.loads(base64url.decode(RECEIPT.split(".", 1)[0]))
    assert header == {"alg": "ES256", "kid": public_jwk(PUBLIC)["kid"], "typ": "xinzheng-receipt+jwt"}


def test_content_is_read_once_the_signature_holds() -> None:
    receipt = read_receipt(f"{RECEIPT}\n", key=PUBLIC)
    assert receipt.to_json() == CONTENT
    assert (receipt.verdict, receipt.certificate_number) == (Verdict.PASSED, CONTENT["certificateNumber"])
    with pytest.raises(ReceiptError) as caught:
        read_receipt(RECEIPT, key=LenderKey.generate().public_key)
    assert caught.value.code == "receipt_key_other"


@pytest.mark.parametrize(
    ("identity", "compared"),
    [(None, []), *((number, ["identity"]) for number in (PERSON, OTHER_PERSON, "4206831990010100"))],
)
def test_number_is_compared_but_never_written(identity: str | None, compared: list[str]) -> None:
    receipt = receipt_of(identity=identity)
    content = base64url.decode(receipt.split(".")[1]).decode()
    assert json.loads(content)["compared"] == compared
    assert PERSON not in content
    assert OTHER_PERSON not in content
    assert "王某" not in content
    assert str(CERTIFICATE.credential["credentialSubject"]["maskedIdNumber"]) not in content  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    "case", [*FakeCourt(now=NOW).cases(), *FakeIssuer(now=NOW).cases()], ids=lambda case: case.name
)
def test_every_kind_of_report_has_a_receipt_that_holds(case: Case) -> None:
    verifier = Verifier(case.trust, policy=case.policy)
    receipt = receipt_of(case.data, verifier=verifier, at=case.at, now=case.now, identity=case.identity)
    content = read_receipt(receipt, key=PUBLIC)
    assert (content.verdict, content.code, content.form) == (case.verdict, case.code, case.form)
    check = check_receipt(receipt, key=PUBLIC, data=case.data, verifier=verifier, identity=case.identity)
    assert (check.verdict, codes(check)) == (Verdict.PASSED, ["ok"] * 6)
    if content.steps[4].code != "ok":
        assert (content.issuer_id, content.certificate_number) == (None, None)


@pytest.mark.parametrize("number", ["N" * 65, 17, "\n", None])
def test_only_a_number_is_taken_for_one(number: Any) -> None:
    issuer = FakeIssuer(now=NOW)
    credential = issuer.credential(changes={"certificateNumber": number})
    verifier = Verifier(issuer.trust(), policy=Policy(profile="vcdm"))
    assert read_receipt(receipt_of(credential.jwt, verifier=verifier), key=PUBLIC).certificate_number is None


def test_receipt_of_another_verifier_is_refused() -> None:
    report = VERIFIER.report(CERTIFICATE.jwt, at=NOW)
    other = Verifier(VERIFIER.trust)
    newer = Verifier(TrustStore({}, {}, bundle_version=7), policy=VERIFIER.policy)
    for verifier in (other, newer):
        with pytest.raises(ValueError, match="another verifier"):
            make_receipt(report, verifier=verifier, signer=KEY, made_at=LATER)


def test_receipt_needs_a_moment_with_a_zone() -> None:
    report = VERIFIER.report(CERTIFICATE.jwt, at=NOW)
    with pytest.raises(ValueError, match="aware"):
        make_receipt(report, verifier=VERIFIER, signer=KEY, made_at=datetime(2026, 11, 23))  # noqa: DTZ001 - the point


def test_installed_release_is_named() -> None:
    report = VERIFIER.report(CERTIFICATE.jwt, at=NOW)
    receipt = make_receipt(report, verifier=VERIFIER, signer=KEY, made_at=LATER)
    assert read_receipt(receipt, key=PUBLIC).verifier_version == "0.1.0"


# --- the check --------------------------------------------------------------------------------------------------------


def test_signature_alone() -> None:
    check = check_receipt(RECEIPT, key=PUBLIC)
    assert codes(check) == ["ok", "ok", "receipt_input_not_given", *["receipt_trust_not_given"] * 3]
    assert (check.verdict, check.code) == (Verdict.PASSED, "ok")
    assert check.receipt is not None


def test_signature_and_input() -> None:
    check = check_receipt(RECEIPT, key=PUBLIC, data=CERTIFICATE.jwt.encode())
    assert codes(check)[:3] == ["ok", "ok", "ok"]
    other = check_receipt(RECEIPT, key=PUBLIC, data=COURT.certificate().jwt, verifier=VERIFIER)
    assert (other.verdict, other.code) == (Verdict.FAILED, "receipt_input_differs")
    assert codes(other)[-1] == "receipt_not_reached"


def test_trust_and_rules_without_the_input() -> None:
    check = check_receipt(RECEIPT, key=PUBLIC, verifier=VERIFIER)
    assert codes(check) == ["ok", "ok", "receipt_input_not_given", "ok", "ok", "receipt_input_not_given"]


def test_judged_again_it_comes_out_the_same() -> None:
    check = check_receipt(RECEIPT, key=PUBLIC, data=CERTIFICATE.jwt, verifier=VERIFIER)
    assert codes(check) == ["ok"] * 6
    assert [finding.outcome for finding in check.findings] == [Outcome.PASSED] * 6


@pytest.mark.parametrize("told", [None, NOW, NOW + timedelta(hours=1)])
def test_receipt_made_long_after_its_report_is_judged_by_the_moments_of_the_report(told: datetime | None) -> None:
    report = VERIFIER.report(CERTIFICATE.jwt, at=NOW, now=told)
    receipt = make_receipt(report, verifier=VERIFIER, signer=KEY, made_at=NOW + timedelta(days=300))
    assert read_receipt(receipt, key=PUBLIC).now == told
    check = check_receipt(receipt, key=PUBLIC, data=CERTIFICATE.jwt, verifier=VERIFIER)
    assert codes(check) == ["ok"] * 6


def test_moment_is_kept_to_the_microsecond() -> None:
    ends = NOW + timedelta(days=3)
    certificate = COURT.certificate(valid_until=ends)
    at = (ends + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=8)))
    receipt = receipt_of(certificate.jwt, at=at)
    assert read_receipt(receipt, key=PUBLIC).at == at
    check = check_receipt(receipt, key=PUBLIC, data=certificate.jwt, verifier=VERIFIER)
    assert check.code == "ok"
    assert check.receipt is not None
    assert check.receipt.code == "expired"


def test_form_that_was_asked_for_is_asked_for_again() -> None:
    receipt = receipt_of(form="jsonld")
    check = check_receipt(receipt, key=PUBLIC, data=CERTIFICATE.jwt, verifier=VERIFIER)
    assert check.code == "ok"
    assert check.receipt is not None
    assert check.receipt.code == "malformed"


def test_number_that_was_compared_is_needed_again() -> None:
    receipt = receipt_of(identity=PERSON)
    silent = check_receipt(receipt, key=PUBLIC, data=CERTIFICATE.jwt, verifier=VERIFIER)
    assert (silent.verdict, silent.code) == (Verdict.INDETERMINATE, "receipt_comparison_needed")
    told = check_receipt(receipt, key=PUBLIC, data=CERTIFICATE.jwt, verifier=VERIFIER, identity=PERSON)
    assert told.verdict is Verdict.PASSED
    lied = check_receipt(receipt, key=PUBLIC, data=CERTIFICATE.jwt, verifier=VERIFIER, identity=OTHER_PERSON)
    assert (lied.verdict, lied.code) == (Verdict.FAILED, "receipt_outcome_differs")
    assert "match: ok → identity_mismatch" in lied.deciding.message("en")
    assert "match: ok → identity_mismatch" in lied.deciding.message("zh")


def test_later_news_shows_as_such() -> None:
    court = FakeCourt(now=NOW)
    certificate = court.certificate()
    verifier = Verifier(court.trust(), policy=VERIFIER.policy)
    receipt = receipt_of(certificate.jwt, verifier=verifier)
    court.revoke(certificate)
    newer = Verifier(court.trust(), policy=VERIFIER.policy)
    check = check_receipt(receipt, key=PUBLIC, data=certificate.jwt, verifier=newer)
    assert (check.verdict, check.code) == (Verdict.INDETERMINATE, "receipt_trust_differs")
    assert check.findings[-1].code == "receipt_outcome_not_comparable"
    assert check.findings[-1].evidence == {"differs": "status: ok → revoked", "verdict": "failed", "code": "revoked"}
    # Another certificate's revocation changes the trust, and nothing about this one.
    court.reinstate(certificate)
    court.revoke(court.certificate())
    other = Verifier(court.trust(), policy=VERIFIER.policy)
    check = check_receipt(receipt, key=PUBLIC, data=certificate.jwt, verifier=other)
    assert codes(check)[3:] == ["receipt_trust_differs", "ok", "ok"]


def test_other_rules_show_as_such() -> None:
    lax = Verifier(VERIFIER.trust, policy=Policy(max_status_age=timedelta(minutes=1)))
    check = check_receipt(RECEIPT, key=PUBLIC, data=CERTIFICATE.jwt, verifier=lax)
    assert codes(check)[3:] == ["ok", "receipt_policy_differs", "receipt_outcome_not_comparable"]
    assert check.findings[4].evidence == {"differs": ["maxStatusAgeSeconds"]}
    assert check.verdict is Verdict.INDETERMINATE


def test_outcome_that_was_made_up_is_found_out() -> None:
    revoked = FakeCourt(now=NOW)
    certificate = revoked.certificate()
    revoked.revoke(certificate)
    verifier = Verifier(revoked.trust(), policy=VERIFIER.policy)
    honest = json.loads(base64url.decode(receipt_of(certificate.jwt, verifier=verifier).split(".")[1]))
    rosy = {**honest, "steps": CONTENT["steps"], "verdict": "passed", "code": "ok", "issuer": "did:web:x.example"}
    check = check_receipt(signed(rosy), key=PUBLIC, data=certificate.jwt, verifier=verifier)
    assert (check.verdict, check.code) == (Verdict.FAILED, "receipt_outcome_differs")
    assert check.deciding.evidence["differs"] == "status: ok → revoked, issuer"


def test_input_too_large_to_be_read_is_not_tied_to_its_receipt() -> None:
    data = b"{" * (MAX_INPUT_BYTES + 1)
    receipt = receipt_of(data)
    check = check_receipt(receipt, key=PUBLIC, data=data, verifier=VERIFIER)
    assert (check.verdict, check.code) == (Verdict.INDETERMINATE, "receipt_input_not_recorded")
    assert check_receipt(RECEIPT, key=PUBLIC, data=data).code == "receipt_input_differs"


def test_form_that_this_release_does_not_know_is_detected_anew() -> None:
    newer = signed({**CONTENT, "form": "papyrus-2.0"})
    check = check_receipt(newer, key=PUBLIC, data=CERTIFICATE.jwt, verifier=VERIFIER)
    assert check.code == "ok"


def test_check_as_json() -> None:
    document = check_receipt(RECEIPT, key=PUBLIC, data=CERTIFICATE.jwt, verifier=VERIFIER).to_json()
    assert json.loads(json.dumps(document)) == document
    assert document["receipt"] == CONTENT
    assert [finding["aspect"] for finding in document["findings"]] == [  # type: ignore[union-attr,index,call-overload]
        "form",
        "signature",
        "input",
        "trust",
        "policy",
        "outcome",
    ]
    assert check_receipt("x", key=PUBLIC).to_json()["receipt"] is None


# --- nothing slips in -------------------------------------------------------------------------------------------------


def signed(content: object, *, header: dict[str, Any] | None = None, key: LenderKey = KEY) -> str:
    """Any content under any header, genuinely signed."""
    usual = {"alg": "ES256", "kid": public_jwk(key.public_key)["kid"], "typ": "xinzheng-receipt+jwt"}
    parts = (json.dumps(part).encode() for part in (usual if header is None else header, content))
    text = ".".join(base64url.encode(part) for part in parts)
    return f"{text}.{base64url.encode(key.sign(text.encode()))}"


def test_helper_signs_as_the_kit_does() -> None:
    assert check_receipt(signed(CONTENT), key=PUBLIC).code == "ok"


def with_step(content: dict[str, Any], **members: object) -> dict[str, Any]:
    first, *others = content["steps"]
    return {**content, "steps": [{**first, **members}, *others]}


SPOILED: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("no object", lambda content: [content], "malformed"),
    ("member lacks", lambda content: {k: v for k, v in content.items() if k != "policy"}, "/"),
    ("member more", lambda content: {**content, "note": "x"}, "/"),
    ("version", lambda content: {**content, "version": 2}, "/version"),
    ("version true", lambda content: {**content, "version": True}, "/version"),
    ("made at", lambda content: {**content, "madeAt": "yesterday"}, "/madeAt"),
    ("made at number", lambda content: {**content, "madeAt": 1}, "/madeAt"),
    ("release", lambda content: {**content, "verifierVersion": "\x1b[2J"}, "/verifierVersion"),
    ("digest", lambda content: {**content, "inputSha256": "0" * 63}, "/inputSha256"),
    ("form", lambda content: {**content, "form": "a b"}, "/form"),
    ("bundle", lambda content: {**content, "bundleVersion": -1}, "/bundleVersion"),
    ("bundle true", lambda content: {**content, "bundleVersion": True}, "/bundleVersion"),
    ("trust", lambda content: {**content, "trustSha256": None}, "/trustSha256"),
    ("policy", lambda content: {**content, "policy": []}, "/policy"),
    ("verdict", lambda content: {**content, "verdict": "failed"}, "/verdict"),
    ("code", lambda content: {**content, "code": "revoked"}, "/code"),
    ("compared", lambda content: {**content, "compared": ["identity"]}, "/compared"),
    ("compared 0", lambda content: {**content, "compared": 0}, "/compared"),
    ("steps", lambda content: {**content, "steps": content["steps"][:9]}, "/steps"),
    ("steps none", lambda content: {**content, "steps": None}, "/steps"),
    ("step", lambda content: {**content, "steps": [None, *content["steps"][1:]]}, "/steps/0"),
    ("step order", lambda content: {**content, "steps": content["steps"][::-1]}, "/steps/0"),
    ("outcome", lambda content: with_step(content, outcome=[]), "/steps/0"),
    ("step code", lambda content: with_step(content, code="OK"), "/steps/0/code"),
    ("status", lambda content: {**content, "statusAsOf": 1}, "/statusAsOf"),
    ("issuer", lambda content: {**content, "issuer": ""}, "/issuer"),
    ("number", lambda content: {**content, "certificateNumber": 1}, "/certificateNumber"),
]


@pytest.mark.parametrize(("spoil", "field"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED])
def test_what_is_no_receipt_is_none_whoever_signs(spoil: Callable[[dict[str, Any]], object], field: str) -> None:
    check = check_receipt(signed(spoil(json.loads(json.dumps(CONTENT)))), key=PUBLIC)
    assert (check.verdict, check.code) == (Verdict.FAILED, "receipt_malformed")
    assert check.deciding.evidence == {"field": field}
    assert field in check.deciding.message("zh")
    assert check.receipt is None


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"typ": "vc+jwt"}, "receipt_typ"),
        ({"typ": "JWT"}, "receipt_typ"),
        ({"typ": None}, "receipt_typ"),
        ({"jwk": {}}, "receipt_malformed"),
        ({"crit": ["b64"]}, "receipt_malformed"),
        ({"alg": "none"}, "receipt_key_other"),
        ({"alg": "Ed25519"}, "receipt_key_other"),
        ({"alg": ["ES256"]}, "receipt_key_other"),
        ({"kid": "other"}, "receipt_key_other"),
    ],
)
def test_header_is_exactly_that_of_a_receipt(header: dict[str, Any], code: str) -> None:
    usual = {"alg": "ES256", "kid": public_jwk(PUBLIC)["kid"], "typ": "xinzheng-receipt+jwt"}
    assert check_receipt(signed(CONTENT, header={**usual, **header}), key=PUBLIC).code == code


def test_credential_is_no_receipt_and_receipt_no_credential() -> None:
    assert check_receipt(CERTIFICATE.jwt, key=PUBLIC).code == "receipt_typ"
    assert VERIFIER.report(RECEIPT, at=NOW).code in ("typ_unexpected", "header_forbidden")


def test_changed_receipt_does_not_hold() -> None:
    head, body, signature = RECEIPT.split(".")
    other = base64url.encode(json.dumps({**CONTENT, "madeAt": "2026-01-01T00:00:00Z"}).encode())
    assert check_receipt(f"{head}.{other}.{signature}", key=PUBLIC).code == "receipt_signature_invalid"
    stranger = LenderKey.generate()
    header = json.loads(base64url.decode(head))
    assert check_receipt(signed(CONTENT, header=header, key=stranger), key=PUBLIC).code == "receipt_signature_invalid"
    check = check_receipt(f"{head}.{body}.{signature[:-6]}", key=PUBLIC)
    assert codes(check) == ["ok", "receipt_signature_invalid", *["receipt_not_reached"] * 4]


@pytest.mark.parametrize("text", ["", "a.b", "\ud800", "é.é.é", " " * (MAX_RECEIPT_BYTES + 1), b"\xff", "{}"])
def test_anything_else_is_malformed(text: bytes | str) -> None:
    assert check_receipt(text, key=PUBLIC).code == "receipt_malformed"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_change_of_a_byte_passes_or_raises(data: st.DataObject) -> None:
    octets = bytearray(RECEIPT.encode())
    position = data.draw(st.integers(0, len(octets) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda value: value != octets[position]))
    octets[position] = value
    if bytes(octets).strip(b" \t\r\n") != RECEIPT.encode():
        assert check_receipt(bytes(octets), key=PUBLIC).verdict is Verdict.FAILED


# --- signers ----------------------------------------------------------------------------------------------------------


def test_ed25519_signs_too() -> None:
    key = LenderKey.generate(ed25519_key=True)
    receipt = receipt_of(signer=key)
    assert check_receipt(receipt, key=key.public_key, data=CERTIFICATE.jwt, verifier=VERIFIER).code == "ok"
    head, body, signature = receipt.split(".")
    changed = ("B" if signature.startswith("A") else "A") + signature[1:]
    assert check_receipt(f"{head}.{body}.{changed}", key=key.public_key).code == "receipt_signature_invalid"


def test_signer_of_another_make_serves() -> None:
    """Whatever has a public key and `sign`: here a signer of the issuer's kind, elsewhere an HSM."""
    signer = SoftwareSigner.generate()
    receipt = receipt_of(signer=signer)
    assert check_receipt(receipt, key=signer.public_key).code == "ok"
    by_hand = forged_jws(json.loads(base64url.decode(receipt.split(".", 1)[0])), CONTENT, signer)
    assert check_receipt(by_hand, key=signer.public_key).code == "ok"


@dataclasses.dataclass
class BrokenSigner:
    public_key: Any
    signature: bytes

    def sign(self, message: bytes, /) -> bytes:
        assert message
        return self.signature


def test_broken_signer_makes_no_receipt() -> None:
    with pytest.raises(ReceiptError) as caught:
        receipt_of(signer=BrokenSigner(PUBLIC, bytes(64)))
    assert caught.value.code == "receipt_signature_invalid"


def test_key_of_a_curve_that_nobody_knows_is_malformed() -> None:
    with pytest.raises(ReceiptError) as caught:
        read_public_key(SM2_PUBLIC_KEY)
    assert caught.value.code == "receipt_key_malformed"


def test_key_of_another_curve_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    for use in (
        lambda: receipt_of(signer=BrokenSigner(other, b"")),
        lambda: check_receipt(RECEIPT, key=other),
    ):
        with pytest.raises(ReceiptError) as caught:
            use()
        assert caught.value.code == "receipt_key_malformed"


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(profile="vcdm"),
        Policy(max_status_age=timedelta(minutes=90), issuers=frozenset({"did:web:a.example"}), types=frozenset({"A"})),
        Policy(require_status=False, issuers=frozenset(), unsafe_trust_dates_of_compromised_keys=True),
    ],
)
def test_rules_can_be_applied_again(policy: Policy) -> None:
    receipt = read_receipt(receipt_of(verifier=Verifier(VERIFIER.trust, policy=policy)), key=PUBLIC)
    assert policy_of(receipt).to_json() == policy.to_json()


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"profile": "x"},
        {"maxStatusAgeSeconds": "x"},
        {"maxStatusAgeSeconds": 1e300},
        {"issuers": 1},
        {"types": "x"},
    ],
)
def test_rules_that_cannot_be_read_are_the_default_ones(policy: dict[str, Any]) -> None:
    rules = {**CONTENT["policy"], **policy} if policy else {}
    receipt = read_receipt(signed({**CONTENT, "policy": rules}), key=PUBLIC)
    assert policy_of(receipt) == Policy()


def test_forms_of_one_certificate_have_receipts_of_their_own() -> None:
    assert isinstance(CERTIFICATE, FakeCertificate)
    digests = {read_receipt(receipt_of(data), key=PUBLIC).input_sha256 for data in CERTIFICATE.forms().values()}
    assert len(digests) == 3
