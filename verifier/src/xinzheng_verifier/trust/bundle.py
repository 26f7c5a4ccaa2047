"""The one-file trust bundle (.xzb): a TUF repository in a ZIP archive, read in memory.

    bytes → Archive (strict ZIP) → tuf_workflow.walk (signatures, versions, digests) → TrustStore

Only files whose names are known are let in; what they are for is in docs/reference/bundle-format.md.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject, Limits, loads_object
from xinzheng_schemas.trust_documents import IssuerDocument
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import TRUST_DOCUMENT_JSON
from xinzheng_verifier.read import status_list
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.issuers import TrustedIssuer
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.store import TrustStore

if TYPE_CHECKING:
    from xinzheng_verifier.trust.tuf_workflow import TrustedRepository

_COURT = r"courts/[0-9A-Za-z][0-9A-Za-z._-]{0,31}"
_LIST = r"status/[1-9][0-9]{0,8}"
_METADATA = r"metadata/(?:timestamp|[1-9][0-9]{0,8}\.(?:root|snapshot|targets))\.json"
_LIST_FILE = r"(?:revocation|suspension)\.(?:json|jwt|cose)"
_TARGET = rf"targets/({_COURT}/(?:{_LIST}/)?)[0-9a-f]{{64}}\.(issuer\.json|{_LIST_FILE})"
_ISSUER_FILE = "/issuer.json"

TARGET_PATH = re.compile(rf"{_COURT}/(?:issuer\.json|{_LIST}/{_LIST_FILE})")
"""What the path of a target file must match."""
FILE_NAME = re.compile(f"{_METADATA}|{_TARGET}")
"""What the name of a file in the archive must match."""


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
    return trust_store(repository.targets, seen=repository.seen, expires=repository.expires)


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

    return walk(Archive(bundle, names=FILE_NAME), root=root, seen=seen, at=at)


def trusted_targets(bundle: bytes) -> dict[str, bytes]:
    """Path → content of the target files of a bundle that was judged before, as its digest must have shown."""
    archive = Archive(bundle, names=FILE_NAME)
    return {path: archive[name] for name in archive if (path := _target_path(name))}


def trust_store(targets: Mapping[str, bytes], *, seen: Seen, expires: datetime) -> TrustStore:
    """Issuers and status lists of trusted target files; status lists are handed on unread but for their `id`.

    Raises:
        TrustError: `trust_document_malformed`, `issuer_ambiguous`.
    """
    issuers: dict[str, TrustedIssuer] = {}
    status_lists: dict[str, bytes] = {}
    for path, content in targets.items():
        if path.endswith(_ISSUER_FILE):
            issuer = _issuer(path, content)
            if issuer.id in issuers:
                raise TrustError("issuer_ambiguous", issuer=issuer.id)
            issuers[issuer.id] = issuer
        else:
            status_lists[_status_list_id(path, content, known=status_lists)] = content
    return TrustStore(
        issuers,
        status_lists,
        bundle_version=seen.timestamp,
        bundle_expires=expires,
        issued_floor=seen.published_at,
    )


def _target_path(name: str) -> str | None:
    """The path that the file of this name has as a target, without the digest of consistent snapshots."""
    match = re.fullmatch(_TARGET, name)
    return f"{match[1]}{match[2]}" if match else None


def _issuer(path: str, content: bytes) -> TrustedIssuer:
    try:
        return TrustedIssuer.from_issuer_document(IssuerDocument.parse(_object(content, TRUST_DOCUMENT_JSON)))
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=path, problem=str(error)) from error


def _status_list_id(path: str, content: bytes, *, known: Mapping[str, bytes]) -> str:
    try:
        url = status_list.stated_id(content)
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=path, problem=str(error)) from error
    if not isinstance(url, str) or url in known:
        raise TrustError("trust_document_malformed", document=path, problem="id")
    return url


def _object(content: bytes, limits: Limits) -> JSONObject:
    return loads_object(content, limits=limits)
