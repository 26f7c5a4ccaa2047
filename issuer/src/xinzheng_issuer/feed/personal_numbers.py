"""Resident ID numbers in what is kept: masked as the public list masks them, however they are written."""

import re
from decimal import Decimal, InvalidOperation

from xinzheng_issuer.feed import lenient_json
from xinzheng_issuer.feed.lenient_json import LenientJSONError, Members, Number, Value

MAX_RECORD_CHARACTERS = 65_536
"""Longest record that is read: the public list's longest duties run to some 10 kB of text."""

_MASK = "****"
_FILLER = "\x1f"
_GAP = r"\s*+"
"""Blanks between digits; the filler of an escape is one of them."""

_YEAR = rf"(?:[0-9]{_GAP}){{6}}(?:1{_GAP}9|2{_GAP}0){_GAP}[0-9]{_GAP}[0-9]{_FILLER}*+"
_MONTH = rf"(?:0{_GAP}[1-9]|1{_GAP}[0-2])"
_DAY = rf"(?:0{_GAP}[1-9]|[12]{_GAP}[0-9]|3{_GAP}[01])"
# In running text: region, a date of birth that can exist, sequence, check character.
_RESIDENT_ID = re.compile(rf"(?<![0-9])({_YEAR}){_GAP}{_MONTH}{_GAP}{_DAY}{_GAP}((?:[0-9]{_GAP}){{3}}[0-9Xx])(?![0-9])")
_TORN_RESIDENT_ID = re.compile(rf"(?<![0-9])({_YEAR}){_GAP}(?:[0-9]{_GAP}){{1,7}}\Z")
_TORN_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_HALF_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), 0xFF38, 0xFF58)}
_LONGEST_NUMBER = 40


def without_personal_numbers(text: str, *, torn: bool = False) -> str:
    r"""The text with every resident ID number masked as the public list masks it; the register keeps no full one.

    Args:
        text: any text; digits may be of full width, apart by blanks, or escaped as in JSON (`\u0034`).
        torn: the text may end within a number; what is left of it is masked too.
    """
    if torn:
        text = _TORN_ESCAPE.sub("", text)
    mapped = _mapped(text)
    if torn and (end := _TORN_RESIDENT_ID.search(mapped)):
        text, mapped = text[: end.end(1)] + _MASK, mapped[: end.end(1)]
    for match in reversed(list(_RESIDENT_ID.finditer(mapped))):
        text = text[: match.end(1)] + _MASK + text[match.start(2) :]
    return text


def record_without_personal_numbers(text: str) -> str:
    """A record's JSON text as it is kept: as it came, or written anew if a member held a resident ID number.

    Args:
        text: JSON text; what is none is masked as any text.
    """
    try:
        value = lenient_json.read(text, max_characters=MAX_RECORD_CHARACTERS)
        written, masked = lenient_json.write(value), lenient_json.write(_masked(value))
    except (LenientJSONError, RecursionError):
        return without_personal_numbers(text)
    return text if masked == written else masked


def _mapped(text: str) -> str:
    """The text with plain digits for all others; of one length, so that places in it are places in the text."""
    mapped = _ESCAPE.sub(_unescaped, text) if "\\" in text else text
    return mapped.translate(_HALF_WIDTH)


def _unescaped(found: re.Match[str]) -> str:
    """What an escape stands for, filled up to its length with something that is no digit."""
    character = chr(int(found[1], 16)) if found[1] else _FILLER if found[2] in "bfnrt" else found[2]
    return character.ljust(len(found[0]), _FILLER)


def _masked(value: Value) -> Value:
    if isinstance(value, Members):
        return Members((without_personal_numbers(name), _masked(member)) for name, member in value.pairs)
    if isinstance(value, list):
        return [_masked(member) for member in value]
    if isinstance(value, Number):
        digits = _digits(value)
        masked = without_personal_numbers(digits)
        return value if masked == digits else masked
    return without_personal_numbers(value) if isinstance(value, str) else value


def _digits(number: Number) -> str:
    """A number as spreadsheets show it: 4.2E17 is a row of digits."""
    if len(number) > _LONGEST_NUMBER or not {".", "e", "E"} & set(number):
        return str(number)
    try:
        exact = Decimal(number)
    except InvalidOperation:
        return str(number)
    return f"{exact:.0f}" if exact.adjusted() < _LONGEST_NUMBER else str(number)
