"""When a key is good: what is known beforehand is what is found at the moment."""

from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from support.issuers import SimulatedCourt
from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.trust.eligibility import check_key, dates_of
from xinzheng_verifier.trust.issuers import TrustedKey

MOMENTS = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 6)]
PUBLIC_KEY = SimulatedCourt().certificate_signer.public_key
SOME = st.none() | st.sampled_from(MOMENTS)


def is_good(key: TrustedKey, signed_at: datetime, at: datetime) -> bool:
    try:
        check_key(key, usage="certificate", signed_at=signed_at, at=at)
    except RefusedError:
        return False
    return True


@given(
    usage=st.none() | st.sets(st.sampled_from(["certificate", "status"]), max_size=2).map(frozenset),
    windows=st.fixed_dictionaries(dict.fromkeys(("valid_from", "valid_until", "compromised_at", "expires"), SOME)),
)
def test_dates_are_those_at_which_the_key_is_good(
    usage: frozenset[str] | None, windows: dict[str, datetime | None]
) -> None:
    key = TrustedKey(
        method_ids=frozenset(),
        assertion_methods=frozenset(),
        key_type=KeyType.P256,
        public_key=PUBLIC_KEY,
        kid=b"",
        usage=usage,
        **windows,
    )
    dates = dates_of(key, usage="certificate")
    asked = [*MOMENTS, MOMENTS[0] - timedelta(days=9_999), MOMENTS[0] + timedelta(days=9_999)]
    found = {(signed_at, at): is_good(key, signed_at, at) for signed_at, at in product(asked, asked)}
    if dates is not None:
        assert found == {(signed_at, at): dates[0] <= signed_at <= dates[1] for signed_at, at in found}
    else:
        moment_has_a_say = windows["compromised_at"] is not None or windows["expires"] is not None
        assert moment_has_a_say or not any(found.values())
