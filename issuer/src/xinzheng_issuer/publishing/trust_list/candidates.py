"""What a publication could consist of: metadata as it is published, as it was handed in, and all files by their names.

Files of targets are named by their digests, so that it does not matter where one comes from.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from securesystemslib.signer import Key
from tuf.api.metadata import Role, Root, Targets

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_BUNDLE_FILE_BYTES, ROOT_JSON, TARGETS_JSON
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.names import FILE_NAME, sha256_of, target_name, target_path
from xinzheng_verifier.trust.tuf_metadata import check_threshold, key_set_digest, new_key_signed, parsed

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


@dataclass(frozen=True)
class Entrusted:
    """To which keys a delegator entrusts a role, and how many of them must sign.

    Attributes:
        role: ids of the keys, and the threshold.
        keys: id → public key.
        paths: with what it is entrusted; empty for `targets`, which may list everything.
    """

    role: Role
    keys: Mapping[str, Key] = field(repr=False)
    paths: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Short digests of the keys, as lenders remember them."""
        return key_set_digest(self.role, self.keys)

    def check_signed(self, candidate: Candidate) -> None:
        """Whether enough of the keys signed metadata of the role, and signed the number that its name says.

        Args:
            candidate: the metadata.

        Raises:
            TrustError: as the verifier refuses it: `bundle_metadata`, `bundle_too_large`, `bundle_threshold`,
                `bundle_mixed`.
        """
        metadata = parsed(candidate.data, Targets, name=candidate.file, limits=TARGETS_JSON)
        check_threshold(metadata, role=self.role, keys=self.keys, name=candidate.file)
        if metadata.signed.version != candidate.version:
            file, stated = f"{candidate.role}.json", metadata.signed.version
            raise TrustError("bundle_mixed", name=file, version=stated, expected=candidate.version)

    def new_key_signed(self, candidate: Candidate, *, before: str) -> bool:
        """Whether metadata of the role bears the signature of a key that was not named before.

        Args:
            candidate: the metadata.
            before: short digests of the keys that were.

        Raises:
            TrustError: it is no targets metadata.
        """
        metadata = parsed(candidate.data, Targets, name=candidate.name, limits=TARGETS_JSON)
        return new_key_signed(metadata, role=self.role, keys=self.keys, before=before, name=candidate.name)


def entrusted_roles(roles: Mapping[str, Candidate]) -> dict[str, Entrusted]:
    """Role → how its delegator entrusts it, of every role that is entrusted.

    Raises:
        TrustError: metadata of a delegator cannot be read.
    """
    found = {}
    for candidate in roles.values():
        if candidate.role.startswith(COURT_PREFIX):
            continue
        delegations = candidate.targets().delegations
        for name, role in ((delegations.roles or {}) if delegations else {}).items():
            found[name] = Entrusted(role, delegations.keys if delegations else {}, tuple(role.paths or ()))
    return found


def delegated_keys(roles: Mapping[str, Candidate]) -> dict[str, str]:
    """Role → short digest of the keys that its delegator names for it; raises as `entrusted_roles`."""
    return {name: how.digest for name, how in entrusted_roles(roles).items()}


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
        self._new: dict[str, list[Contribution]] = {}
        for contribution in contributions:
            for name in contribution.files:
                self._new.setdefault(name, []).append(contribution)

    def __getitem__(self, name: str) -> bytes:
        # What was handed in says which files it lists: no name may lead out of the folder.
        if not FILE_NAME.fullmatch(name):
            raise KeyError(name)
        for contribution in self._new.get(name, ()):
            if _is_what_it_says(name, data := contribution.files.get(name, b"")):
                return data
        try:
            data = read_published(self._folder / name, max_bytes=MAX_BUNDLE_FILE_BYTES)
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
            return {} if path is None else Archive(read_published(path))
        except (OSError, TrustError):
            return {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._new)

    def __len__(self) -> int:
        return len(self._new)


def _is_what_it_says(name: str, data: bytes) -> bool:
    path = target_path(name)
    return path is not None and target_name(path, sha256_of(data)) == name


def listed_files(candidates: Iterable[Candidate], files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Every file that some metadata lists: name, content.

    Raises:
        PublishingError: `repository_damaged`, one is not there.
    """
    for candidate in candidates:
        for name in candidate.target_names().values():
            data = files.get(name)
            if data is None:
                raise PublishingError("repository_damaged", path=name)
            yield name, data


def root_of(data: bytes) -> Root:
    """A root as a lender reads it.

    Raises:
        TrustError: it is none.
    """
    return parsed(data, Root, name="root.json", limits=ROOT_JSON).signed
