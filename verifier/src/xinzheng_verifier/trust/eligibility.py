"""Step 4: whether a key may have signed what it is said to have signed, at the time it is said to have."""

from datetime import UTC, datetime
from typing import Final, Literal

from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.trust.issuers import TrustedKey

Usage = Literal["certificate", "status"]

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def check_key(
    key: TrustedKey, *, usage: Usage, signed_at: datetime | None, at: datetime, unsafe_trust_dates: bool = False
) -> None:
    """Refuses a key outside its usage or its windows.

    Args:
        key: a key of the issuer.
        usage: what was signed.
        signed_at: when, by the signed data's own word; None if it does not say.
        at: the moment of judgement.
        unsafe_trust_dates: whether a date before the compromise counts, although whoever holds the key could
            have written it.

    Raises:
        RefusedError: `key_usage`, `key_compromised`, `key_not_yet_valid`, `key_expired`, `signing_time_missing`.
    """
    if key.usage is not None and usage not in key.usage:
        raise RefusedError("key_usage", expected=usage, usage=sorted(key.usage))
    if key.compromised_at is not None:
        dated_before = signed_at is not None and signed_at < key.compromised_at
        if not (unsafe_trust_dates and dated_before):
            raise RefusedError("key_compromised", since=format_timestamp(key.compromised_at))
    if key.expires is not None and at >= key.expires:
        raise RefusedError("key_expired", until=format_timestamp(key.expires))
    _check_window(key, signed_at=signed_at, at=at)


def dates_of(key: TrustedKey, *, usage: Usage) -> tuple[datetime, datetime] | None:
    """The first and the last date of issuance for which `check_key` refuses nothing, at whatever moment it is asked.

    Args:
        key: a key of the issuer.
        usage: what was signed.

    Returns:
        None if that depends on the moment, or if no date is good.
    """
    if (key.usage is not None and usage not in key.usage) or key.compromised_at is not None or key.expires is not None:
        return None
    return key.valid_from or _FIRST, key.valid_until or _LAST


def _check_window(key: TrustedKey, *, signed_at: datetime | None, at: datetime) -> None:
    if signed_at is None and key.valid_until is not None:
        raise RefusedError("signing_time_missing")
    moment = signed_at or at
    if key.valid_from is not None and moment < key.valid_from:
        raise RefusedError("key_not_yet_valid", since=format_timestamp(key.valid_from))
    if key.valid_until is not None and moment > key.valid_until:
        raise RefusedError("key_expired", until=format_timestamp(key.valid_until))
