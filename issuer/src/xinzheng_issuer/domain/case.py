"""The facts of one case: what the debtor states and what the judge confirms."""

from dataclasses import dataclass
from datetime import date, datetime

from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    SubjectKind,
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whom the certificate names, without the full number of a personal ID.

    Attributes:
        name: as the listing bears it.
        kind: natural person or organization.
        id_type: kind of document.
        masked_id_number: personal IDs, in the court's masking style; None for an organization.
        unified_social_credit_code: organizations only; public, hence in full.
        id_commitment: salted digest of the full number, as it stands in the certificate.
        birth_date: read from a resident ID; None if the document does not show it. Never stored.
    """

    name: str
    kind: SubjectKind
    id_type: IdType
    masked_id_number: str | None
    unified_social_credit_code: str | None
    id_commitment: str
    birth_date: date | None = None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The one entry of the list of dishonest judgment debtors (失信被执行人) that was masked.

    Attributes:
        case_number: enforcement case number, full-width form.
        original_case_numbers: of a resumed case (执恢), the case or cases it resumes.
        basis_number: number of the judgment or other basis, free text.
        basis_issuing_body: who made it.
        filed_on: when the case was filed.
        published_on: when the entry was published.
        grounds: Art. 1 of 法释〔2017〕7号.
        term_end: end of the listing's term (Art. 2); None for ground (1) alone.
    """

    case_number: str
    original_case_numbers: tuple[str, ...]
    basis_number: str | None
    basis_issuing_body: str | None
    filed_on: date
    published_on: date
    grounds: tuple[ListingGround, ...]
    term_end: date | None


@dataclass(frozen=True, kw_only=True)
class Use:
    """What the debtor asks the certificate for."""

    purposes: tuple[Purpose, ...]
    text: str | None


@dataclass(frozen=True, kw_only=True)
class Masking:
    """The court's own, numbered act of masking (屏蔽), as the enforcement judge confirms it.

    Attributes:
        serial: number of the masking decision.
        masked_on: when the entry went off the public list.
        approved_on: when the masking was approved.
        ground: Art. 10 or Art. 2 of 法释〔2017〕7号, or the court's conditional repair.
        conditional: conditional or temporary masking.
        performance: what became of the debt; another question than the ground.
        consumption_restriction: the separate restriction order (限制消费).
        evidence: what the judge looked at.
        list_checked_at: when the entry was last seen to be off the public list.
    """

    serial: str
    masked_on: date
    approved_on: date
    ground: MaskingGround
    conditional: bool
    performance: PerformanceStatus
    consumption_restriction: ConsumptionRestrictionStatus
    evidence: str
    list_checked_at: datetime
