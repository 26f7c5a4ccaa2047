"""Taking a delivery apart into single records, so that one bad record spoils none of the others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xinzheng_issuer.errors import FeedError
from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError, Message

RECORD_LIMITS = strict_json.Limits(max_bytes=65_536, max_depth=8, max_members=500)
"""One record: the public list's longest duties run to some 10 kB of text."""

_EMPTY = Message("it holds nothing", "内容为空")
_NOT_UTF8 = Message("its text is not UTF-8", "文本不是 UTF-8 编码")
_DAMAGED = Message("the array breaks off or is damaged", "数组中断或已损坏")
_BYTE_ORDER_MARK = "\ufeff"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TOKEN = re.compile(r'"|[\[\]{}]|,')
# A resident ID number in running text: region, a date of birth that can exist, sequence, check character.
_RESIDENT_ID = re.compile(
    r"(?<![0-9])([0-9]{6}(?:19|20)[0-9]{2})(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])([0-9]{3}[0-9Xx])(?![0-9])"
)
_TORN_RESIDENT_ID = re.compile(r"(?<![0-9])([0-9]{6}(?:19|20)[0-9]{2})[0-9]{1,7}\Z")
_HALF_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), 0xFF38, 0xFF58)}


@dataclass(frozen=True)
class RawRecord:
    r"""One record as it came.

    Attributes:
        line: line of a JSON-lines delivery, or place in an array; from 1.
        text: JSON text, untouched; octets that are no UTF-8 as `\xff`.
        damage: why it is no record at all.
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
        At least one record that is not damaged.

    Raises:
        FeedError: `feed_malformed` if no record can be told apart, `feed_too_many_records`.
    """
    # Octets that are no UTF-8 become lone surrogates: they spoil the record that they stand in and no other.
    text = data.decode("utf-8", "surrogateescape").removeprefix(_BYTE_ORDER_MARK)
    records = [_checked(record) for record in _records(text)]
    if all(record.damage for record in records):
        raise FeedError("feed_malformed", reason=_reason(records))
    if len(records) > max_records:
        raise FeedError("feed_too_many_records", found=len(records), maximum=max_records)
    return records


def without_personal_numbers(text: str, *, torn: bool = False) -> str:
    """The text with every resident ID number masked as the public list masks it; the register keeps no full one.

    Args:
        text: any text.
        torn: the text may end within a number; what is left of it is masked too.
    """
    # The mapping keeps lengths: places in the mapped text are places in the text.
    mapped = text.translate(_HALF_WIDTH)
    if torn and (end := _TORN_RESIDENT_ID.search(mapped)):
        text, mapped = text[: end.end(1)] + "****", mapped[: end.end(1)]
    found = list(_RESIDENT_ID.finditer(mapped))
    for match in reversed(found):
        text = text[: match.end(1)] + "****" + text[match.start(2) :]
    return text


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
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield RawRecord(number, line.strip())


def _is_json(text: str) -> bool:
    try:
        strict_json.loads(text, limits=RECORD_LIMITS)
    except CodedError:
        return False
    return True


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
