"""`/api/v1/feed-batches` and `/api/v1/feed-records`: records of the public list."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool

from xinzheng_issuer.api.dependencies import (
    MAX_OFFSET,
    CurrentActor,
    CurrentIssuer,
    PageLimit,
    PageOffset,
    ReaderLanguage,
)
from xinzheng_issuer.api.present import batch_out, kept_batch_out, kept_record_out
from xinzheng_issuer.api.problems import responses
from xinzheng_issuer.api.strict_route import FeedRoute, StrictRoute
from xinzheng_issuer.api.wire import FeedBatchOut, FeedReviewIn, KeptBatchesOut, KeptRecordOut, KeptRecordsOut
from xinzheng_issuer.domain.workflow import Actor
from xinzheng_issuer.feed.intake import READING_ROLES, FeedOutcome, require_role, take_batch
from xinzheng_issuer.feed.review import review
from xinzheng_issuer.installation import Issuer
from xinzheng_schemas.errors import Language

_READ = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)
_BODY = {
    "requestBody": {
        "required": True,
        "description": "Records in the public list's own field names: a JSON array, JSON lines, or one object.",
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


router = APIRouter(prefix="/api/v1", tags=["feed"], route_class=FeedRoute)
reviews = APIRouter(prefix="/api/v1", tags=["feed"], route_class=StrictRoute)


@router.post(
    "/feed-batches",
    responses=responses(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    openapi_extra=_BODY,
    summary="Deliver public-list records",
)
async def deliver(
    request: Request, issuer: CurrentIssuer, actor: CurrentActor, language: ReaderLanguage
) -> FeedBatchOut:
    """Every record is applied, unmatched, flagged or rejected, and kept. Roles: clerk, judge, administrator."""
    return await run_in_threadpool(_take, await request.body(), issuer, actor, language)


@router.get("/feed-batches", responses=_READ, summary="List deliveries")
def batches(
    issuer: CurrentIssuer,
    actor: CurrentActor,
    offset: PageOffset = 0,
    limit: PageLimit = 50,
) -> KeptBatchesOut:
    """What was delivered, newest first. Roles: clerk, judge."""
    require_role(actor, READING_ROLES, "readFeed")
    with issuer.office.reading() as store:
        rows = store.feed_batches(offset=offset, limit=limit)
        outcomes = store.feed_outcomes(row.id for row in rows)
        names = {user.id: user.name for user in store.users()}
    items = [kept_batch_out(row, names, outcomes.get(row.id, {})) for row in rows]
    return KeptBatchesOut(items=items, offset=offset, limit=limit)


@router.get("/feed-records", responses=_READ, summary="List records")
def records(  # noqa: PLR0917 - the framework passes them by name
    issuer: CurrentIssuer,
    actor: CurrentActor,
    language: ReaderLanguage,
    outcome: Annotated[FeedOutcome | None, Query(description="Only records with this outcome.")] = None,
    batch: Annotated[str | None, Query(max_length=64, description="Only records of this delivery.")] = None,
    reviewed: Annotated[bool | None, Query(description="Only records that were looked at, or that were not.")] = None,
    offset: PageOffset = 0,
    limit: PageLimit = 50,
) -> KeptRecordsOut:
    """Records as they came, and what became of them; `outcome=flagged` are those that wait for a person.

    Roles: clerk, judge.
    """
    require_role(actor, READING_ROLES, "readFeed")
    with issuer.office.reading() as store:
        rows = store.feed_records(batch_id=batch, outcome=outcome, reviewed=reviewed, offset=offset, limit=limit)
    return KeptRecordsOut(items=[kept_record_out(row, language) for row in rows], offset=offset, limit=limit)


@reviews.post(
    "/feed-records/{record_id}/review",
    responses=responses(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY
    ),
    summary="Mark a record as looked at",
)
def review_record(
    record_id: Annotated[int, PathParameter(ge=1, le=MAX_OFFSET)],
    body: FeedReviewIn,
    issuer: CurrentIssuer,
    actor: CurrentActor,
    language: ReaderLanguage,
) -> KeptRecordOut:
    """Who looked, when, and what was found. Roles: clerk, judge; administrator, without what the record says."""
    row = review(issuer.office, record_id, actor, note=body.note)
    return kept_record_out(row, language, readable=not READING_ROLES.isdisjoint(actor.roles))


def _take(data: bytes, issuer: Issuer, actor: Actor, language: Language) -> FeedBatchOut:
    result = take_batch(data, issuer.office, actor, max_records=issuer.settings.max_feed_records)
    return batch_out(result, issuer.outbox.settle(), language)
