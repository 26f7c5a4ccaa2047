"""What a court decides for itself. No law fixes these; every value is the court's configuration."""

from dataclasses import dataclass
from enum import StrEnum

from xinzheng_schemas.vocabulary import MaskingGround


class RelistingEffect(StrEnum):
    """What a re-listing does to a live certificate."""

    REVOKE = "revoke"
    SUSPEND = "suspend"


@dataclass(frozen=True, kw_only=True)
class CourtPolicy:
    """The court's own rules.

    Attributes:
        validity_months: life of a certificate, calendar months of the court's civil time.
        conditional_validity_months: the same after a conditional or temporary masking; never longer than the former.
        list_check_hours: how old the check that the entry is off the public list may be when the seal is set.
        senior_approval_grounds: masking grounds that go to the vice-president.
        senior_approval_if_conditional: conditional maskings go to the vice-president.
        same_case_relisting: effect of a listing in the certificate's own case, or its resumed (执恢) case.
        other_case_relisting: effect of a listing of the same identity in another case.
        own_cases_only: the enforcement case number must bear the court's own code.
        filing_grace_days: days of the next year in which a case numbered in the old one may still be filed.
        utc_offset_hours: the court's civil time, for comparing dates with moments and counting months.
    """

    validity_months: int = 6
    conditional_validity_months: int = 3
    list_check_hours: int = 24
    senior_approval_grounds: frozenset[MaskingGround] = frozenset(
        {MaskingGround.ART2_EARLY_DELETION, MaskingGround.CONDITIONAL_REPAIR}
    )
    senior_approval_if_conditional: bool = True
    same_case_relisting: RelistingEffect = RelistingEffect.REVOKE
    other_case_relisting: RelistingEffect = RelistingEffect.SUSPEND
    own_cases_only: bool = True
    filing_grace_days: int = 31
    utc_offset_hours: int = 8
