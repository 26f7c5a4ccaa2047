"""A source never makes a store narrower than it is: what part of a country a bundle carries is signed by nobody."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.publisher import StaticTree
from support.tuf_simulator import TUFSimulator, pack
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import TrustError
from xinzheng_verifier.cli import main, updating
from xinzheng_verifier.trust.directory import export_bundle, import_bundle, load, read_state
from xinzheng_verifier.trust.extent import select

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def tree(tmp_path: Path) -> StaticTree:
    """Editions 2 and 3."""
    tree = StaticTree(tmp_path / "tree", TUFSimulator(at=NOW, version=2))
    tree.simulator.country("420683", "420684", "430101")
    tree.publish()
    tree.simulator.next()
    tree.publish()
    return tree


@pytest.fixture
def store(tmp_path: Path, tree: StaticTree) -> Path:
    """A store that holds edition 2."""
    bundle = tree.path("bundles/bundle-2.xzb").read_bytes()
    import_bundle(tmp_path / "store", bundle, root=tree.simulator.root_bytes, at=NOW)
    return tmp_path / "store"


def updated(store: Path, tree: StaticTree) -> updating.Updated:
    return updating.update(store, str(tree.folder), root=None, at=NOW, max_age=None)


NARROWED: dict[str, dict[str, Any]] = {
    "one province": {"provinces": ["42"]},
    "nothing": {"provinces": []},
    "one court": {"courts": ["420683"]},
    "no journals": {"changes": False},
}


@pytest.mark.parametrize("kind", NARROWED)
@pytest.mark.parametrize("is_newer", [True, False])
def test_a_source_never_makes_a_store_narrower(  # noqa: PLR0917 - fixtures
    store: Path,
    tree: StaticTree,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    is_newer: bool,
) -> None:
    if not is_newer:  # the same edition, fetched whole since the store is damaged
        updated(store, tree)
        index = store / f"index-{read_state(store).index_sha256}.xzi"
        index.write_bytes(index.read_bytes()[:-1])
    before = {path.name: path.read_bytes() for path in store.iterdir()}
    tree.path("updates/2-3.xzu").unlink()
    whole = tree.path("bundles/bundle-3.xzb").read_bytes()
    tree.path("bundles/bundle-3.xzb").write_bytes(pack(select(tree.simulator.files(), **NARROWED[kind])))
    command = ["store", "update", str(tree.folder), "--store", str(store), "--at", format_timestamp(NOW)]
    for language, words in (("en_GB.UTF-8", "Nothing was changed"), ("zh_CN.UTF-8", "未作任何更改")):
        monkeypatch.setenv("LC_ALL", language)
        assert main(command) == 1
        said = capsys.readouterr().err.replace("\n", " ")
        assert "(bundle_narrower)" in said
        assert "store import" in said
        assert words in said
    assert {path.name: path.read_bytes() for path in store.iterdir()} == before
    tree.path("bundles/bundle-3.xzb").write_bytes(whole)
    done = updated(store, tree)
    assert (done.by, done.result.extent.is_whole, done.result.no_longer) == ("bundle", True, ())
    assert len(load(store).status_list_urls) == 3


def test_a_part_never_becomes_another(tmp_path: Path, store: Path, tree: StaticTree) -> None:
    part = tmp_path / "part"
    import_bundle(part, export_bundle(store, provinces=["42"]).bundle, root=tree.simulator.root_bytes, at=NOW)
    tree.path("updates/2-3.xzu").unlink()
    others: list[dict[str, Any]] = [{"provinces": ["43"]}, {"courts": ["420683", "420684"]}]
    for other in others:
        tree.path("bundles/bundle-3.xzb").write_bytes(pack(select(tree.simulator.files(), **other)))
        with pytest.raises(TrustError) as caught:
            updated(part, tree)
        assert caught.value.code == "bundle_narrower"
    tree.path("bundles/bundle-3.xzb").write_bytes(pack(select(tree.simulator.files(), provinces=["42"])))
    assert updated(part, tree).result.bundle_version == 3


def test_a_bundle_that_is_carried_makes_a_store_narrower(store: Path, tree: StaticTree) -> None:
    hubei = pack(select(tree.simulator.files(), provinces=["42"]))
    assert import_bundle(store, hubei, at=NOW).no_longer == ("430101",)
    assert updated(store, tree).by == "nothing"
    tree.simulator.next()
    tree.publish()
    assert updated(store, tree).result.extent.provinces == frozenset({"42"})
