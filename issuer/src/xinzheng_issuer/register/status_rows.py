"""Status lists and what changed in them, as the register keeps them.

A part of `Store`, in a file of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, or_, select, update

from xinzheng_issuer.register.tables import Case, Certificate, StatusChange, StatusList


class GivenOut(NamedTuple):
    """An index of a status list.

    Attributes:
        place: the index.
        number: of the certificate that has it.
        state: of that certificate's case.
        ends: when the certificate ends.
    """

    place: int
    number: str
    state: str
    ends: datetime | None


class StatusRows:
    """Queries on status lists, within the transaction of a `Store`."""

    _session: Session
    court_id: str

    def status_changes(self, list_number: int, purpose: str) -> Sequence[StatusChange]:
        """Every change of one list, in order of time, by the second; those that no edition has shown come last.

        Of one second they come in the order in which editions showed them. Rows are numbered when they are written and
        seen when they are committed: a lower number can come later.
        """
        query = select(StatusChange).where(
            StatusChange.court_id == self.court_id,
            StatusChange.list_number == list_number,
            StatusChange.purpose == purpose,
        )
        rows = [*self._session.exec(query.order_by(col(StatusChange.sequence).nulls_last(), col(StatusChange.id)))]
        shown = [row for row in rows if row.sequence is not None]
        shown.sort(key=lambda row: row.at.replace(microsecond=0))
        return shown + rows[len(shown) :]

    def status_list(self, number: int, purpose: str) -> StatusList | None:
        """The row of one status list."""
        return self._session.get(StatusList, (self.court_id, number, purpose))

    def given_out(self, list_number: int) -> Sequence[GivenOut]:
        """Every index of one list that was given out, in whatever phase its certificate is."""
        query = (
            select(Certificate.list_index, Certificate.number, Case.state, Case.valid_until)
            .join(Case, col(Case.id) == col(Certificate.case_id))
            .where(Certificate.court_id == self.court_id, Certificate.list_number == list_number)
        )
        return [GivenOut(*row) for row in self._session.exec(query).all()]

    def status_moments(self) -> Sequence[datetime]:
        """When lists were made and last vouched for, and since when their changes are told: the latest of each."""
        made, attested, since = (
            func.max(col(each)) for each in (StatusList.made_at, StatusList.attested_at, StatusList.since)
        )
        query = select(made, attested, since).where(StatusList.court_id == self.court_id)
        return [each for each in self._session.exec(query).one() if each is not None]

    def mark_attested(self, *, at: datetime) -> None:
        """Note that a publication has named every list's edition as current."""
        later = or_(col(StatusList.attested_at).is_(None), col(StatusList.attested_at) < at)
        self._session.exec(
            update(StatusList).where(col(StatusList.court_id) == self.court_id, later).values(attested_at=at)
        )
