"""What the parts of a certificate say about each other: rules for the court that issues.

The rules follow 法释〔2017〕7号 (articles 1, 2, 4, 10). A verifier does not apply them: what a court signed stands
until the court revokes it. The predicates serve the steps before there is a certificate.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from xinzheng_schemas._fields import CertificateError, FieldError
from xinzheng_schemas.deceptive_text import deceptions
from xinzheng_schemas.identity import ResidentId
from xinzheng_schemas.vocabulary import IdType, ListingGround, MaskingGround, PerformanceStatus, Purpose, SubjectKind

if TYPE_CHECKING:
    from xinzheng_schemas.certificate import Certificate, Subject

CHINA_TIME: Final = timezone(timedelta(hours=8), "UTC+8")
"""Zone of the calendar days in certificates."""

FULL_AGE = 18
"""Years of age from which a person may be listed (article 4)."""

_ART10: Final = frozenset(ground for ground in MaskingGround if ground.startswith("art10-"))
_TERM_ONLY: Final = frozenset({MaskingGround.TERM_EXPIRED, MaskingGround.ART2_EARLY_DELETION})
_UNPAID: Final = frozenset({PerformanceStatus.PARTLY_PERFORMED, PerformanceStatus.NOT_PERFORMED})
# Grounds 3 to 7 of article 10 do not mean that the debt is paid, and must not read as if it were.
_PERFORMANCE: Final = {
    MaskingGround.ART10_1: frozenset({PerformanceStatus.FULLY_PERFORMED, PerformanceStatus.ENFORCED_IN_FULL}),
    MaskingGround.ART10_2: frozenset({PerformanceStatus.SETTLEMENT_PERFORMED, PerformanceStatus.FULLY_PERFORMED}),
    **dict.fromkeys(_ART10 - {MaskingGround.ART10_1, MaskingGround.ART10_2}, _UNPAID),
}
_ID_TYPES: Final = {
    SubjectKind.NATURAL_PERSON: frozenset({IdType.RESIDENT_ID, IdType.PASSPORT, IdType.OTHER}),
    SubjectKind.ORGANIZATION: frozenset({IdType.USCC, IdType.ORG_CODE, IdType.OTHER}),
}
_YEAR_SHOWN = 10
"""Leading digits of a masked resident ID that show the year of birth."""


def china_day(moment: datetime) -> date:
    """The calendar day in China at an aware moment; the last eight hours of the year 9999 stay on its last day."""
    try:
        return moment.astimezone(CHINA_TIME).date()
    except OverflowError:
        return date.max


def under_age(born: date, *, at: date) -> bool:
    """Whether a person born on a day was under 18 on another; article 4 forbids to list minors."""
    had_birthday = (at.month, at.day) >= (born.month, born.day)
    return at.year - born.year - (not had_birthday) < FULL_AGE


def has_term(listing_grounds: Collection[ListingGround]) -> bool:
    """Whether a listing on these grounds has a term (article 2: grounds 2 to 6)."""
    return any(ground is not ListingGround.ART1_1 for ground in listing_grounds)


def masking_fits_listing(
    ground: MaskingGround,
    *,
    listing_grounds: Collection[ListingGround],
    listing_term_end: date | None,
    masked_at: date,
) -> bool:
    """Whether a masking ground can apply to a listing.

    Args:
        ground: the masking ground.
        listing_grounds: grounds of the listing.
        listing_term_end: last day of its term, if it has one.
        masked_at: day of the masking.

    Returns:
        An entry with a running term leaves only by article 2; one whose term ended by that, or by article 10; one
        without a term by neither of the grounds that speak of a term.
    """
    if not has_term(listing_grounds):
        return ground not in _TERM_ONLY
    if listing_term_end is None or masked_at <= listing_term_end:
        return ground is MaskingGround.ART2_EARLY_DELETION
    return ground is not MaskingGround.ART2_EARLY_DELETION


def performance_expected(ground: MaskingGround) -> frozenset[PerformanceStatus]:
    """The performance statuses that a masking ground allows; all, where the ground says nothing of performance."""
    return _PERFORMANCE.get(ground, frozenset(PerformanceStatus))


def check_rules(certificate: "Certificate", *, resident_id: ResidentId | None = None) -> None:
    """Checks what the parts of a certificate say about each other, before it is signed.

    Args:
        certificate: the certificate.
        resident_id: the full number behind the masked one, which alone tells the age for certain.

    Raises:
        CertificateError: with every rule that is broken, each with a code of its own and a JSON pointer:
            id_type_contradicts_subject, minor_at_listing, original_case_number_missing, listing_term_missing,
            listing_term_unexpected, masking_ground_contradicts_listing, masking_condition_missing,
            performance_contradicts_masking_ground, masking_before_listing, list_check_before_masking,
            purpose_text_missing, text_not_nfc, text_invisible, text_look_alike, text_mixed_script.
    """
    subject = certificate.subject
    problems = [*_who(subject, resident_id), *_listing(subject), *_masking(subject), *_texts(subject)]
    if problems:
        raise CertificateError(problems)


def _problem(code: str, member: str, **params: object) -> FieldError:
    return FieldError(code, field=f"/credentialSubject/{member}", **params)


def _who(subject: "Subject", resident_id: ResidentId | None) -> Iterator[FieldError]:
    if subject.id_type not in _ID_TYPES[subject.subject_kind]:
        yield _problem(
            "id_type_contradicts_subject", "idType", id_type=subject.id_type, subject_kind=subject.subject_kind
        )
    if _minor_at_listing(subject, resident_id):
        yield _problem("minor_at_listing", "listingPublishedDate")


def _minor_at_listing(subject: "Subject", resident_id: ResidentId | None) -> bool:
    listed = subject.listing_published_date
    if resident_id is not None:
        return under_age(resident_id.born, at=listed)
    masked = subject.masked_id_number or ""
    if subject.id_type is not IdType.RESIDENT_ID or not masked[:_YEAR_SHOWN].isdigit():
        return False
    return listed.year - int(masked[_YEAR_SHOWN - 4 : _YEAR_SHOWN]) < FULL_AGE


def _listing(subject: "Subject") -> Iterator[FieldError]:
    if subject.case_number.resumes_enforcement and not subject.original_case_numbers:
        yield _problem("original_case_number_missing", "originalCaseNumber")
    if has_term(subject.listing_grounds) and subject.listing_term_end is None:
        yield _problem("listing_term_missing", "listingTermEnd")
    if not has_term(subject.listing_grounds) and subject.listing_term_end is not None:
        yield _problem("listing_term_unexpected", "listingTermEnd")


def _masking(subject: "Subject") -> Iterator[FieldError]:
    masking = subject.masking
    if not masking_fits_listing(
        masking.ground,
        listing_grounds=subject.listing_grounds,
        listing_term_end=subject.listing_term_end,
        masked_at=masking.masked_at,
    ):
        yield _problem("masking_ground_contradicts_listing", "masking/ground", ground=masking.ground)
    if masking.ground is MaskingGround.CONDITIONAL_REPAIR and not masking.conditional:
        yield _problem("masking_condition_missing", "masking/conditional")
    expected = performance_expected(masking.ground)
    if subject.performance_status not in expected:
        yield _problem(
            "performance_contradicts_masking_ground",
            "performanceStatus",
            performance=subject.performance_status,
            ground=masking.ground,
            expected=", ".join(sorted(expected)),
        )
    if masking.masked_at < subject.listing_published_date:
        yield _problem("masking_before_listing", "masking/maskedAt")
    if china_day(subject.list_checked_at) < masking.masked_at:
        yield _problem("list_check_before_masking", "listCheckedAt")


def _texts(subject: "Subject") -> Iterator[FieldError]:
    if Purpose.OTHER in subject.purposes and subject.purpose_text is None:
        yield _problem("purpose_text_missing", "purposeText")
    texts = {
        "name": subject.name,
        "enforcementCourt/name": subject.enforcement_court.name,
        "enforcementBasisNumber": subject.enforcement_basis_number,
        "basisIssuingBody": subject.basis_issuing_body,
        "masking/serial": subject.masking.serial,
        "purposeText": subject.purpose_text,
    }
    for member, text in texts.items():
        for code in deceptions(text or ""):
            yield _problem(code, member)
