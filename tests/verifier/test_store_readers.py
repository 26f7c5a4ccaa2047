"""Who reads a lender's store goes on with what was opened, whatever is imported meanwhile."""

import gc
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.tuf_simulator import TUFSimulator, status_list
from xinzheng_verifier import Verifier
from xinzheng_verifier.trust.directory import import_bundle, load

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def simulator() -> TUFSimulator:
    return TUFSimulator(at=NOW)


@pytest.fixture
def store(tmp_path: Path, simulator: TUFSimulator) -> Path:
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    return tmp_path / "store"


def test_batch_goes_on_with_what_was_opened(store: Path, simulator: TUFSimulator) -> None:
    """Two imports later the index has no name any more; the processes of a batch read it all the same."""
    trust = load(store)
    for _ in range(2):
        simulator.next()
        changed = status_list("420683", "revocation", sequence=simulator.version)
        simulator.targets["courts/420683/status/1/revocation.json"] = changed
        import_bundle(store, simulator.bundle(), at=NOW)
    one, many = ([report.code for report in Verifier(trust).report_many([b"x"] * 4, at=NOW, workers=n)] for n in (1, 2))
    assert one == many


def test_batch_reads_a_store_that_was_named_from_elsewhere(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(store.parent)
    verifier = Verifier(load(Path(store.name)))
    monkeypatch.chdir("/")
    assert len([*verifier.report_many([b"x"] * 4, at=NOW, workers=2)]) == 4


def test_kept_reports_hold_no_store_open(store: Path) -> None:
    reports = [Verifier(load(store)).report(b"x", at=NOW) for _ in range(5)]
    gc.collect()
    opened = [*map(os.path.realpath, Path("/proc/self/fd").iterdir())]
    assert not any(name.startswith(str(store)) for name in opened)
    assert len({report.trust.sha256 for report in reports}) == 1
