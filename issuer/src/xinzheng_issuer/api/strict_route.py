"""Routes that read bodies strictly: bounded size, no duplicate members, no NaN, no lone surrogates, bounded depth."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from xinzheng_issuer.api.problems import NUL, BodyError, body_too_large, nul_in
from xinzheng_issuer.settings import Settings
from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError


class StrictRequest(Request):
    """A request whose body is bounded while it is read, and parsed by the strict reader."""

    def limit(self) -> int:
        """Most octets of the body."""
        settings: Settings = self.app.state.issuer.settings
        return settings.max_request_bytes

    async def body(self) -> bytes:
        """The body.

        Raises:
            BodyError: `body_too_large`, before more than the limit is held.
        """
        if not hasattr(self, "_body"):
            limit = self.limit()
            declared = self.headers.get("content-length", "")
            if declared.isdecimal() and int(declared[:20]) > limit:
                raise body_too_large(limit)
            body = bytearray()
            async for chunk in self.stream():
                body += chunk
                if len(body) > limit:
                    raise body_too_large(limit)
            self._body = bytes(body)
        return self._body

    async def json(self) -> Any:
        """The body as JSON.

        Raises:
            BodyError: it is not strict JSON, or has a text with NUL in it, which no database keeps.
        """
        body = await self.body()
        try:
            value = strict_json.loads(body)
        except CodedError as error:
            raise BodyError(error) from error
        if b"\\u0000" in body and (field := _with_nul(value)) is not None:
            raise BodyError(nul_in(field))
        return value


class FeedRequest(StrictRequest):
    """A delivery of records: larger than other requests."""

    def limit(self) -> int:
        """Most octets of the body."""
        settings: Settings = self.app.state.issuer.settings
        return settings.max_feed_bytes


class StrictRoute(APIRoute):
    """A route whose requests are `StrictRequest`."""

    request_class: type[StrictRequest] = StrictRequest

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, given a request that reads strictly."""
        handler = super().get_route_handler()

        async def strict_handler(request: Request) -> Response:
            return await handler(self.request_class(request.scope, request.receive))

        return strict_handler


class FeedRoute(StrictRoute):
    """A route whose requests are `FeedRequest`."""

    request_class = FeedRequest


def _with_nul(value: object, field: str = "") -> str | None:
    """Where in a body a text with NUL stands; members and places with slashes."""
    if isinstance(value, str):
        return field if NUL in value else None
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        if NUL in str(name):
            return field
        if (found := _with_nul(member, f"{field}/{name}".lstrip("/"))) is not None:
            return found
    return None
