"""Refusals as problem documents (RFC 9457), with stable codes, in the reader's language."""

import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from xinzheng_issuer.api.language import preferred_language
from xinzheng_issuer.errors import (
    AccessError,
    ConfigurationError,
    FeedError,
    IssuerError,
    IssuingError,
    PublishingError,
    RefusalError,
    RegisterError,
    RuleError,
    WorkflowError,
)
from xinzheng_issuer.expectations import expected_of
from xinzheng_keys.errors import KeysError
from xinzheng_schemas.errors import CodedError, Language
from xinzheng_schemas.strict_json import StrictJSONError

_log = structlog.get_logger("xinzheng.http")

PROBLEM_TYPE = "https://xinzheng.example/problems/"
MEDIA_TYPE = "application/problem+json"
NUL = "\0"
"""The one character that a text of JSON may have, and a text of PostgreSQL not."""

_STATUS_OF_CODE = {
    "role_not_allowed": HTTPStatus.FORBIDDEN,
    "self_approval": HTTPStatus.FORBIDDEN,
    "senior_approval_required": HTTPStatus.FORBIDDEN,
    "reason_missing": HTTPStatus.UNPROCESSABLE_ENTITY,
    "application_not_found": HTTPStatus.NOT_FOUND,
    "certificate_not_found": HTTPStatus.NOT_FOUND,
    "court_not_found": HTTPStatus.NOT_FOUND,
    "feed_record_not_found": HTTPStatus.NOT_FOUND,
    "status_list_not_found": HTTPStatus.NOT_FOUND,
    "nothing_published": HTTPStatus.NOT_FOUND,
    "form_unknown": HTTPStatus.NOT_FOUND,
    "issuing_in_progress": HTTPStatus.CONFLICT,
    "draft_changed": HTTPStatus.CONFLICT,
    "qr_too_large": HTTPStatus.UNPROCESSABLE_ENTITY,
    "signer_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "epoch_unwritable": HTTPStatus.SERVICE_UNAVAILABLE,
    "register_doubted": HTTPStatus.SERVICE_UNAVAILABLE,
    "issuing_unfinished": HTTPStatus.SERVICE_UNAVAILABLE,
    "feed_too_many_records": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "body_not_json": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
_STATUS_OF_CLASS: tuple[tuple[type[CodedError], HTTPStatus], ...] = (
    (AccessError, HTTPStatus.UNAUTHORIZED),
    (WorkflowError, HTTPStatus.CONFLICT),
    (RegisterError, HTTPStatus.CONFLICT),
    (RuleError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (FeedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (StrictJSONError, HTTPStatus.BAD_REQUEST),
    (IssuingError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (PublishingError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ConfigurationError, HTTPStatus.SERVICE_UNAVAILABLE),
    (KeysError, HTTPStatus.SERVICE_UNAVAILABLE),
    (CodedError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


_CODE_OF_KIND = {"missing": "field_missing", "extra_forbidden": "field_unknown"}


class ProblemDetail(BaseModel):
    """One thing wrong with the request."""

    field: Annotated[str | None, Field(description="Input field at fault, nested ones with slashes.")]
    code: Annotated[str, Field(description="Stable reason code.")]
    detail: Annotated[str, Field(description="What is wrong and what was expected, in the language asked for.")]


class Problem(BaseModel):
    """Problem document, RFC 9457."""

    type: Annotated[str, Field(description="Address of the reason code.")]
    title: Annotated[str, Field(description="Name of the HTTP status.")]
    status: Annotated[int, Field(description="HTTP status.")]
    detail: Annotated[str, Field(description="What is wrong, in the language asked for.")]
    code: Annotated[str, Field(description="Stable reason code; request_invalid if there are several problems.")]
    errors: Annotated[list[ProblemDetail], Field(description="Every problem by field.")]


class _WireError(IssuerError):
    """A request that does not fit the wire types, or no route."""


class BodyError(HTTPException):
    """A body that is no strict JSON; carries the coded error through the framework."""

    def __init__(self, error: CodedError) -> None:
        super().__init__(status_code=status_of(error))
        self.error = error


def body_too_large(limit: int) -> BodyError:
    """A body of more than `limit` octets."""
    return BodyError(_WireError("body_too_large", field="body", maximum=limit))


def nul_in(field: str) -> CodedError:
    """A text with NUL in it: one answer, whatever the database makes of such a text."""
    return RuleError("text_invisible_character", field=field)


def refused_address(request: Request) -> JSONResponse | None:
    """The answer to an address with NUL in it: a path of this kind does not exist, a parameter is invalid."""
    language = preferred_language(request)
    if NUL in request.scope["path"]:
        return problem_response([_WireError("route_not_found")], HTTPStatus.NOT_FOUND, language)
    for name, value in request.query_params.multi_items():
        if NUL in name + value:
            return problem_response([nul_in(name.replace(NUL, ""))], HTTPStatus.UNPROCESSABLE_ENTITY, language)
    return None


def responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the problem documents of a route."""
    return {
        int(status): {
            "description": status.phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def status_of(error: CodedError) -> HTTPStatus:
    """The HTTP status of a coded error."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next(status for kind, status in _STATUS_OF_CLASS if isinstance(error, kind))


def problem_response(
    problems: Sequence[CodedError],
    status: HTTPStatus,
    language: Language,
    *,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem document for one or several coded errors."""
    first = problems[0]
    head = first if len(problems) == 1 else _WireError("request_invalid", count=len(problems))
    problem = Problem(
        type=PROBLEM_TYPE + head.code,
        title=status.phrase,
        status=status,
        detail=head.message(language),
        code=head.code,
        errors=[error_detail(error, language) for error in problems],
    )
    return JSONResponse(
        problem.model_dump(),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Content-Language": language, **(headers or {})},
    )


def error_detail(error: CodedError, language: Language) -> ProblemDetail:
    """One coded error on the wire."""
    return ProblemDetail(field=error.field, code=error.code, detail=error.message(language))


def install_handlers(app: FastAPI) -> None:
    """Make every refusal of the application a problem document."""
    app.add_exception_handler(CodedError, _coded)
    app.add_exception_handler(RefusalError, _refusal)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(IntegrityError, _integrity)
    app.add_exception_handler(OperationalError, _operational)
    app.add_exception_handler(Exception, _unexpected)


async def _coded(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, CodedError):  # pragma: no cover - registered for this class
        raise error
    status = status_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request_failed", code=error.code, detail=str(error))
    return problem_response([error], status, preferred_language(request), headers=headers)


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RefusalError):  # pragma: no cover - registered for this class
        raise error
    return problem_response(error.problems, HTTPStatus.UNPROCESSABLE_ENTITY, preferred_language(request))


async def _validation(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):  # pragma: no cover - registered for this class
        raise error
    problems = [_wire_problem(entry) for entry in error.errors()]
    status = status_of(problems[0]) if len(problems) == 1 else HTTPStatus.UNPROCESSABLE_ENTITY
    return problem_response(problems, status, preferred_language(request))


def _wire_problem(entry: dict[str, Any]) -> CodedError:
    """One entry of pydantic's error list as a coded error; the input itself is never repeated."""
    field = "/".join(str(part) for part in entry["loc"][1:])
    context = entry.get("ctx", {})
    if isinstance(context.get("error"), CodedError):
        inner: CodedError = context["error"]
        inner.field = field
        return inner
    kind = entry["type"]
    if not field and entry["loc"][:1] == ("body",):
        # What was not sent as JSON comes here as octets.
        sent_as_json = kind != "missing" and not isinstance(entry.get("input"), bytes)
        return _WireError("body_not_object" if sent_as_json else "body_not_json", field="body")
    if kind in {"enum", "literal_error"}:
        return _WireError("value_not_listed", field=field, expected=expected_of(entry))
    if kind in _CODE_OF_KIND:
        return _WireError(_CODE_OF_KIND[kind], field=field)
    return _WireError("field_invalid", field=field, expected=expected_of(entry))


def _methods(request: Request) -> str:
    """Every method of the address: the framework names those of the first route alone."""
    routes: Sequence[Route] = request.app.state.routes
    found = {method for route in routes for method in _methods_here(route, request)}
    return ", ".join(sorted(found))


def _methods_here(route: Route, request: Request) -> set[str]:
    return (route.methods or set()) if route.matches(request.scope)[0] is not Match.NONE else set()


async def _http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):  # pragma: no cover - registered for this class
        raise error
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers or {})
    if isinstance(error, BodyError):
        problem: CodedError = error.error
    elif status is HTTPStatus.NOT_FOUND:
        problem = _WireError("route_not_found")
    elif status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = allowed = _methods(request) or headers.get("Allow", "")
        problem = _WireError("method_not_allowed", method=request.method, allowed=allowed)
    else:
        problem = _WireError("request_refused", status=int(status))
    return problem_response([problem], status, preferred_language(request), headers=headers)


async def _integrity(request: Request, _error: Exception) -> JSONResponse:
    """Another process was quicker than a check that had passed: the constraint decides."""
    problem = WorkflowError("case_changed", field="id")
    return problem_response([problem], HTTPStatus.CONFLICT, preferred_language(request))


async def _operational(request: Request, error: Exception) -> JSONResponse:
    _log.error("register_unavailable", detail=str(error.__cause__))
    problem = _WireError("register_unavailable")
    headers = {"Retry-After": "1"}
    return problem_response([problem], HTTPStatus.SERVICE_UNAVAILABLE, preferred_language(request), headers=headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    incident = str(uuid.uuid4())
    _log.error("request_failed", incident=incident, exc_info=error)
    problem = _WireError("internal_error", incident=incident)
    return problem_response([problem], HTTPStatus.INTERNAL_SERVER_ERROR, preferred_language(request))
