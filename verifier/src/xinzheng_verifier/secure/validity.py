"""Step 7: whether the moment asked about lies within the validity of the credential and of its securing."""

from datetime import datetime

from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import RefusedError, UndecidedError
from xinzheng_verifier.secure.mechanism import Secured
from xinzheng_verifier.secure.moments import timestamp


def check_time(credential: JSONObject, secured: Secured, *, at: datetime, floor: datetime | None) -> None:
    """Refuses a credential outside its validity; the stricter of all stated limits wins, without tolerance.

    `validFrom` ≤ `at` ≤ `validUntil` (VCDM 2.0, 4.9), both inclusive; `at` before `exp` (RFC 7519, 4.1.4), which is
    exclusive.

    Args:
        credential: the credential without proof, its signature verified.
        secured: the mechanism, which may add limits of its own.
        at: the moment asked about.
        floor: when the newest of the trust data was made; a true clock shows no earlier moment.

    Raises:
        RefusedError: `not_yet_valid`, `expired`, `proof_expired`, `date_malformed`.
        UndecidedError: `clock_implausible`.
    """
    securing = secured.validity()
    since = [securing.since, _moment(credential, "validFrom")]
    begins = max((moment for moment in since if moment is not None), default=None)
    until = _moment(credential, "validUntil")
    if begins is not None and at < begins:
        raise RefusedError("not_yet_valid", since=format_timestamp(begins))
    if until is not None and at > until:
        raise RefusedError("expired", until=format_timestamp(until))
    if securing.until is not None and at >= securing.until:
        raise RefusedError(securing.ended_code, until=format_timestamp(securing.until))
    if floor is not None and at < floor:
        raise UndecidedError("clock_implausible", since=format_timestamp(floor))


def _moment(credential: JSONObject, member: str) -> datetime | None:
    return timestamp(credential[member], field=f"/{member}") if member in credential else None
