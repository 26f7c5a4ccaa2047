"""JSON read as far as it says one thing: a slip in a side field must not lose a whole record.

Where the strict reader refuses (RFC 7493), this one reads on: any number keeps its digits as text, of members with one
name the first counts and the others are kept beside it, NaN is text, line breaks may stand in strings, unknown escapes
stand for themselves, and half of a surrogate pair, NUL and octets that were no text become U+FFFD. What is no JSON by
its brackets, commas and quotes is no JSON here either.
"""

import json
import re
from collections.abc import Iterable
from typing import TypeAlias

Value: TypeAlias = "Members | list[Value] | str | bool | None"

UNREADABLE = "\ufffd"
"""Stands for what was no character."""

_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_ESCAPE = re.compile(r"""\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|x[0-9a-f]{2}(?:\\x[0-9a-f]{2})*+)?""")


class LenientJSONError(ValueError):
    """A text that is no JSON, or too long to be a record."""


class Number(str):
    """A number as it was written."""

    __slots__ = ()


class Members(dict[str, Value]):
    """An object; of members with one name the first.

    Attributes:
        pairs: all members, as they stood.
    """

    def __init__(self, pairs: Iterable[tuple[str, Value]]) -> None:
        super().__init__()
        self.pairs = [(_cleaned_text(name), cleaned(value)) for name, value in pairs]
        for name, value in self.pairs:
            self.setdefault(name, value)

    def spellings(self, name: str) -> list[str]:
        """The different values of one name, as text."""
        return list(dict.fromkeys(str(value).strip() for each, value in self.pairs if each == name))


def read(text: str, *, max_characters: int) -> Value:
    """Read a text.

    Args:
        text: one JSON value.
        max_characters: longest text that is read.

    Returns:
        Its value; every number is a `Number`.

    Raises:
        LenientJSONError: it is no JSON, or longer.
    """
    if len(text) > max_characters:
        raise LenientJSONError
    try:
        value: Value = _DECODER.decode(_ESCAPE.sub(_known_escape, text) if "\\" in text else text)
    except (ValueError, RecursionError):
        # `from None`: the cause would carry the text into logs.
        raise LenientJSONError from None
    return cleaned(value)


def write(value: Value) -> str:
    """The value as JSON text, repeated members and all."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Members):
        return "{" + ", ".join(f"{_written(name)}: {write(member)}" for name, member in value.pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write, value)) + "]"
    return _written(value)


def cleaned(value: Value) -> Value:
    """The value without what no text holds."""
    if isinstance(value, list):
        return [cleaned(member) for member in value]
    return _cleaned_text(value) if isinstance(value, str) and not isinstance(value, Number) else value


def _cleaned_text(text: str) -> str:
    return _NO_CHARACTER.sub(UNREADABLE, text)


def _known_escape(found: re.Match[str]) -> str:
    if found[1]:
        return found[0]
    return UNREADABLE if len(found[0]) > 1 else "\\\\"


def _written(value: str | bool | None) -> str:
    return json.dumps(value, ensure_ascii=False)


_DECODER = json.JSONDecoder(
    object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=str, strict=False
)
