"""The wire types: what a request may say and what an answer says. Unknown fields are refused, never ignored."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from pydantic.alias_generators import to_camel

from xinzheng_issuer.domain.rules import check_text
from xinzheng_issuer.domain.workflow import State
from xinzheng_schemas.timestamps import TimestampError, parse_date, parse_timestamp
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    RevocationReason,
    SubjectKind,
)


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise TimestampError("date_malformed", field="date", expected="2026-11-23")
    return parse_date(value)


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise TimestampError("date_malformed", field="timestamp", expected="2026-11-23T08:00:00Z")
    return parse_timestamp(value).replace(microsecond=0)


WireDate = Annotated[date, BeforeValidator(_date), Field(examples=["2022-03-08"])]
WireMoment = Annotated[datetime, BeforeValidator(_moment), Field(examples=["2026-11-23T08:00:00Z"])]
_Visible = AfterValidator(lambda text: check_text(text, field="text"))
ShortText = Annotated[str, Field(min_length=1, max_length=100), _Visible]
MediumText = Annotated[str, Field(min_length=1, max_length=200), _Visible]
LongText = Annotated[str, Field(min_length=1, max_length=2000), _Visible]


_SHA256_DIGITS = 64


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Agent(_Wire):
    """Who applies for the debtor. Kept in the case; never in the certificate."""

    name: Annotated[MediumText, Field(description="Agent's name.")]
    authority: Annotated[MediumText, Field(description="By what authority, such as a power of attorney.")]


class ApplicationIn(_Wire):
    """An application for a credit repair certificate."""

    name: Annotated[MediumText, Field(description="Debtor's name (姓名/名称), as the listing bears it.")]
    subject_kind: Annotated[SubjectKind, Field(description="Natural person or organization (主体类型).")]
    id_type: Annotated[IdType, Field(description="Kind of document (证件类型).")]
    id_number: Annotated[
        str,
        Field(
            min_length=1,
            max_length=64,
            description="Full number. Masked and digested at once; never stored, logged or answered.",
        ),
    ]
    check_digit_override: Annotated[
        MediumText | None,
        Field(description="Why a unified social credit code with a failing check is taken all the same; recorded."),
    ] = None
    enforcement_case_number: Annotated[
        ShortText,
        Field(description="Enforcement case number (执行案号), type 执 or 执恢.", examples=["（2022）鄂0683执123号"]),
    ]
    original_case_number: Annotated[
        list[ShortText], Field(max_length=16, description="Original case numbers (原执行案号); needed for 执恢.")
    ] = []
    enforcement_basis_number: Annotated[ShortText | None, Field(description="Basis number (执行依据文号).")] = None
    basis_issuing_body: Annotated[ShortText | None, Field(description="Who made the basis (作出单位).")] = None
    case_filed_date: Annotated[WireDate, Field(description="Day the case was filed (立案日期).")]
    listing_published_date: Annotated[WireDate, Field(description="Day the entry was published (发布日期).")]
    listing_ground: Annotated[
        list[ListingGround], Field(max_length=6, description="Grounds of the listing (失信行为情形), Art. 1.")
    ]
    listing_term_end: Annotated[
        WireDate | None, Field(description="Last day of the listing's term (纳入期限); absent for art1-1 alone.")
    ] = None
    purpose: Annotated[list[Purpose], Field(max_length=3, description="What the certificate is for (用途).")]
    purpose_text: Annotated[MediumText | None, Field(description="In words; needed for other.")] = None
    agent: Annotated[Agent | None, Field(description="Who applies for the debtor, if somebody does.")] = None
    papers: Annotated[list[MediumText], Field(max_length=50, description="Papers handed in.")] = []
    supersedes: Annotated[
        ShortText | None,
        Field(description="Number of the live certificate of this entry that the new one replaces, for a new purpose."),
    ] = None


class MaskingConfirmationIn(_Wire):
    """The enforcement judge's confirmation that the entry was masked."""

    masking_serial: Annotated[ShortText, Field(description="Number of the masking decision.")]
    masked_at: Annotated[WireDate, Field(description="Day from which the entry is off the public list.")]
    approved_at: Annotated[WireDate, Field(description="Day on which the masking was approved.")]
    masking_ground: Annotated[MaskingGround, Field(description="Ground of the masking (屏蔽原因).")]
    conditional: Annotated[StrictBool, Field(description="Conditional or temporary masking.")]
    performance_status: Annotated[PerformanceStatus, Field(description="What became of the debt (履行情况).")]
    consumption_restriction_status: Annotated[
        ConsumptionRestrictionStatus, Field(description="The separate restriction order (限制消费).")
    ]
    evidence: Annotated[LongText, Field(description="What the judge looked at.")]
    list_checked_at: Annotated[WireMoment, Field(description="When the entry was last seen to be off the public list.")]


class ListCheckIn(_Wire):
    """A fresh look-up of the public list."""

    list_checked_at: Annotated[WireMoment, Field(description="When the entry was seen to be off the public list.")]
    evidence: Annotated[LongText, Field(description="How it was looked up.")]


class ApprovalIn(_Wire):
    """The approver's opinion."""

    opinion: Annotated[LongText, Field(description="Opinion of the approver.")]
    draft_sha256: Annotated[
        str,
        Field(
            min_length=_SHA256_DIGITS,
            max_length=_SHA256_DIGITS,
            description="draftSha256 of the case as the approver read it; draft_changed if it says something else now.",
        ),
    ]


class IssuanceIn(_Wire):
    """Issuing needs nothing but the case."""


class ReasonIn(_Wire):
    """A written reason."""

    reason: Annotated[str, Field(max_length=2000, description="Written reason.")]


class CertificateStepIn(_Wire):
    """Suspending or reinstating a certificate."""

    reason: Annotated[str, Field(max_length=2000, description="Written reason; stays in the register.")]
    note: Annotated[LongText | None, Field(description="More words, for the log alone.")] = None


class RevocationIn(_Wire):
    """Revoking a certificate (撤销证明)."""

    reason: Annotated[RevocationReason, Field(description="Reason of the revocation; stays in the register.")]
    note: Annotated[LongText | None, Field(description="More words, for the log alone.")] = None


class MaskingOut(_Wire):
    """The confirmed masking."""

    serial: str
    masked_at: date
    approved_at: date
    ground: MaskingGround
    conditional: bool
    performance_status: PerformanceStatus
    consumption_restriction_status: ConsumptionRestrictionStatus
    evidence: str
    list_checked_at: datetime


class StepOut(_Wire):
    """One step of the log."""

    action: str
    from_state: State | None
    to_state: State
    actor: str
    at: datetime
    reason: str | None
    note: str | None


class RefusedStepOut(_Wire):
    """One step that was tried and refused."""

    action: str
    code: str
    actor: str
    at: datetime


class ApplicationOut(_Wire):
    """A case."""

    id: str
    state: State
    registered_at: datetime
    name: str
    subject_kind: SubjectKind
    id_type: IdType
    masked_id_number: str | None
    unified_social_credit_code: str | None
    check_digit_override: str | None
    enforcement_case_number: str
    original_case_number: list[str]
    enforcement_basis_number: str | None
    basis_issuing_body: str | None
    case_filed_date: date
    listing_published_date: date
    listing_ground: list[ListingGround]
    listing_term_end: date | None
    purpose: list[Purpose]
    purpose_text: str | None
    agent: Agent | None
    papers: list[str]
    masking: MaskingOut | None
    draft_sha256: Annotated[
        str | None,
        Field(description="Digest of what an approval covers, SHA-256; null until a judge has confirmed the masking."),
    ]
    certificate_number: str | None
    supersedes: str | None


class ApplicationWithLogOut(ApplicationOut):
    """A case with everything that was done and refused."""

    log: list[StepOut]
    refused: list[RefusedStepOut]


class ApplicationsOut(_Wire):
    """A page of cases, newest first."""

    items: list[ApplicationOut]
    offset: int
    limit: int


class PublicationOut(_Wire):
    """Whether lenders can see a change."""

    published: Annotated[bool, Field(description="False: the change is recorded and waits to be published.")]
    bundle_version: Annotated[int | None, Field(description="Version of the bundle in effect.")]
    detail: Annotated[str | None, Field(description="Why publishing failed, if it did.")] = None


class RecordErrorOut(_Wire):
    """Something about a record or a certificate."""

    field: str | None
    code: str
    detail: str


class CertificateOut(_Wire):
    """A certificate that was handed over."""

    certificate_number: str
    id: Annotated[str, Field(description="The credential's id, urn:uuid.")]
    application_id: str
    state: State
    name: str
    enforcement_case_number: str
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    status_list_number: int
    status_list_index: int
    reinstatement_proposed: bool
    revocation_reason: RevocationReason | None
    forms: Annotated[dict[str, str], Field(description="Where each form can be fetched, by name.")]
    qr_version: Annotated[
        int | None,
        Field(description="Version of the QR symbol; up to 13 it reads well from paper. Null: no symbol holds it."),
    ]
    warnings: Annotated[list[RecordErrorOut], Field(description="What the seal operator must know, such as qr_large.")]
    publication: Annotated[PublicationOut | None, Field(description="Answers of status-changing requests only.")] = None


class CertificatesOut(_Wire):
    """A page of certificates, newest first."""

    items: list[CertificateOut]
    offset: int
    limit: int


class CaseEffectOut(_Wire):
    """What a record did to one case."""

    label: Annotated[str, Field(description="Certificate number, or id of the application.")]
    effect: Annotated[str, Field(description="none, sentBack, suspended or revoked.")]


class FeedRecordOut(_Wire):
    """What became of one record."""

    line: Annotated[int, Field(description="Line of JSON lines, or place in the array; from 1.")]
    outcome: Annotated[str, Field(description="applied, unmatched, flagged or rejected.")]
    effect: Annotated[str, Field(description="Strongest effect: none, sentBack, suspended or revoked.")]
    certificate_number: str | None
    effects: list[CaseEffectOut]
    repeated: Annotated[bool, Field(description="The same record had its effect before; nothing was done again.")]
    errors: list[RecordErrorOut]


class FeedBatchOut(_Wire):
    """What became of a delivery: one entry for every record."""

    batch: str
    records: list[FeedRecordOut]
    publication: PublicationOut


class KeptRecordOut(FeedRecordOut):
    """One record as it is kept, and what became of it."""

    batch: str
    received_at: datetime
    raw: Annotated[
        str | None,
        Field(description="The record as it came; resident ID numbers masked. Null for whoever may not read records."),
    ]
    id: Annotated[int, Field(description="Names the record when it is marked as looked at.")]
    reviewed_at: Annotated[datetime | None, Field(description="When somebody looked at it.")]
    reviewed_by: str | None
    review_note: str | None


class FeedReviewIn(_Wire):
    """That a record was looked at."""

    note: Annotated[str, Field(min_length=1, max_length=1000, description="What was found.")]


class KeptRecordsOut(_Wire):
    """A page of records, newest delivery first."""

    items: list[KeptRecordOut]
    offset: int
    limit: int


class KeptBatchOut(_Wire):
    """One delivery."""

    batch: str
    received_at: datetime
    received_by: str
    records: Annotated[int, Field(description="How many records it brought.")]
    outcomes: Annotated[dict[str, int], Field(description="How many of them had which outcome.")]


class KeptBatchesOut(_Wire):
    """A page of deliveries, newest first."""

    items: list[KeptBatchOut]
    offset: int
    limit: int


class ReadyOut(_Wire):
    """That the issuer can sign."""

    status: Annotated[str, Field(description="ready")]


class HealthOut(_Wire):
    """Whether the issuer works."""

    status: Annotated[str, Field(description="ok; whether it can sign is told by /readyz")]
    court: str
    bundle_version: int | None
    publication_overdue: Annotated[
        bool,
        Field(description="Whether a change waits, or what is published was to be renewed: the log says what fails."),
    ]
    hindrances: Annotated[
        list[str],
        Field(description="Codes of what kept it from issuing or publishing at the last look; the log says more."),
    ]
    root_expires: Annotated[
        datetime, Field(description="When the root of the bundle ends; it is to be renewed two months before.")
    ]
