"""Keys of every type that the verifier knows, and whatever they can be made to sign: tokens, proofs, messages.

Signed genuinely, whatever header, options or parts are given; what is wrong with them is the caller's.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier.secure.algorithms import CRYPTOSUITES, SUITE_HASHES
from xinzheng_verifier.secure.data_integrity import hash_data
from xinzheng_verifier.trust.issuers import thumbprint

_CURVES = {KeyType.P256: ec.SECP256R1(), KeyType.P384: ec.SECP384R1()}
_HASHES = {KeyType.P256: hashes.SHA256(), KeyType.P384: hashes.SHA384()}
_OCTETS = {KeyType.P256: 32, KeyType.P384: 48}


class Signs(Protocol):
    """Whatever makes signatures."""

    @property
    def key_type(self) -> KeyType: ...

    def sign(self, data: bytes) -> bytes: ...


class HasMultikey(Protocol):
    """Whatever has a public key."""

    @property
    def public_key_multibase(self) -> str: ...


class SimulatedSigner:
    """A fresh key of any type, in memory."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, key_type: KeyType) -> None:
        self._private_key = private_key
        self.key_type = key_type
        self.public_key = private_key.public_key()

    @classmethod
    def generate(cls, key_type: KeyType) -> Self:
        if key_type is KeyType.ED25519:
            return cls(ed25519.Ed25519PrivateKey.generate(), key_type)
        return cls(ec.generate_private_key(_CURVES[key_type]), key_type)

    def sign(self, data: bytes) -> bytes:
        """r‖s of ECDSA with the curve's own hash, or Ed25519."""
        if isinstance(self._private_key, ed25519.Ed25519PrivateKey):
            return self._private_key.sign(data)
        r, s = decode_dss_signature(self._private_key.sign(data, ec.ECDSA(_HASHES[self.key_type])))
        return b"".join(number.to_bytes(_OCTETS[self.key_type], "big") for number in (r, s))

    @property
    def public_octets(self) -> bytes:
        """Compressed point, or the 32 bytes of Ed25519."""
        if isinstance(self.public_key, ed25519.Ed25519PublicKey):
            return self.public_key.public_bytes_raw()
        return self.public_key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    @property
    def public_key_multibase(self) -> str:
        return multibase.encode_multikey(self.key_type, self.public_octets)

    @property
    def public_jwk(self) -> dict[str, str]:
        if isinstance(self.public_key, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(self.public_octets)}
        numbers, size = self.public_key.public_numbers(), _OCTETS[self.key_type]
        x, y = (base64url.encode(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": self.key_type.value, "x": x, "y": y}

    @property
    def thumbprint(self) -> bytes:
        return thumbprint(self.key_type, self.public_key)

    @property
    def did_key(self) -> str:
        return f"did:key:{self.public_key_multibase}"

    @property
    def did_jwk(self) -> str:
        return "did:jwk:" + base64url.encode(json.dumps(self.public_jwk, separators=(",", ":")).encode())


def compact(header: Mapping[str, Any], payload: Mapping[str, Any] | bytes, signer: Signs) -> str:
    """A compact JWS."""
    parts = (part if isinstance(part, bytes) else _json(part) for part in (header, payload))
    signing_input = ".".join(base64url.encode(part) for part in parts)
    return f"{signing_input}.{base64url.encode(signer.sign(signing_input.encode('ascii')))}"


def proof_over(
    document: Mapping[str, Any],
    options: Mapping[str, Any],
    signer: Signs,
    *,
    previous: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A proof of exactly these options over `document`, and over the proofs before it where it builds on some."""
    unsecured: dict[str, Any] = {name: value for name, value in document.items() if name != "proof"}
    message = hash_data(
        {**unsecured, "proof": [*previous]} if previous else unsecured,
        {**options, "@context": unsecured["@context"]},
        hash_name=SUITE_HASHES[signer.key_type],
        canonicalization=CRYPTOSUITES[options["cryptosuite"]].canonicalization,
    )
    context = (
        {"@context": unsecured["@context"]} if CRYPTOSUITES[options["cryptosuite"]].canonicalization == "jcs" else {}
    )
    return {**options, **context, "proofValue": multibase.encode(signer.sign(message))}


def sign1(
    protected: Mapping[Any, Any] | bytes,
    payload: bytes,
    signer: Signs,
    *,
    unprotected: Mapping[Any, Any] | None = None,
    tag: bytes = b"\xd2",
    context: str = "Signature1",
    external: bytes = b"",
) -> bytes:
    """A COSE_Sign1 message; bytes are taken as they are."""
    head = protected if isinstance(protected, bytes) else cbor2.dumps(protected, canonical=True)
    signature = signer.sign(cbor2.dumps([context, head, external, payload]))
    return tag + cbor2.dumps([head, dict(unprotected or {}), payload, signature], canonical=True)


def with_keys(issuer_document: dict[str, Any], signers: Mapping[str, HasMultikey]) -> dict[str, Any]:
    """An issuer document (trust list) with further keys for certificates, each as Multikey."""
    document: dict[str, Any] = json.loads(json.dumps(issuer_document))
    controller = document["controllerDocument"]
    for name, signer in signers.items():
        method = f"{controller['id']}#{name}"
        controller["verificationMethod"].append(
            {
                "id": method,
                "type": "Multikey",
                "controller": controller["id"],
                "publicKeyMultibase": signer.public_key_multibase,
            }
        )
        controller["assertionMethod"].append(method)
        document["keys"].append(
            {"methods": [method], "usage": "certificate", "state": "active", "validFrom": "2026-01-01T00:00:00Z"}
        )
    return document


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
