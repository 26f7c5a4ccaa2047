"""The bundle of a court that runs alone, as it stands: its roots, the edition in effect, and what is kept of both.

Whoever can write the publication folder finds no hearing in it: a root counts if a copy of it is kept beside the keys,
if it follows one that is kept, or, where nothing is kept yet, if root keys that lie here made it; an edition counts if
those roots vouch for it.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog
from tuf.api.metadata import Root, Timestamp

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.bundle_keys import BundleKeys
from xinzheng_issuer.publishing.in_effect import EditionInEffect, edition_in_effect, edition_of
from xinzheng_issuer.publishing.last_edition import LastEdition
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE, Publication, Repository, file_state, root_of, stated
from xinzheng_issuer.publishing.root_chain import chain_of, roots_there
from xinzheng_verifier.errors import TrustError

_log = structlog.get_logger("xinzheng.publishing")


class OwnBundle:
    """What stands of the bundle. One folder has one line of versions.

    Args:
        folder: the repository.
        keys: of its roles; copies of the roots, and which edition was last, are kept beside them.
        watermark: file, outside of what a backup restores, that remembers the last edition too; None for none.
    """

    def __init__(self, folder: Path, *, keys: BundleKeys, watermark: Path | None = None) -> None:
        self._kept = keys.kept_roots
        self._repository = Repository(folder, self._kept)
        self._keys = keys
        self._last = LastEdition(own=keys.folder / MEMORY_FILE, watermark=watermark)
        self._proven: Mapping[int, bytes] = {}
        self._read: tuple[tuple[object, ...], EditionInEffect] | None = None

    # --- roots --------------------------------------------------------------------------------------------------------

    @property
    def roots(self) -> dict[int, bytes]:
        """Version → root metadata, ascending, from the first on: a lender may hold any of them.

        Raises:
            PublishingError: `repository_damaged`; `roots_unproven`, nothing is kept yet, and no root key that lies here
                made one of them.
        """
        kept = self._repository.kept_roots()
        roots = roots_there(self._repository.root_files(), kept)
        if 1 not in roots:
            raise PublishingError("repository_damaged", path=self._repository.root_path(1))
        if not kept and roots != self._proven:
            self._keys.require_own_roots(roots, self._repository.metadata)
        self._proven = roots
        return roots

    def keep_roots(self) -> None:
        """See that copies of all roots lie beside the keys; raises as `roots`."""
        roots = self.roots
        if roots != self._repository.kept_roots():
            self._keep(roots)

    def roots_after(self, first: bytes, path: Path) -> dict[int, bytes]:
        """The first root, which somebody vouches for who was there, and all that follow it, up to one of these keys.

        For an installation of before whose first root was signed by a key that is gone.

        Args:
            first: the root.
            path: where it is from.

        Raises:
            PublishingError: `roots_unproven`, it is no first root or leads to none that a root key here signed; or it
                is not the one that is kept. `repository_damaged`.
        """
        try:
            chain_of({1: first})
        except TrustError as error:
            raise PublishingError("roots_unproven", path=path) from error
        if self._repository.kept_roots().get(1, first) != first:
            raise PublishingError("roots_unproven", path=path)
        roots = roots_there(self._repository.root_files(), self._repository.kept_roots() or {1: first})
        newest = max(roots)
        self._keys.require_own_roots({newest: roots[newest]}, self._repository.metadata)
        return roots

    def keep(self, roots: Mapping[int, bytes]) -> None:
        """Keep copies of roots that were judged.

        Raises:
            OSError: they cannot be written.
        """
        self._kept.write(roots)

    def _keep(self, roots: Mapping[int, bytes]) -> None:
        """The roots stand, and follow what is kept, whether they can be kept or not: the next look tries again."""
        try:
            self.keep(roots)
        except OSError as error:
            _log.error("roots_not_kept", path=str(self._kept.path), reason=error.strerror)

    @property
    def root_path(self) -> Path:
        """The newest root metadata; raises as `roots`."""
        return self._repository.root_path(max(self.roots))

    @property
    def root(self) -> bytes:
        """The newest root metadata, as lenders get it to start with; raises as `roots`."""
        roots = self.roots
        return roots[max(roots)]

    @property
    def signed_root(self) -> Root:
        """What the newest root says; raises as `roots`."""
        return root_of(self.root, self._repository.metadata)

    @property
    def signed_roots(self) -> list[Root]:
        """What every root says, the oldest first; raises as `roots`."""
        path = self._repository.root_path
        return [root_of(content, path(version)) for version, content in self.roots.items()]

    @property
    def bundled_root(self) -> Root | None:
        """The newest root that lenders can know: that of the publication in effect; None before the first.

        Raises:
            PublishingError: as `in_effect`.
        """
        edition = self.in_effect
        return None if edition is None else self._root_of(edition)

    def _root_of(self, edition: EditionInEffect) -> Root:
        return root_of(edition.root, self._repository.metadata)

    @property
    def root_waits(self) -> bool:
        """Whether the newest root is in no publication yet; raises as `bundled_root`."""
        bundled = self.bundled_root
        return bundled is not None and bundled.version < max(self.roots)

    def require_room_for_root(self) -> None:
        """Raise unless a root can follow; raises as `Repository.require_room_for_root`."""
        self._repository.require_room_for_root()

    # --- the edition in effect ----------------------------------------------------------------------------------------

    @property
    def in_effect(self) -> EditionInEffect | None:
        """The publication in effect, judged; None before the first. It is read again when its files are others.

        Raises:
            PublishingError: as `roots`; `edition_damaged`; `line_forgotten`, roots vouch for it that lie with it alone.
        """
        timestamp, roots = self._repository.timestamp_bytes(), self.roots
        if timestamp is None:
            return None
        number = stated(timestamp, Timestamp, self._repository.folder / TIMESTAMP_FILE).version
        identity = timestamp, roots, file_state(self._repository.bundle_path(number))
        if self._read is None or self._read[0] != identity:
            try:
                self._read = identity, edition_of(self._repository, timestamp, roots)
            except PublishingError as error:
                raise self._of_other_line or error from error
        return self._read[1]

    @property
    def _of_other_line(self) -> PublishingError | None:
        """That the edition is of a line that began since the keys came from a backup, or that somebody else began."""
        with suppress(PublishingError):
            if there := edition_in_effect(Repository(self._repository.folder)):
                last = self._last.number(self.signed_roots[-1])
                return PublishingError("line_forgotten", found=last, expected=there.version)
        return None

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
                with self._repository.locked():
                    self._repository.write_bundle(edition.version, edition.bundle)
            except OSError as error:
                raise PublishingError("repository_damaged", path=path) from error
            _log.warning("bundle_made_again", version=edition.version)
        return Publication(version=edition.version, sha256=edition.sha256, path=path)

    def compared(self, given: int) -> tuple[EditionInEffect | None, PublishingError | None]:
        """The edition in effect, compared with what is remembered: the folder came back from a backup, or was emptied.

        Args:
            given: a number of which is known elsewhere that an edition under the present keys bears it.

        Returns:
            The edition, and what `LastEdition.forgotten` says of it.

        Raises:
            PublishingError: as `in_effect`; `repository_damaged`, `memory_damaged`.
        """
        memories = self._last.memories()
        edition, roots = self.in_effect, {root.version: root for root in self.signed_roots}
        return edition, self._last.forgotten(memories, edition, roots, given=given)
