"""The number of a court's last contribution to the country's trust list: that the court is in it outlives a folder."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what the folder of the last contribution says is entered at the next start."""
    op.add_column("court", sa.Column("contribution_version", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("court", "contribution_version")
