"""Times and dates of credentials: one spelling in, one spelling out.

Read: XML Schema 1.1 part 2, section 3.4.28 (dateTimeStamp) without its odd corners: no hour 24, no leap second, no
year outside 0001 … 9999, a zone always. Written: UTC, whole seconds, `Z`.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_TIMESTAMP = re.compile(f"{_DATE}T{_TIME}{_ZONE}")
_PLAIN_DATE = re.compile(_DATE)
_MAX_CHARACTERS = len("2026-11-23T08:00:00.123456789+08:00")
_TIMESTAMP_EXAMPLE = "2026-11-23T08:00:00Z"
_DATE_EXAMPLE = "2026-11-23"


class TimestampError(CodedError):
    """A date or time that cannot be read: date_malformed."""

    catalogue = MESSAGES


def parse_timestamp(text: str, *, field: str = "timestamp") -> datetime:
    """Reads an XSD dateTimeStamp.

    Args:
        text: such as `2026-11-23T08:00:00Z` or `2026-11-23T16:00:00.250+08:00`; up to 9 digits of a second, of which
            the first 6 count.
        field: what the error names.

    Returns:
        The instant, aware, in UTC.

    Raises:
        TimestampError: date_malformed.
    """
    moment = _moment(text) if len(text) <= _MAX_CHARACTERS else None
    if moment is None:
        raise TimestampError("date_malformed", field=field, expected=_TIMESTAMP_EXAMPLE)
    return moment


@lru_cache(maxsize=1024)
def _moment(text: str) -> datetime | None:
    """The instant, if the text is one; the same few moments of a credential are asked for by several checks."""
    if not _TIMESTAMP.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def format_timestamp(moment: datetime) -> str:
    """Writes an instant in UTC to whole seconds; the rest of the second is cut off.

    Args:
        moment: aware datetime.

    Returns:
        Such as `2026-11-23T08:00:00Z`.

    Raises:
        ValueError: `moment` has no zone.
    """
    if moment.utcoffset() is None:
        raise ValueError("an aware datetime is needed")
    return _text(moment.astimezone(UTC))


@lru_cache(maxsize=1024)
def _text(moment: datetime) -> str:
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_date(text: str, *, field: str = "date") -> date:
    """Reads a calendar date (`YYYY-MM-DD`).

    Args:
        text: such as `2026-11-23`.
        field: what the error names.

    Returns:
        The date.

    Raises:
        TimestampError: date_malformed.
    """
    if _PLAIN_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise TimestampError("date_malformed", field=field, expected=_DATE_EXAMPLE)
