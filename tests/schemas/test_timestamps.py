"""Timestamps and dates: one strict reading, one spelling written."""

import contextlib
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_schemas.timestamps import TimestampError, format_timestamp, parse_date, parse_timestamp


class TwoHours(tzinfo):
    """A zone whose clocks go back from +2 to +1 hours in the night that is asked about."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=1 if moment is not None and moment.fold else 2)

    def dst(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        return "two hours"


INSTANT = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T08:00:00Z", INSTANT),
        ("2026-11-23T16:00:00+08:00", INSTANT),
        ("2026-11-22T18:00:00-14:00", INSTANT),
        ("2026-11-23T22:00:00+14:00", INSTANT),
        ("2026-11-23T08:00:00-00:00", INSTANT),
        ("2026-11-23T08:00:00.25Z", INSTANT.replace(microsecond=250_000)),
        ("2026-11-23T08:00:00.123456789Z", INSTANT.replace(microsecond=123_456)),
        ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_read(text: str, moment: datetime) -> None:
    assert parse_timestamp(text) == moment
    assert parse_timestamp(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "2026-11-23T08:00:00",
        "2026-11-23T08:00Z",
        "2026-11-23 08:00:00Z",
        "2026-11-23t08:00:00Z",
        "2026-11-23T08:00:00z",
        "2026-11-23T08:00:60Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T08:60:00Z",
        "2026-02-30T08:00:00Z",
        "2023-02-29T08:00:00Z",
        "2026-13-01T08:00:00Z",
        "2026-00-01T08:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-2026-11-23T08:00:00Z",
        "2026-W48-1T08:00:00Z",
        "2026-327T08:00:00Z",
        "20261123T080000Z",
        "2026-11-23T08:00:00.Z",
        "2026-11-23T08:00:00,5Z",
        "2026-11-23T08:00:00.1234567890Z",
        "2026-11-23T08:00:00+0800",
        "2026-11-23T08:00:00+08",
        "2026-11-23T08:00:00+14:01",
        "2026-11-23T08:00:00+15:00",
        "2026-11-23T08:00:00Z ",
        "2026-11-23T08:00:00Z\n",
        "2026-11-23T08:00:00Z[Asia/Shanghai]",
        "２０２６-11-23T08:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(TimestampError) as caught:
        parse_timestamp(text, field="/validFrom")
    assert caught.value.code == "date_malformed"
    assert "/validFrom" in caught.value.message("en")
    assert "2026-11-23T08:00:00Z" in caught.value.message("zh")


@pytest.mark.parametrize(
    "text", ["", "2026-2-3", "2026-02-30", "2023-02-29", "20260203", "2026-02-03Z", "2026-02-03\n"]
)
def test_dates_refused(text: str) -> None:
    with pytest.raises(TimestampError, match="date must be an existing date"):
        parse_date(text)


def test_only_aware_moments_are_written() -> None:
    with pytest.raises(ValueError, match="aware"):
        format_timestamp(datetime(2026, 11, 23, 8))  # noqa: DTZ001


def test_written_in_utc_to_whole_seconds() -> None:
    moment = datetime(2026, 11, 23, 16, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=8)))
    assert format_timestamp(moment) == "2026-11-23T08:00:00Z"
    assert format_timestamp(datetime(33, 1, 2, tzinfo=UTC)) == "0033-01-02T00:00:00Z"


def test_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=TwoHours())
    assert first == first.replace(fold=1)
    assert [format_timestamp(first.replace(fold=fold)) for fold in (0, 1)] == [
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
    ]


@given(st.datetimes(timezones=st.just(UTC)))
def test_round_trip(moment: datetime) -> None:
    assert parse_timestamp(format_timestamp(moment)) == moment.replace(microsecond=0)


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_any_zone_is_the_same_instant(moment: datetime) -> None:
    assert parse_timestamp(moment.isoformat()) == moment


@given(st.dates())
def test_dates_round_trip(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@given(st.text(max_size=40) | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z"))
def test_any_text_gives_a_moment_or_the_coded_error(text: str) -> None:
    for parse in (parse_timestamp, parse_date):
        with contextlib.suppress(TimestampError):
            parse(text)
