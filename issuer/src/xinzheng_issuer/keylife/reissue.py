"""After a compromise: every certificate in force that a key signed is made anew with the key that signs now.

Each gets a case of its own, which takes over what was approved and supersedes the old one, a new number and a new
index, and runs through the issuing cycle: record, lint, sign, verify, store. Certificates go in batches of two
transactions, one that records and one that stores; between them lies the work that needs no database. A crash leaves
recorded ones, which the next run finishes; what has been re-issued is never taken again.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from xinzheng_issuer.casework.applications import draft_sha256
from xinzheng_issuer.casework.ends import expire_due
from xinzheng_issuer.casework.steps import take_step
from xinzheng_issuer.domain.labels import STATES
from xinzheng_issuer.domain.workflow import OPEN_STATES, SYSTEM, Action, Actor, State
from xinzheng_issuer.errors import IssuingError, KeyLifeError, RefusalError, RegisterError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.key_records import read_entries
from xinzheng_issuer.issuing.numbering import ListFill, Numbering
from xinzheng_issuer.issuing.rehearsal import SignedForms
from xinzheng_issuer.keylife.country import CountryEdition, in_country, listed_since
from xinzheng_issuer.keylife.desk import whole_second
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, Certificate
from xinzheng_keys.errors import KeysError
from xinzheng_keys.lifecycle import KeyRecord, usable_key
from xinzheng_keys.messages import KEY_STATES
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

_log = structlog.get_logger("xinzheng.keys")

BATCH = 50
"""Certificates of one transaction: some tenths of a second in which nobody else can write."""

PUBLISH_SECONDS = 30.0
"""How long what has been re-issued waits for its publication while the work goes on, seconds."""

PAUSE_SECONDS = 0.002
"""Time between two batches: whoever waits for the register takes it."""

_COPIED_NOT = {
    "id",
    "state",
    "version",
    "registered_at",
    "supersedes_case_id",
    "reissues_key",
    "approved_draft_sha256",
    "reinstatement_proposed_by",
    "revocation_reason",
}

Progress = Callable[[int, int], None]
"""Told after each batch: how many are re-issued, how many there were in all."""


@dataclass
class Reissued:
    """What a run did.

    Attributes:
        numbers: old number → new number.
        left: old number, or application id, → code of why it was left as it is.
        suspended: numbers that were left because they are suspended; once reinstated, another run takes them.
        published: whether lenders can see all of it.
    """

    numbers: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    suspended: list[str] = field(default_factory=list)
    published: bool = False


@dataclass(frozen=True)
class _Work:
    """A recorded certificate and the number of the one that it replaces."""

    old_number: str
    certificate: Certificate


class Reissue:
    """Issues anew what one compromised key signed.

    Args:
        issuer: open, with the key that signs now.
        key: name of the compromised key.
        actor: who orders it; an administrator.
        reason: why; stands in the log of every case.
        batch: certificates of one transaction.
        listed_in: of a court in the country's list an edition of it that names the key that signs now.
        now: although that list may not name it.
    """

    def __init__(
        self,
        issuer: Issuer,
        key: str,
        actor: Actor,
        *,
        reason: str,
        batch: int = BATCH,
        listed_in: CountryEdition | None = None,
        now: bool = False,
    ) -> None:
        self._issuer = issuer
        self._office = issuer.office
        self._numbering = Numbering(issuer.office)
        self._key = key
        self._actor = actor
        self._reason = reason
        self._batch = batch
        self._listed_in = listed_in
        self._now = now
        self._result = Reissued()
        self._failed: set[str] = set()
        self._published_at = time.monotonic()

    def run(self, progress: Progress = lambda _done, _all: None) -> Reissued:
        """All of them.

        Args:
            progress: told after each batch.

        Raises:
            KeyLifeError: as `check`; `reissue_running`.
            LifecycleError, KeyStoreError: (keys) no key signs now. What was recorded is finished by the next run.
            IssuingError: `signer_unavailable`, `epoch_unwritable`, `register_doubted`; likewise.
            PublishingError: as `check`; likewise.
        """
        self.check()
        with _alone(self._issuer.settings.keys_folder):
            total = self._total()
            for work in self._batches():
                self._finish(work)
                self._publish_now_and_then()
                progress(len(self._result.numbers), total)
                time.sleep(PAUSE_SECONDS)
            self._result.published = self._issuer.outbox.settle().published
            with self._office.reading() as store:
                self._result.suspended = [*store.suspended_of(self._key, at=self._office.clock())]
        _log.warning("reissued", key=self._key, reissued=len(self._result.numbers), left=len(self._result.left))
        return self._result

    def check(self) -> None:
        """See before anything is done whether there is something to do.

        Raises:
            KeyLifeError: `key_unknown`, `key_not_compromised`; of a court in the country's list `key_listing_needed`,
                `key_edition_refused`, `key_not_listed`.
            LifecycleError, KeyStoreError: (keys) no key signs now.
            PublishingError: `register_restored`, `register_forgetful`.
        """
        self._issuer.outbox.require_knowledge()
        records = {entry.record.name: entry.record for entry in read_entries(self._issuer.settings.keys_folder)}
        if self._key not in records:
            raise KeyLifeError("key_unknown", field="name", name=self._key, known=", ".join(records))
        state = records[self._key].state
        if state is not KeyState.COMPROMISED:
            raise KeyLifeError("key_not_compromised", field="name", name=self._key, state=KEY_STATES[state])
        keys, now = self._issuer.keys.current(), self._office.clock()
        signers = (keys.signer(KeyUsage.CERTIFICATE, at=now), keys.second_signer(at=now))
        if not self._now and in_country(self._issuer):
            for signer in filter(None, signers):
                self._check_listed(records[signer.name])

    def _check_listed(self, record: KeyRecord) -> None:
        """What a key makes before the country's list names it, that list's lenders refuse."""
        if self._listed_in is None:
            raise KeyLifeError("key_listing_needed", name=record.name)
        listed_since(self._issuer, record, self._listed_in)

    def _total(self) -> int:
        now = self._office.clock()
        with self._office.reading() as store:
            return store.signed_count(self._key, since=now, at=now).live

    # ── 1 record ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _batches(self) -> Iterator[Sequence[_Work]]:
        """First what an earlier run recorded; then pass by pass, until a pass finds nothing new."""
        while work := self._resumed():
            yield work
        found = True
        while found:
            found, after = False, ""
            while (batch := self._recorded(after)) is not None:
                after, work = batch
                found = found or bool(work)
                yield work

    def _resumed(self) -> Sequence[_Work]:
        now = self._office.clock()
        work: list[_Work] = []
        outdated: list[str] = []
        ended: list[tuple[_Work, CodedError]] = []
        opens = usable_key(self._issuer.keys.current().records, usage=KeyUsage.CERTIFICATE, at=now).valid_from
        with self._office.writing() as store:
            store.hold_feed_still()
            expire_due(store, self._office, at=now)
            fill = ListFill(*store.list_fill())
            for case in store.open_reissues(self._key)[: self._batch]:
                old = store.case(case.supersedes_case_id or "", lock=True)
                certificate = store.certificate_of(case.id) or self._numbering.take(
                    store, case, self._actor, now, fill=fill
                )
                each = _Work(_number_of(store, old), certificate)
                if old.state == State.ACTIVE and case.state == State.APPROVED:
                    work.append(each)
                    if whole_second(certificate.recorded_at) < opens:
                        outdated.append(certificate.id)
                else:
                    ended.append((each, RegisterError("reissue_ended", state=STATES[old.state])))
        for each, error in ended:
            self._give_up(each, error)
        for certificate_id in outdated:
            # Recorded before the window of the key that signs now: its number is burned, the next look takes a new one.
            self._issuer.cycle.void(certificate_id, reason="key_not_usable")
        return self._resumed() if ended or outdated else work

    def _recorded(self, after: str) -> tuple[str, Sequence[_Work]] | None:
        """Record the next batch: the id after which to go on, and what was recorded; None at the end of the pass."""
        self._issuer.outbox.require_knowledge()  # somebody may take something over meanwhile
        now = self._office.clock()
        work: list[_Work] = []
        with self._office.writing() as store:
            store.hold_feed_still()
            expire_due(store, self._office, at=now)
            fill = ListFill(*store.list_fill())
            rows = store.to_reissue(self._key, after=after, at=now, limit=self._batch)
            for old, case in rows:
                if case.id not in self._failed:
                    work += self._record(store, old, case, now, fill)
        return (rows[-1][0].id, work) if rows else None

    def _record(self, store: Store, old: Certificate, old_case: Case, now: datetime, fill: ListFill) -> Sequence[_Work]:
        try:
            with store.savepoint():
                case = self._successor(old_case, now)
                take_step(store, case, Action.REISSUE, self._actor, at=now, reason=self._reason, note=old.number)
                return (_Work(old.number, self._numbering.take(store, case, self._actor, now, fill=fill)),)
        except (CodedError, RefusalError) as error:
            self._leave(old_case.id, old.number, error)
            return ()

    def _successor(self, old: Case, now: datetime) -> Case:
        case = Case(
            **old.model_dump(exclude=_COPIED_NOT),
            state="",
            version=0,
            registered_at=now,
            supersedes_case_id=old.id,
            reissues_key=self._key,
        )
        case.approved_draft_sha256 = draft_sha256(case)
        return case

    # ── 2 to 5 ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _finish(self, work: Sequence[_Work]) -> None:
        signed: list[tuple[_Work, SignedForms]] = []
        if work:
            self._issuer.cycle.note(work[-1].certificate.id)
        for each in work:
            try:
                signed.append((each, self._issuer.cycle.sign(each.certificate)))
            except IssuingError as error:
                if error.code == "signer_unavailable":
                    raise
                self._give_up(each, error)
            except KeysError:
                raise  # no key signs: what is recorded waits for the next run
            except CodedError as error:
                self._give_up(each, error)
        if signed:
            self._store(signed)

    def _store(self, signed: Sequence[tuple[_Work, SignedForms]]) -> None:
        refused: list[tuple[_Work, CodedError | RefusalError]] = []
        now = self._office.clock()
        with self._office.writing() as store:
            store.hold_feed_still()
            expire_due(store, self._office, at=now)
            for each, forms in signed:
                try:
                    with store.savepoint():
                        self._issuer.cycle.enter(store, each.certificate.id, forms, SYSTEM, now, publish=False)
                except (CodedError, RefusalError) as problem:
                    refused.append((each, problem))
            store.enqueue_publication("reissue", at=now)
        gone = {each.certificate.id for each, _ in refused}
        for each, _ in signed:
            if each.certificate.id not in gone:
                certificate = each.certificate
                self._result.numbers[each.old_number] = certificate.number
                # As of any other: after a register is restored, the log names those that it does not know.
                _log.info(
                    "certificate_issued",
                    number=certificate.number,
                    case=certificate.case_id,
                    replaces=each.old_number,
                    key=self._key,
                )
        for each, error in refused:
            self._give_up(each, error)

    def _give_up(self, work: _Work, error: CodedError | RefusalError) -> None:
        """Burn the number; the case is dropped, and the old certificate stays as it is."""
        self._issuer.cycle.void(work.certificate.id, reason=_code(error))
        now = self._office.clock()
        with self._office.writing() as store:
            certificate = store.certificate(work.certificate.id)
            case = store.case(certificate.case_id, lock=True)
            if certificate.issued_at is not None:
                # A server that was starting has finished it meanwhile.
                self._result.numbers[work.old_number] = certificate.number
                return
            if case.supersedes_case_id:
                self._leave(case.supersedes_case_id, work.old_number, error)
            if State(case.state) in OPEN_STATES:
                note = work.old_number
                take_step(store, case, Action.DROP_REISSUE, SYSTEM, at=now, reason=_code(error), note=note)

    def _leave(self, case_id: str, number: str, error: CodedError | RefusalError) -> None:
        code = _code(error)
        self._failed.add(case_id)
        self._result.left[number] = code
        _log.warning("reissue_left", number=number, code=code)

    def _publish_now_and_then(self) -> None:
        if time.monotonic() - self._published_at >= PUBLISH_SECONDS:
            self._issuer.outbox.settle()
            self._published_at = time.monotonic()


def _number_of(store: Store, case: Case) -> str:
    certificate = store.certificate_of(case.id)
    return certificate.number if certificate else case.id


def _code(error: CodedError | RefusalError) -> str:
    return error.code if isinstance(error, CodedError) else error.problems[0].code


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One re-issue at a time on a key folder; a crash ends the claim."""
    descriptor = os.open(folder / "reissue.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise KeyLifeError("reissue_running") from error
    else:
        yield
    finally:
        os.close(descriptor)
