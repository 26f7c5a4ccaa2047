"""What a publication could consist of: metadata as it is published, as it was handed in, and all files by their names.

Files of targets are named by their digests, so that it does not matter where one comes from.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE, Repository, read_metadata
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_BUNDLE_BYTES, ROOT_JSON, TARGETS_JSON, TIMESTAMP_JSON
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.names import FILE_NAME, sha256_of, target_name, target_path
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.tuf_metadata import check_digest, check_threshold, key_set_digest, parsed, published_at

_PUBLISHED = ""

_log = structlog.get_logger("xinzheng.publishing")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Metadata of a role.

    Attributes:
        role: whose.
        version: its number.
        data: the file.
        source: with what it was handed in; empty for what is published.
    """

    role: str
    version: int
    data: bytes = field(repr=False)
    source: str = _PUBLISHED

    @property
    def is_new(self) -> bool:
        """Whether it was handed in."""
        return self.source != _PUBLISHED

    @property
    def name(self) -> str:
        """Its name in a repository."""
        return f"metadata/{self.file}"

    @property
    def file(self) -> str:
        """The same without its folder, as refusals call it."""
        return f"{self.version}.{self.role}.json"

    def targets(self) -> Targets:
        """What it says, read as a lender reads it.

        Raises:
            TrustError: it is no targets metadata.
        """
        return parsed(self.data, Targets, name=self.name, limits=TARGETS_JSON).signed

    def target_names(self) -> dict[str, str]:
        """Path of each file that it lists → its name in a repository; empty if it cannot be read."""
        try:
            listed: Mapping[str, Any] = json.loads(self.data)["signed"]["targets"]
            return {path: target_name(path, str(entry["hashes"]["sha256"])) for path, entry in listed.items()}
        except (ValueError, LookupError, TypeError, AttributeError):
            return {}


@dataclass(frozen=True, kw_only=True)
class Published:
    """The edition in effect.

    Attributes:
        version: of its timestamp; 0 if there is none.
        root: the root that vouches for its timestamp; of the first publication the first root.
        roles: role → its metadata.
        timestamp_sha256: digest of the timestamp's file.
        published_at: what the timestamp says; None if there is none.
    """

    version: int
    root: bytes
    roles: Mapping[str, Candidate]
    timestamp_sha256: str
    published_at: datetime | None

    def seen(self) -> Seen:
        """What a lender remembers who holds this edition.

        Raises:
            TrustError: a metadata file cannot be read.
        """
        if not self.version:
            return NOTHING_SEEN
        return Seen(
            timestamp=self.version,
            timestamp_sha256=self.timestamp_sha256,
            snapshot=self.version,
            metadata={f"{role}.json": candidate.version for role, candidate in self.roles.items()},
            keys={f"{role}.json": keys for role, keys in delegated_keys(self.roles).items()},
            published_at=self.published_at,
        )


def delegated_keys(roles: Mapping[str, Candidate]) -> dict[str, str]:
    """Role → short digest of the keys that its delegator names for it, of every role that is entrusted.

    Raises:
        TrustError: metadata of a delegator cannot be read.
    """
    found = {}
    for candidate in roles.values():
        if candidate.role.startswith(COURT_PREFIX):
            continue
        delegations = candidate.targets().delegations
        for name, role in ((delegations.roles or {}) if delegations else {}).items():
            found[name] = key_set_digest(role, delegations.keys if delegations else {})
    return found


class Files(Mapping[str, bytes]):
    """Files by name: those that were handed in, then those of the repository, read when they are asked for.

    Anybody who hands something in can give any file any name: one that is not what its name says, the SHA-256 of its
    content, is as good as not there, and stands in nobody's way. So is a file of the repository that was damaged,
    unless the bundle still has it.

    Args:
        folder: the repository.
        contributions: what was handed in.
        bundle: one file that holds the edition in effect; None if it is not to be asked.
    """

    def __init__(self, folder: Path, contributions: Iterable[Contribution] = (), *, bundle: Path | None = None) -> None:
        self._folder, self._bundle = folder, bundle
        self._new: dict[str, bytes] = {}
        for contribution in contributions:
            self._new.update({name: data for name, data in contribution.files.items() if _is_what_it_says(name, data)})

    def __getitem__(self, name: str) -> bytes:
        # What was handed in says which files it lists: no name may lead out of the folder.
        if not FILE_NAME.fullmatch(name):
            raise KeyError(name)
        if name in self._new:
            return self._new[name]
        try:
            data = (self._folder / name).read_bytes()
        except OSError as error:
            return self._from_bundle(name, error)
        if target_path(name) is not None and not _is_what_it_says(name, data):
            return self._from_bundle(name)
        return data

    def _from_bundle(self, name: str, cause: OSError | None = None) -> bytes:
        """A target that was damaged or is missing: its name says what it must hold, wherever it comes from."""
        if target_path(name) is None or not _is_what_it_says(name, data := self._bundled.get(name, b"")):
            raise KeyError(name) from cause
        _log.warning("published_file_from_bundle", path=str(self._folder / name))
        return data

    @cached_property
    def _bundled(self) -> Mapping[str, bytes]:
        path = self._bundle
        try:
            if path is None or path.stat().st_size > MAX_BUNDLE_BYTES:
                return {}
            return Archive(path.read_bytes())
        except (OSError, TrustError):
            return {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._new)

    def __len__(self) -> int:
        return len(self._new)


def _is_what_it_says(name: str, data: bytes) -> bool:
    path = target_path(name)
    return path is not None and target_name(path, sha256_of(data)) == name


def root_of(data: bytes) -> Root:
    """A root as a lender reads it.

    Raises:
        TrustError: it is none.
    """
    return parsed(data, Root, name="root.json", limits=ROOT_JSON).signed


def published(repository: Repository) -> Published:
    """The edition in effect.

    Raises:
        PublishingError: `repository_damaged`.
    """
    roots = repository.roots()
    timestamp = repository.timestamp()
    if timestamp is None:
        first = next(iter(roots.values()), b"")
        return Published(version=0, root=first, roles={}, timestamp_sha256="", published_at=None)
    named = timestamp.snapshot_meta
    file = repository.metadata / f"{named.version}.snapshot.json"
    snapshot = read_metadata(file, Snapshot)
    data = (repository.folder / TIMESTAMP_FILE).read_bytes()
    try:
        read = parsed(data, Timestamp, name="timestamp.json", limits=TIMESTAMP_JSON)
        moment = published_at(read.signed, name="timestamp.json")
        root = next(root for _, root in sorted(roots.items(), reverse=True) if _vouches(root, read))
        check_digest(file.read_bytes(), length=named.length, hashes=named.hashes, name=file.name)
        found = {name.removesuffix(".json"): meta.version for name, meta in snapshot.meta.items()}
        roles = {role: _published(repository, role, version) for role, version in found.items()}
    except (TrustError, StopIteration, OSError) as error:
        raise PublishingError("repository_damaged", path=repository.folder / TIMESTAMP_FILE) from error
    return Published(
        version=timestamp.version, root=root, roles=roles, timestamp_sha256=sha256_of(data), published_at=moment
    )


def _published(repository: Repository, role: str, version: int) -> Candidate:
    data = (repository.metadata / f"{version}.{role}.json").read_bytes()
    return Candidate(role=role, version=version, data=data)


def _vouches(root: bytes, timestamp: Metadata[Timestamp]) -> bool:
    """Whether a root names the keys that signed this timestamp."""
    judge = root_of(root)
    try:
        check_threshold(timestamp, role=judge.roles["timestamp"], keys=judge.keys, name="timestamp.json")
    except TrustError:
        return False
    return True
