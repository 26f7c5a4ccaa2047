"""The users of the court's server, as HTTP sees them: a base address and one token each."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError

from xinzheng_schemas.errors import Language

_TIMEOUT_SECONDS = 30
# The server is on this machine: no proxy of the environment stands between.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def is_refusal(self) -> bool:
        """Whether the server refused."""
        return self.status >= HTTPStatus.BAD_REQUEST


class UnexpectedAnswerError(RuntimeError):
    """The server refused what the story needs."""


@dataclass(frozen=True)
class User:
    """One user of the server.

    Attributes:
        base: address of the server, without a trailing slash.
        language: language of refusals.
        token: bearer token; None for the public.
    """

    base: str
    language: Language
    token: str | None = None

    def ask(self, path: str, body: object = None) -> Answer:
        """GET, or POST when there is a body; a refusal is an answer too.

        Raises:
            ConnectionError: nobody answers.
        """
        headers: dict[str, str] = {"Accept-Language": self.language}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body, ensure_ascii=False).encode("utf-8")
        request = urllib.request.Request(f"{self.base}{path}", data, headers)  # noqa: S310  (our own loopback address)
        try:
            with _DIRECT.open(request, timeout=_TIMEOUT_SECONDS) as response:
                return Answer(response.status, response.read())
        except HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.read())
        except URLError as error:
            raise ConnectionError(str(error.reason)) from error

    def need(self, path: str, body: object = None) -> Answer:
        """Like `ask`, for what the story cannot do without.

        Raises:
            UnexpectedAnswerError: the server refused.
        """
        answer = self.ask(path, body)
        if answer.is_refusal:
            raise UnexpectedAnswerError(f"{path}: {answer.status} {answer.body.decode('utf-8', 'replace')[:500]}")
        return answer

    def object(self, path: str, body: object = None) -> Mapping[str, Any]:
        """The JSON object of a needed answer."""
        found: Mapping[str, Any] = self.need(path, body).json
        return found
