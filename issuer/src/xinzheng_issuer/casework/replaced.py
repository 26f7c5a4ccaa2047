"""A revocation stops what is under way for the same entry.

A certificate that is to replace another one leans on what that one said. Revoked for fraud, an error or a new listing,
that one sends the application back to the judge, as the feed does: what was approved before knew nothing of it. A
certificate that ends because another one replaces it stops nobody.
"""

from datetime import datetime

from xinzheng_issuer.casework.steps import take_step
from xinzheng_issuer.domain.case import Masking
from xinzheng_issuer.domain.workflow import SYSTEM, Action, State
from xinzheng_issuer.errors import RegisterError, RuleError
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, TransitionRecord
from xinzheng_schemas.errors import Message
from xinzheng_schemas.vocabulary import RevocationReason, label

_CONFIRMED = frozenset({State.MASKING_CONFIRMED, State.APPROVED})


def send_back_open(store: Store, revoked: Case, number: str, *, reason: str, at: datetime) -> None:
    """Send back the confirmed or approved application of an entry whose certificate was revoked.

    Args:
        store: the open transaction; `hold_feed` was called in it, so that nothing is issued meanwhile.
        revoked: the case of the certificate.
        number: of the certificate.
        reason: of the revocation; that another one replaces it stops nothing.
        at: when.
    """
    if reason == RevocationReason.SUPERSEDED:
        return
    for known in store.cases_of_entry(case_number=revoked.case_number, identity_key=revoked.identity_key):
        case = store.case(known.id, lock=True)
        # A re-issue ends by itself when the certificate that it replaces has ended.
        if State(case.state) in _CONFIRMED and case.reissues_key is None:
            take_step(store, case, Action.SEND_BACK, SYSTEM, at=at, reason=reason, note=f"certificate {number} revoked")


def revocation_problems(store: Store, case: Case, masking: Masking) -> list[RuleError]:
    """The judge confirms after the certificate to be replaced was revoked, not beside it: the look-up shows it.

    Args:
        store: the open transaction.
        case: the case.
        masking: what is about to be confirmed.

    Returns:
        `list_check_before_revocation`, or nothing.
    """
    revocation = _revocation(store, case)
    if revocation is None or masking.list_checked_at > revocation.at:
        return []
    return [
        RuleError(
            "list_check_before_revocation",
            field="listCheckedAt",
            checked_at=masking.list_checked_at.isoformat(),
            number=_number(store, case),
            revoked=revocation.at.isoformat(),
            reason=_words(revocation),
        )
    ]


def require_confirmed_since(store: Store, case: Case) -> None:
    """Nothing goes on that was confirmed before the certificate to be replaced was revoked.

    A re-issue was never confirmed by itself; `reissue_ended` keeps it.

    Raises:
        RegisterError: `superseded_revoked`.
    """
    revocation = _revocation(store, case) if case.reissues_key is None else None
    if revocation is None:
        return
    confirmed = _last(store, case.id, Action.CONFIRM_MASKING)
    if confirmed is None or (confirmed.id or 0) < (revocation.id or 0):
        raise RegisterError(
            "superseded_revoked", field="supersedes", number=_number(store, case), reason=_words(revocation)
        )


def _revocation(store: Store, case: Case) -> TransitionRecord | None:
    """The log row of the revocation of the certificate that a case is to replace, unless another one replaced it."""
    if case.supersedes_case_id is None:
        return None
    row = _last(store, case.supersedes_case_id, Action.REVOKE)
    return None if row is None or row.reason == RevocationReason.SUPERSEDED else row


def _words(revocation: TransitionRecord) -> Message:
    reason = RevocationReason(revocation.reason or "")
    return Message(label(reason, "en"), label(reason, "zh"))


def _last(store: Store, case_id: str, action: Action) -> TransitionRecord | None:
    rows = [row for row in store.transitions(case_id) if row.action == action]
    return rows[-1] if rows else None


def _number(store: Store, case: Case) -> str:
    certificate = store.certificate_of(case.supersedes_case_id or "")
    return certificate.number if certificate else "—"
