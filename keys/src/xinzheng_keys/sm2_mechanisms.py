"""What an installation says of modules that have SM2.

PKCS #11 (v2.40, v3.0) has no numbers for it; makers have numbers of their own.

    XINZHENG_PKCS11_SM2="maker=sign:0x80008105,key-type:0x80000004,generate:0x80008001,curve:none"
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from xinzheng_keys.errors import KeyURIError

SETTING: Final = "XINZHENG_PKCS11_SM2"
"""Name of the setting, for messages."""

CURVE: Final = bytes.fromhex("06082a811ccf5501822d")
"""DER of 1.2.156.10197.1.301, the curve of GM/T 0003.5 (GM/T 0006): CKA_EC_PARAMS of modules that name curves."""

INPUTS: Final = ("digest", "z-message", "message", "message-id")
SIGNATURES: Final = ("raw", "der")

_NUMBERS: Final = ("sign", "key-type", "generate")
_MEMBERS: Final = (*_NUMBERS, "curve", "input", "signature")
_EC_KEY: Final = 3  # CKK_EC
_MODULE: Final = re.compile(r"[A-Za-z0-9._+-]+")
_NUMBER: Final = re.compile(r"0x[0-9A-Fa-f]{1,8}|0|[1-9][0-9]{0,9}")
_OCTETS: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){2,64}")
_MAX_NUMBER: Final = 0xFFFF_FFFF


@dataclass(frozen=True, kw_only=True)
class SM2Mechanisms:
    """The SM2 of one module.

    Attributes:
        sign: number of the mechanism that signs.
        key_type: number of the type of key: CKK_EC, or the maker's own.
        generate: number of the mechanism that makes key pairs; None if only the maker's tool makes them.
        curve: CKA_EC_PARAMS of a key; None if keys have none, because their type says it all.
        input: what the signing mechanism is given: `digest`, SM3(Z ‖ message), 32 octets; `z-message`, Z ‖ message,
            which it hashes; `message`, which it prefixes with Z over the usual ID; `message-id`, likewise, with the ID
            as the mechanism's parameter.
        signature: what it gives: `raw`, r ‖ s of 64 octets; `der`, SEQUENCE of both.
    """

    sign: int
    key_type: int = _EC_KEY
    generate: int | None = None
    curve: bytes | None = CURVE
    input: str = INPUTS[0]
    signature: str = SIGNATURES[0]

    def has_made(self, key_type: int, curve: bytes | None) -> bool:
        """Whether a key of this type, with these CKA_EC_PARAMS or none, is an SM2 key of the module."""
        named = curve or None
        return key_type == self.key_type and (named == self.curve or (self.curve is None and named == CURVE))


def read_sm2_setting(text: str) -> Mapping[str, SM2Mechanisms]:
    """Name of a module → its SM2.

    Args:
        text: `NAME=key:value,key:value`, several with semicolons; empty for none.

    Raises:
        KeyURIError: `pkcs11_sm2_setting` with the part at fault.
    """
    found: dict[str, SM2Mechanisms] = {}
    for entry in text.split(";") if text else []:
        name, _, members = entry.partition("=")
        if not _MODULE.fullmatch(name) or name in found:
            _refuse("NAME")
        found[name] = _read_members(members)
    return found


def _read_members(text: str) -> SM2Mechanisms:
    values: dict[str, str] = {}
    for member in text.split(","):
        name, _, value = member.partition(":")
        if name not in _MEMBERS or name in values:
            _refuse(name if name in _MEMBERS else "key")
        values[name] = value
    if "sign" not in values:
        _refuse("sign")
    numbers = {name.replace("-", "_"): _number(name, values[name]) for name in _NUMBERS if name in values}
    return SM2Mechanisms(
        **numbers,
        curve=_curve(values.get("curve")),
        input=_one_of("input", INPUTS, values),
        signature=_one_of("signature", SIGNATURES, values),
    )


def _number(name: str, value: str) -> int:
    if not _NUMBER.fullmatch(value) or int(value, 0) > _MAX_NUMBER:
        _refuse(name)
    return int(value, 0)


def _curve(value: str | None) -> bytes | None:
    if value is None or value == "none":
        return CURVE if value is None else None
    if not _OCTETS.fullmatch(value):
        _refuse("curve")
    return bytes.fromhex(value)


def _one_of(name: str, known: tuple[str, ...], values: Mapping[str, str]) -> str:
    value = values.get(name, known[0])
    if value not in known:
        _refuse(name)
    return value


def _refuse(part: str) -> NoReturn:
    raise KeyURIError("pkcs11_sm2_setting", field=part)
