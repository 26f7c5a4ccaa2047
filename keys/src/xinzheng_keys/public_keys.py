"""The written forms of a public key: Multikey, JWK, thumbprint and key identifier."""

import hashlib
import json
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xinzheng_keys.errors import DocumentError, KeyStoreError
from xinzheng_schemas import base64url
from xinzheng_schemas.multibase import KeyType, decode_multikey, encode_multikey
from xinzheng_schemas.sm2_point import SM2Point

OpenSSLKey = EllipticCurvePublicKey | Ed25519PublicKey
"""A public key that `cryptography` knows."""

PublicKey = OpenSSLKey | SM2Point
"""A public key of one of the kinds that sign here."""

CURVES: Final[dict[KeyType, type[EllipticCurve]]] = {KeyType.P256: SECP256R1, KeyType.P384: SECP384R1}
"""The curves of ECDSA."""

COORDINATE_OCTETS: Final = {KeyType.P256: 32, KeyType.P384: 48, KeyType.SM2: 32}
"""Octets of a coordinate, and of r and s (RFC 7518 §3.4, §6.2.1.2)."""

KID_OCTETS = 8
"""Octets of a COSE key identifier: the head of the thumbprint, as in the EU health certificates (hcert §3.3.3)."""

JSONWebKey = dict[str, str]

KNOWN_TYPES = ", ".join(KeyType)
"""The kinds of key that sign here, as messages name them."""


def key_type_of(key: object) -> KeyType:
    """The kind of a public key.

    Raises:
        KeyStoreError: `key_type_unsupported` for any other curve or kind.
    """
    if isinstance(key, Ed25519PublicKey):
        return KeyType.ED25519
    if isinstance(key, SM2Point):
        return KeyType.SM2
    if isinstance(key, EllipticCurvePublicKey):
        for key_type, curve in CURVES.items():
            if isinstance(key.curve, curve):
                return key_type
    found = key.curve.name if isinstance(key, EllipticCurvePublicKey) else type(key).__name__
    raise KeyStoreError("key_type_unsupported", found=found, expected=KNOWN_TYPES)


def multikey(key: PublicKey) -> str:
    """`key` as `publicKeyMultibase` (Controlled Identifiers §2.2.2), base58btc.

    It holds the compressed point, or the 32 octets of Ed25519.
    """
    if isinstance(key, Ed25519PublicKey):
        return encode_multikey(KeyType.ED25519, key.public_bytes_raw())
    if isinstance(key, SM2Point):
        return encode_multikey(KeyType.SM2, key.compressed())
    return encode_multikey(key_type_of(key), key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))


def read_multikey(text: str, *, field: str = "public_key_multibase") -> PublicKey:
    """The key behind a `publicKeyMultibase`.

    Raises:
        DocumentError: `public_key_invalid`, also for a point off the curve.
    """
    try:
        key_type, octets = decode_multikey(text)
        if key_type is KeyType.ED25519:
            return Ed25519PublicKey.from_public_bytes(octets)
        if key_type is KeyType.SM2:
            return SM2Point.from_encoded(octets)
        return EllipticCurvePublicKey.from_encoded_point(CURVES[key_type](), octets)
    except ValueError as error:
        raise DocumentError("public_key_invalid", field=field) from error


def json_web_key(key: PublicKey) -> JSONWebKey:
    """`key` as a JWK with the required members alone (RFC 7518 §6.2.1, RFC 8037 §2)."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key.public_bytes_raw())}
    key_type, numbers = key_type_of(key), key if isinstance(key, SM2Point) else key.public_numbers()
    x, y = (base64url.encode(number.to_bytes(COORDINATE_OCTETS[key_type], "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": key_type.value, "x": x, "y": y}


def thumbprint(key: PublicKey) -> bytes:
    """SHA-256 thumbprint of the JWK, 32 octets (RFC 7638 §3; RFC 8037, appendix A.3)."""
    text = json.dumps(json_web_key(key), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).digest()


def key_identifier(key: PublicKey) -> bytes:
    """The `kid` of a COSE header: the first 8 octets of the thumbprint. A hint for look-up, no authority."""
    return thumbprint(key)[:KID_OCTETS]
