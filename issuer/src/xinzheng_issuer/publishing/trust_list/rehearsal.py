"""A rehearsal: the verifier judges real metadata inside a repository whose root and online keys are thrown away after.

So that what a province or a court hands in is judged by the very code of lenders, before anything of it is published.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.repository import HASHES, TIMESTAMP_FILE, Edition, Signed
from xinzheng_issuer.publishing.trust_list.candidates import Candidate
from xinzheng_issuer.publishing.trust_list.configuration import ROOT, SNAPSHOT, TARGETS, TIMESTAMP
from xinzheng_issuer.publishing.trust_list.documents import issuer_path
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import loads_object
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import IssuerDocument
from xinzheng_verifier.errors import RefusedError, UndecidedError
from xinzheng_verifier.limits import TRUST_DOCUMENT_JSON
from xinzheng_verifier.read import status_list as status_lists
from xinzheng_verifier.status.changes import authentic_journal
from xinzheng_verifier.status.lists import StatusList, authentic_list
from xinzheng_verifier.trust.contents import Contents, read_issuer
from xinzheng_verifier.trust.extent import Extent
from xinzheng_verifier.trust.names import CHANGES, EXTENT_FILE, ISSUER_FILE, target_name
from xinzheng_verifier.trust.seen import NOTHING_SEEN
from xinzheng_verifier.trust.store import TrustStore
from xinzheng_verifier.trust.tuf_metadata import check_digest, published_at, required
from xinzheng_verifier.trust.tuf_workflow import TrustedRepository, walk

CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead of the publisher's the clock of a court may be [ours]."""

_LIFE = timedelta(days=1)


class Rehearsal:
    """Judges parts of the country's repository.

    Args:
        root: the root that names the keys of `targets`.
        files: name → content of files that metadata may list.
        at: the moment of judgement, aware.
    """

    def __init__(self, root: Root, files: Mapping[str, bytes], *, at: datetime) -> None:
        self._files = files
        self._at = at
        self._signers = {role: CryptoSigner.generate_ed25519() for role in (ROOT, SNAPSHOT, TIMESTAMP)}
        stand_in = Root(version=1, expires=at + _LIFE, consistent_snapshot=True)
        for role, signer in self._signers.items():
            stand_in.add_key(signer.public_key, role)
        for key_id in root.roles[TARGETS].keyids:
            stand_in.add_key(root.keys[key_id], TARGETS)
        stand_in.roles[TARGETS].threshold = root.roles[TARGETS].threshold
        self._root = self._sign(stand_in)

    def judge(self, candidates: Sequence[Candidate]) -> None:
        """Judge some roles, as if the country consisted of them.

        Args:
            candidates: `targets`, then a province and courts of it, or not; who stands above the last was judged.

        Raises:
            TrustError: what the verifier refuses.
            TrustListError: `contribution_expired`, `contribution_time`, `contribution_list`, `contribution_changes`,
                `ceremony_issuer_invalid`.
        """
        for candidate in candidates:
            if candidate.is_new and self._at >= candidate.targets().expires:
                raise TrustListError("contribution_expired", name=candidate.file)
            told = published_at(candidate.targets(), name=candidate.name) if candidate.is_new else None
            if told is not None and told > self._at + CLOCK_SKEW:
                raise TrustListError("contribution_time")
        repository = self._walk(candidates)
        if any(moment > self._at + CLOCK_SKEW for moment in repository.attested.values()):
            raise TrustListError("contribution_time")
        contents = Contents.read(repository)
        _check_addresses(candidates, contents)
        self._judge_lists(repository, contents)
        if candidates[-1].is_new:
            self._judge_issuers(candidates[-1])

    def _judge_issuers(self, candidate: Candidate) -> None:
        """Every issuer document that a role lists, those too of courts that are not judged with it, is its court's own.

        For two issuers of one id, as for any that they cannot read, lenders would refuse the whole country's bundle.
        """
        for path, target in candidate.targets().targets.items():
            if not path.endswith(ISSUER_FILE):
                continue
            data = required(self._files, target_name(path, str(target.hashes.get("sha256"))))
            check_digest(data, length=target.length, hashes=target.hashes, name=path)
            issuer, code = read_issuer(path, data).id, path.split("/")[1]
            if issuer.rpartition(":")[2] != code:
                raise TrustListError("ceremony_issuer_invalid", field=code, reason=issuer)

    def _walk(self, candidates: Collection[Candidate]) -> TrustedRepository:
        codes = {role.partition("-")[2] for role in (candidate.role for candidate in candidates) if "-" in role}
        extent = Extent(
            edition=1,
            provinces=frozenset(code for code in codes if len(code) == 2),  # noqa: PLR2004 - a province's code
            courts=frozenset(code for code in codes if len(code) > 2),  # noqa: PLR2004 - a court's is longer
        )
        edition = Edition(
            version=1,
            published_at=format_timestamp(self._at + CLOCK_SKEW * 2),
            snapshot_expires=self._at + _LIFE,
            timestamp_expires=self._at + _LIFE,
        )
        snapshot = self._sign(edition.snapshot({f"{each.role}.json": meta_of(each) for each in candidates}))
        metadata = {
            EXTENT_FILE: extent.to_json(),
            "metadata/1.snapshot.json": snapshot,
            TIMESTAMP_FILE: self._sign(edition.timestamp(snapshot)),
            **{candidate.name: candidate.data for candidate in candidates},
        }
        names = {name for candidate in candidates for name in candidate.target_names().values()}
        listed = {name: self._files[name] for name in names if extent.includes(name) and name in self._files}
        return walk({**metadata, **listed}, root=self._root, seen=NOTHING_SEEN, at=self._at)

    def _judge_lists(self, repository: TrustedRepository, contents: Contents) -> None:
        """Every status list must be its court's own: signed by a key that the province's entry of the court names."""
        trust, journals = contents.store(), {path: address for address, path in contents.changes.items()}
        for path, content in repository.targets.items():
            if path.endswith(CHANGES):
                if path not in journals:
                    raise _bad_journal(path, "status_changes_list")
                continue
            if path.endswith("/issuer.json"):
                continue
            try:
                url = status_lists.stated(content).get("id")
                found = authentic_list(str(url), trust, at=self._at)
            except (RefusedError, UndecidedError) as error:
                raise TrustListError("contribution_list", field=path, reason=error.code) from error
            if found.issuer_id not in _issuers_of(repository.targets, path):
                raise TrustListError("contribution_list", field=path, reason="status_issuer")
            if path.rpartition("/")[2].partition(".")[0] not in found.purposes:
                raise TrustListError("contribution_list", field=path, reason="status_type")
            self._judge_journal(found, trust, contents)

    def _judge_journal(self, status_list: StatusList, trust: TrustStore, contents: Contents) -> None:
        """The journal of a list, if there is one, must be what lenders can look back by."""
        try:
            authentic_journal(status_list, trust, at=self._at)
        except UndecidedError as error:
            raise _bad_journal(contents.changes[status_list.url], error.code, error.field) from error

    def _sign(self, signed: Signed) -> bytes:
        metadata = Metadata(signed)
        metadata.sign(self._signers[signed.type])
        return metadata.to_bytes()


def _check_addresses(candidates: Iterable[Candidate], contents: Contents) -> None:
    """The address of each list that is handed in names its court, so that no court's list has that of another's.

    For two lists of one address lenders would refuse the whole country's bundle.
    """
    addresses = contents.list_addresses
    for path in (path for candidate in candidates if candidate.is_new for path in candidate.target_names()):
        if path in addresses and not addresses[path].endswith(_address_end(path)):
            raise TrustListError("contribution_list", field=path, reason=f"id ≠ …{_address_end(path)}")


def _address_end(path: str) -> str:
    """How the address of a status list ends, by its path `courts/<code>/status/<n>/<purpose>.<form>`."""
    _, code, _, number, file = path.split("/")
    return f"/status/{code}/{number}/{file.partition('.')[0]}"


def _bad_journal(path: str, code: str, place: str | None = None) -> TrustListError:
    reason = TrustListError(code.replace("status_changes", "journal"), place=place or "/")
    return TrustListError("contribution_changes", field=path, refusal=code, reason=in_both_languages(reason))


def meta_of(candidate: Candidate) -> MetaFile:
    """How a snapshot names a role's metadata: with length and digest at the top, by version alone below."""
    if candidate.role == TARGETS:
        return MetaFile.from_data(candidate.version, candidate.data, HASHES)
    return MetaFile(candidate.version)


def sequence_of(status_list: bytes) -> int:
    """Number of an edition of a status list; 0 if it bears none."""
    try:
        subject = status_lists.stated(status_list).get("credentialSubject")
    except CodedError:
        return 0
    sequence = subject.get("sequence") if isinstance(subject, dict) else None
    return sequence if type(sequence) is int else 0


def _issuers_of(targets: Mapping[str, bytes], path: str) -> frozenset[str]:
    """Who may sign the lists of the court that this path belongs to."""
    issuer = targets.get(issuer_path(path.split("/")[1]))
    if issuer is None:
        return frozenset()
    document = IssuerDocument.parse(loads_object(issuer, limits=TRUST_DOCUMENT_JSON))
    return frozenset({document.controller.id, *document.status_list_issuers})
