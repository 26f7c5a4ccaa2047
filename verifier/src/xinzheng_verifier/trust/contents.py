"""What a judged repository says, document by document."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import loads_object
from xinzheng_schemas.trust_documents import IssuerDocument
from xinzheng_verifier.errors import TrustError, words
from xinzheng_verifier.limits import TRUST_DOCUMENT_JSON
from xinzheng_verifier.read import status_list
from xinzheng_verifier.trust.issuers import TrustedIssuer
from xinzheng_verifier.trust.names import CHANGES, ISSUER_FILE
from xinzheng_verifier.trust.store import IssuerTerm, TrustStore

if TYPE_CHECKING:
    from xinzheng_verifier.trust.tuf_workflow import TrustedRepository


_MAX_ADDRESS: Final = 2_048  # characters, as of any identifier


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The documents of one repository, read as far as a store needs: issuers whole, status lists up to their address.

    Attributes:
        repository: where they are from.
        issuers: by id.
        issuer_ids: path of each issuer document → id of its issuer.
        lists: address of each status list → its path.
        changes: address of a status list → path of its journal.
        sequences: path of each status list → its number, 0 where it bears none.
    """

    repository: "TrustedRepository"
    issuers: dict[str, TrustedIssuer] = field(default_factory=dict)
    issuer_ids: dict[str, str] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, repository: "TrustedRepository") -> "Contents":
        """Reads every document of the repository.

        Raises:
            TrustError: `trust_document_malformed`, `issuer_ambiguous`.
        """
        contents = cls(repository=repository)
        for path, content in repository.targets.items():
            if path.endswith(f"/{ISSUER_FILE}"):
                contents._add_issuer(path, content)
            elif not path.endswith(CHANGES):
                contents._add_list(path, content)
        for address, path in contents.lists.items():
            if (journal := path.rpartition(".")[0] + CHANGES) in repository.targets:
                contents.changes[address] = journal
        return contents

    @property
    def list_addresses(self) -> dict[str, str]:
        """Path of each status list → its address."""
        return {path: address for address, path in self.lists.items()}

    @property
    def attested(self) -> dict[str, datetime]:
        """Address of each status list that a publication vouches for → as of when it does."""
        attested = self.repository.attested
        return {address: attested[path] for address, path in self.lists.items() if path in attested}

    @property
    def issuer_terms(self) -> dict[str, IssuerTerm]:
        """Id of each issuer whose entry may expire before the bundle → until when it counts."""
        terms = self.repository.issuer_terms
        return {issuer: terms[path] for path, issuer in self.issuer_ids.items() if path in terms}

    def store(self) -> TrustStore:
        """All of it in memory."""
        targets = self.repository.targets
        return TrustStore(
            self.issuers,
            {address: targets[path] for address, path in self.lists.items()},
            bundle_version=self.repository.seen.timestamp,
            bundle_expires=self.repository.expires,
            issued_floor=self.repository.seen.published_at,
            status_changes={address: targets[path] for address, path in self.changes.items()},
            attested=self.attested,
            issuer_terms=self.issuer_terms,
            extent=self.repository.extent,
        )

    def _add_issuer(self, path: str, content: bytes) -> None:
        issuer = read_issuer(path, content)
        if issuer.id in self.issuers:
            raise TrustError("issuer_ambiguous", issuer=issuer.id)
        self.issuers[issuer.id] = issuer
        self.issuer_ids[path] = issuer.id

    def _add_list(self, path: str, content: bytes) -> None:
        try:
            document: Any = status_list.stated(content)
        except CodedError as error:
            raise TrustError("trust_document_malformed", document=path, problem=words(error)) from error
        address, subject = document.get("id"), document.get("credentialSubject")
        if not isinstance(address, str) or len(address) > _MAX_ADDRESS or address in self.lists:
            raise TrustError("trust_document_malformed", document=path, problem="id")
        self.lists[address] = path
        sequence = subject.get("sequence") if isinstance(subject, dict) else None
        self.sequences[path] = sequence if type(sequence) is int else 0


def read_issuer(label: str, content: bytes) -> TrustedIssuer:
    """An issuer of its document.

    Args:
        label: what the document is called in an error.
        content: JSON text of an issuer document.

    Raises:
        TrustError: `trust_document_malformed`.
    """
    try:
        document = IssuerDocument.parse(loads_object(content, limits=TRUST_DOCUMENT_JSON))
        return TrustedIssuer.from_issuer_document(document)
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=label, problem=words(error)) from error
