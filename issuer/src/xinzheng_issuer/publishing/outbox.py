"""The outbox: what the register has decided becomes what lenders can fetch.

A change and its outbox entry are one transaction. Publishing derives every list from the rows, signs those that have
changed, and vouches for all in a new bundle. If that fails, the change stands and the entry waits: the next change, the
running server's timer or the next start publishes it. One publication serves all entries that were waiting when it
began.
"""

import json
import threading
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import OperationalError

from xinzheng_issuer.casework.ends import clock_is_due, expire_due, take_back_early
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.errors import IssuingError, PublishingError
from xinzheng_issuer.issuing.court_keys import CourtKeys, KeySource
from xinzheng_issuer.issuing.epoch import EPOCH_FILE, Epoch, TakenOver
from xinzheng_issuer.publishing.adoption import Again, Behind, behind, open_next_list, require_none_behind, take_over
from xinzheng_issuer.publishing.ahead import moments_begin_again
from xinzheng_issuer.publishing.bundle import ROOT_NOTICE, BundlePublisher
from xinzheng_issuer.publishing.editions import check_not_older, editions
from xinzheng_issuer.publishing.in_effect import EditionInEffect
from xinzheng_issuer.publishing.known_keys import ForgottenKey, forgotten_keys, require_known
from xinzheng_issuer.publishing.last_edition import lost_number
from xinzheng_issuer.publishing.repository import is_ahead
from xinzheng_issuer.publishing.role_keys import RoleSigner
from xinzheng_issuer.publishing.served import Served, served
from xinzheng_issuer.publishing.trust_list.documents import issuer_path
from xinzheng_issuer.publishing.witnesses import Witnesses
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import StatusList
from xinzheng_schemas.certificate import STATUS_PURPOSES
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.trust.files import locked
from xinzheng_verifier.trust.names import CHANGES

ROLE_KEYS_MISSING = "role_keys_missing"
"""Why nothing is published while the keys of the bundle's roles cannot be opened."""

FORGETFUL = frozenset({"status_list_older", "revocations_forgotten", "keys_restored", "register_restored"})
"""Why nothing is published of a register or a key folder that knows less than was published."""

TOLD_SECONDS = 10.0
"""How long a hindrance is told without another look, seconds; as long as an answer about the keys. [chosen]"""

_log = structlog.get_logger("xinzheng.publishing")


@dataclass(frozen=True)
class PublicationState:
    """Whether lenders can see a change.

    Attributes:
        published: True if nothing is waiting.
        bundle_version: of the bundle in effect; None before the first, and where it cannot be told after a failure.
        reason: why publishing failed, if it did.
    """

    published: bool
    bundle_version: int | None
    reason: str | None = None


class Outbox:
    """Publishes the changes of one court.

    Args:
        office: the court.
        keys: its keys.
        publisher: of its bundle.
        lock_folder: whose lock keeps others from publishing, and which has the register's epoch.
    """

    def __init__(
        self,
        office: Office,
        keys: KeySource,
        publisher: BundlePublisher,
        *,
        lock_folder: Path,
    ) -> None:
        self._office = office
        self._keys = keys
        self._publisher = publisher
        self._lock_folder = lock_folder
        self.epoch = Epoch(lock_folder / EPOCH_FILE)
        self._witnesses = Witnesses(office.court.id, keys, publisher, self.epoch)
        self._lock = threading.Lock()
        self._knows_all: bool | None = None  # None: to be looked at
        self._compared: CourtKeys | None = None  # the keys that the last look found good
        self._hindrances: Sequence[str] = ()
        self._looked_at = float("-inf")

    @property
    def publisher(self) -> BundlePublisher:
        """The bundle's publisher."""
        return self._publisher

    def settle(self) -> PublicationState:
        """Publish whatever waits.

        Returns:
            The state afterwards; a failure is logged, told and left for the next attempt, never raised.
        """
        return self._attempt(force=False)

    def renew(self) -> PublicationState:
        """Publish although nothing has changed: all is vouched for anew, and what is half over is signed anew."""
        return self._attempt(force=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else publishes until the block ends, in this process or another."""
        with self._lock, locked(self._lock_folder):
            yield

    def renew_alone(self, *, beside: Mapping[str, RoleSigner] | None = None) -> PublicationState:
        """As `renew`, within `alone`.

        Args:
            beside: role → a key that signs besides, for a root that is to follow.
        """
        return self._attempted(force=True, beside=beside)

    def forgotten_edition(self) -> PublishingError | None:
        """Why the publication folder may have forgotten an edition that was published from here.

        Returns:
            PublishingError: `edition_forgotten`, `line_forgotten`; None if it has not, or if `adopt` gave that up.

        Raises:
            PublishingError: `repository_damaged`, `edition_damaged`, `line_forgotten`, `roots_unproven`,
                `epoch_damaged`: it cannot be told.
        """
        return self._edition()[2]

    def _edition(self) -> tuple[EditionInEffect | None, int, PublishingError | None]:
        """The edition in effect, above which number the next one is, and why that may be another one that was lost."""
        with self._office.reading() as store:
            numbered, taken_over = store.last_bundle_version(), self.epoch.taken_over(store)
        given_up = taken_over.given_up if taken_over else 0
        edition, refusal = self._publisher.compared(numbered)
        if refusal and taken_over and taken_over.gives_up(refusal.code, lost_number(refusal)):
            refusal = None
        return edition, max(numbered, given_up, edition.version if edition else 0), refusal

    @property
    def is_taken_over(self) -> bool:
        """Whether all that was to be taken over is in the register, and waits to be published."""
        with self._office.reading() as store:
            return self.epoch.taken_over(store) is not None

    def behind(self) -> list[Behind]:
        """The status lists of which the register knows less than was published, for it came back from a backup.

        Raises:
            PublishingError: `repository_damaged`, `edition_damaged`; `list_not_own`, the court has not signed one;
                `found_damaged`.
        """
        now = self._office.clock()
        # What was published is read first: a publication meanwhile is in the rows before it takes effect.
        published = self._witnesses.heard(at=now)
        with self._office.reading() as store:
            return behind(store, published, at=now)

    def forgotten_keys(self, documents: Sequence[bytes] = ()) -> list[ForgottenKey]:
        """The keys of which the key folder knows less than was published or recorded, for it came from a backup.

        Args:
            documents: issuer documents of the court that were published elsewhere.

        Raises:
            PublishingError: `repository_damaged`, `edition_damaged`, `found_damaged`.
        """
        listed = [*self._witnesses.issuer_documents, *documents]
        with self._office.reading() as store:
            return forgotten_keys(store, self._keys, listed)

    def look(self) -> None:
        """What a start and a timer do: see what keeps the court from issuing or publishing, and log it."""
        found: list[str] = []
        checks = (
            self._publisher.keep_roots,
            self._end_doubt,
            self._compare,
            self._publisher.require_key_files,
            self._require_present,
        )
        for check in checks:
            try:
                check()
            except CodedError as error:
                if error.code not in found:
                    _log.error("hindered", code=error.code, reason=str(error))
                    found.append(error.code)
            except Exception as error:  # noqa: BLE001 - the register or a folder is away: the next look tells
                _log.error("hindered", code=type(error).__name__, exc_info=error)
                found.append(type(error).__name__)
        self._hindrances, self._looked_at = [*dict.fromkeys(found)], time.monotonic()

    def look_again(self) -> None:
        """What whoever tells of hindrances does: see whether they are gone, and whether a take-over has begun."""
        is_old = time.monotonic() - self._looked_at >= TOLD_SECONDS
        if is_old if self._hindrances else self.forgotten() is not None:
            self.look()

    @property
    def hindrances(self) -> Sequence[str]:
        """Codes of what kept the court from issuing or publishing at the last `look`."""
        return self._hindrances

    def ahead(self) -> PublishingError | None:
        """Why lenders who have what was published pass nothing: it lies further ahead of the clock than clocks differ.

        Returns:
            PublishingError: `publication_ahead`; None if nothing lies ahead.

        Raises:
            PublishingError: `repository_damaged`, `edition_damaged`.
        """
        now, edition = self._office.clock(), self._publisher.in_effect
        published = edition.published_at if edition else None
        with self._office.reading() as store:
            told = [*store.status_moments(), *([published] if published else [])]
        latest = max(told, default=now)
        if not is_ahead(latest, at=now):
            return None
        return PublishingError("publication_ahead", told=format_timestamp(latest), now=format_timestamp(now))

    def _require_present(self) -> None:
        if (error := self.ahead()) is not None:
            raise error

    def require_knowledge(self) -> None:
        """Raise while the register knows less than was published: it would give numbers and indexes out again.

        What the last look found counts as long as it was good, and nobody has begun to take anything over since.

        Raises:
            PublishingError: `register_restored`, `register_forgetful`, `keys_restored`, `edition_forgotten`; it cannot
                be told: `register_doubted`, `repository_damaged`, `edition_damaged`, `list_not_own`, `epoch_damaged`.
        """
        if not self._knows_all or self._keys.current() is not self._compared or self.forgotten() is not None:
            self._compare()

    def require_nothing_missed(self) -> None:
        """Raise while folder, keys or register know less than was published: nothing could be published from them.

        Raises:
            PublishingError: `edition_forgotten`, `keys_restored`, `register_restored`; it cannot be told:
                `repository_damaged`, `edition_damaged`, `list_not_own`.
        """
        if (refusal := self.forgotten_edition()) is not None:
            raise refusal
        require_known(self.forgotten_keys())
        require_none_behind(self.behind())

    def _compare(self) -> None:
        self._knows_all, compared = None, self._keys.current()
        self.require_nothing_missed()
        if (refusal := self.forgotten()) is not None:
            raise refusal
        self._knows_all, self._compared = True, compared

    def forgotten(self) -> PublishingError | None:
        """Why the register may have forgotten certificates that it recorded; None if it knows the last of them."""
        with self._office.reading() as store:
            return self.epoch.refusal(store)

    def adopt(
        self, *, opens_list: bool = False, again: Again | None = None, gives_up: Collection[str] = ()
    ) -> PublicationState:
        """Take over into the register what was published, open the next status list, and publish.

        Editions that nobody has any more are given up: the next is above the last one that is remembered. Whatever
        stops it, the register is in doubt and issues nothing until all of that is published.

        Args:
            opens_list: open the next list although nothing shows that the register lacks anything.
            again: repeat what was published as revoked or suspended; None leaves that to people.
            gives_up: codes of `forgotten_edition` that whoever orders it was told of.

        Raises:
            PublishingError: `edition_forgotten`, `line_forgotten`, which nobody was told of; `repository_damaged`,
                `edition_damaged`, `list_not_own`, `found_damaged`; `steps_to_repeat`, nothing was changed.
            IssuingError: `epoch_unwritable`, nothing was changed.
        """
        now = self._office.clock()
        with self.alone():
            if (refusal := self.forgotten_edition()) is not None and refusal.code not in gives_up:
                raise refusal
            editions = self._witnesses.heard(at=now)
            with self._office.writing() as store:
                lists = take_over(store, editions, at=now, again=again)
                numbers = sorted({number for each in lists for number in each.to_repeat})
                if numbers:
                    raise PublishingError("steps_to_repeat", count=len(numbers), numbers=", ".join(numbers[:3]))
                before = self.epoch.taken_over(store)
                is_doubted = self.epoch.refusal(store) is not None and before is None
                if lists or opens_list or refusal is not None or is_doubted:
                    given_up = max(before.given_up if before else 0, lost_number(refusal))
                    code = refusal.code if refusal else before.refusal if before else ""
                    taken_over = TakenOver(f"adopt {uuid.uuid4()}", given_up, code)
                    store.enqueue_publication(taken_over.cause, at=now)
                    self.epoch.doubt(taken_over=taken_over)
                    self._knows_all = None
                    open_next_list(store, at=now)
            for each in lists:
                _log.warning(
                    "status_list_adopted", list=each.number, purpose=each.purpose, known=each.known, now=each.published
                )
            return self._attempted(force=True)

    def served(self, number: int, purpose: str) -> Served | None:
        """The edition of a status list that whoever asks the court gets; None of a list that there is not.

        Args:
            number: of the list.
            purpose: its purpose.

        Raises:
            PublishingError: `repository_damaged`, `edition_damaged`: which edition was published cannot be told.
        """
        published = self._witnesses.in_effect
        with self._office.reading() as store:
            row = store.status_list(number, purpose)
            return served(row, published, court=self._office.court.id, number=number, purpose=purpose)

    def settle_or_renew(self) -> PublicationState:
        """What a timer does: publish what waits, a new root too, and renew what is older than `refresh_hours`.

        Returns:
            As of `settle`: whatever fails, the next round tries again.
        """
        return self._attempt(force=None)

    def is_behind(self, grace: timedelta) -> bool:
        """Whether lenders do not see something although there was time: a change that waits, or a renewal that is due.

        Args:
            grace: how long publishing may take.
        """
        latest = self._office.clock() - grace
        with self._office.reading() as store:
            row = store.status_list(1, STATUS_PURPOSES[0])
            waiting = store.waiting_since()
        if row is None or row.attested_at is None:
            return True
        is_old = latest - row.attested_at >= timedelta(hours=self._office.court.status.refresh_hours)
        return is_old or (waiting is not None and waiting < latest)

    def _overdue(self) -> bool:
        now = self._office.clock()
        with self._office.reading() as store:
            row = store.status_list(1, STATUS_PURPOSES[0])
            ended = clock_is_due(store, at=now)
        age = timedelta(hours=self._office.court.status.refresh_hours)
        if ended or row is None or row.attested_at is None or now - row.attested_at >= age:
            return True
        return self._publisher.root_waits

    def _attempt(self, *, force: bool | None) -> PublicationState:
        # The file lock keeps a command line beside a running server from publishing an older state over a newer one.
        try:
            with self.alone():
                return self._attempted(force=force)
        except OSError as error:
            return self._failed(error)

    def _attempted(self, *, force: bool | None, beside: Mapping[str, RoleSigner] | None = None) -> PublicationState:
        try:
            force = self._overdue() if force is None else force
            return self._publish(force=force, beside=beside)
        except Exception as error:  # noqa: BLE001 - the change stands whatever keeps it from being published
            return self._failed(error)

    def _failed(self, error: Exception) -> PublicationState:
        known = {"code": error.code, "reason": str(error)} if isinstance(error, CodedError) else {"exc_info": error}
        _log.error("publication_failed", **known)
        if isinstance(error, PublishingError) and error.code in FORGETFUL:
            self._knows_all = None
        version = None
        with suppress(CodedError, OSError):  # the publication folder may be what is at fault
            version = self._version()
        return PublicationState(published=False, bundle_version=version, reason=_reason(error))

    def _publish(self, *, force: bool, beside: Mapping[str, RoleSigner] | None) -> PublicationState:
        now = self._office.clock()
        # Until the block ends nobody changes the keys: lists and issuer document are of the same keys.
        with self._keys.in_use() as keys:
            with self._office.writing() as store:
                expire_due(store, self._office, at=now)
            # A disk far away may keep one waiting: not in a transaction.
            edition, above, forgotten = self._edition()
            with self._office.writing(snapshot=True) as store:
                waiting, taken_over = store.pending_publications(), self.epoch.taken_over(store)
                if not waiting and not force:
                    return PublicationState(published=True, bundle_version=self._version())
                self._publisher.require_signers()
                if forgotten is not None:
                    raise forgotten
                require_known(forgotten_keys(store, keys, self._witnesses.issuer_documents))
                again = moments_begin_again(self._publisher.bundled_root, self._publisher.signed_root)
                lists = self._behind_published(store, at=now)
                # New keys let moments begin again, and what is published yet does not tell those: entries count alone.
                require_none_behind([each for each in lists if each.lacks_entries or not again])
                if again:
                    # The clock is right, those keys say: nobody gets lists that pass what was suspended before.
                    take_back_early(store, self._office, at=now)
                # What must not be published must not get its numbers either: they would outrun the check.
                rows = editions(store, self._office, keys, at=now, again=again)
                targets = self._targets(rows, keys, edition, at=now)
        publication = self._publisher.publish(targets, at=now, beside=beside, above=above)
        with self._office.writing() as store:
            store.mark_published(waiting, bundle_version=publication.version, at=now)
            store.mark_attested(at=now)
            public_keys = [record.public_key_multibase for record in keys.records]
            store.mark_keys_published(public_keys, bundle_version=publication.version, at=now)
        if taken_over is not None:
            self._settle()
        _log.info("published", bundle_version=publication.version, changes=len(waiting))
        ends = self._publisher.signed_root.expires
        if now >= ends - ROOT_NOTICE:
            _log.warning("root_ends_soon", expires=format_timestamp(ends), command="xinzheng bundle-keys renew")
        return PublicationState(published=True, bundle_version=publication.version)

    def _behind_published(self, store: Store, *, at: datetime) -> list[Behind]:
        published = self._witnesses.in_effect
        if lists := behind(store, [published, *self._witnesses.kept], at=at):
            self._witnesses.check_own(published, at=at)  # what the court did not sign proves nothing of its register
        return lists

    def _end_doubt(self) -> None:
        """End a doubt whose end was published and could not be noted, for the machine stopped or the disk was full."""
        with self._office.reading() as store:
            is_over = self.epoch.taken_over(store) is not None and not store.pending_publications()
        if is_over:
            self._settle()

    def _settle(self) -> None:
        with self._office.reading() as store:
            last, fill = store.last_recorded(), store.list_fill()
        try:
            self.epoch.settle(None if last is None else (last, fill))
        except IssuingError as error:
            _log.error("epoch_not_settled", reason=str(error))

    def _targets(
        self, lists: Sequence[StatusList], keys: CourtKeys, before: EditionInEffect | None, *, at: datetime
    ) -> dict[str, bytes]:
        """What is to be published in the place of the edition in effect: path → content.

        Raises:
            PublishingError: `status_list_older`, `revocations_forgotten`; `edition_damaged`, `list_not_own`,
                `found_damaged`.
        """
        folder = f"courts/{self._office.court.id}"
        issuer = json.dumps(keys.issuer_document(), ensure_ascii=False, separators=(",", ":")).encode()
        targets = {issuer_path(self._office.court.id): issuer}
        for row in lists:
            name = f"{folder}/status/{row.number}/{row.purpose}"
            targets |= {f"{name}.json": row.document or b"", f"{name}{CHANGES}": row.journal or b""}
        published = before.targets if before else {}
        try:
            check_not_older(targets, published)
        except PublishingError:
            self._witnesses.check_own(published, at=at)  # what the court did not sign proves nothing of its register
            raise
        for found in self._witnesses.kept:
            check_not_older(targets, found)
        return targets

    def _version(self) -> int | None:
        latest = self._publisher.latest
        return latest.version if latest else None


def _reason(error: Exception) -> str:
    """What is told of a failure: a code that the reference explains."""
    if isinstance(error, CodedError):
        return error.code
    if isinstance(error, OperationalError):
        return "register_unavailable"
    return "publication_unwritable" if isinstance(error, OSError) else "internal_error"
