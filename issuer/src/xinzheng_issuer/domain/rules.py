"""The rules of the trade that stand above the grammar of single fields.

Law: 法释〔2017〕7号 (listing), 法〔2015〕137号 (case numbers). What no law fixes comes from `CourtPolicy`. Every
function returns all problems that it finds, so that one answer names everything.
"""

import unicodedata
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from xinzheng_issuer.domain.case import Listing, Masking, Subject, Use
from xinzheng_issuer.domain.policy import CourtPolicy
from xinzheng_issuer.errors import RuleError
from xinzheng_schemas.case_number import AnyCaseNumber
from xinzheng_schemas.certificate_rules import (
    FULL_AGE,
    has_term,
    masking_fits_listing,
    performance_expected,
    under_age,
)
from xinzheng_schemas.vocabulary import MaskingGround, Purpose

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories: control, format, surrogate, private use, unassigned, line and paragraph separators."""


def check_application(subject: Subject, listing: Listing, use: Use, *, today: date) -> list[RuleError]:
    """What an application must satisfy before a case is opened.

    Args:
        subject: whom it is for.
        listing: the entry.
        use: what for.
        today: the court's civil date.

    Returns:
        Problems with the names of the input fields; empty if there are none.
    """
    return [
        *_minor_problems(subject, listing),
        *_date_problems(listing, today=today),
        *_term_problems(listing),
        *_use_problems(use),
    ]


def check_case_year(number: AnyCaseNumber, filed_on: date, policy: CourtPolicy, *, today: date) -> list[RuleError]:
    """The year of a case number is that in which the case came in (法〔2015〕137号); it is filed then, or soon after.

    Args:
        number: the enforcement case number.
        filed_on: when the case was filed.
        policy: the court's rules.
        today: the court's civil date.

    Returns:
        `case_year_in_future`, `case_year_contradicts_filing`, or nothing.
    """
    field = "enforcementCaseNumber"
    if number.year > today.year:
        return [RuleError("case_year_in_future", field=field, year=number.year, today=today.isoformat())]
    grace = date(number.year + 1, 1, 1) + timedelta(days=policy.filing_grace_days)
    if number.year <= filed_on.year and filed_on < grace:
        return []
    return [RuleError("case_year_contradicts_filing", field=field, year=number.year, filed=filed_on.isoformat())]


def check_originals(number: AnyCaseNumber, originals: Sequence[AnyCaseNumber]) -> list[RuleError]:
    """What a resumed case (执恢) resumes is another case, and not a later one.

    Args:
        number: the enforcement case number.
        originals: the cases it resumes, in the order of the input.

    Returns:
        `original_case_number_same` and `original_case_number_later` by place, or nothing.
    """
    problems = []
    for place, original in enumerate(originals):
        field = f"originalCaseNumber/{place}"
        if original == number:
            problems.append(RuleError("original_case_number_same", field=field, found=str(original)))
        elif original.year > number.year:
            problems.append(
                RuleError("original_case_number_later", field=field, found=str(original), number=str(number))
            )
    return problems


def check_masking(listing: Listing, masking: Masking, policy: CourtPolicy, *, now: datetime) -> list[RuleError]:
    """What the judge's confirmation of the masking must satisfy.

    Args:
        listing: the entry as applied for.
        masking: the confirmation.
        policy: the court's rules.
        now: the present moment.

    Returns:
        Problems with the names of the input fields; empty if there are none.
    """
    return [
        *_masking_date_problems(listing, masking, today=civil_date(now, policy)),
        *_ground_problems(listing, masking),
        *_performance_problems(masking),
        *check_list_check(masking.list_checked_at, policy, now=now),
        *_early_check_problems(masking, policy),
    ]


def check_list_check(checked_at: datetime, policy: CourtPolicy, *, now: datetime) -> list[RuleError]:
    """The entry must have been seen off the public list lately, and not in the future.

    Args:
        checked_at: when it was looked up.
        policy: the court's rules.
        now: the present moment.

    Returns:
        `list_check_stale` or `list_check_in_future`, or nothing.
    """
    if checked_at > now:
        return [RuleError("list_check_in_future", field="listCheckedAt", checked_at=checked_at.isoformat())]
    if now - checked_at > timedelta(hours=policy.list_check_hours):
        return [
            RuleError(
                "list_check_stale",
                field="listCheckedAt",
                checked_at=checked_at.isoformat(),
                hours=policy.list_check_hours,
            )
        ]
    return []


def check_renewed_look_up(
    checked_at: datetime, masking: Masking, policy: CourtPolicy, *, now: datetime
) -> list[RuleError]:
    """A renewed look-up is held to the rules of the first one, and is newer.

    Args:
        checked_at: when the list was looked up again.
        masking: the confirmation, with the look-up that counted so far.
        policy: the court's rules.
        now: the present moment.

    Returns:
        `list_check_stale`, `list_check_in_future`, `list_check_before_masking`, `list_check_not_newer`, or nothing.
    """
    if problems := check_list_check(checked_at, policy, now=now):
        return problems
    if problems := [*_early_check_problems(replace(masking, list_checked_at=checked_at), policy)]:
        return problems
    known = masking.list_checked_at
    if checked_at > known:
        return []
    return [
        RuleError(
            "list_check_not_newer",
            field="listCheckedAt",
            checked_at=checked_at.isoformat(),
            known=known.isoformat(),
        )
    ]


def needs_senior_approval(masking: Masking, policy: CourtPolicy) -> bool:
    """True if the court asks for its vice-president: conditional maskings and early deletion by default."""
    conditional = masking.conditional and policy.senior_approval_if_conditional
    return conditional or masking.ground in policy.senior_approval_grounds


def valid_until(valid_from: datetime, *, conditional: bool, policy: CourtPolicy) -> datetime:
    """The end of a certificate's life: calendar months after its start, clamped to the end of a shorter month.

    Days and months are those of the court's civil time.

    Args:
        valid_from: start of validity.
        conditional: a conditional or temporary masking.
        policy: the court's rules.

    Returns:
        The end, in UTC.
    """
    months = policy.conditional_validity_months if conditional else policy.validity_months
    start = valid_from.astimezone(_civil_zone(policy))
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1])).astimezone(UTC)


def civil_date(moment: datetime, policy: CourtPolicy) -> date:
    """The date at the court at a given moment."""
    return moment.astimezone(_civil_zone(policy)).date()


def check_text(text: str, *, field: str) -> str:
    """A text for people: what is signed or shown must be what a person sees.

    Look-alikes are kept out (UTS 39): no bidirectional or zero-width characters, normal form C, no blanks at the ends.

    Args:
        text: one line or several.
        field: input field.

    Returns:
        The text.

    Raises:
        RuleError: `text_not_normal`, `text_invisible_character`.
    """
    if text != text.strip() or not unicodedata.is_normalized("NFC", text):
        raise RuleError("text_not_normal", field=field)
    if any(unicodedata.category(character) in _INVISIBLE for character in text if character != "\n"):
        raise RuleError("text_invisible_character", field=field)
    return text


def _civil_zone(policy: CourtPolicy) -> timezone:
    return timezone(timedelta(hours=policy.utc_offset_hours))


def _minor_problems(subject: Subject, listing: Listing) -> Iterator[RuleError]:
    if subject.birth_date is not None and under_age(subject.birth_date, at=listing.published_on):
        yield RuleError("minor_at_listing", field="listingPublishedDate", adult=FULL_AGE)


def _date_problems(listing: Listing, *, today: date) -> Iterator[RuleError]:
    if listing.filed_on > listing.published_on:
        yield RuleError(
            "date_order", field="listingPublishedDate", earlier="caseFiledDate", later="listingPublishedDate"
        )
    if listing.published_on > today:
        yield RuleError("date_in_future", field="listingPublishedDate", today=today.isoformat())


def _term_problems(listing: Listing) -> Iterator[RuleError]:
    if not listing.grounds:
        yield RuleError("listing_ground_missing", field="listingGround")
    elif has_term(listing.grounds) and listing.term_end is None:
        yield RuleError("listing_term_missing", field="listingTermEnd")
    elif not has_term(listing.grounds) and listing.term_end is not None:
        yield RuleError("listing_term_unexpected", field="listingTermEnd")
    elif listing.term_end is not None and listing.term_end <= listing.published_on:
        yield RuleError("date_order", field="listingTermEnd", earlier="listingPublishedDate", later="listingTermEnd")


def _use_problems(use: Use) -> Iterator[RuleError]:
    if not use.purposes:
        yield RuleError("purpose_missing", field="purpose")
    if Purpose.OTHER in use.purposes and not (use.text and use.text.strip()):
        yield RuleError("purpose_text_missing", field="purposeText")


def _masking_date_problems(listing: Listing, masking: Masking, *, today: date) -> Iterator[RuleError]:
    for field, day in (("maskedAt", masking.masked_on), ("approvedAt", masking.approved_on)):
        if day < listing.published_on:
            yield RuleError("date_order", field=field, earlier="listingPublishedDate", later=field)
        if day > today:
            yield RuleError("date_in_future", field=field, today=today.isoformat())


def _early_check_problems(masking: Masking, policy: CourtPolicy) -> Iterator[RuleError]:
    if civil_date(masking.list_checked_at, policy) < masking.masked_on:
        yield RuleError("list_check_before_masking", field="listCheckedAt", masked=masking.masked_on.isoformat())


def _ground_problems(listing: Listing, masking: Masking) -> Iterator[RuleError]:
    """Art. 10: an entry with a term leaves only when the term ends, or by Art. 2 (early deletion)."""
    fitting = [ground for ground in MaskingGround if _fits(ground, listing, masking)]
    if masking.ground not in fitting:
        yield RuleError(
            "masking_ground_contradicts_listing",
            field="maskingGround",
            ground=masking.ground,
            listing=", ".join(listing.grounds),
            term_end=listing.term_end.isoformat() if listing.term_end else "—",
            expected=", ".join(fitting),
        )


def _fits(ground: MaskingGround, listing: Listing, masking: Masking) -> bool:
    return masking_fits_listing(
        ground, listing_grounds=listing.grounds, listing_term_end=listing.term_end, masked_at=masking.masked_on
    )


def _performance_problems(masking: Masking) -> Iterator[RuleError]:
    expected = performance_expected(masking.ground)
    if masking.performance not in expected:
        yield RuleError(
            "performance_contradicts_ground",
            field="performanceStatus",
            ground=masking.ground,
            performance=masking.performance,
            expected=", ".join(sorted(expected)),
        )
    if masking.ground is MaskingGround.CONDITIONAL_REPAIR and not masking.conditional:
        yield RuleError("conditional_expected", field="conditional", ground=masking.ground)
