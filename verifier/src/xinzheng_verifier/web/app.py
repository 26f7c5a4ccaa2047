"""`POST /v1/verify`: bytes in, report out. No state, no log of what was sent, nothing kept.

A report is always answered with 200, whatever its verdict; other statuses say that there is none.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.verifier import Verifier
from xinzheng_verifier.web.body import Submission, read_submission
from xinzheng_verifier.web.problems import ProblemError

Clock = Callable[[], datetime]
# What a certificate says is data: no browser may take it for a page by its looks.
_NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def create_app(verifier: Verifier, *, clock: Clock | None = None) -> FastAPI:
    """The application.

    Args:
        verifier: judges everything that is sent.
        clock: what to take for now where a request asks about no moment; None is the machine's clock.
    """
    now = clock or _now
    app = FastAPI(title="xinzheng verifier", openapi_url=None, docs_url=None, redoc_url=None)

    @app.post("/v1/verify")
    async def verify(request: Request) -> Response:
        submission = await read_submission(request)
        report = await run_in_threadpool(_report, verifier, submission, submission.at or now())
        return JSONResponse(report, headers=_NOT_KEPT)

    @app.get("/healthz")
    async def health() -> Response:
        return JSONResponse({"status": "ok", "bundleVersion": verifier.trust.bundle_version})

    @app.exception_handler(ProblemError)
    async def problem(request: Request, error: ProblemError) -> Response:
        document = error.to_json(_language(request))
        return JSONResponse(document, status_code=error.status, media_type="application/problem+json")

    return app


def _report(verifier: Verifier, submission: Submission, at: datetime) -> JSONObject:
    return verifier.report(
        submission.credential,
        at=at,
        identity=submission.identity,
        number=submission.number,
        other=submission.other,
    ).to_json()


def _language(request: Request) -> Language:
    return "zh" if request.headers.get("accept-language", "").strip().lower().startswith("zh") else "en"


def _now() -> datetime:
    return datetime.now(UTC)
