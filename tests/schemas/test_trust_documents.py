"""Controller and issuer documents: strict, one name for one key, nothing private."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.multibase import KeyType, encode_multikey
from xinzheng_schemas.trust_documents import (
    ControllerDocument,
    CourtIdentity,
    IssuerDocument,
    IssuerKey,
    KeyState,
    KeyUsage,
    TrustDocumentError,
)

DID = "did:web:xz.example:did:420683"
P256 = ec.derive_private_key(0x1CE, ec.SECP256R1()).public_key()
OTHER_P256 = ec.derive_private_key(0x2CE, ec.SECP256R1()).public_key()
P384 = ec.derive_private_key(0x3CE, ec.SECP384R1()).public_key()
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()


def compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def jwk(key: ec.EllipticCurvePublicKey, curve: str = "P-256", **members: object) -> dict[str, Any]:
    numbers, size = key.public_numbers(), (key.key_size + 7) // 8
    x, y = (base64url.encode(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": curve, "x": x, "y": y, **members}


def multikey_method(name: str = "cert-1", key: ec.EllipticCurvePublicKey = P256, **members: object) -> dict[str, Any]:
    return {
        "id": f"{DID}#{name}",
        "type": "Multikey",
        "controller": DID,
        "publicKeyMultibase": encode_multikey(KeyType.P256, compressed(key)),
        **members,
    }


def jwk_method(name: str = "cert-1-jwk", key: dict[str, Any] | None = None, **members: object) -> dict[str, Any]:
    method = {"id": f"{DID}#{name}", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": key or jwk(P256)}
    return {**method, **members}


def controller(*methods: object, assertion: list[Any] | None = None, **members: object) -> dict[str, Any]:
    listed = list(methods) or [multikey_method(), jwk_method()]
    references = [method["id"] for method in listed if isinstance(method, dict)] if assertion is None else assertion
    return {"id": DID, "verificationMethod": listed, "assertionMethod": references, **members}


def fault(document: object) -> tuple[str, str | None]:
    """Code and field of the refusal of a controller document."""
    with pytest.raises(TrustDocumentError) as caught:
        ControllerDocument.parse(document)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value.code, caught.value.field


# --- controller document --------------------------------------------------------------------------------------------


def test_both_spellings_of_a_key_are_one_key() -> None:
    document = ControllerDocument.parse(controller())
    multikey, json_web_key = document.verification_methods
    assert document.id == DID
    assert multikey.public_key == json_web_key.public_key == compressed(P256)
    assert multikey.key_type is json_web_key.key_type is KeyType.P256
    assert document.assertion_method == {f"{DID}#cert-1", f"{DID}#cert-1-jwk"}
    assert document.unsupported == frozenset()


def test_all_key_types_are_read() -> None:
    raw = ED25519.public_bytes_raw()
    document = ControllerDocument.parse(
        controller(
            jwk_method("a", jwk(P384, "P-384", alg="ES384", use="sig", key_ops=["verify"])),
            jwk_method("b", {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(raw), "alg": "EdDSA"}),
            jwk_method("c", jwk(P256), type="JsonWebKey2020"),
            multikey_method("d", publicKeyMultibase=encode_multikey(KeyType.ED25519, raw)),
        )
    )
    assert [(method.key_type, method.public_key) for method in document.verification_methods] == [
        (KeyType.P384, compressed(P384)),
        (KeyType.ED25519, raw),
        (KeyType.P256, compressed(P256)),
        (KeyType.ED25519, raw),
    ]


def test_relative_ids_are_made_absolute() -> None:
    document = ControllerDocument.parse(controller(multikey_method(id="#cert-1"), assertion=["#cert-1"]))
    assert document.verification_methods[0].id == f"{DID}#cert-1"
    assert document.assertion_method == {f"{DID}#cert-1"}


def test_method_may_stand_in_the_relation_itself() -> None:
    document = ControllerDocument.parse(controller(multikey_method(), assertion=[jwk_method()]))
    assert [method.id for method in document.verification_methods] == [f"{DID}#cert-1", f"{DID}#cert-1-jwk"]
    assert document.assertion_method == {f"{DID}#cert-1-jwk"}


def test_method_outside_the_relation_may_not_assert() -> None:
    assert ControllerDocument.parse(controller(assertion=[])).assertion_method == frozenset()


def test_reference_to_a_method_elsewhere_gives_no_right() -> None:
    document = ControllerDocument.parse(controller(assertion=["did:web:other.example#key"]))
    assert document.assertion_method == frozenset()


def test_expiry_and_revocation_are_read() -> None:
    method = multikey_method(expires="2027-01-01T00:00:00Z", revoked="2026-06-01T08:00:00+08:00")
    parsed = ControllerDocument.parse(controller(method)).verification_methods[0]
    assert parsed.expires == datetime(2027, 1, 1, tzinfo=UTC)
    assert parsed.revoked == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "method",
    [
        jwk_method(type="Ed25519VerificationKey2020"),
        jwk_method(key={"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        jwk_method(key={**jwk(P256), "crv": "secp256k1"}),
        jwk_method(key={**jwk(P256), "kty": "OKP"}),
        jwk_method(key={**jwk(P256), "crv": 256}),
        multikey_method(publicKeyMultibase=multibase.encode(b"\xe7\x01" + bytes(33))),
    ],
)
def test_keys_of_unknown_types_verify_nothing(method: dict[str, Any]) -> None:
    document = ControllerDocument.parse(controller(method, jwk_method("known")))
    assert document.unsupported == {method["id"]}
    assert [known.id for known in document.verification_methods] == [f"{DID}#known"]
    assert document.assertion_method == {f"{DID}#known"}


def test_document_without_methods_is_empty() -> None:
    document = ControllerDocument.parse({"id": "https://issuer.example/controllers/1"})
    assert document.verification_methods == ()


def off_curve() -> dict[str, Any]:
    return {**jwk(P256), "y": jwk(OTHER_P256)["y"]}


@pytest.mark.parametrize(
    ("document", "code", "field"),
    [
        ([], "controller_document_malformed", "/"),
        ({}, "controller_document_malformed", "/id"),
        ({"id": "xz.example"}, "controller_document_malformed", "/id"),
        ({"id": f"{DID}#x"}, "controller_document_malformed", "/id"),
        ({"id": "did:web:" + "a" * 3000}, "controller_document_malformed", "/id"),
        ({"id": DID, "verificationMethod": {}}, "controller_document_malformed", "/verificationMethod"),
        ({"id": DID, "verificationMethod": [{}] * 257}, "controller_document_malformed", "/verificationMethod"),
        (
            {"id": DID, "verificationMethod": [{}] * 200, "assertionMethod": [{}] * 57},
            "controller_document_malformed",
            "/verificationMethod",
        ),
        ({"id": DID, "assertionMethod": "#a"}, "controller_document_malformed", "/assertionMethod"),
        (controller("#cert-1"), "controller_document_malformed", "/verificationMethod/0"),
        (controller(assertion=[7]), "controller_document_malformed", "/assertionMethod/0"),
        (controller(assertion=["key-1"]), "controller_document_malformed", "/assertionMethod/0"),
        (controller(assertion=["#"]), "controller_document_malformed", "/assertionMethod/0"),
        (controller(multikey_method(id="#a#b")), "controller_document_malformed", "/verificationMethod/0/id"),
        (controller(multikey_method(id=None)), "controller_document_malformed", "/verificationMethod/0/id"),
        (controller(multikey_method(id="did:web:b.example#k")), "controller_mismatch", "/verificationMethod/0/id"),
        (controller(multikey_method(id=f"{DID}1#k")), "controller_mismatch", "/verificationMethod/0/id"),
        (
            controller(multikey_method(controller="did:web:b.example")),
            "controller_mismatch",
            "/verificationMethod/0/controller",
        ),
        (
            controller(multikey_method(controller=[DID])),
            "controller_document_malformed",
            "/verificationMethod/0/controller",
        ),
        (controller(multikey_method(type=["Multikey"])), "controller_document_malformed", "/verificationMethod/0/type"),
        (
            controller(multikey_method(publicKeyMultibase=None)),
            "controller_document_malformed",
            "/verificationMethod/0/publicKeyMultibase",
        ),
        (
            controller(multikey_method(publicKeyMultibase="u" + "A" * 44)),
            "key_invalid",
            "/verificationMethod/0/publicKeyMultibase",
        ),
        (
            controller(multikey_method(publicKeyMultibase=multibase.encode(b"\x80\x24" + bytes(33)))),
            "key_invalid",
            "/verificationMethod/0/publicKeyMultibase",
        ),
        (
            controller({**jwk_method(), "publicKeyJwk": "P-256"}),
            "controller_document_malformed",
            "/verificationMethod/0/publicKeyJwk",
        ),
        (controller(jwk_method(key=off_curve())), "key_invalid", "/verificationMethod/0/publicKeyJwk"),
        (controller(jwk_method(key=jwk(P256, alg="ES384"))), "key_invalid", "/verificationMethod/0/publicKeyJwk"),
        (controller(jwk_method(key=jwk(P256, use="enc"))), "key_invalid", "/verificationMethod/0/publicKeyJwk"),
        (controller(jwk_method(key=jwk(P256, key_ops=["sign"]))), "key_invalid", "/verificationMethod/0/publicKeyJwk"),
        (controller(jwk_method(key=jwk(P256, key_ops="verify"))), "key_invalid", "/verificationMethod/0/publicKeyJwk"),
        (controller(jwk_method(key={**jwk(P256), "x": "AAAA"})), "key_invalid", "/verificationMethod/0/publicKeyJwk"),
        (controller(jwk_method(key={**jwk(P256), "x": None})), "key_invalid", "/verificationMethod/0/publicKeyJwk"),
        (
            controller(jwk_method(key={**jwk(P256), "y": jwk(P256)["y"] + "="})),
            "key_invalid",
            "/verificationMethod/0/publicKeyJwk",
        ),
        (controller(jwk_method(key=jwk(P256, d="AQ"))), "key_private", "/verificationMethod/0"),
        (controller(jwk_method(key={"kty": "oct", "k": "AQ"})), "key_private", "/verificationMethod/0"),
        (controller(multikey_method(secretKeyMultibase="z1")), "key_private", "/verificationMethod/0"),
        (controller(jwk_method(privateKeyJwk={})), "key_private", "/verificationMethod/0"),
        (
            controller(multikey_method(publicKeyMultibase=multibase.encode(b"\x86\x26" + bytes(32)))),
            "key_private",
            "/verificationMethod/0",
        ),
        (controller(multikey_method("a"), jwk_method("a")), "key_ambiguous", "/verificationMethod/1/id"),
        (
            controller(multikey_method(), assertion=[multikey_method(key=OTHER_P256)]),
            "key_ambiguous",
            "/assertionMethod/0/id",
        ),
        (controller(multikey_method(expires="soon")), "date_malformed", "/verificationMethod/0/expires"),
        (
            controller(multikey_method(revoked=None)),
            "controller_document_malformed",
            "/verificationMethod/0/revoked",
        ),
    ],
)
def test_bad_controller_documents(document: object, code: str, field: str) -> None:
    assert fault(document) == (code, field)


def test_coordinates_beyond_the_field_are_refused() -> None:
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    key = {**jwk(P256), "x": base64url.encode(prime.to_bytes(32, "big"))}
    assert fault(controller(jwk_method(key=key)))[0] == "key_invalid"


@given(st.integers(1, 2**255), st.sampled_from([(ec.SECP256R1(), "P-256"), (ec.SECP384R1(), "P-384")]))
def test_every_point_of_a_curve_is_a_key(secret: int, curve: tuple[ec.EllipticCurve, str]) -> None:
    key = ec.derive_private_key(secret, curve[0]).public_key()
    method = ControllerDocument.parse(controller(jwk_method(key=jwk(key, curve[1])))).verification_methods[0]
    assert method.public_key == compressed(key)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)


@given(json_values, st.sampled_from(["id", "verificationMethod", "assertionMethod"]))
def test_any_json_is_read_or_refused_with_a_code(value: object, name: str) -> None:
    for document in (value, {**controller(), name: value}, controller({**jwk_method(), "publicKeyJwk": value})):
        try:
            ControllerDocument.parse(document)
        except TrustDocumentError:
            continue


# --- issuer document ------------------------------------------------------------------------------------------------


def key_entry(name: str = "cert-1", **members: object) -> dict[str, Any]:
    entry = {
        "methods": [f"{DID}#{name}", f"{DID}#{name}-jwk"],
        "usage": "certificate",
        "state": "active",
        "validFrom": "2026-01-01T00:00:00Z",
    }
    return {**entry, **members}


def issuer(**members: object) -> dict[str, Any]:
    status = [multikey_method("status-1", OTHER_P256), jwk_method("status-1-jwk", jwk(OTHER_P256))]
    return {
        "version": 1,
        "controllerDocument": controller(multikey_method(), jwk_method(), *status),
        "name": {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"},
        "courtCode": "鄂0683",
        "regionCode": "420683",
        "credentialTypes": ["CreditRepairCredential"],
        "keys": [key_entry(), key_entry("status-1", usage="status")],
        **members,
    }


def test_issuer_document_is_read() -> None:
    document = IssuerDocument.parse(issuer())
    assert document.court == CourtIdentity("枣阳市人民法院", "鄂0683", "420683")
    assert document.name == {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"}
    assert document.credential_types == ("CreditRepairCredential",)
    assert document.controller == ControllerDocument.parse(issuer()["controllerDocument"])
    assert document.keys[1] == IssuerKey(
        methods=(f"{DID}#status-1", f"{DID}#status-1-jwk"),
        usage=KeyUsage.STATUS,
        state=KeyState.ACTIVE,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_issuer_document_is_written_as_it_was_read() -> None:
    compromised = key_entry(
        state="compromised", validUntil="2026-09-01T00:00:00Z", compromisedAt="2026-06-01T00:00:00Z"
    )
    for members in ({}, {"keys": [compromised]}):
        text = issuer(**members)
        document = IssuerDocument.parse(text)
        assert document.to_json() == text
        assert IssuerDocument.parse(document.to_json()) == document
    document.to_json()["controllerDocument"]["verificationMethod"].clear()
    assert document.to_json() == text


def test_retired_key_keeps_its_window() -> None:
    retired = key_entry(state="retired", validUntil="2026-01-01T00:00:00Z")
    key = IssuerDocument.parse(issuer(keys=[retired])).keys[0]
    assert (key.state, key.valid_until) == (KeyState.RETIRED, key.valid_from)


@pytest.mark.parametrize(
    ("members", "code", "field"),
    [
        ({"version": 2}, "issuer_document_malformed", "/version"),
        ({"version": True}, "issuer_document_malformed", "/version"),
        ({"suspendedAt": "2026-01-01T00:00:00Z"}, "issuer_document_malformed", "/"),
        ({"controllerDocument": []}, "controller_document_malformed", "/"),
        ({"name": {"zh": "枣阳市人民法院"}}, "issuer_document_malformed", "/name"),
        ({"name": {"zh": "枣阳市\n人民法院", "en": "Z"}}, "issuer_document_malformed", "/name/zh"),
        ({"name": {"zh": "枣阳市人民法院", "en": " "}}, "issuer_document_malformed", "/name/en"),
        ({"name": "枣阳市人民法院"}, "issuer_document_malformed", "/name"),
        ({"courtCode": "鄂683"}, "issuer_document_malformed", "/courtCode"),
        ({"regionCode": 420683}, "issuer_document_malformed", "/regionCode"),
        ({"credentialTypes": []}, "issuer_document_malformed", "/credentialTypes"),
        ({"credentialTypes": ["A", "A"]}, "issuer_document_malformed", "/credentialTypes"),
        ({"credentialTypes": ["https://x.example"]}, "issuer_document_malformed", "/credentialTypes/0"),
        ({"keys": []}, "issuer_document_malformed", "/keys"),
        ({"keys": ["cert-1"]}, "issuer_document_malformed", "/keys/0"),
        ({"keys": [key_entry(usage="ca")]}, "issuer_document_malformed", "/keys/0/usage"),
        ({"keys": [key_entry(usage=["status"])]}, "issuer_document_malformed", "/keys/0/usage"),
        ({"keys": [key_entry(state="revoked")]}, "issuer_document_malformed", "/keys/0/state"),
        ({"keys": [key_entry(note="x")]}, "issuer_document_malformed", "/keys/0"),
        ({"keys": [key_entry("ghost")]}, "issuer_document_malformed", "/keys/0/methods"),
        ({"keys": [key_entry(methods=[f"{DID}#cert-1"] * 2)]}, "issuer_document_malformed", "/keys/0/methods"),
        ({"keys": [key_entry(methods=["#cert-1"])]}, "issuer_document_malformed", "/keys/0/methods/0"),
        (
            {"keys": [key_entry(methods=[f"{DID}#cert-1", f"{DID}#status-1"])]},
            "issuer_document_malformed",
            "/keys/0/methods",
        ),
        ({"keys": [key_entry(), key_entry(usage="status")]}, "key_ambiguous", "/keys/1/methods"),
        (
            {"keys": [key_entry(methods=[f"{DID}#cert-1"]), key_entry(methods=[f"{DID}#cert-1-jwk"])]},
            "key_ambiguous",
            "/keys/1/methods",
        ),
        ({"keys": [key_entry(validFrom="2026-01-01")]}, "date_malformed", "/keys/0/validFrom"),
        ({"keys": [key_entry(validFrom=None)]}, "issuer_document_malformed", "/keys/0/validFrom"),
        ({"keys": [key_entry(validUntil="2025-12-31T00:00:00Z")]}, "issuer_document_malformed", "/keys/0/validUntil"),
        ({"keys": [key_entry(state="compromised")]}, "issuer_document_malformed", "/keys/0/compromisedAt"),
        (
            {"keys": [key_entry(compromisedAt="2026-06-01T00:00:00Z")]},
            "issuer_document_malformed",
            "/keys/0/compromisedAt",
        ),
    ],
)
def test_bad_issuer_documents(members: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(TrustDocumentError) as caught:
        IssuerDocument.parse(issuer(**members))
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.message("en") != caught.value.message("zh")


@pytest.mark.parametrize("name", sorted(issuer()))
def test_every_member_of_the_issuer_document_is_needed(name: str) -> None:
    document = issuer()
    del document[name]
    with pytest.raises(TrustDocumentError) as caught:
        IssuerDocument.parse(document)
    assert caught.value.code == "issuer_document_malformed"


def test_method_that_no_entry_names_is_in_no_entry() -> None:
    document = IssuerDocument.parse(issuer(keys=[key_entry(methods=[f"{DID}#cert-1"])]))
    assert [key.methods for key in document.keys] == [(f"{DID}#cert-1",)]


def test_unsupported_method_cannot_be_listed() -> None:
    text = copy.deepcopy(issuer())
    text["controllerDocument"]["verificationMethod"][0]["type"] = "SomeFutureKey"
    with pytest.raises(TrustDocumentError):
        IssuerDocument.parse(text)


@given(json_values, st.sampled_from(sorted(issuer())))
def test_any_json_in_an_issuer_document_is_read_or_refused(value: object, name: str) -> None:
    for document in (value, issuer(**{name: value}), issuer(keys=[key_entry(methods=value)])):
        try:
            IssuerDocument.parse(document)
        except TrustDocumentError:
            continue
