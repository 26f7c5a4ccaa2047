"""What a store writes down of itself: `state.json`, small, and what was seen, which only an import reads.

state.json           what opening a store needs, and the names of the files that belong to it
seen-<sha256>.json   versions, sequence numbers and times below which nothing is believed any more
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject, Limits, loads_object
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import files
from xinzheng_verifier.trust.extent import WHOLE, Extent
from xinzheng_verifier.trust.seen import Seen

STATE_NAME: Final = "state.json"
_FORMAT: Final = 3
_WITHOUT_TERMS: Final = 2  # the index of an earlier release did not say until when issuers count
_WITH_ARCHIVE: Final = 1  # an earlier one kept the bundle and no index
_STATE_JSON: Final = Limits(max_bytes=1_048_576)  # twice the largest root
# 40,000 lists with long addresses, and room. A number takes 38 bytes, so that it is the bytes which bound the record.
_SEEN_JSON: Final = Limits(max_bytes=33_554_432, max_members=1_000_000)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a store holds, counted when it was taken in.

    Attributes:
        issuers: how many issuers.
        status_lists: how many status lists.
        status_changes: how many journals of changes.
        attested_from, attested_until: the oldest and the freshest moment as of which an issuer's publication names its
            lists as current; None where no publication says so.
    """

    issuers: int
    status_lists: int
    status_changes: int
    attested_from: datetime | None
    attested_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class StoreState:
    """What a store remembers.

    Attributes:
        root: the root metadata to judge the next bundle by.
        first_root_sha256: digest of the root metadata that the store was started with, lower-case hexadecimal.
        bundle_sha256: digest of the bundle or update file that was taken in last, lower-case hexadecimal.
        index_sha256: digest of the index of what the store holds; None in a store of an earlier release.
        previous_sha256: digest of the index before it; None if there was none.
        seen_sha256: digest of the record of what was seen; None in a store of an earlier release.
        bundle_version: version of what the store holds.
        published_at: the latest moment at which the publisher says that it published; None if it never said.
        expires: from when what it holds no longer counts as current.
        imported_at: the moment that the import was told.
        extent: what of the country it holds; everything in a store of an earlier release.
        summary: counts and ages; None in a store of an earlier release.
        trust_digests: name of a format → digest of everything that is trusted, for receipts.
        source: where the last update came from; None if none did.
    """

    root: bytes
    first_root_sha256: str
    bundle_sha256: str
    index_sha256: str | None
    previous_sha256: str | None
    seen_sha256: str | None
    bundle_version: int
    published_at: datetime | None
    expires: datetime
    imported_at: datetime
    extent: Extent
    summary: Summary | None
    trust_digests: dict[str, str]
    source: str | None


def index_name(sha256: str) -> str:
    """Name of the index with this digest."""
    return f"index-{sha256}.xzi"


def seen_name(sha256: str) -> str:
    """Name of the record with this digest of what was seen."""
    return f"seen-{sha256}.json"


def read_state(path: Path) -> StoreState:
    """The state of the store at `path`.

    Raises:
        TrustError: `bundle_unavailable` (it cannot be read), `store_writable_by_others`.
        FileNotFoundError, NotADirectoryError: there is none.
    """
    return _parsed(_state_content(path))


def read_seen(path: Path, state: StoreState) -> Seen:
    """What the store at `path` has seen.

    Args:
        path: folder of the store.
        state: its state.

    Raises:
        TrustError: `bundle_unavailable` (it cannot be read, or is not what the state names),
            `store_writable_by_others`.
    """
    try:
        if state.seen_sha256 is None:
            content: Any = _state_content(path)["seen"]
        else:
            content = _seen_content(path, state.seen_sha256)
        return Seen.parse(content)
    except TrustError:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TrustError("bundle_unavailable") from error


def record_of(seen: Seen) -> bytes:
    """What was seen, as it is written down.

    Raises:
        TrustError: bundle_too_large, it could not be read back.
    """
    return _readable(seen.to_json(), limits=_SEEN_JSON, read=Seen.parse)


def write(path: Path, state: StoreState, record: bytes) -> StoreState:
    """Makes this the state of the store at `path`; the index that it names is in place already.

    Args:
        path: folder of the store.
        state: what to remember.
        record: what was seen, of `record_of`.

    Returns:
        The state with the digest of what was seen.

    Raises:
        OSError: it cannot be written; the state before is in force.
        TrustError: bundle_too_large, it could not be read back; likewise.
    """
    sha256 = hashlib.sha256(record).hexdigest()
    files.replace_file(path / seen_name(sha256), record)
    written = replace(state, seen_sha256=sha256)
    write_state(path, written)
    return written


def write_state(path: Path, state: StoreState) -> None:
    """Makes this the state of the store at `path`; all files that it names are in place already.

    Raises:
        OSError, TrustError: as `write`.
    """
    files.replace_file(path / STATE_NAME, _readable(_text(state), limits=_STATE_JSON, read=_parsed))


def _state_content(path: Path) -> JSONObject:
    try:
        files.check_folder(path)
        text = files.read_guarded(path / STATE_NAME, max_bytes=_STATE_JSON.max_bytes)
        return loads_object(text, limits=_STATE_JSON)
    except (FileNotFoundError, NotADirectoryError, TrustError):
        raise
    except (OSError, ValueError) as error:
        raise TrustError("bundle_unavailable") from error


def _seen_content(path: Path, sha256: str) -> JSONObject:
    text = files.read_guarded(path / seen_name(sha256), max_bytes=_SEEN_JSON.max_bytes)
    if hashlib.sha256(text).hexdigest() != sha256:
        raise TrustError("bundle_unavailable")
    return loads_object(text, limits=_SEEN_JSON)


def _readable(text: bytes, *, limits: Limits, read: Callable[[JSONObject], object]) -> bytes:
    """The text, once it is certain that the next opening of the store can read it.

    Raises:
        TrustError: bundle_too_large.
    """
    try:
        read(loads_object(text, limits=limits))
    except (CodedError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TrustError("bundle_too_large", limit=limits.max_bytes) from error
    return text


def _text(state: StoreState) -> bytes:
    summary = state.summary
    content = {
        "version": _FORMAT,
        "root": state.root.decode("utf-8"),
        "firstRootSha256": state.first_root_sha256,
        "bundleSha256": state.bundle_sha256,
        "indexSha256": state.index_sha256,
        "previousSha256": state.previous_sha256,
        "seenSha256": state.seen_sha256,
        "bundleVersion": state.bundle_version,
        "publishedAt": _written(state.published_at),
        "expires": format_timestamp(state.expires),
        "importedAt": format_timestamp(state.imported_at),
        "extent": json.loads(state.extent.to_json()),
        "summary": summary
        and {
            "issuers": summary.issuers,
            "statusLists": summary.status_lists,
            "statusChanges": summary.status_changes,
            "attestedFrom": _written(summary.attested_from),
            "attestedUntil": _written(summary.attested_until),
        },
        "trustDigests": state.trust_digests,
        "source": state.source,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8")


def _parsed(content: Any) -> StoreState:
    try:
        if content["version"] == _WITH_ARCHIVE:
            return _of_an_earlier_release(content)
        if content["version"] not in {_FORMAT, _WITHOUT_TERMS} or type(content["bundleVersion"]) is not int:
            raise TrustError("bundle_unavailable")
        state = StoreState(
            root=_root(content["root"]),
            first_root_sha256=_digest(content["firstRootSha256"]),
            bundle_sha256=_digest(content["bundleSha256"]),
            index_sha256=_digest(content["indexSha256"]),
            previous_sha256=content["previousSha256"] and _digest(content["previousSha256"]),
            seen_sha256=_digest(content["seenSha256"]),
            bundle_version=content["bundleVersion"],
            published_at=_read(content["publishedAt"]),
            expires=parse_timestamp(content["expires"]),
            imported_at=parse_timestamp(content["importedAt"]),
            extent=Extent.read(content["extent"]),
            summary=_summary(content["summary"]),
            trust_digests={name: _digest(digest) for name, digest in content["trustDigests"].items()},
            source=None if content["source"] is None else _plain(content["source"]),
        )
        return state if content["version"] == _FORMAT else _to_be_imported_again(state)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise TrustError("bundle_unavailable") from error


def _to_be_imported_again(state: StoreState) -> StoreState:
    """A store whose index this release does not read: it keeps what it has seen, its extent and its source."""
    return replace(state, index_sha256=None, previous_sha256=None, summary=None, trust_digests={})


def _of_an_earlier_release(content: Any) -> StoreState:
    """A store that has no index: what it has seen stays the floor, what it holds has to be imported again."""
    seen = Seen.parse(content["seen"])
    return StoreState(
        root=_root(content["root"]),
        first_root_sha256=_digest(content["firstRootSha256"]),
        bundle_sha256=_digest(content["bundleSha256"]),
        index_sha256=None,
        previous_sha256=None,
        seen_sha256=None,
        bundle_version=seen.timestamp,
        published_at=seen.published_at,
        expires=parse_timestamp(content["expires"]),
        imported_at=parse_timestamp(content["importedAt"]),
        extent=WHOLE,
        summary=None,
        trust_digests={},
        source=None,
    )


def _summary(content: Any) -> Summary:
    counts = [content[name] for name in ("issuers", "statusLists", "statusChanges")]
    if any(type(count) is not int for count in counts):
        raise TypeError("summary")
    return Summary(
        issuers=counts[0],
        status_lists=counts[1],
        status_changes=counts[2],
        attested_from=_read(content["attestedFrom"]),
        attested_until=_read(content["attestedUntil"]),
    )


def _root(text: Any) -> bytes:
    """Root metadata, of which no more is asked here than that it says its version."""
    if type(json.loads(text)["signed"]["version"]) is not int:
        raise TypeError("root")
    return str(text).encode("utf-8")


def _plain(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError("text")
    return text


def _digest(text: Any) -> str:
    """A digest that becomes part of a file's name."""
    if len(bytes.fromhex(text)) != hashlib.sha256().digest_size or text != text.lower():
        raise ValueError("digest")
    return str(text)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)


def _read(text: str | None) -> datetime | None:
    return None if text is None else parse_timestamp(text)
