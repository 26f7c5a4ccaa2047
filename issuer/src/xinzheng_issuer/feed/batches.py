"""Taking a delivery apart into single records, so that one bad record spoils none of the others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from xinzheng_issuer.errors import FeedError
from xinzheng_issuer.feed import lenient_json
from xinzheng_issuer.feed.lenient_json import UNREADABLE, LenientJSONError, Members
from xinzheng_issuer.feed.personal_numbers import MAX_RECORD_CHARACTERS
from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError, Message

RECORD_LIMITS = strict_json.Limits(max_bytes=MAX_RECORD_CHARACTERS, max_depth=8, max_members=500)
"""One record as it should be."""

_EMPTY = Message("it holds nothing", "内容为空")
_NOT_UTF8 = Message("its text is not UTF-8", "文本不是 UTF-8 编码")
_DAMAGED = Message("the array breaks off or is damaged", "数组中断或已损坏")
_BYTE_ORDER_MARK = "\ufeff"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TOKEN = re.compile(r'"|[\[\]{}]|,')


@dataclass(frozen=True)
class RawRecord:
    r"""One record as it came.

    Attributes:
        line: line of a JSON-lines delivery, or place in an array; from 1.
        text: JSON text, untouched but for NUL, which is U+FFFD; octets that are no UTF-8 as `\xff`.
        damage: why it may be no record at all.
    """

    line: int
    text: str
    damage: FeedError | None = None


def split_batch(data: bytes, *, max_records: int) -> list[RawRecord]:
    """Take a delivery apart: a JSON array, JSON lines, or a single object.

    A line or element that is no JSON at all is a record too; reading it is the next step's business. An array that
    breaks off or goes wrong gives the elements before the damage, and all the rest as one damaged record.

    Args:
        data: UTF-8, with or without a byte order mark.
        max_records: most records taken.

    Returns:
        At least one that can be a record.

    Raises:
        FeedError: `feed_malformed` if no record can be told apart, `feed_too_many_records`.
    """
    # Octets that are no UTF-8 become lone surrogates: they spoil the record that they stand in and no other.
    text = data.decode("utf-8", "surrogateescape").removeprefix(_BYTE_ORDER_MARK).replace("\0", UNREADABLE)
    records = [_checked(record) for record in islice(_records(text), max_records + 1)]
    if len(records) > max_records:
        raise FeedError("feed_too_many_records", maximum=max_records)
    if all(record.damage and not _is_object(record.text) for record in records):
        raise FeedError("feed_malformed", reason=_reason(records))
    return records


def _checked(record: RawRecord) -> RawRecord:
    try:
        record.text.encode()
    except UnicodeEncodeError:
        readable = record.text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return RawRecord(record.line, readable, record.damage or FeedError("feed_record_not_utf8"))
    return record


def _reason(records: list[RawRecord]) -> Message:
    """Why a delivery without a single record is none."""
    if not records:
        return _EMPTY
    return (
        _NOT_UTF8 if any(each.damage and each.damage.code == "feed_record_not_utf8" for each in records) else _DAMAGED
    )


def _records(text: str) -> Iterator[RawRecord]:
    stripped = text.strip()
    if stripped.startswith("["):
        yield from _elements(stripped)
    elif _is_json(stripped):
        yield RawRecord(1, stripped)
    else:
        for number, line in enumerate(_lines(text), 1):
            if line.strip():
                yield RawRecord(number, line.strip())


def _lines(text: str) -> Iterator[str]:
    """One after the other: whoever has had enough of them stops."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _is_json(text: str) -> bool:
    try:
        strict_json.loads(text, limits=RECORD_LIMITS)
    except CodedError:
        return False
    return True


def _is_object(text: str) -> bool:
    try:
        return isinstance(lenient_json.read(text, max_characters=MAX_RECORD_CHARACTERS), Members)
    except LenientJSONError:
        return False


def _elements(text: str) -> Iterator[RawRecord]:
    """The elements of a JSON array as text, by brackets and strings alone, and what is left of a damaged one."""
    depth, start, place, line = 0, 1, 0, 1
    while (token := _TOKEN.search(text, place)) is not None:
        mark, place = token[0], token.end()
        if mark == '"':
            string = _STRING.match(text, token.start())
            place = string.end() if string else len(text)
        elif mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif depth == 1:
            yield RawRecord(line, text[start : token.start()].strip())
            start, line = place, line + 1
        if depth == 0:
            break
    whole, rest = (text[start : place - 1], text[place:]) if depth == 0 else ("", text[start:])
    if depth and _is_json(rest.strip()):
        # It broke off between two elements.
        whole, rest = rest, ""
    if whole.strip():
        yield RawRecord(line, whole.strip())
        line += 1
    if depth or rest.strip():
        yield RawRecord(line, rest.strip(), FeedError("feed_array_damaged"))
