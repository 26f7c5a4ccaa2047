"""The state machine as a table: every state, action and role, against a list that is written here by hand."""

import itertools

import pytest

from xinzheng_issuer.domain.workflow import (
    CLOCK,
    PERSONAL_ROLES,
    SYSTEM,
    TRANSITIONS,
    Action,
    Actor,
    Role,
    State,
    follow,
)
from xinzheng_issuer.errors import WorkflowError

# from, action, to, who; "-" before there is a case.
ALLOWED = """
-                 register              applied           clerk
applied           return                returned          clerk
applied           withdraw              withdrawn         clerk
applied           reject                rejected          judge
applied           confirmMasking        maskingConfirmed  judge
maskingConfirmed  renewListCheck        maskingConfirmed  clerk judge
approved          renewListCheck        approved          clerk judge
maskingConfirmed  approve               approved          approver vicePresident
maskingConfirmed  sendBack              applied           approver vicePresident system
approved          sendBack              applied           approver vicePresident system
approved          issue                 active            sealOperator system
active            suspend               suspended         clerk judge system
suspended         proposeReinstatement  suspended         judge
suspended         reinstate             active            approver vicePresident
active            revoke                revoked           judge approver vicePresident system
suspended         revoke                revoked           judge approver vicePresident system
active            expire                expired           clock
suspended         expire                expired           clock
expired           resume                active            clock
expired           supersede             revoked           system
-                 reissue               approved          administrator
applied           dropReissue           withdrawn         system
maskingConfirmed  dropReissue           withdrawn         system
approved          dropReissue           withdrawn         system
"""
EXPECTED: dict[tuple[State | None, Action, Role], State] = {
    (None if source == "-" else State(source), Action(action), Role(role)): State(target)
    for source, action, target, *roles in (line.split() for line in ALLOWED.strip().splitlines())
    for role in roles
}
STATES: list[State | None] = [None, *State]


def actor(role: Role, name: str = "ada") -> Actor:
    return Actor(name, name, frozenset({role}))


@pytest.mark.parametrize(("state", "action"), list(itertools.product(STATES, Action)))
def test_every_state_action_and_role(state: State | None, action: Action) -> None:
    for role in Role:
        wanted = EXPECTED.get((state, action, role))
        if wanted is not None:
            assert follow(action, state=state, actor=actor(role), reason="a reason", first_person="bo") is wanted
            continue
        with pytest.raises(WorkflowError) as refusal:
            follow(action, state=state, actor=actor(role), reason="a reason", first_person="bo")
        assert refusal.value.code in {"role_not_allowed", "transition_not_allowed", "not_approved"}


def test_what_is_final_stays_final() -> None:
    final = {State.RETURNED, State.REJECTED, State.WITHDRAWN, State.REVOKED, State.EXPIRED}
    leaving = [row for row in TRANSITIONS.values() if row.sources & final]
    # An end that has not come, which a clock that was ahead took: nobody takes these two steps, and nothing else does.
    assert {row.action for row in leaving} == {Action.RESUME, Action.SUPERSEDE}
    assert {*leaving[0].sources, *leaving[1].sources} == {State.EXPIRED}
    assert {*leaving[0].roles, *leaving[1].roles} == {Role.CLOCK, Role.SYSTEM}


@pytest.mark.parametrize("action", [action for action, row in TRANSITIONS.items() if row.reason])
@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_a_step_that_needs_a_reason_is_refused_without_one(action: Action, reason: str | None) -> None:
    row = TRANSITIONS[action]
    with pytest.raises(WorkflowError) as refusal:
        follow(
            action,
            state=min(filter(None, row.sources), default=None),
            actor=actor(min(row.roles)),
            reason=reason,
            first_person="bo",
        )
    assert (refusal.value.code, refusal.value.field) == ("reason_missing", "reason")


@pytest.mark.parametrize(
    ("action", "state"), [(Action.APPROVE, State.MASKING_CONFIRMED), (Action.REINSTATE, State.SUSPENDED)]
)
def test_four_eyes(action: Action, state: State) -> None:
    both = Actor("ada", "Ada", frozenset({Role.JUDGE, Role.APPROVER}))
    with pytest.raises(WorkflowError) as refusal:
        follow(action, state=state, actor=both, reason="a reason", first_person="ada")
    assert refusal.value.code == "self_approval"
    assert "Ada" in str(refusal.value)


def test_nobody_reinstates_what_no_judge_has_proposed() -> None:
    with pytest.raises(WorkflowError) as refusal:
        follow(Action.REINSTATE, state=State.SUSPENDED, actor=actor(Role.APPROVER), reason="a reason")
    assert refusal.value.code == "reinstatement_not_proposed"


def test_conditional_and_early_cases_go_to_the_vice_president() -> None:
    step = {"state": State.MASKING_CONFIRMED, "first_person": "bo", "senior": True}
    with pytest.raises(WorkflowError) as refusal:
        follow(Action.APPROVE, actor=actor(Role.APPROVER), **step)  # type: ignore[arg-type]
    assert refusal.value.code == "senior_approval_required"
    assert follow(Action.APPROVE, actor=actor(Role.VICE_PRESIDENT), **step) is State.APPROVED  # type: ignore[arg-type]


def test_several_roles_add_up() -> None:
    both = Actor("ada", "Ada", frozenset({Role.CLERK, Role.SEAL_OPERATOR}))
    assert follow(Action.REGISTER, state=None, actor=both) is State.APPLIED
    assert follow(Action.ISSUE, state=State.APPROVED, actor=both) is State.ACTIVE


def test_no_person_can_be_the_system_or_the_clock() -> None:
    assert not {Role.SYSTEM, Role.CLOCK} & set(PERSONAL_ROLES)
    assert SYSTEM.roles == {Role.SYSTEM}
    assert CLOCK.roles == {Role.CLOCK}


def test_a_refusal_names_what_was_expected() -> None:
    with pytest.raises(WorkflowError) as refusal:
        follow(Action.ISSUE, state=State.APPLIED, actor=actor(Role.SEAL_OPERATOR))
    assert refusal.value.code == "not_approved"
    assert "applied" in str(refusal.value)
    assert "approved" in str(refusal.value)
    assert "批准" in refusal.value.message("zh")
