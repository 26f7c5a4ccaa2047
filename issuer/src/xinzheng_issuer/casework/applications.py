"""The steps before a certificate exists: registering, confirming, approving, and every way back."""

import hashlib
import json
from datetime import datetime

from xinzheng_issuer.casework.ends import expire_due
from xinzheng_issuer.casework.intake import read_application
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.casework.replaced import require_confirmed_since, revocation_problems
from xinzheng_issuer.casework.requests import ApplicationRequest
from xinzheng_issuer.casework.steps import refusals_logged, take_step
from xinzheng_issuer.domain.case import Listing, Masking
from xinzheng_issuer.domain.rules import check_masking, check_renewed_look_up, needs_senior_approval
from xinzheng_issuer.domain.workflow import LIVE_STATES, OPEN_STATES, Action, Actor, State, follow
from xinzheng_issuer.errors import RefusalError, RegisterError, WorkflowError
from xinzheng_issuer.feed.matching import look_up_problems
from xinzheng_issuer.issuing.credential import check_draft
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
)

_NOT_APPROVED_CONTENT = frozenset(
    {
        "state",
        "version",
        "list_checked_at",
        "approved_by",
        "approval_opinion",
        "approved_draft_sha256",
        "reinstatement_proposed_by",
        "revocation_reason",
        "valid_until",
    }
)
"""Columns that may move after the approval without touching what was approved."""


def register_application(request: ApplicationRequest, office: Office, actor: Actor) -> Case:
    """Open a case.

    Args:
        request: what the clerk typed.
        office: the court at work.
        actor: the clerk.

    Returns:
        The case in state `applied`.

    Raises:
        RefusalError: problems of the application.
        RegisterError: `application_open`, `certificate_active`, `certificate_suspended`, `supersede_mismatch`,
            `supersede_same_purpose`, `case_taken`.
        WorkflowError: the actor may not register.
    """
    follow(Action.REGISTER, state=None, actor=actor)
    subject, identity, listing, use = read_application(request, office)
    now = office.clock()
    case = Case(
        court_id=office.court.id,
        state="",
        version=0,
        registered_at=now,
        name=subject.name,
        subject_kind=subject.kind.value,
        id_type=subject.id_type.value,
        masked_id_number=subject.masked_id_number,
        unified_social_credit_code=subject.unified_social_credit_code,
        id_commitment=subject.id_commitment,
        identity_key=office.identity_keys.of(identity),
        alias_key=office.identity_keys.alias_of(identity),
        check_digit_override=request.check_digit_override,
        agent_name=request.agent_name,
        agent_authority=request.agent_authority,
        papers=list(request.papers),
        case_number=listing.case_number,
        original_case_numbers=list(listing.original_case_numbers),
        basis_number=listing.basis_number,
        basis_issuing_body=listing.basis_issuing_body,
        filed_on=listing.filed_on,
        published_on=listing.published_on,
        grounds=[ground.value for ground in listing.grounds],
        term_end=listing.term_end,
        purposes=[purpose.value for purpose in use.purposes],
        purpose_text=use.text,
    )
    with office.writing() as store:
        expire_due(store, office, at=now)
        case.supersedes_case_id = _superseded(store, case, request.supersedes)
        take_step(store, case, Action.REGISTER, actor, at=now)
    return case


def confirm_masking(case_id: str, masking: Masking, office: Office, actor: Actor) -> Case:
    """The enforcement judge confirms that the entry was masked, on what ground, and that it is off the list.

    Raises:
        RegisterError: `application_not_found`.
        RefusalError: problems of the confirmation.
        IssuingError: `qr_too_large`.
        WorkflowError: state or role.
    """
    now = office.clock()
    with refusals_logged(office, case_id, Action.CONFIRM_MASKING, actor), office.writing() as store:
        store.hold_feed_still()
        case = store.case(case_id, lock=True)
        take_step(store, case, Action.CONFIRM_MASKING, actor, at=now)
        problems = check_masking(listing_of(case), masking, office.policy, now=now)
        problems += look_up_problems(
            store, case, office, checked_at=masking.list_checked_at, masked_on=masking.masked_on
        )
        if problems := problems or revocation_problems(store, case, masking):
            raise RefusalError(problems)
        case.masking_serial = masking.serial
        case.masked_on = masking.masked_on
        case.masking_approved_on = masking.approved_on
        case.masking_ground = masking.ground.value
        case.conditional = masking.conditional
        case.performance = masking.performance.value
        case.consumption_restriction = masking.consumption_restriction.value
        case.evidence = masking.evidence
        case.list_checked_at = masking.list_checked_at
        case.confirmed_by = actor.id
        check_draft(case, office.court, at=now)
    return case


def renew_list_check(case_id: str, checked_at: datetime, evidence: str, office: Office, actor: Actor) -> Case:
    """The entry was looked up again: what was confirmed too long ago can be issued after all.

    Raises:
        RegisterError: `application_not_found`, `superseded_revoked`.
        RefusalError: `list_check_stale`, `list_check_in_future`, `list_check_before_masking`, `list_check_not_newer`,
            `list_check_before_relisting`.
        WorkflowError: state or role.
    """
    now = office.clock()
    with refusals_logged(office, case_id, Action.RENEW_LIST_CHECK, actor), office.writing() as store:
        store.hold_feed_still()
        case = store.case(case_id, lock=True)
        take_step(store, case, Action.RENEW_LIST_CHECK, actor, at=now, note=evidence)
        problems = check_renewed_look_up(checked_at, masking_of(case), office.policy, now=now)
        if problems := problems + look_up_problems(store, case, office, checked_at=checked_at):
            raise RefusalError(problems)
        require_confirmed_since(store, case)
        case.list_checked_at = checked_at
    return case


def approve(case_id: str, opinion: str, read_sha256: str, office: Office, actor: Actor) -> Case:
    """Somebody other than the confirming judge approves; what was approved is fixed by its digest.

    Args:
        case_id: the case.
        opinion: of the approver.
        read_sha256: `draft_sha256` of the case as the approver read it: an approval says yes to that and to nothing
            that came in its place since.
        office: the court at work.
        actor: the approver.

    Raises:
        RegisterError: `application_not_found`, `superseded_revoked`.
        WorkflowError: state, role, `self_approval`, `senior_approval_required`, `draft_changed`.
    """
    now = office.clock()
    with refusals_logged(office, case_id, Action.APPROVE, actor), office.writing() as store:
        case = store.case(case_id, lock=True)
        senior = case.masking_ground is not None and needs_senior_approval(masking_of(case), office.policy)
        take_step(
            store, case, Action.APPROVE, actor, at=now, note=opinion, first_person=case.confirmed_by, senior=senior
        )
        require_confirmed_since(store, case)
        case.approved_draft_sha256 = draft_sha256(case)
        if read_sha256 != case.approved_draft_sha256:
            raise WorkflowError("draft_changed", field="draftSha256")
        case.approved_by = actor.id
        case.approval_opinion = opinion
    return case


def put_back(case_id: str, action: Action, reason: str, office: Office, actor: Actor) -> Case:
    """Return, withdraw, reject or send back a case, with a written reason.

    Raises:
        RegisterError: `application_not_found`.
        WorkflowError: state, role, `reason_missing`.
    """
    now = office.clock()
    with refusals_logged(office, case_id, action, actor), office.writing() as store:
        case = store.case(case_id, lock=True)
        take_step(store, case, action, actor, at=now, reason=reason)
    return case


def draft_sha256(case: Case) -> str:
    """Digest of everything in a case that an approval covers."""
    content = case.model_dump(mode="json", exclude=set(_NOT_APPROVED_CONTENT))
    if case.reissues_key is None:
        # What was approved before the register had this column keeps its digest.
        del content["reissues_key"]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def listing_of(case: Case) -> Listing:
    """The entry of a case."""
    return Listing(
        case_number=case.case_number,
        original_case_numbers=tuple(case.original_case_numbers),
        basis_number=case.basis_number,
        basis_issuing_body=case.basis_issuing_body,
        filed_on=case.filed_on,
        published_on=case.published_on,
        grounds=tuple(ListingGround(ground) for ground in case.grounds),
        term_end=case.term_end,
    )


def masking_of(case: Case) -> Masking:
    """The confirmed masking of a case.

    Raises:
        ValueError: no masking is confirmed.
    """
    if (
        case.masking_serial is None
        or case.masked_on is None
        or case.masking_approved_on is None
        or case.list_checked_at is None
    ):
        raise ValueError("no masking is confirmed")
    return Masking(
        serial=case.masking_serial,
        masked_on=case.masked_on,
        approved_on=case.masking_approved_on,
        ground=MaskingGround(case.masking_ground or ""),
        conditional=bool(case.conditional),
        performance=PerformanceStatus(case.performance or ""),
        consumption_restriction=ConsumptionRestrictionStatus(case.consumption_restriction or ""),
        evidence=case.evidence or "",
        list_checked_at=case.list_checked_at,
    )


def _superseded(store: Store, case: Case, number: str | None) -> str | None:
    """The live case that a new one is to replace; refuses a second application that does not say so."""
    rows = store.cases_of_entry(case_number=case.case_number, identity_key=case.identity_key)
    if other := next((row for row in rows if row.state in OPEN_STATES), None):
        raise RegisterError("application_open", field="enforcementCaseNumber", application=other.id)
    live = next((row for row in rows if row.state in LIVE_STATES), None)
    certificate = store.certificate_of(live.id) if live else None
    if live is None or certificate is None:
        if number is not None:
            raise RegisterError("supersede_mismatch", field="supersedes", number=number, expected="—")
        return None
    if number is None:
        raise RegisterError("certificate_active", field="enforcementCaseNumber", number=certificate.number)
    if number != certificate.number:
        raise RegisterError("supersede_mismatch", field="supersedes", number=number, expected=certificate.number)
    if live.state == State.SUSPENDED:
        raise RegisterError("certificate_suspended", field="supersedes", number=certificate.number)
    if not _new_purpose(case, live):
        raise RegisterError("supersede_same_purpose", field="purpose", number=certificate.number)
    return live.id


def _new_purpose(new: Case, old: Case) -> bool:
    return not set(new.purposes) <= set(old.purposes) or (
        Purpose.OTHER in new.purposes and new.purpose_text != old.purpose_text
    )
