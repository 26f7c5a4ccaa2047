"""What provinces, courts and ceremonies hand in to the publisher: signed metadata, and the files that it lists.

    issuer.json          a court's issuer document, for its province
    key.json             public record of the key by which the court signs its status targets, for its province; it
                         names the SHA-256 of that issuer.json
    metadata/7.court-420683.json
    targets/courts/420683/status/1/<sha256>.revocation.json

As a folder, or as one file (.xzc) in the form of a bundle's archive. Nothing in it is believed for where it came from.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.trust_list.work_folder import read_file
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.files import replace_file
from xinzheng_verifier.trust.names import EXTENT_FILE, FILE_NAME

CONTRIBUTION_SUFFIX = ".xzc"
"""How the one-file form is called."""

KEY_FILE, ISSUER_FILE = "key.json", "issuer.json"

_NAMES = re.compile(rf"{re.escape(KEY_FILE)}|{re.escape(ISSUER_FILE)}|{FILE_NAME.pattern}")
_METADATA = re.compile(r"metadata/(?P<version>[1-9][0-9]{0,8})\.(?P<role>[0-9A-Za-z._-]+)\.json")
_NOT_HANDED_IN = {"snapshot", "timestamp"}


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One metadata file that was handed in.

    Attributes:
        role: whose it is, by the name of the file.
        version: by the name of the file.
        data: the file.
        source: what it was handed in with.
    """

    role: str
    version: int
    data: bytes
    source: str


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
        for name, data in self.files.items():
            match = _METADATA.fullmatch(name)
            if match is not None and match["role"] not in _NOT_HANDED_IN:
                yield Offer(role=match["role"], version=int(match["version"]), data=data, source=self.source)


def read_contribution(path: Path) -> Contribution:
    """Read one contribution.

    Args:
        path: a folder with `metadata/`, or a file.

    Raises:
        TrustListError: `contribution_unreadable`, `ceremony_not_read`.
    """
    if path.is_dir():
        return Contribution(source=path.name, files=dict(_folder_files(path)))
    try:
        archive = Archive(read_file(path), names=_NAMES)
    except TrustError as error:
        raise TrustListError("contribution_unreadable", name=path.name, reason=in_both_languages(error)) from error
    return Contribution(source=path.name, files=dict(archive))


def find_contributions(path: Path) -> list[Path]:
    """The contributions at a path: itself, or those that lie in that folder.

    Raises:
        TrustListError: `contribution_unreadable`, there is nothing at `path`.
    """
    if path.is_file() or (path / "metadata").is_dir():
        return [path]
    if not path.is_dir():
        raise TrustListError("contribution_unreadable", name=path.name, reason="ENOENT")
    return sorted(
        found
        for found in path.iterdir()
        if (found / "metadata").is_dir() or (found.is_file() and found.suffix == CONTRIBUTION_SUFFIX)
    )


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


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a folder that have a place in a contribution; others lie there unread, links are not followed."""
    for file in sorted(folder.rglob("*.json")):
        name = file.relative_to(folder).as_posix()
        if name != EXTENT_FILE and _NAMES.fullmatch(name) and file.is_file() and not file.is_symlink():
            yield name, read_file(file)
