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
from xinzheng_issuer.publishing.in_effect import EditionInEffect
from xinzheng_issuer.publishing.own_bundle import OwnBundle
from xinzheng_issuer.publishing.repository import (
    HASHES,
    TIMESTAMP_FILE,
    Edition,
    Publication,
    Repository,
    Signed,
    following_moment,
    root_of,
)
from xinzheng_issuer.publishing.role_keys import RoleCustody, RoleSigner, sign_metadata
from xinzheng_keys.errors import KeysError
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.archive import pack
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.names import MAX_VERSION, TARGET_PATH, sha256_of, target_name
from xinzheng_verifier.trust.tuf_workflow import PUBLISHED_AT

__all__ = ["ROOT_NOTICE", "BundlePublisher", "Lifetimes", "Publication"]

ROOT_NOTICE: Final = timedelta(days=60)
"""How long before its end a root is to be renewed, as the country's [ours]: lenders in closed networks wait for it."""

_VOUCHING: Final = frozenset({"timestamp", "snapshot"})
"""The roles whose keys vouch for numbers and moments of editions."""

_log = structlog.get_logger("xinzheng.publishing")


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long each kind of metadata may be relied on [ours]."""

    timestamp: timedelta = timedelta(days=7)
    snapshot: timedelta = timedelta(days=7)
    targets: timedelta = timedelta(days=90)
    root: timedelta = timedelta(days=365)


class BundlePublisher(OwnBundle):
    """Publishes target files as a TUF repository; made by `create` or `open`.

    Args:
        folder: the repository.
        keys: where the keys lie that a root names.
        signers: role → its key, as far as they are open.
        lifetimes: expiry of each role.
        watermark: as for `OwnBundle`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keys: BundleKeys,
        signers: Mapping[str, RoleSigner],
        lifetimes: Lifetimes,
        watermark: Path | None = None,
    ) -> None:
        super().__init__(folder, keys=keys, watermark=watermark)
        self._signers = dict(signers)
        self._unopened: dict[str, CodedError] = {}
        self._signers_of_root = 0
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
        key_folder = BundleKeys(folder=keys, passphrase=passphrase, custody=custody)
        repository = Repository(folder, key_folder.kept_roots)
        repository.make_folders()
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        with repository.locked():
            if repository.is_there:
                raise PublishingError("repository_exists", path=folder)
            online = {role: key_folder.first(role) for role in ONLINE_ROLES}
            roots = [key_folder.first(f"{ROOT}-{number}") for number in range(1, root_keys + 1)]
            lifetimes = lifetimes or Lifetimes()
            new = {ROOT: roots} | {role: [key] for role, key in online.items()}
            repository.begin(first_root(new, threshold=root_threshold, expires=at + lifetimes.root))
        signers = {role: key.signer for role, key in online.items()}
        return cls(folder, keys=key_folder, signers=signers, lifetimes=lifetimes)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        keys: Path,
        passphrase: PassphraseSource,
        lifetimes: Lifetimes | None = None,
        custody: RoleCustody | None = None,
        watermark: Path | None = None,
        without_signers: bool = False,
    ) -> Self:
        """Go on with a repository.

        Args:
            folder: the repository.
            keys: folder of the key files.
            passphrase: opens them.
            lifetimes: expiry of each role.
            custody: how hardware modules are reached.
            watermark: as for `OwnBundle`.
            without_signers: open the keys when they are to sign; only `publish` is refused where one cannot be. So
                it is while roots are unproven, which name them.

        Raises:
            PublishingError: `repository_missing`, `repository_damaged`, `role_key_unknown`, `role_key_record`.
            KeysError: (keys) a key cannot be opened.
        """
        key_folder = BundleKeys(folder=keys, passphrase=passphrase, custody=custody)
        publisher = cls(folder, keys=key_folder, signers={}, lifetimes=lifetimes or Lifetimes(), watermark=watermark)
        if not publisher._repository.is_there:
            raise PublishingError("repository_missing", path=folder)
        try:
            _ = publisher.roots
        except PublishingError as error:
            if error.code != "roots_unproven":
                raise
            return publisher
        if without_signers:
            return publisher
        publisher._follow_root()
        for reason in publisher._unopened.values():
            raise reason
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
        if lost := self._keys.lost_roles(self.signed_root):
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

    # --- publishing ---------------------------------------------------------------------------------------------------

    def publish(
        self,
        targets: Mapping[str, bytes],
        *,
        at: datetime,
        beside: Mapping[str, RoleSigner] | None = None,
        above: int = 0,
    ) -> Publication:
        """Publish exactly these files, in place of all that were published before.

        Args:
            targets: path, such as `courts/420683/issuer.json` → content.
            at: moment of publication, aware; if it lies before the last publication, that moment is stated again.
            beside: role → a key that signs besides, for a root that is to follow.
            above: the number is higher than this, and than that of the edition in effect and the one remembered.

        Raises:
            PublishingError: `target_path`, `root_expired`, `publication_refused` (by the verifier),
                `repository_damaged`, `edition_damaged`, `roots_unproven`, `publication_clock`, `versions_used_up`,
                `role_keys_missing`, `role_key_unknown`.
            OSError: the folder cannot be written; the publication before stays in effect.
        """
        for path in targets:
            if not TARGET_PATH.fullmatch(path):
                raise PublishingError("target_path", field=path)
        repository = self._repository
        with repository.locked():
            self.keep_roots()
            roots, edition = self.roots, self.in_effect
            root = root_of(roots[max(roots)], repository.metadata)
            if at >= root.expires:
                raise PublishingError("root_expired", expires=format_timestamp(root.expires))
            self.require_signers()
            signers = {role: [signer] for role, signer in self._signers.items()}
            for role, signer in (beside or {}).items():
                signers[role].append(signer)
            version = self._next_version(edition, root, above=above)
            files = self._signed(targets, signers, root, edition, version=version, at=at.astimezone(UTC))
            bundle = _packed(files, roots)
            for each in {roots[1], roots[max(roots)]}:
                _check(bundle, root=each, at=at)
            file = repository.bundle_path(version)
            repository.write({**Repository.named_roots(roots), **files, f"bundles/{file.name}": bundle})
            self._last.remember(version, files[TIMESTAMP_FILE], root=root)
        return Publication(version=version, sha256=sha256_of(bundle), path=file)

    def rehearse(self, following: bytes, new: Mapping[str, RoleSigner], *, at: datetime) -> None:
        """Judge a root that is to follow, and what would be published under it, as lenders will who hold one before.

        Args:
            following: the root, signed.
            new: role → key that the root names instead of the present one.
            at: the present moment, aware.

        Raises:
            PublishingError: `publication_refused`, `publication_clock`, `versions_used_up`; as `in_effect`.
        """
        edition, roots = self.in_effect, self.roots
        root = root_of(following, self._repository.metadata)
        self._follow_root()
        signers = {role: [signer] for role, signer in {**self._signers, **new}.items()}
        version = self._next_version(edition, root)
        targets = edition.targets if edition else {}
        files = self._signed(targets, signers, root, edition, version=version, at=at.astimezone(UTC))
        bundle = _packed(files, {**roots, root.version: following})
        for each in (roots[1], roots[max(roots)], following):
            _check(bundle, root=each, at=at)

    def take_root(self, following: bytes) -> None:
        """Let a root take its place after the newest; the next publication carries it.

        Raises:
            PublishingError: `repository_damaged`, it does not follow; `root_foreign`; `roots_unproven`.
            OSError: it cannot be written; the root before stays the newest.
        """
        with self._repository.locked():
            roots, version = self.roots, root_of(following, self._repository.metadata).version
            self._repository.add_root(version, following)
            self._keep({**roots, version: following})

    def is_ahead(self, at: datetime) -> bool:
        """Whether nothing can be published under the present keys, for the last publication lies in the future."""
        try:
            self._moment(self.signed_root, self.in_effect, at=at)
        except PublishingError as error:
            if error.code != "publication_clock":
                raise
            return True
        return False

    @property
    def has_no_number(self) -> bool:
        """Whether nothing can be published under the present keys, for lenders read no higher number."""
        try:
            self._next_version(self.in_effect, self.signed_root)
        except PublishingError as error:
            if error.code != "versions_used_up":
                raise
            return True
        return False

    def _next_version(self, edition: EditionInEffect | None, root: Root, *, above: int = 0) -> int:
        """The number of an edition under this root.

        Where other keys sign both timestamp and snapshot than before, lenders forget what those said (TUF
        specification, 5.3.11), and numbers that are used up begin anew.
        """
        after = max(above, edition.version if edition else 0, self._last.number(root))
        if after >= MAX_VERSION and edition is not None and self._differing(edition, root) >= _VOUCHING:
            after = 0
        return self._repository.next_version("targets", "snapshot", after=after)

    def _moment(self, root: Root, edition: EditionInEffect | None, *, at: datetime) -> str:
        """The moment to state.

        Where other keys sign timestamp or snapshot than before, lenders forget what those said (TUF specification,
        5.3.11), and time begins anew.
        """
        if edition is not None and self._differing(edition, root) & _VOUCHING:
            return format_timestamp(at)
        before = edition.published_at if edition else None
        # A revocation does not wait for a clock; what lies beyond the expiry lenders refuse.
        return following_moment(before, at=at, tolerance=self._lifetimes.timestamp)

    def _differing(self, edition: EditionInEffect, root: Root) -> frozenset[str]:
        """The roles that have other keys in a root than in that of an edition."""
        return frozenset(differing_roles(self._root_of(edition), root))

    def _follow_root(self) -> None:
        """Open the keys that the newest root names, where others are open or some could not be opened."""
        root = self.signed_root
        newest = root.version
        if newest == self._signers_of_root and not self._unopened:
            return
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
        root: Root,
        before: EditionInEffect | None,
        *,
        version: int,
        at: datetime,
    ) -> dict[str, bytes]:
        """Every file of a publication but the roots: name in the repository → content (TUF specification, 6)."""
        lifetimes = self._lifetimes
        edition = Edition(
            version=version,
            published_at=self._moment(root, before, at=at),
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
