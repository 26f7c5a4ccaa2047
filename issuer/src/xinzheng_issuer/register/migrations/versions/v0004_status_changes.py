"""When bits of status lists were set and cleared, so that journals can tell.

What is known of a register of an earlier version is its log, which names the moment of every suspension, lift and
revocation; its lists can be told from the register's beginning. Where that leads to other bits than the certificates
say, the list's history is not known: it begins with this upgrade.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)

_court = sa.table("court", sa.column("id"), sa.column("created_at", _MOMENT))
_list = sa.table(
    "status_list",
    *map(sa.column, ("court_id", "number", "purpose", "sequence")),
    sa.column("made_at", _MOMENT),
    sa.column("since", _MOMENT),
)
_case = sa.table("case_file", sa.column("id"), sa.column("state"))
_certificate = sa.table(
    "certificate",
    *map(sa.column, ("court_id", "case_id", "list_number", "list_index")),
    sa.column("voided_at", _MOMENT),
)
_log = sa.table(
    "transition_log", *map(sa.column, ("id", "case_id", "from_state", "to_state")), sa.column("at", _MOMENT)
)
_change = sa.table(
    "status_change",
    *map(sa.column, ("court_id", "list_number", "purpose", "list_index", "is_set", "sequence")),
    sa.column("at", _MOMENT),
)

_STATE_OF = {"revocation": "revoked", "suspension": "suspended"}


class _Change(NamedTuple):
    at: datetime
    place: int
    is_set: bool


_List = tuple[str, int, str]
"""Court, number and purpose."""


def upgrade() -> None:
    """Add the table and the columns, and enter what the log tells."""
    op.create_table(
        "status_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("list_index", sa.Integer(), nullable=False),
        sa.Column("is_set", sa.Boolean(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["court_id"], ["court.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_status_change_list", "status_change", ["court_id", "list_number", "purpose", "id"])
    op.add_column("status_list", sa.Column("since", _MOMENT, nullable=True))
    op.add_column("status_list", sa.Column("attested_at", _MOMENT, nullable=True))
    op.add_column("status_list", sa.Column("journal", sa.LargeBinary(), nullable=True))
    _enter_history(op.get_bind(), now=datetime.now(UTC).replace(microsecond=0))
    with op.batch_alter_table("status_list") as table:
        table.alter_column("since", existing_type=_MOMENT, nullable=False)


def downgrade() -> None:
    """Drop them; the log still tells what they told."""
    for name in ("journal", "attested_at", "since"):
        op.drop_column("status_list", name)
    op.drop_index("ix_status_change_list", "status_change")
    op.drop_table("status_change")


def _enter_history(connection: sa.Connection, *, now: datetime) -> None:
    """Changes and beginnings of every list, those included of which no edition is published yet."""
    began = {row.id: row.created_at for row in connection.execute(sa.select(_court))}
    logged, actual = _logged(connection), _actual(connection)
    lists = {(row.court_id, row.number, row.purpose): row for row in connection.execute(sa.select(_list))}
    for place in sorted({*lists, *logged, *actual}):
        changes, since = _in_order(logged.get(place, ())), began[place[0]]
        if _replayed(changes) != actual.get(place, set()):
            changes, since = [_Change(now, index, is_set=True) for index in sorted(actual.get(place, ()))], now
        row = lists.get(place)
        for change in changes:
            # What the last edition shows has its number; the rest waits for the next.
            is_shown = row is not None and since != now and _aware(change.at) <= _aware(row.made_at)
            _insert(connection, place, change, sequence=row.sequence if row is not None and is_shown else None)
        if row is not None:
            court_id, number, purpose = place
            which = (_list.c.court_id == court_id, _list.c.number == number, _list.c.purpose == purpose)
            connection.execute(sa.update(_list).where(*which).values(since=since))


def _logged(connection: sa.Connection) -> dict[_List, list[_Change]]:
    """What the log and the voided numbers tell of every list."""
    found: dict[_List, list[_Change]] = {}
    for row in connection.execute(sa.select(_certificate).where(_certificate.c.voided_at.is_not(None))):
        change = _Change(row.voided_at, row.list_index, is_set=True)
        found.setdefault((row.court_id, row.list_number, "revocation"), []).append(change)
    states = (_log.c.from_state.in_(_STATE_OF.values()) | _log.c.to_state.in_(_STATE_OF.values()),)
    steps = (
        sa.select(_certificate, _log.c.from_state, _log.c.to_state, _log.c.at)
        .join_from(_log, _certificate, _log.c.case_id == _certificate.c.case_id)
        .where(_certificate.c.voided_at.is_(None), _log.c.from_state != _log.c.to_state, *states)
        .order_by(_log.c.id)
    )
    for row in connection.execute(steps):
        for purpose, state in _STATE_OF.items():
            if state in (row.from_state, row.to_state):
                change = _Change(row.at, row.list_index, is_set=row.to_state == state)
                found.setdefault((row.court_id, row.list_number, purpose), []).append(change)
    return found


def _actual(connection: sa.Connection) -> dict[_List, set[int]]:
    """The indexes that are set, as the certificates are."""
    found: dict[_List, set[int]] = {}
    rows = sa.select(_certificate, _case.c.state).join_from(_certificate, _case, _case.c.id == _certificate.c.case_id)
    for row in connection.execute(rows):
        state = "revoked" if row.voided_at is not None else row.state
        for purpose, meaning in _STATE_OF.items():
            if state == meaning:
                found.setdefault((row.court_id, row.list_number, purpose), set()).add(row.list_index)
    return found


def _in_order(changes: Iterable[_Change]) -> list[_Change]:
    """By time; those of one moment as they were logged."""
    return sorted(changes, key=lambda change: _aware(change.at))


def _replayed(changes: Iterable[_Change]) -> set[int]:
    """The indexes that are set in the end; none that can be where a change is none (set twice, cleared before)."""
    found: set[int] = set()
    for change in changes:
        if change.is_set == (change.place in found):
            return {-1}
        (found.add if change.is_set else found.discard)(change.place)
    return found


def _insert(connection: sa.Connection, place: _List, change: _Change, *, sequence: int | None) -> None:
    court_id, number, purpose = place
    values: dict[str, Any] = {
        "court_id": court_id,
        "list_number": number,
        "purpose": purpose,
        "list_index": change.place,
        "is_set": change.is_set,
        "at": change.at,
        "sequence": sequence,
    }
    connection.execute(sa.insert(_change).values(**values))


def _aware(moment: datetime) -> datetime:
    """SQLite keeps no zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
