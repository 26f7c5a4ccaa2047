"""Which key signed a certificate, the life of keys, re-issued certificates, and feed records that were looked at."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SLICE = 500

_REVIEW = (
    ("reviewed_at", sa.DateTime(timezone=True)),
    ("reviewed_by", sa.String()),
    ("review_note", sa.String()),
)


def upgrade() -> None:
    """Add tables and columns; the signing key of certificates that are there is read from their stored form."""
    op.add_column("certificate", sa.Column("signing_key", sa.String(), nullable=True))
    _derive_signing_keys()
    op.create_index("ix_certificate_key", "certificate", ["court_id", "signing_key", "id"])
    op.add_column("case_file", sa.Column("reissues_key", sa.String(), nullable=True))
    op.create_index("ix_case_reissue", "case_file", ["court_id", "reissues_key", "state"])
    op.create_index("ix_case_superseded", "case_file", ["supersedes_case_id"])
    for name, kind in _REVIEW:
        op.add_column("feed_record", sa.Column(name, kind, nullable=True))
    op.create_table(
        "key_event",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("court_id", sa.String(), sa.ForeignKey("court.id"), nullable=False),
        sa.Column("key_name", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
    )
    op.create_index("ix_key_event", "key_event", ["court_id", "key_name", "at"])
    op.create_table(
        "published_key",
        sa.Column("court_id", sa.String(), sa.ForeignKey("court.id"), primary_key=True),
        sa.Column("public_key", sa.String(), primary_key=True),
        sa.Column("bundle_version", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("published_key")
    op.drop_table("key_event")
    for name, _ in reversed(_REVIEW):
        op.drop_column("feed_record", name)
    for index in ("ix_case_superseded", "ix_case_reissue"):
        op.drop_index(index, "case_file")
    op.drop_column("case_file", "reissues_key")
    op.drop_index("ix_certificate_key", "certificate")
    op.drop_column("certificate", "signing_key")


def _derive_signing_keys() -> None:
    """`verificationMethod` of the stored JSON-LD proof is `<did>#<name>`; in slices, for there may be many.

    Of a proof set, which a register holds that was taken back to before this version, the first is of that key.
    """
    connection = op.get_bind()
    table = sa.table(
        "certificate", sa.column("id"), sa.column("credential_json", sa.LargeBinary()), sa.column("signing_key")
    )
    last = ""
    while True:
        query = sa.select(table.c.id, table.c.credential_json).where(table.c.id > last).order_by(table.c.id)
        rows = connection.execute(query.limit(_SLICE)).all()
        if not rows:
            return
        for row in rows:
            if row.credential_json is not None:
                stated = json.loads(bytes(row.credential_json))["proof"]
                proof = stated[0] if isinstance(stated, list) else stated
                key = proof["verificationMethod"].rpartition("#")[2]
                connection.execute(sa.update(table).where(table.c.id == row.id).values(signing_key=key))
        last = rows[-1].id
