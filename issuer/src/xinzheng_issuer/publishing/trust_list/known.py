"""What is signed already, and by what a share that signs the next document knows the keys in it.

Others may be able to write the folder of what is published. A file there counts only if it is signed: a root as one of
the chain of roots, any other document by those who name its keys. But a chain can be made up from its first root on,
with the genuine keys of some beside keys of its maker. So nobody signs for a key of another share but knows it by
something that its maker cannot have:

    the record of the key in the folder that travels, or its fingerprint in the reviewed configuration
    a document that the share at work has signed itself, and for a root those that follow from it
    a document that follows from a root whose digest was given

Which document is asked, and for what:

    signed      those who named its keys when it was made signed it: it says what it says, and stays compared
    in force    the newest that is good under the newest of each delegator: it alone says who signs today
    disowned    the reviewed configuration takes one word of one document away
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key
from tuf.api.metadata import Targets

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.root_chain import chain_of
from xinzheng_issuer.publishing.trust_list import checks
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX, ROOT
from xinzheng_issuer.publishing.trust_list.documents import Document, delegator, keys_of_shares, listed_shares
from xinzheng_issuer.publishing.trust_list.shares import PublicShare, fingerprint, public_octets
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder, sha256
from xinzheng_verifier.errors import TrustError


class Proof(StrEnum):
    """By what the key of a share is known, the strongest first."""

    MEDIUM = "medium"
    """The medium at work: it holds the private key."""
    SIGNED = "signed"
    """A document that the share at work has signed, or a root that follows from one."""
    ROOT = "root"
    """A document that follows from the root whose digest was given."""
    FINGERPRINT = "fingerprint"
    """The reviewed configuration."""
    RECORD = "record"
    """The record of the key in the folder that travels."""
    DOCUMENT = "document"
    """A document whose chain nobody vouches for yet: no share signs by this alone."""
    DISOWNED = "disowned"
    """Not at all: the reviewed configuration disowns what a document says of it."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One key of a document, or one issuer document that it lists, and what it was compared with.

    Attributes:
        share: its name; of an issuer document its path, `courts/420683/issuer.json`; of a key that is disowned in one
            `420683/cert-3`, and its fingerprint is that of the document.
        fingerprint: SHA-256 of the public key or of the issuer document, lower-case hexadecimal.
        proof: by what it is known.
        source: file that says so: `1.root.json`, `shares/targets-1.json`; empty for the configuration and a medium.
        sha256: digest of that file; empty where `source` is.
    """

    share: str
    fingerprint: str
    proof: Proof
    source: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Signatory:
    """A share that is to sign.

    Attributes:
        share: its name.
        key: its public key, of the private one at hand.
    """

    share: str
    key: Key


@dataclass(frozen=True)
class Source:
    """What names keys of shares, and issuer documents by their digests: a document, a record, the configuration.

    Attributes:
        proof: what it proves.
        name: of its file; empty for the configuration and a medium.
        sha256: of its file, likewise.
        keys: share → public key, but for what is disowned.
        issuers: path → SHA-256 of each issuer document that it lists.
        disowned: share → public key of what is disowned.
    """

    proof: Proof
    name: str = ""
    sha256: str = ""
    keys: Mapping[str, bytes] = field(default_factory=dict)
    issuers: Mapping[str, str] = field(default_factory=dict)
    disowned: Mapping[str, bytes] = field(default_factory=dict)

    def compared(self, share: str, digest: str) -> Compared:
        """What was compared with this."""
        return Compared(share=share, fingerprint=digest, proof=self.proof, source=self.name, sha256=self.sha256)

    def nobodys(self, key: str, digest: str) -> Compared:
        """What this says and is disowned, for the transcript."""
        return replace(self.compared(key, digest), proof=Proof.DISOWNED)


class Known:
    """The signed documents in a work folder and beside it, each read once.

    Args:
        folder: the folder, with what is published.
        root_sha256: SHA-256 of a root's file that is known to be genuine, hexadecimal; empty for none.
        disowned: keys, each with the document that names it, which the reviewed configuration disowns.
    """

    def __init__(self, folder: WorkFolder, *, root_sha256: str = "", disowned: Collection[str] = ()) -> None:
        self.disowned = frozenset(disowned)
        self._folder = folder
        self._root_sha256 = root_sha256.strip().lower()
        self._read: dict[str, Mapping[int, tuple[Document, bytes]]] = {}
        self._signed: dict[str, Mapping[int, Document]] = {}
        self._good: dict[str, Mapping[int, Document]] = {}
        self._sources: dict[tuple[str, int], Source] = {}

    def signed(self, role: str) -> Mapping[int, Document]:
        """Version → document of a role: those of the chain of roots, or each that a delegator of its time says.

        Raises:
            TrustListError: `ceremony_unsigned`, the lowest root is none, or another document is not signed;
                `ceremony_root_unknown`, no root is the one whose digest was given; `metadata_invalid`,
                `metadata_conflict`, `ceremony_not_read`.
        """
        if role not in self._signed:
            self._signed[role] = self._roots() if role == ROOT else self._delegated(role)
        return self._signed[role]

    def in_force(self, role: str) -> Document | None:
        """The newest document of a role that is good under those in force above it; None if there is none.

        One that was good once, be it of the highest number, judges nothing any more.

        Raises:
            TrustListError: as `signed`.
        """
        good = self._good_now(role)
        return good[max(good)] if good else None

    def of_version(self, role: str, version: int) -> Document | None:
        """The document of a role of this version; None if there is none.

        Raises:
            TrustListError: `ceremony_unsigned`, it is a root that follows none; others as `signed`.
        """
        if version not in self._files(role):
            return None
        if version not in self.signed(role):
            raise TrustListError("ceremony_unsigned", name=f"{version}.{role}.json")
        return self.signed(role)[version]

    def others(self, role: str, *, than: int) -> list[Source]:
        """What every document of a role says but the one at hand, whatever their numbers; of roots those before it.

        Args:
            role: whose.
            than: version of the one at hand.

        Returns:
            The one before it first, then those before that, then those of higher numbers.

        Raises:
            TrustListError: as `of_version`.
        """
        versions = [version for version in self._files(role) if version < than or (version > than and role != ROOT)]
        versions.sort(key=lambda version: (version > than, -version))
        return [self._source(Proof.DOCUMENT, role, version) for version in versions if self.of_version(role, version)]

    def keys_before(self, role: str, *, than: int) -> Mapping[str, bytes]:
        """Share → public key, by the first of the others whose word on that share is not disowned.

        Raises:
            TrustListError: as `others`.
        """
        others = reversed(self.others(role, than=than))
        return {share: public for source in others for share, public in source.keys.items()}

    def compare(
        self,
        keys: Mapping[str, bytes],
        role: str,
        *,
        version: int,
        records: Mapping[str, PublicShare],
        reviewed: Collection[str],
        by: Signatory | None = None,
    ) -> list[Compared]:
        """By what the keys in a document are known.

        Args:
            keys: share → public key of all that the document names.
            role: whose document it is.
            version: its number.
            records: name of a file → public record in it.
            reviewed: shares whose fingerprint the configuration gives; that it is this one was seen.
            by: the share that is to sign; None while nobody is.

        Returns:
            What is disowned; then one comparison for each share that has any; a share is missing if nothing names it.

        Raises:
            TrustListError: `ceremony_key_disowned`, some share has a key that is disowned and that no other document
                names; `ceremony_share_changed`, some sources name another key for a share, of all such shares and
                sources; others as `others`.
        """
        recorded = [_recorded(name, made) for name, made in records.items()]
        own = [Source(Proof.MEDIUM, keys={by.share: public_octets(by.key)})] if by else []
        proving = self._proving(role, than=version, by=by)
        documents = self.others(role, than=version)
        sources = [*own, *proving, *recorded, *documents]
        _require_owned(keys, documents)
        _require_same(keys, sources)
        found = {}
        for source in documents:
            for share in keys.keys() & source.disowned.keys():
                digest = fingerprint(source.disowned[share])
                found[disowning(share, source.name)] = source.nobodys(share, digest)
        for share, public in keys.items():
            naming = [source for source in sources if share in source.keys]
            if share in reviewed:
                naming.append(Source(Proof.FINGERPRINT))
            for source in sorted(naming, key=_weakness)[:1]:
                found[share] = source.compared(share, fingerprint(public))
        return list(found.values())

    def compare_issuers(
        self, document: Document, role: str, *, records: Mapping[str, PublicShare], by: Signatory | None = None
    ) -> list[Compared]:
        """By what the issuer documents are known that a document lists.

        One that is not as in the newest document that the share can prove is new: the court's own record has to vouch
        for it, by the key that the document names for the court, if it names one.

        Args:
            document: the document at hand.
            role: whose it is.
            records: as for `compare`.
            by: as for `compare`.

        Returns:
            One comparison for each.

        Raises:
            TrustListError: `ceremony_issuer_unvouched`, neither does, and by a document that nobody vouches for no
                share signs; others as `signed`.
        """
        version = document.signed.version
        proving = self._proving(role, than=version, by=by)[:1]
        documents = [] if by else self.others(role, than=version)
        named = {owner: public for owner, _, public in listed_shares(document.signed)}
        found = []
        for path, digest in _issuers(document).items():
            code = path.split("/")[1]
            made = records.get(name := f"courts/{code}/key.json")
            vouches = made is not None and named.get(f"{COURT_PREFIX}{code}", made.public) == made.public
            recorded = [replace(_recorded(name, made), issuers={path: made.issuer})] if made and vouches else []
            naming = [each for each in (*proving, *recorded, *documents) if each.issuers.get(path) == digest]
            if not naming:
                raise TrustListError("ceremony_issuer_unvouched", field=code)
            found.append(naming[0].compared(path, digest))
        return found

    # --- what is signed -----------------------------------------------------------------------------------------------

    def _files(self, role: str) -> Mapping[int, tuple[Document, bytes]]:
        if role not in self._read:
            self._read[role] = self._folder.known(role)
        return self._read[role]

    def _roots(self) -> dict[int, Document]:
        files = self._files(ROOT)
        try:
            chain = chain_of({version: data for version, (_, data) in files.items()})
        except TrustError as error:
            raise TrustListError("ceremony_unsigned", name=f"{min(files)}.root.json") from error
        if self._root_sha256 and self._root_sha256 not in map(sha256, chain.values()):
            raise TrustListError("ceremony_root_unknown", found=self._root_sha256)
        return {version: files[version][0] for version in chain}

    def _delegated(self, role: str) -> Mapping[int, Document]:
        found = self._good_under(role, self.signed(delegator(role)).values())
        if unsigned := self._files(role).keys() - found.keys():
            raise TrustListError("ceremony_unsigned", name=f"{min(unsigned)}.{role}.json")
        return found

    def _good_now(self, role: str) -> Mapping[int, Document]:
        """Version → document of a role that is good under the one in force of its delegator."""
        if role not in self._good:
            signed = self.signed(role)
            judge = None if role == ROOT else self.in_force(delegator(role))
            self._good[role] = signed if role == ROOT else self._good_under(role, [judge] if judge else [])
        return self._good[role]

    def _good_under(self, role: str, judges: Collection[Document]) -> Mapping[int, Document]:
        files = self._files(role).items()
        return {v: each for v, (each, data) in files if any(_is_signed(each, data, role, judge) for judge in judges)}

    # --- what proves a key --------------------------------------------------------------------------------------------

    def _proving(self, role: str, *, than: int, by: Signatory | None) -> list[Source]:
        """What is known by a signature of one's own, or by the digest of a root; the newest first.

        A root proves those that follow from it, and the newest of them by those in force what they delegate.
        """
        documents = self.signed(role)
        own = {version for version, document in documents.items() if by and _bears_signature(document, by.key)}
        if role == ROOT:
            given = {version for version in documents if sha256(self._files(ROOT)[version][1]) == self._root_sha256}
            own, given = (
                {version for version in documents if first and version >= min(first)} for first in (own, given)
            )
        else:
            given = set(self._good_now(role) if self._root_sha256 else ())
        versions = sorted((own | given) - {than}, reverse=True)
        return [self._source(Proof.SIGNED if version in own else Proof.ROOT, role, version) for version in versions]

    def _source(self, proof: Proof, role: str, version: int) -> Source:
        if (role, version) not in self._sources:
            document, data = self._files(role)[version]
            name = f"{version}.{role}.json"
            keys = keys_of_shares(document.signed)
            disowned = {share: public for share, public in keys.items() if disowning(share, name) in self.disowned}
            kept = {share: public for share, public in keys.items() if share not in disowned}
            self._sources[role, version] = Source(proof, name, sha256(data), kept, _issuers(document), disowned)
        return replace(self._sources[role, version], proof=proof)


def disowning(key: str, source: str) -> str:
    """How the reviewed configuration disowns what a document says of a key.

    Args:
        key: name of a share, or `420683/cert-3` in a court's issuer document.
        source: name of the document's file.
    """
    return f"{key} in {source}"


def _require_owned(keys: Mapping[str, bytes], documents: Collection[Source]) -> None:
    """A key that is disowned is nobody's under any name, unless a document that counts names it."""
    disowned = {public for source in documents for public in source.disowned.values()}
    disowned -= {public for source in documents for public in source.keys.values()}
    if nobodys := [share for share, public in keys.items() if public in disowned]:
        raise TrustListError("ceremony_key_disowned", field=", ".join(nobodys))


def _require_same(keys: Mapping[str, bytes], sources: Collection[Source]) -> None:
    differing = {
        disowning(share, source.name or Proof.MEDIUM): share
        for share, public in keys.items()
        for source in sources
        if source.keys.get(share, public) != public
    }
    if differing:
        shares = dict.fromkeys(differing.values())
        taken = dict.fromkeys(_naming(share, keys[share], sources) for share in shares)
        found = {"found": ", ".join(differing), "taken": ", ".join(taken)}
        raise TrustListError("ceremony_share_changed", field=", ".join(shares), **found)


def _naming(share: str, public: bytes, sources: Iterable[Source]) -> str:
    """The file that says so of a share's key; of several the first."""
    naming = (source.name or Proof.MEDIUM for source in sources if source.keys.get(share) == public)
    return next(naming, "documents/")


def _recorded(name: str, made: PublicShare) -> Source:
    return Source(Proof.RECORD, name, sha256(made.to_bytes()), {made.name: made.public})


def _issuers(document: Document) -> dict[str, str]:
    """Path of each issuer document that a document lists → its SHA-256."""
    listed = document.signed.targets if isinstance(document.signed, Targets) else {}
    return {path: entry.hashes.get("sha256", "") for path, entry in listed.items()}


def _weakness(source: Source) -> int:
    return list(Proof).index(source.proof)


def _is_signed(document: Document, data: bytes, role: str, judge: Document) -> bool:
    try:
        checks.check_signed(document, data, role, by=[judge.signed])
    except TrustListError:
        return False
    return True


def _bears_signature(document: Document, key: Key) -> bool:
    signature = document.signatures.get(key.keyid)
    if signature is None:
        return False
    try:
        key.verify_signature(signature, document.signed_bytes)
    except UnverifiedSignatureError:
        return False
    return True
