"""The steps after a certificate is out: suspending, reinstating by two people, revoking."""

from datetime import datetime

import structlog

from xinzheng_issuer.casework.ends import expire_due, take_back_for_a_person
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.casework.replaced import send_back_open
from xinzheng_issuer.casework.steps import refusals_logged, shown_state, take_step
from xinzheng_issuer.domain.workflow import SYSTEM, Action, Actor, Role, State, follow
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, Certificate, TransitionRecord
from xinzheng_schemas.vocabulary import RevocationReason

_log = structlog.get_logger("xinzheng.issuing")


def suspend(number: str, office: Office, actor: Actor, *, reason: str, note: str | None) -> tuple[Certificate, Case]:
    """Take a certificate out of force until somebody has looked.

    Raises:
        RegisterError: `certificate_not_found`.
        WorkflowError: state, role, `reason_missing`.
    """
    return _step(number, Action.SUSPEND, office, actor, reason=reason, note=note)


def reinstate(number: str, office: Office, actor: Actor, *, reason: str, note: str | None) -> tuple[Certificate, Case]:
    """Bring a suspended certificate back: a judge proposes, then another person (approver) confirms.

    Whoever may confirm does so if a proposal lies open; a judge without such a role proposes.

    Raises:
        RegisterError: `certificate_not_found`.
        WorkflowError: state, role, `reinstatement_not_proposed`, `self_approval`, `reason_missing`.
    """
    confirms = bool(actor.roles & {Role.APPROVER, Role.VICE_PRESIDENT}) or Role.JUDGE not in actor.roles
    action = Action.REINSTATE if confirms else Action.PROPOSE_REINSTATEMENT
    return _step(number, action, office, actor, reason=reason, note=note)


def revoke(
    number: str, office: Office, actor: Actor, *, reason: RevocationReason, note: str | None
) -> tuple[Certificate, Case]:
    """End a certificate for good (撤销证明). The reason stays in the register; the public list shows a bit.

    An application for the same entry that is confirmed or approved goes back to the judge.

    Raises:
        RegisterError: `certificate_not_found`.
        WorkflowError: state or role.
    """
    return _step(number, Action.REVOKE, office, actor, reason=reason, note=note)


def revoke_case(
    store: Store,
    case: Case,
    actor: Actor,
    *,
    reason: RevocationReason,
    at: datetime,
    note: str,
    publish: bool = True,
) -> None:
    """Revoke within a transaction that is already open: superseding and the re-listing feed.

    Raises:
        WorkflowError: state or role.
    """
    take_step(store, case, Action.REVOKE, actor, at=at, reason=reason, note=note, publish=publish)
    case.revocation_reason = reason


def void_certificate(store: Store, certificate_id: str, *, reason: str, at: datetime) -> Case | None:
    """Burn a recorded number and index; the revocation bit of the index is set from here on.

    Args:
        store: an open transaction.
        certificate_id: of the certificate; one that is issued or void stays as it is.
        reason: a code.
        at: when.

    Returns:
        Its case; None if it stays as it is.
    """
    certificate = store.certificate(certificate_id, lock=True)
    if certificate.issued_at is not None or certificate.voided_at is not None:
        return None
    case = store.case(certificate.case_id, lock=True)
    certificate.voided_at = at
    certificate.void_reason = reason
    store.note_status_change(certificate, "revocation", is_set=True, at=at)
    store.add(
        TransitionRecord(
            court_id=store.court_id,
            case_id=case.id,
            action="void",
            from_state=case.state,
            to_state=case.state,
            actor_id=SYSTEM.id,
            actor_name=SYSTEM.name,
            at=at,
            reason=reason,
            note=certificate.number,
        )
    )
    store.enqueue_publication("void", at=at)
    _log.warning("certificate_voided", number=certificate.number, reason=reason)
    return case


def set_proposal_aside(store: Store, case: Case, *, at: datetime, note: str) -> None:
    """A listing came in after a judge proposed to reinstate: the proposal knew nothing of it and must be made anew."""
    case.reinstatement_proposed_by = None
    case.version += 1
    store.add_case(case)
    store.add(
        TransitionRecord(
            court_id=store.court_id,
            case_id=case.id,
            action="setProposalAside",
            from_state=case.state,
            to_state=case.state,
            actor_id=SYSTEM.id,
            actor_name=SYSTEM.name,
            at=at,
            reason=RevocationReason.RELISTED,
            note=note,
        )
    )


def _step(
    number: str, action: Action, office: Office, actor: Actor, *, reason: str, note: str | None
) -> tuple[Certificate, Case]:
    now = office.clock()
    with office.reading() as store:
        case_id = store.issued_certificate(number)[1].id
    with office.writing() as store:
        expire_due(store, office, at=now)
    with refusals_logged(office, case_id, action, actor), office.writing() as store:
        if action is Action.REVOKE:
            store.hold_feed()
        certificate, case = store.issued_certificate(number, lock=True)
        take_back_for_a_person(store, case, office, at=now)
        if shown_state(case, at=now) is State.EXPIRED:
            # Another transaction held it when the clock's step was due.
            follow(action, state=State.EXPIRED, actor=actor, reason=reason)
        take_step(
            store,
            case,
            action,
            actor,
            at=now,
            reason=reason,
            note=note,
            first_person=case.reinstatement_proposed_by,
        )
        if action is Action.PROPOSE_REINSTATEMENT:
            case.reinstatement_proposed_by = actor.id
        if action is Action.REVOKE:
            case.revocation_reason = reason
            send_back_open(store, case, number, reason=reason, at=now)
    return certificate, case
