"""What one public-list record does to one case: a pure decision, apart from reading and writing.

| who | which case | effect on a live certificate | on an open application |
|---|---|---|---|
| same identity | own, or its resumed (执恢) case | `same_case_relisting` of the court | sent back if confirmed |
| same identity | another | `other_case_relisting` of the court | sent back if confirmed |
| same name, no readable number | own | suspended: doubt | sent back if confirmed |
| same name, no readable number | another | none, flagged | none, flagged |
| same name, another number | any | none, flagged | none, flagged |
| published before the masking | any | none, flagged: the masked entry itself | none, flagged |

What would take a certificate out of force also speaks against every look-up that was made before it came in. A record
that was in the register before the look-up a certificate rests on was answered by that look-up: if it comes again, the
certificate is suspended and never revoked by it.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from xinzheng_issuer.domain.policy import CourtPolicy, RelistingEffect
from xinzheng_issuer.domain.workflow import LIVE_STATES, State
from xinzheng_issuer.errors import FeedError
from xinzheng_issuer.feed.records import ListRecord, PartlyHidden
from xinzheng_issuer.register.identity_keys import ORGANIZATION_CODE, IdentityKeys
from xinzheng_issuer.register.names import folded_name
from xinzheng_schemas.case_number import AnyCaseNumber, CaseNumber, parse_case_number
from xinzheng_schemas.identity import DocumentNumber, MaskedId


class Effect(StrEnum):
    """What was done, weakest first."""

    NONE = "none"
    SENT_BACK = "sentBack"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Likeness(StrEnum):
    """How the person of a record compares with that of a case."""

    SAME = "same"
    UNCLEAR = "unclear"
    NAMESAKE = "namesake"
    STRANGER = "stranger"


@dataclass(frozen=True, kw_only=True)
class KnownCase:
    """What the decision needs of a case.

    Attributes:
        state: where it stands.
        label: certificate number, or id of the application.
        name, identity_key, alias_key, visible_number: as the register keeps them; the number masked or public.
        case_number, original_case_numbers, basis_number: the entry.
        masked_on: when it was masked; None before that is confirmed.
    """

    state: State
    label: str
    name: str
    identity_key: str
    alias_key: str
    visible_number: str
    case_number: str
    original_case_numbers: tuple[str, ...]
    basis_number: str | None
    masked_on: date | None


@dataclass(frozen=True)
class Decision:
    """What a record does to a case.

    Attributes:
        effect: nothing, or a step of the system.
        flag: why a person should look: nothing was done although the name fits, or less than the court's rule.
    """

    effect: Effect
    flag: FeedError | None = None


_FULL_LENGTH = 18
_DOCUMENT_MASK = "****"
_NOT_CONCERNED = Decision(Effect.NONE)


def decide(
    record: ListRecord, case: KnownCase, policy: CourtPolicy, keys: IdentityKeys, *, answered: bool = False
) -> Decision:
    """Decide what one record does to one case.

    Args:
        record: the record in normal form.
        case: an open or live case.
        policy: the court's rules.
        keys: the register's digests.
        answered: the record was in the register before the look-up that the case rests on.

    Returns:
        The decision; the table at the head of this module in code.
    """
    who = likeness(record, case, keys)
    own, certain = same_matter(record, case), who is Likeness.SAME
    if (unaffected := _unaffected(record, case, who, own=own)) is not None:
        return unaffected
    if case.state in LIVE_STATES:
        return _live_effect(case, policy, own=own, certain=certain, answered=answered)
    if case.state in {State.MASKING_CONFIRMED, State.APPROVED}:
        return Decision(Effect.SENT_BACK)
    return _flagged("feed_application_open", case)


def _unaffected(record: ListRecord, case: KnownCase, who: Likeness, *, own: bool) -> Decision | None:
    """Why the record leaves the case as it is, if it does."""
    if who is Likeness.STRANGER:
        return _NOT_CONCERNED
    if who is Likeness.NAMESAKE:
        return _flagged("feed_namesake", case)
    if case.masked_on is not None and record.published_on < case.masked_on:
        days = {"published": record.published_on.isoformat(), "masked": case.masked_on.isoformat()}
        return _flagged("feed_older_than_masking", case, **days)
    if who is Likeness.UNCLEAR and not own:
        return _flagged("feed_identity_unclear", case)
    return None


def speaks_against(record: ListRecord, case: KnownCase, keys: IdentityKeys, *, same_number: bool) -> bool:
    """Whether the record would take a certificate of the case out of force, so that no earlier look-up counts.

    Args:
        record: the record in normal form.
        case: the case, with `masked_on` as it is or is about to be confirmed.
        keys: the register's digests.
        same_number: the digests kept with the record say that its full number is the case's, whatever the record as it
            is kept (resident ID numbers masked) can still show.

    Returns:
        True if the table at the head of this module gives a live certificate any effect.
    """
    who = Likeness.SAME if same_number else likeness(record, case, keys)
    return _unaffected(record, case, who, own=same_matter(record, case)) is None


def may_speak_against(record: ListRecord, case: KnownCase, keys: IdentityKeys, *, same_number: bool = False) -> bool:
    """The same of a record that could be read only in part: what is missing is taken to fit.

    Args:
        record: what was read of it.
        case: as in `speaks_against`.
        keys: the register's digests.
        same_number: as in `speaks_against`.
    """
    whole = record if record.name else replace(record, name=case.name)
    return speaks_against(whole, case, keys, same_number=same_number)


def likeness(record: ListRecord, case: KnownCase, keys: IdentityKeys) -> Likeness:
    """Compare the record's person with the case's by number first, by name where the number says nothing."""
    named = folded_name(record.name) == folded_name(case.name)
    matches = _number_matches(record, case, keys)
    if matches is None:
        return Likeness.UNCLEAR if named else Likeness.STRANGER
    # A partly hidden number leaves other numbers possible: it counts together with the name or the case.
    exact = not isinstance(record.card, MaskedId | PartlyHidden)
    if matches and (exact or named or same_matter(record, case)):
        return Likeness.SAME
    return Likeness.NAMESAKE if named else Likeness.STRANGER


def same_matter(record: ListRecord, case: KnownCase) -> bool:
    """True if the record is about the certificate's own case: the same number, one that it resumes, or its 执恢.

    The public list does not say what a 执恢 case resumes. A court's own feed may (originalCaseCode); otherwise the same
    court and the same basis document decide.
    """
    number = str(record.case_number)
    if number == case.case_number or number in case.original_case_numbers:
        return True
    if not record.case_number.resumes_enforcement:
        return False
    if case.case_number in {str(original) for original in record.original_case_numbers}:
        return True
    own = parse_case_number(case.case_number)
    return (
        _court_of(record.case_number) == _court_of(own)
        and record.basis_number is not None
        and case.basis_number is not None
        and _plain(record.basis_number) == _plain(case.basis_number)
    )


def _number_matches(record: ListRecord, case: KnownCase, keys: IdentityKeys) -> bool | None:
    """Whether the record's number is the case's; None if the record shows none that can be read, or too little."""
    card = record.card
    if record.document is not None and case.identity_key in keys.of_document(record.document):
        return True
    if card is None:
        return None
    if isinstance(card, MaskedId) and keys.of_masked(card) == case.alias_key:
        return True
    if isinstance(card, PartlyHidden | MaskedId):
        return _may_be(card.text, case.visible_number)
    return not {keys.of(card), keys.alias_of(card)}.isdisjoint(
        {case.identity_key, case.alias_key} if isinstance(card, DocumentNumber) else {case.identity_key}
    )


def _may_be(hidden: str, visible: str) -> bool | None:
    """Whether a number with hidden places may be the one that a case shows.

    Args:
        hidden: as the record shows it; an organization code stands for the unified social credit code around it, and
            the other way round.
        visible: as the case shows it: a masked resident ID, a unified social credit code, or of another document the
            first and last characters around four stars, however many they stand for.

    Returns:
        None if it may be, and the case shows too little of a document's number for more.
    """
    number = PartlyHidden(hidden)
    if len(visible) == _FULL_LENGTH:
        return number.may_be(visible) or ("*" not in visible and number.may_be(visible[ORGANIZATION_CODE]))
    head, stars, tail = visible.partition(_DOCUMENT_MASK)
    forms = (hidden, hidden[ORGANIZATION_CODE]) if len(hidden) == _FULL_LENGTH else (hidden,)
    return None if stars and any(_begins_and_ends(form, head, tail) for form in forms) else False


def _begins_and_ends(hidden: str, head: str, tail: str) -> bool:
    shown = hidden[: len(head)] + hidden[len(hidden) - len(tail) :]
    return PartlyHidden(shown).may_be(head + tail)


def _live_effect(case: KnownCase, policy: CourtPolicy, *, own: bool, certain: bool, answered: bool) -> Decision:
    wanted = policy.same_case_relisting if own else policy.other_case_relisting
    flag = FeedError("feed_answered", number=case.label) if answered else None
    if certain and wanted is RelistingEffect.REVOKE and not answered:
        return Decision(Effect.REVOKED)
    if case.state is State.ACTIVE:
        return Decision(Effect.SUSPENDED, flag)
    return _flagged("feed_suspended_already", case)


def _flagged(code: str, case: KnownCase, **params: str) -> Decision:
    return Decision(Effect.NONE, FeedError(code, **{"number": case.label, **params}))


def _court_of(number: AnyCaseNumber) -> str:
    return number.court_code if isinstance(number, CaseNumber) else number.court_and_type.removesuffix("执恢")


def _plain(text: str) -> str:
    """A basis number without the spellings that do not matter: blanks, half- or full-width brackets."""
    return "".join(text.replace("(", "（").replace(")", "）").split())
