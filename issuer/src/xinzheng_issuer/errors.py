"""Refusals of the issuer.

    IssuerError
    ├── WorkflowError       a step that the workflow does not allow: state, role, four eyes, reason
    ├── RuleError           facts of a case that rule out a certificate, or cannot be right
    ├── RegisterError       what the register does not hold, or holds already
    ├── IssuingError        a certificate that could not be made
    ├── KeyLifeError        a step in the life of a court key that must not be taken now
    ├── PublishingError     a bundle that could not be published
    ├── TrustListError      a step of the trust list's ceremony or publication that must not be taken
    ├── FeedError           a public-list record that could not be read
    ├── AccessError         a request without a valid token
    └── ConfigurationError  settings or a data folder that must not be used

    RefusalError            several of the above (or of another package) at once: everything wrong with one request

The HTTP edge alone turns them into problem documents (RFC 9457).
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from xinzheng_issuer.messages import MESSAGES
from xinzheng_schemas.errors import CodedError, Message


class IssuerError(CodedError):
    """Base of every refusal of `xinzheng_issuer`."""

    catalogue: ClassVar[Mapping[str, Message]] = MESSAGES


class WorkflowError(IssuerError):
    """A step that the workflow does not allow."""


class RuleError(IssuerError):
    """Facts of a case that rule out a certificate, or cannot be right."""


class RegisterError(IssuerError):
    """What the register does not hold, or holds already."""


class IssuingError(IssuerError):
    """A certificate that could not be made."""


class KeyLifeError(IssuerError):
    """A step in the life of a court key that must not be taken now."""


class PublishingError(IssuerError):
    """A bundle that could not be published."""


class TrustListError(IssuerError):
    """A step of the trust list's ceremony or publication that must not be taken."""


class FeedError(IssuerError):
    """A public-list record that could not be read."""


class AccessError(IssuerError):
    """A request without a valid token."""


class ConfigurationError(IssuerError):
    """Settings or a data folder that must not be used."""


class RefusalError(ValueError):
    """Everything wrong with one request, in the order of its fields.

    Attributes:
        problems: at least one coded error.
    """

    def __init__(self, problems: Iterable[CodedError]) -> None:
        self.problems: tuple[CodedError, ...] = tuple(problems)
        if not self.problems:
            raise TypeError("a refusal needs at least one problem")
        super().__init__("; ".join(str(problem) for problem in self.problems))
