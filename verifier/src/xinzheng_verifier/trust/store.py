"""What a lender trusts, as the procedure sees it: issuers, status lists, contexts; immutable, in memory."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self, TypeVar

from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONValue, Limits
from xinzheng_schemas.trust_documents import ControllerDocument, IssuerDocument
from xinzheng_verifier.errors import TrustError, words
from xinzheng_verifier.limits import STATUS_CHANGES_JSON, TRUST_DOCUMENT_JSON
from xinzheng_verifier.read import status_list
from xinzheng_verifier.trust import self_contained
from xinzheng_verifier.trust.extent import WHOLE, Extent
from xinzheng_verifier.trust.issuers import TrustedIssuer
from xinzheng_verifier.trust.look_up import LookUp

Document = bytes | str | Mapping[str, JSONValue]
Content = TypeVar("Content")

_VIEWS = ("_issuers", "_status_lists", "_contexts", "_status_changes", "_attested", "_issuer_terms", "_digests")


class IssuerTerm(NamedTuple):
    """Until when somebody else's word of who an issuer is counts.

    Attributes:
        role: who says it, such as `province-42`.
        expires: at this moment it counts no longer.
    """

    role: str
    expires: datetime


class TrustStore:
    """Whom one trusts, and what is known of the status of what they issued.

    Args:
        issuers: by id (DID or URL).
        status_lists: signed status list credentials as received, by address; not yet verified.
        contexts: JSON-LD contexts that credentials may name besides the bundled ones, by URL.
        bundle_version: version of the trust bundle that all this came from; None if from single documents.
        bundle_expires: moment from which the data no longer counts as current; None if it bears none.
        issued_floor: latest moment at which any part of the data is known to have been made; no true clock is earlier.
        status_changes: signed journals of what changed in status lists, as received, by address of the list.
        attested: by address of a status list, the moment as of which its issuer's publication names it as current; a
            list is made when it changes and vouched for as long as it does not.
        issuer_terms: by id of an issuer, until when its entry counts; none for issuers whose entry lasts as long as the
            bundle, or for ever.
        extent: what part of a country all this is; whoever is not in the whole of it is nobody to be trusted.
        digests: digests of all this that were taken before, by name of their format.

    Mappings are copied, but for a `LookUp`: it reads from a store on disk what it is asked for, and looking up then
    raises `TrustError` `bundle_unavailable` once that cannot be read any more.
    """

    def __init__(
        self,
        issuers: Mapping[str, TrustedIssuer],
        status_lists: Mapping[str, bytes],
        contexts: Mapping[str, Mapping[str, JSONValue]] | None = None,
        *,
        bundle_version: int | None = None,
        bundle_expires: datetime | None = None,
        issued_floor: datetime | None = None,
        status_changes: Mapping[str, bytes] | None = None,
        attested: Mapping[str, datetime] | None = None,
        issuer_terms: Mapping[str, IssuerTerm] | None = None,
        extent: Extent = WHOLE,
        digests: Mapping[str, str] | None = None,
    ) -> None:
        self._issuers = _view(issuers)
        self._status_lists = _view(status_lists)
        self._contexts = MappingProxyType(deepcopy(dict(contexts or {})))  # compiled once, so nobody may change them
        self._decoded: dict[str, Any] = {}
        self._decoded_changes: dict[str, Any] = {}
        self._bundle_version = bundle_version
        self._bundle_expires = bundle_expires
        self._issued_floor = issued_floor
        self._status_changes = _view({} if status_changes is None else status_changes)
        self._attested = _view({} if attested is None else attested)
        self._issuer_terms = _view({} if issuer_terms is None else issuer_terms)
        self._extent = extent
        self._digests = _view(digests or {})

    @classmethod
    def open(cls, path: str | Path) -> "TrustStore":
        """The store in a directory, as `xinzheng-verify store import` keeps it.

        Raises:
            TrustError: `bundle_unavailable` or a `store_…` code.
        """
        from xinzheng_verifier.trust import directory  # noqa: PLC0415 - tuf takes a while to import

        return directory.load(Path(path))

    @classmethod
    def from_bundle(cls, bundle: bytes, *, root: bytes, at: datetime) -> "TrustStore":
        """The content of one trust bundle, judged from `root` by the TUF client workflow at the moment `at`.

        Args:
            bundle: the file (.xzb).
            root: root metadata that was obtained and compared out of band.
            at: aware moment of judgement.

        Raises:
            TrustError: a `bundle_…` code.
        """
        from xinzheng_verifier.trust import bundle as bundles  # noqa: PLC0415 - tuf takes a while to import

        return bundles.load(bundle, root=root, at=at)

    @classmethod
    def from_documents(
        cls,
        controllers: Iterable[Document] = (),
        status_lists: Iterable[Document] = (),
        contexts: Mapping[str, Mapping[str, JSONValue]] | None = None,
        *,
        status_changes: Iterable[Document] = (),
    ) -> Self:
        """Trust of your own making: whoever these documents describe is trusted, for any type they do not restrict.

        Args:
            controllers: controller documents (CID 1.0), DID documents or issuer documents, as JSON text or parsed; also
                a did:key or did:jwk, which is its own document.
            status_lists: signed status list credentials: as JSON text or parsed, vc+jwt or vc+cose.
            contexts: further JSON-LD contexts that credentials may name.
            status_changes: signed journals of changes of those lists, as JSON text or parsed; needed for questions
                about moments before a list was made.

        Raises:
            TrustError: `trust_document_malformed`, `did_malformed`, `issuer_ambiguous`, `status_list_ambiguous`,
                `status_changes_ambiguous`, `key_invalid`, `key_ambiguous`.
        """
        issuers: dict[str, TrustedIssuer] = {}
        for number, document in enumerate(controllers, start=1):
            issuer = _issuer(document, label=f"controller {number}")
            if issuer.id in issuers:
                raise TrustError("issuer_ambiguous", issuer=issuer.id)
            issuers[issuer.id] = issuer
        lists: dict[str, bytes] = {}
        for number, document in enumerate(status_lists, start=1):
            url, text = _status_list(document, label=f"status list {number}")
            if lists.setdefault(url, text) != text:
                raise TrustError("status_list_ambiguous", list=url)
        journals: dict[str, bytes] = {}
        for number, document in enumerate(status_changes, start=1):
            label = f"journal of status changes {number}"
            url, text = _journal(document, label=label)
            if journals.setdefault(url, text) != text:
                raise TrustError("status_changes_ambiguous", list=url)
        return cls(issuers, lists, contexts, status_changes=journals)

    @property
    def bundle_version(self) -> int | None:
        """Version of the bundle behind the store."""
        return self._bundle_version

    @property
    def bundle_expires(self) -> datetime | None:
        """Moment from which the bundle no longer counts as current."""
        return self._bundle_expires

    @property
    def issued_floor(self) -> datetime | None:
        """Latest moment at which any part of the data is known to have been made."""
        return self._issued_floor

    @property
    def issuers(self) -> Mapping[str, TrustedIssuer]:
        """All trusted issuers by id."""
        return self._issuers

    @property
    def status_list_urls(self) -> tuple[str, ...]:
        """Addresses of the status lists at hand."""
        return tuple(self._status_lists)

    @property
    def contexts(self) -> Mapping[str, Mapping[str, JSONValue]]:
        """JSON-LD contexts that credentials may name besides the bundled ones."""
        return self._contexts

    def issuer(self, issuer_id: str) -> TrustedIssuer | None:
        """The issuer with exactly this id; None if it is not trusted."""
        return self._issuers.get(issuer_id)

    def status_list(self, url: str) -> bytes | None:
        """The status list credential of this address as received, unverified; None if it is not at hand."""
        return self._status_lists.get(url)

    def status_changes(self, url: str) -> bytes | None:
        """The journal of changes of the status list of this address as received, unverified; None without one."""
        return self._status_changes.get(url)

    def attested_at(self, url: str) -> datetime | None:
        """As of when the publication of its issuer names the list of this address as current; None if it does not."""
        return self._attested.get(url)

    def issuer_term(self, issuer_id: str) -> IssuerTerm | None:
        """Until when the entry of this issuer counts; None if that is as long as the bundle's, or for ever."""
        return self._issuer_terms.get(issuer_id)

    @property
    def extent(self) -> Extent:
        """What part of a country the store holds; of one made of single documents everything."""
        return self._extent

    @property
    def digests(self) -> Mapping[str, str]:
        """Digests of everything in the store that were taken when it was judged, by name of their format."""
        return self._digests

    @property
    def decoded_status_lists(self) -> dict[str, Any]:
        """What was made of status lists in the life of the store, or why nothing was, by address; kept by step 8."""
        return self._decoded

    @property
    def decoded_status_changes(self) -> dict[str, Any]:
        """What was made of journals of changes in the life of the store, by address of the list; likewise."""
        return self._decoded_changes

    def __getstate__(self) -> dict[str, object]:
        # What was decoded is made anew where it is needed; views of mappings do not pickle, the mappings do.
        views = {name: dict(value) for name, value in self.__dict__.items() if isinstance(value, MappingProxyType)}
        return {**self.__dict__, **views, "_decoded": {}, "_decoded_changes": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        views = {name: _view(state[name]) for name in _VIEWS}
        self.__dict__.update(state, **views)


def _view(contents: Mapping[str, Content]) -> Mapping[str, Content]:
    """What nobody changes any more: a copy, but of what is read on demand and never changes by itself."""
    return contents if isinstance(contents, LookUp) else MappingProxyType(dict(contents))


def _issuer(document: Document, *, label: str) -> TrustedIssuer:
    if isinstance(document, str) and document.startswith(self_contained.SCHEME):
        return TrustedIssuer.from_controller(self_contained.controller_document(document))
    content = _json_object(document, limits=TRUST_DOCUMENT_JSON, label=label)
    try:
        if "controllerDocument" in content:
            return TrustedIssuer.from_issuer_document(IssuerDocument.parse(content))
        return TrustedIssuer.from_controller(ControllerDocument.parse(content))
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=label, problem=words(error)) from error


def _status_list(document: Document, *, label: str) -> tuple[str, bytes]:
    """Address and text of a status list credential; whether it is authentic is for the status step to say."""
    text = _text(document)
    try:
        url = status_list.stated(text).get("id")
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=label, problem=words(error)) from error
    if not isinstance(url, str):
        raise TrustError("trust_document_malformed", document=label, problem="id")
    return url, text


def _journal(document: Document, *, label: str) -> tuple[str, bytes]:
    """Address of the list that a journal is about, and the journal's text; likewise not yet believed."""
    url = _json_object(document, limits=STATUS_CHANGES_JSON, label=label).get("list")
    if not isinstance(url, str):
        raise TrustError("trust_document_malformed", document=label, problem="list")
    return url, _text(document)


def _json_object(document: Document, *, limits: Limits, label: str) -> dict[str, JSONValue]:
    try:
        return strict_json.loads_object(_text(document), limits=limits)
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=label, problem=words(error)) from error


def _text(document: Document) -> bytes:
    if isinstance(document, bytes):
        return document
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")
