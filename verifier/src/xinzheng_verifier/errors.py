"""Errors of the verifier.

    CodedError (xinzheng_schemas)
    └── VerifierError
        ├── RefusedError        a step of the procedure fails: the credential is not to be relied on
        ├── UndecidedError      a step cannot be decided with the trust data at hand
        ├── NotApplicableError  there is nothing for a step to examine
        ├── TrustError          a bundle, a store or a document of trust is refused
        └── VerificationError   what `Verifier.verify` raises; carries the whole report

The first three never leave `Verifier.report`, which turns them into steps of the report.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self

from xinzheng_schemas.errors import CodedError, Language, Message
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.messages import MESSAGES, explain

if TYPE_CHECKING:
    from xinzheng_verifier.report import Report


_MAX_SHOWN: Final = 80


def shown(value: object) -> str:
    """A value of untrusted input as evidence: its first 80 characters if it is text, number or bytes, else its type."""
    if isinstance(value, bytes):
        value = value[:_MAX_SHOWN].hex()
    elif isinstance(value, int) and abs(value) >> 64:
        value = "integer"
    elif not isinstance(value, str | int | float):
        value = "nothing" if value is None else type(value).__name__
    return str(value)[:_MAX_SHOWN]


def words(error: CodedError) -> Message:
    """What an error says, as a parameter of another one that names it."""
    return Message(error.message("en"), error.message("zh"))


class VerifierError(CodedError):
    """Base of every error of this distribution."""

    catalogue: ClassVar[Mapping[str, Message]] = MESSAGES

    @classmethod
    def wrapping(cls, error: CodedError) -> Self:
        """The same refusal as an error of this class: code, field and parameters of `error` are kept."""
        return cls(error.code, field=error.field, **error.params)

    def message(self, language: Language = "en") -> str:
        """One line that says what is wrong, in `language`."""
        return explain(self.code, {"field": self.field, **self.params}, language)

    @property
    def evidence(self) -> JSONObject:
        """What the error rests on, as the report shows it: its parameters, which are JSON values, and its field."""
        return {**self.params} if self.field is None else {**self.params, "field": self.field}  # type: ignore[dict-item]


class RefusedError(VerifierError):
    """A step of the procedure fails."""


class UndecidedError(VerifierError):
    """A step of the procedure cannot be decided."""


class NotApplicableError(VerifierError):
    """There is nothing for a step of the procedure to examine."""


class TrustError(VerifierError):
    """A trust bundle, a store or a trust document is refused."""


def problem(error: CodedError) -> JSONObject:
    """An error as one of several `problems` in the evidence of a step."""
    return {
        "code": error.code,
        "field": error.field,
        "message": {"en": error.message("en"), "zh": error.message("zh")},
    }


def raise_worst(errors: Iterable[VerifierError | None]) -> None:
    """Raises the first refusal, or else the first of all; where there are several, with all of them as `problems`.

    Args:
        errors: what was found; None is nothing.
    """
    found = [error for error in errors if error is not None]
    if not found:
        return
    worst = next((error for error in found if isinstance(error, RefusedError)), found[0])
    if len(found) > 1:
        problems = [problem(error) for error in found]
        raise type(worst)(worst.code, field=worst.field, **{**worst.params, "problems": problems})
    raise worst


class VerificationError(VerifierError):
    """The credential did not pass.

    Attributes:
        report: the whole report (`xinzheng_verifier.Report`); `code` is that of its deciding step.
    """

    def __init__(self, report: "Report") -> None:
        evidence = dict(report.deciding_step.evidence)
        field = evidence.pop("field", None)
        super().__init__(report.code, field=field if isinstance(field, str) else None, **evidence)
        self.report = report
