"""The written forms of a P-256 public key: Multikey, JWK, thumbprint and key identifier."""

import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xinzheng_keys.errors import DocumentError, KeyStoreError
from xinzheng_schemas import base64url
from xinzheng_schemas.multibase import KeyType, decode_multikey, encode_multikey

COORDINATE_OCTETS = 32
"""Octets of a coordinate, and of r and s, on P-256 (RFC 7518 §3.4, §6.2.1.2)."""

KID_OCTETS = 8
"""Octets of a COSE key identifier: the head of the thumbprint, as in the EU health certificates (hcert §3.3.3)."""

JSONWebKey = dict[str, str]


def require_p256(key: EllipticCurvePublicKey) -> EllipticCurvePublicKey:
    """`key` if it is on P-256.

    Raises:
        KeyStoreError: `key_type_unsupported` for any other curve.
    """
    if not isinstance(key.curve, SECP256R1):
        raise KeyStoreError("key_type_unsupported", found=key.curve.name, expected="P-256")
    return key


def multikey(key: EllipticCurvePublicKey) -> str:
    """`key` as `publicKeyMultibase` (Controlled Identifiers §2.2.2): the compressed point, base58btc."""
    return encode_multikey(KeyType.P256, key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))


def read_multikey(text: str, *, field: str = "public_key_multibase") -> EllipticCurvePublicKey:
    """The P-256 key behind a `publicKeyMultibase`.

    Raises:
        DocumentError: `public_key_invalid`, also for a point off the curve.
    """
    try:
        key_type, point = decode_multikey(text)
        if key_type is KeyType.P256:
            return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError as error:
        raise DocumentError("public_key_invalid", field=field) from error
    raise DocumentError("public_key_invalid", field=field)


def json_web_key(key: EllipticCurvePublicKey) -> JSONWebKey:
    """`key` as a JWK with the required members alone (RFC 7518 §6.2.1)."""
    numbers = key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}


def thumbprint(key: EllipticCurvePublicKey) -> bytes:
    """SHA-256 thumbprint of the JWK, 32 octets (RFC 7638 §3)."""
    text = json.dumps(json_web_key(key), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).digest()


def key_identifier(key: EllipticCurvePublicKey) -> bytes:
    """The `kid` of a COSE header: the first 8 octets of the thumbprint. A hint for look-up, no authority."""
    return thumbprint(key)[:KID_OCTETS]


def _coordinate(value: int) -> str:
    return base64url.encode(value.to_bytes(COORDINATE_OCTETS, "big"))
