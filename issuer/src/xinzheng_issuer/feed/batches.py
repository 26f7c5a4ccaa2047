"""Taking a delivery apart into single records, so that one bad record spoils none of the others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xinzheng_issuer.errors import FeedError
from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError

RECORD_LIMITS = strict_json.Limits(max_bytes=65_536, max_depth=8, max_members=500)
"""One record: the public list's longest duties run to some 10 kB of text."""

_BYTE_ORDER_MARK = "\ufeff"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TOKEN = re.compile(r'"|[\[\]{}]|,')
# A resident ID number in running text: region, a date of birth that can exist, sequence, check character.
_RESIDENT_ID = re.compile(
    r"(?<![0-9])([0-9]{6}(?:19|20)[0-9]{2})(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])([0-9]{3}[0-9Xx])(?![0-9])"
)
_HALF_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), 0xFF38, 0xFF58)}


@dataclass(frozen=True)
class RawRecord:
    """One record as it came.

    Attributes:
        line: line of a JSON-lines delivery, or place in an array; from 1.
        text: JSON text, untouched.
    """

    line: int
    text: str


def split_batch(data: bytes, *, max_records: int) -> list[RawRecord]:
    """Take a delivery apart: a JSON array, JSON lines, or a single object.

    A line or element that is no JSON at all is a record too; reading it is the next step's business.

    Args:
        data: UTF-8, with or without a byte order mark.
        max_records: most records taken.

    Returns:
        At least one record.

    Raises:
        FeedError: `feed_malformed` if no records can be told apart, `feed_too_many_records`.
    """
    try:
        text = data.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise FeedError("feed_malformed", reason="UTF-8") from error
    records = list(_records(text))
    if not records:
        raise FeedError("feed_malformed", reason="0")
    if len(records) > max_records:
        raise FeedError("feed_too_many_records", found=len(records), maximum=max_records)
    return records


def without_personal_numbers(text: str) -> str:
    """The text with every resident ID number masked as the public list masks it; the register keeps no full one."""
    # The mapping keeps lengths: places in the mapped text are places in the text.
    found = list(_RESIDENT_ID.finditer(text.translate(_HALF_WIDTH)))
    for match in reversed(found):
        text = text[: match.end(1)] + "****" + text[match.start(2) :]
    return text


def _records(text: str) -> Iterator[RawRecord]:
    stripped = text.strip()
    if stripped.startswith("["):
        for place, element in enumerate(_elements(stripped), 1):
            yield RawRecord(place, element)
    elif _is_one_object(stripped):
        yield RawRecord(1, stripped)
    else:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield RawRecord(number, line.strip())


def _is_one_object(text: str) -> bool:
    try:
        strict_json.loads_object(text, limits=RECORD_LIMITS)
    except CodedError:
        return False
    return True


def _elements(text: str) -> Iterator[str]:
    """The elements of a JSON array as text, by brackets and strings alone."""
    depth, start, place = 0, 1, 0
    while (token := _TOKEN.search(text, place)) is not None:
        mark, place = token[0], token.end()
        if mark == '"':
            place = _string_end(text, token.start())
        elif mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif depth == 1:
            yield text[start : token.start()].strip()
            start = place
        if depth == 0:
            break
    last = text[start : place - 1].strip()
    if depth != 0 or text[place:].strip():
        raise FeedError("feed_malformed", reason="]")
    if last:
        yield last


def _string_end(text: str, start: int) -> int:
    found = _STRING.match(text, start)
    if found is None:
        raise FeedError("feed_malformed", reason='"')
    return found.end()
