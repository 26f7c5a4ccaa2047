"""A delivery of public-list records: every record is read, decided, applied and kept, each by itself."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import get_args

import structlog
from sqlalchemy.exc import SQLAlchemyError

from xinzheng_issuer.casework.certificates import revoke_case, set_proposal_aside
from xinzheng_issuer.casework.ends import expire_due
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.casework.steps import take_step
from xinzheng_issuer.domain.labels import ACTIONS, ROLES, listed
from xinzheng_issuer.domain.rules import civil_date
from xinzheng_issuer.domain.workflow import SYSTEM, Action, Actor, Role, State
from xinzheng_issuer.errors import FeedError, RefusalError, WorkflowError
from xinzheng_issuer.feed.batches import RawRecord, split_batch
from xinzheng_issuer.feed.matching import candidates, known_case, label_of, make_findable, partly_about
from xinzheng_issuer.feed.personal_numbers import record_without_personal_numbers, without_personal_numbers
from xinzheng_issuer.feed.records import ListRecord, PartlyReadError, read_record
from xinzheng_issuer.feed.relisting import Effect, decide
from xinzheng_issuer.register.feed_rows import PastEffect
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, FeedBatch, FeedRecord
from xinzheng_schemas.errors import CodedError, Language
from xinzheng_schemas.vocabulary import RevocationReason

_log = structlog.get_logger("xinzheng.feed")

FEED_ROLES = frozenset({Role.CLERK, Role.JUDGE, Role.ADMINISTRATOR})
"""Who may deliver a batch; the steps that follow from it are the system's."""

READING_ROLES = frozenset({Role.CLERK, Role.JUDGE})
"""Who may read what was delivered: it names people who have nothing to do with a certificate."""

SLICE_RECORDS = 100
"""Records of one transaction: some 0.2 s of a slow processor, during which nobody else can write."""

PAUSE_SECONDS = 0.002
"""Time between two slices: whoever waits for the register takes it."""

LANGUAGES: tuple[Language, ...] = get_args(Language)
"""The languages in which problems are kept."""


class FeedOutcome(StrEnum):
    """What became of a record."""

    APPLIED = "applied"
    UNMATCHED = "unmatched"
    FLAGGED = "flagged"
    REJECTED = "rejected"


@dataclass(frozen=True)
class CaseEffect:
    """What a record did to one case: `label` is the certificate number, or the application's id."""

    label: str
    effect: Effect


@dataclass(kw_only=True)
class RecordResult:
    """The answer for one record.

    Attributes:
        line: its place in the delivery.
        outcome: what became of it.
        effect: the strongest effect.
        certificate_number: of the case with that effect, if a certificate is out.
        effects: all effects.
        repeated: the same record had its effect before; nothing was done again.
        errors: why it was rejected or flagged, and remarks on fields that could not be read.
    """

    line: int
    outcome: FeedOutcome
    effect: Effect = Effect.NONE
    certificate_number: str | None = None
    effects: list[CaseEffect] = field(default_factory=list)
    repeated: bool = False
    errors: list[CodedError] = field(default_factory=list)


@dataclass(frozen=True)
class BatchResult:
    """The answer for a delivery: one result for every record in it."""

    batch_id: str
    records: Sequence[RecordResult]


def take_batch(data: bytes, office: Office, actor: Actor, *, max_records: int) -> BatchResult:
    """Apply a delivery in slices, each one transaction; a record that fails is undone alone and reported.

    Between two slices others get their turn. What a crash cuts off was not taken: sent again, the delivery does the
    rest, for what had its effect has it once.

    Args:
        data: JSON array, JSON lines or one object, UTF-8.
        office: the court at work.
        actor: who delivers.
        max_records: most records of one delivery.

    Returns:
        One result for every record, in order.

    Raises:
        FeedError: the delivery as a whole cannot be taken apart.
        WorkflowError: `role_not_allowed`.
    """
    require_role(actor, FEED_ROLES, "deliverFeed")
    raw_records = split_batch(data, max_records=max_records)
    now = office.clock()
    batch = FeedBatch(court_id=office.court.id, received_at=now, received_by=actor.id, records=len(raw_records))
    with office.writing() as store:
        store.add(batch)
    results: list[RecordResult] = []
    for first in range(0, len(raw_records), SLICE_RECORDS):
        time.sleep(PAUSE_SECONDS)
        results += _take_slice(raw_records[first : first + SLICE_RECORDS], batch.id, office)
    for result in results:
        _log.info("feed_record", batch=batch.id, line=result.line, outcome=result.outcome, effect=result.effect)
    return BatchResult(batch.id, results)


def _take_slice(records: Sequence[RawRecord], batch_id: str, office: Office) -> list[RecordResult]:
    now = office.clock()
    with office.writing() as store:
        store.hold_feed()
        expire_due(store, office, at=now)
        return [_take_record(store, raw, batch_id, office, now) for raw in records]


def require_role(actor: Actor, roles: frozenset[Role], action: str) -> None:
    """Refuse who may not do something with the feed.

    Raises:
        WorkflowError: `role_not_allowed`.
    """
    if not roles & actor.roles:
        raise WorkflowError(
            "role_not_allowed", action=ACTIONS[action], roles=listed(ROLES, roles), held=listed(ROLES, actor.roles)
        )


def _take_record(store: Store, raw: RawRecord, batch_id: str, office: Office, now: datetime) -> RecordResult:
    try:
        with store.savepoint():
            row = _row(store, raw, batch_id, now)
            result = _decided(store, row, raw, office, now)
            _keep(store, row, result)
            return result
    except (CodedError, SQLAlchemyError) as error:
        reason = error.code if isinstance(error, CodedError) else type(error).__name__
        failed = FeedError("feed_record_failed", reason=reason)
    row = _row(store, raw, batch_id, now)
    result = RecordResult(line=raw.line, outcome=FeedOutcome.REJECTED, errors=[failed])
    _make_findable(row, raw, office, now)
    _keep(store, row, result)
    return result


def _row(store: Store, raw: RawRecord, batch_id: str, now: datetime) -> FeedRecord:
    torn = raw.damage is not None and raw.damage.code == "feed_array_damaged"
    return FeedRecord(
        court_id=store.court_id,
        batch_id=batch_id,
        line=raw.line,
        raw=without_personal_numbers(raw.text, torn=True) if torn else record_without_personal_numbers(raw.text),
        outcome="",
        effect="",
        received_at=now,
    )


def _decided(store: Store, row: FeedRecord, raw: RawRecord, office: Office, now: datetime) -> RecordResult:
    """What becomes of a record; the row learns by what it can be found."""
    try:
        record = _read(raw, today=civil_date(now, office.policy))
    except PartlyReadError as error:
        make_findable(row, error.records, office.identity_keys)
        labels = partly_about(store, error.records, office.identity_keys)
        flags = [FeedError("feed_record_unclear", number=label) for label in labels]
        outcome = FeedOutcome.FLAGGED if flags else FeedOutcome.REJECTED
        return RecordResult(line=raw.line, outcome=outcome, errors=[*flags, *error.problems])
    except RefusalError as error:
        return RecordResult(line=raw.line, outcome=FeedOutcome.REJECTED, errors=list(error.problems))
    row.identity = record.identity
    make_findable(row, [record], office.identity_keys)
    return _apply(store, raw.line, record, office, now)


def _make_findable(row: FeedRecord, raw: RawRecord, office: Office, now: datetime) -> None:
    """What could not be applied speaks against earlier look-ups all the same."""
    try:
        record = _read(raw, today=civil_date(now, office.policy))
    except PartlyReadError as error:
        make_findable(row, error.records, office.identity_keys)
    except RefusalError:
        return
    else:
        row.identity = record.identity
        make_findable(row, [record], office.identity_keys)


def _read(raw: RawRecord, *, today: date) -> ListRecord:
    if raw.damage and raw.damage.code == "feed_array_damaged":
        raise RefusalError([raw.damage])
    record = read_record(raw.text, damage=raw.damage)
    if record.published_on > today:
        # What has not happened revokes nobody: a slip in the year would do so for good.
        published = record.published_on.isoformat()
        raise RefusalError(
            [FeedError("feed_date_in_future", field="publishDate", value=published, today=today.isoformat())]
        )
    return record


def _keep(store: Store, row: FeedRecord, result: RecordResult) -> None:
    row.outcome = result.outcome
    row.effect = result.effect
    row.effects = [{"label": each.label, "effect": each.effect} for each in result.effects]
    row.repeated = result.repeated
    row.codes = [error.code for error in result.errors]
    row.problems = [_kept(error) for error in result.errors]
    row.certificate_number = result.certificate_number
    store.add(row)


def _kept(error: CodedError) -> dict[str, str | None]:
    """A problem with its words, which may repeat what stands in the record."""
    kept: dict[str, str | None] = {"field": error.field, "code": error.code}
    return kept | {language: without_personal_numbers(error.message(language)) for language in LANGUAGES}


@dataclass(frozen=True)
class _Past:
    """Earlier arrivals of the same record.

    Attributes:
        labels: the certificates and applications that it had an effect on.
        strongest: the arrival with the strongest effect.
        first_received_at: when it came first.
    """

    labels: frozenset[str | None]
    strongest: PastEffect | None
    first_received_at: datetime | None

    @classmethod
    def of(cls, store: Store, record: ListRecord) -> "_Past":
        effects = store.past_effects(record.identities)
        ranked = sorted(effects, key=lambda past: list(Effect).index(Effect(past.effect)))
        return cls(
            labels=frozenset[str | None]().union(*(past.labels for past in effects)),
            strongest=ranked[-1] if ranked else None,
            first_received_at=store.first_arrival(record.identities),
        )

    def answered_in(self, case: Case) -> bool:
        """Whether the record was in the register before the look-up that the case rests on."""
        first, look_up = self.first_received_at, case.list_checked_at
        return first is not None and look_up is not None and first < look_up


def _apply(store: Store, line: int, record: ListRecord, office: Office, now: datetime) -> RecordResult:
    past = _Past.of(store, record)
    effects: list[tuple[Case, CaseEffect]] = []
    flags: list[CodedError] = []
    for case in candidates(store, record, office.identity_keys):
        label = label_of(store, case)
        decision = decide(
            record, known_case(case, label), office.policy, office.identity_keys, answered=past.answered_in(case)
        )
        # A case that was sent back and confirmed anew is sent back again; everything else happens once.
        if label in past.labels and decision.effect is not Effect.SENT_BACK:
            continue
        if decision.flag:
            flags.append(decision.flag)
            if decision.flag.code == "feed_suspended_already" and case.reinstatement_proposed_by is not None:
                set_proposal_aside(store, case, at=now, note=_note(record))
        if decision.effect is not Effect.NONE:
            _take_effect(store, case, decision.effect, record, now)
            effects.append((case, CaseEffect(label, decision.effect)))
    if not effects and not flags and past.strongest is not None:
        return _repeated(line, record, past.strongest)
    return _result(line, record, effects, flags)


def _repeated(line: int, record: ListRecord, past: PastEffect) -> RecordResult:
    return RecordResult(
        line=line,
        outcome=FeedOutcome.APPLIED,
        effect=Effect(past.effect),
        certificate_number=past.certificate_number,
        repeated=True,
        errors=list(record.remarks),
    )


def _result(
    line: int, record: ListRecord, effects: list[tuple[Case, CaseEffect]], flags: list[CodedError]
) -> RecordResult:
    remarks = list(record.remarks)
    if effects:
        ranked = list(Effect)
        case, strongest = max(effects, key=lambda pair: ranked.index(pair[1].effect))
        out = State(case.state) in {State.SUSPENDED, State.REVOKED}
        return RecordResult(
            line=line,
            outcome=FeedOutcome.APPLIED,
            effect=strongest.effect,
            certificate_number=strongest.label if out else None,
            effects=[effect for _, effect in effects],
            errors=[*flags, *remarks],
        )
    if flags:
        return RecordResult(line=line, outcome=FeedOutcome.FLAGGED, errors=[*flags, *remarks])
    unknown = FeedError("feed_record_unknown", field="caseCode")
    return RecordResult(line=line, outcome=FeedOutcome.UNMATCHED, errors=[unknown, *remarks])


def _take_effect(store: Store, case: Case, effect: Effect, record: ListRecord, now: datetime) -> None:
    if effect is Effect.REVOKED:
        revoke_case(store, case, SYSTEM, reason=RevocationReason.RELISTED, at=now, note=_note(record))
        return
    action = Action.SUSPEND if effect is Effect.SUSPENDED else Action.SEND_BACK
    take_step(store, case, action, SYSTEM, at=now, reason=RevocationReason.RELISTED, note=_note(record))


def _note(record: ListRecord) -> str:
    return f"public list: {record.case_number}, published {record.published_on.isoformat()}"
