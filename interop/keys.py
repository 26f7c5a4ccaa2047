"""Keys of every kind that the verifier takes, fresh in memory, and what an issuer makes with them.

The issuing side signs with P-256 alone; what other suites sign is made here from the verifier's own definition of the
signed bytes, so that another implementation's answer judges that definition.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.secure.algorithms import CRYPTOSUITES, SUITE_HASHES
from xinzheng_verifier.secure.canonical import Contexts
from xinzheng_verifier.secure.data_integrity import hash_data
from xinzheng_verifier.trust.issuers import thumbprint

JSON = dict[str, Any]

COSE_IDENTIFIERS: Final = {"ES256": -7, "ES384": -35, "EdDSA": -8}
"""RFC 9053, 2.1 and 2.2."""

_CURVES: Final[Mapping[KeyType, tuple[Callable[[], ec.EllipticCurve], hashes.HashAlgorithm, int]]] = {
    KeyType.P256: (ec.SECP256R1, hashes.SHA256(), 32),
    KeyType.P384: (ec.SECP384R1, hashes.SHA384(), 48),
}


@dataclass(frozen=True)
class Key:
    """A private key of one kind; it never leaves the process.

    Attributes:
        name: fragment of its verification method.
        key_type: what it is.
        private: key object of `cryptography`.
    """

    name: str
    key_type: KeyType
    private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str, key_type: KeyType) -> "Key":
        """A fresh key."""
        if key_type is KeyType.ED25519:
            return cls(name, key_type, ed25519.Ed25519PrivateKey.generate())
        return cls(name, key_type, ec.generate_private_key(_CURVES[key_type][0]()))

    @property
    def kid(self) -> bytes:
        """First 8 bytes of the RFC 7638 thumbprint."""
        return thumbprint(self.key_type, self.private.public_key())[:8]

    @property
    def multikey(self) -> str:
        """The public key as Multikey."""
        public = self.private.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return multibase.encode_multikey(self.key_type, public.public_bytes_raw())
        point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return multibase.encode_multikey(self.key_type, point)

    @property
    def jwk(self) -> JSON:
        """The public key as JWK."""
        public = self.private.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(public.public_bytes_raw())}
        numbers, size = public.public_numbers(), _CURVES[self.key_type][2]
        x, y = (base64url.encode(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": self.key_type.value, "x": x, "y": y}

    def sign(self, message: bytes) -> bytes:
        """r‖s of fixed length, or an Ed25519 signature."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        _, digest, size = _CURVES[self.key_type]
        numbers = decode_dss_signature(self.private.sign(message, ec.ECDSA(digest)))
        return b"".join(number.to_bytes(size, "big") for number in numbers)


class Issuer:
    """An issuer with a key of each kind under one DID.

    Args:
        did: its identifier.
    """

    def __init__(self, did: str) -> None:
        self.did = did
        kinds = (("p256", KeyType.P256), ("p384", KeyType.P384), ("ed25519", KeyType.ED25519))
        self.keys = {name: Key.generate(name, key_type) for name, key_type in kinds}

    def method(self, key: str) -> str:
        """DID URL of the Multikey method of a key."""
        return f"{self.did}#{key}"

    def controller_document(self) -> JSON:
        """Its controller document: a Multikey and a JsonWebKey method for each key (CID 1.0, 2.2)."""
        methods: list[JSON] = []
        for name, key in self.keys.items():
            common = {"controller": self.did}
            methods.append({"id": self.method(name), "type": "Multikey", **common, "publicKeyMultibase": key.multikey})
            methods.append({"id": f"{self.method(name)}-jwk", "type": "JsonWebKey", **common, "publicKeyJwk": key.jwk})
        return {
            "@context": [
                "https://www.w3.org/ns/did/v1",
                "https://w3id.org/security/multikey/v1",
                "https://w3id.org/security/jwk/v1",
            ],
            "id": self.did,
            "verificationMethod": methods,
            "assertionMethod": [method["id"] for method in methods],
        }

    def token(self, payload: Mapping[str, Any] | bytes, *, alg: str, key: str, **header: Any) -> bytes:
        """A compact JWS, `typ` vc+jwt unless told otherwise; bytes are signed as they are."""
        body = payload if isinstance(payload, bytes) else text_of(payload)
        head = {"alg": alg, "typ": "vc+jwt", "cty": "vc", "kid": f"{self.method(key)}-jwk", **header}
        head = {name: value for name, value in head.items() if value is not None}
        signing_input = f"{base64url.encode(text_of(head))}.{base64url.encode(body)}"
        signature = self.keys[key].sign(signing_input.encode("ascii"))
        return f"{signing_input}.{base64url.encode(signature)}".encode("ascii")

    def proven(
        self,
        credential: Mapping[str, Any],
        *,
        suite: str,
        key: str,
        created: datetime,
        contexts: Contexts | None = None,
        **options: Any,
    ) -> JSON:
        """The credential with a Data Integrity proof; `options` are laid over those of the proof."""
        proof = {
            "type": "DataIntegrityProof",
            "cryptosuite": suite,
            "created": format_timestamp(created),
            "verificationMethod": self.method(key),
            "proofPurpose": "assertionMethod",
            **options,
        }
        canonicalization = CRYPTOSUITES[suite].canonicalization
        config = {**proof, "@context": credential["@context"]}
        if canonicalization == "jcs":
            proof = config
        message = hash_data(
            credential,
            config,
            hash_name=SUITE_HASHES[self.keys[key].key_type],
            canonicalization=canonicalization,
            contexts=contexts,
        )
        return {**credential, "proof": {**proof, "proofValue": multibase.encode(self.keys[key].sign(message))}}

    def message(self, credential: Mapping[str, Any], *, alg: str, key: str) -> bytes:
        """A COSE_Sign1 message whose payload is the credential (vc-jose-cose 3.3.1)."""
        kid = f"{self.method(key)}-jwk".encode()
        return self.sign1({1: COSE_IDENTIFIERS[alg], 4: kid, 16: "application/vc+cose"}, text_of(credential), key=key)

    def sign1(self, header: Mapping[int, Any], payload: bytes, *, key: str) -> bytes:
        """A tagged COSE_Sign1 message with this protected header (RFC 9052, 4.2)."""
        protected = cbor2.dumps(dict(header), canonical=True)
        signature = self.keys[key].sign(cbor2.dumps(["Signature1", protected, b"", payload]))
        return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def text_of(value: object) -> bytes:
    """JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
