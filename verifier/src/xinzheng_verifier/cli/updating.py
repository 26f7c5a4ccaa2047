"""How a store is brought up to date from a source: what changed since what it holds, or else a whole bundle."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import loads_object
from xinzheng_verifier.cli.exits import UsageError
from xinzheng_verifier.cli.sources import Source, source_of
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_BUNDLE_BYTES, TIMESTAMP_JSON
from xinzheng_verifier.trust import directory, state
from xinzheng_verifier.trust.directory import ImportResult
from xinzheng_verifier.trust.state import StoreState

_TIMESTAMP: Final = "metadata/timestamp.json"
_NOT_OF_THE_CONTENT: Final = {"store_not_written", "store_writable_by_others", "bundle_unavailable", "bundle_stale"}


@dataclass(frozen=True, kw_only=True)
class Updated:
    """What an update did.

    Attributes:
        result: what the store holds now.
        by: what brought it: an update, a whole bundle, or nothing that was not there before.
        fetched: bytes that were read from the source.
        place: the source.
        unusable: why an update that was there could not be used; None otherwise.
    """

    result: ImportResult
    by: Literal["update", "bundle", "nothing"]
    fetched: int
    place: str
    unusable: TrustError | None = None


def update(store: Path, place: str | None, *, root: bytes | None, at: datetime, max_age: timedelta | None) -> Updated:
    """Bring a store up to date.

    Args:
        store: its folder.
        place: a folder or an address; None takes that of the last update.
        root: root metadata, where there is no store yet.
        at: moment of the import, aware.
        max_age: as for `directory.import_bundle`.

    Raises:
        TrustError: `source_…`, or as `directory.import_bundle`; the store is as it was.
        UsageError: `source_needed`.
    """
    held = _held(store, root=root)
    place = place or (held.source if held else None)
    if place is None:
        raise UsageError("source_needed")
    if "://" not in place:
        place = str(Path(place).resolve())
    tree = _Tree(source_of(place), place)
    newest, is_held = _newest(tree, store, held)
    is_whole = held is not None and directory.is_whole(store)
    if is_held and is_whole:
        return Updated(result=directory.keep(store, source=place), by="nothing", fetched=tree.fetched, place=place)
    unusable = None
    if held is not None and is_whole and newest > held.bundle_version:
        patch = tree.read(f"updates/{held.bundle_version}-{newest}.xzu")
        try:
            if patch is not None:
                result = directory.import_update(store, patch, at=at, max_age=max_age, source=place)
                return Updated(result=result, by="update", fetched=tree.fetched, place=place)
        except TrustError as error:
            if error.code in _NOT_OF_THE_CONTENT:
                raise
            unusable = error
    bundle = tree.read(name := f"bundles/bundle-{newest}.xzb")
    if bundle is None:
        raise unusable or TrustError("source_lacks", place=place, name=name)
    result = directory.import_bundle(store, bundle, root=root, at=at, max_age=max_age, source=place)
    return Updated(result=result, by="bundle", fetched=tree.fetched, place=place, unusable=unusable)


class _Tree:
    """A source, and how much was read of it."""

    def __init__(self, source: Source, place: str) -> None:
        self._source = source
        self.place = place
        self.fetched = 0

    def read(self, name: str, *, max_bytes: int = MAX_BUNDLE_BYTES) -> bytes | None:
        content = self._source.read(name, max_bytes=max_bytes)
        self.fetched += len(content or b"")
        return content


def _held(store: Path, *, root: bytes | None) -> StoreState | None:
    try:
        return directory.read_state(store)
    except TrustError as error:
        if error.code == "store_missing" and root is not None:
            return None
        raise


def _newest(tree: _Tree, store: Path, held: StoreState | None) -> tuple[int, bool]:
    """The edition that the source says it is at, and whether the store holds just that; not believed, only asked for.

    Raises:
        TrustError: `source_lacks`, `bundle_metadata`, `bundle_rollback`.
    """
    text = tree.read(_TIMESTAMP, max_bytes=TIMESTAMP_JSON.max_bytes)
    if text is None:
        raise TrustError("source_lacks", place=tree.place, name=_TIMESTAMP)
    try:
        content: Any = loads_object(text, limits=TIMESTAMP_JSON)
        version = content["signed"]["version"]
    except (CodedError, LookupError, TypeError) as error:
        raise TrustError("bundle_metadata", name="timestamp.json") from error
    if type(version) is not int or version < 1:
        raise TrustError("bundle_metadata", name="timestamp.json")
    if held is None:
        return version, False
    if version < held.bundle_version:
        raise TrustError("bundle_rollback", name="timestamp.json", version=version, seen=held.bundle_version)
    seen = state.read_seen(store, held)
    return version, seen.timestamp_sha256 == hashlib.sha256(text).hexdigest()
