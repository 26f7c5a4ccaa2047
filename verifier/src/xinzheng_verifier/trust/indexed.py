"""What a judged repository says, in the index of a store.

section     key → content
files       name of a file of the bundle → its bytes; from them the bundle can be packed again
paths       path of an issuer document or a status list → id of the issuer, or address of the list
issuers     id → issuer document
lists       address → status list credential, as received
changes     address of a list → its journal of changes, as received
attested    address of a list → as of when its issuer's publication names it as current
terms       id of an issuer → the role that names it, and until when that counts
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier.trust.contents import Contents, read_issuer
from xinzheng_verifier.trust.index_file import Converted, Index, IndexWriter
from xinzheng_verifier.trust.state import StoreState, Summary
from xinzheng_verifier.trust.store import IssuerTerm, TrustStore

FILES: Final = "files"
PATHS: Final = "paths"
_ISSUERS: Final = "issuers"
_LISTS: Final = "lists"
_CHANGES: Final = "changes"
_ATTESTED: Final = "attested"
_TERMS: Final = "terms"


def write(index: IndexWriter, contents: Contents, files: Mapping[str, bytes]) -> str:
    """Writes everything into an index.

    Args:
        index: writes it.
        contents: the documents.
        files: the files of the bundle that they are from, by name.

    Returns:
        The digest of the index, lower-case hexadecimal.

    Raises:
        OSError: it cannot be written.
    """
    targets = contents.repository.targets
    for name, content in files.items():
        index.put(FILES, name, content)
    for section, keys in ((_ISSUERS, contents.issuer_ids), (_LISTS, contents.list_addresses)):
        for path, key in keys.items():
            index.put(PATHS, path, key.encode("utf-8"))
            index.put(section, key, targets[path])
    for address, path in contents.changes.items():
        index.put(_CHANGES, address, targets[path])
    for address, moment in contents.attested.items():
        index.put(_ATTESTED, address, format_timestamp(moment).encode("ascii"))
    for issuer, term in contents.issuer_terms.items():
        index.put(_TERMS, issuer, f"{term.role} {format_timestamp(term.expires)}".encode("ascii"))
    return index.finish()


def summary(contents: Contents) -> Summary:
    """What there is, counted."""
    moments = contents.attested.values()
    return Summary(
        issuers=len(contents.issuers),
        status_lists=len(contents.lists),
        status_changes=len(contents.changes),
        attested_from=min(moments, default=None),
        attested_until=max(moments, default=None),
    )


def open_store(index: Index, state: StoreState) -> TrustStore:
    """The content of an index, read as it is asked for.

    Args:
        index: the index.
        state: the state of the store that names it.
    """
    return TrustStore(
        Converted(index.section(_ISSUERS), read_issuer),
        index.section(_LISTS),
        bundle_version=state.bundle_version,
        bundle_expires=state.expires,
        issued_floor=state.published_at,
        status_changes=index.section(_CHANGES),
        attested=Converted(index.section(_ATTESTED), _read_moment),
        issuer_terms=Converted(index.section(_TERMS), _read_term),
        extent=state.extent,
        digests=state.trust_digests,
    )


def _read_moment(_: str, content: bytes) -> datetime:
    return parse_timestamp(content.decode("ascii"))


def _read_term(_: str, content: bytes) -> IssuerTerm:
    role, _, expires = content.decode("ascii").partition(" ")
    return IssuerTerm(role, parse_timestamp(expires))
