"""`pkcs11:` URIs (RFC 7512), read strictly: every attribute once, known, spelled as the grammar of section 2.3 says.

What selects a slot or an object in ways that this program does not follow is refused rather than passed over, or a URI
would find another key than its author meant. No error repeats a URI or a value of it: it may bear a PIN.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, NoReturn, Self
from urllib.parse import quote, unquote_to_bytes

from xinzheng_keys.errors import KeyURIError

SCHEME = "pkcs11"

# pk11-pchar and pk11-qchar of RFC 7512 §2.3.
_PATH_VALUE: Final = re.compile(r"(?:[A-Za-z0-9._~:\[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})+")
_QUERY_VALUE: Final = re.compile(r"(?:[A-Za-z0-9._~:\[\]@!$'()*+,=/?|-]|%[0-9A-Fa-f]{2})+")
_UNQUOTED: Final = ":[]@!$'()*+,="
_UNQUOTED_IN_QUERY: Final = _UNQUOTED + "/?|"

_TEXTS: Final = ("token", "manufacturer", "serial", "model", "object")
_PATH: Final = (*_TEXTS, "id", "type", "slot-id")
_QUERY: Final = ("module-path", "module-name", "pin-source", "pin-value")

_SLOT_ID: Final = re.compile(r"0|[1-9][0-9]{0,19}")
_MODULE_NAME: Final = re.compile(r"[A-Za-z0-9._+-]+")
_PIN_SOURCE: Final = re.compile(r"(?:env|credential):[A-Za-z0-9_.-]+|file:/.+")

_MAX_OCTETS: Final = {"token": 32, "manufacturer": 32, "serial": 16, "model": 16}
"""Octets of the fields of CK_TOKEN_INFO (PKCS #11 v2.40, section 3.2); a longer value matches no token."""


@dataclass(frozen=True, kw_only=True)
class PKCS11URI:
    """Where a key in a hardware module is.

    Attributes:
        token: label of the token.
        manufacturer: of the token.
        serial: number of the token.
        model: of the token.
        slot_id: number of the slot; most modules give it anew at every start.
        object: label of the key (CKA_LABEL).
        id: CKA_ID of the key.
        module_path: absolute path of the module's library.
        module_name: name of a module that the installation knows.
        pin_source: `file:/path`, `env:NAME` or `credential:NAME`.
    """

    token: str | None = None
    manufacturer: str | None = None
    serial: str | None = None
    model: str | None = None
    slot_id: int | None = None
    object: str | None = None
    id: bytes | None = None
    module_path: str | None = None
    module_name: str | None = None
    pin_source: str | None = None

    @property
    def names_token(self) -> bool:
        """Whether anything of the token or its slot is said."""
        return any(value is not None for value in (*(getattr(self, name) for name in _MAX_OCTETS), self.slot_id))

    @property
    def names_object(self) -> bool:
        """Whether anything of the key is said besides its being private."""
        return self.object is not None or self.id is not None

    def without_key(self) -> Self:
        """The token alone."""
        return replace(self, object=None, id=None)

    def without_way(self) -> Self:
        """What names token and key, and nothing of how they are reached."""
        return replace(self, module_path=None, module_name=None, pin_source=None)

    def __str__(self) -> str:
        path = [(name, getattr(self, name)) for name in _TEXTS]
        path += [("slot-id", self.slot_id if self.slot_id is None else str(self.slot_id))]
        shown = [f"{name}={quote(value, safe=_UNQUOTED)}" for name, value in path if value is not None]
        if self.id is not None:
            shown.append("id=" + "".join(f"%{octet:02X}" for octet in self.id))
        if self.names_object:
            shown.append("type=private")
        names = ("module-path", "module-name", "pin-source")
        query = [(name, getattr(self, name.replace("-", "_"))) for name in names]
        asked = [f"{name}={quote(value, safe=_UNQUOTED_IN_QUERY)}" for name, value in query if value is not None]
        return f"{SCHEME}:{';'.join(shown)}" + (f"?{'&'.join(asked)}" if asked else "")


def parse_pkcs11_uri(uri: str) -> PKCS11URI:
    """Read a `pkcs11:` URI.

    Raises:
        KeyURIError: `pkcs11_uri_malformed` with the attribute at fault, `pkcs11_uri_attribute` (an attribute that is
            not followed here, twice there, or of another type of object), `pkcs11_pin_value`.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme.lower() != SCHEME:
        _malformed("scheme")
    path, question, query = rest.partition("?")
    attributes = _attributes(path, separator=";", known=_PATH, value_form=_PATH_VALUE)
    asked = _attributes(query, separator="&", known=_QUERY, value_form=_QUERY_VALUE)
    if not attributes or (question and not asked):
        _malformed("path" if not attributes else "query")
    if "pin-value" in asked:
        raise KeyURIError("pkcs11_pin_value", field="pin-value")
    texts = {name: _text(attributes[name], name) for name in _TEXTS if name in attributes}
    query_texts = _module_and_pin(asked)
    return PKCS11URI(
        token=texts.get("token"),
        manufacturer=texts.get("manufacturer"),
        serial=texts.get("serial"),
        model=texts.get("model"),
        slot_id=_slot_id(attributes),
        object=texts.get("object"),
        id=attributes.get("id"),
        module_path=query_texts.get("module-path"),
        module_name=query_texts.get("module-name"),
        pin_source=query_texts.get("pin-source"),
    )


def _attributes(text: str, *, separator: str, known: tuple[str, ...], value_form: re.Pattern[str]) -> dict[str, bytes]:
    """Attribute → value, unescaped; an empty text has none."""
    found: dict[str, bytes] = {}
    for part in text.split(separator) if text else []:
        name, equals, value = part.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            _malformed("name")
        if name not in known or name in found:
            raise KeyURIError("pkcs11_uri_attribute", field=name, expected=", ".join(known))
        if not value_form.fullmatch(value):
            _malformed(name)
        found[name] = unquote_to_bytes(value)
    return found


def _text(value: bytes, name: str) -> str:
    """A value as text: UTF-8 without control characters, which no label bears and no message should show."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        _malformed(name)
    if not text.isprintable() or len(value) > _MAX_OCTETS.get(name, len(value)):
        _malformed(name)
    return text


def _slot_id(attributes: dict[str, bytes]) -> int | None:
    """`slot-id`; on the way `type`, which may only say that the private key is meant."""
    if attributes.get("type", b"private") != b"private":
        raise KeyURIError("pkcs11_uri_attribute", field="type", expected="type=private")
    if "slot-id" not in attributes:
        return None
    if not _SLOT_ID.fullmatch(attributes["slot-id"].decode("latin-1")):
        _malformed("slot-id")
    return int(attributes["slot-id"])


def _module_and_pin(asked: dict[str, bytes]) -> dict[str, str]:
    values = {name: _text(value, name) for name, value in asked.items()}
    if "module-path" in values and "module-name" in values:
        raise KeyURIError("pkcs11_uri_attribute", field="module-name", expected="module-path")
    path, name, source = (values.get(each) for each in ("module-path", "module-name", "pin-source"))
    if path is not None and not path.startswith("/"):
        _malformed("module-path")
    if name is not None and not _MODULE_NAME.fullmatch(name):
        _malformed("module-name")
    if source is not None and not _PIN_SOURCE.fullmatch(source):
        _malformed("pin-source")
    return values


def _malformed(attribute: str) -> NoReturn:
    raise KeyURIError("pkcs11_uri_malformed", field=attribute) from None
