"""Records of the public list, and the cases that they may be about, as the register keeps them.

A part of `Store`, in a file of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, text
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from xinzheng_issuer.domain.workflow import LIVE_STATES, OPEN_STATES
from xinzheng_issuer.errors import RegisterError
from xinzheng_issuer.register.names import folded_name
from xinzheng_issuer.register.tables import HAD_EFFECT, MAX_PAGE, Case, Court, FeedBatch, FeedRecord


@dataclass(frozen=True)
class PastEffect:
    """What an earlier arrival of a record did.

    Attributes:
        effect: the strongest effect.
        certificate_number: of the case with that effect.
        labels: every certificate or application that it touched.
    """

    effect: str
    certificate_number: str | None
    labels: frozenset[str | None]


class FeedRows:
    """Queries on the feed, within the transaction of a `Store`."""

    _session: Session
    court_id: str

    def feed_candidates(
        self, *, case_numbers: Sequence[str], name: str, identity_keys: Iterable[str]
    ) -> Sequence[Case]:
        """Open and live cases that a public-list record may be about; locked until the transaction ends.

        Args:
            case_numbers: the record's own case, then those that it resumes.
            name: however spelled.
            identity_keys: digests of the number in every form.
        """
        keys = list(identity_keys)
        resumed = select(Case.id).where(
            Case.court_id == self.court_id,
            col(Case.original_numbers).is_not(None),
            or_(*(col(Case.original_numbers).contains(f" {each} ", autoescape=True) for each in case_numbers)),
        )
        query = select(Case).where(
            Case.court_id == self.court_id,
            col(Case.state).in_(OPEN_STATES | LIVE_STATES),
            or_(
                col(Case.case_number).in_(list(case_numbers)),
                col(Case.id).in_(resumed),
                col(Case.name_key) == folded_name(name),
                col(Case.identity_key).in_(keys),
                col(Case.alias_key).in_(keys),
            ),
        )
        return self._session.exec(query.order_by(col(Case.registered_at), col(Case.id)).with_for_update()).all()

    def hold_feed(self) -> None:
        """Let no step that relies on a look-up run until this transaction ends; to be called before a case is locked.

        PostgreSQL alone; SQLite locks as a whole. Other steps, which refer to the court, go on.
        """
        self._session.exec(self._own_court().with_for_update(key_share=True)).one_or_none()

    def hold_feed_still(self) -> None:
        """Wait for records that are coming in, and let none come until this transaction ends; as `hold_feed`."""
        self._session.exec(self._own_court().with_for_update(read=True)).one_or_none()

    def _own_court(self) -> SelectOfScalar[str]:
        return select(Court.id).where(Court.id == self.court_id)

    def first_arrival(self, identities: Iterable[str]) -> datetime | None:
        """When a record came first; None if it never did.

        Args:
            identities: of the record, in every spelling.
        """
        firsts = [
            self._session.exec(
                select(FeedRecord.received_at)
                .where(
                    FeedRecord.court_id == self.court_id,
                    FeedRecord.identity == identity,
                    col(FeedRecord.received_at).is_not(None),
                )
                .order_by(col(FeedRecord.received_at))
                .limit(1)
            ).one_or_none()
            for identity in identities
        ]
        return min((first for first in firsts if first is not None), default=None)

    def past_effects(self, identities: Iterable[str]) -> Sequence[PastEffect]:
        """What earlier arrivals of a record did, oldest first; those that did nothing are not among them.

        Args:
            identities: of the record, in every spelling.
        """
        query = select(FeedRecord.effect, FeedRecord.certificate_number, FeedRecord.effects).where(
            FeedRecord.court_id == self.court_id, col(FeedRecord.identity).in_(list(identities)), text(HAD_EFFECT)
        )
        rows = self._session.exec(query.order_by(col(FeedRecord.id))).all()
        return [
            PastEffect(
                effect, number, frozenset([each["label"] for each in effects or ()] + ([number] if number else []))
            )
            for effect, number, effects in rows
        ]

    def touched_by(self, row: FeedRecord) -> frozenset[str | None]:
        """Every certificate or application that a record touched, in any arrival; none if it was read only in part."""
        past = () if row.identity is None else self.past_effects([row.identity])
        return frozenset[str | None]().union(*(each.labels for each in past))

    def feed_records_since(self, moment: datetime, case: Case) -> Sequence[FeedRecord]:
        """Records that came in at `moment` or later and may be about a case, as far as they could be read."""
        keys = [case.identity_key, case.alias_key]
        query = select(FeedRecord).where(
            FeedRecord.court_id == self.court_id,
            col(FeedRecord.received_at) >= moment,
            or_(col(FeedRecord.identity).is_not(None), col(FeedRecord.case_number).is_not(None)),
            or_(
                col(FeedRecord.name) == folded_name(case.name),
                col(FeedRecord.name).is_(None),
                col(FeedRecord.case_number).in_([case.case_number, *case.original_case_numbers]),
                col(FeedRecord.original_case_numbers).contains(case.case_number, autoescape=True),
                col(FeedRecord.identity_key).in_(keys),
                col(FeedRecord.alias_key).in_(keys),
                col(FeedRecord.document_keys).contains(case.identity_key, autoescape=True),
            ),
        )
        return self._session.exec(query).all()

    def feed_record(self, record_id: int) -> FeedRecord:
        """One record.

        Raises:
            RegisterError: `feed_record_not_found`.
        """
        query = select(FeedRecord).where(FeedRecord.court_id == self.court_id, FeedRecord.id == record_id)
        row = self._session.exec(query).one_or_none()
        if row is None:
            raise RegisterError("feed_record_not_found", field="id", id=record_id)
        return row

    def feed_records(
        self,
        *,
        batch_id: str | None = None,
        outcome: str | None = None,
        reviewed: bool | None = None,
        offset: int = 0,
        limit: int = MAX_PAGE,
    ) -> Sequence[FeedRecord]:
        """Records of the feed, newest batch first, by line within a batch.

        Args:
            batch_id: only those of one batch.
            outcome: only those with this outcome.
            reviewed: only those that somebody has looked at, or only the others.
            offset: how many to skip.
            limit: how many to give, at most `MAX_PAGE`.
        """
        query = select(FeedRecord).join(FeedBatch, col(FeedBatch.id) == col(FeedRecord.batch_id))
        query = query.where(FeedBatch.court_id == self.court_id)
        if batch_id is not None:
            query = query.where(FeedRecord.batch_id == batch_id)
        if outcome is not None:
            # By the index of outcomes: those that wait are few among many. All others are read off batch by batch.
            query = query.where(FeedRecord.court_id == self.court_id, FeedRecord.outcome == outcome)
        if reviewed is not None:
            query = query.where(col(FeedRecord.reviewed_at).is_not(None) == reviewed)
        query = query.order_by(col(FeedBatch.received_at).desc(), col(FeedBatch.id), col(FeedRecord.line))
        return self._session.exec(query.offset(offset).limit(min(limit, MAX_PAGE))).all()

    def feed_batches(self, *, offset: int = 0, limit: int = MAX_PAGE) -> Sequence[FeedBatch]:
        """Deliveries, newest first."""
        query = select(FeedBatch).where(FeedBatch.court_id == self.court_id)
        query = query.order_by(col(FeedBatch.received_at).desc(), col(FeedBatch.id))
        return self._session.exec(query.offset(offset).limit(min(limit, MAX_PAGE))).all()

    def feed_outcomes(self, batch_ids: Iterable[str]) -> dict[str, dict[str, int]]:
        """How many records of each batch had which outcome: batch → outcome → number."""
        query = (
            select(FeedRecord.batch_id, FeedRecord.outcome, func.count())
            .where(FeedRecord.court_id == self.court_id, col(FeedRecord.batch_id).in_(list(batch_ids)))
            .group_by(col(FeedRecord.batch_id), col(FeedRecord.outcome))
        )
        counts: dict[str, dict[str, int]] = {}
        for batch_id, outcome, number in self._session.exec(query).all():
            counts.setdefault(batch_id, {})[outcome] = number
        return counts
