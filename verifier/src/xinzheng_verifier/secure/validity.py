"""Step 7: whether the moment asked about lies within the validity of the credential and of its proofs."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import RefusedError, UndecidedError, VerifierError, raise_worst
from xinzheng_verifier.secure.moments import latest_moment, timestamp
from xinzheng_verifier.secure.proof import Proof, Validity


def check_time(
    credential: JSONObject,
    proofs: Iterable[Proof],
    *,
    at: datetime,
    skew: timedelta,
    floor: datetime | None,
    now: datetime | None = None,
) -> None:
    """Refuses a credential outside its validity; the stricter of all stated limits wins.

    `validFrom` ≤ `at` ≤ `validUntil` (VCDM 2.0, 4.9), both inclusive; `at` before `exp` (RFC 7519, 4.1.4), which is
    exclusive. The lender's clock may be slow by `skew`; nothing lives longer for it.

    Args:
        credential: the credential without proof, its signature verified.
        proofs: its proofs, which may add limits of their own.
        at: the moment asked about.
        skew: how much later than `at` it may be in truth.
        floor: when the newest of the trust data was made; a true clock shows no earlier moment.
        now: what the clock shows, where `at` was chosen by somebody; None where `at` is what it shows. The later of the
            two has to reach the floor.

    Raises:
        RefusedError: `not_yet_valid`, `expired`, `proof_expired`, `date_malformed`.
        UndecidedError: `clock_implausible`.
    """
    is_behind = floor is not None and latest_moment(max(at, now or at), skew) < floor
    raise_worst(
        _problems(credential, proofs, at=at, latest=latest_moment(at, skew), floor=floor if is_behind else None)
    )


def _problems(
    credential: JSONObject, proofs: Iterable[Proof], *, at: datetime, latest: datetime, floor: datetime | None
) -> Iterator[VerifierError]:
    try:
        limits = [proof.validity() for proof in proofs]
        begins = _latest(_moment(credential, "validFrom"), limits)
        until = _moment(credential, "validUntil")
    except RefusedError as error:
        yield error
        return
    if floor is not None:
        # A clock that is behind says nothing of a beginning; what has ended by it has ended all the more.
        yield UndecidedError("clock_implausible", since=format_timestamp(floor))
    elif begins is not None and latest < begins:
        yield RefusedError("not_yet_valid", since=format_timestamp(begins))
    if until is not None and at > until:
        yield RefusedError("expired", until=format_timestamp(until))
    for limit in limits:
        if limit.until is not None and at >= limit.until:
            yield RefusedError(limit.ended_code, until=format_timestamp(limit.until))


def _latest(valid_from: datetime | None, limits: Iterable[Validity]) -> datetime | None:
    stated = (valid_from, *(limit.since for limit in limits))
    return max((moment for moment in stated if moment is not None), default=None)


def _moment(credential: JSONObject, member: str) -> datetime | None:
    return timestamp(credential[member], field=f"/{member}") if member in credential else None
