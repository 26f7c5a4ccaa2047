"""A court in the country's trust list: its own bundle names a new key at once, the province's document does not."""

from dataclasses import dataclass, field
from datetime import datetime

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.errors import KeyLifeError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.keylife.contributions import is_folder_lost, last_contribution
from xinzheng_issuer.publishing.trust_list.documents import issuer_path
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import encode_multikey
from xinzheng_schemas.strict_json import loads_object
from xinzheng_schemas.trust_documents import IssuerDocument
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import TRUST_DOCUMENT_JSON
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.seen import NOTHING_SEEN
from xinzheng_verifier.trust.tuf_workflow import TrustedRepository


@dataclass(frozen=True, kw_only=True)
class CountryEdition:
    """An edition of the country's trust list, as somebody fetched it.

    Attributes:
        bundle: the file (.xzb).
        root: TUF root metadata from which it is judged.
    """

    bundle: bytes = field(repr=False)
    root: bytes = field(repr=False)


def in_country(issuer: Issuer) -> bool:
    """Whether the country's list may speak of this court: it has handed in a contribution."""
    return last_contribution(issuer.office, issuer.settings.contribution_folder) > 0


def contribution_lost(issuer: Issuer) -> bool:
    """Whether it has, and its own copy is gone."""
    return is_folder_lost(issuer.office, issuer.settings.contribution_folder)


def listed_since(issuer: Issuer, record: KeyRecord, edition: CountryEdition) -> datetime:
    """When an edition was published that names a key of this court.

    Args:
        issuer: open.
        record: of the key.
        edition: judged by the verifier, as a lender does.

    Raises:
        KeyLifeError: `key_edition_refused`, `key_not_listed`.
    """
    repository = judged(edition, at=issuer.office.clock())
    published = repository.seen.published_at
    listed = repository.targets.get(issuer_path(issuer.office.court.id), b"")
    keys = _keys(listed, f"{issuer.office.court.did}#{record.name}")
    if published is None or record.public_key_multibase not in keys:
        raise KeyLifeError("key_not_listed", name=record.name, edition=repository.seen.timestamp)
    return published


def listed_document(office: Office, edition: CountryEdition) -> bytes:
    """The court's issuer document in an edition.

    Raises:
        KeyLifeError: `key_edition_refused`, `court_not_listed`.
    """
    repository = judged(edition, at=office.clock())
    listed = repository.targets.get(issuer_path(office.court.id))
    if listed is None:
        raise KeyLifeError("court_not_listed", court=office.court.id, edition=repository.seen.timestamp)
    return listed


def judged(edition: CountryEdition, *, at: datetime) -> TrustedRepository:
    """An edition as a lender judges it who starts from its root.

    Args:
        edition: the bundle and the root.
        at: the moment of judgement, aware.

    Raises:
        KeyLifeError: `key_edition_refused`.
    """
    try:
        return bundles.read(edition.bundle, root=edition.root, seen=NOTHING_SEEN, at=at)
    except TrustError as error:
        raise KeyLifeError("key_edition_refused", refusal=error.code, reason=in_both_languages(error)) from error


def _keys(document: bytes, method: str) -> set[str]:
    """The public keys that an issuer document lists under a method id; none if it is no such document."""
    try:
        issuer = IssuerDocument.parse(loads_object(document, limits=TRUST_DOCUMENT_JSON))
    except CodedError:
        return set()
    methods = issuer.controller.verification_methods
    return {encode_multikey(each.key_type, each.public_key) for each in methods if each.id == method}
