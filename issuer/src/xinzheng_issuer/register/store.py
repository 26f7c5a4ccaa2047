"""The one door to the register. A `Store` is bound to a court; every query it makes names that court.

with register.writing(court) as store:     # one transaction: committed at the end, undone by any exception
    case = store.case(case_id)             # another court's case does not exist here: not_found, never "forbidden"
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime

from sqlalchemy import Engine, and_, func, not_, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from xinzheng_issuer.domain.workflow import LIVE_STATES, OPEN_STATES, State
from xinzheng_issuer.errors import RegisterError
from xinzheng_issuer.register.engine import READ_ONLY
from xinzheng_issuer.register.feed_rows import FeedRows
from xinzheng_issuer.register.key_rows import KeyRows
from xinzheng_issuer.register.publication_rows import PublicationRows
from xinzheng_issuer.register.status_rows import StatusRows
from xinzheng_issuer.register.tables import (
    MAX_PAGE,
    Case,
    Certificate,
    Court,
    FeedBatch,
    FeedRecord,
    KeyEvent,
    RefusalRecord,
    StatusChange,
    StatusList,
    TransitionRecord,
    User,
)


class Register:
    """A database of one or several courts."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # A writer that waits for SQLite looks again every 100 ms; one that waits here is woken.
        self._turn = threading.RLock() if engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def writing(self, court_id: str, *, snapshot: bool = False) -> "Iterator[Store]":
        """One transaction that may change the court's rows.

        Args:
            court_id: whose rows.
            snapshot: see all rows as they were at one moment, whatever others commit meanwhile; fails if it changes a
                row that they have changed (PostgreSQL; SQLite has one writer anyway).
        """
        with self._turn, Session(self.engine, expire_on_commit=False) as session:
            if snapshot and self.engine.dialect.name != "sqlite":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield Store(session, court_id)
            session.commit()

    @contextmanager
    def reading(self, court_id: str) -> "Iterator[Store]":
        """One transaction that only reads."""
        connection = self.engine.connect().execution_options(**{READ_ONLY: True})
        with connection, Session(connection, expire_on_commit=False) as session:
            yield Store(session, court_id)


class Store(FeedRows, KeyRows, PublicationRows, StatusRows):
    """The rows of one court, within one transaction."""

    def __init__(self, session: Session, court_id: str) -> None:
        self._session = session
        self.court_id = court_id

    def flush(self) -> None:
        """Send pending changes, so that a constraint speaks here and not at the end."""
        self._session.flush()

    def add(
        self,
        row: Court
        | User
        | Case
        | Certificate
        | FeedBatch
        | FeedRecord
        | KeyEvent
        | RefusalRecord
        | TransitionRecord
        | StatusList
        | StatusChange,
    ) -> None:
        """Add a row of this court.

        Raises:
            IntegrityError: a constraint does not hold.
        """
        self._session.add(row)
        self._session.flush()

    def add_case(self, case: Case) -> None:
        """Add a case, or write its changes.

        Raises:
            RegisterError: `case_taken` if another case of the entry is open or live.
        """
        try:
            with self._session.begin_nested():
                self._session.add(case)
        except IntegrityError as error:
            raise RegisterError("case_taken", field="enforcementCaseNumber") from error

    def add_unless_taken(self, row: Certificate | Case) -> bool:
        """Add a row, or leave the transaction as it was if a UNIQUE constraint is against it.

        Returns:
            True if the row was added.
        """
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError:
            return False
        return True

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that an exception undoes alone."""
        with self._session.begin_nested():
            yield

    # ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def court(self) -> Court | None:
        """The court's own row."""
        return self._session.get(Court, self.court_id)

    def user_by_token(self, token_sha256: str) -> User | None:
        """The court's user with this token digest, unless the token is out of use."""
        query = select(User).where(
            User.court_id == self.court_id, User.token_sha256 == token_sha256, col(User.disabled_at).is_(None)
        )
        return self._session.exec(query).one_or_none()

    def user(self, name: str) -> User:
        """The court's user of this name.

        Raises:
            RegisterError: `user_not_found`.
        """
        query = select(User).where(User.court_id == self.court_id, User.name == name)
        user = self._session.exec(query.with_for_update()).one_or_none()
        if user is None:
            raise RegisterError("user_not_found", field="name", name=name)
        return user

    def users(self) -> Sequence[User]:
        """Everybody with a token, by name."""
        return self._session.exec(select(User).where(User.court_id == self.court_id).order_by(col(User.name))).all()

    # ── cases ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def case(self, case_id: str, *, lock: bool = False) -> Case:
        """One case of this court.

        Args:
            case_id: its id.
            lock: hold it against other writers until the transaction ends (PostgreSQL; SQLite locks as a whole).

        Raises:
            RegisterError: `application_not_found`.
        """
        query = select(Case).where(Case.court_id == self.court_id, Case.id == case_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        case = self._session.exec(query).one_or_none()
        if case is None:
            raise RegisterError("application_not_found", field="id")
        return case

    def cases(self, *, state: State | None = None, offset: int = 0, limit: int = MAX_PAGE) -> Sequence[Case]:
        """Cases, newest first."""
        query = select(Case).where(Case.court_id == self.court_id)
        if state is not None:
            query = query.where(Case.state == state)
        query = query.order_by(col(Case.registered_at).desc(), col(Case.id)).offset(offset).limit(min(limit, MAX_PAGE))
        return self._session.exec(query).all()

    def cases_of_entry(self, *, case_number: str, identity_key: str) -> Sequence[Case]:
        """Open and live cases of one entry of the list."""
        query = select(Case).where(
            Case.court_id == self.court_id,
            Case.case_number == case_number,
            Case.identity_key == identity_key,
            col(Case.state).in_(OPEN_STATES | LIVE_STATES),
        )
        return self._session.exec(query).all()

    def cases_past(self, moment: datetime, *, lock: bool = False) -> Sequence[Case]:
        """Live cases whose certificate ended before `moment`.

        Args:
            moment: now.
            lock: hold them against other writers until the transaction ends, and leave out those that another one
                holds: what it makes of them is not known yet (PostgreSQL; SQLite locks as a whole).
        """
        query = select(Case).where(
            Case.court_id == self.court_id, col(Case.state).in_(LIVE_STATES), col(Case.valid_until) < moment
        )
        if lock:
            query = query.order_by(col(Case.id)).with_for_update(skip_locked=True)
            query = query.execution_options(populate_existing=True)
        return self._session.exec(query).all()

    def cases_ended_early(self, moment: datetime, *, lock: bool = False) -> Sequence[Case]:
        """Cases whose certificate is down as ended although it ends after `moment`, newest first by the log.

        Arguments as for `cases_past`.
        """
        begun = select(func.min(TransitionRecord.id)).where(TransitionRecord.case_id == Case.id).scalar_subquery()
        query = select(Case).where(
            Case.court_id == self.court_id, Case.state == State.EXPIRED, col(Case.valid_until) > moment
        )
        if lock:
            query = query.order_by(begun.desc()).with_for_update(skip_locked=True)
            query = query.execution_options(populate_existing=True)
        return self._session.exec(query).all()

    def transitions(self, case_id: str) -> Sequence[TransitionRecord]:
        """The log of one case, oldest first."""
        query = select(TransitionRecord).where(
            TransitionRecord.court_id == self.court_id, TransitionRecord.case_id == case_id
        )
        return self._session.exec(query.order_by(col(TransitionRecord.id))).all()

    def refusals(self, case_id: str) -> Sequence[RefusalRecord]:
        """Refused steps of one case, oldest first."""
        query = select(RefusalRecord).where(RefusalRecord.court_id == self.court_id, RefusalRecord.case_id == case_id)
        return self._session.exec(query.order_by(col(RefusalRecord.id))).all()

    # ── certificates ────────────────────────────────────────────────────────────────────────────────────────────────

    def issued_certificate(self, number: str, *, lock: bool = False) -> tuple[Certificate, Case]:
        """A certificate that was handed over, with its case.

        Args:
            number: certificate number.
            lock: hold both against other writers until the transaction ends.

        Raises:
            RegisterError: `certificate_not_found`; the same answer for a number of another court and for none at all.
        """
        query = self._issued().where(Certificate.number == number)
        pair = self._session.exec(query.with_for_update() if lock else query).one_or_none()
        if pair is None:
            raise RegisterError("certificate_not_found", field="number")
        return pair[0], pair[1]

    def issued_certificates(self, *, offset: int = 0, limit: int = MAX_PAGE) -> Sequence[tuple[Certificate, Case]]:
        """Certificates that were handed over, newest first."""
        query = self._issued().order_by(col(Certificate.issued_at).desc(), col(Certificate.id))
        rows = self._session.exec(query.offset(offset).limit(min(limit, MAX_PAGE))).all()
        return [(certificate, case) for certificate, case in rows]

    def certificate_of(self, case_id: str) -> Certificate | None:
        """The recorded or issued certificate of a case, if it is not voided."""
        query = select(Certificate).where(
            Certificate.court_id == self.court_id,
            Certificate.case_id == case_id,
            col(Certificate.voided_at).is_(None),
        )
        return self._session.exec(query).one_or_none()

    def certificate(self, certificate_id: str, *, lock: bool = False) -> Certificate:
        """A certificate by its `urn:uuid:` id, in whatever phase.

        Args:
            certificate_id: its id.
            lock: hold it against other writers until the transaction ends; to be called before its case is locked.

        Raises:
            RegisterError: `certificate_not_found`.
        """
        query = select(Certificate).where(Certificate.court_id == self.court_id, Certificate.id == certificate_id)
        certificate = self._session.exec(query.with_for_update() if lock else query).one_or_none()
        if certificate is None:
            raise RegisterError("certificate_not_found", field="id")
        return certificate

    def has_certificate(self, certificate_id: str) -> bool:
        """Whether a certificate was recorded, by its `urn:uuid:` id."""
        query = select(Certificate.id).where(Certificate.court_id == self.court_id, Certificate.id == certificate_id)
        return self._session.exec(query).one_or_none() is not None

    def recorded_count(self) -> int:
        """How many certificates were recorded, in whatever phase they are; it never sinks."""
        return self._session.exec(select(func.count()).where(Certificate.court_id == self.court_id)).one()

    def last_recorded(self) -> str | None:
        """The id of the certificate that was recorded last, in whatever phase it is."""
        query = select(Certificate.id).where(Certificate.court_id == self.court_id)
        return self._session.exec(query.order_by(col(Certificate.recorded_at).desc()).limit(1)).first()

    def pending_certificates(self) -> Sequence[Certificate]:
        """Recorded, neither issued nor voided: what a crash left behind."""
        query = select(Certificate).where(
            Certificate.court_id == self.court_id,
            col(Certificate.issued_at).is_(None),
            col(Certificate.voided_at).is_(None),
        )
        return self._session.exec(query.order_by(col(Certificate.recorded_at))).all()

    def list_fill(self) -> tuple[int, int]:
        """The newest status list.

        Returns:
            Its number (1 if there is none yet) and how many of its indexes are taken.
        """
        newest = self._newest_list()
        taken = select(func.count()).where(Certificate.court_id == self.court_id, Certificate.list_number == newest)
        return newest, self._session.exec(taken).one()

    def list_numbers(self) -> Sequence[int]:
        """Every status list in use; list 1 from the start."""
        return range(1, self._newest_list() + 1)

    def set_indexes(self, list_number: int, purpose: str) -> Sequence[int]:
        """Indexes whose bit is set, as the certificates are.

        Args:
            list_number: of the list.
            purpose: "revocation": revoked certificates, and voided numbers, which must never be valid; "suspension":
                suspended ones.
        """
        is_live = col(Certificate.voided_at).is_(None)
        is_set = and_(is_live, col(Case.state) == State.SUSPENDED)
        if purpose == "revocation":
            is_set = or_(not_(is_live), col(Case.state) == State.REVOKED)
        return self._session.exec(self._on_list(list_number).where(is_set)).all()

    def note_status_change(self, certificate: Certificate, purpose: str, *, is_set: bool, at: datetime) -> None:
        """Note, with the change itself, that a certificate's bit is set or cleared from a moment on."""
        self.add(
            StatusChange(
                court_id=self.court_id,
                list_number=certificate.list_number,
                purpose=purpose,
                list_index=certificate.list_index,
                is_set=is_set,
                at=at,
            )
        )

    def _newest_list(self) -> int:
        given = select(func.max(Certificate.list_number)).where(Certificate.court_id == self.court_id)
        opened = select(func.max(StatusList.number)).where(StatusList.court_id == self.court_id)
        return max(self._session.exec(given).one() or 1, self._session.exec(opened).one() or 1)

    # ── shared queries ──────────────────────────────────────────────────────────────────────────────────────────────

    def _issued(self) -> Select[Certificate, Case]:
        return (
            select(Certificate, Case)
            .join(Case, col(Case.id) == col(Certificate.case_id))
            .where(Certificate.court_id == self.court_id, col(Certificate.issued_at).is_not(None))
        )

    def _on_list(self, list_number: int) -> SelectOfScalar[int]:
        return (
            select(Certificate.list_index)
            .join(Case, col(Case.id) == col(Certificate.case_id))
            .where(Certificate.court_id == self.court_id, Certificate.list_number == list_number)
        )
