"""Requests that no report can be made for, as problem documents (RFC 9457)."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.envelope import EnvelopeError
from xinzheng_verifier.errors import TrustError, VerifierError
from xinzheng_verifier.web.answers import JSONAnswer
from xinzheng_verifier.web.language import language_of

PROBLEM_TYPES = "https://xinzheng.example/problems/"
_OF_STATUS = {404: "not_found", 405: "method_not_allowed"}


class ProblemError(VerifierError):
    """A request that is refused.

    Attributes:
        status: HTTP status code.
        headers: of the answer.
    """

    def __init__(
        self,
        code: str,
        *,
        status: int,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        **params: object,
    ) -> None:
        super().__init__(code, field=field, **params)
        self.status = status
        self.headers = headers or {}

    def to_json(self, language: Language) -> JSONObject:
        """The problem document."""
        return {
            "type": PROBLEM_TYPES + self.code,
            "title": self.message(language),
            "status": self.status,
            "code": self.code,
            "errors": [] if self.field is None else [{"field": self.field, "code": self.code}],
        }


def answer_problems(app: FastAPI) -> None:
    """Makes an application answer everything that goes wrong with a problem document."""

    @app.exception_handler(ProblemError)
    async def refused(request: Request, error: ProblemError) -> Response:
        return _document(request, error)

    @app.exception_handler(EnvelopeError)
    async def malformed(request: Request, error: EnvelopeError) -> Response:
        return _document(request, ProblemError(error.code, status=400, field=error.field))

    @app.exception_handler(TrustError)
    async def untrusted(request: Request, error: TrustError) -> Response:
        return _document(request, ProblemError(error.code, status=503, field=error.field, headers=None, **error.params))

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        code = _OF_STATUS.get(error.status_code, "request_malformed")
        return _document(request, ProblemError(code, status=error.status_code, headers=error.headers))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the server logs it
        return _document(request, ProblemError("internal_error", status=500))


def _document(request: Request, error: ProblemError) -> Response:
    return JSONAnswer(
        error.to_json(language_of(request)),
        status_code=error.status,
        media_type="application/problem+json",
        headers=dict(error.headers),
    )
