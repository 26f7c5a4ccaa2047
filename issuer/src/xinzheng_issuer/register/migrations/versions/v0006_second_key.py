"""Which SM2 key made the second proof of a certificate."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: what was issued before has one proof."""
    op.add_column("certificate", sa.Column("second_key", sa.String(), nullable=True))
    op.create_index("ix_certificate_second_key", "certificate", ["court_id", "second_key", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_certificate_second_key", "certificate")
    op.drop_column("certificate", "second_key")
