"""What a lender trusts about an issuer: its controller document, and the issuer document of the trust list.

    ControllerDocument    W3C Controlled Identifiers 1.0 §2, also a did:web document: keys and what they may be used for
    IssuerDocument        target `courts/<code>/issuer.json` of a bundle: the court, its controller document, and the
                          window, use and state of each key

Methods of a type that is not known here are left out, so that they verify nothing. An issuer document may have no
member that is not known here: it could be a restriction.
"""

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar

from xinzheng_schemas._public_keys import UnusableKeyError, holds_secret, public_key_of
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.court_table import COURT_CODE_PATTERN
from xinzheng_schemas.errors import CodedError, Message
from xinzheng_schemas.messages import MESSAGES
from xinzheng_schemas.multibase import KeyType, MultibaseError, decode_multikey
from xinzheng_schemas.timestamps import TimestampError, format_timestamp, parse_timestamp

E = TypeVar("E", bound=StrEnum)

__all__ = [
    "ControllerDocument",
    "CourtIdentity",
    "IssuerDocument",
    "IssuerKey",
    "KeyState",
    "KeyUsage",
    "TrustDocumentError",
    "VerificationMethod",
]

MAX_METHODS = 256
"""Verification methods of one controller; a court that changes keys every year has some dozens in its life."""

MAX_IDENTIFIER = 2_048
"""Characters of a DID, DID URL or https identifier."""

MAX_NAME = 200
"""Characters of a display name."""

ISSUER_DOCUMENT_VERSION: Final = 1


class TrustDocumentError(CodedError):
    """A trust document that cannot be used.

    Codes: controller_document_malformed, controller_mismatch, issuer_document_malformed, key_invalid, key_private,
    key_ambiguous, date_malformed.
    """

    catalogue = MESSAGES


@dataclass(frozen=True, slots=True)
class VerificationMethod:
    """One named public key of a controller (CID 1.0 §2.2).

    Attributes:
        id: absolute URL of the method.
        key_type: curve of the key.
        public_key: compressed point (P-256: 33 bytes, P-384: 49) or raw Ed25519 key (32 bytes). A point given as
            Multikey is found not to be on its curve when the key is loaded.
        expires: moment from which the key is not used any more; UTC.
        revoked: moment from which the controller disowns the key; UTC.
    """

    id: str
    key_type: KeyType
    public_key: bytes
    expires: datetime | None = None
    revoked: datetime | None = None


@dataclass(frozen=True)
class ControllerDocument:
    """Who controls an identifier, by which keys.

    Attributes:
        id: the identifier.
        verification_methods: methods of known types, in the order of the document.
        assertion_method: ids of those that may sign claims (CID 1.0 §2.3.2).
        unsupported: ids of methods of other types.
        document: the JSON object that was read.
    """

    id: str
    verification_methods: tuple[VerificationMethod, ...]
    assertion_method: frozenset[str]
    unsupported: frozenset[str]
    document: Mapping[str, Any]

    @classmethod
    def parse(cls, document: object) -> Self:
        """Reads a controller document.

        Args:
            document: the JSON object.

        Returns:
            The document; relative method ids (`#key-1`) are made absolute.

        Raises:
            TrustDocumentError: controller_document_malformed, controller_mismatch (a method of another controller),
                key_invalid, key_private, key_ambiguous (one id twice) or date_malformed.
        """
        members = _object(document, "", _CONTROLLER)
        identifier = _match(
            members.get("id"),
            "/id",
            _IDENTIFIER,
            Message("a DID or https URL without fragment", "DID 或不带片段的 https 网址"),
            _CONTROLLER,
        )
        relation = _array(members.get("assertionMethod", []), "/assertionMethod", _CONTROLLER, minimum=0)
        listed = _array(members.get("verificationMethod", []), "/verificationMethod", _CONTROLLER, minimum=0)
        located = [(f"/verificationMethod/{position}", method) for position, method in enumerate(listed)]
        located += [(f"/assertionMethod/{at}", method) for at, method in enumerate(relation) if type(method) is dict]
        methods = _methods(located, identifier)
        assertion = frozenset(_references(relation, identifier)).intersection(methods)
        unsupported = frozenset(method_id for method_id, method in methods.items() if method is None)
        known = tuple(method for method in methods.values() if method is not None)
        return cls(identifier, known, assertion - unsupported, unsupported, members)


class KeyUsage(StrEnum):
    """What a court key may sign."""

    CERTIFICATE = "certificate"
    STATUS = "status"


class KeyState(StrEnum):
    """Where a court key stands in its life: staged → active → retired; compromised from any of them."""

    STAGED = "staged"
    ACTIVE = "active"
    RETIRED = "retired"
    COMPROMISED = "compromised"


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One key of a court, under all the method names that it has.

    Attributes:
        methods: ids of its verification methods, all of the same public key.
        usage: what it may sign.
        state: where it stands in its life.
        valid_from: first instant of issuance for which it is good, UTC.
        valid_until: last such instant, inclusive; None while it is open.
        compromised_at: from when it is known to be in other hands; given if and only if the state says so.
    """

    methods: tuple[str, ...]
    usage: KeyUsage
    state: KeyState
    valid_from: datetime
    valid_until: datetime | None = None
    compromised_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry as a fresh JSON object."""
        members = {
            "methods": list(self.methods),
            "usage": self.usage.value,
            "state": self.state.value,
            "validFrom": format_timestamp(self.valid_from),
            "validUntil": self.valid_until and format_timestamp(self.valid_until),
            "compromisedAt": self.compromised_at and format_timestamp(self.compromised_at),
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True)
class IssuerDocument:
    """A court as the trust list describes it.

    Attributes:
        controller: its controller document.
        name: display names, {"zh": …, "en": …}.
        court: name in Chinese, court code and region code.
        credential_types: types that it may issue.
        keys: its keys; a method that no entry names is not trusted.
        status_list_issuers: ids of other issuers that may sign status lists for it.
    """

    controller: ControllerDocument
    name: Mapping[str, str]
    court: CourtIdentity
    credential_types: tuple[str, ...]
    keys: tuple[IssuerKey, ...]
    status_list_issuers: tuple[str, ...] = ()

    @classmethod
    def parse(cls, document: object) -> Self:
        """Reads an issuer document.

        Args:
            document: the JSON object.

        Returns:
            The document.

        Raises:
            TrustDocumentError: issuer_document_malformed, key_ambiguous (a method or a public key in two entries),
                date_malformed, or a code of `ControllerDocument.parse`.
        """
        members = _object(document, "", _ISSUER)
        _exact_members(members, "", _ISSUER_MEMBERS)
        if type(members["version"]) is not int or members["version"] != ISSUER_DOCUMENT_VERSION:
            raise _malformed(_ISSUER, "/version", str(ISSUER_DOCUMENT_VERSION))
        controller = ControllerDocument.parse(members["controllerDocument"])
        name = _object(members["name"], "/name", _ISSUER)
        _exact_members(name, "/name", ({"zh", "en"}, set()))
        for language in name:
            _match(name[language], f"/name/{language}", _NAME, Message("a display name", "显示名称"), _ISSUER)
        court_code = _match(
            members["courtCode"], "/courtCode", _COURT_CODE, Message("a court code", "法院代字"), _ISSUER
        )
        region_code = _match(
            members["regionCode"], "/regionCode", _REGION_CODE, Message("six digits", "六位数字"), _ISSUER
        )
        types = _texts(members["credentialTypes"], "/credentialTypes", _TYPE_NAME, Message("a type name", "类型名"))
        keys = _keys(_array(members["keys"], "/keys", _ISSUER), controller)
        court = CourtIdentity(name["zh"], court_code, region_code)
        delegates = _delegates(members)
        return cls(controller, MappingProxyType(dict(name)), court, types, keys, delegates)

    def to_json(self) -> dict[str, Any]:
        """The document as a fresh JSON object; `parse` of it gives an equal document."""
        members = {
            "version": ISSUER_DOCUMENT_VERSION,
            "controllerDocument": copy.deepcopy(dict(self.controller.document)),
            "name": dict(self.name),
            "courtCode": self.court.court_code,
            "regionCode": self.court.region_code,
            "credentialTypes": list(self.credential_types),
            "keys": [key.to_json() for key in self.keys],
        }
        return members | ({"statusListIssuers": list(self.status_list_issuers)} if self.status_list_issuers else {})


_CONTROLLER: Final = "controller_document_malformed"
_ISSUER: Final = "issuer_document_malformed"
_ISSUER_MEMBERS: Final = (
    {"version", "controllerDocument", "name", "courtCode", "regionCode", "credentialTypes", "keys"},
    {"statusListIssuers"},
)
_KEY_MEMBERS: Final = ({"methods", "usage", "state", "validFrom"}, {"validUntil", "compromisedAt"})
_IDENTIFIER: Final = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]|https://[A-Za-z0-9._~%!$&'()*+,;=:/-]+")
_FRAGMENT: Final = re.compile(r"#[A-Za-z0-9._~%!$&'()*+,;=:@/?-]+")
_NAME: Final = re.compile(r"(?!\s)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+(?<!\s)")
_COURT_CODE: Final = re.compile(COURT_CODE_PATTERN)
_REGION_CODE: Final = re.compile("[0-9]{6}")
_TYPE_NAME: Final = re.compile("[A-Z][A-Za-z0-9]*")
_METHOD_URL: Final = re.compile(rf"(?:{_IDENTIFIER.pattern}){_FRAGMENT.pattern}")


def _malformed(code: str, field: str, expected: Message | str) -> TrustDocumentError:
    return TrustDocumentError(code, field=field or "/", expected=expected)


def _object(value: object, field: str, code: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise _malformed(code, field, Message("an object", "对象"))
    return value


def _array(value: object, field: str, code: str, *, minimum: int = 1) -> list[Any]:
    if type(value) is not list or not minimum <= len(value) <= MAX_METHODS:
        raise _malformed(
            code,
            field,
            Message(f"an array of {minimum} to {MAX_METHODS} entries", f"含 {minimum} 至 {MAX_METHODS} 项的数组"),
        )
    return value


def _match(value: object, field: str, pattern: re.Pattern[str], expected: Message, code: str) -> str:
    if type(value) is not str or len(value) > MAX_IDENTIFIER or not pattern.fullmatch(value):
        raise _malformed(code, field, expected)
    return value


def _texts(value: object, field: str, pattern: re.Pattern[str], expected: Message) -> tuple[str, ...]:
    items = _array(value, field, _ISSUER)
    texts = tuple(_match(item, f"{field}/{at}", pattern, expected, _ISSUER) for at, item in enumerate(items))
    if len(set(texts)) != len(texts):
        raise _malformed(_ISSUER, field, Message("different entries", "互不相同的各项"))
    return texts


def _moment(members: Mapping[str, Any], name: str, pointer: str, code: str) -> datetime | None:
    return _instant(members[name], f"{pointer}/{name}", code) if name in members else None


def _instant(value: object, field: str, code: str) -> datetime:
    if type(value) is not str:
        raise _malformed(code, field, Message("a timestamp", "时间戳"))
    try:
        return parse_timestamp(value, field=field)
    except TimestampError as error:
        raise TrustDocumentError(error.code, field=field, **error.params) from None


def _exact_members(members: Mapping[str, Any], field: str, known: tuple[Set[str], Set[str]]) -> None:
    required, optional = known
    missing, foreign = required - members.keys(), members.keys() - required - optional
    if missing or foreign:
        raise _malformed(_ISSUER, field, _members_expected(required))


def _members_expected(required: Set[str]) -> Message:
    names = sorted(required)
    return Message(f"the members {', '.join(names)} and no foreign ones", f"成员 {'、'.join(names)}，且无其他成员")


# --- controller document --------------------------------------------------------------------------------------------


def _methods(located: Sequence[tuple[str, Any]], identifier: str) -> dict[str, VerificationMethod | None]:
    if len(located) > MAX_METHODS:
        raise _malformed(
            _CONTROLLER, "/verificationMethod", Message(f"at most {MAX_METHODS} methods", f"至多 {MAX_METHODS} 个方法")
        )
    methods: dict[str, VerificationMethod | None] = {}
    for pointer, value in located:
        method = _object(value, pointer, _CONTROLLER)
        method_id = _method_id(method, pointer, identifier)
        if method_id in methods:
            raise TrustDocumentError("key_ambiguous", field=f"{pointer}/id")
        methods[method_id] = _method(method, pointer, method_id)
    return methods


def _method_id(method: Mapping[str, Any], pointer: str, identifier: str) -> str:
    method_id = _absolute(method.get("id"), f"{pointer}/id", identifier)
    if not method_id.startswith(identifier + "#"):
        raise TrustDocumentError("controller_mismatch", field=f"{pointer}/id")
    controller = _match(
        method.get("controller"), f"{pointer}/controller", _IDENTIFIER, Message("an identifier", "标识"), _CONTROLLER
    )
    if controller != identifier:
        raise TrustDocumentError("controller_mismatch", field=f"{pointer}/controller")
    return method_id


def _absolute(reference: object, field: str, identifier: str) -> str:
    """A method URL; a bare fragment is relative to the document (DID Core 1.0 §3.2.2)."""
    if type(reference) is str and reference.startswith("#"):
        return identifier + _match(reference, field, _FRAGMENT, Message("a fragment", "片段"), _CONTROLLER)
    return _match(reference, field, _METHOD_URL, Message("a URL with one fragment", "带一个片段的网址"), _CONTROLLER)


def _references(relation: Iterable[Any], identifier: str) -> Iterator[str]:
    for position, entry in enumerate(relation):
        reference = entry.get("id") if type(entry) is dict else entry
        yield _absolute(reference, f"/assertionMethod/{position}", identifier)


def _method(method: Mapping[str, Any], pointer: str, method_id: str) -> VerificationMethod | None:
    """The method, or None if its type is not known here."""
    kind = method.get("type")
    if type(kind) is not str:
        raise _malformed(_CONTROLLER, f"{pointer}/type", Message("a type name", "类型名"))
    if holds_secret(method):
        raise TrustDocumentError("key_private", field=pointer)
    reader = _READERS.get(kind)
    key = reader(method, pointer) if reader is not None else None
    expires = _moment(method, "expires", pointer, _CONTROLLER)
    revoked = _moment(method, "revoked", pointer, _CONTROLLER)
    return key and VerificationMethod(method_id, *key, expires, revoked)


def _multikey(method: Mapping[str, Any], pointer: str) -> tuple[KeyType, bytes] | None:
    field = f"{pointer}/publicKeyMultibase"
    text = method.get("publicKeyMultibase")
    if type(text) is not str:
        raise _malformed(_CONTROLLER, field, Message("a string", "字符串"))
    try:
        return decode_multikey(text)
    except MultibaseError as error:
        if error.code == "key_type_unknown":
            return None
        reason = Message(error.message("en"), error.message("zh"))
        raise TrustDocumentError("key_invalid", field=field, reason=reason) from error


def _json_web_key(method: Mapping[str, Any], pointer: str) -> tuple[KeyType, bytes] | None:
    field = f"{pointer}/publicKeyJwk"
    jwk = _object(method.get("publicKeyJwk"), field, _CONTROLLER)
    try:
        return public_key_of(jwk)
    except UnusableKeyError as error:
        raise TrustDocumentError("key_invalid", field=field, reason=error.reason) from error


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], str], tuple[KeyType, bytes] | None]]] = {
    "Multikey": _multikey,
    "JsonWebKey": _json_web_key,
    "JsonWebKey2020": _json_web_key,
}


# --- issuer document ------------------------------------------------------------------------------------------------


def _delegates(members: Mapping[str, Any]) -> tuple[str, ...]:
    if "statusListIssuers" not in members:
        return ()
    expected = Message("a DID or https URL", "DID 或 https 网址")
    return _texts(members["statusListIssuers"], "/statusListIssuers", _IDENTIFIER, expected)


def _keys(entries: Sequence[Any], controller: ControllerDocument) -> tuple[IssuerKey, ...]:
    by_id = {method.id: method.public_key for method in controller.verification_methods}
    keys: list[IssuerKey] = []
    seen: set[bytes] = set()
    for position, entry in enumerate(entries):
        key = _key(_object(entry, f"/keys/{position}", _ISSUER), f"/keys/{position}")
        if not by_id.keys() >= set(key.methods):
            raise _malformed(
                _ISSUER,
                f"/keys/{position}/methods",
                Message("methods of the controller document", "控制者文件中的方法"),
            )
        public_keys = {by_id[method_id] for method_id in key.methods}
        if len(public_keys) != 1:
            raise _malformed(
                _ISSUER, f"/keys/{position}/methods", Message("names of one public key", "同一公钥的各个名称")
            )
        if not seen.isdisjoint(public_keys):
            raise TrustDocumentError("key_ambiguous", field=f"/keys/{position}/methods")
        seen |= public_keys
        keys.append(key)
    return tuple(keys)


def _key(entry: Mapping[str, Any], pointer: str) -> IssuerKey:
    _exact_members(entry, pointer, _KEY_MEMBERS)
    valid_from = _instant(entry["validFrom"], f"{pointer}/validFrom", _ISSUER)
    valid_until = _moment(entry, "validUntil", pointer, _ISSUER)
    compromised_at = _moment(entry, "compromisedAt", pointer, _ISSUER)
    state = _member_of(KeyState, entry["state"], f"{pointer}/state")
    if valid_until is not None and valid_until < valid_from:
        raise _malformed(
            _ISSUER,
            f"{pointer}/validUntil",
            Message("a timestamp that is not before validFrom", "不早于 validFrom 的时间戳"),
        )
    if (state is KeyState.COMPROMISED) is not (compromised_at is not None):
        raise _malformed(
            _ISSUER,
            f"{pointer}/compromisedAt",
            Message("a timestamp if and only if the state is compromised", "时间戳，当且仅当状态为 compromised"),
        )
    methods = _texts(entry["methods"], f"{pointer}/methods", _METHOD_URL, Message("a method id", "方法标识"))
    usage = _member_of(KeyUsage, entry["usage"], f"{pointer}/usage")
    return IssuerKey(methods, usage, state, valid_from, valid_until, compromised_at)


def _member_of(kind: type[E], value: object, field: str) -> E:
    for member in kind:
        if type(value) is str and member.value == value:
            return member
    raise _malformed(_ISSUER, field, Message("one of " + ", ".join(kind), "下列之一：" + "、".join(kind)))
