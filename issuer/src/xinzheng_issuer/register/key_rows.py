"""Questions about keys that the register answers: which certificates a key signed, its published age, its audit trail.

A part of `Store`, in a file of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from xinzheng_issuer.domain.workflow import LIVE_STATES, OPEN_STATES, State
from xinzheng_issuer.register.tables import Case, Certificate, Court, KeyEvent, PublishedKey


@dataclass(frozen=True)
class SignedCount:
    """Certificates of one key that are out and not at their end.

    Attributes:
        live: how many.
        since: how many of them were issued at the moment asked about or later.
        last_end: when the last of them ends; None if there is none.
    """

    live: int
    since: int
    last_end: datetime | None


class KeyRows:
    """Queries on keys, within the transaction of a `Store`."""

    _session: Session
    court_id: str

    def signed_count(self, key: str, *, since: datetime, at: datetime) -> SignedCount:
        """How many certificates in force or suspended a key signed.

        Args:
            key: name of the key.
            since: also count those issued from here on.
            at: the present moment; what ended before is not counted.
        """
        live = (
            select(func.count(), func.max(Case.valid_until))
            .join(Certificate, col(Case.id) == col(Certificate.case_id))
            .where(*self._of_key(key), col(Case.state).in_(LIVE_STATES), col(Case.valid_until) >= at)
        )
        number, last_end = self._session.exec(live).one()
        later, _ = self._session.exec(live.where(col(Certificate.issued_at) >= since)).one()
        return SignedCount(number, later, last_end)

    def last_signed_at(self, key: str | None = None) -> datetime | None:
        """The latest moment that a certificate bears; None if there is none.

        Args:
            key: name of the key that signed it; by default whatever key, and not signed yet too.
        """
        moments = func.max(col(Certificate.recorded_at)), func.max(col(Certificate.issued_at))
        which = (Certificate.court_id == self.court_id,) if key is None else self._of_key(key)
        found = self._session.exec(select(*moments).where(*which)).one()
        return max((each for each in found if each is not None), default=None)

    def signed_by(self, key: str, *, after: str, limit: int) -> Sequence[tuple[Certificate, Case]]:
        """Certificates that a key signed and that were handed over, in any state, by their id.

        Args:
            key: name of the key.
            after: the id after which to go on; "" from the start.
            limit: how many at most.
        """
        query = self._signed(key).where(col(Certificate.id) > after).order_by(col(Certificate.id)).limit(limit)
        return [(certificate, case) for certificate, case in self._session.exec(query).all()]

    def to_reissue(self, key: str, *, after: str, at: datetime, limit: int) -> Sequence[tuple[Certificate, Case]]:
        """Certificates in force of a key, and not being re-issued; as `signed_by`."""
        successor = aliased(Case)
        taken = (
            select(successor.id)
            .where(
                col(successor.supersedes_case_id) == Case.id,
                col(successor.reissues_key).is_not(None),
                col(successor.state).in_(OPEN_STATES),
            )
            .exists()
        )
        query = self._signed(key).where(
            Case.state == State.ACTIVE, col(Case.valid_until) >= at, ~taken, col(Certificate.id) > after
        )
        rows = self._session.exec(query.order_by(col(Certificate.id)).limit(limit).with_for_update(of=Case)).all()
        return [(certificate, case) for certificate, case in rows]

    def suspended_of(self, key: str, *, at: datetime) -> Sequence[str]:
        """Numbers of the certificates of a key that are suspended and not at their end."""
        query = self._signed(key).where(Case.state == State.SUSPENDED, col(Case.valid_until) >= at)
        return [certificate.number for certificate, _ in self._session.exec(query.order_by(col(Certificate.number)))]

    def open_reissues(self, key: str) -> Sequence[Case]:
        """Cases made for the re-issue of a key's certificates that are not at their end."""
        query = select(Case).where(
            Case.court_id == self.court_id, Case.reissues_key == key, col(Case.state).in_(OPEN_STATES)
        )
        return self._session.exec(query.order_by(col(Case.id)).with_for_update()).all()

    def key_events(self, key: str | None = None) -> Sequence[KeyEvent]:
        """What was done with the court's keys, oldest first."""
        query = select(KeyEvent).where(KeyEvent.court_id == self.court_id)
        if key is not None:
            query = query.where(KeyEvent.key_name == key)
        return self._session.exec(query.order_by(col(KeyEvent.at), col(KeyEvent.id))).all()

    def published_key(self, public_key: str) -> PublishedKey | None:
        """The first bundle that carried a key; None if none did."""
        return self._session.get(PublishedKey, (self.court_id, public_key))

    def mark_keys_published(self, public_keys: Iterable[str], *, bundle_version: int, at: datetime) -> None:
        """Note the first bundle of keys that no earlier one carried."""
        for public_key in public_keys:
            if self.published_key(public_key) is None:
                self._session.add(
                    PublishedKey(
                        court_id=self.court_id, public_key=public_key, bundle_version=bundle_version, published_at=at
                    )
                )
        self._session.flush()

    def contribution_version(self) -> int:
        """The number of the court's last contribution to the country's trust list; 0 if it never handed in."""
        court = self._session.get(Court, self.court_id)
        return court.contribution_version if court else 0

    def note_contribution(self, version: int) -> None:
        """Note a contribution; the number never goes down."""
        court = self._session.get(Court, self.court_id, with_for_update=True)
        if court is not None and court.contribution_version < version:
            court.contribution_version = version
            self._session.flush()

    def _signed(self, key: str) -> Select[Certificate, Case]:
        return select(Certificate, Case).join(Case, col(Case.id) == col(Certificate.case_id)).where(*self._of_key(key))

    def _of_key(self, key: str) -> tuple[ColumnElement[bool], ...]:
        """A key makes first proofs or second ones, never both: one index serves, where an OR would sort every page."""
        second = select(Certificate.id).where(Certificate.court_id == self.court_id, Certificate.second_key == key)
        column = Certificate.second_key if self._session.exec(second.limit(1)).first() else Certificate.signing_key
        return (
            col(Certificate.court_id) == self.court_id,
            col(column) == key,
            col(Certificate.issued_at).is_not(None),
        )
