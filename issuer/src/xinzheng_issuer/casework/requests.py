"""What a step is asked with: the domain's own types, still as text where only the rules can read it."""

from dataclasses import dataclass
from datetime import date

from xinzheng_schemas.vocabulary import IdType, ListingGround, Purpose, SubjectKind


@dataclass(frozen=True, kw_only=True)
class ApplicationRequest:
    """An application as the clerk registers it.

    Attributes:
        name: debtor, as the listing bears it.
        subject_kind: natural person or organization.
        id_type: kind of document.
        id_number: full number; it is digested and masked, never stored.
        check_digit_override: why a unified social credit code whose check fails is taken all the same.
        enforcement_case_number: any spelling that the case number grammar reads.
        original_case_numbers: of a resumed case.
        basis_number, basis_issuing_body: the judgment behind the enforcement, free text.
        case_filed_date, listing_published_date: dates of the case and of the entry.
        listing_grounds: Art. 1 grounds.
        listing_term_end: end of the term, if the grounds have one.
        purposes, purpose_text: what for.
        agent_name, agent_authority: who applies for the debtor and by what authority; kept in the case alone.
        papers: what was handed in.
        supersedes: number of the live certificate of this entry that the new one replaces.
    """

    name: str
    subject_kind: SubjectKind
    id_type: IdType
    id_number: str
    check_digit_override: str | None = None
    enforcement_case_number: str
    original_case_numbers: tuple[str, ...] = ()
    basis_number: str | None = None
    basis_issuing_body: str | None = None
    case_filed_date: date
    listing_published_date: date
    listing_grounds: tuple[ListingGround, ...]
    listing_term_end: date | None = None
    purposes: tuple[Purpose, ...]
    purpose_text: str | None = None
    agent_name: str | None = None
    agent_authority: str | None = None
    papers: tuple[str, ...] = ()
    supersedes: str | None = None

    def __repr__(self) -> str:
        """Without a personal number."""
        return f"<ApplicationRequest for {self.enforcement_case_number}>"
