"""What a province's documents said of the keys of its courts: it stays said, whatever lies between.

The next document is held against each earlier one that lists the court. What the reviewed configuration disowns in a
document, for a thief had it signed or somebody by mistake, binds nobody.
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
    _forgotten: dict[str, dict[str, str]] = field(default_factory=dict)

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
        if forgotten := {code: lines for code, lines in self._forgotten.items() if lines}:
            keys = ", ".join(line for lines in forgotten.values() for line in lines.values())
            raise TrustListError("ceremony_keys_forgotten", field=", ".join(forgotten), keys=keys)

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
        """Every earlier document counts: one of a thief that says less than an honest one hides nothing of it."""
        whole = {each.issuer for each in said if each.line(_ALL) in self.known.disowned}
        self.disowned += [each.compared(_ALL) for each in said if each.line(_ALL) in self.known.disowned]
        if sha256(issuer) in whole:
            raise TrustListError("ceremony_key_disowned", field=f"{said[0].code}/{_ALL}")
        counting = [each for each in said if each.issuer not in whole]
        nobodys = {record for each in counting for record in self._nobodys(each)}
        owned = {record.public_key_multibase for each in counting for record in {*self._records(each)} - nobodys}
        foreign = {record.public_key_multibase for record in nobodys} - owned
        for record in listed_keys(issuer):
            if record in nobodys or record.public_key_multibase in foreign:
                raise TrustListError("ceremony_key_disowned", field=f"{said[0].code}/{record.name}")
        compared = {sha256(issuer)}
        for place, each in enumerate(counting):
            if each.issuer not in compared:
                self._compare(each, issuer, nobodys, is_newest=place == 0)
            compared.add(each.issuer)

    def _nobodys(self, said: _Said) -> Iterator[KeyRecord]:
        """What a document says of keys and the configuration disowns."""
        if any(line.startswith(f"{said.code}/") and said.source in line for line in self.known.disowned):
            for record in self._records(said):
                if said.line(record.name) in self.known.disowned:
                    self.disowned.append(said.compared(record.name))
                    yield record

    def _records(self, said: _Said) -> tuple[KeyRecord, ...]:
        """The keys that a document names; none, if its issuer document is not at hand or cannot be read."""
        try:
            return listed_keys(self._content(said) or b"")
        except CodedError:
            return ()

    def _compare(self, said: _Said, issuer: bytes, nobodys: set[KeyRecord], *, is_newest: bool) -> None:
        """Notes what an issuer document says less than an earlier one; what lies long back may be gone by now."""
        content = self._content(said)
        if content is None:
            if is_newest:
                self._missing.append(disowning(target_name(issuer_path(said.code), said.issuer), said.source))
            return
        lines = self._forgotten.setdefault(said.code, {})
        try:
            forgotten = forgotten_by(issuer, content)
        except CodedError as error:
            lines.setdefault(_ALL, f"{said.line(_ALL)} ({error.code})")
            return
        records = {record.name: record for record in self._records(said)}
        for each in forgotten:
            if records[each.record.name] not in nobodys:
                lines.setdefault(each.record.name, f"{said.line(each.record.name)} ({each.step})")

    def _content(self, said: _Said) -> bytes | None:
        return self.folder.target(issuer_path(said.code), said.issuer)
