"""The credit repair certificate (信用修复证明) as a domain object, and its JSON form.

    Certificate ── Subject ── CourtIdentity, Masking
                └─ StatusEntry (revocation, suspension)

`Certificate.from_credential` accepts exactly the credential without its proof: every member, in the one spelling that
certificates use, and no other, so that `to_credential` gives back the same object. What the parts say about each other
is `check_rules`'s business: the rules bind the court that issues, not the verifier of what a court has signed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from xinzheng_schemas import _certificate_form as form
from xinzheng_schemas import _certificate_usual as usual
from xinzheng_schemas._certificate_form import CONTEXT, CREDENTIAL_TYPE, STATUS_PURPOSES, StatusPurpose
from xinzheng_schemas._fields import CertificateError, FieldError, build
from xinzheng_schemas.case_number import AnyCaseNumber, parse_case_number
from xinzheng_schemas.certificate_rules import check_rules
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.identity import IdCommitment
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    SubjectKind,
)

Outline = usual.Outline
outline = usual.outline
outline_of = usual.outline_of

__all__ = [
    "CONTEXT",
    "CREDENTIAL_TYPE",
    "STATUS_PURPOSES",
    "Certificate",
    "CertificateError",
    "CourtIdentity",
    "FieldError",
    "Masking",
    "Outline",
    "StatusEntry",
    "StatusPurpose",
    "Subject",
    "check_rules",
    "outline",
    "outline_of",
]


@dataclass(frozen=True)
class CourtIdentity:
    """A court as certificates and trust lists name it.

    Attributes:
        name: name in Chinese.
        court_code: court code (法院代字), such as 鄂0683.
        region_code: six digits of GB/T 2260.
    """

    name: str
    court_code: str
    region_code: str


@dataclass(frozen=True)
class Masking:
    """The act by which the entry was masked (屏蔽).

    Attributes:
        serial: number of the act in the court's system.
        masked_at: day from which the entry is off the public list.
        approved_at: day of the approval.
        ground: masking ground (屏蔽原因).
        conditional: whether the masking stands under conditions.
    """

    serial: str
    masked_at: date
    approved_at: date
    ground: MaskingGround
    conditional: bool


@dataclass(frozen=True)
class Subject:
    """Whom and which entry of the list the certificate is about (`credentialSubject`).

    Exactly one of `masked_id_number` and `unified_social_credit_code` is there: the latter if `id_type` is uscc.
    Case numbers and the commitment are kept in their canonical text; `case_number`, `original_cases` and `commitment`
    give the parsed values. Dates are calendar days in China.
    """

    name: str
    subject_kind: SubjectKind
    id_type: IdType
    masked_id_number: str | None
    unified_social_credit_code: str | None
    id_commitment: str
    enforcement_court: CourtIdentity
    enforcement_case_number: str
    original_case_numbers: tuple[str, ...] | None
    enforcement_basis_number: str | None
    basis_issuing_body: str | None
    case_filed_date: date
    listing_published_date: date
    listing_grounds: tuple[ListingGround, ...]
    listing_term_end: date | None
    performance_status: PerformanceStatus
    masking: Masking
    consumption_restriction_status: ConsumptionRestrictionStatus
    purposes: tuple[Purpose, ...]
    purpose_text: str | None
    list_checked_at: datetime

    @property
    def case_number(self) -> AnyCaseNumber:
        """The enforcement case number, parsed."""
        return parse_case_number(self.enforcement_case_number)

    @property
    def original_cases(self) -> tuple[AnyCaseNumber, ...]:
        """The original case numbers, parsed; empty if there are none."""
        return tuple(parse_case_number(number) for number in self.original_case_numbers or ())

    @property
    def commitment(self) -> IdCommitment:
        """The identity commitment, parsed."""
        return IdCommitment.parse(self.id_commitment)


@dataclass(frozen=True)
class StatusEntry:
    """Where one status of the certificate is published (Bitstring Status List 1.0 §2.1).

    Attributes:
        purpose: what a set bit means.
        index: position in the list, from 0.
        list_url: `id` of the status list credential.
    """

    purpose: StatusPurpose
    index: int
    list_url: str


@dataclass(frozen=True)
class Certificate:
    """One credit repair certificate, without its proof.

    Attributes:
        id: `urn:uuid:` identifier.
        issuer: the court's did:web identifier.
        valid_from: first instant of validity, UTC.
        valid_until: last instant of validity, UTC, inclusive.
        number: certificate number (证明编号).
        subject: whom and which entry it is about.
        status: the revocation and the suspension entry, in this order, with the same index.
    """

    id: str
    issuer: str
    valid_from: datetime
    valid_until: datetime
    number: str
    subject: Subject
    status: tuple[StatusEntry, StatusEntry]

    @staticmethod
    def problems_of(credential: object) -> tuple[CodedError, ...]:
        """What is wrong with a credential, as `from_credential` would say; empty if nothing is.

        Args:
            credential: the JSON object, as `strict_json` gives it, without `proof`.
        """
        if usual.fits(credential):
            return ()
        try:
            form.read(credential)
        except CertificateError as error:
            return tuple(error.problems)
        return ()

    @classmethod
    def from_credential(cls, credential: object) -> Self:
        """Reads the credential, JSON as `strict_json` gives it, without `proof`.

        Args:
            credential: the JSON object.

        Returns:
            The certificate.

        Raises:
            CertificateError: `certificate_malformed`, with every problem and its JSON pointer.
        """
        values = usual.read(credential) or form.read(credential)
        subject = values["subject"]
        subject["enforcement_court"] = build(CourtIdentity, subject["enforcement_court"])
        subject["masking"] = build(Masking, subject["masking"])
        values["subject"] = build(Subject, subject)
        revocation, suspension = values["status"]
        values["status"] = build(StatusEntry, revocation), build(StatusEntry, suspension)
        return build(cls, values)

    def to_credential(self) -> dict[str, Any]:
        """The credential as a fresh JSON object; `from_credential` of it equals this certificate."""
        return {
            "@context": list(CONTEXT),
            "id": self.id,
            "type": list(form.TYPE),
            "issuer": self.issuer,
            "validFrom": format_timestamp(self.valid_from),
            "validUntil": format_timestamp(self.valid_until),
            "certificateNumber": self.number,
            "scopeStatement": dict(form.SCOPE),
            "credentialSubject": _subject_json(self.subject),
            "credentialSchema": dict(form.SCHEMA),
            "credentialStatus": [_status_json(entry) for entry in self.status],
        }


def _subject_json(subject: Subject) -> dict[str, Any]:
    court, masking = subject.enforcement_court, subject.masking
    members = {
        "name": subject.name,
        "subjectKind": subject.subject_kind.value,
        "idType": subject.id_type.value,
        "maskedIdNumber": subject.masked_id_number,
        "unifiedSocialCreditCode": subject.unified_social_credit_code,
        "idCommitment": subject.id_commitment,
        "enforcementCourt": {"name": court.name, "courtCode": court.court_code, "regionCode": court.region_code},
        "enforcementCaseNumber": subject.enforcement_case_number,
        "originalCaseNumber": subject.original_case_numbers and list(subject.original_case_numbers),
        "enforcementBasisNumber": subject.enforcement_basis_number,
        "basisIssuingBody": subject.basis_issuing_body,
        "caseFiledDate": subject.case_filed_date.isoformat(),
        "listingPublishedDate": subject.listing_published_date.isoformat(),
        "listingGround": [ground.value for ground in subject.listing_grounds],
        "listingTermEnd": subject.listing_term_end and subject.listing_term_end.isoformat(),
        "performanceStatus": subject.performance_status.value,
        "masking": {
            "serial": masking.serial,
            "maskedAt": masking.masked_at.isoformat(),
            "approvedAt": masking.approved_at.isoformat(),
            "ground": masking.ground.value,
            "conditional": masking.conditional,
        },
        "consumptionRestrictionStatus": subject.consumption_restriction_status.value,
        "purpose": [purpose.value for purpose in subject.purposes],
        "purposeText": subject.purpose_text,
        "listCheckedAt": format_timestamp(subject.list_checked_at),
    }
    return {name: value for name, value in members.items() if value is not None}


def _status_json(entry: StatusEntry) -> dict[str, Any]:
    return {
        "type": form.STATUS_TYPE,
        "statusPurpose": entry.purpose,
        "statusListIndex": str(entry.index),
        "statusListCredential": entry.list_url,
    }
