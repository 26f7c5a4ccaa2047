"""A delivery of public-list records: every record is read, decided, applied and kept, each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy.exc import SQLAlchemyError

from xinzheng_issuer.casework.certificates import revoke_case
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.casework.steps import expire_due, take_step
from xinzheng_issuer.domain.workflow import SYSTEM, Action, Actor, Role, State
from xinzheng_issuer.errors import FeedError, RefusalError, WorkflowError
from xinzheng_issuer.feed.batches import RawRecord, split_batch, without_personal_numbers
from xinzheng_issuer.feed.records import ListRecord, PartlyHidden, read_record
from xinzheng_issuer.feed.relisting import Effect, KnownCase, decide
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, FeedBatch, FeedRecord
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.identity import MaskedId
from xinzheng_schemas.vocabulary import RevocationReason

_log = structlog.get_logger("xinzheng.feed")

FEED_ROLES = frozenset({Role.CLERK, Role.JUDGE, Role.ADMINISTRATOR})
"""Who may deliver a batch; the steps that follow from it are the system's."""


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
    """Apply a delivery in one transaction; a record that fails is undone alone and reported.

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
    if not FEED_ROLES & actor.roles:
        raise WorkflowError(
            "role_not_allowed",
            action="feed",
            roles=", ".join(sorted(FEED_ROLES)),
            held=", ".join(sorted(actor.roles)),
        )
    raw_records = split_batch(data, max_records=max_records)
    now = office.clock()
    with office.writing() as store:
        expire_due(store, at=now)
        batch = FeedBatch(court_id=office.court.id, received_at=now, received_by=actor.id, records=len(raw_records))
        store.add(batch)
        results = [_take_record(store, raw, batch.id, office, now) for raw in raw_records]
    for result in results:
        _log.info("feed_record", batch=batch.id, line=result.line, outcome=result.outcome, effect=result.effect)
    return BatchResult(batch.id, results)


def _take_record(store: Store, raw: RawRecord, batch_id: str, office: Office, now: datetime) -> RecordResult:
    identity: str | None = None
    try:
        record = read_record(raw.text)
        identity = record.identity
        with store.savepoint():
            result = _apply(store, raw.line, record, office, now)
    except RefusalError as error:
        result = RecordResult(line=raw.line, outcome=FeedOutcome.REJECTED, errors=list(error.problems))
    except (CodedError, SQLAlchemyError) as error:
        reason = error.code if isinstance(error, CodedError) else type(error).__name__
        failed = FeedError("feed_record_failed", reason=reason)
        result = RecordResult(line=raw.line, outcome=FeedOutcome.REJECTED, errors=[failed])
    _keep(store, raw, batch_id, identity, result)
    return result


def _keep(store: Store, raw: RawRecord, batch_id: str, identity: str | None, result: RecordResult) -> None:
    store.add(
        FeedRecord(
            court_id=store.court_id,
            batch_id=batch_id,
            line=raw.line,
            raw=without_personal_numbers(raw.text),
            identity=identity,
            outcome=result.outcome,
            effect=result.effect,
            codes=[error.code for error in result.errors],
            certificate_number=result.certificate_number,
        )
    )


def _apply(store: Store, line: int, record: ListRecord, office: Office, now: datetime) -> RecordResult:
    if earlier := store.applied_feed_record(record.identity):
        return RecordResult(
            line=line,
            outcome=FeedOutcome.APPLIED,
            effect=Effect(earlier.effect),
            certificate_number=earlier.certificate_number,
            repeated=True,
            errors=list(record.remarks),
        )
    effects: list[tuple[Case, CaseEffect]] = []
    flags: list[CodedError] = []
    for case in _candidates(store, record, office):
        label = _label(store, case)
        decision = decide(record, _known(case, label), office.policy, office.identity_keys)
        if decision.flag:
            flags.append(decision.flag)
        if decision.effect is not Effect.NONE:
            _take_effect(store, case, decision.effect, record, now)
            effects.append((case, CaseEffect(label, decision.effect)))
    return _result(line, record, effects, flags)


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


def _candidates(store: Store, record: ListRecord, office: Office) -> Sequence[Case]:
    keys: list[str] = []
    if isinstance(record.card, MaskedId):
        keys = [office.identity_keys.of_masked(record.card)]
    elif record.card is not None and not isinstance(record.card, PartlyHidden):
        keys = [office.identity_keys.of(record.card), office.identity_keys.alias_of(record.card)]
    numbers = {str(record.case_number), *(str(number) for number in record.original_case_numbers)}
    return store.feed_candidates(case_numbers=numbers, name=record.name, identity_keys=keys)


def _label(store: Store, case: Case) -> str:
    certificate = store.certificate_of(case.id)
    return certificate.number if certificate and certificate.issued_at else case.id


def _known(case: Case, label: str) -> KnownCase:
    return KnownCase(
        state=State(case.state),
        label=label,
        name=case.name,
        identity_key=case.identity_key,
        alias_key=case.alias_key,
        visible_number=case.masked_id_number or case.unified_social_credit_code or "",
        case_number=case.case_number,
        original_case_numbers=tuple(case.original_case_numbers),
        basis_number=case.basis_number,
        masked_on=case.masked_on,
    )


def _take_effect(store: Store, case: Case, effect: Effect, record: ListRecord, now: datetime) -> None:
    note = f"public list: {record.case_number}, published {record.published_on.isoformat()}"
    if effect is Effect.REVOKED:
        revoke_case(store, case, SYSTEM, reason=RevocationReason.RELISTED, at=now, note=note)
        return
    action = Action.SUSPEND if effect is Effect.SUSPENDED else Action.SEND_BACK
    take_step(store, case, action, SYSTEM, at=now, reason=RevocationReason.RELISTED, note=note)
