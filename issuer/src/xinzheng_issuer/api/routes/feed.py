"""`/api/v1/feed-batches`: records of the public list."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from xinzheng_issuer.api.dependencies import CurrentActor, CurrentIssuer, ReaderLanguage
from xinzheng_issuer.api.present import batch_out
from xinzheng_issuer.api.problems import responses
from xinzheng_issuer.api.strict_route import FeedRoute
from xinzheng_issuer.api.wire import FeedBatchOut
from xinzheng_issuer.domain.workflow import Actor
from xinzheng_issuer.feed.intake import take_batch
from xinzheng_issuer.installation import Issuer
from xinzheng_schemas.errors import Language

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


router = APIRouter(prefix="/api/v1/feed-batches", tags=["feed"], route_class=FeedRoute)


@router.post(
    "",
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


def _take(data: bytes, issuer: Issuer, actor: Actor, language: Language) -> FeedBatchOut:
    result = take_batch(data, issuer.office, actor, max_records=issuer.settings.max_feed_records)
    return batch_out(result, issuer.outbox.settle(), language)
