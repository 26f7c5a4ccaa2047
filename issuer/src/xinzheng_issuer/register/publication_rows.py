"""The queue of what must be published, as the register keeps it.

A part of `Store`, in a file of its own.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, or_, select, update

from xinzheng_issuer.register.tables import KeyEvent, Publication

_VOUCHING = ("bundle/snapshot", "bundle/timestamp")
"""How the names of the keys begin that vouch for the numbers of bundles."""

_MOST_VALUES = 10_000
"""Values of one statement; PostgreSQL takes 65,535 and SQLite 250,000 by default."""


class PublicationRows:
    """Queries on the queue, within the transaction of a `Store`."""

    _session: Session
    court_id: str

    def enqueue_publication(self, cause: str, *, at: datetime) -> int:
        """Note, with the change itself, that it must be published.

        Returns:
            The place in the queue.
        """
        row = Publication(court_id=self.court_id, cause=cause, created_at=at)
        self._session.add(row)
        self._session.flush()
        if row.id is None:  # pragma: no cover - the database numbers the rows
            raise AssertionError(row)
        return row.id

    def pending_publications(self) -> Sequence[int]:
        """Places in the queue that are not published yet."""
        query = select(Publication.id).where(
            Publication.court_id == self.court_id, col(Publication.published_at).is_(None)
        )
        return [place for place in self._session.exec(query).all() if place is not None]

    def knows_publication(self, cause: str) -> bool:
        """Whether an entry of this cause is or was in the queue."""
        query = select(Publication.id).where(
            Publication.court_id == self.court_id,
            Publication.cause == cause,
        )
        return self._session.exec(query).first() is not None

    def waiting_since(self) -> datetime | None:
        """Since when the oldest entry of the queue waits; None if none does."""
        query = select(Publication.created_at).where(
            Publication.court_id == self.court_id, col(Publication.published_at).is_(None)
        )
        return self._session.exec(query.order_by(col(Publication.created_at)).limit(1)).first()

    def publication(self, place: int) -> Publication | None:
        """One entry of the queue."""
        query = select(Publication).where(Publication.court_id == self.court_id, Publication.id == place)
        return self._session.exec(query).one_or_none()

    def last_bundle_version(self) -> int:
        """The number of the bundle that carried the change published last; 0 of none.

        Under other keys of snapshot or timestamp numbers may begin anew: what was published before is not counted.
        """
        names = or_(*(col(KeyEvent.key_name).startswith(name) for name in _VOUCHING))
        changes = select(KeyEvent.at).where(KeyEvent.court_id == self.court_id, names)
        changed = self._session.exec(changes.order_by(col(KeyEvent.at).desc()).limit(1)).first()
        query = select(Publication.bundle_version).where(
            Publication.court_id == self.court_id, col(Publication.published_at).is_not(None)
        )
        if changed is not None:
            query = query.where(col(Publication.published_at) > changed)
        return self._session.exec(query.order_by(col(Publication.published_at).desc()).limit(1)).first() or 0

    def last_published_at(self) -> datetime | None:
        """The latest moment at which a change was published; None if none was."""
        published = col(Publication.published_at)
        query = select(Publication.published_at).where(Publication.court_id == self.court_id, published.is_not(None))
        return self._session.exec(query.order_by(published.desc()).limit(1)).first()

    def mark_published(self, places: Sequence[int], *, bundle_version: int, at: datetime) -> None:
        """Take entries out of the queue."""
        for first in range(0, len(places), _MOST_VALUES):
            some = col(Publication.id).in_(places[first : first + _MOST_VALUES])
            self._session.exec(
                update(Publication)
                .where(col(Publication.court_id) == self.court_id, some)
                .values(published_at=at, bundle_version=bundle_version)
            )
