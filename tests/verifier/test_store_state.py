"""What a store writes down of itself can always be read back: else it is not written, and the store is as it was."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.tuf_simulator import TUFSimulator, status_list
from xinzheng_schemas.strict_json import Limits
from xinzheng_verifier import TrustError
from xinzheng_verifier.limits import MAX_DELEGATED_ROLES
from xinzheng_verifier.trust import state
from xinzheng_verifier.trust.directory import import_bundle, load, read_state
from xinzheng_verifier.trust.extent import Extent

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def simulator() -> TUFSimulator:
    return TUFSimulator(at=NOW)


@pytest.fixture
def store(tmp_path: Path, simulator: TUFSimulator) -> Path:
    """A store that holds version 1."""
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    return tmp_path / "store"


@pytest.mark.parametrize("limits", [Limits(max_bytes=100), Limits(max_members=3)], ids=["bytes", "members"])
def test_what_could_not_be_read_back_is_not_taken_in(
    store: Path, simulator: TUFSimulator, monkeypatch: pytest.MonkeyPatch, limits: Limits
) -> None:
    """A record of what was seen that outgrows its bound would shut the store for good."""
    before = {path.name: path.read_bytes() for path in store.iterdir()}
    with monkeypatch.context() as small:
        small.setattr(state, "_SEEN_JSON", limits)
        with pytest.raises(TrustError, match="limits of size"):
            import_bundle(store.with_name("other"), simulator.bundle(), root=simulator.root_bytes, at=NOW)
        assert [path.name for path in store.with_name("other").iterdir()] == ["lock"]
    record = state.read_seen(store, read_state(store)).to_json()
    with monkeypatch.context() as small:
        small.setattr(state, "_SEEN_JSON", Limits(max_members=record.count(b",") + record.count(b"{")))
        for court in ("430101", "430102"):
            path = f"courts/{court}/status/1/revocation.json"
            simulator.targets[path] = status_list(court, "revocation", credentialSubject={"sequence": 1})
        with pytest.raises(TrustError, match="limits of size"):
            import_bundle(store, simulator.next().bundle(), at=NOW)
    assert {path.name: path.read_bytes() for path in store.iterdir()} == before
    assert import_bundle(store, simulator.bundle(), at=NOW).bundle_version == 2


def test_as_many_numbers_as_the_record_holds_are_read_back(store: Path) -> None:
    held = read_state(store)
    numbers = {f"courts/4201/status/{number}/revocation.jwt": 1 for number in range(600_000)}
    seen = replace(state.read_seen(store, held), sequences=numbers)
    written = state.write(store, held, state.record_of(seen))
    assert state.read_seen(store, written) == seen


def test_a_state_that_could_not_be_read_back_is_not_written(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_state(store)
    with monkeypatch.context() as small:
        small.setattr(state, "_STATE_JSON", Limits(max_bytes=1_000))
        with pytest.raises(TrustError, match="limits of size"):
            state.write_state(store, before)
    assert read_state(store) == before


def test_the_longest_extent_is_remembered(store: Path) -> None:
    codes = frozenset(f"{number:032}" for number in range(MAX_DELEGATED_ROLES))
    longest = replace(read_state(store), extent=Extent(edition=1, courts=codes, changes=False))
    state.write_state(store, longest)
    assert read_state(store) == longest


def test_a_store_that_took_in_invented_courts_opens_again(store: Path, simulator: TUFSimulator) -> None:
    """An earlier release took them in, and could not read them back."""
    codes = frozenset(f"{number:029}" for number in range(8_150))
    state.write_state(store, replace(read_state(store), extent=Extent(edition=1, courts=codes)))
    assert load(store).bundle_version == 1
    import_bundle(store, simulator.next().bundle(), at=NOW)
    assert read_state(store).extent.is_whole
