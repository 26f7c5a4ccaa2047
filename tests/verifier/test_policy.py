"""Rules that contradict themselves are refused when they are written, not when they are applied."""

from datetime import timedelta
from typing import Any

import pytest

from xinzheng_verifier import Policy


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"profile": "none"}, ValueError),
        ({"max_status_age": timedelta(seconds=-1)}, ValueError),
        ({"issuers": "did:web:x.example"}, TypeError),
        ({"types": "CreditRepairCredential"}, TypeError),
        ({"types": [7]}, TypeError),
        ({"proofs": "ES256"}, TypeError),
        ({"max_clock_skew": timedelta(seconds=-1)}, ValueError),
        ({"max_clock_skew": timedelta(minutes=5, seconds=1)}, ValueError),
    ],
)
def test_refused(settings: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Policy(**settings)


def test_collections_become_sets() -> None:
    policy = Policy(issuers=["b", "a"], types=("T",))  # type: ignore[arg-type]
    assert policy.issuers == frozenset({"a", "b"})
    assert policy.to_json()["issuers"] == ["a", "b"]
    assert policy.accepted_types == frozenset({"T"})


def test_defaults_of_the_profiles() -> None:
    assert Policy().status_is_required
    assert Policy().accepted_types == frozenset({"CreditRepairCredential"})
    assert not Policy(profile="vcdm").status_is_required
    assert Policy(profile="vcdm").accepted_types is None
    assert not Policy(require_status=False).status_is_required
