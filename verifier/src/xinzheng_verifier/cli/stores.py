"""`xinzheng-verify store import` and `store show`."""

import argparse
import json
from datetime import UTC, datetime

from xinzheng_schemas.errors import Language
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.cli.exits import FAILED, NOT_WRITTEN, PASSED, UsageError
from xinzheng_verifier.cli.output import complain, put
from xinzheng_verifier.cli.screen import table
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.show.sheet import printable
from xinzheng_verifier.trust import directory
from xinzheng_verifier.trust.store import TrustStore


def import_bundle(options: argparse.Namespace, language: Language) -> int:
    """Takes a bundle into a store; a refused one changes nothing and gives exit status 1.

    Raises:
        UsageError: a file cannot be read.
    """
    try:
        bundle = options.bundle.read_bytes()
        root = options.root.read_bytes() if options.root else None
    except OSError as error:
        raise UsageError("unreadable", file=error.filename, reason=error.strerror) from error
    try:
        result = directory.import_bundle(options.store, bundle, root=root, at=options.at or datetime.now(UTC))
    except TrustError as error:
        return _refused(error, options, language)
    if options.json:
        _print_json(
            {
                "code": "ok",
                "changed": result.changed,
                "bundleVersion": result.bundle_version,
                "previousVersion": result.previous_version,
                "bundleSha256": result.bundle_sha256,
                "expires": format_timestamp(result.expires),
                "rootVersion": result.root_version,
                "rootSha256": result.root_sha256,
                "issuers": result.issuers,
            }
        )
        return PASSED
    put(say("imported" if result.changed else "imported_before", language, version=result.bundle_version))
    rows = [
        (say("store_expires", language), format_timestamp(result.expires)),
        (say("store_root", language), result.root_sha256),
    ]
    put(table(rows))
    return PASSED


def _refused(error: TrustError, options: argparse.Namespace, language: Language) -> int:
    if options.json:
        _print_json({"code": error.code, "message": {"en": error.message("en"), "zh": error.message("zh")}})
    else:
        complain(f"{error.message(language)} ({error.code})")
    return NOT_WRITTEN if error.code == "store_not_written" else FAILED


def show(options: argparse.Namespace, language: Language) -> int:
    """Shows what a store holds.

    Raises:
        TrustError: there is no usable store.
    """
    state = directory.read_state(options.store)
    trust = TrustStore.open(options.store)
    issuers = sorted(trust.issuers.values(), key=lambda issuer: issuer.id)
    if options.json:
        _print_json(
            {
                "bundleVersion": trust.bundle_version,
                "bundleSha256": state.bundle_sha256,
                "expires": format_timestamp(state.expires),
                "rootSha256": state.first_root_sha256,
                "issuers": [{"id": issuer.id, "name": dict(issuer.name or {})} for issuer in issuers],
                "statusLists": sorted(trust.status_list_urls),
            }
        )
        return PASSED
    names = [printable(f"{(issuer.name or {}).get(language, '')} {issuer.id}".strip()) for issuer in issuers]
    rows = [
        (say("store_bundle", language), say("store_version", language, version=trust.bundle_version)),
        (say("store_expires", language), format_timestamp(state.expires)),
        (say("store_root", language), state.first_root_sha256),
        (say("store_issuers", language), "\n".join(names)),
        (say("store_lists", language), str(len(trust.status_list_urls))),
    ]
    put(table(rows))
    return PASSED


def _print_json(value: object) -> None:
    put(json.dumps(value, ensure_ascii=False))
