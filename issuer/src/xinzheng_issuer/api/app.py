"""The application: routes, problem documents, limits, and a timer that keeps the publication fresh."""

import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from xinzheng_issuer.api.problems import Problem, install_handlers, refused_address, responses
from xinzheng_issuer.api.routes import applications, certificates, feed, public
from xinzheng_issuer.clock import Clock, system_clock
from xinzheng_issuer.installation import Issuer, open_issuer
from xinzheng_issuer.issuing.readiness import Readiness
from xinzheng_issuer.settings import Settings

_log = structlog.get_logger("xinzheng.http")

API_VERSION = "1"

_DESCRIPTION = """Issues credit repair certificates (信用修复证明) of one court.

Refusals are problem documents (RFC 9457) with stable codes; `Accept-Language: zh` gives them in Chinese.
There is no national template, period or approval chain for this certificate; it is discretionary; and it states that
ONE entry of the list was masked, nothing else."""


def create_app(settings: Settings, *, clock: Clock = system_clock) -> FastAPI:
    """The issuer as an ASGI application.

    Args:
        settings: of this process; its data folder must have been made by `init`.
        clock: the present moment.

    Returns:
        The application. What a crash left behind is finished before it takes requests.

    Raises:
        ConfigurationError: the data folder cannot be used.
    """
    return app_of(open_issuer(settings, clock=clock))


def app_of(issuer: Issuer) -> FastAPI:
    """The application around an issuer that is already open; it closes it at its end."""
    app = FastAPI(
        title="xinzheng issuer",
        version=API_VERSION,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.issuer = issuer
    app.state.readiness = Readiness(
        issuer.keys, clock=issuer.office.clock, require_knowledge=issuer.outbox.require_knowledge
    )
    routers = (applications.router, certificates.router, feed.router, feed.reviews, public.router)
    for router in routers:
        app.include_router(router)
    app.state.routes = [route for router in routers for route in router.routes]
    app.middleware("http")(_observe)
    install_handlers(app)
    _describe_problems(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    issuer: Issuer = app.state.issuer
    recovery, publication = await run_in_threadpool(issuer.start)
    _log.info(
        "started",
        court=issuer.office.court.did,
        finished=recovery.finished,
        voided=recovery.voided,
        bundle_version=publication.bundle_version,
    )
    stopped = threading.Event()
    timer = threading.Thread(target=_keep_published, args=(issuer, stopped), name="publisher", daemon=True)
    timer.start()
    try:
        yield
    finally:
        stopped.set()
        await run_in_threadpool(timer.join)
        issuer.close()


def _keep_published(issuer: Issuer, stopped: threading.Event) -> None:
    while not stopped.wait(issuer.settings.publish_check_seconds):
        try:
            issuer.tend()
        except Exception:  # noqa: BLE001 - a timer that stops lets every list expire
            _log.exception("tending_failed")


async def _observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """One log line for each request, and headers that keep answers out of caches and sniffers."""
    began = time.monotonic()
    response = refused_address(request) or await call_next(request)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.url.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    route = request.scope.get("route")
    _log.info(
        "request",
        method=request.method,
        route=getattr(route, "path", "-"),
        status=response.status_code,
        milliseconds=round((time.monotonic() - began) * 1000, 1),
    )
    return response


def _describe_problems(app: FastAPI) -> None:
    """Put the problem document among the OpenAPI schemas, and the framework's own error schema out of it."""
    framework_schema = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = framework_schema()
            schemas = schema["components"]["schemas"]
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs"))
            schemas["Problem"] = problem
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            _replace_framework_errors(schema)
            app.openapi_schema = schema
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def _replace_framework_errors(schema: dict[str, Any]) -> None:
    """Every 422 that the framework describes by its own schema is a problem document here."""
    operations = (operation for path in schema["paths"].values() for operation in path.values())
    for operation in operations:
        answer = operation["responses"].get("422", {})
        if "HTTPValidationError" in json.dumps(answer):
            operation["responses"]["422"] = responses(HTTPStatus.UNPROCESSABLE_ENTITY)[422]
