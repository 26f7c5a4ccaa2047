"""The one-file trust bundle (.xzb): a TUF repository in a `.tar.xz` archive, read in memory.

    bytes → Archive (strict tar, one xz stream) → tuf_workflow.walk (signatures, versions, digests) → TrustStore

Only files whose names are known are let in; what they are for is in docs/reference/bundle-format.md.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject, Limits, loads_object
from xinzheng_schemas.trust_documents import IssuerDocument
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import STATUS_LIST_JSON, TRUST_DOCUMENT_JSON
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.issuers import TrustedIssuer
from xinzheng_verifier.trust.names import CHANGES, EXTENT_FILE, ISSUER_FILE, target_path
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.store import TrustStore

if TYPE_CHECKING:
    from xinzheng_verifier.trust.tuf_workflow import TrustedRepository

_NOTHING_ATTESTED: Final[Mapping[str, datetime]] = {}


def load(bundle: bytes, *, root: bytes, at: datetime) -> TrustStore:
    """The content of one bundle, judged from `root` alone, with nothing remembered.

    Args:
        bundle: the file.
        root: TUF root metadata that was obtained and compared by another way.
        at: moment of judgement, aware.

    Raises:
        TrustError: a `bundle_…` code, `trust_document_malformed`, `issuer_ambiguous`.
    """
    repository = read(bundle, root=root, seen=NOTHING_SEEN, at=at)
    return trust_store(
        repository.targets, seen=repository.seen, expires=repository.expires, attested=repository.attested
    )


def read(bundle: bytes, *, root: bytes, seen: Seen, at: datetime) -> "TrustedRepository":
    """The repository in one bundle, judged from `root` and from what was seen before.

    Args:
        bundle: the file.
        root: TUF root metadata that is trusted.
        seen: versions below which nothing is believed.
        at: moment of judgement, aware.

    Raises:
        TrustError: a `bundle_…` code.
    """
    from xinzheng_verifier.trust.tuf_workflow import walk  # noqa: PLC0415 - python-tuf takes a while to import

    archive = Archive(bundle)
    if next(iter(archive), None) != EXTENT_FILE:
        raise TrustError("bundle_incomplete", name=EXTENT_FILE)
    return walk(archive, root=root, seen=seen, at=at)


def trusted_targets(bundle: bytes) -> dict[str, bytes]:
    """Path → content of the target files of a bundle that was judged before, as its digest must have shown."""
    archive = Archive(bundle)
    return {path: archive[name] for name in archive if (path := target_path(name))}


def trust_store(
    targets: Mapping[str, bytes],
    *,
    seen: Seen,
    expires: datetime,
    attested: Mapping[str, datetime] = _NOTHING_ATTESTED,
) -> TrustStore:
    """Issuers, status lists and journals of trusted target files; lists are handed on unread but for their `id`.

    Args:
        targets: path → content.
        seen: versions and times of the repository.
        expires: from when it no longer counts as current.
        attested: path of a status list → as of when its court says that it is current.

    Raises:
        TrustError: `trust_document_malformed`, `issuer_ambiguous`.
    """
    issuers: dict[str, TrustedIssuer] = {}
    status_lists: dict[str, bytes] = {}
    urls: dict[str, str] = {}
    for path, content in targets.items():
        if path.endswith(f"/{ISSUER_FILE}"):
            issuer = _issuer(path, content)
            if issuer.id in issuers:
                raise TrustError("issuer_ambiguous", issuer=issuer.id)
            issuers[issuer.id] = issuer
        elif not path.endswith(CHANGES):
            urls[path] = _status_list_id(path, content, known=status_lists)
            status_lists[urls[path]] = content
    return TrustStore(
        issuers,
        status_lists,
        bundle_version=seen.timestamp,
        bundle_expires=expires,
        issued_floor=seen.published_at,
        status_changes={urls[path]: targets[journal] for path in urls if (journal := _journal_of(path)) in targets},
        attested={urls[path]: moment for path, moment in attested.items()},
    )


def _journal_of(path: str) -> str:
    """Path of the journal of changes of the list at this path."""
    return path.removesuffix(".json") + CHANGES


def _issuer(path: str, content: bytes) -> TrustedIssuer:
    try:
        return TrustedIssuer.from_issuer_document(IssuerDocument.parse(_object(content, TRUST_DOCUMENT_JSON)))
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=path, problem=str(error)) from error


def _status_list_id(path: str, content: bytes, *, known: Mapping[str, bytes]) -> str:
    try:
        url = _object(content, STATUS_LIST_JSON).get("id")
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=path, problem=str(error)) from error
    if not isinstance(url, str) or url in known:
        raise TrustError("trust_document_malformed", document=path, problem="id")
    return url


def _object(content: bytes, limits: Limits) -> JSONObject:
    return loads_object(content, limits=limits)
