"""Feed records can be found again by case, so that no look-up outlives a re-listing, and be read again by people."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("received_at", sa.DateTime(timezone=True)),
    ("repeated", sa.Boolean()),
    ("problems", sa.JSON()),
    ("effects", sa.JSON()),
    ("name", sa.String()),
    ("case_number", sa.String()),
    ("original_case_numbers", sa.String()),
    ("identity_key", sa.String()),
    ("alias_key", sa.String()),
)


def upgrade() -> None:
    """Add the columns; records that are there were received with their batch."""
    for name, kind in _COLUMNS:
        op.add_column("feed_record", sa.Column(name, kind, nullable=True))
    op.execute(
        "UPDATE feed_record SET received_at = "
        "(SELECT received_at FROM feed_batch WHERE feed_batch.id = feed_record.batch_id)"
    )
    op.create_index("ix_feed_received", "feed_record", ["court_id", "received_at"])
    op.create_index("ix_feed_outcome", "feed_record", ["court_id", "outcome", "id"])


def downgrade() -> None:
    """Drop the columns."""
    for index in ("ix_feed_outcome", "ix_feed_received"):
        op.drop_index(index, "feed_record")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("feed_record", name)
