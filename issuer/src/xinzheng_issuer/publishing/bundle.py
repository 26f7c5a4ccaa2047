"""The publisher of a court that runs alone: a repository without delegations, all its keys on one machine.

Targets, snapshot and timestamp bear one version number, which is the bundle's. Each publication is first judged by the
verifier that lenders use. How files are laid out and written: `publishing.repository`; which keys sign:
`publishing.bundle_keys`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import structlog
from tuf.api.metadata import Metadata, MetaFile, Root, TargetFile, Targets

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.bundle_keys import ONLINE_ROLES, ROOT, BundleKeys, differing_roles, first_root
from xinzheng_issuer.publishing.in_effect import EditionInEffect, edition_in_effect
from xinzheng_issuer.publishing.repository import (
    HASHES,
    TIMESTAMP_FILE,
    Edition,
    Publication,
    Repository,
    Signed,
    root_of,
)
from xinzheng_issuer.publishing.role_keys import RoleCustody, RoleSigner, sign_metadata
from xinzheng_issuer.publishing.trust_list.candidates import Published, published
from xinzheng_keys.errors import KeysError
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.archive import pack
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.files import locked, replace_file
from xinzheng_verifier.trust.names import TARGET_PATH, sha256_of, target_name
from xinzheng_verifier.trust.tuf_workflow import PUBLISHED_AT

__all__ = ["ROOT_NOTICE", "BundlePublisher", "Lifetimes", "Publication"]

ROOT_NOTICE: Final = timedelta(days=60)
"""How long before its end a root is to be renewed, as the country's [ours]: lenders in closed networks wait for it."""

_log = structlog.get_logger("xinzheng.publishing")


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long each kind of metadata may be relied on [ours]."""

    timestamp: timedelta = timedelta(days=7)
    snapshot: timedelta = timedelta(days=7)
    targets: timedelta = timedelta(days=90)
    root: timedelta = timedelta(days=365)


class BundlePublisher:
    """Publishes target files as a TUF repository; made by `create` or `open`. One folder has one line of versions.

    Args:
        folder: the repository.
        signers: role → its key.
        lifetimes: expiry of each role.
        keys: where the keys lie that a later root may name; without it the ones given stay.
    """

    def __init__(
        self,
        folder: Path,
        *,
        signers: Mapping[str, RoleSigner],
        lifetimes: Lifetimes,
        keys: BundleKeys | None = None,
    ) -> None:
        self._repository = Repository(folder, keys.kept_roots if keys else None)
        self._signers = dict(signers)
        self._unopened: dict[str, CodedError] = {}
        self._signers_of_root = 0
        self._lifetimes = lifetimes
        self._keys = keys
        self._read: tuple[tuple[object, ...], EditionInEffect | None] | None = None

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
        key_folder = BundleKeys(folder=keys, passphrase=passphrase, custody=custody)
        repository = Repository(folder, key_folder.kept_roots)
        repository.make_folders()
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder):
            if repository.is_there:
                raise PublishingError("repository_exists", path=folder)
            online = {role: key_folder.first(role) for role in ONLINE_ROLES}
            roots = [key_folder.first(f"{ROOT}-{number}") for number in range(1, root_keys + 1)]
            lifetimes = lifetimes or Lifetimes()
            new = {ROOT: roots} | {role: [key] for role, key in online.items()}
            repository.begin(first_root(new, threshold=root_threshold, expires=at + lifetimes.root))
        return cls(folder, signers={role: key.signer for role, key in online.items()}, lifetimes=lifetimes)

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
            without_signers: open the keys when they are to sign; only `publish` is refused where one cannot be.

        Raises:
            PublishingError: `repository_missing`, `repository_damaged`, `role_key_unknown`, `role_key_record`.
            KeysError: (keys) a key cannot be opened.
        """
        key_folder = BundleKeys(folder=keys, passphrase=passphrase, custody=custody)
        repository = Repository(folder, key_folder.kept_roots)
        if not repository.is_there:
            raise PublishingError("repository_missing", path=folder)
        if 1 not in repository.roots():
            raise PublishingError("repository_damaged", path=repository.root_path(1))
        publisher = cls(folder, signers={}, lifetimes=lifetimes or Lifetimes(), keys=key_folder)
        if without_signers:
            return publisher
        publisher._follow_root()
        for error in publisher._unopened.values():
            raise error
        return publisher

    # --- what is there ------------------------------------------------------------------------------------------------

    def require_signers(self) -> None:
        """Raise unless every role can sign; the keys of a new root are opened, and those that were missing are tried.

        Raises:
            PublishingError: `role_keys_missing`; `role_key_unknown`, `repository_damaged`.
        """
        self._follow_root()
        for error in self._unopened.values():
            roles = ", ".join(self._unopened)
            raise PublishingError(
                "role_keys_missing", roles=roles, cause=error.code, reason=in_both_languages(error)
            ) from error

    def require_key_files(self) -> None:
        """As `require_signers`, and the next start finds the keys too, which only they have open who run already.

        Raises:
            PublishingError: `role_key_files_gone`; as `require_signers`.
        """
        self.require_signers()
        if self._keys is not None and (lost := self._keys.lost_roles(self.signed_root)):
            raise PublishingError("role_key_files_gone", roles=" ".join(lost))

    @property
    def lifetimes(self) -> Lifetimes:
        """Expiry of each role."""
        return self._lifetimes

    @property
    def missing_roles(self) -> tuple[str, ...]:
        """The online roles whose keys cannot be opened."""
        self._follow_root()
        return tuple(self._unopened)

    @property
    def root_path(self) -> Path:
        """The newest root metadata."""
        return self._repository.root_path(self._repository.newest_root())

    @property
    def root(self) -> bytes:
        """The newest root metadata, as lenders get it to start with.

        Raises:
            PublishingError: `repository_damaged`.
        """
        roots = self._repository.roots()
        if not roots:
            raise PublishingError("repository_damaged", path=self._repository.root_path(1))
        return roots[max(roots)]

    @property
    def signed_root(self) -> Root:
        """What the newest root says.

        Raises:
            PublishingError: `repository_damaged`.
        """
        return root_of(self.root, self.root_path)

    @property
    def signed_roots(self) -> list[Root]:
        """What every root says, the oldest first.

        Raises:
            PublishingError: `repository_damaged`.
        """
        repository = self._repository
        return [root_of(content, repository.root_path(version)) for version, content in repository.roots().items()]

    @property
    def bundled_root(self) -> Root | None:
        """The newest root that lenders can know: that of the publication in effect; None before the first.

        Raises:
            PublishingError: as `in_effect`.
        """
        edition = self.in_effect
        return None if edition is None else root_of(edition.root, self.root_path)

    @property
    def root_waits(self) -> bool:
        """Whether the newest root is in no publication yet; raises as `bundled_root`."""
        bundled = self.bundled_root
        return bundled is not None and bundled.version < self._repository.newest_root()

    @property
    def published(self) -> Published:
        """The edition in effect as its metadata states it, with the root that vouches for it.

        Raises:
            PublishingError: `repository_damaged`.
        """
        return published(self._repository)

    @property
    def in_effect(self) -> EditionInEffect | None:
        """The publication in effect, judged; None before the first. It is read again when its files are others.

        Raises:
            PublishingError: `repository_damaged`, `edition_damaged`.
        """
        identity = self._repository.identity()
        if self._read is None or self._read[0] != identity:
            self._read = identity, edition_in_effect(self._repository)
        return self._read[1]

    @property
    def latest(self) -> Publication | None:
        """The publication in effect as one file, which is made again if it is gone; None before the first.

        Raises:
            PublishingError: as `in_effect`; `repository_damaged`, the file cannot be made again.
        """
        edition = self.in_effect
        if edition is None:
            return None
        path = self._repository.bundle_path(edition.version)
        if not edition.is_bundled:
            try:
                with locked(self._repository.folder):
                    replace_file(path, edition.bundle)
            except OSError as error:
                raise PublishingError("repository_damaged", path=path) from error
            _log.warning("bundle_made_again", version=edition.version)
        return Publication(version=edition.version, sha256=edition.sha256, path=path)

    # --- publishing ---------------------------------------------------------------------------------------------------

    def publish(
        self, targets: Mapping[str, bytes], *, at: datetime, beside: Mapping[str, RoleSigner] | None = None
    ) -> Publication:
        """Publish exactly these files, in place of all that were published before.

        Args:
            targets: path, such as `courts/420683/issuer.json` → content.
            at: moment of publication, aware; if it lies before the last publication, that moment is stated again.
            beside: role → a key that signs besides, for a root that is to follow.

        Raises:
            PublishingError: `target_path`, `root_expired`, `publication_refused` (by the verifier),
                `repository_damaged`, `publication_clock`, `role_keys_missing`, `role_key_unknown`.
            OSError: the folder cannot be written; the publication before stays in effect.
        """
        for path in targets:
            if not TARGET_PATH.fullmatch(path):
                raise PublishingError("target_path", field=path)
        repository = self._repository
        with locked(repository.folder):
            self.keep_roots()
            roots, root = self._whole_chain(), self.signed_root
            if at >= root.expires:
                raise PublishingError("root_expired", expires=format_timestamp(root.expires))
            self.require_signers()
            version = repository.next_version("targets", "snapshot")
            signers = {role: [signer] for role, signer in self._signers.items()}
            for role, signer in (beside or {}).items():
                signers[role].append(signer)
            published_at = self._moment(root, at=at)
            files = self._signed(targets, signers, version=version, at=at.astimezone(UTC), published_at=published_at)
            bundle = _packed(files, roots)
            for each in {roots[1], roots[max(roots)]}:
                _check(bundle, root=each, at=at)
            file = repository.bundle_path(version)
            repository.write({**Repository.named_roots(roots), **files, f"bundles/{file.name}": bundle})
        return Publication(version=version, sha256=sha256_of(bundle), path=file)

    def rehearse(self, following: bytes, new: Mapping[str, RoleSigner], *, at: datetime) -> None:
        """Judge a root that is to follow, and what would be published under it, as lenders will who hold one before.

        Args:
            following: the root, signed.
            new: role → key that the root names instead of the present one.
            at: the present moment, aware.

        Raises:
            PublishingError: `publication_refused`, `repository_damaged`, `edition_damaged`.
        """
        repository = self._repository
        edition, roots = self.in_effect, repository.roots()
        targets = edition.targets if edition else {}
        signed = root_of(following, self.root_path)
        self._follow_root()
        signers = {role: [signer] for role, signer in {**self._signers, **new}.items()}
        published_at = self._moment(signed, at=at)
        version = repository.next_version("targets", "snapshot")
        files = self._signed(targets, signers, version=version, at=at.astimezone(UTC), published_at=published_at)
        bundle = _packed(files, {**roots, signed.version: following})
        for root in (roots[min(roots)], roots[max(roots)], following):
            _check(bundle, root=root, at=at)

    def take_root(self, following: bytes) -> None:
        """Let a root take its place after the newest; the next publication carries it.

        Raises:
            PublishingError: `repository_damaged`, it does not follow; `root_foreign`.
            OSError: it cannot be written; the root before stays the newest.
        """
        with locked(self._repository.folder):
            self._repository.add_root(root_of(following, self.root_path).version, following)
            self.keep_roots()

    def keep_roots(self) -> None:
        """See that copies of all roots lie beside the keys; of an installation of before those that are found once.

        Raises:
            PublishingError: `repository_damaged`; `role_key_unknown`, nothing was kept yet, and the root keys that lie
                here did not sign the newest.
        """
        repository = self._repository
        if self._keys is None or repository.kept is None:
            return
        roots, kept = repository.roots(), repository.kept_roots()
        if roots == kept:
            return
        if not kept:
            self._keys.require_own_root(roots[max(roots)], self.root_path)
        try:
            repository.kept.write(roots)
        except OSError as error:  # the root stands, and follows what is kept: the next look tries again
            _log.error("roots_not_kept", path=str(repository.kept.path), reason=error.strerror)

    def require_room_for_root(self) -> None:
        """Raise unless a root can follow; raises as `Repository.require_room_for_root`."""
        self._repository.require_room_for_root()

    def is_ahead(self, at: datetime) -> bool:
        """Whether nothing can be published under the present keys, for the last publication lies in the future."""
        try:
            self._moment(self.signed_root, at=at)
        except PublishingError as error:
            if error.code != "publication_clock":
                raise
            return True
        return False

    def _whole_chain(self) -> dict[int, bytes]:
        """Every root from the first on: a lender may hold any of them.

        Raises:
            PublishingError: `repository_damaged`, one is gone.
        """
        roots = self._repository.roots()
        if 1 not in roots:
            raise PublishingError("repository_damaged", path=self._repository.root_path(1))
        return roots

    def _moment(self, root: Root, *, at: datetime) -> str:
        """The moment to state.

        Where other keys sign timestamp or snapshot than before, lenders forget what those said (TUF specification,
        5.3.11), and time begins anew.
        """
        before = self.bundled_root
        if before is not None and not {"timestamp", "snapshot"}.isdisjoint(differing_roles(before, root)):
            return format_timestamp(at.astimezone(UTC))
        # A revocation does not wait for a clock; what lies beyond the expiry lenders refuse.
        return self._repository.published_at(at.astimezone(UTC), tolerance=self._lifetimes.timestamp)

    def _follow_root(self) -> None:
        """Open the keys that the newest root names, where others are open or some could not be opened."""
        newest = self._repository.newest_root()
        if self._keys is None or (newest == self._signers_of_root and not self._unopened):
            return
        root = self.signed_root
        signers: dict[str, RoleSigner] = {}
        unopened: dict[str, CodedError] = {}
        for role in ONLINE_ROLES:
            before = self._signers.get(role)
            try:
                same = before is not None and before.public_key.keyid in root.roles[role].keyids
                signers[role] = before if before is not None and same else self._keys.open(root, role)
            except KeysError as error:
                unopened[role] = error
        if self._signers_of_root not in {0, newest}:
            _log.info("role_keys_read_again", root=newest, unopened=sorted(unopened))
        self._signers, self._unopened, self._signers_of_root = signers, unopened, newest

    def _signed(
        self,
        targets: Mapping[str, bytes],
        signers: Mapping[str, list[RoleSigner]],
        *,
        version: int,
        at: datetime,
        published_at: str,
    ) -> dict[str, bytes]:
        """Every file of a publication but the roots: name in the repository → content (TUF specification, 6)."""
        lifetimes = self._lifetimes
        edition = Edition(
            version=version,
            published_at=published_at,
            snapshot_expires=at + lifetimes.snapshot,
            timestamp_expires=at + lifetimes.timestamp,
        )
        listed = {path: TargetFile.from_data(path, content, HASHES) for path, content in targets.items()}
        attested = {PUBLISHED_AT: edition.published_at}
        targets_bytes = _sign(
            Targets(version=version, expires=at + lifetimes.targets, targets=listed, unrecognized_fields=attested),
            signers,
        )
        meta = {"targets.json": MetaFile.from_data(version, targets_bytes, HASHES)}
        snapshot = _sign(edition.snapshot(meta), signers)
        return {
            **{target_name(path, sha256_of(content)): content for path, content in targets.items()},
            f"metadata/{version}.targets.json": targets_bytes,
            f"metadata/{version}.snapshot.json": snapshot,
            TIMESTAMP_FILE: _sign(edition.timestamp(snapshot), signers),
        }


def _sign(signed: Signed, signers: Mapping[str, list[RoleSigner]]) -> bytes:
    metadata = Metadata(signed)
    for signer in signers[signed.type]:
        sign_metadata(metadata, signer, append=True)
    return metadata.to_bytes()


def _packed(files: Mapping[str, bytes], roots: Mapping[int, bytes]) -> bytes:
    """The bundle, with every root: who holds any of them is led to the newest."""
    return pack(select({**files, **Repository.named_roots(roots)}))


def _check(bundle: bytes, *, root: bytes, at: datetime) -> None:
    try:
        bundles.load(bundle, root=root, at=at)
    except TrustError as error:
        raise PublishingError("publication_refused", refusal=error.code, reason=in_both_languages(error)) from error
