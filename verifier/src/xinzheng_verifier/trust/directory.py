"""A lender's store: a folder that holds what was believed last, the root to judge the next by, and what was seen.

    lock                 held while something is taken in
    state.json           root, extent, ages, names of the other files; its replacement is the one moment at which an
                         import takes effect
    index-<sha256>.xzi   what the bundle said, for looking up (`indexed`), and the one before it, for readers that are
                         still at it
    seen-<sha256>.json   versions, sequence numbers and times below which nothing is believed any more

A bundle is judged once, when it is taken in. What the folder holds is as trustworthy as its owner: files that others
could have changed are refused. A store that cannot be read is an error, never a store without content.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import files, indexed
from xinzheng_verifier.trust import state as states
from xinzheng_verifier.trust.extent import Extent, select
from xinzheng_verifier.trust.floor import refuse_older_lists
from xinzheng_verifier.trust.index_file import Index, IndexWriter
from xinzheng_verifier.trust.names import EXTENT_FILE
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.state import StoreState
from xinzheng_verifier.trust.store import TrustStore

if TYPE_CHECKING:
    from xinzheng_verifier.trust.contents import Contents
    from xinzheng_verifier.trust.tuf_workflow import TrustedRepository

_READ_ATTEMPTS = 3  # two imports may take effect between the two reads of a load


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What an import did.

    Attributes:
        changed: False if the store held this very content already.
        bundle_version: version of what the store holds now.
        previous_version: version of what it held before; None for the first.
        bundle_sha256: digest of the file that was taken in, lower-case hexadecimal.
        root_version: version of the root that the next bundle is judged by.
        root_sha256: digest of the root metadata that the store was started with, to be compared by another way.
        expires: from when the content no longer counts as current.
        published_at: when the publisher says it was made; None if it does not say.
        issuers: how many issuers it describes.
        extent: what of the country the store holds now.
        no_longer: codes of courts that it held before and does not hold any more.
    """

    changed: bool
    bundle_version: int
    previous_version: int | None
    bundle_sha256: str
    root_version: int
    root_sha256: str
    expires: datetime
    published_at: datetime | None
    issuers: int
    extent: Extent
    no_longer: tuple[str, ...]


@dataclass(frozen=True)
class _Before:
    """What a store holds when something is to be taken in; of a new store nothing."""

    state: StoreState | None
    seen: Seen
    index: Index | None


@dataclass(frozen=True)
class _Taken:
    """What is to be taken in: the file, and the repository that it carries."""

    sha256: str
    content: Mapping[str, bytes]
    source: str | None


def load(path: Path) -> TrustStore:
    """The content of the store at `path`, read as it is asked for.

    Raises:
        TrustError: `store_missing` (there is no store), `bundle_unavailable` (it cannot be read),
            `store_writable_by_others`, `store_outdated` (an earlier release wrote it).
    """
    state, index = open_index(path)
    return indexed.open_store(index, state)


def open_index(path: Path) -> tuple[StoreState, Index]:
    """State and index of the store at `path`.

    Raises:
        TrustError: as `load`.
    """
    for _ in range(_READ_ATTEMPTS):
        state = read_state(path)
        if state.index_sha256 is None:
            raise TrustError("store_outdated")
        # An import may take effect in between, and another one clean up.
        with contextlib.suppress(FileNotFoundError):
            return state, Index(path / states.index_name(state.index_sha256), state.index_sha256)
    raise TrustError("bundle_unavailable")


def mark(path: Path) -> tuple[int, int, int]:
    """What tells one state of the store at `path` from the next: an import replaces the file that says what it holds.

    Returns:
        Number of that file, time of its change in nanoseconds, its size in bytes.

    Raises:
        TrustError: `bundle_unavailable`, there is none.
    """
    try:
        status = (path / states.STATE_NAME).stat(follow_symlinks=False)
    except OSError as error:
        raise TrustError("bundle_unavailable") from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_state(path: Path) -> StoreState:
    """What the store at `path` remembers.

    Raises:
        TrustError: `store_missing`, `bundle_unavailable`, `store_writable_by_others`.
    """
    try:
        return states.read_state(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TrustError("store_missing", store=str(path)) from error


def import_bundle(
    path: Path,
    bundle: bytes,
    *,
    root: bytes | None = None,
    at: datetime,
    max_age: timedelta | None = None,
    source: str | None = None,
) -> ImportResult:
    """Judge a bundle by what the store at `path` trusts and has seen, and make it the store's content.

    Either all of it takes effect or nothing does, whenever the process or the machine stops. Imports wait for each
    other. The folder is made if there is none.

    Args:
        path: folder of the store.
        bundle: the bundle file.
        root: root metadata to start from; needed for the first bundle. Later it may be given again, unchanged.
        at: moment of the import, aware. A moment before the last bundle was published counts as that moment.
        max_age: how long ago the publisher may have made it; None does not ask.
        source: where it was fetched from, to be remembered. The store then keeps to the part of the country that it
            holds, or to the whole; without a source it holds what the bundle holds.

    Raises:
        TrustError: `store_root_required`, `store_root_conflict`, `store_writable_by_others`, `store_not_written`,
            `bundle_unavailable` (what the store has seen cannot be read), or why the bundle is refused: a `bundle_…`
            code such as `bundle_rollback` or `bundle_narrower` (a source offers less than the store holds),
            `trust_document_malformed`, `issuer_ambiguous`.
    """
    from xinzheng_verifier.trust import bundle as bundles  # noqa: PLC0415 - as archives, not needed for opening

    def taken(before: _Before) -> _Taken:
        content: Mapping[str, bytes] = bundles.opened(bundle)
        if source is not None and before.state is not None:
            content = _kept_to(before.state.extent, content)
        return _Taken(hashlib.sha256(bundle).hexdigest(), content, source)

    return _import(path, taken, root=root, at=at, max_age=max_age)


def import_update(
    path: Path, update: bytes, *, at: datetime, max_age: timedelta | None = None, source: str | None = None
) -> ImportResult:
    """Judge what an update makes of the store's content, and make that the content; otherwise as `import_bundle`.

    Args:
        path: folder of the store.
        update: the update file (.xzu).
        at: moment of the import, aware.
        max_age: how long ago the publisher may have made it; None does not ask.
        source: where it was fetched from, to be remembered.

    Raises:
        TrustError: as `import_bundle`; `store_missing`, `update_…` (it is damaged, or leads from another edition than
            the store holds).
    """
    if not (path / states.STATE_NAME).exists():  # nothing is made where there is no store
        raise TrustError("store_missing", store=str(path))

    def taken(before: _Before) -> _Taken:
        if before.state is None:
            raise TrustError("store_missing", store=str(path))
        if before.index is None:
            raise TrustError("bundle_unavailable" if before.state.index_sha256 else "store_outdated")
        from xinzheng_verifier.trust import updates  # noqa: PLC0415 - opening a store needs none

        held = before.index.section(indexed.FILES)
        content = updates.apply(held, update, extent=before.state.extent)
        return _Taken(hashlib.sha256(update).hexdigest(), content, source)

    return _import(path, taken, root=None, at=at, max_age=max_age)


class Export(NamedTuple):
    """What a store held at one moment.

    Attributes:
        bundle: the bundle file.
        version: version of the bundle that it is, or is a part of.
    """

    bundle: bytes
    version: int


def export_bundle(
    path: Path, *, provinces: Iterable[str] | None = None, courts: Iterable[str] | None = None, changes: bool = True
) -> Export:
    """What the store at `path` holds, or a part of it, as a bundle.

    Args:
        path: folder of the store.
        provinces: two-digit codes of provinces to take with all their courts.
        courts: codes of courts to take besides. With neither, all that the store holds is taken.
        changes: whether to take the journals of changes.

    Raises:
        TrustError: as `load`; `court_unknown`, `province_unknown`, `court_left_out`, `province_left_out`: the store
            does not hold what is asked for.
    """
    from xinzheng_verifier.trust.archive import pack  # noqa: PLC0415 - not needed for opening

    state, index = open_index(path)
    held = index.section(indexed.FILES)
    if provinces is None and courts is None and changes:
        return Export(pack(dict(held)), state.bundle_version)
    return Export(pack(select(held, provinces=provinces, courts=courts, changes=changes)), state.bundle_version)


def is_whole(path: Path) -> bool:
    """Whether all that the store at `path` holds can be read; reads all of it."""
    try:
        return open_index(path)[1].is_whole()
    except TrustError:
        return False


def keep(path: Path, *, source: str) -> ImportResult:
    """Leave the store at `path` as it is, but for where the next update comes from.

    Args:
        path: folder of the store.
        source: where there was nothing new.

    Returns:
        What the store holds.

    Raises:
        TrustError: `store_missing`, `store_outdated`, `store_writable_by_others`, `bundle_unavailable`,
            `store_not_written`.
    """
    try:
        with files.locked(path):
            state = read_state(path)
            if state.summary is None:
                raise TrustError("store_outdated")
            if state.source != source:
                states.write_state(path, replace(state, source=source))
    except OSError as error:
        raise TrustError("store_not_written") from error
    return ImportResult(
        changed=False,
        bundle_version=state.bundle_version,
        previous_version=state.bundle_version,
        bundle_sha256=state.bundle_sha256,
        root_version=json.loads(state.root)["signed"]["version"],
        root_sha256=state.first_root_sha256,
        expires=state.expires,
        published_at=state.published_at,
        issuers=state.summary.issuers,
        extent=state.extent,
        no_longer=(),
    )


def _import(
    path: Path, taken: Callable[[_Before], _Taken], *, root: bytes | None, at: datetime, max_age: timedelta | None
) -> ImportResult:
    try:
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        files.check_folder(path)
        with files.locked(path):
            before = _before(path)
            return _take(path, before, taken(before), root=root, at=at, max_age=max_age)
    except OSError as error:
        raise TrustError("store_not_written") from error


def _before(path: Path) -> _Before:
    try:
        state = states.read_state(path)
    except FileNotFoundError:
        return _Before(None, NOTHING_SEEN, None)
    seen, index = states.read_seen(path, state), None
    if state.index_sha256 is not None:
        # One that is damaged is replaced by an import; what was seen does not lie in it.
        with contextlib.suppress(FileNotFoundError, TrustError):
            index = Index(path / states.index_name(state.index_sha256), state.index_sha256)
    return _Before(state, seen, index)


def _take(
    path: Path, before: _Before, taken: _Taken, *, root: bytes | None, at: datetime, max_age: timedelta | None
) -> ImportResult:
    from xinzheng_verifier.trust.contents import Contents  # noqa: PLC0415 - as python-tuf, not needed for opening
    from xinzheng_verifier.trust.tuf_workflow import walk  # noqa: PLC0415 - python-tuf takes a while to import

    trusted, first_root_sha256 = _root_to_trust(before.state, root)
    repository = walk(taken.content, root=trusted, seen=before.seen, at=at)
    _refuse_older_than(repository.seen, at=at, max_age=max_age)
    contents = Contents.read(repository)
    seen = refuse_older_lists(contents.sequences, seen=repository.seen)
    no_longer = _no_longer(before.index, contents)
    changed = not _is_held(before, repository, taken)
    if changed:
        state = _state(before, repository, contents, taken, at=at, first_root_sha256=first_root_sha256)
        _write(path, state, seen, contents, taken.content)
    elif before.state is not None:
        _tidy(path, before.state)
    return ImportResult(
        changed=changed,
        bundle_version=repository.seen.timestamp,
        previous_version=before.state.bundle_version if before.state else None,
        bundle_sha256=taken.sha256,
        root_version=repository.root_version,
        root_sha256=first_root_sha256,
        expires=repository.expires,
        published_at=repository.seen.published_at,
        issuers=len(contents.issuers),
        extent=repository.extent,
        no_longer=no_longer,
    )


def _is_held(before: _Before, repository: "TrustedRepository", taken: _Taken) -> bool:
    """Whether the store holds just this, whole: one that is damaged is written again."""
    state, index = before.state, before.index
    if state is None or index is None or state.root != repository.root:
        return False
    if taken.source not in {None, state.source} or repository.seen.timestamp != state.bundle_version:
        return False
    held = index.section(indexed.FILES)
    try:
        same = len(held) == len(taken.content) and all(taken.content.get(name) == held[name] for name in held)
        return same and index.is_whole()
    except TrustError:
        return False


def _state(
    before: _Before,
    repository: "TrustedRepository",
    contents: "Contents",
    taken: _Taken,
    *,
    at: datetime,
    first_root_sha256: str,
) -> StoreState:
    from xinzheng_verifier.trust.digest import FORMAT, trust_digest  # noqa: PLC0415 - opening needs none

    state = before.state
    return StoreState(
        root=repository.root,
        first_root_sha256=first_root_sha256,
        bundle_sha256=taken.sha256,
        index_sha256=None,
        previous_sha256=state.index_sha256 if state else None,
        seen_sha256=None,
        bundle_version=repository.seen.timestamp,
        published_at=repository.seen.published_at,
        expires=repository.expires,
        imported_at=at,
        extent=repository.extent,
        summary=indexed.summary(contents),
        trust_digests={FORMAT: trust_digest(contents.store())},
        source=taken.source or (state.source if state else None),
    )


def _write(path: Path, state: StoreState, seen: Seen, contents: "Contents", content: Mapping[str, bytes]) -> None:
    record = states.record_of(seen)
    with files.NewFile(path, "index") as file:
        sha256 = indexed.write(IndexWriter(file.write), contents, content)
        file.place(path / states.index_name(sha256))
    previous = state.previous_sha256 if state.previous_sha256 != sha256 else None
    _tidy(path, states.write(path, replace(state, index_sha256=sha256, previous_sha256=previous), record))


def _tidy(path: Path, state: StoreState) -> None:
    with contextlib.suppress(OSError):  # the import has taken effect; the next one tidies up
        for leftover in _leftovers(path, state):
            leftover.unlink(missing_ok=True)


def _leftovers(path: Path, state: StoreState) -> Iterator[Path]:
    kept = {states.index_name(sha256) for sha256 in (state.index_sha256, state.previous_sha256) if sha256}
    kept.add(states.seen_name(state.seen_sha256 or ""))
    for pattern in ("index-*.xzi", "seen-*.json", "bundle-*.xzb"):  # the last is what earlier releases kept
        yield from (found for found in path.glob(pattern) if found.name not in kept)
    yield from path.glob(f"{files.TEMPORARY_PREFIX}*")


def _root_to_trust(before: StoreState | None, root: bytes | None) -> tuple[bytes, str]:
    """The root to judge by, and the digest of the one that the store was started with (TUF specification, 5.2)."""
    given = hashlib.sha256(root).hexdigest() if root is not None else None
    if before is None:
        if root is None or given is None:
            raise TrustError("store_root_required")
        return root, given
    if given not in {None, before.first_root_sha256, hashlib.sha256(before.root).hexdigest()}:
        raise TrustError("store_root_conflict")
    return before.root, before.first_root_sha256


def _refuse_older_than(seen: Seen, *, at: datetime, max_age: timedelta | None) -> None:
    made = seen.published_at
    if max_age is not None and (made is None or at - made > max_age):
        raise TrustError("bundle_stale", since="?" if made is None else format_timestamp(made))


def _kept_to(extent: Extent, content: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """What of a bundle belongs to the part of the country that a store keeps to.

    Raises:
        TrustError: bundle_narrower. The extent is signed by nobody: a source that leaves everything out once would else
            have emptied the store for good.
    """
    offered = Extent.parse(content[EXTENT_FILE])
    if not offered.covers(extent):
        raise TrustError("bundle_narrower")
    if extent.is_whole:
        return content
    stated = replace(extent, edition=offered.edition)
    kept = {name: content[name] for name in content if name != EXTENT_FILE and stated.includes(name)}
    return {EXTENT_FILE: stated.to_json(), **kept}


def _no_longer(before: Index | None, contents: "Contents") -> tuple[str, ...]:
    """Codes of the courts that a store held, and will hold no more."""
    if before is None:
        return ()
    try:
        held = {_court(path) for path in before.section(indexed.PATHS)}
    except TrustError:  # damaged, and about to be replaced
        return ()
    return tuple(sorted(held - {_court(path) for path in (*contents.issuer_ids, *contents.lists.values())}))


def _court(path: str) -> str:
    return path.split("/")[1]
