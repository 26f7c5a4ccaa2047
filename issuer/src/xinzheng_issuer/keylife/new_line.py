"""A bundle that begins anew, because no root can follow any more: another first root, under keys that nobody had.

What was published before is moved away first. No key of before is taken over, whether it lies there or not: one may be
why a new beginning is needed, and a root key that stays would let old stores take the new line for theirs once its
versions have passed the old ones.

What was published last is looked at: nothing of the new line tells what the old one said, so that whatever the register
or the key folder has forgotten of it would be forgotten for good. So is whether it is the last, for what is remembered
of that ends with the line. It is kept until the new line is published, for they may come back from a backup before.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import structlog

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import key_passphrase, open_bundle_keys
from xinzheng_issuer.issuing.court_keys import load_court_keys
from xinzheng_issuer.issuing.epoch import EPOCH_FILE, Epoch, TakenOver
from xinzheng_issuer.keylife.root_trail import Told, enter, key_names_of
from xinzheng_issuer.publishing.adoption import behind
from xinzheng_issuer.publishing.bundle import Lifetimes
from xinzheng_issuer.publishing.bundle_keys import ROLES, first_root
from xinzheng_issuer.publishing.in_effect import EditionInEffect, edition_in_effect
from xinzheng_issuer.publishing.known_keys import forgotten_keys, named
from xinzheng_issuer.publishing.last_edition import LastEdition, lost_number
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_issuer.publishing.other_disk import in_time
from xinzheng_issuer.publishing.own_lists import check_own, own_list_paths
from xinzheng_issuer.publishing.repository import Repository, root_of
from xinzheng_issuer.publishing.restoring import own_edition
from xinzheng_issuer.publishing.trust_list.documents import issuer_path
from xinzheng_issuer.publishing.witnesses import kept_editions
from xinzheng_issuer.settings import Settings
from xinzheng_verifier.trust.files import locked

_log = structlog.get_logger("xinzheng.keys")


class NewLine:
    """Where a bundle is begun anew.

    Args:
        settings: of this process.
        office: the court at work.
        before: what was published last: a publication folder that was moved away, or a bundle; None if nothing was.
    """

    def __init__(self, settings: Settings, office: Office, *, before: Path | None) -> None:
        self._settings = settings
        self._office = office
        self._before = before
        self._epoch = Epoch(settings.data / EPOCH_FILE)
        self._watermark = settings.watermark_of(office.court)
        self._keys = open_bundle_keys(settings, office.court)
        self._last = LastEdition(own=self._keys.folder / MEMORY_FILE, watermark=self._watermark)
        self._repository = Repository(settings.public_folder, self._keys.kept_roots)

    @property
    def keys_before(self) -> list[str]:
        """Names of the keys that lie there and are not used again."""
        return self._keys.lying_here()

    @property
    def usual_place(self) -> str:
        """Where the new keys are made unless told otherwise: where the court's configuration says."""
        return self._keys.usual_place

    def check(self) -> int:
        """See before anything is done that no repository is there, and that nothing of the line before is forgotten.

        Returns:
            The number of the last edition that is given up, for it is not what was published before and nobody has it
            any more: whoever says that there is nothing says so too, and so did whoever took over what there is; 0 of
            none.

        Raises:
            PublishingError: `repository_exists`; `watermark_away`, `memory_damaged`; `line_forgets`, register or key
                folder know less than was published; `edition_forgotten`, `line_forgotten`, another edition was the
                last, and is not given up; `line_foreign`, `list_not_own`, `repository_missing`, `repository_damaged`,
                `edition_damaged` of what was published before; `found_damaged`.
            TrustListError: `restore_refused`, `restore_partial`, the bundle from before.
        """
        return self._checked()[1]

    def _checked(self) -> tuple[bytes | None, int]:
        """What was published before, in one file, and what `check` returns; None if nothing was."""
        if self._repository.is_there:
            raise PublishingError("repository_exists", path=self._repository.folder)
        # One that comes back later would take the new line for an older state of the one that it remembers.
        if self._watermark is not None and _is_away(self._watermark):
            raise PublishingError("watermark_away", path=self._watermark)
        if self._before is None:
            return None, lost_number(self._forgotten(None))
        edition = own_edition(_bundle_of(self._before))
        self._require_known(self._before, edition.targets)
        refusal = self._forgotten(edition)
        with self._office.reading() as store:
            told = self._epoch.taken_over(store)
        if refusal is not None and not (told and told.gives_up(refusal.code, lost_number(refusal))):
            raise refusal
        return edition.bundle, lost_number(refusal)

    def _forgotten(self, edition: EditionInEffect | None) -> PublishingError | None:
        """Why another edition than this may have been the last; None if it was."""
        files = Repository.roots_among(edition.files) if edition else {}
        roots = {version: root_of(content, self._repository.root_path(version)) for version, content in files.items()}
        with self._office.reading() as store:
            given = store.last_bundle_version()
        return self._last.forgotten(self._last.memories(), edition, roots, given=given)

    def _require_known(self, before: Path, published: Mapping[str, bytes]) -> None:
        now, court, kept = self._office.clock(), self._office.court, kept_editions(self._epoch)
        paths = own_list_paths(published, court.id)
        if not paths:
            raise PublishingError("line_foreign", path=before, court=court.id)
        passphrase = key_passphrase(self._settings)
        keys = load_court_keys(self._settings.keys_folder, court, passphrase=passphrase, when_needed=True)
        check_own(paths, published, keys, at=now)
        path = issuer_path(court.id)
        listed = [edition[path] for edition in (published, *kept) if path in edition]
        with self._office.reading() as store:
            lists = behind(store, [published, *kept], at=now)
            lost = forgotten_keys(store, keys, listed)
        if lists or lost:
            told = [f"{each.number}/{each.purpose}" for each in lists] + ([named(lost)] if lost else [])
            raise PublishingError("line_forgets", path=before, forgotten=", ".join(told))

    def begin(self, told: Told, *, place: str | None = None) -> None:
        """Make the keys and the first root; the next publication carries it.

        Args:
            told: who does it, and why.
            place: where the keys are made, as for `BundleKeys.make`.

        Raises:
            PublishingError, TrustListError: as `check`.
            KeysError: (keys) a key cannot be made.
            OSError: what is remembered of the line before cannot be removed, or the root cannot be written; keys that
                were made are named by nothing.
            SQLAlchemyError: the register cannot enter it. If it fails at the very end the root stands, and whoever
                opens the register next enters it.
        """
        repository = self._repository
        with locked(self._settings.data):
            before, _ = self._checked()
            with self._office.reading() as store:
                known = key_names_of(store)
            new = {role: [self._keys.make(role, place=place, known=known)] for role in ROLES}
            now = self._office.clock()
            content = first_root(new, expires=now + Lifetimes().root)
            root = root_of(content, repository.root_path(1))
            repository.make_folders()
            if before is not None:
                self._keep(before, at=now)
            self._last.forget()  # once that is kept, for whatever stops this here lets it be begun once more
            with repository.locked(), self._office.writing() as store:
                enter(store, [root], told, at=now)
                repository.begin(content)
        names = [key.name for keys in new.values() for key in keys]
        _log.warning("bundle_begun_anew", keys=names, actor=told.actor.name, reason=told.reason)

    def _keep(self, bundle: bytes, *, at: datetime) -> None:
        """Keep what was published before; the first publication of the new line ends that, or `xinzheng db adopt`."""
        with self._office.writing() as store:
            # That it is kept already, and no doubt noted, shows that this was stopped in between.
            is_doubted, taken_over = self._epoch.refusal(store, known=bundle) is not None, self._epoch.taken_over(store)
            if not is_doubted:
                taken_over = TakenOver(f"begin {uuid.uuid4()}")
                store.enqueue_publication(taken_over.cause, at=at)
        # The entry stands before the doubt that it ends: whatever stops this here, the next publication ends it.
        self._epoch.doubt(replaced=bundle, taken_over=taken_over)


def _bundle_of(before: Path) -> bytes:
    """What a publication folder or a file says, in one file."""
    if not before.is_dir():
        return before.read_bytes()
    edition = edition_in_effect(Repository(before))
    if edition is None:
        raise PublishingError("repository_missing", path=before)
    return edition.bundle


def _is_away(path: Path) -> bool:
    try:
        in_time(path, path.stat)
    except OSError:
        return True
    return False
