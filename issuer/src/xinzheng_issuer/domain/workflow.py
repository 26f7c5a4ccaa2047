"""The life of one certificate, from application to its end, as one table.

`TRANSITIONS` is the whole state machine: a step that is not in it cannot happen. Every step names its actor, its
time and, where the table says so, its reason; the register appends it to the transition log
in the transaction that takes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from xinzheng_issuer.domain.labels import ACTIONS, ROLES, STATES, listed
from xinzheng_issuer.errors import WorkflowError


class State(StrEnum):
    """Where a case stands."""

    APPLIED = "applied"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    MASKING_CONFIRMED = "maskingConfirmed"
    APPROVED = "approved"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


OPEN_STATES = frozenset({State.APPLIED, State.MASKING_CONFIRMED, State.APPROVED})
"""An application is under way; at most one per entry."""

LIVE_STATES = frozenset({State.ACTIVE, State.SUSPENDED})
"""A certificate is out and not at its end; at most one per entry."""


class Role(StrEnum):
    """Who takes a step. `SYSTEM` and `CLOCK` are the issuer itself and can never be given to a person."""

    CLERK = "clerk"
    JUDGE = "judge"
    APPROVER = "approver"
    VICE_PRESIDENT = "vicePresident"
    SEAL_OPERATOR = "sealOperator"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"
    CLOCK = "clock"


PERSONAL_ROLES = tuple(role for role in Role if role not in {Role.SYSTEM, Role.CLOCK})
"""The roles that a person's API token may bear."""


class Action(StrEnum):
    """What is done to a case."""

    REGISTER = "register"
    RETURN = "return"
    WITHDRAW = "withdraw"
    REJECT = "reject"
    CONFIRM_MASKING = "confirmMasking"
    RENEW_LIST_CHECK = "renewListCheck"
    APPROVE = "approve"
    SEND_BACK = "sendBack"
    ISSUE = "issue"
    SUSPEND = "suspend"
    PROPOSE_REINSTATEMENT = "proposeReinstatement"
    REINSTATE = "reinstate"
    REVOKE = "revoke"
    EXPIRE = "expire"
    RESUME = "resume"
    SUPERSEDE = "supersede"
    REISSUE = "reissue"
    DROP_REISSUE = "dropReissue"


@dataclass(frozen=True)
class Actor:
    """Who acts, in which roles.

    Attributes:
        id: identifier in the register; "system" and "clock" for the issuer itself.
        name: as the log shows it.
        roles: one or several.
    """

    id: str
    name: str
    roles: frozenset[Role]


SYSTEM = Actor(id="system", name="system", roles=frozenset({Role.SYSTEM}))
CLOCK = Actor(id="clock", name="clock", roles=frozenset({Role.CLOCK}))


@dataclass(frozen=True)
class Transition:
    """One row of the state machine.

    Attributes:
        action: what is done.
        sources: the states it may be done in; None is "no case yet".
        target: the state it leads to; None keeps the state.
        roles: who may do it.
        reason: True if a written reason is required.
        second_person: True if it must not be done by the person of the step before it (four eyes).
        refusal: the code for a case in any other state.
    """

    action: Action
    sources: frozenset[State | None]
    target: State | None
    roles: frozenset[Role]
    reason: bool = False
    second_person: bool = False
    refusal: str = "transition_not_allowed"


_BUREAU = frozenset({Role.APPROVER, Role.VICE_PRESIDENT})

TRANSITIONS: Mapping[Action, Transition] = MappingProxyType(
    {
        row.action: row
        for row in (
            Transition(Action.REGISTER, frozenset({None}), State.APPLIED, frozenset({Role.CLERK})),
            Transition(Action.RETURN, frozenset({State.APPLIED}), State.RETURNED, frozenset({Role.CLERK}), reason=True),
            Transition(
                Action.WITHDRAW, frozenset({State.APPLIED}), State.WITHDRAWN, frozenset({Role.CLERK}), reason=True
            ),
            Transition(Action.REJECT, frozenset({State.APPLIED}), State.REJECTED, frozenset({Role.JUDGE}), reason=True),
            Transition(
                Action.CONFIRM_MASKING, frozenset({State.APPLIED}), State.MASKING_CONFIRMED, frozenset({Role.JUDGE})
            ),
            Transition(
                Action.RENEW_LIST_CHECK,
                frozenset({State.MASKING_CONFIRMED, State.APPROVED}),
                None,
                frozenset({Role.CLERK, Role.JUDGE}),
            ),
            Transition(
                Action.APPROVE, frozenset({State.MASKING_CONFIRMED}), State.APPROVED, _BUREAU, second_person=True
            ),
            Transition(
                Action.SEND_BACK,
                frozenset({State.MASKING_CONFIRMED, State.APPROVED}),
                State.APPLIED,
                _BUREAU | {Role.SYSTEM},
                reason=True,
            ),
            Transition(
                Action.ISSUE,
                frozenset({State.APPROVED}),
                State.ACTIVE,
                frozenset({Role.SEAL_OPERATOR, Role.SYSTEM}),
                refusal="not_approved",
            ),
            Transition(
                Action.SUSPEND,
                frozenset({State.ACTIVE}),
                State.SUSPENDED,
                frozenset({Role.CLERK, Role.JUDGE, Role.SYSTEM}),
                reason=True,
            ),
            Transition(
                Action.PROPOSE_REINSTATEMENT,
                frozenset({State.SUSPENDED}),
                None,
                frozenset({Role.JUDGE}),
                reason=True,
            ),
            Transition(
                Action.REINSTATE,
                frozenset({State.SUSPENDED}),
                State.ACTIVE,
                _BUREAU,
                reason=True,
                second_person=True,
            ),
            Transition(
                Action.REVOKE,
                LIVE_STATES,
                State.REVOKED,
                _BUREAU | {Role.JUDGE, Role.SYSTEM},
                reason=True,
            ),
            Transition(Action.EXPIRE, LIVE_STATES, State.EXPIRED, frozenset({Role.CLOCK})),
            # An end that lies ahead has not come: a clock that was ahead took that step. Nothing else leaves `expired`.
            Transition(Action.RESUME, frozenset({State.EXPIRED}), State.ACTIVE, frozenset({Role.CLOCK})),
            Transition(
                Action.SUPERSEDE, frozenset({State.EXPIRED}), State.REVOKED, frozenset({Role.SYSTEM}), reason=True
            ),
            # A compromised key's certificates are made anew on what was approved for them; an administrator orders it.
            Transition(Action.REISSUE, frozenset({None}), State.APPROVED, frozenset({Role.ADMINISTRATOR}), reason=True),
            Transition(
                Action.DROP_REISSUE, frozenset(OPEN_STATES), State.WITHDRAWN, frozenset({Role.SYSTEM}), reason=True
            ),
        )
    }
)


def follow(
    action: Action,
    *,
    state: State | None,
    actor: Actor,
    reason: str | None = None,
    first_person: str | None = None,
    senior: bool = False,
) -> State:
    """Decide one step.

    Args:
        action: what is to be done.
        state: where the case stands; None before it exists.
        actor: who does it.
        reason: the written reason, if there is one.
        first_person: id of the person whose step this one seconds (confirming judge, proposing judge).
        senior: True if the court asks for its vice-president here (conditional masking, early deletion).

    Returns:
        The state the case is in afterwards.

    Raises:
        WorkflowError: `role_not_allowed`, `transition_not_allowed` or `not_approved`, `self_approval`,
            `reinstatement_not_proposed`, `senior_approval_required`, `reason_missing`.
    """
    row = TRANSITIONS[action]
    if not row.roles & actor.roles:
        raise WorkflowError(
            "role_not_allowed", action=ACTIONS[action], roles=listed(ROLES, row.roles), held=listed(ROLES, actor.roles)
        )
    if state not in row.sources:
        raise WorkflowError(
            row.refusal,
            field="state",
            action=ACTIONS[action],
            state=STATES[state or "none"],
            allowed=listed(STATES, (source or "none" for source in row.sources)),
        )
    if row.second_person:
        _require_second_person(action, actor=actor, first_person=first_person)
    if senior and action is Action.APPROVE and Role.VICE_PRESIDENT not in actor.roles:
        raise WorkflowError("senior_approval_required", action=ACTIONS[action], roles=ROLES[Role.VICE_PRESIDENT])
    if row.reason and not (reason and reason.strip()):
        raise WorkflowError("reason_missing", field="reason", action=ACTIONS[action])
    target = row.target or state
    if target is None:  # pragma: no cover - no row keeps the state of a case that does not exist
        raise AssertionError(action)
    return target


def _require_second_person(action: Action, *, actor: Actor, first_person: str | None) -> None:
    if first_person is None:
        raise WorkflowError("reinstatement_not_proposed", field="state", action=ACTIONS[action])
    if first_person == actor.id:
        raise WorkflowError("self_approval", action=ACTIONS[action], actor=actor.name)
