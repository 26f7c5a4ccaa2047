"""The application: bytes in, report out. No state, no log of what was sent, nothing kept.

A report is always answered with 200, whatever its verdict; other statuses say that there is none.

    POST /v1/verify         one credential
    POST /v1/verify/batch   many
    GET  /                  the page for people, which asks by POST /page/verify
    GET  /healthz           whether it is alive
"""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.envelope import Envelope
from xinzheng_verifier.report import Report
from xinzheng_verifier.verifier import Verifier
from xinzheng_verifier.web import batch, page
from xinzheng_verifier.web.answers import JSONAnswer
from xinzheng_verifier.web.body import read_submission
from xinzheng_verifier.web.gate import Gate
from xinzheng_verifier.web.problems import answer_problems

Clock = Callable[[], datetime]

_ON_EVERY_ANSWER = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(verifier: Verifier | Callable[[], Verifier], *, clock: Clock | None = None) -> FastAPI:
    """The application.

    Args:
        verifier: judges everything that is sent; or gives, for each request anew, the one that does.
        clock: what to take for now where a request asks about no moment; None is the machine's clock.
    """
    current = (lambda: verifier) if isinstance(verifier, Verifier) else verifier
    now, gate = clock or _now, Gate()
    app = FastAPI(title="xinzheng verifier", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(_Headers)
    answer_problems(app)
    app.include_router(page.router)

    async def judged(request: Request, form: Callable[[Report], JSONObject]) -> Response:
        async with gate.admitted():
            submission = await read_submission(request)
            return JSONAnswer(await gate.work(_judge, current, submission, now(), form))

    @app.post("/v1/verify")
    async def verify(request: Request) -> Response:
        return await judged(request, Report.to_json)

    @app.post("/page/verify")
    async def verify_for_the_page(request: Request) -> Response:
        return await judged(request, page.shown)

    @app.post("/v1/verify/batch")
    async def verify_batch(request: Request) -> Response:
        async with gate.admitted(batch=True):
            text, lines = await batch.read_body(request)
            at = request.query_params.get("at")
            body = await gate.work_on_batch(batch.answer, current, text, lines=lines, at=at, now=now())
            return Response(body, media_type="application/json")

    @app.get("/healthz")
    async def health() -> Response:
        trust = (await run_in_threadpool(current)).trust
        return JSONAnswer({"status": "ok", "bundleVersion": trust.bundle_version})

    return app


class _Headers:
    """Sets what every answer bears, problems included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_ON_EVERY_ANSWER)
            await send(message)

        await self._app(scope, receive, marked)


def _judge(
    current: Callable[[], Verifier], submission: Envelope, now: datetime, form: Callable[[Report], JSONObject]
) -> JSONObject:
    at = submission.at or now
    report = current().report(
        submission.credential,
        at=at,
        identity=submission.identity,
        number=submission.number,
        other=submission.other,
        now=now,
    )
    return form(report)


def _now() -> datetime:
    return datetime.now(UTC)
