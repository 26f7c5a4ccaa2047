"""The publisher of a court that runs alone: a repository without delegations, all its keys on one machine.

Targets, snapshot and timestamp bear one version number, which is the bundle's. Each publication is first judged by the
verifier that lenders use. How files are laid out and written: `publishing.repository`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from tuf.api.metadata import Metadata, MetaFile, Root, TargetFile, Targets

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.repository import (
    HASHES,
    TIMESTAMP_FILE,
    Edition,
    Publication,
    Repository,
    Signed,
    read_metadata,
)
from xinzheng_issuer.publishing.role_keys import (
    RoleCustody,
    RoleSigner,
    create_role_key,
    load_role_key,
    role_key_exists,
    sign_metadata,
)
from xinzheng_keys.errors import KeysError
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_schemas.errors import CodedError
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.archive import pack
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.files import locked, replace_file
from xinzheng_verifier.trust.names import TARGET_PATH, sha256_of, target_name
from xinzheng_verifier.trust.tuf_workflow import PUBLISHED_AT

__all__ = ["BundlePublisher", "Lifetimes", "Publication"]

_ONLINE_ROLES = ("targets", "snapshot", "timestamp")


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long each kind of metadata may be relied on [ours]."""

    timestamp: timedelta = timedelta(days=7)
    snapshot: timedelta = timedelta(days=7)
    targets: timedelta = timedelta(days=90)
    root: timedelta = timedelta(days=365)


class BundlePublisher:
    """Publishes target files as a TUF repository; made by `create` or `open`. One folder has one line of versions."""

    def __init__(
        self,
        folder: Path,
        *,
        signers: Mapping[str, RoleSigner],
        lifetimes: Lifetimes,
        unopened: Mapping[str, CodedError] | None = None,
    ) -> None:
        self._repository = Repository(folder)
        self._signers = signers
        self._lifetimes = lifetimes
        self._unopened = dict(unopened or {})

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
        repository = Repository(folder)
        repository.make_folders()
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder):
            if (repository.metadata / "1.root.json").exists():
                raise PublishingError("repository_exists", path=folder)
            names = [f"root-{number}" for number in range(1, root_keys + 1)]
            root_signers = [_role_key(keys, name, passphrase, custody) for name in names]
            online = {role: _role_key(keys, role, passphrase, custody) for role in _ONLINE_ROLES}
            lifetimes = lifetimes or Lifetimes()
            root = _first_root(root_signers, online, threshold=root_threshold, expires=at + lifetimes.root)
            replace_file(repository.metadata / "1.root.json", root)
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
        without_signers: bool = False,
    ) -> Self:
        """Go on with a repository.

        Args:
            folder: the repository.
            keys: folder of the key files.
            passphrase: opens them.
            lifetimes: expiry of each role.
            custody: how hardware modules are reached.
            without_signers: go on although a role's key cannot be opened; only `publish` is refused then.

        Raises:
            PublishingError: `repository_missing`, `repository_damaged`, `role_key_unknown`.
            KeysError: (keys) a key cannot be opened.
        """
        if not (folder / "metadata" / "1.root.json").exists():
            raise PublishingError("repository_missing", path=folder)
        online: dict[str, RoleSigner] = {}
        unopened: dict[str, CodedError] = {}
        for role in _ONLINE_ROLES:
            try:
                online[role] = load_role_key(keys / f"{role}.pem", passphrase=passphrase, custody=custody)
            except KeysError as error:
                if not without_signers:
                    raise
                unopened[role] = error
        publisher = cls(folder, signers=online, lifetimes=lifetimes or Lifetimes(), unopened=unopened)
        root = read_metadata(publisher.root_path, Root)
        for role, signer in online.items():
            if signer.public_key.keyid not in root.roles[role].keyids:
                raise PublishingError("role_key_unknown", role=role)
        return publisher

    def require_signers(self) -> None:
        """Raise unless every role can sign.

        Raises:
            PublishingError: `role_keys_missing`.
        """
        for error in self._unopened.values():
            roles = ", ".join(self._unopened)
            raise PublishingError(
                "role_keys_missing", roles=roles, cause=error.code, reason=in_both_languages(error)
            ) from error

    @property
    def root_path(self) -> Path:
        """The newest root metadata."""
        return self._repository.metadata / f"{max(self._repository.roots())}.root.json"

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
        return self._repository.latest()

    def publish(self, targets: Mapping[str, bytes], *, at: datetime) -> Publication:
        """Publish exactly these files, in place of all that were published before.

        Args:
            targets: path, such as `courts/420683/issuer.json` → content.
            at: moment of publication, aware; if it lies before the last publication, that moment is stated again.

        Raises:
            PublishingError: `target_path`, `publication_refused` (by the verifier), `repository_damaged`,
                `publication_clock`, `role_keys_missing`.
            OSError: the folder cannot be written; the publication before stays in effect.
        """
        self.require_signers()
        for path in targets:
            if not TARGET_PATH.fullmatch(path):
                raise PublishingError("target_path", field=path)
        repository = self._repository
        with locked(repository.folder):
            version = repository.next_version("targets", "snapshot")
            files = self._signed(targets, version=version, at=at.astimezone(UTC))
            roots = {f"metadata/{number}.root.json": root for number, root in repository.roots().items()}
            bundle = pack(select({**files, **roots}))
            self._check(bundle, at=at)
            file = repository.bundle_path(version)
            repository.write({**files, f"bundles/{file.name}": bundle})
        return Publication(version=version, sha256=sha256_of(bundle), path=file)

    def _signed(self, targets: Mapping[str, bytes], *, version: int, at: datetime) -> dict[str, bytes]:
        """Every file of a publication but the roots: name in the repository → content (TUF specification, 6)."""
        lifetimes = self._lifetimes
        edition = Edition(
            version=version,
            # A revocation does not wait for a clock; what lies beyond the expiry lenders refuse.
            published_at=self._repository.published_at(at, tolerance=lifetimes.timestamp),
            snapshot_expires=at + lifetimes.snapshot,
            timestamp_expires=at + lifetimes.timestamp,
        )
        listed = {path: TargetFile.from_data(path, content, HASHES) for path, content in targets.items()}
        attested = {PUBLISHED_AT: edition.published_at}
        targets_bytes = self._sign(
            Targets(version=version, expires=at + lifetimes.targets, targets=listed, unrecognized_fields=attested)
        )
        snapshot = self._sign(edition.snapshot({"targets.json": MetaFile.from_data(version, targets_bytes, HASHES)}))
        return {
            **{target_name(path, sha256_of(content)): content for path, content in targets.items()},
            f"metadata/{version}.targets.json": targets_bytes,
            f"metadata/{version}.snapshot.json": snapshot,
            TIMESTAMP_FILE: self._sign(edition.timestamp(snapshot)),
        }

    def _sign(self, signed: Signed) -> bytes:
        metadata = Metadata(signed)
        sign_metadata(metadata, self._signers[signed.type])
        return metadata.to_bytes()

    def _check(self, bundle: bytes, *, at: datetime) -> None:
        try:
            bundles.load(bundle, root=self.root, at=at)
        except TrustError as error:
            raise PublishingError("publication_refused", refusal=error.code, reason=in_both_languages(error)) from error


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
