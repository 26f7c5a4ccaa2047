"""`/api/v1/applications`: from the request to the certificate."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from xinzheng_issuer.api.dependencies import CurrentActor, CurrentIssuer, PageLimit, PageOffset, ReaderLanguage
from xinzheng_issuer.api.present import application_out, application_with_log_out, certificate_out
from xinzheng_issuer.api.problems import responses
from xinzheng_issuer.api.strict_route import StrictRoute
from xinzheng_issuer.api.wire import (
    ApplicationIn,
    ApplicationOut,
    ApplicationsOut,
    ApplicationWithLogOut,
    ApprovalIn,
    CertificateOut,
    IssuanceIn,
    ListCheckIn,
    MaskingConfirmationIn,
    ReasonIn,
)
from xinzheng_issuer.casework import applications
from xinzheng_issuer.casework.requests import ApplicationRequest
from xinzheng_issuer.domain.case import Masking
from xinzheng_issuer.domain.workflow import Action, State
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.register.tables import Case

_STEP = responses(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)

router = APIRouter(prefix="/api/v1/applications", tags=["applications"], route_class=StrictRoute)


@router.post("", status_code=HTTPStatus.CREATED, responses=_STEP, summary="Register an application")
def register(body: ApplicationIn, issuer: CurrentIssuer, actor: CurrentActor) -> ApplicationOut:
    """The clerk registers what the debtor or an agent asks for. Role: clerk."""
    request = ApplicationRequest(
        name=body.name,
        subject_kind=body.subject_kind,
        id_type=body.id_type,
        id_number=body.id_number,
        check_digit_override=body.check_digit_override,
        enforcement_case_number=body.enforcement_case_number,
        original_case_numbers=tuple(body.original_case_number),
        basis_number=body.enforcement_basis_number,
        basis_issuing_body=body.basis_issuing_body,
        case_filed_date=body.case_filed_date,
        listing_published_date=body.listing_published_date,
        listing_grounds=tuple(dict.fromkeys(body.listing_ground)),
        listing_term_end=body.listing_term_end,
        purposes=tuple(dict.fromkeys(body.purpose)),
        purpose_text=body.purpose_text,
        agent_name=body.agent.name if body.agent else None,
        agent_authority=body.agent.authority if body.agent else None,
        papers=tuple(body.papers),
        supersedes=body.supersedes,
    )
    return _shown(issuer, applications.register_application(request, issuer.office, actor))


@router.get("", responses=responses(HTTPStatus.UNAUTHORIZED), summary="List applications")
def listing(
    issuer: CurrentIssuer,
    _actor: CurrentActor,
    state: Annotated[State | None, Query(description="Only cases in this state.")] = None,
    offset: PageOffset = 0,
    limit: PageLimit = 50,
) -> ApplicationsOut:
    """The court's cases, newest first."""
    now = issuer.office.clock()
    with issuer.office.reading() as store:
        cases = store.cases(state=state, offset=offset, limit=limit)
        return ApplicationsOut(
            items=[application_out(case, store, at=now) for case in cases], offset=offset, limit=limit
        )


@router.get(
    "/{application_id}",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND),
    summary="Read an application with its log",
)
def read(application_id: str, issuer: CurrentIssuer, _actor: CurrentActor) -> ApplicationWithLogOut:
    """One case, every step that was taken, and every step that was refused."""
    with issuer.office.reading() as store:
        return application_with_log_out(store.case(application_id), store, at=issuer.office.clock())


@router.post("/{application_id}/masking-confirmation", responses=_STEP, summary="Confirm the masking")
def confirm_masking(
    application_id: str, body: MaskingConfirmationIn, issuer: CurrentIssuer, actor: CurrentActor
) -> ApplicationOut:
    """The enforcement judge confirms that the entry was masked and is off the list. Role: judge."""
    masking = Masking(
        serial=body.masking_serial,
        masked_on=body.masked_at,
        approved_on=body.approved_at,
        ground=body.masking_ground,
        conditional=body.conditional,
        performance=body.performance_status,
        consumption_restriction=body.consumption_restriction_status,
        evidence=body.evidence,
        list_checked_at=body.list_checked_at,
    )
    return _shown(issuer, applications.confirm_masking(application_id, masking, issuer.office, actor))


@router.post("/{application_id}/list-check", responses=_STEP, summary="Renew the look-up of the public list")
def renew_list_check(
    application_id: str, body: ListCheckIn, issuer: CurrentIssuer, actor: CurrentActor
) -> ApplicationOut:
    """The entry was looked up again; the seal needs a recent look-up. Roles: clerk, judge."""
    case = applications.renew_list_check(application_id, body.list_checked_at, body.evidence, issuer.office, actor)
    return _shown(issuer, case)


@router.post("/{application_id}/approval", responses=_STEP, summary="Approve")
def approve(application_id: str, body: ApprovalIn, issuer: CurrentIssuer, actor: CurrentActor) -> ApplicationOut:
    """Somebody other than the confirming judge approves what was read. Roles: approver, vicePresident."""
    case = applications.approve(application_id, body.opinion, body.draft_sha256, issuer.office, actor)
    return _shown(issuer, case)


@router.post(
    "/{application_id}/issuance",
    status_code=HTTPStatus.CREATED,
    responses=_STEP | responses(HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE),
    summary="Sign and seal",
)
def issue(
    application_id: str,
    issuer: CurrentIssuer,
    actor: CurrentActor,
    language: ReaderLanguage,
    _body: IssuanceIn | None = None,
) -> CertificateOut:
    """Record, lint, sign, verify, hand over. Role: sealOperator."""
    certificate, case = issuer.cycle.issue(application_id, actor)
    publication = issuer.outbox.settle()
    return certificate_out(certificate, case, language, at=issuer.office.clock(), publication=publication)


@router.post("/{application_id}/return", responses=_STEP, summary="Return incomplete papers")
def return_papers(application_id: str, body: ReasonIn, issuer: CurrentIssuer, actor: CurrentActor) -> ApplicationOut:
    """The papers go back; a completed application is registered anew. Role: clerk."""
    return _shown(issuer, applications.put_back(application_id, Action.RETURN, body.reason, issuer.office, actor))


@router.post("/{application_id}/withdrawal", responses=_STEP, summary="Withdraw")
def withdraw(application_id: str, body: ReasonIn, issuer: CurrentIssuer, actor: CurrentActor) -> ApplicationOut:
    """The debtor takes the application back. Role: clerk."""
    return _shown(issuer, applications.put_back(application_id, Action.WITHDRAW, body.reason, issuer.office, actor))


@router.post("/{application_id}/rejection", responses=_STEP, summary="Reject")
def reject(application_id: str, body: ReasonIn, issuer: CurrentIssuer, actor: CurrentActor) -> ApplicationOut:
    """No ground, a minor, the wrong case: with written reasons. Role: judge."""
    return _shown(issuer, applications.put_back(application_id, Action.REJECT, body.reason, issuer.office, actor))


@router.post("/{application_id}/send-back", responses=_STEP, summary="Send back to the judge")
def send_back(application_id: str, body: ReasonIn, issuer: CurrentIssuer, actor: CurrentActor) -> ApplicationOut:
    """A confirmed or approved case must be confirmed anew. Roles: approver, vicePresident."""
    return _shown(issuer, applications.put_back(application_id, Action.SEND_BACK, body.reason, issuer.office, actor))


def _shown(issuer: Issuer, case: Case) -> ApplicationOut:
    with issuer.office.reading() as store:
        return application_out(case, store, at=issuer.office.clock())
