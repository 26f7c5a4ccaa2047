"""A TUF repository with consistent snapshots as a folder of static files, and the order in which they are written.

    <folder>/metadata/   1.root.json … N.snapshot.json, N.targets.json, timestamp.json
    <folder>/targets/    the published files, each under a name that bears its SHA-256
    <folder>/bundles/    bundle-N.xzb: edition N as one file
    <folder>/updates/    A-N.xzu: what leads from edition A to N

The replacement of `timestamp.json` is the one moment at which a publication takes effect; what a crash leaves behind
before it is never named by anything, and its number is never used again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.root_chain import KeptRoots, roots_there
from xinzheng_issuer.publishing.writing import write_published
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.limits import TIMESTAMP_JSON
from xinzheng_verifier.trust.files import locked
from xinzheng_verifier.trust.names import MAX_VERSION, sha256_of
from xinzheng_verifier.trust.tuf_metadata import PUBLISHED_AT

Signed = TypeVar("Signed", Root, Targets, Snapshot, Timestamp)

HASHES: Final = ["sha256"]
"""Digests in metadata that names files."""

TIMESTAMP_FILE: Final = "metadata/timestamp.json"
"""The file whose replacement makes a publication take effect."""

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far the edition in effect may lie in the future of the clock: two machines, or one that was set right. [ours]"""

LEFTOVERS: Final = 1000
"""How far above the edition in effect a file may lie by its name and still be what a crash left behind. [ours]"""

_log = structlog.get_logger("xinzheng.publishing")

_ROOT: Final = re.compile(r"([1-9][0-9]*)\.root\.json")
_BUNDLED_ROOT: Final = re.compile(rf"metadata/{_ROOT.pattern}")


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One edition of the bundle.

    Attributes:
        version: version of timestamp and snapshot.
        sha256: digest of the bundle file, lower-case hexadecimal.
        path: the bundle file.
    """

    version: int
    sha256: str
    path: Path


@dataclass(frozen=True)
class Repository:
    """The folder of one repository. Whoever writes holds its lock.

    Attributes:
        folder: the folder.
        kept: copies of its roots that lie elsewhere; None of a repository whose roots are not kept.
    """

    folder: Path
    kept: KeptRoots | None = None

    @property
    def metadata(self) -> Path:
        """Where metadata lies."""
        return self.folder / "metadata"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of whoever writes. It lies with the copies of the roots, once there is a folder for them.

        Whoever can write the publication folder could hold a lock that lies there, or take it away.

        Raises:
            OSError: the lock file cannot be made or opened.
        """
        folder = self.kept.path.parent if self.kept else self.folder
        with locked(folder if folder.is_dir() else self.folder):
            yield

    def make_folders(self) -> None:
        """Make the folders that are missing."""
        for name in ("metadata", "targets", "bundles", "updates"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    # --- what is there ------------------------------------------------------------------------------------------------

    def roots(self, *, first: bytes | None = None) -> dict[int, bytes]:
        """Version → root metadata, ascending: the roots that are kept, those that follow them, and nothing else.

        Args:
            first: the first root, where it is known from elsewhere and none are kept.

        Raises:
            PublishingError: `repository_damaged`.
        """
        return roots_there(self.root_files(), self.kept_roots() or ({} if first is None else {1: first}))

    def root_files(self) -> dict[int, Path]:
        """Version → root file that lies there, whoever made it."""
        return {version: self.root_path(version) for version in self._root_versions()}

    def kept_roots(self) -> dict[int, bytes]:
        """Version → root metadata of which copies are kept, ascending; raises as `KeptRoots.read`."""
        return self.kept.read() if self.kept else {}

    def newest_root(self) -> int:
        """The version of the newest root; 0 before the first.

        Raises:
            PublishingError: `repository_damaged`.
        """
        return max(self.roots(), default=0)

    @property
    def is_there(self) -> bool:
        """Whether a repository is here, or what is left of one: a root of any version, an edition in effect."""
        return bool(self._root_versions()) or (self.folder / TIMESTAMP_FILE).exists()

    def root_path(self, version: int) -> Path:
        """Where a root lies."""
        return self.metadata / f"{version}.root.json"

    def _root_versions(self) -> list[int]:
        names = (path.name for path in self.metadata.glob("*.root.json"))
        return sorted(int(match[1]) for name in names if (match := _ROOT.fullmatch(name)))

    @staticmethod
    def named_roots(roots: Mapping[int, bytes]) -> dict[str, bytes]:
        """Name in the repository → root metadata."""
        return {f"metadata/{version}.root.json": content for version, content in roots.items()}

    @staticmethod
    def roots_among(files: Mapping[str, bytes]) -> dict[int, bytes]:
        """Version → root metadata among the files of a bundle."""
        return {int(match[1]): files[name] for name in files if (match := _BUNDLED_ROOT.fullmatch(name))}

    def timestamp_bytes(self) -> bytes | None:
        """The file that says which edition is in effect; None before the first publication.

        Raises:
            PublishingError: `repository_damaged`.
        """
        path = self.folder / TIMESTAMP_FILE
        try:
            return read_published(path, max_bytes=TIMESTAMP_JSON.max_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishingError("repository_damaged", path=path) from error

    def timestamp(self) -> Timestamp | None:
        """What that file says, which nobody has judged; None before the first publication.

        Raises:
            PublishingError: `repository_damaged`.
        """
        content = self.timestamp_bytes()
        return None if content is None else stated(content, Timestamp, self.folder / TIMESTAMP_FILE)

    def bundle_path(self, version: int) -> Path:
        """The one-file form of an edition."""
        return self.folder / "bundles" / f"bundle-{version}.xzb"

    def latest(self) -> Publication | None:
        """The publication in effect; None before the first.

        Raises:
            PublishingError: `repository_damaged`.
        """
        timestamp = self.timestamp()
        if timestamp is None:
            return None
        path = self.bundle_path(timestamp.version)
        try:
            return Publication(version=timestamp.version, sha256=sha256_of(read_published(path)), path=path)
        except OSError as error:
            raise PublishingError("repository_damaged", path=path) from error

    def next_version(self, *kinds: str, after: int) -> int:
        """One above every number that was given, also to publications that a crash kept from taking effect.

        Nothing vouches for a number that only the name of a file bears. Those that lie further above the edition in
        effect than crashes can have brought them are ignored; a number that any file bears is never given again.

        Args:
            kinds: roles whose metadata bears the number of the publication.
            after: of the edition in effect, which was judged; 0 before the first, and where numbers begin anew.

        Raises:
            PublishingError: `versions_used_up`: lenders read no higher number.
        """
        found = self._numbered(kinds)
        version = 1 + max([after, *(number for number in found if number <= after + LEFTOVERS)])
        while version in found:
            version += 1
        if version > MAX_VERSION:
            raise PublishingError("versions_used_up", version=version, limit=MAX_VERSION)
        if (highest := max(found, default=0)) > version:
            _log.warning("number_ignored", path=str(found[highest]), in_effect=after, next=version)
        return version

    def _numbered(self, kinds: Iterable[str]) -> dict[int, Path]:
        """Number → a file of a publication that bears it."""
        numbered = re.compile(rf"(?:bundle-)?([1-9][0-9]*)\.(?:xzb|(?:{'|'.join(kinds)})\.json)")
        paths = (path for folder in ("metadata", "bundles") for path in (self.folder / folder).iterdir())
        return {int(match[1]): path for path in paths if (match := numbered.fullmatch(path.name))}

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(self, files: Mapping[str, bytes], *, anew: bool = False) -> None:
        """Write a publication: what nothing names yet in the order given; `timestamp.json`, which names it, last.

        A file that holds anything else than it must was damaged or planted, and is written again.

        Args:
            files: name in the repository → content.
            anew: write every file, whatever lies there.

        Raises:
            OSError: the folder cannot be written; the publication before stays in effect.
        """
        for name, content in files.items():
            if name != TIMESTAMP_FILE and (anew or not _holds(self.folder / name, content)):
                write_published(self.folder, name, content)
        write_published(self.folder, TIMESTAMP_FILE, files[TIMESTAMP_FILE])

    def write_bundle(self, version: int, content: bytes) -> None:
        """Write the one-file form of an edition again; raises as `write`."""
        write_published(self.folder, f"bundles/{self.bundle_path(version).name}", content)

    def begin(self, content: bytes) -> None:
        """Write the first root of all; what was kept of a repository before is forgotten.

        Raises:
            OSError: it cannot be written.
        """
        # What is kept comes first: without a root in the folder nothing is there, and can be begun once more.
        if self.kept:
            self.kept.write({1: content})
        self._write_root(1, content)

    def require_room_for_root(self) -> None:
        """Raise if a file lies where the next root is to be: it may be a root that lenders have, and was damaged.

        Raises:
            PublishingError: `root_foreign`; `repository_damaged`.
        """
        path = self.root_path(self.newest_root() + 1)
        if path.exists():
            raise PublishingError("root_foreign", path=path)

    def add_root(self, version: int, content: bytes) -> None:
        """Write the root that follows the newest: from here on its keys count.

        Raises:
            PublishingError: `repository_damaged`, it does not follow; `root_foreign`.
            OSError: it cannot be written.
        """
        if version != self.newest_root() + 1:
            raise PublishingError("repository_damaged", path=self.root_path(version))
        self.require_room_for_root()
        self._write_root(version, content)

    def _write_root(self, version: int, content: bytes) -> None:
        write_published(self.folder, f"metadata/{self.root_path(version).name}", content)


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What the online roles sign of one publication.

    Attributes:
        version: of snapshot and timestamp.
        published_at: moment of publication as the timestamp states it.
        snapshot_expires: expiry of the snapshot.
        timestamp_expires: expiry of the timestamp.
    """

    version: int
    published_at: str
    snapshot_expires: datetime
    timestamp_expires: datetime

    def snapshot(self, meta: Mapping[str, MetaFile]) -> Snapshot:
        """The snapshot of these metadata files, unsigned."""
        return Snapshot(version=self.version, expires=self.snapshot_expires.astimezone(UTC), meta=dict(meta))

    def timestamp(self, snapshot: bytes) -> Timestamp:
        """The timestamp of that snapshot, unsigned."""
        return Timestamp(
            version=self.version,
            expires=self.timestamp_expires.astimezone(UTC),
            snapshot_meta=MetaFile.from_data(self.version, snapshot, HASHES),
            unrecognized_fields={PUBLISHED_AT: self.published_at},
        )


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file is there and holds this."""
    try:
        return read_published(path, max_bytes=len(content)) == content
    except OSError:
        return False


def following_moment(before: datetime | None, *, at: datetime, tolerance: timedelta = CLOCK_TOLERANCE) -> str:
    """The moment to state: a clock set back a little does not make a publication older than the one before it.

    Args:
        before: what the edition in effect states, which was judged; None before the first.
        at: what the clock shows, aware.
        tolerance: how far ahead of it the edition before may lie.

    Raises:
        PublishingError: `publication_clock`, the one before lies further ahead than clocks differ. To state its moment
            again and again would keep every store there, and expire before it began.
    """
    if before is None:
        return format_timestamp(at)
    if before > at + tolerance:
        raise PublishingError("publication_clock", published=format_timestamp(before), now=format_timestamp(at))
    return format_timestamp(max(at, before))


def file_state(path: Path) -> tuple[int, ...]:
    """What changes when a file is replaced; empty if there is none."""
    try:
        status = path.lstat()
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size, status.st_ctime_ns


def is_ahead(published: datetime, *, at: datetime) -> bool:
    """Whether an edition lies further in the future than clocks differ.

    Args:
        published: when it says that it was made.
        at: what the clock shows.
    """
    return published > at + CLOCK_TOLERANCE


def read_metadata(path: Path, kind: type[Signed]) -> Signed:
    """The signed part of a metadata file of this kind.

    Raises:
        PublishingError: `repository_damaged`.
    """
    try:
        content = read_published(path)
    except OSError as error:
        raise PublishingError("repository_damaged", path=path) from error
    return stated(content, kind, path)


def root_of(content: bytes, path: Path) -> Root:
    """What root metadata says.

    Args:
        content: the file.
        path: where it is from.

    Raises:
        PublishingError: `repository_damaged`.
    """
    return stated(content, Root, path)


def stated(content: bytes, kind: type[Signed], path: Path) -> Signed:
    """What a metadata file of this kind says, whoever signed it.

    Args:
        content: the file.
        kind: which it has to be.
        path: where it is from.

    Raises:
        PublishingError: `repository_damaged`.
    """
    try:
        signed: Any = Metadata.from_bytes(content).signed
    except DeserializationError as error:
        raise PublishingError("repository_damaged", path=path) from error
    if not isinstance(signed, kind):
        raise PublishingError("repository_damaged", path=path)
    return signed
