"""A lender's store: whole or not at all, never backwards, never silently empty."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.power_cut import PowerCutError, stopping
from support.tuf_simulator import TUFSimulator, pack, status_list
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import limits
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import directory, files
from xinzheng_verifier.trust.directory import ImportResult, import_bundle, import_update, load, read_state
from xinzheng_verifier.trust.extent import Extent
from xinzheng_verifier.trust.state import StoreState, read_seen

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
REVOCATION = "https://xz.example/status/420683/1/revocation"


@pytest.fixture
def simulator() -> TUFSimulator:
    return TUFSimulator(at=NOW)


@pytest.fixture
def store(tmp_path: Path, simulator: TUFSimulator) -> Path:
    """A store that holds version 1."""
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    return tmp_path / "store"


def refusal(action: Callable[..., object], *arguments: Any, **options: Any) -> str:
    with pytest.raises(TrustError) as caught:
        action(*arguments, **options)
    assert str(caught.value)
    assert caught.value.message("zh")
    return caught.value.code


def version_of(store: Path) -> int | None:
    return load(store).bundle_version


def next_bundle(simulator: TUFSimulator) -> bytes:
    """A bundle whose revocation list differs from the one before."""
    simulator.next()
    simulator.targets["courts/420683/status/1/revocation.json"] = status_list(
        "420683", "revocation", sequence=simulator.version
    )
    return simulator.bundle()


# --- importing and loading --------------------------------------------------------------------------------------------


def test_the_first_import_makes_the_store(tmp_path: Path, simulator: TUFSimulator) -> None:
    bundle = simulator.bundle()
    result = import_bundle(tmp_path / "deep" / "store", bundle, root=simulator.root_bytes, at=NOW)
    assert result == ImportResult(
        changed=True,
        bundle_version=1,
        previous_version=None,
        bundle_sha256=hashlib.sha256(bundle).hexdigest(),
        root_version=1,
        root_sha256=hashlib.sha256(simulator.root_bytes).hexdigest(),
        expires=NOW + 7 * DAY,
        published_at=NOW,
        issuers=0,
        extent=Extent(edition=1),
        no_longer=(),
    )
    trust = load(tmp_path / "deep" / "store")
    assert (trust.bundle_version, trust.bundle_expires, trust.issued_floor) == (1, NOW + 7 * DAY, NOW)
    assert trust.status_list(REVOCATION) == simulator.targets["courts/420683/status/1/revocation.json"]


def test_a_newer_bundle_replaces_the_older(store: Path, simulator: TUFSimulator) -> None:
    result = import_bundle(store, next_bundle(simulator), at=NOW + DAY)
    assert (result.changed, result.bundle_version, result.previous_version) == (True, 2, 1)
    content = load(store).status_list(REVOCATION)
    assert content is not None
    assert json.loads(content)["sequence"] == 2


def test_the_same_bundle_again_changes_nothing(store: Path, simulator: TUFSimulator) -> None:
    before = {path: path.stat().st_mtime_ns for path in store.iterdir()}
    result = import_bundle(store, simulator.bundle(), at=NOW + DAY)
    assert (result.changed, result.bundle_version, result.previous_version) == (False, 1, 1)
    assert {path: path.stat().st_mtime_ns for path in store.iterdir()} == before


def test_only_the_bundle_and_the_one_before_it_are_kept(store: Path, simulator: TUFSimulator) -> None:
    for _ in range(3):
        import_bundle(store, next_bundle(simulator), at=simulator.at)
    assert len(list(store.glob("index-*.xzi"))) == 2
    assert len(list(store.glob("seen-*.json"))) == 1
    others = {path.name for path in store.iterdir() if not path.name.startswith(("index-", "seen-"))}
    assert others == {"lock", "state.json"}


def test_a_bundle_that_never_said_when_it_was_made_leaves_no_floor(tmp_path: Path, simulator: TUFSimulator) -> None:
    simulator.extra["timestamp"] = {"publishedAt": None}
    import_bundle(tmp_path, simulator.bundle(), root=simulator.root_bytes, at=NOW)
    assert load(tmp_path).issued_floor is None


def test_the_state_says_what_is_remembered(store: Path, simulator: TUFSimulator) -> None:
    state = read_state(store)
    assert read_seen(store, state).metadata == {"targets.json": 1}
    assert (state.root, state.imported_at, state.previous_sha256) == (simulator.root_bytes, NOW, None)


# --- what is refused --------------------------------------------------------------------------------------------------


def test_an_older_bundle_is_refused_and_nothing_changes(store: Path, simulator: TUFSimulator) -> None:
    old = simulator.bundle()
    import_bundle(store, next_bundle(simulator), at=NOW + DAY)
    assert refusal(import_bundle, store, old, at=NOW + DAY) == "bundle_rollback"
    assert version_of(store) == 2


def test_a_damaged_bundle_is_refused_and_nothing_changes(store: Path, simulator: TUFSimulator) -> None:
    newer = bytearray(next_bundle(simulator))
    newer[len(newer) // 2] ^= 1
    assert refusal(import_bundle, store, bytes(newer), at=NOW).startswith("bundle_")
    assert version_of(store) == 1


def test_a_bundle_whose_content_is_no_trust_is_refused(store: Path, simulator: TUFSimulator) -> None:
    simulator.next().targets["courts/420683/issuer.json"] = b"{}"
    assert refusal(import_bundle, store, simulator.bundle(), at=NOW) == "trust_document_malformed"
    assert version_of(store) == 1


def test_another_bundle_of_the_same_version_is_refused(store: Path, simulator: TUFSimulator) -> None:
    simulator.at += DAY
    assert refusal(import_bundle, store, simulator.bundle(), at=NOW) == "bundle_conflict"


def test_the_floor_of_time_stands_in_for_a_clock_that_fell_back(store: Path, simulator: TUFSimulator) -> None:
    # The store knows that it is most of a year later than the machine believes; then that root has expired.
    simulator.next(after=300 * DAY)
    import_bundle(store, simulator.bundle(), at=NOW)
    assert load(store).issued_floor == NOW + 300 * DAY
    simulator.at = NOW
    simulator.lifetimes["root"] = 200 * DAY
    simulator.publish_root()
    assert refusal(import_bundle, store, next_bundle(simulator), at=NOW) == "bundle_expired"


def test_time_that_a_thief_pushed_up_ends_with_the_next_root(store: Path, simulator: TUFSimulator) -> None:
    """Whoever holds the timestamp's key alone moves time up to the end of the root, and stops all imports with it."""
    simulator.extra["timestamp"] = {"publishedAt": "2090-01-01T00:00:00Z"}
    simulator.lifetimes["timestamp"] = 30_000 * DAY
    assert refusal(import_bundle, store, next_bundle(simulator), at=NOW) == "bundle_time"
    assert load(store).issued_floor == NOW
    simulator.extra["timestamp"] = {"publishedAt": format_timestamp(NOW + 360 * DAY)}
    import_bundle(store, next_bundle(simulator), at=NOW)
    assert load(store).issued_floor == NOW + 360 * DAY
    simulator.extra.clear()
    simulator.lifetimes = {"root": 300 * DAY}  # the next root lasts less long than the thief's moment
    simulator.rotate("timestamp")
    result = import_bundle(store, next_bundle(simulator), at=simulator.at, max_age=DAY)
    assert (result.root_version, result.published_at) == (2, simulator.at)
    assert load(store).issued_floor == simulator.at


# --- the root ---------------------------------------------------------------------------------------------------------


def test_the_first_import_needs_a_root(tmp_path: Path, simulator: TUFSimulator) -> None:
    assert refusal(import_bundle, tmp_path, simulator.bundle(), at=NOW) == "store_root_required"
    assert refusal(load, tmp_path) == "store_missing"


def test_the_root_of_somebody_else_is_refused(tmp_path: Path, store: Path, simulator: TUFSimulator) -> None:
    other = TUFSimulator(at=NOW)
    assert (
        refusal(import_bundle, tmp_path / "new", simulator.bundle(), root=other.root_bytes, at=NOW)
        == "bundle_threshold"
    )
    assert refusal(import_bundle, store, other.bundle(), root=other.root_bytes, at=NOW) == "store_root_conflict"
    assert refusal(import_bundle, store, other.bundle(), at=NOW) == "bundle_threshold"


def test_the_root_is_followed_and_the_first_one_may_still_be_given(store: Path, simulator: TUFSimulator) -> None:
    simulator.rotate("root", "timestamp")
    bundle = next_bundle(simulator)
    assert import_bundle(store, bundle, root=simulator.root_bytes, at=NOW).root_version == 2
    assert not import_bundle(store, bundle, root=simulator.root_bytes, at=NOW).changed
    assert not import_bundle(store, bundle, root=simulator.roots[2], at=NOW).changed
    # A bundle made by whoever stole the keys of root 1 comes too late.
    thief = TUFSimulator(at=NOW, keys=simulator.keys, roots={1: simulator.root_bytes}, version=9)
    thief.keys = {**simulator.keys, "timestamp": TUFSimulator(at=NOW).keys["timestamp"]}
    assert refusal(import_bundle, store, thief.bundle(), at=NOW) == "bundle_threshold"


def test_a_new_root_alone_is_kept_too(store: Path, simulator: TUFSimulator) -> None:
    timestamp = simulator.files()["metadata/timestamp.json"]
    simulator.rotate("root")
    bundle = pack(simulator.files() | {"metadata/timestamp.json": timestamp})
    assert import_bundle(store, bundle, at=NOW).changed
    assert read_state(store).root == simulator.roots[2]


# --- a store that cannot be read or relied on -------------------------------------------------------------------------


def test_no_store_is_no_trust(tmp_path: Path) -> None:
    assert refusal(load, tmp_path / "none") == "store_missing"
    assert refusal(load, tmp_path) == "store_missing"
    (tmp_path / "file").touch()
    assert refusal(load, tmp_path / "file") == "store_missing"


BROKEN_STATES = {
    "empty": lambda _: b"",
    "cut": lambda text: text[: len(text) // 2],
    "not-an-object": lambda _: b"[]",
    "no-members": lambda _: b"{}",
    "version": lambda text: text.replace(b'"version": 3,', b'"version": 4,', 1),
    "date": lambda text: text.replace(b'"expires": "20', b'"expires": "xx'),
    "number": lambda text: text.replace(b'"bundleVersion": 1,', b'"bundleVersion": "1",'),
    "count": lambda text: text.replace(b'"issuers": 0,', b'"issuers": true,'),
    "type": lambda text: text.replace(b'"summary": {', b'"summary": 7, "was": {'),
    "name": lambda text: re.sub(rb'"indexSha256": "[^"]*"', b'"indexSha256": "../../etc"', text),
    "root": lambda text: json.dumps({**json.loads(text), "root": "{}"}).encode(),
    "first-root": lambda text: json.dumps({**json.loads(text), "firstRootSha256": 5}).encode(),
    "extent": lambda text: text.replace(b'"includes": {}', b'"includes": 5'),
    "source": lambda text: text.replace(b'"source": null', b'"source": 5'),
    "capitals": lambda text: re.sub(rb'"indexSha256": "[^"]*"', lambda match: match[0].upper(), text),
}


@pytest.mark.parametrize("broken", BROKEN_STATES.values(), ids=BROKEN_STATES)
def test_a_damaged_state_is_never_an_empty_store(
    store: Path, simulator: TUFSimulator, broken: Callable[[bytes], bytes]
) -> None:
    state = store / "state.json"
    state.write_bytes(broken(state.read_bytes()))
    assert refusal(load, store) == "bundle_unavailable"
    again = {"root": simulator.root_bytes, "at": NOW}
    assert refusal(import_bundle, store, simulator.bundle(), **again) == "bundle_unavailable"


def index_of(store: Path) -> Path:
    (index,) = store.glob("index-*")
    return index


def test_a_damaged_or_missing_index_is_never_an_empty_store(store: Path) -> None:
    index = index_of(store)
    index.write_bytes(index.read_bytes()[:-1])
    assert refusal(load, store) == "bundle_unavailable"
    index.unlink()
    assert refusal(load, store) == "bundle_unavailable"
    index.mkdir()
    assert refusal(load, store) == "bundle_unavailable"


def read_through(store: Path) -> object:
    try:
        trust = load(store)
        assert [*trust.issuers] == []
        assert trust.status_list_urls == (REVOCATION,)
        return trust.status_list(REVOCATION), trust.attested_at(REVOCATION)
    except TrustError as error:
        return error.code


def test_a_byte_of_the_index_that_changed_is_found_wherever_it_is(store: Path) -> None:
    """Every content, table and footer hangs on the digest in the state: what is looked up is right or an error."""
    index = index_of(store)
    whole = index.read_bytes()
    genuine = load(store).status_list(REVOCATION)
    for place in range(len(whole)):
        index.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_through(store) in {(genuine, None), "bundle_unavailable"}


def test_an_import_heals_a_damaged_index(store: Path, simulator: TUFSimulator) -> None:
    index = index_of(store)
    whole = index.read_bytes()
    content, key = whole.index(REVOCATION.encode()), whole.rindex(b"courts/420683/status/1")
    changed = [whole[:place] + b"x" + whole[place + 1 :] for place in (content, key)]
    for damaged in (whole[:-9], *changed):
        index.write_bytes(damaged)
        assert import_bundle(store, simulator.bundle(), at=NOW).changed
        assert index.read_bytes() == whole


def test_what_was_seen_is_not_lost_unsaid(store: Path, simulator: TUFSimulator) -> None:
    (seen,) = store.glob("seen-*")
    text = seen.read_bytes()
    changes = [text.replace(b'"snapshot": 1', b'"snapshot": 0'), text[:-1], text.replace(b": 1", b": true")]
    damages: list[Callable[[], object]] = [partial(seen.write_bytes, changed) for changed in changes]
    for damage in (*damages, seen.unlink):
        damage()
        assert version_of(store) == 1  # what it holds is not touched by that
        assert refusal(import_bundle, store, next_bundle(simulator), at=NOW) == "bundle_unavailable"


def test_endless_files_are_not_read(store: Path) -> None:
    os.truncate(store / "state.json", 2 * limits.ROOT_JSON.max_bytes + 100_000)
    assert refusal(load, store) == "bundle_too_large"


def test_update_where_no_store_is_leaves_nothing(tmp_path: Path) -> None:
    assert refusal(import_update, tmp_path / "new", b"", at=NOW) == "store_missing"
    assert not (tmp_path / "new").exists()


def test_links_are_not_followed(store: Path, tmp_path: Path) -> None:
    (store / "state.json").rename(tmp_path / "elsewhere.json")
    (store / "state.json").symlink_to(tmp_path / "elsewhere.json")
    assert refusal(load, store) == "bundle_unavailable"


@pytest.mark.parametrize("bits", [0o020, 0o002])
@pytest.mark.parametrize("pattern", [".", "state.json", "index-*.xzi"])
def test_what_others_can_write_is_not_relied_on(store: Path, simulator: TUFSimulator, pattern: str, bits: int) -> None:
    path = store if pattern == "." else next(store.glob(pattern))
    path.chmod(path.stat().st_mode | bits)
    assert refusal(load, store) == "store_writable_by_others"
    if pattern != "index-*.xzi":  # which an import replaces
        assert refusal(import_bundle, store, next_bundle(simulator), at=NOW) == "store_writable_by_others"


def test_what_another_user_owns_is_not_relied_on(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(store, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert refusal(load, store) == "store_writable_by_others"


def test_files_of_the_store_can_be_read_by_all_and_written_by_one(tmp_path: Path, simulator: TUFSimulator) -> None:
    before = os.umask(0)
    try:
        import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    finally:
        os.umask(before)
    modes = {path.name.partition("-")[0]: path.stat().st_mode & 0o777 for path in (tmp_path / "store").iterdir()}
    assert modes == {"index": 0o644, "seen": 0o644, "state.json": 0o644, "lock": 0o600}
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o755


def test_a_store_that_cannot_be_made_is_an_error(tmp_path: Path, simulator: TUFSimulator) -> None:
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "store"
    assert refusal(import_bundle, below, simulator.bundle(), root=simulator.root_bytes, at=NOW) == "store_not_written"


# --- at any moment ----------------------------------------------------------------------------------------------------


def interrupted_imports(
    folder: Path, bundle: bytes, *, prepare: Callable[[Path], object], **options: Any
) -> list[Path]:
    """One store for each moment at which an import can be cut off."""
    stores: list[Path] = []
    while True:
        store = folder / str(len(stores))
        prepare(store)
        try:
            with stopping(len(stores)):
                import_bundle(store, bundle, **options)
        except PowerCutError:
            stores.append(store)
        else:
            return stores


def test_an_import_cut_off_anywhere_leaves_the_old_or_the_new(
    tmp_path: Path, store: Path, simulator: TUFSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PIECE", 400)  # so that the index takes several writes
    import_bundle(store, next_bundle(simulator), at=NOW)
    bundle = next_bundle(simulator)
    stores = interrupted_imports(tmp_path, bundle, prepare=lambda copy: shutil.copytree(store, copy), at=NOW)
    versions = [version_of(cut) for cut in stores]
    assert versions == sorted(versions, key=lambda version: version or 0)
    assert set(versions) == {2, 3}
    assert len(versions) > 15
    for cut in stores:
        assert import_bundle(cut, bundle, at=NOW).bundle_version == 3
        assert import_bundle(cut, simulator.bundle(), at=NOW).bundle_version == 3
        assert not list(cut.glob(".*"))
        assert len(list(cut.glob("index-*"))) <= 2
        assert len(list(cut.glob("seen-*"))) == 1


def test_a_first_import_cut_off_anywhere_leaves_no_trust_or_the_new(tmp_path: Path, simulator: TUFSimulator) -> None:
    stores = interrupted_imports(
        tmp_path, simulator.bundle(), prepare=lambda _: None, root=simulator.root_bytes, at=NOW
    )
    assert len(stores) >= 6
    for cut in stores:
        if not (cut / "state.json").exists():
            assert refusal(load, cut) == "store_missing"
        import_bundle(cut, simulator.bundle(), root=simulator.root_bytes, at=NOW)
        assert version_of(cut) == 1


def test_a_full_disk_is_said_and_nothing_changes(store: Path, simulator: TUFSimulator) -> None:
    bundle = next_bundle(simulator)
    with stopping(1_000) as counted:
        import_bundle(shutil.copytree(store, store.with_name("copy")), bundle, at=NOW)
    for moment in range(counted.done):
        with stopping(moment, OSError):
            assert refusal(import_bundle, store, bundle, at=NOW) == "store_not_written"
        assert not list(store.glob(".*"))
        if version_of(store) == 2:  # only what follows the replacement of state.json failed
            break
    else:
        pytest.fail("the import never took effect")


# --- at the same time -------------------------------------------------------------------------------------------------


def test_imports_at_once_end_with_the_newest(store: Path, simulator: TUFSimulator) -> None:
    made = [next_bundle(simulator) for _ in range(8)]
    bundles = made[::2] + made[::-2]
    outcomes: list[str] = []
    start = threading.Barrier(len(bundles))

    def run(bundle: bytes) -> None:
        start.wait()
        try:
            outcomes.append(str(import_bundle(store, bundle, at=NOW).changed))
        except TrustError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=run, args=(bundle,)) for bundle in bundles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {"True", "bundle_rollback"}
    assert len(outcomes) == len(bundles)
    assert version_of(store) == simulator.version


def test_an_import_waits_for_another(store: Path, simulator: TUFSimulator) -> None:
    bundle = next_bundle(simulator)
    with (store / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=import_bundle, args=(store, bundle), kwargs={"at": NOW})
        waiting.start()
        waiting.join(timeout=0.2)
        assert waiting.is_alive()
        assert version_of(store) == 1  # readers need no lock
    waiting.join(timeout=30)
    assert version_of(store) == 2


def test_a_reader_overtaken_by_imports_reads_again(
    store: Path, simulator: TUFSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = directory.read_state

    def overtaken(path: Path) -> StoreState:
        state = read(path)
        if simulator.version == 1:
            for _ in range(2):  # the second one tidies up what the reader is about to open
                import_bundle(store, next_bundle(simulator), at=NOW)
        return state

    monkeypatch.setattr(directory, "read_state", overtaken)
    assert version_of(store) == 3
