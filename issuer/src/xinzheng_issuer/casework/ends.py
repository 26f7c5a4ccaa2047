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

    While something was published that lies ahead of the clock, nothing comes back: whether this clock is behind or that
    one was ahead, a person has to say (`take_back_early`).

    One that another transaction holds is left to the next look: whoever revokes it in its last second has revoked it.

    Args:
        store: the open transaction.
        office: the court at work.
        at: the present moment.

    Returns:
        How many expired, and how many are back.
    """
    back = 0 if _may_be_behind(store, at=at) else take_back_early(store, office, at=at)
    due = store.cases_past(at, lock=True)
    for case in due:
        take_step(store, case, Action.EXPIRE, CLOCK, at=at)
    return back + len(due)


def clock_is_due(store: Store, *, at: datetime) -> bool:
    """Whether `expire_due` would take a step."""
    if store.cases_past(at):
        return True
    return bool(store.cases_ended_early(at + _CLOCKS_DIFFER)) and not _may_be_behind(store, at=at)


def _may_be_behind(store: Store, *, at: datetime) -> bool:
    return any(told > at + _CLOCKS_DIFFER for told in store.status_moments())


def take_back_early(store: Store, office: Office, *, at: datetime) -> int:
    """Take back the ends that lie ahead, the clock being right.

    A clock that was ahead ended those before their time: they pass at lenders, and have to be revocable. One that was
    suspended is so again, and so is one whose holder was listed again meanwhile: the feed passed it over. Where another
    certificate of the entry was issued since, that one has replaced it.

    Args:
        store: the open transaction.
        office: the court at work.
        at: the present moment.

    Returns:
        How many are back.
    """
    early = store.cases_ended_early(at + _CLOCKS_DIFFER, lock=True)
    for case in early:
        _take_back(store, case, office, at=at)
    return len(early)


def take_back_for_a_person(store: Store, case: Case, office: Office, *, at: datetime) -> None:
    """The same for one case, if its end lies ahead: what somebody decides about it counts, whichever clock is wrong.

    Args:
        store: the open transaction.
        case: the case of a certificate that is out, locked.
        office: the court at work.
        at: the present moment.
    """
    if case.state == State.EXPIRED and case.valid_until is not None and case.valid_until > at + _CLOCKS_DIFFER:
        _take_back(store, case, office, at=at)


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
