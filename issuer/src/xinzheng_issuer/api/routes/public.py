"""What anybody may fetch: keys, status lists, the trust bundle, context and schemas. Nothing here names a person."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path
from fastapi.responses import Response

from xinzheng_issuer.api.dependencies import CurrentIssuer, CurrentReadiness
from xinzheng_issuer.api.problems import responses
from xinzheng_issuer.api.wire import HealthOut, ReadyOut
from xinzheng_issuer.errors import IssuingError, RegisterError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.publishing.served import Served
from xinzheng_schemas import json_schemas
from xinzheng_schemas.contexts import BUNDLED, CREDIT_REPAIR_V1
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID, REPORT_SCHEMA_ID

BUNDLE_TYPE: Final = "application/x-xz"
"""Media type of a bundle, a `.tar.xz`: the name in common use, for none is registered."""

_MISSING = responses(HTTPStatus.NOT_FOUND)
_MISSING_OR_UNKNOWN = responses(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_BUNDLE = _MISSING | {int(HTTPStatus.OK): {"content": {BUNDLE_TYPE: {}}}}

router = APIRouter(tags=["public"])


@router.get("/healthz", summary="Is the issuer at work")
def health(issuer: CurrentIssuer) -> HealthOut:
    """Reads the register and the publication folder; asks no key, see `/readyz`."""
    with issuer.office.reading() as store:
        store.court()
    issuer.outbox.look_again()
    publisher = issuer.outbox.publisher
    latest = publisher.latest
    # A round of the timer may just be under way, and a command line may have the turn.
    grace = timedelta(seconds=3 * issuer.settings.publish_check_seconds)
    return HealthOut(
        status="ok",
        court=issuer.office.court.did,
        bundle_version=latest.version if latest else None,
        publication_overdue=issuer.outbox.is_behind(grace),
        hindrances=list(issuer.outbox.hindrances),
        root_expires=publisher.signed_root.expires,
    )


@router.get("/readyz", responses=responses(HTTPStatus.SERVICE_UNAVAILABLE), summary="Can the issuer issue")
def ready(readiness: CurrentReadiness) -> ReadyOut:
    """Has the keys for certificates and status lists sign; 503 with the code of the first that cannot.

    503 `register_restored` while the register came back from a backup and does not know all that was published.

    An answer counts for ten seconds.
    """
    readiness.require()
    return ReadyOut(status="ready")


@router.get("/did/{code}/did.json", response_class=Response, responses=_MISSING, summary="The court's DID document")
def did_document(code: str, issuer: CurrentIssuer) -> Response:
    """The controller document of `did:web:…:did:<code>`."""
    if code != issuer.office.court.id:
        raise RegisterError("court_not_found", field="code", court=code[:40])
    body = json.dumps(issuer.keys.current().controller_document(), ensure_ascii=False, indent=2)
    return Response(body, media_type="application/did+json")


@router.get(
    "/status/{code}/{number}/{purpose}",
    response_class=Response,
    responses=_MISSING_OR_UNKNOWN,
    summary="A status list",
)
def status_list(
    code: str, number: Annotated[int, Path(ge=1, lt=2**31)], purpose: str, issuer: CurrentIssuer
) -> Response:
    """A Bitstring Status List credential, signed by the court's status key. Purposes: revocation, suspension.

    Never an older edition than was published, whatever happened to the register; 503 while that cannot be told.
    """
    return Response(_served(issuer, code, number, purpose).document, media_type="application/vc")


@router.get(
    "/status/{code}/{number}/{purpose}/changes",
    response_class=Response,
    responses=_MISSING_OR_UNKNOWN,
    summary="The journal of changes of a status list",
)
def status_changes(
    code: str, number: Annotated[int, Path(ge=1, lt=2**31)], purpose: str, issuer: CurrentIssuer
) -> Response:
    """When each entry of the list was set and cleared, signed by the court's status key; no names, no reasons.

    The journal of that edition of the list.
    """
    return Response(_served(issuer, code, number, purpose).journal, media_type="application/json")


@router.get("/bundle/root.json", response_class=Response, summary="The trust list's root metadata")
def root(issuer: CurrentIssuer) -> Response:
    """To be compared with what was obtained by another way before it is trusted."""
    return Response(issuer.outbox.publisher.root, media_type="application/json")


@router.get("/bundle/latest.xzb", response_class=Response, responses=_BUNDLE, summary="The newest trust bundle")
def bundle(issuer: CurrentIssuer) -> Response:
    """Issuer document and status lists as a TUF repository in one file."""
    publisher = issuer.outbox.publisher
    latest, edition = publisher.latest, publisher.in_effect
    if latest is None or edition is None:
        raise IssuingError("nothing_published")
    headers = {"Content-Disposition": f'attachment; filename="bundle-{edition.version}.xzb"'}
    return Response(edition.bundle, media_type=BUNDLE_TYPE, headers=headers)


@router.get("/contexts/credit-repair/v1", response_class=Response, summary="The JSON-LD context")
def context() -> Response:
    """The context of credit repair certificates."""
    body = json.dumps(BUNDLED[CREDIT_REPAIR_V1].document(), ensure_ascii=False, indent=2)
    return Response(body, media_type="application/ld+json")


@router.get("/schemas/credit-repair/v1", response_class=Response, summary="The JSON Schema of certificates")
def certificate_schema() -> Response:
    """What the `credentialSchema` of every certificate names."""
    return _schema(CREDIT_REPAIR_SCHEMA_ID)


@router.get("/schemas/report/v1", response_class=Response, summary="The JSON Schema of reports")
def report_schema() -> Response:
    """What a verifier answers about a certificate."""
    return _schema(REPORT_SCHEMA_ID)


def _served(issuer: Issuer, code: str, number: int, purpose: str) -> Served:
    found = issuer.outbox.served(number, purpose) if code == issuer.office.court.id else None
    if found is None:
        raise IssuingError("status_list_not_found", field="code")
    return found


def _schema(identifier: str) -> Response:
    body = json.dumps(json_schemas.document(identifier), ensure_ascii=False, indent=2)
    return Response(body, media_type="application/schema+json")
