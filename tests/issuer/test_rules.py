"""The rules that have no door of their own: periods, dates at the court, what goes to the vice-president."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from support.office import NOW
from xinzheng_issuer.domain.case import Masking
from xinzheng_issuer.domain.policy import CourtPolicy
from xinzheng_issuer.domain.rules import (
    check_list_check,
    check_text,
    civil_date,
    needs_senior_approval,
    valid_until,
)
from xinzheng_issuer.errors import RuleError
from xinzheng_schemas.vocabulary import ConsumptionRestrictionStatus, MaskingGround, PerformanceStatus

POLICY = CourtPolicy()


def masking(**changes: Any) -> Masking:
    values: dict[str, Any] = {
        "serial": "屏1",
        "masked_on": date(2026, 9, 20),
        "approved_on": date(2026, 9, 20),
        "ground": MaskingGround.ART10_2,
        "conditional": False,
        "performance": PerformanceStatus.SETTLEMENT_PERFORMED,
        "consumption_restriction": ConsumptionRestrictionStatus.LIFTED,
        "evidence": "x",
        "list_checked_at": NOW,
    }
    return Masking(**{**values, **changes})


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-11-23", 6, "2027-05-23"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-06-30", 6, "2026-12-30"),
    ],
)
def test_calendar_months(start: str, months: int, end: str) -> None:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    policy = CourtPolicy(validity_months=months, conditional_validity_months=months)
    for conditional in (False, True):
        assert valid_until(begins, conditional=conditional, policy=policy).date().isoformat() == end


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-08-31T01:00+08:00", "2027-02-28T01:00+08:00"),
        ("2026-03-01T04:00+08:00", "2026-09-01T04:00+08:00"),
        ("2026-12-31T23:30+08:00", "2027-06-30T23:30+08:00"),
    ],
)
def test_months_are_those_of_the_court(start: str, end: str) -> None:
    """Before eight in the morning it is still yesterday in UTC, and on the first of a month another month."""
    begins = datetime.fromisoformat(start).astimezone(UTC)
    ends = valid_until(begins, conditional=False, policy=POLICY)
    assert ends == datetime.fromisoformat(end)
    assert ends.tzinfo is UTC


def test_the_date_at_the_court_is_that_of_its_own_zone() -> None:
    late = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert civil_date(late, POLICY) == date(2026, 11, 23)
    assert civil_date(late, replace(POLICY, utc_offset_hours=0)) == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("changes", "policy", "senior"),
    [
        ({}, {}, False),
        ({"conditional": True}, {}, True),
        ({"conditional": True}, {"senior_approval_if_conditional": False}, False),
        ({"ground": MaskingGround.ART2_EARLY_DELETION}, {}, True),
        ({"ground": MaskingGround.CONDITIONAL_REPAIR}, {"senior_approval_grounds": frozenset()}, False),
        ({}, {"senior_approval_grounds": frozenset({MaskingGround.ART10_2})}, True),
    ],
)
def test_who_approves_is_the_courts_choice(changes: dict[str, Any], policy: dict[str, Any], senior: bool) -> None:
    assert needs_senior_approval(masking(**changes), replace(POLICY, **policy)) is senior


def test_the_age_of_a_look_up_at_its_limits() -> None:
    day_before = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    assert check_list_check(day_before, POLICY, now=NOW) == []
    assert check_list_check(NOW, POLICY, now=NOW) == []
    (stale,) = check_list_check(day_before.replace(minute=0, hour=7), POLICY, now=NOW)
    assert stale.code == "list_check_stale"


@pytest.mark.parametrize("text", ["王某", "湖北枣阳光明建筑工程有限公司", "𠮷野家", "A·B（C）", "一\n二"])
def test_texts_for_people(text: str) -> None:
    assert check_text(text, field="name") == text


@pytest.mark.parametrize(
    "text",
    ["王\u200b某", "王\u202e某", "\ufeff王某", "王\x00某", "王\x1b[31m某", "王\ue000某", "王\U000e0041某", "a\u2028b"],
)
def test_what_nobody_sees_is_refused(text: str) -> None:
    with pytest.raises(RuleError) as refusal:
        check_text(text, field="name")
    assert (refusal.value.code, refusal.value.field) == ("text_invisible_character", "name")


@pytest.mark.parametrize("text", ["Cafe\u0301", " x", "x\n"])
def test_texts_have_one_spelling(text: str) -> None:
    with pytest.raises(RuleError) as refusal:
        check_text(text, field="name")
    assert refusal.value.code == "text_not_normal"
