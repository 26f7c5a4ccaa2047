"""The feed finds cases by names however spelled and by the cases that they resume, and pages are read off an index."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from xinzheng_issuer.feed.personal_numbers import record_without_personal_numbers
from xinzheng_issuer.register.names import folded_name

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PAGE = 1000

_case = sa.table("case_file", *map(sa.column, ("id", "name", "name_key", "original_case_numbers", "original_numbers")))
_record = sa.table("feed_record", *map(sa.column, ("id", "name", "raw")))


def upgrade() -> None:
    """Add columns and indexes; names are folded by the program's own rule, for the two are compared."""
    op.add_column("case_file", sa.Column("name_key", sa.String(), nullable=False, server_default=""))
    op.add_column("case_file", sa.Column("original_numbers", sa.String(), nullable=True))
    op.add_column("feed_record", sa.Column("document_keys", sa.String(), nullable=True))
    _fold_cases()
    _mend_records()
    op.drop_index("ix_case_name", "case_file")
    op.create_index("ix_case_name", "case_file", ["court_id", "name_key"])
    op.create_index(
        "ix_case_originals",
        "case_file",
        ["court_id", "original_numbers"],
        sqlite_where=sa.text("original_numbers IS NOT NULL"),
        postgresql_where=sa.text("original_numbers IS NOT NULL"),
    )
    op.create_index("ix_case_registered", "case_file", ["court_id", "registered_at"])
    op.create_index("ix_batch_received", "feed_batch", ["court_id", "received_at"])
    op.drop_index("ix_feed_identity", "feed_record")
    op.create_index("ix_feed_identity", "feed_record", ["court_id", "identity", "received_at"])
    had_effect = sa.text("outcome = 'applied' AND repeated IS NOT TRUE")
    op.create_index(
        "ix_feed_effect",
        "feed_record",
        ["court_id", "identity"],
        sqlite_where=had_effect,
        postgresql_where=had_effect,
    )


def downgrade() -> None:
    """Drop them; names of records stay folded."""
    op.drop_index("ix_feed_effect", "feed_record")
    op.drop_index("ix_feed_identity", "feed_record")
    op.create_index("ix_feed_identity", "feed_record", ["court_id", "identity"])
    op.drop_index("ix_batch_received", "feed_batch")
    for index in ("ix_case_registered", "ix_case_originals", "ix_case_name"):
        op.drop_index(index, "case_file")
    op.create_index("ix_case_name", "case_file", ["court_id", "name"])
    op.drop_column("feed_record", "document_keys")
    op.drop_column("case_file", "original_numbers")
    op.drop_column("case_file", "name_key")


def _fold_cases() -> None:
    for row in _rows(_case, _case.c.id, _case.c.name, _case.c.original_case_numbers):
        kept = row.original_case_numbers
        originals = json.loads(kept) if isinstance(kept, str) else kept
        values = {
            "name_key": folded_name(row.name),
            "original_numbers": f" {' '.join(originals)} " if originals else None,
        }
        op.get_bind().execute(sa.update(_case).where(_case.c.id == row.id).values(**values))


def _mend_records() -> None:
    """Fold the names; mask the numbers that earlier versions did not see behind escapes and blanks."""
    for row in _rows(_record, _record.c.id, _record.c.name, _record.c.raw):
        name = None if row.name is None else folded_name(row.name)
        raw = record_without_personal_numbers(row.raw)
        if (name, raw) != (row.name, row.raw):
            op.get_bind().execute(sa.update(_record).where(_record.c.id == row.id).values(name=name, raw=raw))


def _rows(table: sa.TableClause, *columns: sa.ColumnClause[Any]) -> Iterator[sa.Row[Any]]:
    """All rows, page by page: a register of ten years has a million records."""
    last: object = None
    while True:
        query = sa.select(*columns).order_by(table.c.id).limit(_PAGE)
        if last is not None:
            query = query.where(table.c.id > last)
        page: Sequence[sa.Row[Any]] = op.get_bind().execute(query).all()
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1].id
