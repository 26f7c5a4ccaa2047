"""`xinzheng-verify store show`: what a store holds, how current that is, and what it says of one court."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.cli.currency import any_list_counts, currency, stated_list
from xinzheng_verifier.cli.exits import PASSED
from xinzheng_verifier.cli.extents import extent_members, extent_words
from xinzheng_verifier.cli.output import put
from xinzheng_verifier.cli.screen import printable_json, table
from xinzheng_verifier.cli.stores import refused
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import directory, indexed
from xinzheng_verifier.trust.extent import refuse_absent_court
from xinzheng_verifier.trust.index_file import Index
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey
from xinzheng_verifier.trust.state import StoreState, Summary
from xinzheng_verifier.trust.store import IssuerTerm, TrustStore

_MAX_NAMED: Final = 10
_NOTHING: Final = Summary(issuers=0, status_lists=0, status_changes=0, attested_from=None, attested_until=None)


def show(options: argparse.Namespace, language: Language) -> int:
    """Shows what a store holds, or what it says of one court.

    Raises:
        TrustError: there is no usable store.
    """
    state, index = directory.open_index(options.store)
    trust = indexed.open_store(index, state)
    at = options.at or datetime.now(UTC)
    if options.court is not None:
        return _show_court(options, state, index, trust, language)
    if options.json:
        put(printable_json(_members(state, trust, at)))
    else:
        put(table([*_rows(state, trust, at, language)]))
    return PASSED


def _members(state: StoreState, trust: TrustStore, at: datetime) -> JSONObject:
    summary = state.summary or _NOTHING
    return {
        "code": "ok",
        "bundleVersion": state.bundle_version,
        "bundleSha256": state.bundle_sha256,
        "publishedAt": _moment(state.published_at),
        "importedAt": format_timestamp(state.imported_at),
        "expires": format_timestamp(state.expires),
        "isCurrent": at < state.expires,
        "anyListCurrent": any_list_counts(trust, at),
        "rootSha256": state.first_root_sha256,
        "source": state.source,
        "extent": extent_members(state.extent),
        "attestedFrom": _moment(summary.attested_from),
        "attestedUntil": _moment(summary.attested_until),
        "statusChanges": summary.status_changes,
        "issuers": [{"id": issuer.id, "name": dict(issuer.name or {})} for issuer in trust.issuers.values()],
        "statusLists": [*trust.status_list_urls],
    }


def _rows(state: StoreState, trust: TrustStore, at: datetime, language: Language) -> Iterator[tuple[str, str]]:
    summary = state.summary or _NOTHING
    yield say("store_bundle", language), say("store_version", language, version=state.bundle_version)
    current = currency(state.expires, state.published_at, at, language, trust=trust)
    yield say("store_current", language), current
    if state.published_at is not None:
        yield say("store_published", language), format_timestamp(state.published_at)
    yield say("store_expires", language), format_timestamp(state.expires)
    yield say("store_imported_at", language), format_timestamp(state.imported_at)
    if summary.attested_from is not None and summary.attested_until is not None:
        oldest, freshest = map(format_timestamp, (summary.attested_from, summary.attested_until))
        yield (
            say("store_attested", language),
            say("store_attested_between", language, oldest=oldest, freshest=freshest),
        )
    yield say("store_extent", language), extent_words(state.extent, language)
    yield say("store_root", language), state.first_root_sha256
    if state.source is not None:
        yield say("store_source", language), state.source
    yield say("store_issuers", language), _issuers(trust, language)
    counts = {"lists": summary.status_lists, "changes": summary.status_changes}
    yield say("store_lists", language), say("store_lists_counted", language, **counts)


def _issuers(trust: TrustStore, language: Language) -> str:
    """The first few by name: a country has thousands, and to read each takes a while."""
    count = len(trust.issuers)
    named = [trust.issuers[issuer_id] for issuer_id, _ in zip(trust.issuers, range(_MAX_NAMED), strict=False)]
    lines = [f"{(issuer.name or {}).get(language, '')} {issuer.id}".strip() for issuer in named]
    if count > len(lines):
        lines.append(say("and_more", language, count=count - len(lines)))
    return "\n".join(lines)


# --- one court --------------------------------------------------------------------------------------------------------


def _show_court(
    options: argparse.Namespace, state: StoreState, index: Index, trust: TrustStore, language: Language
) -> int:
    court: str = options.court
    paths = index.section(indexed.PATHS)
    found = {path: paths[path].decode("utf-8") for path in paths.below(f"courts/{court}/")}
    issuers = [issuer for name in found.values() if (issuer := trust.issuer(name)) is not None]
    if not found:
        try:
            refuse_absent_court(court, state.extent)
        except TrustError as error:
            return refused(error, options, language)
    addresses = [name for name in found.values() if trust.issuer(name) is None]
    if options.json:
        content: JSONObject = {
            "code": "ok",
            "court": court,
            "issuers": [_issuer_members(issuer, trust.issuer_term(issuer.id)) for issuer in issuers],
            "statusLists": [_list_members(trust, address) for address in addresses],
        }
        put(printable_json(content))
        return PASSED
    rows = [row for issuer in issuers for row in _issuer_rows(issuer, trust.issuer_term(issuer.id), language)]
    rows += [(say("court_list", language), _list_words(trust, address, language)) for address in addresses]
    put(table(rows))
    return PASSED


def _issuer_members(issuer: TrustedIssuer, term: IssuerTerm | None) -> JSONObject:
    return {
        "id": issuer.id,
        "name": dict(issuer.name or {}),
        "namedBy": term and term.role,
        "namedUntil": term and format_timestamp(term.expires),
        "keys": [
            {
                "methods": [*key.names],
                "type": key.key_type.value,
                "publicKeyMultibase": key.multikey,
                "usage": None if key.usage is None else [*sorted(key.usage)],
                "validFrom": _moment(key.valid_from),
                "validUntil": _moment(key.valid_until),
                "compromisedAt": _moment(key.compromised_at),
            }
            for key in issuer.keys
        ],
    }


def _issuer_rows(issuer: TrustedIssuer, term: IssuerTerm | None, language: Language) -> Iterator[tuple[str, str]]:
    yield say("court_name", language), (issuer.name or {}).get(language, "")
    yield say("court_id", language), issuer.id
    if term is not None:
        named = say("court_term_line", language, role=term.role, until=format_timestamp(term.expires))
        yield say("court_term", language), named
    for key in issuer.keys:
        yield say("court_key", language), "\n".join([*key.names, key.multikey, *_key_words(key, language)])


def _key_words(key: TrustedKey, language: Language) -> Iterator[str]:
    usage = sorted(key.usage or {"any"})
    yield say(
        "court_key_line",
        language,
        type=key.key_type.value,
        usage=", ".join(say(f"usage_{name}", language) for name in usage),
        since=_moment(key.valid_from) or say("court_key_open", language),
        until=_moment(key.valid_until) or say("court_key_open", language),
    )
    if key.compromised_at is not None:
        yield say("court_key_compromised", language, since=format_timestamp(key.compromised_at))


def _list_members(trust: TrustStore, address: str) -> JSONObject:
    document = stated_list(trust, address)
    subject = document.get("credentialSubject")
    return {
        "url": address,
        "sequence": subject.get("sequence") if isinstance(subject, dict) else None,
        "validFrom": document.get("validFrom"),
        "validUntil": document.get("validUntil"),
        "attestedAt": _moment(trust.attested_at(address)),
        "hasChanges": trust.status_changes(address) is not None,
    }


def _list_words(trust: TrustStore, address: str, language: Language) -> str:
    members = _list_members(trust, address)
    parts = {"sequence": members["sequence"], "made": members["validFrom"], "until": members["validUntil"]}
    lines = [address, say("court_list_line", language, **parts)]
    if members["attestedAt"]:
        lines.append(say("court_list_attested", language, moment=members["attestedAt"]))
    if members["hasChanges"]:
        lines.append(say("court_list_changes", language))
    return "\n".join(lines)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)
