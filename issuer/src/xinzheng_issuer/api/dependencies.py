"""What routes ask for: the issuer, and who is asking."""

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from xinzheng_issuer.api.language import preferred_language
from xinzheng_issuer.domain.workflow import Actor
from xinzheng_issuer.errors import AccessError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.readiness import Readiness
from xinzheng_issuer.people import actor_of
from xinzheng_issuer.register.tables import MAX_PAGE
from xinzheng_schemas.errors import Language

_bearer = HTTPBearer(auto_error=False, description="API token made by `xinzheng users add`.")


def _issuer(request: Request) -> Issuer:
    issuer: Issuer = request.app.state.issuer
    return issuer


CurrentIssuer = Annotated[Issuer, Depends(_issuer)]


def _readiness(request: Request) -> Readiness:
    readiness: Readiness = request.app.state.readiness
    return readiness


CurrentReadiness = Annotated[Readiness, Depends(_readiness)]


def _actor(
    issuer: CurrentIssuer, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Actor:
    if credentials is None:
        raise AccessError("api_token_missing", field="Authorization")
    return actor_of(issuer.office, credentials.credentials)


CurrentActor = Annotated[Actor, Depends(_actor)]
MAX_OFFSET = 2**31 - 1
"""Furthest row that a page may begin at; every database holds the number."""

PageOffset = Annotated[int, Query(ge=0, le=MAX_OFFSET, description="How many to skip.")]
PageLimit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many to show.")]
ReaderLanguage = Annotated[Language, Depends(preferred_language)]
