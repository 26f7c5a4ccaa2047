"""A lender's store: a folder that holds the last bundle believed, the root to judge the next one by, and what was seen.

    lock                  held while a bundle is imported
    state.json            root, versions and times seen, name and digest of the bundle; its replacement is the one
                          moment at which an import takes effect
    bundle-<sha256>.xzb   the bundle that state.json names, and the one before it, for readers that are still at it

A bundle is judged once, when it is imported. What the folder holds is as trustworthy as its owner: files that others
could have changed are refused. A store that cannot be read is an error, never a store without content.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xinzheng_schemas.strict_json import Limits, loads_object
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_BUNDLE_BYTES
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust import files
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.store import TrustStore

_FORMAT = 1
_STATE = "state.json"
_STATE_JSON = Limits(max_bytes=1_048_576)  # twice the largest root
_READ_ATTEMPTS = 3  # two imports may take effect between the two reads of a load


@dataclass(frozen=True, kw_only=True)
class StoreState:
    """What a store remembers.

    Attributes:
        root: the root metadata to judge the next bundle by.
        first_root_sha256: digest of the root metadata that the store was started with, lower-case hexadecimal.
        bundle_sha256: digest of the bundle file, lower-case hexadecimal.
        previous_sha256: digest of the bundle before it; None if there was none.
        seen: versions and times of that bundle.
        expires: from when that bundle no longer counts as current.
        imported_at: the moment that the import was told.
    """

    root: bytes
    first_root_sha256: str
    bundle_sha256: str
    previous_sha256: str | None
    seen: Seen
    expires: datetime
    imported_at: datetime


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What an import did.

    Attributes:
        changed: False if the store held this very bundle already.
        bundle_version: version of the bundle that the store holds now.
        previous_version: version of the bundle that it held before; None for the first.
        bundle_sha256: digest of the bundle file, lower-case hexadecimal.
        root_version: version of the root that the next bundle is judged by.
        root_sha256: digest of the root metadata that the store was started with, to be compared by another way.
        expires: from when the bundle no longer counts as current.
        published_at: when the publisher says it was made; None if it does not say.
        issuers: how many issuers it describes.
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


def load(path: Path) -> TrustStore:
    """The content of the store at `path`.

    Raises:
        TrustError: `bundle_unavailable` (there is no store, or it cannot be read), `store_writable_by_others`.
    """
    for _ in range(_READ_ATTEMPTS):
        state = read_state(path)
        try:
            content = files.read_guarded(path / _bundle_name(state.bundle_sha256), max_bytes=MAX_BUNDLE_BYTES)
        except FileNotFoundError:  # an import took effect in between, and another one cleaned up
            continue
        except OSError as error:
            raise TrustError("bundle_unavailable") from error
        if hashlib.sha256(content).hexdigest() != state.bundle_sha256:
            break
        return bundles.trust_store(bundles.trusted_targets(content), seen=state.seen, expires=state.expires)
    raise TrustError("bundle_unavailable")


def mark(path: Path) -> tuple[int, int, int]:
    """What tells one state of the store at `path` from the next: an import replaces the file that says what it holds.

    Returns:
        Number of that file, time of its change in nanoseconds, its size in bytes.

    Raises:
        TrustError: `bundle_unavailable`, there is none.
    """
    try:
        status = (path / _STATE).stat(follow_symlinks=False)
    except OSError as error:
        raise TrustError("bundle_unavailable") from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_state(path: Path) -> StoreState:
    """What the store at `path` remembers.

    Raises:
        TrustError: as `load`.
    """
    try:
        return _read_state(path)
    except FileNotFoundError as error:
        raise TrustError("bundle_unavailable") from error


def import_bundle(path: Path, bundle: bytes, *, root: bytes | None = None, at: datetime) -> ImportResult:
    """Judge a bundle by what the store at `path` trusts and has seen, and make it the store's content.

    Either all of it takes effect or nothing does, whenever the process or the machine stops. Imports wait for each
    other. The folder is made if there is none.

    Args:
        path: folder of the store.
        bundle: the bundle file.
        root: root metadata to start from; needed for the first bundle. Later it may be given again, unchanged.
        at: moment of the import, aware. A moment before the last bundle was published counts as that moment.

    Raises:
        TrustError: `store_root_required`, `store_root_conflict`, `store_writable_by_others`, `store_not_written`,
            `bundle_unavailable` (what the store holds cannot be read), or why the bundle is refused: a `bundle_…`
            code such as `bundle_rollback`, `trust_document_malformed`, `issuer_ambiguous`.
    """
    try:
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        files.check_folder(path)
        with files.locked(path):
            return _import(path, bundle, root=root, at=at)
    except OSError as error:
        raise TrustError("store_not_written") from error


def _import(path: Path, bundle: bytes, *, root: bytes | None, at: datetime) -> ImportResult:
    try:
        before = _read_state(path)
    except FileNotFoundError:
        before = None
    trusted, first_root_sha256 = _root_to_trust(before, root)
    seen = before.seen if before else NOTHING_SEEN
    repository = bundles.read(bundle, root=trusted, seen=seen, at=max(at, seen.published_at or at))
    store = bundles.trust_store(repository.targets, seen=repository.seen, expires=repository.expires)
    sha256 = hashlib.sha256(bundle).hexdigest()
    changed = before is None or (before.bundle_sha256, before.root) != (sha256, repository.root)
    if changed:
        state = StoreState(
            root=repository.root,
            first_root_sha256=first_root_sha256,
            bundle_sha256=sha256,
            previous_sha256=before.bundle_sha256 if before else None,
            seen=repository.seen,
            expires=repository.expires,
            imported_at=at,
        )
        _write(path, state, bundle)
    return ImportResult(
        changed=changed,
        bundle_version=repository.seen.timestamp,
        previous_version=before.seen.timestamp if before else None,
        bundle_sha256=sha256,
        root_version=repository.root_version,
        root_sha256=first_root_sha256,
        expires=repository.expires,
        published_at=repository.seen.published_at,
        issuers=len(store.issuers),
    )


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


def _write(path: Path, state: StoreState, bundle: bytes) -> None:
    files.replace_file(path / _bundle_name(state.bundle_sha256), bundle)
    files.replace_file(path / _STATE, _state_text(state))
    with contextlib.suppress(OSError):  # the import has taken effect; the next one tidies up
        for leftover in _leftovers(path, state):
            leftover.unlink(missing_ok=True)


def _leftovers(path: Path, state: StoreState) -> Iterator[Path]:
    kept = {_bundle_name(sha256) for sha256 in (state.bundle_sha256, state.previous_sha256) if sha256}
    yield from (found for found in path.glob("bundle-*.xzb") if found.name not in kept)
    yield from path.glob(f"{files.TEMPORARY_PREFIX}*")


def _bundle_name(sha256: str) -> str:
    return f"bundle-{sha256}.xzb"


def _state_text(state: StoreState) -> bytes:
    seen = state.seen
    content = {
        "version": _FORMAT,
        "root": state.root.decode("utf-8"),
        "firstRootSha256": state.first_root_sha256,
        "bundleSha256": state.bundle_sha256,
        "previousSha256": state.previous_sha256,
        "seen": {
            "timestamp": seen.timestamp,
            "timestampSha256": seen.timestamp_sha256,
            "snapshot": seen.snapshot,
            "metadata": dict(seen.metadata),
            "keys": dict(seen.keys),
            "publishedAt": format_timestamp(seen.published_at) if seen.published_at else None,
        },
        "expires": format_timestamp(state.expires),
        "importedAt": format_timestamp(state.imported_at),
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8")


def _read_state(path: Path) -> StoreState:
    """The state of a store.

    Raises:
        TrustError: `bundle_unavailable`, `store_writable_by_others`.
        FileNotFoundError: there is none.
    """
    try:
        files.check_folder(path)
        content: Any = loads_object(
            files.read_guarded(path / _STATE, max_bytes=_STATE_JSON.max_bytes), limits=_STATE_JSON
        )
        return _state(content)
    except (FileNotFoundError, TrustError):
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TrustError("bundle_unavailable") from error


def _state(content: dict[str, Any]) -> StoreState:
    seen = content["seen"]
    versions = (seen["timestamp"], seen["snapshot"], *seen["metadata"].values())
    if content["version"] != _FORMAT or any(type(version) is not int for version in versions):
        raise TrustError("bundle_unavailable")
    return StoreState(
        root=content["root"].encode("utf-8"),
        first_root_sha256=content["firstRootSha256"],
        bundle_sha256=content["bundleSha256"],
        previous_sha256=content["previousSha256"],
        seen=Seen(
            timestamp=seen["timestamp"],
            timestamp_sha256=seen["timestampSha256"],
            snapshot=seen["snapshot"],
            metadata=seen["metadata"],
            keys=seen["keys"],
            published_at=parse_timestamp(seen["publishedAt"]) if seen["publishedAt"] else None,
        ),
        expires=parse_timestamp(content["expires"]),
        imported_at=parse_timestamp(content["importedAt"]),
    )
