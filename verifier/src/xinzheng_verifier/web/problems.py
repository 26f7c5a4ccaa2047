"""Requests that no report can be made for, as problem documents (RFC 9457)."""

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.errors import VerifierError

PROBLEM_TYPES = "https://xinzheng.example/problems/"


class ProblemError(VerifierError):
    """A request that is refused.

    Attributes:
        status: HTTP status code.
    """

    def __init__(self, code: str, *, status: int, field: str | None = None, **params: object) -> None:
        super().__init__(code, field=field, **params)
        self.status = status

    def to_json(self, language: Language) -> JSONObject:
        """The problem document."""
        return {
            "type": PROBLEM_TYPES + self.code,
            "title": self.message(language),
            "status": self.status,
            "code": self.code,
            "errors": [] if self.field is None else [{"field": self.field, "code": self.code}],
        }
