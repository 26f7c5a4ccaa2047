"""Keys that never leave a hardware module: found, made, and asked for signatures (PKCS #11 v2.40 and v3.0).

ECDSA is CKM_ECDSA over a digest that is made here, so that a module needs no hash and gets 32 or 48 octets whatever is
signed; Ed25519 is CKM_EDDSA (v3.0, 2.3.6) over the message itself. SM2 goes by the numbers of the module's maker
(`pkcs11_sm2`).
"""

import hashlib
import secrets
import threading
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, cast

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pkcs11 import Attribute, Mechanism, MechanismFlag, ObjectClass, Session
from pkcs11 import KeyType as TokenKeyType
from pkcs11 import PrivateKey as TokenPrivateKey
from pkcs11.exceptions import AttributeTypeInvalid

from xinzheng_keys import public_keys
from xinzheng_keys.errors import KeyURIError, TokenError
from xinzheng_keys.pkcs11_sm2 import TRIAL, SM2Scheme, key_pair_templates, key_type_numbered
from xinzheng_keys.pkcs11_token import TokenLink
from xinzheng_keys.pkcs11_uri import PKCS11URI, parse_pkcs11_uri
from xinzheng_keys.public_half import PublicHalf
from xinzheng_keys.public_keys import PublicKey
from xinzheng_keys.sm2_mechanisms import CURVE, SETTING, SM2Mechanisms
from xinzheng_keys.token_access import TokenAccess
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.sm2_point import SM2Point

_HASHES: Final = {KeyType.P256: hashlib.sha256, KeyType.P384: hashlib.sha384}
_SIGNATURE_OCTETS: Final = {KeyType.P256: 64, KeyType.P384: 96, KeyType.ED25519: 64}
_POINT_OCTETS: Final = {KeyType.P256: 65, KeyType.P384: 97, KeyType.ED25519: 32, KeyType.SM2: 65}

# DER of the curve's object identifier (RFC 5480 §2.1.1.1; RFC 8410 §3), and its name as v3.0 (2.3.10) allows it too.
_PARAMETERS: Final = {
    KeyType.P256: bytes.fromhex("06082a8648ce3d030107"),
    KeyType.P384: bytes.fromhex("06052b81040022"),
    KeyType.ED25519: bytes.fromhex("06032b6570"),
}
_TYPE_OF_PARAMETERS: Final = {
    **{parameters: key_type for key_type, parameters in _PARAMETERS.items()},
    b"\x13\x0cedwards25519": KeyType.ED25519,
}
_GENERATED: Final = {
    KeyType.P256: (TokenKeyType.EC, Mechanism.EC_KEY_PAIR_GEN),
    KeyType.P384: (TokenKeyType.EC, Mechanism.EC_KEY_PAIR_GEN),
    KeyType.ED25519: (TokenKeyType.EC_EDWARDS, Mechanism.EC_EDWARDS_KEY_PAIR_GEN),
}

_VENDOR_DEFINED: Final = 0x8000_0000  # CKK_VENDOR_DEFINED: from here on types of keys are the maker's own
_ID_OCTETS: Final = 8
_OCTET_STRING: Final = b"\x04"


class _Handles(threading.local):
    """Of one thread: the generation of the module for which its handle of the private key holds."""

    generation = -1
    key: TokenPrivateKey | None = None


@dataclass(frozen=True, slots=True)
class _Pair:
    private: TokenPrivateKey
    public_key: PublicKey


class _Scheme(Protocol):
    """How a kind of key signs: what a mechanism is given, and what becomes of what it gives."""

    mechanism: Mechanism
    parameter: bytes | None

    def message(self, data: bytes) -> bytes:
        """What the mechanism is given for `data`."""

    def signature(self, made: bytes, data: bytes) -> bytes:
        """What it gave, in the form of this package."""


class _StandardScheme:
    """ECDSA and EdDSA."""

    parameter: bytes | None = None

    def __init__(self, key_type: KeyType) -> None:
        self._key_type = key_type
        self.mechanism = Mechanism.EDDSA if key_type is KeyType.ED25519 else Mechanism.ECDSA

    def message(self, data: bytes) -> bytes:
        return data if self._key_type is KeyType.ED25519 else _HASHES[self._key_type](data).digest()

    def signature(self, made: bytes, data: bytes) -> bytes:
        del data
        if len(made) != _SIGNATURE_OCTETS[self._key_type]:
            raise TokenError("token_failed", reason=f"{len(made)} octets")
        return made


class PKCS11Signer(PublicHalf[PublicKey]):
    """Signs with a key in a hardware module; the private key stays there."""

    __slots__ = ("_handles", "_link", "_scheme")

    def __init__(self, uri: PKCS11URI, access: TokenAccess) -> None:
        """Find the key that `uri` names; an SM2 key signs once, to see whether its module's numbers are right.

        Raises:
            KeyURIError: the URI names no token or no object; `pkcs11_module_unknown`, `pkcs11_sm2_unset`.
            TokenError: see `xinzheng_keys.custody.open_signer`.
            KeyStoreError: the PIN cannot be read; `sm2_unavailable`.
        """
        _require_named(uri)
        self._link = TokenLink(uri, access)
        self._handles = _Handles()
        module = self._link.sm2
        super().__init__(self._link.run(lambda session: _find(session, uri, module).public_key))
        self._scheme: _Scheme = _StandardScheme(self.key_type)
        if module is not None and isinstance(self.public_key, SM2Point):
            self._scheme = SM2Scheme(module, self.public_key)
            self.sign(TRIAL)

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: r‖s of 64 or 96 octets, or 64 octets of Ed25519.

        Raises:
            TokenError: the module does not sign; `token_key_changed` if it holds another key now;
                `token_signature_wrong` if an SM2 signature does not verify.
            KeyStoreError: `sm2_unavailable` for an SM2 key without libcrypto, which verifies.
        """
        scheme = self._scheme
        message, how = scheme.message(data), {"mechanism": scheme.mechanism, "mechanism_param": scheme.parameter}
        made: bytes = self._link.run(lambda session: self._key(session).sign(message, **how))
        return scheme.signature(made, data)

    def _key(self, session: Session) -> Any:
        """The private key in this thread's session; after every beginning of the module it is looked at anew."""
        generation = self._link.generation()
        if self._handles.generation != generation:
            pair = _find(session, self._link.uri, self._link.sm2)
            if pair.public_key != self.public_key:
                raise TokenError("token_key_changed")
            self._handles.key, self._handles.generation = pair.private, generation
        return self._handles.key


def open_token_signer(uri: str, *, access: TokenAccess) -> PKCS11Signer:
    """The signer that a `pkcs11:` URI names; errors as for `xinzheng_keys.custody.open_signer`."""
    return PKCS11Signer(parse_pkcs11_uri(uri), access)


def create_token_key(uri: str, *, name: str, key_type: KeyType, access: TokenAccess) -> tuple[str, PKCS11Signer]:
    """Make a key in a token; errors and result as for `xinzheng_keys.custody.create_key`."""
    place, link, kind = _prepared(uri, name, key_type, access)
    link.run(lambda session: _generate(session, place, kind), writing=True)
    return str(place), PKCS11Signer(place, access)


def check_token_place(uri: str, *, name: str, key_type: KeyType, access: TokenAccess) -> None:
    """See whether the token is there, opens for writing, and has no key of that label; raises as `create_token_key`."""
    place, link, _ = _prepared(uri, name, key_type, access)
    link.run(lambda session: _is_made(session, place), writing=True)


def _prepared(uri: str, name: str, key_type: KeyType, access: TokenAccess) -> tuple[PKCS11URI, TokenLink, "_PairKind"]:
    wanted = parse_pkcs11_uri(uri)
    place = replace(wanted, object=wanted.object or name, id=wanted.id or secrets.token_bytes(_ID_OCTETS))
    _require_named(place)
    link = TokenLink(place, access)
    return place, link, _pair_of_kind(key_type, link.sm2)


@dataclass(frozen=True, slots=True)
class _PairKind:
    """What pairs of a kind are made with."""

    key_type: TokenKeyType
    mechanism: Mechanism
    public: dict[Attribute, Any]
    private: dict[Attribute, Any]


def _pair_of_kind(key_type: KeyType, module: SM2Mechanisms | None) -> _PairKind:
    if key_type is not KeyType.SM2:
        return _PairKind(*_GENERATED[key_type], {Attribute.EC_PARAMS: _PARAMETERS[key_type]}, {})
    if module is None:
        raise KeyURIError("pkcs11_sm2_unset", field="module-name", setting=SETTING)
    return _PairKind(key_type_numbered(module.key_type), *key_pair_templates(module))


def _generate(session: Session, place: PKCS11URI, kind: _PairKind) -> None:
    """Make the pair; one that is made already is this call's own, from before the module was lost on the way."""
    if _is_made(session, place):
        return
    # Not in the public interface of python-pkcs11 for Edwards curves, whose parameters belong to the key itself.
    cast("Any", session)._generate_keypair(  # noqa: SLF001
        kind.key_type,
        id=place.id,
        label=place.object,
        store=True,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
        mechanism=kind.mechanism,
        public_template=kind.public,
        private_template={
            **kind.private,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            Attribute.PRIVATE: True,
        },
    )


def _is_made(session: Session, place: PKCS11URI) -> bool:
    """Whether the key is there; another object of its label is refused: by the name nobody could tell them apart."""
    same_name = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: place.object}
    found = next(iter(session.get_objects(same_name)), None)
    if found is not None and found[Attribute.ID] != place.id:
        raise TokenError("token_key_exists", name=place.object)
    return found is not None


def _require_named(uri: PKCS11URI) -> None:
    if not uri.names_token:
        raise KeyURIError("pkcs11_uri_incomplete", field="token")
    if not uri.names_object:
        raise KeyURIError("pkcs11_uri_incomplete", field="object")


def _find(session: Session, uri: PKCS11URI, module: SM2Mechanisms | None) -> _Pair:
    """The one private key of a URI, and its public key as the token has it."""
    named: dict[Attribute, Any] = {Attribute.LABEL: uri.object, Attribute.ID: uri.id}
    wanted = {name: value for name, value in named.items() if value is not None}
    private = _only(session, {Attribute.CLASS: ObjectClass.PRIVATE_KEY, **wanted})
    if private[Attribute.EXTRACTABLE] or not private[Attribute.SENSITIVE]:
        raise TokenError("token_key_exposed")
    public = _only(session, {Attribute.CLASS: ObjectClass.PUBLIC_KEY, **wanted, Attribute.ID: private[Attribute.ID]})
    return _Pair(private, _public_key(public, module))


def _only(session: Session, wanted: dict[Attribute, Any]) -> Any:
    found = list(session.get_objects(wanted))
    if not found:
        raise TokenError("token_key_missing")
    if len(found) > 1:
        raise TokenError("token_key_ambiguous", count=len(found))
    return found[0]


def _public_key(found: Any, module: SM2Mechanisms | None) -> PublicKey:
    key_type = _kind(found, module)
    point = _point(bytes(found[Attribute.EC_POINT]), _POINT_OCTETS[key_type])
    try:
        if key_type is KeyType.ED25519:
            return Ed25519PublicKey.from_public_bytes(point)
        if key_type is KeyType.SM2:
            return SM2Point.from_encoded(point)
        return EllipticCurvePublicKey.from_encoded_point(public_keys.CURVES[key_type](), point)
    except ValueError as error:
        raise TokenError("token_key_unusable", expected=public_keys.KNOWN_TYPES) from error


def _kind(found: Any, module: SM2Mechanisms | None) -> KeyType:
    number, parameters = int(found[Attribute.KEY_TYPE]), _parameters(found)
    if module is not None and module.has_made(number, parameters):
        return KeyType.SM2
    if parameters in _TYPE_OF_PARAMETERS:
        return _TYPE_OF_PARAMETERS[parameters]
    if parameters == CURVE or number >= _VENDOR_DEFINED:
        raise KeyURIError("pkcs11_sm2_unset", field="module-name", setting=SETTING)
    raise TokenError("token_key_unusable", expected=public_keys.KNOWN_TYPES)


def _parameters(found: Any) -> bytes | None:
    """The curve of a public key; None for RSA and the like, and for makers' own kinds that need none."""
    try:
        return bytes(found[Attribute.EC_PARAMS])
    except AttributeTypeInvalid:
        return None


def _point(value: bytes, octets: int) -> bytes:
    """The point in CKA_EC_POINT: a DER octet string by the standard (v2.40, 2.3.3), bare with some modules."""
    header = _OCTET_STRING + bytes([octets])
    return value.removeprefix(header) if len(value) == octets + len(header) else value
