"""The clock's own steps: the end of a certificate, and the way back from an end that had not come."""

from datetime import datetime, timedelta

import structlog

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.casework.steps import take_step
from xinzheng_issuer.domain.workflow import CLOCK, LIVE_STATES, SYSTEM, Action, State
from xinzheng_issuer.feed.matching import came_unheeded
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case
from xinzheng_schemas.vocabulary import RevocationReason

_log = structlog.get_logger("xinzheng.workflow")

_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the end of a certificate must lie ahead to be taken back: two machines do not undo each other's steps."""


def expire_due(store: Store, office: Office, *, at: datetime) -> int:
    """Let the clock take its step: certificates whose `validUntil` has passed, and back for those where it has not.

    A clock that was ahead ended those before their time: they pass at lenders, and have to be revocable. One that was
    suspended is so again, and so is one whose holder was listed again meanwhile: the feed passed it over. Where another
    certificate of the entry was issued since, that one has replaced it.

    One that another transaction holds is left to the next look: whoever revokes it in its last second has revoked it.

    Args:
        store: the open transaction.
        office: the court at work.
        at: the present moment.

    Returns:
        How many expired, and how many are back.
    """
    early = store.cases_ended_early(at + _CLOCKS_DIFFER, lock=True)
    for case in early:
        _take_back(store, case, office, at=at)
    due = store.cases_past(at, lock=True)
    for case in due:
        take_step(store, case, Action.EXPIRE, CLOCK, at=at)
    return len(early) + len(due)


def clock_is_due(store: Store, *, at: datetime) -> bool:
    """Whether `expire_due` would take a step."""
    return bool(store.cases_past(at)) or bool(store.cases_ended_early(at + _CLOCKS_DIFFER))


def _take_back(store: Store, case: Case, office: Office, *, at: datetime) -> None:
    if any(
        other.state in LIVE_STATES
        for other in store.cases_of_entry(case_number=case.case_number, identity_key=case.identity_key)
    ):
        take_step(store, case, Action.SUPERSEDE, SYSTEM, at=at, reason=RevocationReason.SUPERSEDED)
        case.revocation_reason = RevocationReason.SUPERSEDED
        return
    reason = _suspended_for(store, case, office)
    take_step(store, case, Action.RESUME, CLOCK, at=at)
    if reason is not None:
        take_step(store, case, Action.SUSPEND, SYSTEM, at=at, reason=reason)
    _log.warning("certificate_taken_back", case=case.id, state=case.state, reason=reason)


def _suspended_for(store: Store, case: Case, office: Office) -> str | None:
    """Why a certificate that comes back is suspended, if it is."""
    if came_unheeded(store, case, office):
        return RevocationReason.RELISTED
    steps = list(reversed(store.transitions(case.id)))
    ended = next(step for step in steps if step.action == Action.EXPIRE)
    if ended.from_state != State.SUSPENDED:
        return None
    return next(step.reason for step in steps if step.action == Action.SUSPEND)
