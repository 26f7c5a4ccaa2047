"""The trust bundle's publisher: a folder that holds a TUF repository with consistent snapshots, and its one-file form.

    <folder>/metadata/   1.root.json … N.targets.json, N.snapshot.json, timestamp.json
    <folder>/targets/    the published files, each under a name that bears its SHA-256
    <folder>/bundles/    bundle-N.xzb: the same as one file

Targets, snapshot and timestamp bear one version number, which is the bundle's. The replacement of `timestamp.json` is
the one moment at which a publication takes effect; what a crash leaves behind before it is never named by anything, and
its number is never used again. Each publication is first judged by the verifier that lenders use.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.role_keys import (
    RoleCustody,
    RoleSigner,
    create_role_key,
    load_role_key,
    role_key_exists,
    sign_metadata,
)
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.files import locked, replace_file
from xinzheng_verifier.trust.tuf_workflow import PUBLISHED_AT

_Signed = TypeVar("_Signed", Root, Targets, Snapshot, Timestamp)

_ONLINE_ROLES = ("targets", "snapshot", "timestamp")
_VERSION = re.compile(r"(?:bundle-)?([1-9][0-9]*)\.(?:targets\.json|snapshot\.json|xzb)")
_HASHES = ["sha256"]
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # no time of packing: equal content makes equal bundles
_ZIP_UNIX = 3
_ZIP_MODE = 0o100644 << 16


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long each kind of metadata may be relied on [ours]."""

    timestamp: timedelta = timedelta(days=7)
    snapshot: timedelta = timedelta(days=7)
    targets: timedelta = timedelta(days=90)
    root: timedelta = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One edition of the bundle.

    Attributes:
        version: version of timestamp, snapshot and targets.
        sha256: digest of the bundle file, lower-case hexadecimal.
        path: the bundle file.
    """

    version: int
    sha256: str
    path: Path


class BundlePublisher:
    """Publishes target files as a TUF repository; made by `create` or `open`. One folder has one line of versions."""

    def __init__(self, folder: Path, *, signers: Mapping[str, RoleSigner], lifetimes: Lifetimes) -> None:
        self._folder = folder
        self._signers = signers
        self._lifetimes = lifetimes

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        keys: Path,
        passphrase: PassphraseSource,
        at: datetime,
        root_keys: int = 1,
        root_threshold: int = 1,
        lifetimes: Lifetimes | None = None,
        custody: RoleCustody | None = None,
    ) -> Self:
        """Start a repository: make the keys of its roles and the first root.

        Args:
            folder: where the repository is made.
            keys: folder for the key files; those that a broken-off start left there are taken over.
            passphrase: opens the key files.
            at: moment of the start, aware.
            root_keys: how many root keys are made.
            root_threshold: how many of them must sign a root.
            lifetimes: expiry of each role.
            custody: where the keys are made, if not in files.

        Raises:
            PublishingError: `repository_exists`.
            KeysError: (keys) a key cannot be made or opened.
        """
        metadata = folder / "metadata"
        for made in (metadata, folder / "targets", folder / "bundles"):
            made.mkdir(parents=True, exist_ok=True)
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder):
            if (metadata / "1.root.json").exists():
                raise PublishingError("repository_exists", path=folder)
            names = [f"root-{number}" for number in range(1, root_keys + 1)]
            root_signers = [_role_key(keys, name, passphrase, custody) for name in names]
            online = {role: _role_key(keys, role, passphrase, custody) for role in _ONLINE_ROLES}
            lifetimes = lifetimes or Lifetimes()
            root = _first_root(root_signers, online, threshold=root_threshold, expires=at + lifetimes.root)
            replace_file(metadata / "1.root.json", root)
        return cls(folder, signers=online, lifetimes=lifetimes)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        keys: Path,
        passphrase: PassphraseSource,
        lifetimes: Lifetimes | None = None,
        custody: RoleCustody | None = None,
    ) -> Self:
        """Go on with a repository.

        Args:
            folder: the repository.
            keys: folder of the key files.
            passphrase: opens them.
            lifetimes: expiry of each role.
            custody: how hardware modules are reached.

        Raises:
            PublishingError: `repository_missing`, `repository_damaged`, `role_key_unknown`.
            KeysError: (keys) a key cannot be opened.
        """
        if not (folder / "metadata" / "1.root.json").exists():
            raise PublishingError("repository_missing", path=folder)
        online = {
            role: load_role_key(keys / f"{role}.pem", passphrase=passphrase, custody=custody) for role in _ONLINE_ROLES
        }
        publisher = cls(folder, signers=online, lifetimes=lifetimes or Lifetimes())
        root = _read_metadata(publisher.root_path, Root)
        for role, signer in online.items():
            if signer.public_key.keyid not in root.roles[role].keyids:
                raise PublishingError("role_key_unknown", role=role)
        return publisher

    @property
    def root_path(self) -> Path:
        """The newest root metadata."""
        versions = (int(path.name.partition(".")[0]) for path in self._metadata.glob("*.root.json"))
        return self._metadata / f"{max(versions)}.root.json"

    @property
    def root(self) -> bytes:
        """The newest root metadata, as lenders get it to start with."""
        return self.root_path.read_bytes()

    @property
    def latest(self) -> Publication | None:
        """The publication in effect; None before the first.

        Raises:
            PublishingError: `repository_damaged`.
        """
        timestamp = self._timestamp()
        if timestamp is None:
            return None
        path = self._bundle_path(timestamp.version)
        try:
            return Publication(version=timestamp.version, sha256=_sha256(path.read_bytes()), path=path)
        except OSError as error:
            raise PublishingError("repository_damaged", path=path) from error

    def publish(self, targets: Mapping[str, bytes], *, at: datetime) -> Publication:
        """Publish exactly these files, in place of all that were published before.

        Args:
            targets: path, such as `courts/420683/issuer.json` → content.
            at: moment of publication, aware; if it lies before the last publication, that moment is stated again.

        Raises:
            PublishingError: `target_path`, `publication_refused` (by the verifier), `repository_damaged`.
            OSError: the folder cannot be written; the publication before stays in effect.
        """
        for path in targets:
            if not bundles.TARGET_PATH.fullmatch(path):
                raise PublishingError("target_path", field=path)
        with locked(self._folder):
            version = self._next_version()
            files = self._signed(targets, version=version, at=at.astimezone(UTC))
            bundle = pack({**files, **self._roots()})
            self._check(bundle, at=at)
            self._write(files, bundle=bundle, version=version)
        return Publication(version=version, sha256=_sha256(bundle), path=self._bundle_path(version))

    @property
    def _metadata(self) -> Path:
        return self._folder / "metadata"

    def _bundle_path(self, version: int) -> Path:
        return self._folder / "bundles" / f"bundle-{version}.xzb"

    def _timestamp(self) -> Timestamp | None:
        path = self._metadata / "timestamp.json"
        return _read_metadata(path, Timestamp) if path.exists() else None

    def _next_version(self) -> int:
        """One above every number found, also those of publications that a crash kept from taking effect."""
        names = (path.name for folder in ("metadata", "bundles") for path in (self._folder / folder).iterdir())
        timestamp = self._timestamp()
        found = [int(match[1]) for name in names if (match := _VERSION.fullmatch(name))]
        return 1 + max([timestamp.version if timestamp else 0, *found])

    def _roots(self) -> dict[str, bytes]:
        return {f"metadata/{path.name}": path.read_bytes() for path in self._metadata.glob("*.root.json")}

    def _signed(self, targets: Mapping[str, bytes], *, version: int, at: datetime) -> dict[str, bytes]:
        """Every file of a publication but the roots: name in the repository → content (TUF specification, 6)."""
        lifetimes = self._lifetimes
        listed = {path: TargetFile.from_data(path, content, _HASHES) for path, content in targets.items()}
        targets_bytes = self._sign(Targets(version=version, expires=at + lifetimes.targets, targets=listed))
        snapshot_bytes = self._sign(
            Snapshot(
                version=version,
                expires=at + lifetimes.snapshot,
                meta={"targets.json": MetaFile.from_data(version, targets_bytes, _HASHES)},
            )
        )
        timestamp_bytes = self._sign(
            Timestamp(
                version=version,
                expires=at + lifetimes.timestamp,
                snapshot_meta=MetaFile.from_data(version, snapshot_bytes, _HASHES),
                unrecognized_fields={PUBLISHED_AT: self._published_at(at)},
            )
        )
        return {
            **{_target_name(path, content): content for path, content in targets.items()},
            f"metadata/{version}.targets.json": targets_bytes,
            f"metadata/{version}.snapshot.json": snapshot_bytes,
            "metadata/timestamp.json": timestamp_bytes,
        }

    def _published_at(self, at: datetime) -> str:
        timestamp = self._timestamp()
        before = timestamp.unrecognized_fields.get(PUBLISHED_AT, "") if timestamp else ""
        return max(format_timestamp(at), str(before))

    def _sign(self, signed: _Signed) -> bytes:
        metadata = Metadata(signed)
        sign_metadata(metadata, self._signers[signed.type])
        return metadata.to_bytes()

    def _check(self, bundle: bytes, *, at: datetime) -> None:
        try:
            bundles.load(bundle, root=self.root, at=at)
        except TrustError as error:
            raise PublishingError("publication_refused", refusal=error.code, reason=in_both_languages(error)) from error

    def _write(self, files: Mapping[str, bytes], *, bundle: bytes, version: int) -> None:
        """Files that nothing names yet first; `timestamp.json`, which names them, last."""
        *unnamed, timestamp = files
        for name in unnamed:
            path = self._folder / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, files[name])
        replace_file(self._bundle_path(version), bundle)
        replace_file(self._folder / timestamp, files[timestamp])


def pack(files: Mapping[str, bytes]) -> bytes:
    """The one-file form of a repository: equal files make equal bytes.

    Args:
        files: name in the repository → content.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _ZIP_UNIX
            entry.external_attr = _ZIP_MODE
            archive.writestr(entry, files[name])
    return packed.getvalue()


def _role_key(keys: Path, name: str, passphrase: PassphraseSource, custody: RoleCustody | None) -> RoleSigner:
    path = keys / f"{name}.pem"
    make_or_load = load_role_key if role_key_exists(path) else create_role_key
    return make_or_load(path, passphrase=passphrase, custody=custody)


def _first_root(
    root_signers: list[RoleSigner], online: Mapping[str, RoleSigner], *, threshold: int, expires: datetime
) -> bytes:
    root = Root(version=1, expires=expires.astimezone(UTC), consistent_snapshot=True)
    for signer in root_signers:
        root.add_key(signer.public_key, "root")
    for role, signer in online.items():
        root.add_key(signer.public_key, role)
    root.roles["root"].threshold = threshold
    metadata = Metadata(root)
    for signer in root_signers:
        sign_metadata(metadata, signer, append=True)
    return metadata.to_bytes()


def _read_metadata(path: Path, kind: type[_Signed]) -> _Signed:
    try:
        signed = Metadata[_Signed].from_bytes(path.read_bytes()).signed
    except (OSError, DeserializationError) as error:
        raise PublishingError("repository_damaged", path=path) from error
    if not isinstance(signed, kind):
        raise PublishingError("repository_damaged", path=path)
    return signed


def _target_name(path: str, content: bytes) -> str:
    """Where a consistent snapshot keeps a target (TUF specification, 6.2)."""
    folder, _, base = path.rpartition("/")
    return f"targets/{folder}/{_sha256(content)}.{base}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
