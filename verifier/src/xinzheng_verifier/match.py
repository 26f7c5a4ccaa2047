"""Step 9: whether the credential is about the person or company that stands before the lender.

The number given is compared and forgotten: no part of it enters an error, a report or a log.
"""

import hmac
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
from xinzheng_verifier.errors import NotApplicableError, RefusedError, UndecidedError

IDENTITY_TYPES = (str, ResidentId, UnifiedSocialCreditCode, DocumentNumber)
"""What may be given as an identity: a full number as text, or one that is parsed already."""


class _Stated(NamedTuple):
    """What a credential states of its subject's identity."""

    id_type: IdType
    commitment: IdCommitment | None
    social_credit_code: str | None


def check_identity(credential: JSONObject, identity: str | Identity | None) -> None:
    """Compares a full ID number or social credit code with the commitment, and with the code in clear if there is one.

    Args:
        credential: the credential without proof, its signature verified.
        identity: a full number as the lender typed it, or parsed; None if none was given.

    Raises:
        RefusedError: `identity_mismatch`.
        NotApplicableError: `identity_not_given`.
        UndecidedError: `identity_not_stated` (nothing to compare with), `identity_malformed` (no number of that type).
    """
    if identity is None:
        raise NotApplicableError("identity_not_given")
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
