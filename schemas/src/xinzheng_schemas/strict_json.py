"""Strict JSON: RFC 8259 within I-JSON (RFC 7493), bounded before any work is done.

Refused beyond plain syntax: duplicate member names (compared after unescaping), NaN and Infinity, lone surrogates,
anything but UTF-8, a byte order mark, integers that a double cannot hold, numbers that overflow, and texts beyond
`Limits`. The good path runs in C: the scanner of `json` with hooks, behind checks that count bytes.

    loads           any JSON value
    loads_object    the same, when the text has to be an object
    loads_counted   a text without escapes, for a reader who counts
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from json.scanner import make_scanner
from typing import NoReturn, TypeAlias

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

JSONValue: TypeAlias = "dict[str, JSONValue] | list[JSONValue] | str | int | float | bool | None"
JSONObject: TypeAlias = dict[str, JSONValue]

MAX_BYTES = 262_144
"""Bytes of UTF-8 in one text: some 60 times a certificate, 10 times a status list of 131,072 entries."""

MAX_DEPTH = 32
"""Levels of nesting: a certificate has 4; the interpreter's own scanner gives up at about 1,000."""

MAX_MEMBERS = 10_000
"""Object members and array elements of one text, together."""

MAX_INTEGER = 2**53 - 1
"""Largest magnitude of an integer that every double-based reader keeps (RFC 7493 section 2.2)."""

MAX_NUMBER_CHARACTERS = 128
"""Characters of one number with a fraction or exponent; 17 significant digits already tell any two doubles apart."""

_MAX_COUNTED_BYTES = 16_384
_MAX_INTEGER_CHARACTERS = len(str(-MAX_INTEGER))
_MAX_SHOWN_NAME = 64
_WHITE_SPACE = " \t\n\r"
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_MARK = bytes(set(range(256)) - set(b'{["'))
_NOT_COUNTED = bytes(set(range(256)) - set(b"{[,"))
_NOT_BRACKET = bytes(set(range(256)) - set(b"{[]}"))
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
# Whole pairs and all other escapes are passed over; a surrogate that is left stands alone.
_UP_TO_LONE_SURROGATE = re.compile(
    r"(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|\\u[dD][89abAB]..\\u[dD][c-fC-F])*+(?=\\u)", re.DOTALL
)
_BEFORE_CONSTANT = re.compile(r'\A(?:[^"NI]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_SHOWABLE_NAME = re.compile(rf"[A-Za-z@_$:.\-]{{1,{_MAX_SHOWN_NAME}}}")
_LEVEL_CHANGE = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class StrictJSONError(CodedError):
    """A text that is not strict JSON: malformed, duplicate_member, too_complex, too_large, number_range."""

    catalogue = MESSAGES


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one text.

    Attributes:
        max_bytes: length in bytes of UTF-8.
        max_depth: levels of nested objects and arrays; 1 is an object that holds plain values.
        max_members: object members and array elements in the whole text; each object and array counts as one more if
            it is empty.
    """

    max_bytes: int = MAX_BYTES
    max_depth: int = MAX_DEPTH
    max_members: int = MAX_MEMBERS


LIMITS = Limits()


def loads(data: bytes | str, *, limits: Limits = LIMITS) -> JSONValue:
    """Reads one JSON text.

    Args:
        data: the text, as bytes of UTF-8 or as str.
        limits: bounds that are checked before the text is parsed.

    Returns:
        dict, list, str, int, float, bool or None; every object keeps the order of its members.

    Raises:
        StrictJSONError: malformed, duplicate_member, too_complex, too_large or number_range.
    """
    octets, text = _both_forms(data, limits.max_bytes)
    _check_complexity(octets, limits)
    value: JSONValue
    try:
        value, end = _DECODER.raw_decode(text, len(text) - len(text.lstrip(_WHITE_SPACE)))
        if b"\\" in octets and _SURROGATE_ESCAPE.search(octets):
            _refuse_lone_surrogate(text)
    except json.JSONDecodeError as error:
        raise StrictJSONError("malformed", position=error.pos) from None
    except _ConstantError:
        rest = _BEFORE_CONSTANT.sub("", text)
        raise StrictJSONError("malformed", position=len(text) - len(rest)) from None
    except RecursionError:
        raise StrictJSONError("too_complex", limit=limits.max_depth) from None
    if end != len(text) and text[end:].strip(_WHITE_SPACE):
        raise StrictJSONError("malformed", position=end)
    return value


def loads_object(data: bytes | str, *, limits: Limits = LIMITS) -> JSONObject:
    """Reads one JSON text that has to be an object.

    Args:
        data: the text, as bytes of UTF-8 or as str.
        limits: bounds that are checked before the text is parsed.

    Returns:
        The object.

    Raises:
        StrictJSONError: as `loads`; malformed also for any other kind of value.
    """
    value = loads(data, limits=limits)
    if not isinstance(value, dict):
        raise StrictJSONError("malformed", position=0)
    return value


def loads_counted(data: bytes) -> tuple[JSONValue, int] | None:
    """Reads one JSON text without escapes, for a reader who knows how many strings belong into what it expects.

    A name that is repeated takes its place in an object once and in the text twice. So a value that consists of as many
    strings as the text, names included, comes of a text that repeats none; whoever does not count must use `loads`.

    Args:
        data: the text, as bytes of UTF-8, without white space around it.

    Returns:
        The value, and how many strings the text consists of; None if only `loads` can tell, or to refuse it.
    """
    if len(data) > _MAX_COUNTED_BYTES or b"\\" in data:
        return None
    marks = data.translate(None, _NOT_MARK)
    quotes = marks.count(b'"')
    if len(marks) - quotes > MAX_DEPTH:
        return None
    try:
        text = data.decode("utf-8")
        value, end = _COUNTED(text, 0)
    except (ValueError, StopIteration, _ConstantError, StrictJSONError, RecursionError):
        return None
    return (value, quotes >> 1) if end == len(text) else None


def _both_forms(data: bytes | str, max_bytes: int) -> tuple[bytes, str]:
    """The text as UTF-8 and as str, within its length, free of raw surrogates."""
    if len(data) > max_bytes:
        raise StrictJSONError("too_large", limit=max_bytes)
    try:
        octets, text = (data.encode(), data) if isinstance(data, str) else (data, data.decode("utf-8"))
    except (UnicodeEncodeError, UnicodeDecodeError) as error:
        raise StrictJSONError("malformed", position=error.start) from None
    if len(octets) > max_bytes:
        raise StrictJSONError("too_large", limit=max_bytes)
    return octets, text


def _check_complexity(octets: bytes, limits: Limits) -> None:
    """Bounds depth and members before the recursive scanner sees the text.

    Counting characters bounds both from above; only a text whose counts exceed a limit is looked at closely, with
    its strings taken out. An unterminated string is taken out to the end of the text, where the scanner stops too.
    """
    counted = octets.translate(None, _NOT_COUNTED)
    if len(counted) <= limits.max_members and len(counted) - counted.count(b",") <= limits.max_depth:
        return
    bare = _STRING.sub(b"", octets)
    if len(bare.translate(None, _NOT_COUNTED)) > limits.max_members:
        raise StrictJSONError("too_complex", limit=limits.max_members)
    brackets = bare.translate(None, _NOT_BRACKET)
    if max(accumulate(map(_LEVEL_CHANGE.__getitem__, brackets)), default=0) > limits.max_depth:
        raise StrictJSONError("too_complex", limit=limits.max_depth)


def _refuse_lone_surrogate(text: str) -> None:
    """Raises malformed when a string or name of a well-formed text escapes half of a pair (RFC 7493 section 2.1)."""
    if found := _UP_TO_LONE_SURROGATE.match(text):
        raise StrictJSONError("malformed", position=found.end())


class _ConstantError(Exception):
    """NaN, Infinity, -Infinity: known to Python's scanner, unknown to JSON."""


def _object(pairs: list[tuple[str, JSONValue]]) -> JSONObject:
    """The object, if its names are unique (RFC 7493 section 2.3)."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJSONError("duplicate_member", name=_repeated(pairs))
    return members


def _repeated(pairs: list[tuple[str, JSONValue]]) -> str:
    """The name that occurs most often, if it is a plain word; a name with digits could be somebody's number."""
    [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
    return name if _SHOWABLE_NAME.fullmatch(name) else "…"


def _integer(digits: str) -> int:
    """An integer of I-JSON's range; the length is looked at first, conversion is quadratic."""
    if len(digits) > _MAX_INTEGER_CHARACTERS or not -MAX_INTEGER <= (value := int(digits)) <= MAX_INTEGER:
        raise StrictJSONError("number_range", limit=MAX_INTEGER)
    return value


def _float(digits: str) -> float:
    """A finite double."""
    if len(digits) > MAX_NUMBER_CHARACTERS or (value := float(digits)) in _INFINITIES:
        raise StrictJSONError("number_range", limit=MAX_INTEGER)
    return value


def _constant(_: str) -> NoReturn:
    """Told by the scanner of what JSON does not know."""
    raise _ConstantError


_INFINITIES = (float("inf"), float("-inf"))
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True
)
# No hook: the reader finds out about repeated names.
_COUNTED = make_scanner(
    json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant)  # type: ignore[arg-type]  # typeshed wants the hooks to give numbers
)
