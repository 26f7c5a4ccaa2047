"""The moment that a timestamp states, as a floor of time; and what outlasts new keys of the publisher."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.tuf_simulator import TUFSimulator
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.tuf_workflow import TrustedRepository, walk

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def simulator() -> TUFSimulator:
    return TUFSimulator(at=NOW)


def load(simulator: TUFSimulator, *, seen: Seen = NOTHING_SEEN) -> TrustedRepository:
    return walk(simulator.files(), root=simulator.root_bytes, seen=seen, at=simulator.at)


def refusal(simulator: TUFSimulator, **how: Any) -> str:
    with pytest.raises(TrustError) as caught:
        load(simulator, **how)
    assert str(caught.value)
    assert caught.value.message("zh")
    return caught.value.code


@pytest.mark.parametrize("role", ["root", "timestamp"])
@pytest.mark.parametrize(("offset", "code"), [(-1, None), (0, "bundle_time"), (10**9, "bundle_time")])
def test_no_timestamp_was_made_when_it_or_the_root_has_expired(
    simulator: TUFSimulator, role: str, offset: int, code: str | None
) -> None:
    simulator.lifetimes |= {"root": 30 * DAY, "timestamp": 30 * DAY, role: 20 * DAY}
    simulator.publish_root(version=1)
    stated = NOW + 20 * DAY + timedelta(seconds=offset)
    simulator.extra["timestamp"] = {"publishedAt": format_timestamp(stated)}
    if code is None:
        assert load(simulator).seen.published_at == stated
    else:
        assert refusal(simulator) == code


def test_what_was_seen_is_a_floor_under_the_moment_of_judgement(simulator: TUFSimulator) -> None:
    seen = replace(load(simulator).seen, published_at=NOW + 364 * DAY)
    assert load(simulator, seen=seen).root_version == 1
    late = replace(seen, published_at=NOW + 365 * DAY)
    assert refusal(simulator, seen=late) == "bundle_expired"
    simulator.rotate("root", "targets")
    simulator.lifetimes["root"] = 300 * DAY
    simulator.rotate("targets")
    assert refusal(simulator, seen=seen) == "bundle_expired"
    simulator.rotate("snapshot")
    assert load(simulator, seen=seen).seen.published_at == NOW


def test_new_online_keys_forget_no_numbers_of_lists_that_others_vouch_for(simulator: TUFSimulator) -> None:
    simulator.country("420683")
    simulator.entrusted["court-420683"].digest = True
    keys = load(simulator).seen.keys
    lists = {f"courts/{court}/status/1/revocation.json": 6 for court in ("420683", "420699", "430101")}
    seen = replace(load(simulator).seen, sequences=lists)
    simulator.next().rotate("timestamp")
    found = load(simulator, seen=seen).seen
    assert found.sequences == {path: 6 for path in lists if "4206" in path}  # by court and province; the top lists 43
    assert found.keys == keys
