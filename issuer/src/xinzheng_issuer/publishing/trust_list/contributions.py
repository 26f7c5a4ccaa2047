"""What provinces, courts and ceremonies hand in to the publisher: signed metadata, and the files that it lists.

    issuer.json          a court's issuer document, for its province
    key.json             public record of the key by which the court signs its status targets, for its province; it
                         names the SHA-256 of that issuer.json
    metadata/7.court-420683.json
    targets/courts/420683/status/1/<sha256>.revocation.json

As a folder, or as one file (.xzc) in the form of a bundle's archive. Nothing in it is believed for where it came from.
What was handed in with a folder in earlier weeks may still lie there: a file is read when it is asked for, once.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.trust_list.work_folder import read_file
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_BUNDLE_FILE_BYTES, MAX_BUNDLE_FILES, MAX_BUNDLE_INFLATED_BYTES
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.files import replace_file
from xinzheng_verifier.trust.names import FILE_NAME

CONTRIBUTION_SUFFIX = ".xzc"
"""How the one-file form is called."""

KEY_FILE, ISSUER_FILE = "key.json", "issuer.json"

_NAMES = re.compile(rf"{re.escape(KEY_FILE)}|{re.escape(ISSUER_FILE)}|{FILE_NAME.pattern}")
_METADATA = re.compile(r"metadata/(?P<version>[1-9][0-9]{0,8})\.(?P<role>[0-9A-Za-z._-]+)\.json")
_NOT_HANDED_IN = {"snapshot", "timestamp"}

_log = structlog.get_logger("xinzheng.publishing")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One metadata file that was handed in.

    Attributes:
        role: whose it is, by the name of the file.
        version: by the name of the file.
        contribution: what it was handed in with.
    """

    role: str
    version: int
    contribution: "Contribution" = field(repr=False)

    @property
    def source(self) -> str:
        """What it was handed in with, by its name."""
        return self.contribution.source

    @property
    def data(self) -> bytes:
        """The file; empty, and so no metadata, if it cannot be read."""
        return self.contribution.files.get(f"metadata/{self.version}.{self.role}.json", b"")


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """One folder or file that was handed in.

    Attributes:
        source: its name, for reports.
        files: name → content.
    """

    source: str
    files: Mapping[str, bytes]

    def offers(self) -> Iterator[Offer]:
        """Every metadata file that a publisher takes; it makes snapshots and timestamps itself."""
        for name in self.files:
            match = _METADATA.fullmatch(name)
            if match is not None and match["role"] not in _NOT_HANDED_IN:
                yield Offer(role=match["role"], version=int(match["version"]), contribution=self)


def read_contribution(path: Path) -> Contribution:
    """Read one contribution.

    Args:
        path: a folder with `metadata/`, or a file.

    Raises:
        TrustListError: `contribution_unreadable`, also of more than an archive may hold; `ceremony_not_read`.
    """
    try:
        if path.is_dir():
            return Contribution(source=path.name, files=_Folder(path))
        return Contribution(source=path.name, files=Archive(read_file(path), names=_NAMES))
    except TrustError as error:
        raise TrustListError("contribution_unreadable", name=path.name, reason=in_both_languages(error)) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def find_contributions(path: Path) -> list[Path]:
    """The contributions at a path: itself, or those that lie in that folder.

    Raises:
        TrustListError: `contribution_unreadable`, there is nothing at `path`, or nobody can look there.
    """
    try:
        if path.is_file() or _holds_metadata(path):
            return [path]
        return sorted(found for found in path.iterdir() if _was_handed_in(found))
    except OSError as error:
        raise _unreadable(path, error) from error


def _was_handed_in(found: Path) -> bool:
    """Whether what lies in a folder is a contribution; where that cannot be seen, it is one that cannot be read.

    Of a file system of its own `lost+found` belongs to its repair, and nobody else may look into it.
    """
    try:
        return _holds_metadata(found) or (found.suffix == CONTRIBUTION_SUFFIX and stat.S_ISREG(found.stat().st_mode))
    except OSError:
        return found.name != "lost+found"


def _holds_metadata(folder: Path) -> bool:
    """Whether there is a folder of metadata.

    Raises:
        OSError: that cannot be seen.
    """
    try:
        return stat.S_ISDIR((folder / "metadata").stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _unreadable(path: Path, error: OSError) -> TrustListError:
    return TrustListError("contribution_unreadable", name=path.name, reason=error.strerror or error)


def write_contribution(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a contribution as a folder, or as one file if the path ends in `.xzc`; metadata last, file by file whole.

    Raises:
        TrustListError: `ceremony_not_written`.
    """
    try:
        if path.suffix == CONTRIBUTION_SUFFIX:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, pack(files))
            return
        for name in sorted(files, key=lambda name: (name.startswith("metadata/"), name)):
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_bytes() != files[name]:
                replace_file(file, files[name])
    except OSError as error:
        raise TrustListError("ceremony_not_written", path=path, reason=error.strerror) from error


class _Folder(Mapping[str, bytes]):
    """The files of a folder that have a place in a contribution; others lie there unread, links are not followed.

    Each is read once, when it is asked for: what was judged is what is published, and what nobody needs takes no
    memory. What cannot be read then is not there, nor what makes it more than an archive may hold in all.

    Args:
        folder: where they lie.

    Raises:
        TrustError: `bundle_too_many_files`.
        TrustListError: `ceremony_not_read`, a file cannot be opened.
        OSError: a folder cannot be looked into.
    """

    def __init__(self, folder: Path) -> None:
        self._paths: dict[str, Path] = {}
        self._read: dict[str, bytes] = {}
        self._left = MAX_BUNDLE_INFLATED_BYTES
        for name, path in _named(folder):
            if len(self._paths) == MAX_BUNDLE_FILES:
                raise TrustError("bundle_too_many_files", limit=MAX_BUNDLE_FILES)
            if not os.access(path, os.R_OK):
                raise TrustListError("ceremony_not_read", path=path, reason=os.strerror(errno.EACCES))
            self._paths[name] = path

    def __getitem__(self, name: str) -> bytes:
        if name not in self._read:
            self._read[name] = self._content(self._paths[name])
            self._left -= len(self._read[name])
        return self._read[name]

    def _content(self, path: Path) -> bytes:
        try:
            return read_published(path, max_bytes=min(MAX_BUNDLE_FILE_BYTES, self._left))
        except OSError as error:
            _log.warning("contributed_file_unreadable", path=str(path), reason=str(error))
            raise KeyError(path) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _named(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each regular file that has a place in a contribution.

    Raises:
        OSError: a folder cannot be looked into.
    """
    parts = (os.walk(folder / part, onerror=_refuse) for part in ("metadata", "targets"))
    found = (Path(place, file) for part in parts for place, _, files in part for file in sorted(files))
    for path in (folder / KEY_FILE, folder / ISSUER_FILE, *found):
        name = path.relative_to(folder).as_posix()
        if _NAMES.fullmatch(name) and _is_regular(path):
            yield name, path


def _is_regular(path: Path) -> bool:
    """Raises OSError: that cannot be seen."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
