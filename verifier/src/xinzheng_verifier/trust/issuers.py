"""Issuers and their keys as the trust list states them, ready for verification."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xinzheng_schemas import base64url
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.multibase import KeyType, encode_multikey
from xinzheng_schemas.trust_documents import ControllerDocument, IssuerDocument, VerificationMethod
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.secure.sm2 import SM2PublicKey

OpenSSLKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PublicKey = OpenSSLKey | SM2PublicKey

_CURVES: Mapping[KeyType, ec.EllipticCurve] = {KeyType.P256: ec.SECP256R1(), KeyType.P384: ec.SECP384R1()}
_P25519 = 2**255 - 19
_D25519 = -121665 * pow(121666, -1, _P25519) % _P25519
_Y_OF_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER_Y = frozenset({0, 1, _P25519 - 1, _Y_OF_ORDER_8, _P25519 - _Y_OF_ORDER_8})
"""y of the eight points whose order divides the cofactor 8 (RFC 7748, 6.1 speaks of their like)."""

KID_BYTES = 8
"""Length of the key name in a COSE header: the first bytes of the RFC 7638 thumbprint."""


@dataclass(frozen=True, kw_only=True)
class TrustedKey:
    """One public key of an issuer, under all its names, with what the trust list says of it.

    Attributes:
        method_ids: DID URLs of the verification methods that bear this key.
        assertion_methods: those of them that the controller lists for assertions.
        key_type: the one type of the key; a mechanism must ask for exactly this type.
        public_key: key object of `cryptography`.
        kid: first 8 bytes of the RFC 7638 thumbprint, as COSE headers name the key.
        usage: what the key may sign; None where the trust list does not say.
        valid_from, valid_until: moments of issuance for which the key is good, inclusive; None is open.
        compromised_at: from when the key is known to be in other hands; None if it is not.
        expires: moment of verification from which the key is not used at all (CID 1.0, 2.2); None is open.
    """

    method_ids: frozenset[str]
    assertion_methods: frozenset[str]
    key_type: KeyType
    public_key: PublicKey
    kid: bytes
    usage: frozenset[str] | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    compromised_at: datetime | None = None
    expires: datetime | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """`method_ids` in their order."""
        return tuple(sorted(self.method_ids))

    @property
    def in_assertion_method(self) -> bool:
        """Whether the controller lists the key for assertions under any of its names."""
        return bool(self.assertion_methods)

    @property
    def multikey(self) -> str:
        """The key as `publicKeyMultibase` (Controlled Identifiers 1.0, 2.2.2)."""
        octets = _encoded(self.public_key)
        if self.key_type is not KeyType.ED25519:
            octets = bytes([2 + octets[-1] % 2]) + octets[1 : 1 + len(octets) // 2]  # compressed (SEC 1, 2.3.3)
        return encode_multikey(self.key_type, octets)

    def __getstate__(self) -> dict[str, object]:
        # Key objects of `cryptography` do not pickle; their encoded points do.
        return {**self.__dict__, "public_key": _encoded(self.public_key)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, public_key=_decoded(state["key_type"], state["public_key"]))


@dataclass(frozen=True, kw_only=True)
class TrustedIssuer:
    """One issuer of the trust list.

    Attributes:
        id: DID or URL, compared exactly with the `issuer` of a credential.
        name: display names {"zh": …, "en": …}; None where the trust document bears none.
        court: name, court code and region code; None for an issuer that is no court.
        credential_types: the types it may issue; None where the trust list does not restrict them.
        keys: its keys.
        status_list_issuers: ids of others whose status lists count as its own.
    """

    id: str
    name: Mapping[str, str] | None = None
    court: CourtIdentity | None = None
    credential_types: frozenset[str] | None = None
    keys: tuple[TrustedKey, ...] = ()
    status_list_issuers: frozenset[str] = frozenset()
    _by_method: Mapping[str, TrustedKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_method: dict[str, TrustedKey] = {}
        for key in self.keys:
            for method in key.method_ids:
                if method in by_method:
                    raise TrustError("key_ambiguous", field=method)
                by_method[method] = key
        object.__setattr__(self, "_by_method", by_method)

    def key(self, method_id: str) -> TrustedKey | None:
        """The key under exactly this method id; None if the issuer has no such key."""
        return self._by_method.get(method_id)

    def __getstate__(self) -> dict[str, object]:
        # Views of mappings do not pickle; the mappings do.
        return {**self.__dict__, "name": None if self.name is None else dict(self.name)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        name = state["name"]
        self.__dict__.update(state, name=None if name is None else MappingProxyType(name))

    def keys_with_kid(self, kid: bytes) -> tuple[TrustedKey, ...]:
        """The keys with this 8-byte name; more than one if the short names collide."""
        return tuple(key for key in self.keys if key.kid == kid)

    @classmethod
    def from_controller(cls, document: ControllerDocument) -> "TrustedIssuer":
        """An issuer known by its controller document (CID 1.0, DID document) alone.

        Raises:
            TrustError: `key_invalid` (point not on the curve, wrong length), `key_ambiguous`.
        """
        return cls(id=document.id, keys=tuple(_controller_keys(document)))

    @classmethod
    def from_issuer_document(cls, document: IssuerDocument) -> "TrustedIssuer":
        """An issuer as the trust bundle describes it; methods that no key entry names are not trusted.

        Raises:
            TrustError: `key_invalid`, `key_ambiguous`.
        """
        return cls(
            id=document.controller.id,
            name=document.name,
            court=document.court,
            credential_types=frozenset(document.credential_types),
            keys=tuple(_listed_keys(document)),
            status_list_issuers=frozenset(document.status_list_issuers),
        )


def _controller_keys(document: ControllerDocument) -> Iterator[TrustedKey]:
    """One key for each distinct public key of the document, under all the names it has there."""
    by_key: dict[bytes, list[VerificationMethod]] = {}
    for method in document.verification_methods:
        by_key.setdefault(thumbprint(method.key_type, _key_object(method)), []).append(method)
    for methods in by_key.values():
        yield _trusted_key(methods, document)


def _listed_keys(document: IssuerDocument) -> Iterator[TrustedKey]:
    """The keys that the issuer document lists; a method outside all entries has no window and is not trusted."""
    by_id = {method.id: method for method in document.controller.verification_methods}
    for entry in document.keys:
        key = _trusted_key([by_id[method_id] for method_id in entry.methods], document.controller)
        compromised_at = _earliest(key.compromised_at, entry.compromised_at)
        yield replace(
            key,
            usage=frozenset({entry.usage}),
            valid_from=entry.valid_from,
            valid_until=entry.valid_until,
            compromised_at=compromised_at,
        )


def _trusted_key(methods: Sequence[VerificationMethod], document: ControllerDocument) -> TrustedKey:
    first = methods[0]
    public_key = _key_object(first)
    names = frozenset(method.id for method in methods)
    return TrustedKey(
        method_ids=names,
        assertion_methods=names & frozenset(document.assertion_method),
        key_type=first.key_type,
        public_key=public_key,
        kid=thumbprint(first.key_type, public_key)[:KID_BYTES],
        compromised_at=_earliest(*(method.revoked for method in methods)),
        expires=_earliest(*(method.expires for method in methods)),
    )


def _key_object(method: VerificationMethod) -> PublicKey:
    """The key of a method as an object; OpenSSL refuses points that are not on the curve."""
    try:
        if method.key_type is KeyType.ED25519:
            _refuse_unsound_point(method.public_key)
        return _decoded(method.key_type, method.public_key)
    except ValueError as error:
        raise TrustError("key_invalid", field=method.id, reason=str(method.key_type)) from error


def _refuse_unsound_point(public_key: bytes) -> None:
    """OpenSSL takes any 32 bytes; under a point of small order one signature fits many messages (RFC 8032, 5.1.3, 8.9).

    Raises:
        ValueError: the point has an order of 1, 2, 4 or 8, its y is not reduced, or it is not on the curve.
    """
    y = int.from_bytes(public_key, "little") & ((1 << 255) - 1)
    if y >= _P25519 or y in _SMALL_ORDER_Y:
        raise ValueError("point of small order or not in its one encoding")
    # x² = (y² − 1) / (d·y² + 1) has a root if and only if the product of both is a square (Euler's criterion).
    if pow((y * y - 1) * (_D25519 * y * y + 1), (_P25519 - 1) // 2, _P25519) != 1:
        raise ValueError("no point of the curve")


def _decoded(key_type: KeyType, point: bytes) -> PublicKey:
    if key_type is KeyType.ED25519:
        return ed25519.Ed25519PublicKey.from_public_bytes(point)
    if key_type is KeyType.SM2:
        return SM2PublicKey.from_encoded(point)
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[key_type], point)


def _encoded(public_key: PublicKey) -> bytes:
    """What `_decoded` reads: 32 bytes of Ed25519, or an uncompressed point (SEC 1, 2.3.3)."""
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return public_key.public_bytes_raw()
    if isinstance(public_key, SM2PublicKey):
        return public_key.uncompressed()
    return public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def thumbprint(key_type: KeyType, public_key: PublicKey) -> bytes:
    """SHA-256 thumbprint of a public key as JWK (RFC 7638; RFC 8037, 2 for Ed25519).

    Returns:
        32 bytes.
    """
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        members = {"crv": "Ed25519", "kty": "OKP", "x": base64url.encode(public_key.public_bytes_raw())}
    else:
        numbers = public_key if isinstance(public_key, SM2PublicKey) else public_key.public_numbers()
        size = (public_key.key_size + 7) // 8
        x, y = (base64url.encode(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
        members = {"crv": key_type.value, "kty": "EC", "x": x, "y": y}
    return hashlib.sha256(json.dumps(members, separators=(",", ":")).encode("ascii")).digest()


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
