"""`xinzheng-verify store import`, `store update` and `store export`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.cli import updating
from xinzheng_verifier.cli.currency import any_list_counts, currency
from xinzheng_verifier.cli.exits import FAILED, INDETERMINATE, NOT_WRITTEN, PASSED, UsageError
from xinzheng_verifier.cli.extents import extent_members, extent_words, some_of
from xinzheng_verifier.cli.output import complain, put, writing
from xinzheng_verifier.cli.screen import printable_json, table
from xinzheng_verifier.cli.sources import read_file
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_BUNDLE_BYTES, ROOT_JSON
from xinzheng_verifier.trust import directory, files
from xinzheng_verifier.trust.directory import ImportResult
from xinzheng_verifier.trust.store import TrustStore

_UPDATE: Final = ".xzu"
_UNUSABLE: Final = {"store_missing", "store_outdated", "bundle_unavailable"}
"""There is nothing that could be judged, or refused."""


def import_bundle(options: argparse.Namespace, language: Language) -> int:
    """Takes a bundle, or an update of what the store holds, into a store; exit status 1 if it is refused.

    Raises:
        UsageError: a file cannot be read.
    """
    at = options.at or datetime.now(UTC)
    try:
        result = _take_in(options, at)
    except TrustError as error:
        return refused(error, options, language)
    if options.json:
        put(printable_json(_result(options.store, result, at)))
    else:
        put(say("imported" if result.changed else "imported_before", language, version=result.bundle_version))
        put(table(_rows(options.store, result, at, language)))
    return PASSED


def _take_in(options: argparse.Namespace, at: datetime) -> ImportResult:
    content = _read(options.bundle, MAX_BUNDLE_BYTES)
    if options.bundle.suffix == _UPDATE:
        return directory.import_update(options.store, content, at=at, max_age=options.max_age)
    return directory.import_bundle(options.store, content, root=_root(options), at=at, max_age=options.max_age)


def update(options: argparse.Namespace, language: Language) -> int:
    """Brings a store up to date from where the publisher's files lie.

    Exit status 1 if what lies there is refused, 2 if nothing could be had there; the store is then as it was.

    Raises:
        UsageError: it is not told where, or the root cannot be read.
    """
    at = options.at or datetime.now(UTC)
    try:
        done = updating.update(options.store, options.source, root=_root(options), at=at, max_age=options.max_age)
    except TrustError as error:
        return refused(error, options, language)
    result = done.result
    if options.json:
        how: JSONObject = {"by": done.by, "bytesFetched": done.fetched, "source": done.place}
        put(printable_json(_result(options.store, result, at) | how))
        return PASSED
    if done.unusable is not None:
        complain(say("update_unusable", language, reason=done.unusable.message(language)))
    word = "updated" if result.changed else "updated_before"
    put(say(word, language, version=result.bundle_version, bytes=f"{done.fetched:,}"))
    put(table(_rows(options.store, result, at, language)))
    return PASSED


def export(options: argparse.Namespace, language: Language) -> int:
    """Writes what a store holds, or a part of it, as a bundle.

    Raises:
        UsageError: the file is there already.
        OutputError: it cannot be written.
    """
    try:
        bundle, version = directory.export_bundle(
            options.store, provinces=options.province, courts=options.courts, changes=not options.no_changes
        )
    except TrustError as error:
        return refused(error, options, language)
    with writing(options.file):
        try:
            files.write_new(options.file, bundle)
        except FileExistsError as error:
            raise UsageError("file_exists", file=options.file) from error
    if options.json:
        put(printable_json({"code": "ok", "bundleVersion": version, "bytes": len(bundle)}))
    else:
        put(say("exported", language, version=version, bytes=f"{len(bundle):,}"))
    return PASSED


def refused(error: TrustError, options: argparse.Namespace, language: Language) -> int:
    """Says why nothing was done.

    Returns:
        The exit status.
    """
    if options.json:
        put(printable_json({"code": error.code, "message": {"en": error.message("en"), "zh": error.message("zh")}}))
    else:
        complain(f"{error.message(language)} ({error.code})")
    if error.code == "store_not_written":
        return NOT_WRITTEN
    is_unusable = error.code in _UNUSABLE or error.code.startswith("source_")
    return INDETERMINATE if is_unusable else FAILED


def _result(store: Path, result: ImportResult, at: datetime) -> JSONObject:
    return {
        "code": "ok",
        "changed": result.changed,
        "bundleVersion": result.bundle_version,
        "previousVersion": result.previous_version,
        "bundleSha256": result.bundle_sha256,
        "expires": format_timestamp(result.expires),
        "isCurrent": at < result.expires,
        "anyListCurrent": any_list_counts(TrustStore.open(store), at),
        "rootVersion": result.root_version,
        "rootSha256": result.root_sha256,
        "issuers": result.issuers,
        "extent": extent_members(result.extent),
        "noLonger": [*result.no_longer],
    }


def _rows(store: Path, result: ImportResult, at: datetime, language: Language) -> list[tuple[str, str]]:
    current = currency(result.expires, result.published_at, at, language, trust=TrustStore.open(store))
    rows = [
        (say("store_current", language), current),
        (say("store_expires", language), format_timestamp(result.expires)),
        (say("store_root", language), result.root_sha256),
    ]
    if not result.extent.is_whole:
        rows.append((say("store_extent", language), extent_words(result.extent, language)))
    if result.no_longer:
        rows.append((say("extent_no_longer", language), some_of(result.no_longer, language)))
    return rows


def _root(options: argparse.Namespace) -> bytes | None:
    return _read(options.root, ROOT_JSON.max_bytes) if options.root else None


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        return read_file(path, max_bytes=max_bytes)
    except OSError as error:
        raise UsageError("unreadable", file=path, reason=error.strerror) from error
    except TrustError as error:
        raise TrustError("bundle_too_large", limit=max_bytes) from error
