"""The edition in effect as its signed metadata states it: each file is read once, and what was judged counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tuf.api.metadata import Metadata, Root, Timestamp

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE, Repository
from xinzheng_issuer.publishing.trust_list.candidates import Candidate, Files, delegated_keys, root_of
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX, TIMESTAMP
from xinzheng_issuer.publishing.trust_list.signed_roles import SignedRoles
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import SNAPSHOT_JSON, TIMESTAMP_JSON
from xinzheng_verifier.trust.names import sha256_of
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.tuf_metadata import attested_at, check_digest, check_threshold, parsed, published_at

_NAME = "timestamp.json"


@dataclass(frozen=True, kw_only=True)
class Published:
    """The edition in effect.

    Attributes:
        version: of its timestamp; 0 if there is none.
        roots: version → root, ascending: those of the repository, or those that are trusted of them.
        root: the root that vouches for its timestamp; of the first publication the first root.
        timestamp: the file; empty if there is none.
        snapshot: likewise.
        roles: role → its metadata, signed by the keys that its delegator names.
        published_at: what the timestamp says; None if there is none.
    """

    version: int = 0
    roots: Mapping[int, bytes] = field(repr=False)
    root: bytes = field(repr=False)
    timestamp: bytes = field(default=b"", repr=False)
    snapshot: bytes = field(default=b"", repr=False)
    roles: Mapping[str, Candidate] = field(default_factory=dict)
    published_at: datetime | None = None

    @property
    def timestamp_sha256(self) -> str:
        """Digest of the timestamp's file; empty if there is none."""
        return sha256_of(self.timestamp) if self.timestamp else ""

    def judges(self) -> list[Root]:
        """The root that vouches for it and those before, newest first."""
        return judging(self.roots, self.root)

    def seen(self, *, at: datetime) -> Seen:
        """What a lender remembers who holds this edition.

        Args:
            at: the moment of judgement, aware.

        Raises:
            TrustError: a metadata file cannot be read.
        """
        if not self.version:
            return NOTHING_SEEN
        courts = (candidate for role, candidate in self.roles.items() if role.startswith(COURT_PREFIX))
        told = {each.role: published_at(each.targets(), name=each.name) for each in courts}
        made = {role: attested_at(moment, edition=self.published_at, at=at) for role, moment in told.items()}
        return Seen(
            timestamp=self.version,
            timestamp_sha256=self.timestamp_sha256,
            snapshot=self.version,
            metadata={f"{role}.json": candidate.version for role, candidate in self.roles.items()},
            keys={f"{role}.json": keys for role, keys in delegated_keys(self.roles).items()},
            made={f"{role}.json": moment for role, moment in made.items() if moment},
            published_at=self.published_at,
        )


def published(repository: Repository, roots: Mapping[int, bytes] | None = None) -> Published:
    """The edition in effect, judged by its signatures. What its roles list is not looked at.

    Args:
        repository: where it lies.
        roots: version → root that is trusted; by default those of the repository.

    Raises:
        PublishingError: `repository_damaged`.
    """
    roots = repository.roots() if roots is None else roots
    path = repository.folder / TIMESTAMP_FILE
    try:
        data = read_published(path, max_bytes=TIMESTAMP_JSON.max_bytes)
    except FileNotFoundError:
        return Published(roots=roots, root=next(iter(roots.values()), b""))
    except OSError as error:
        raise PublishingError("repository_damaged", path=path) from error
    try:
        return _judged(repository, roots, data)
    except TrustError as error:
        path = repository.metadata / str(error.params.get("name", path.name))
        raise PublishingError("repository_damaged", path=path) from error
    except (StopIteration, OSError) as error:
        raise PublishingError("repository_damaged", path=path) from error


def _judged(repository: Repository, roots: Mapping[int, bytes], data: bytes) -> Published:
    timestamp = parsed(data, Timestamp, name=_NAME, limits=TIMESTAMP_JSON)
    root = next(root for _, root in sorted(roots.items(), reverse=True) if _vouches(root, timestamp))
    named = timestamp.signed.snapshot_meta
    file = f"{named.version}.snapshot.json"
    snapshot = read_published(repository.metadata / file, max_bytes=SNAPSHOT_JSON.max_bytes)
    check_digest(snapshot, length=named.length, hashes=named.hashes, name=file)
    signed = SignedRoles(Files(repository.folder), judging(roots, root))
    return Published(
        version=timestamp.signed.version,
        roots=roots,
        root=root,
        timestamp=data,
        snapshot=snapshot,
        roles=signed.of_snapshot(snapshot, version=named.version, whole=True),
        published_at=published_at(timestamp.signed, name=_NAME),
    )


def judging(roots: Mapping[int, bytes], newest: bytes) -> list[Root]:
    """A root and those before it, newest first.

    Args:
        roots: version → root that is trusted.
        newest: the one to begin with; empty for none.
    """
    last = root_of(newest).version if newest else 0
    return [root_of(roots[version]) for version in sorted(roots, reverse=True) if version <= last]


def _vouches(root: bytes, timestamp: Metadata[Timestamp]) -> bool:
    """Whether a root names the keys that signed this timestamp."""
    judge = root_of(root)
    try:
        check_threshold(timestamp, role=judge.roles[TIMESTAMP], keys=judge.keys, name=_NAME)
    except TrustError:
        return False
    return True
