"""What the issuer signs, read by implementations that share no code with it.

The checks of the three forms below are written from the specifications with cryptography, rfc8785, PyJWT and cbor2
alone; nothing of the project but the functions under test takes part in them.
"""

import hashlib
import json
import zlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import base45
import cbor2
import jwt
import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from jwt.algorithms import ECAlgorithm

from support.issuers import SimulatedCourt
from support.samples import zaoyang_credential
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.forms import sign_data_integrity, sign_jwt, sign_qr
from xinzheng_issuer.issuing.suites import Cryptosuite
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas.multibase import KeyType

CREATED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
METHOD = "did:web:xz.example:did:420683#cert-1"


@pytest.fixture(scope="module")
def signer() -> SoftwareSigner:
    return SoftwareSigner.generate()


@pytest.fixture
def credential() -> dict[str, Any]:
    return zaoyang_credential()


def public_key_from_jwk(signer: SoftwareSigner) -> ec.EllipticCurvePublicKey:
    """The key as an outsider gets it: from the JWK that the court publishes."""
    key = ECAlgorithm.from_jwk(signer.public_jwk)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def verify_raw(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> None:
    assert len(signature) == 64
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))


# --- Data Integrity, ecdsa-jcs-2019 (vc-di-ecdsa 1.0, section 3.3) ----------------------------------------------------

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58btc(text: str) -> bytes:
    assert text[0] == "z"
    number = 0
    for character in text[1:]:
        number = number * 58 + BASE58.index(character)
    zeros = len(text[1:]) - len(text[1:].lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def verify_ecdsa_jcs_2019(secured: dict[str, Any], key: ec.EllipticCurvePublicKey) -> None:
    """Section 3.3.2 (verify proof) with 3.3.3 to 3.3.5 and 3.3.7, step by step."""
    document = {name: value for name, value in secured.items() if name != "proof"}
    options = {name: value for name, value in secured["proof"].items() if name != "proofValue"}
    assert options["type"] == "DataIntegrityProof"
    assert options["cryptosuite"] == "ecdsa-jcs-2019"
    assert options["proofPurpose"] == "assertionMethod"
    if "@context" in options:
        context = options["@context"] if isinstance(options["@context"], list) else [options["@context"]]
        assert document["@context"][: len(context)] == context
        document["@context"] = options["@context"]
    hash_data = hashlib.sha256(rfc8785.dumps(options)).digest() + hashlib.sha256(rfc8785.dumps(document)).digest()
    verify_raw(key, base58btc(secured["proof"]["proofValue"]), hash_data)


def test_data_integrity_verifies_along_an_independent_path(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    secured = sign_data_integrity(credential, signer, verification_method=METHOD, created=CREATED)
    received = json.loads(json.dumps(secured))
    verify_ecdsa_jcs_2019(received, public_key_from_jwk(signer))
    assert received.pop("proof")["verificationMethod"] == METHOD
    assert received == credential


def test_data_integrity_covers_every_member_of_document_and_proof(
    credential: dict[str, Any], signer: SoftwareSigner
) -> None:
    secured = sign_data_integrity(credential, signer, verification_method=METHOD, created=CREATED)
    key = public_key_from_jwk(signer)
    for name in credential:
        changed = json.loads(json.dumps(secured))
        changed[name] = "changed"
        with pytest.raises((InvalidSignature, AssertionError)):
            verify_ecdsa_jcs_2019(changed, key)
    for name in ("created", "verificationMethod"):
        changed = json.loads(json.dumps(secured))
        changed["proof"][name] += "x"
        with pytest.raises(InvalidSignature):
            verify_ecdsa_jcs_2019(changed, key)


def test_created_is_written_in_utc_to_whole_seconds(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    local = datetime(2026, 11, 23, 16, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=8)))
    secured = sign_data_integrity(credential, signer, verification_method=METHOD, created=local)
    assert secured["proof"]["created"] == "2026-11-23T08:00:00Z"  # type: ignore[index]


def test_a_document_without_context_gets_a_proof_without_context(signer: SoftwareSigner) -> None:
    secured = sign_data_integrity({"id": "urn:x"}, signer, verification_method=METHOD, created=CREATED)
    assert "@context" not in secured["proof"]  # type: ignore[operator]
    verify_ecdsa_jcs_2019(secured, public_key_from_jwk(signer))


# --- JWT (VC-JOSE-COSE, section 3.1.1) --------------------------------------------------------------------------------


def test_pyjwt_verifies_the_jwt(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    token = sign_jwt(credential, signer, kid=METHOD + "-jwk")
    complete = jwt.PyJWS().decode_complete(token, jwt.PyJWK(signer.public_jwk, algorithm="ES256"), ["ES256"])
    assert complete["header"] == {"alg": "ES256", "typ": "vc+jwt", "cty": "vc", "kid": METHOD + "-jwk"}
    assert json.loads(complete["payload"]) == credential
    assert len(complete["signature"]) == 64


def test_pyjwt_refuses_the_jwt_with_another_key(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    token = sign_jwt(credential, signer, kid=METHOD + "-jwk")
    stranger = jwt.PyJWK(SoftwareSigner.generate().public_jwk, algorithm="ES256")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.PyJWS().decode(token, stranger, ["ES256"])


def test_the_jwt_payload_is_readable_utf8(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    payload = jwt.utils.base64url_decode(sign_jwt(credential, signer, kid=METHOD).split(".")[1])
    assert credential["credentialSubject"]["name"] in payload.decode("utf-8")
    assert b"\\u" not in payload


# --- QR: COSE_Sign1 (RFC 9052), CWT claims (RFC 8392) -----------------------------------------------------------------


def cose_parts(text: str) -> list[Any]:
    assert text.startswith("XZ1:")
    message = cbor2.loads(zlib.decompress(base45.b45decode(text.removeprefix("XZ1:"))))
    assert isinstance(message, cbor2.CBORTag)
    assert message.tag == 18
    return list(message.value)


def test_the_qr_text_is_a_cose_sign1_message(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    protected, unprotected, payload, signature = cose_parts(sign_qr(credential, signer, court=None))
    jwk = signer.public_jwk
    thumbprint_input = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'  # RFC 7638
    assert cbor2.loads(protected) == {1: -7, 4: hashlib.sha256(thumbprint_input.encode()).digest()[:8]}
    assert unprotected == {}
    to_be_signed = cbor2.dumps(["Signature1", protected, b"", payload])
    verify_raw(public_key_from_jwk(signer), signature, to_be_signed)
    for other in (["Signature", protected, b"", payload], ["Signature1", b"", b"", payload]):
        with pytest.raises(InvalidSignature):
            verify_raw(public_key_from_jwk(signer), signature, cbor2.dumps(other))


def test_the_qr_text_bears_cwt_claims_of_the_credential(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    claims = cbor2.loads(cose_parts(sign_qr(credential, signer, court=None))[2])
    assert set(claims) == {1, 4, 5, 7, -65537}
    assert claims[1] == credential["issuer"]
    assert datetime.fromtimestamp(claims[5], UTC) == datetime.fromisoformat(credential["validFrom"])
    assert datetime.fromtimestamp(claims[4], UTC) == datetime.fromisoformat(credential["validUntil"])
    assert "urn:uuid:" + str(claims[7].hex()) == credential["id"].replace("-", "")


def test_the_qr_text_is_deterministic_cbor(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    court = SimulatedCourt().court
    text = sign_qr(credential, signer, court=court)
    assert text == sign_qr(credential, signer, court=court)
    message = zlib.decompress(base45.b45decode(text.removeprefix("XZ1:")))
    assert cbor2.dumps(cbor2.loads(message), canonical=True) == message


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_secured_credential_is_not_signed_again(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    secured = sign_data_integrity(credential, signer, verification_method=METHOD, created=CREATED)
    for sign in (
        lambda: sign_data_integrity(secured, signer, verification_method=METHOD, created=CREATED),
        lambda: sign_jwt(secured, signer, kid=METHOD),
        lambda: sign_qr(secured, signer, court=None),
    ):
        with pytest.raises(IssuingError) as refused:
            sign()
        assert refused.value.code == "already_secured"


@pytest.mark.parametrize(
    ("key_type", "cryptosuite"),
    [
        (KeyType.P256, "eddsa-jcs-2022"),
        (KeyType.P384, "eddsa-rdfc-2022"),
        (KeyType.ED25519, "ecdsa-jcs-2019"),
        (KeyType.ED25519, "ecdsa-rdfc-2019"),
    ],
)
def test_a_suite_that_the_key_cannot_do_is_refused(
    credential: dict[str, Any], key_type: KeyType, cryptosuite: Cryptosuite
) -> None:
    signer = SoftwareSigner.generate(key_type)
    options: dict[str, Any] = {"verification_method": METHOD, "created": CREATED, "cryptosuite": cryptosuite}
    with pytest.raises(IssuingError, match=key_type.value) as refused:
        sign_data_integrity(credential, signer, **options)
    assert refused.value.code == "signer_unsuitable"


def test_signing_changes_nothing_that_it_was_given(credential: dict[str, Any], signer: SoftwareSigner) -> None:
    before = json.dumps(credential)
    sign_data_integrity(credential, signer, verification_method=METHOD, created=CREATED)
    sign_jwt(credential, signer, kid=METHOD)
    sign_qr(credential, signer, court=None)
    assert json.dumps(credential) == before
