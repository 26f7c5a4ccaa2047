"""`/api/v1/certificates`: what was handed over, its forms, and its end."""

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response

from xinzheng_issuer.api.dependencies import CurrentActor, CurrentIssuer, PageLimit, PageOffset, ReaderLanguage
from xinzheng_issuer.api.present import FORM_NAMES, certificate_out
from xinzheng_issuer.api.problems import responses
from xinzheng_issuer.api.strict_route import StrictRoute
from xinzheng_issuer.api.wire import CertificateOut, CertificatesOut, CertificateStepIn, RevocationIn
from xinzheng_issuer.casework import certificates
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.qr_symbol import qr_png
from xinzheng_issuer.register.tables import Case, Certificate
from xinzheng_schemas.errors import Language

_READ = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)
_STEP = responses(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_FORMS: dict[str, tuple[str, Callable[[Certificate], bytes]]] = {
    "credential.json": ("application/vc", lambda row: row.credential_json or b""),
    "credential.jwt": ("application/vc+jwt", lambda row: (row.credential_jwt or "").encode()),
    "credential.qr.txt": ("text/plain; charset=utf-8", lambda row: (row.credential_qr or "").encode()),
    "credential.qr.png": ("image/png", lambda row: qr_png(row.credential_qr or "")),
}

router = APIRouter(prefix="/api/v1/certificates", tags=["certificates"], route_class=StrictRoute)


@router.get("", responses=responses(HTTPStatus.UNAUTHORIZED), summary="List certificates")
def listing(
    issuer: CurrentIssuer,
    _actor: CurrentActor,
    language: ReaderLanguage,
    offset: PageOffset = 0,
    limit: PageLimit = 50,
) -> CertificatesOut:
    """The court's certificates, newest first."""
    now = issuer.office.clock()
    with issuer.office.reading() as store:
        rows = store.issued_certificates(offset=offset, limit=limit)
    items = [certificate_out(certificate, case, language, at=now) for certificate, case in rows]
    return CertificatesOut(items=items, offset=offset, limit=limit)


@router.get("/{number}", responses=_READ, summary="Read a certificate")
def read(number: str, issuer: CurrentIssuer, _actor: CurrentActor, language: ReaderLanguage) -> CertificateOut:
    """One certificate and its state now."""
    with issuer.office.reading() as store:
        certificate, case = store.issued_certificate(number)
    return certificate_out(certificate, case, language, at=issuer.office.clock())


@router.get(
    "/{number}/{form}",
    responses=_READ | {200: {"description": "The form.", "content": {kind: {} for kind, _ in _FORMS.values()}}},
    response_class=Response,
    summary="Fetch a form of a certificate",
)
def form(number: str, form: str, issuer: CurrentIssuer, _actor: CurrentActor) -> Response:
    """credential.json (Data Integrity), credential.jwt, credential.qr.txt or credential.qr.png: all say the same."""
    if form not in _FORMS:
        raise IssuingError("form_unknown", field="form", form=form[:40], expected=", ".join(FORM_NAMES))
    with issuer.office.reading() as store:
        certificate, _ = store.issued_certificate(number)
    media_type, content = _FORMS[form]
    return Response(content(certificate), media_type=media_type)


@router.post("/{number}/suspension", responses=_STEP, summary="Suspend")
def suspend(
    number: str, body: CertificateStepIn, issuer: CurrentIssuer, actor: CurrentActor, language: ReaderLanguage
) -> CertificateOut:
    """Out of force until somebody has looked. Roles: clerk, judge."""
    pair = certificates.suspend(number, issuer.office, actor, reason=body.reason, note=body.note)
    return _settled(issuer, *pair, language)


@router.post("/{number}/reinstatement", responses=_STEP, summary="Reinstate, by two people")
def reinstate(
    number: str, body: CertificateStepIn, issuer: CurrentIssuer, actor: CurrentActor, language: ReaderLanguage
) -> CertificateOut:
    """A judge proposes; then another person (approver, vicePresident) confirms by the same request."""
    pair = certificates.reinstate(number, issuer.office, actor, reason=body.reason, note=body.note)
    return _settled(issuer, *pair, language)


@router.post("/{number}/revocation", responses=_STEP, summary="Revoke")
def revoke(
    number: str, body: RevocationIn, issuer: CurrentIssuer, actor: CurrentActor, language: ReaderLanguage
) -> CertificateOut:
    """The end of a certificate (撤销证明), for good. Roles: judge, approver, vicePresident."""
    pair = certificates.revoke(number, issuer.office, actor, reason=body.reason, note=body.note)
    return _settled(issuer, *pair, language)


def _settled(issuer: Issuer, certificate: Certificate, case: Case, language: Language) -> CertificateOut:
    """The answer, given when lenders can see the change or it is certain that they will."""
    publication = issuer.outbox.settle()
    return certificate_out(certificate, case, language, at=issuer.office.clock(), publication=publication)
