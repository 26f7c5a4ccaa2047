"""Reading an application: from the clerk's text to checked facts, with every problem named."""

from collections.abc import Iterator

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.casework.requests import ApplicationRequest
from xinzheng_issuer.domain.case import Listing, Subject, Use
from xinzheng_issuer.domain.rules import check_application, check_case_year, check_originals, civil_date
from xinzheng_issuer.errors import RefusalError, RuleError
from xinzheng_schemas.case_number import AnyCaseNumber, CaseNumber, parse_case_number, require_enforcement
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.identity import (
    SALT_BYTES,
    DocumentNumber,
    IdCommitment,
    Identity,
    MaskedId,
    MaskStyle,
    ResidentId,
    UnifiedSocialCreditCode,
)
from xinzheng_schemas.vocabulary import IdType, SubjectKind

_ID_TYPES_OF_KIND = {
    SubjectKind.NATURAL_PERSON: (IdType.RESIDENT_ID, IdType.PASSPORT, IdType.OTHER),
    SubjectKind.ORGANIZATION: (IdType.USCC, IdType.ORG_CODE, IdType.OTHER),
}


_SHOWABLE_FROM = 8
"""Characters of a document number from which four of them may be shown."""


class _Problems:
    """Collects refusals, so that one answer names them all."""

    def __init__(self) -> None:
        self.found: list[CodedError] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, CodedError):
            return False
        self.found.append(error)
        return True


def read_application(request: ApplicationRequest, office: Office) -> tuple[Subject, Identity, Listing, Use]:
    """Check an application.

    Args:
        request: what the clerk typed.
        office: the court at work.

    Returns:
        Whom it is for (masked, committed), the full identity for the register's digests, the entry, and the use.

    Raises:
        RefusalError: everything wrong with it, by input field.
    """
    problems = _Problems()
    identity = _identity(request, problems)
    listing = _listing(request, office, problems)
    use = Use(purposes=request.purposes, text=request.purpose_text)
    subject = _subject(request, identity, office)
    problems.found += check_application(subject, listing, use, today=civil_date(office.clock(), office.policy))
    if problems.found or identity is None:
        raise RefusalError(problems.found)
    return subject, identity, listing, use


def _identity(request: ApplicationRequest, problems: _Problems) -> Identity | None:
    expected = _ID_TYPES_OF_KIND[request.subject_kind]
    if request.id_type not in expected:
        problems.found.append(
            RuleError(
                "id_type_contradicts_kind",
                field="idType",
                id_type=request.id_type,
                kind=request.subject_kind,
                expected=", ".join(expected),
            )
        )
    with problems:
        if request.id_type is IdType.RESIDENT_ID:
            return ResidentId.parse(request.id_number, field="idNumber")
        if request.id_type is IdType.USCC:
            override = bool(request.check_digit_override and request.check_digit_override.strip())
            return UnifiedSocialCreditCode.parse(request.id_number, allow_failed_check=override, field="idNumber")
        return DocumentNumber.parse(request.id_type, request.id_number, field="idNumber")
    return None


def _subject(request: ApplicationRequest, identity: Identity | None, office: Office) -> Subject:
    code = identity.number if isinstance(identity, UnifiedSocialCreditCode) else None
    return Subject(
        name=request.name,
        kind=request.subject_kind,
        id_type=request.id_type,
        masked_id_number=None
        if identity is None or code
        else masked(identity, MaskStyle(office.court.certificate.masked_id_style)),
        unified_social_credit_code=code,
        id_commitment=str(_commitment(identity, office)) if identity else "",
        birth_date=identity.born if isinstance(identity, ResidentId) else None,
    )


def _commitment(identity: Identity, office: Office) -> IdCommitment:
    return IdCommitment.create(identity.id_type, identity.number, salt=office.random_bytes(SALT_BYTES))


def masked(identity: Identity, style: MaskStyle) -> str:
    """What a certificate shows of a number.

    A resident ID in the court's style; of other documents the first and last two characters, as far as at least as many
    stay hidden.
    """
    if isinstance(identity, ResidentId):
        return MaskedId.of(identity, style=style).text
    shown = 2 if len(identity.number) >= _SHOWABLE_FROM else 0
    return identity.number[:shown] + "****" + identity.number[len(identity.number) - shown :]


def _listing(request: ApplicationRequest, office: Office, problems: _Problems) -> Listing:
    number: AnyCaseNumber | None = None
    with problems:
        number = parse_case_number(request.enforcement_case_number, courts=office.courts, field="enforcementCaseNumber")
        require_enforcement(number, field="enforcementCaseNumber")
        _require_own_court(number, office)
    originals: list[AnyCaseNumber] = []
    for place, text in enumerate(request.original_case_numbers):
        with problems:
            originals.append(parse_case_number(text, courts=office.courts, field=f"originalCaseNumber/{place}"))
    if number is not None:
        today = civil_date(office.clock(), office.policy)
        problems.found += check_case_year(number, request.case_filed_date, office.policy, today=today)
        problems.found += _original_problems(number, request.original_case_numbers)
        problems.found += check_originals(number, originals)
    return Listing(
        case_number=str(number or ""),
        original_case_numbers=tuple(str(original) for original in originals),
        basis_number=request.basis_number,
        basis_issuing_body=request.basis_issuing_body,
        filed_on=request.case_filed_date,
        published_on=request.listing_published_date,
        grounds=request.listing_grounds,
        term_end=request.listing_term_end,
    )


def _require_own_court(number: AnyCaseNumber, office: Office) -> None:
    own = office.court.court_code
    if office.policy.own_cases_only and isinstance(number, CaseNumber) and number.court_code != own:
        raise RuleError("case_number_other_court", field="enforcementCaseNumber", found=number.court_code, expected=own)


def _original_problems(number: AnyCaseNumber, originals: tuple[str, ...]) -> Iterator[RuleError]:
    if number.resumes_enforcement and not originals:
        yield RuleError("original_case_number_missing", field="originalCaseNumber", found=str(number))
    if not number.resumes_enforcement and originals:
        yield RuleError("original_case_number_unexpected", field="originalCaseNumber", found=str(number))
