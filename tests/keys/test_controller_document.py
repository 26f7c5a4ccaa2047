"""What a court publishes of its keys, read as an outsider reads it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from support.sm2 import SM2TestKey
from xinzheng_keys import SoftwareSigner
from xinzheng_keys.controller_document import build_controller_document, build_issuer_document
from xinzheng_keys.errors import DocumentError
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas import multibase
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.multibase import KeyType, encode_multikey
from xinzheng_schemas.trust_documents import (
    ControllerDocument,
    IssuerDocument,
    KeyState,
    KeyUsage,
    TrustDocumentError,
)
from xinzheng_verifier.trust.issuers import TrustedIssuer

DID = "did:web:xz.example:did:420683"
START = datetime(2026, 1, 1, tzinfo=UTC)
COURT = CourtIdentity(name="枣阳市人民法院", court_code="鄂0683", region_code="420683")
NAME = {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"}


@pytest.fixture(scope="module")
def signers() -> list[SoftwareSigner]:
    return [SoftwareSigner.generate() for _ in range(4)]


@pytest.fixture
def keys(signers: list[SoftwareSigner]) -> list[KeyRecord]:
    def record(name: str, signer: SoftwareSigner, usage: KeyUsage, state: KeyState) -> KeyRecord:
        return KeyRecord(
            name=name,
            usage=usage,
            public_key_multibase=signer.public_key_multibase,
            state=state,
            valid_from=START,
            valid_until=START.replace(year=2028) if state is KeyState.RETIRED else None,
        )

    return [
        record("cert-1", signers[0], KeyUsage.CERTIFICATE, KeyState.RETIRED),
        record("cert-2", signers[1], KeyUsage.CERTIFICATE, KeyState.ACTIVE),
        record("cert-3", signers[2], KeyUsage.CERTIFICATE, KeyState.STAGED),
        record("status-1", signers[3], KeyUsage.STATUS, KeyState.ACTIVE),
    ]


def served(keys: list[KeyRecord]) -> dict[str, Any]:
    document = json.loads(json.dumps(dict(build_controller_document(DID, keys).document)))
    assert isinstance(document, dict)
    return document


def test_every_key_is_listed_twice_for_assertions(keys: list[KeyRecord]) -> None:
    document = served(keys)
    assert document["id"] == DID
    assert document["@context"][0] == "https://www.w3.org/ns/did/v1"
    expected = [f"{DID}#{key.name}{suffix}" for key in keys for suffix in ("", "-jwk")]
    assert [method["id"] for method in document["verificationMethod"]] == expected
    assert document["assertionMethod"] == expected
    assert {method["controller"] for method in document["verificationMethod"]} == {DID}


def test_both_methods_of_a_key_bear_the_same_public_key(keys: list[KeyRecord], signers: list[SoftwareSigner]) -> None:
    methods = served(keys)["verificationMethod"]
    for multikey, jwk, signer in zip(methods[::2], methods[1::2], signers, strict=True):
        assert (multikey["type"], jwk["type"]) == ("Multikey", "JsonWebKey")
        point = multibase.decode(multikey["publicKeyMultibase"])
        assert point[:2] == b"\x80\x24"
        assert ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point[2:]) == signer.public_key
        assert ECAlgorithm.from_jwk(jwk["publicKeyJwk"]) == signer.public_key


@pytest.mark.parametrize("key_type", list(KeyType))
def test_keys_of_every_kind_are_published_and_known_to_the_verifier(key_type: KeyType) -> None:
    signer = SM2TestKey(12345) if key_type is KeyType.SM2 else SoftwareSigner.generate(key_type)
    record = KeyRecord(
        name="cert-1",
        usage=KeyUsage.CERTIFICATE,
        public_key_multibase=signer.public_key_multibase,
        state=KeyState.ACTIVE,
        valid_from=START,
    )
    document = build_issuer_document(DID, [record], court=COURT, name=NAME)
    known = TrustedIssuer.from_issuer_document(document)
    for suffix in ("", "-jwk"):
        key = known.key(f"{DID}#cert-1{suffix}")
        assert key is not None
        assert (key.key_type, key.public_key) == (key_type, signer.public_key)
    assert len(known.keys_with_kid(signer.kid)) == 1


def test_nothing_private_is_published(keys: list[KeyRecord]) -> None:
    for method in served(keys)["verificationMethod"]:
        assert set(method) == {
            "id",
            "type",
            "controller",
            "publicKeyMultibase" if "-jwk" not in method["id"] else "publicKeyJwk",
        }
        assert set(method.get("publicKeyJwk", {})) <= {"kty", "crv", "x", "y"}


def test_a_retired_key_does_not_expire_and_a_compromised_one_is_revoked(keys: list[KeyRecord]) -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    document = served([keys[0], keys[1].compromise(at=at)])
    retired, compromised = document["verificationMethod"][:2], document["verificationMethod"][2:]
    assert all("expires" not in method and "revoked" not in method for method in retired)
    assert {method["revoked"] for method in compromised} == {"2026-06-01T12:00:00Z"}
    assert {method.revoked for method in ControllerDocument.parse(document).verification_methods} == {None, at}


def test_the_issuer_document_says_use_state_and_window(keys: list[KeyRecord]) -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    keys[1] = keys[1].compromise(at=at)
    document = build_issuer_document(DID, keys, court=COURT, name=NAME).to_json()
    assert document["controllerDocument"] == served(keys)
    assert (document["courtCode"], document["regionCode"]) == ("鄂0683", "420683")
    assert document["credentialTypes"] == ["CreditRepairCredential"]
    assert document["keys"] == [
        {
            "methods": [f"{DID}#cert-1", f"{DID}#cert-1-jwk"],
            "usage": "certificate",
            "state": "retired",
            "validFrom": "2026-01-01T00:00:00Z",
            "validUntil": "2028-01-01T00:00:00Z",
        },
        {
            "methods": [f"{DID}#cert-2", f"{DID}#cert-2-jwk"],
            "usage": "certificate",
            "state": "compromised",
            "validFrom": "2026-01-01T00:00:00Z",
            "compromisedAt": "2026-06-01T12:00:00Z",
        },
        {
            "methods": [f"{DID}#cert-3", f"{DID}#cert-3-jwk"],
            "usage": "certificate",
            "state": "staged",
            "validFrom": "2026-01-01T00:00:00Z",
        },
        {
            "methods": [f"{DID}#status-1", f"{DID}#status-1-jwk"],
            "usage": "status",
            "state": "active",
            "validFrom": "2026-01-01T00:00:00Z",
        },
    ]
    assert IssuerDocument.parse(json.loads(json.dumps(document))).to_json() == document


def test_each_key_once(keys: list[KeyRecord]) -> None:
    same_name = [keys[0], replace(keys[1], name=keys[0].name)]
    same_key = [keys[0], replace(keys[0], name="cert-9")]
    for wrong in (same_name, same_key):
        with pytest.raises(DocumentError) as refused:
            build_controller_document(DID, wrong)
        assert refused.value.code == "key_ambiguous"


def test_a_court_without_keys_publishes_nothing() -> None:
    with pytest.raises(DocumentError) as refused:
        build_controller_document(DID, [])
    assert refused.value.code == "key_list_empty"


OFF_CURVE = encode_multikey(KeyType.P256, b"\x02" + bytes(31) + b"\x07")
OFF_LARGER_CURVE = encode_multikey(KeyType.P384, b"\x02" + bytes(47) + b"\x01")
NO_MULTIKEY = "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"  # X25519


@pytest.mark.parametrize("text", ["", "zDn", "z6Mk", NO_MULTIKEY, OFF_CURVE, OFF_LARGER_CURVE])
def test_what_is_no_key_is_refused(keys: list[KeyRecord], text: str) -> None:
    with pytest.raises(DocumentError) as refused:
        build_controller_document(DID, [replace(keys[0], public_key_multibase=text)])
    assert refused.value.code == "public_key_invalid"


def test_the_shown_name_is_that_of_the_court(keys: list[KeyRecord]) -> None:
    with pytest.raises(DocumentError) as refused:
        build_issuer_document(DID, keys, court=COURT, name={"zh": "襄阳市人民法院", "en": "Xiangyang"})
    assert refused.value.code == "court_name_mismatch"


@pytest.mark.parametrize("did", ["", "xz.example", "did:web:xz.example#cert-1", "did:web:xz example"])
def test_what_is_no_did_is_refused(keys: list[KeyRecord], did: str) -> None:
    with pytest.raises(TrustDocumentError):
        build_controller_document(did, keys)
