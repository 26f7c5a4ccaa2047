"""What a province's documents said of the keys of its courts: it stays said, whatever lies between.

The next document is held against the newest earlier one that lists the court. What the reviewed configuration disowns
in a document, for a thief had it signed or somebody by mistake, binds nobody; then the one before that counts as well.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tuf.api.metadata import Targets

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.known_keys import forgotten_by, listed_keys
from xinzheng_issuer.publishing.trust_list.documents import Document, file_role, issuer_path
from xinzheng_issuer.publishing.trust_list.known import Compared, Known, Proof, disowning
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder, sha256
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.errors import CodedError
from xinzheng_verifier.trust.names import target_name

_ALL = "issuer.json"
"""In the place of a key's name: all that a document says of a court's keys."""


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What one document says of one court: the digest of its issuer document.

    Attributes:
        code: of the court.
        issuer: the digest.
        source: name of the document's file, `2.province-42.json`.
        sha256: digest of that file.
    """

    code: str
    issuer: str
    source: str
    sha256: str

    def line(self, key: str) -> str:
        """By which the configuration disowns what is said of a key."""
        return disowning(f"{self.code}/{key}", self.source)

    def compared(self, key: str) -> Compared:
        """What is disowned, for the transcript."""
        return Compared(
            share=f"{self.code}/{key}",
            fingerprint=self.issuer,
            proof=Proof.DISOWNED,
            source=self.source,
            sha256=self.sha256,
        )


@dataclass
class SaidBefore:
    """Compares what courts hand in with what was said before.

    Attributes:
        known: what is signed already.
        folder: where the issuer documents lie that it lists.
        document: the document at hand.
        role: of the province.
        disowned: what the configuration disowns, of what was found.
    """

    known: Known
    folder: WorkFolder
    document: Document
    role: str
    disowned: list[Compared] = field(default_factory=list)
    _missing: list[str] = field(default_factory=list)
    _forgotten: dict[str, list[str]] = field(default_factory=dict)

    def check(self, issuers: Mapping[str, bytes]) -> None:
        """See that nothing is missing that was said of a key of any court.

        Args:
            issuers: code of each court → the issuer document that the document at hand lists.

        Raises:
            TrustListError: `ceremony_issuer_missing`, what was said is not at hand; `ceremony_keys_forgotten`;
                `ceremony_key_disowned`, what the configuration disowns is said once more; others as `Known.signed`.
        """
        earlier = self._earlier(issuers)
        for code, issuer in issuers.items():
            self._check_court(issuer, [said[code] for said in earlier if code in said])
        if self._missing:
            raise TrustListError("ceremony_issuer_missing", name=", ".join(self._missing))
        if self._forgotten:
            keys = ", ".join(line for lines in self._forgotten.values() for line in lines)
            raise TrustListError("ceremony_keys_forgotten", field=", ".join(self._forgotten), keys=keys)

    def _earlier(self, courts: Iterable[str]) -> list[dict[str, _Said]]:
        """What each earlier document says of those of the courts that it lists, the newest first."""
        found = []
        for document, data in self.known.earlier(self.role, below=self.document.signed.version):
            source, digest = file_role(document, self.role), sha256(data)
            listed = document.signed.targets if isinstance(document.signed, Targets) else {}
            entries = {code: entry for code in courts if (entry := listed.get(issuer_path(code))) is not None}
            found.append(
                {
                    code: _Said(code=code, issuer=entry.hashes["sha256"], source=source, sha256=digest)
                    for code, entry in entries.items()
                }
            )
        return found

    def _check_court(self, issuer: bytes, said: list[_Said]) -> None:
        """Newest first, until one says nothing that is disowned."""
        nobodys = {record for each in said for record in self._nobodys(each, issuer)}
        for record in listed_keys(issuer):
            if record in nobodys:
                raise TrustListError("ceremony_key_disowned", field=f"{said[0].code}/{record.name}")
        for each in said:
            if each.line(_ALL) in self.known.disowned:
                continue
            if each.issuer == sha256(issuer) or not self._is_disowned_in_part(each, issuer, nobodys):
                return

    def _nobodys(self, said: _Said, issuer: bytes) -> Iterator[KeyRecord]:
        """What a document says of keys and the configuration disowns."""
        if said.line(_ALL) in self.known.disowned:
            if said.issuer == sha256(issuer):
                raise TrustListError("ceremony_key_disowned", field=f"{said.code}/{_ALL}")
            self.disowned.append(said.compared(_ALL))
        elif any(line.startswith(f"{said.code}/") and said.source in line for line in self.known.disowned):
            for record in self._records(said):
                if said.line(record.name) in self.known.disowned:
                    self.disowned.append(said.compared(record.name))
                    yield record

    def _records(self, said: _Said) -> tuple[KeyRecord, ...]:
        """The keys that a document names; none, if its issuer document cannot be read."""
        try:
            return listed_keys(self._content(said) or b"")
        except CodedError:
            return ()

    def _is_disowned_in_part(self, said: _Said, issuer: bytes, nobodys: set[KeyRecord]) -> bool:
        """Whether the document before this one counts as well; what is missing is noted."""
        content = self._content(said)
        if content is None:
            self._missing.append(disowning(target_name(issuer_path(said.code), said.issuer), said.source))
            return False
        try:
            forgotten = forgotten_by(issuer, content)
        except CodedError as error:
            self._forgotten[said.code] = [f"{said.line(_ALL)} ({error.code})"]
            return False
        records = {record.name: record for record in self._records(said)}
        owned = [each for each in forgotten if records[each.record.name] not in nobodys]
        if owned:
            self._forgotten[said.code] = [f"{said.line(each.record.name)} ({each.step})" for each in owned]
        return bool(forgotten) and not owned

    def _content(self, said: _Said) -> bytes | None:
        return self.folder.target(issuer_path(said.code), said.issuer)
