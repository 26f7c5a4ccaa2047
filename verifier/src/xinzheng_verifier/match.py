"""Step 9: whether the credential is the one that is expected: of this person, of this number, as that paper says.

The number given is compared and forgotten: no part of it enters an error, a report or a log.
"""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.identity import (
    DocumentNumber,
    IdCommitment,
    Identity,
    ResidentId,
    UnifiedSocialCreditCode,
    parse_identity,
)
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.vocabulary import IdType
from xinzheng_verifier.errors import RefusedError, UndecidedError, VerifierError, raise_worst
from xinzheng_verifier.exact import exact_text
from xinzheng_verifier.limits import MAX_PROBLEMS

IDENTITY_TYPES = (str, ResidentId, UnifiedSocialCreditCode, DocumentNumber)
"""What may be given as an identity: a full number as text, or one that is parsed already."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a credential is compared with; None is not compared.

    Attributes:
        identity: a full number as the lender typed it, or parsed.
        number: certificate number.
        other: gives what another form of the credential says, or raises what makes that form unusable.

    Raises:
        TypeError: an attribute of a wrong type.
    """

    identity: str | Identity | None = None
    number: str | None = None
    other: Callable[[], JSONObject] | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to compare with."""
        return self.identity is None and self.number is None and self.other is None

    def __post_init__(self) -> None:
        if self.identity is not None and not isinstance(self.identity, IDENTITY_TYPES):
            raise TypeError("identity must be a text or a parsed identity")
        if self.number is not None and not isinstance(self.number, str):
            raise TypeError("number must be a text")
        for name in ("identity", "number"):
            if isinstance(value := getattr(self, name), str):
                object.__setattr__(self, name, exact_text(value))


def check_match(credential: JSONObject, expected: Expected, evidence: JSONObject) -> None:
    """Compares all that was given.

    Args:
        credential: the credential without proof, its signature verified.
        expected: what to compare it with.
        evidence: takes up what was compared.

    Raises:
        RefusedError: `identity_mismatch`, `number_mismatch`, `forms_differ`, `other_form_refused`.
        UndecidedError: as `check_identity`.
    """
    comparisons: dict[str, Callable[[], None]] = {}
    if expected.identity is not None:
        comparisons["identity"] = partial(check_identity, credential, expected.identity)
    if expected.number is not None:
        comparisons["number"] = partial(_check_number, credential, expected.number)
    if expected.other is not None:
        comparisons["other"] = partial(_check_same, credential, expected.other)
    evidence["compared"] = [*comparisons]
    errors: list[VerifierError] = []
    for compare in comparisons.values():
        try:
            compare()
        except VerifierError as error:
            errors.append(error)
    raise_worst(errors)


def _check_number(credential: JSONObject, number: str) -> None:
    if credential.get("certificateNumber") != number:
        raise RefusedError("number_mismatch", field="/certificateNumber")


def _check_same(credential: JSONObject, other: Callable[[], JSONObject]) -> None:
    fields = [*_differences(credential, other(), "")]
    if fields:
        raise RefusedError("forms_differ", field=fields[0], fields=fields[:MAX_PROBLEMS])


def _differences(one: JSONValue, other: JSONValue, pointer: str) -> Iterator[str]:
    """JSON pointers (RFC 6901) of the members that differ, each as deep as both sides have it."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            below = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if name in one and name in other:
                yield from _differences(one[name], other[name], below)
            else:
                yield below
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{pointer}/{position}")
    elif type(one) is not type(other) or one != other:
        yield pointer or "/"


class _Stated(NamedTuple):
    """What a credential states of its subject's identity."""

    id_type: IdType
    commitment: IdCommitment | None
    social_credit_code: str | None


def check_identity(credential: JSONObject, identity: str | Identity) -> None:
    """Compares a full ID number or social credit code with the commitment, and with the code in clear if there is one.

    Args:
        credential: the credential without proof, its signature verified.
        identity: a full number as the lender typed it, or parsed.

    Raises:
        RefusedError: `identity_mismatch`.
        UndecidedError: `identity_not_stated` (nothing to compare with), `identity_malformed` (no number of that type).
    """
    stated = _stated(credential.get("credentialSubject"))
    number = _parsed(identity, stated.id_type) if isinstance(identity, str) else identity
    answers = []
    if stated.commitment is not None:
        answers.append(stated.commitment.matches(number))
    if stated.social_credit_code is not None:
        answers.append(hmac.compare_digest(stated.social_credit_code.encode(), number.number.encode()))
    if not answers:
        raise UndecidedError("identity_not_stated")
    if not all(answers):
        raise RefusedError("identity_mismatch")


def _stated(subject: JSONValue) -> _Stated:
    if not isinstance(subject, dict):
        raise UndecidedError("identity_not_stated")
    commitment, code = subject.get("idCommitment"), subject.get("unifiedSocialCreditCode")
    try:
        return _Stated(
            id_type=IdType(subject.get("idType")),  # type: ignore[arg-type]
            commitment=IdCommitment.parse(commitment) if isinstance(commitment, str) else None,
            social_credit_code=code if isinstance(code, str) else None,
        )
    except ValueError as error:
        raise UndecidedError("identity_not_stated") from error


def _parsed(text: str, id_type: IdType) -> Identity:
    try:
        return parse_identity(id_type, text.strip())
    except CodedError as error:
        # `from None`, and the reason only: the text itself must not reach a traceback.
        raise UndecidedError("identity_malformed", reason=error.code) from None
