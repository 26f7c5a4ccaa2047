"""One step of the workflow as the register takes it: state, log row and outbox entry in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import LIVE_STATES, Action, Actor, State, follow
from xinzheng_issuer.errors import WorkflowError
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, RefusalRecord, TransitionRecord

_log = structlog.get_logger("xinzheng.workflow")

_PUBLIC_ACTIONS = frozenset(
    {Action.ISSUE, Action.SUSPEND, Action.REINSTATE, Action.REVOKE, Action.EXPIRE, Action.SUPERSEDE}
)
"""Steps that the published lists must show."""

_STATUS_OF_STATE = {State.REVOKED: "revocation", State.SUSPENDED: "suspension"}
"""The list in which a certificate's bit is set while its case is in a state."""


def take_step(
    store: Store,
    case: Case,
    action: Action,
    actor: Actor,
    *,
    at: datetime,
    reason: str | None = None,
    note: str | None = None,
    first_person: str | None = None,
    senior: bool = False,
    publish: bool = True,
) -> None:
    """Move a case by one step and append the step to the log.

    Args:
        store: the open transaction.
        case: the case; a new one has no state ("").
        action: what is done.
        actor: who does it.
        at: when.
        reason: written reason.
        note: more words, for the log alone.
        first_person: whose step this one seconds.
        senior: whether the vice-president is needed.
        publish: False if the caller makes one outbox entry for many steps.

    Raises:
        WorkflowError: the workflow does not allow the step; nothing was changed.
    """
    before = State(case.state) if case.state else None
    after = follow(action, state=before, actor=actor, reason=reason, first_person=first_person, senior=senior)
    case.state = after
    case.version += 1
    if action is not Action.PROPOSE_REINSTATEMENT:
        case.reinstatement_proposed_by = None
    store.add_case(case)
    store.add(
        TransitionRecord(
            court_id=store.court_id,
            case_id=case.id,
            action=action,
            from_state=before,
            to_state=after,
            actor_id=actor.id,
            actor_name=actor.name,
            at=at,
            reason=reason,
            note=note,
        )
    )
    _note_status(store, case, before, after, at=at)
    if publish and action in _PUBLIC_ACTIONS:
        store.enqueue_publication(action, at=at)


def _note_status(store: Store, case: Case, before: State | None, after: State, *, at: datetime) -> None:
    """What a step sets or clears in the status lists."""
    for state, purpose in _STATUS_OF_STATE.items():
        if (before is state) == (after is state):
            continue
        certificate = store.certificate_of(case.id)
        if certificate is None:  # pragma: no cover - only certificates are suspended and revoked
            raise AssertionError(case.id)
        store.note_status_change(certificate, purpose, is_set=after is state, at=at)


def shown_state(case: Case, *, at: datetime) -> State:
    """The state of a case at a moment, whether or not the clock's step is already in the register."""
    state = State(case.state)
    if state in LIVE_STATES and case.valid_until is not None and case.valid_until < at:
        return State.EXPIRED
    return state


@contextmanager
def refusals_logged(office: Office, case_id: str, action: Action, actor: Actor) -> Iterator[None]:
    """Keep what the workflow refuses: a row of its own, for the step's transaction is undone.

    Args:
        office: the court at work.
        case_id: the case.
        action: what is tried.
        actor: who tries.
    """
    try:
        yield
    except WorkflowError as error:
        _log.warning("step_refused", case=case_id, action=action, code=error.code, actor=actor.id)
        with office.writing() as store:
            store.add(
                RefusalRecord(
                    court_id=store.court_id,
                    case_id=case_id,
                    action=action,
                    code=error.code,
                    actor_id=actor.id,
                    actor_name=actor.name,
                    at=office.clock(),
                )
            )
        raise
