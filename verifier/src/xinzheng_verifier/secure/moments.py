"""Moments as credentials state them: XSD dateTimeStamp and NumericDate."""

from datetime import UTC, datetime, timedelta

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.errors import RefusedError

_LAST_NUMERIC_DATE = 253_402_300_799
"""Seconds from 1970 to the end of the year 9999; milliseconds taken for seconds lie beyond."""


def timestamp(value: object, *, field: str) -> datetime:
    """The instant of an XSD dateTimeStamp, aware, in UTC.

    Args:
        value: untrusted; text in the one form that is accepted, such as `2026-11-23T08:00:00Z`.
        field: JSON pointer for the error.

    Raises:
        RefusedError: `date_malformed`, also where the value is no text.
    """
    try:
        return parse_timestamp(value if isinstance(value, str) else "", field=field)
    except CodedError as error:
        raise RefusedError("date_malformed", field=field) from error


def numeric_date(value: object, *, field: str) -> datetime:
    """The instant of a NumericDate (RFC 7519, 2), aware, in UTC.

    Args:
        value: untrusted; seconds since 1970 as integer or float, not before 1970, not after 9999.
        field: JSON pointer for the error.

    Raises:
        RefusedError: `date_malformed`, also for booleans, texts, NaN and infinities.
    """
    # No comparison holds for NaN.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_NUMERIC_DATE:
        raise RefusedError("date_malformed", field=field)
    return datetime.fromtimestamp(value, UTC)


def latest_moment(at: datetime, skew: timedelta) -> datetime:
    """The latest moment that it may be where a clock that is slow by at most `skew` shows `at`; aware, in UTC.

    Args:
        at: aware moment within the years 1 to 9999.
        skew: at least 0.
    """
    try:
        return at.astimezone(UTC) + skew
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
