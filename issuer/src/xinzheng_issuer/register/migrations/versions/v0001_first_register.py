"""The first register: courts, people, cases, certificates, logs, status lists, outbox, feed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "court",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("did"),
    )
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("id_type", sa.String(), nullable=False),
        sa.Column("masked_id_number", sa.String(), nullable=True),
        sa.Column("unified_social_credit_code", sa.String(), nullable=True),
        sa.Column("id_commitment", sa.String(), nullable=False),
        sa.Column("identity_key", sa.String(), nullable=False),
        sa.Column("alias_key", sa.String(), nullable=False),
        sa.Column("check_digit_override", sa.String(), nullable=True),
        sa.Column("agent_name", sa.String(), nullable=True),
        sa.Column("agent_authority", sa.String(), nullable=True),
        sa.Column("papers", sa.JSON(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("original_case_numbers", sa.JSON(), nullable=False),
        sa.Column("basis_number", sa.String(), nullable=True),
        sa.Column("basis_issuing_body", sa.String(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("term_end", sa.Date(), nullable=True),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("purpose_text", sa.String(), nullable=True),
        sa.Column("supersedes_case_id", sa.String(), nullable=True),
        sa.Column("masking_serial", sa.String(), nullable=True),
        sa.Column("masked_on", sa.Date(), nullable=True),
        sa.Column("masking_approved_on", sa.Date(), nullable=True),
        sa.Column("masking_ground", sa.String(), nullable=True),
        sa.Column("conditional", sa.Boolean(), nullable=True),
        sa.Column("performance", sa.String(), nullable=True),
        sa.Column("consumption_restriction", sa.String(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("list_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approval_opinion", sa.String(), nullable=True),
        sa.Column("approved_draft_sha256", sa.String(), nullable=True),
        sa.Column("reinstatement_proposed_by", sa.String(), nullable=True),
        sa.Column("revocation_reason", sa.String(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_case_id"],
            ["case_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_alias", "case_file", ["court_id", "alias_key"])
    op.create_index("ix_case_identity", "case_file", ["court_id", "identity_key"])
    op.create_index("ix_case_name", "case_file", ["court_id", "name"])
    op.create_index("ix_case_number", "case_file", ["court_id", "case_number"])
    op.create_index("ix_case_state", "case_file", ["court_id", "state", "valid_until"])
    op.create_index(
        "uq_live_certificate_per_entry",
        "case_file",
        ["court_id", "case_number", "identity_key"],
        unique=True,
        sqlite_where=sa.text("state IN ('active', 'suspended')"),
        postgresql_where=sa.text("state IN ('active', 'suspended')"),
    )
    op.create_index(
        "uq_open_case_per_entry",
        "case_file",
        ["court_id", "case_number", "identity_key"],
        unique=True,
        sqlite_where=sa.text("state IN ('applied', 'approved', 'maskingConfirmed')"),
        postgresql_where=sa.text("state IN ('applied', 'approved', 'maskingConfirmed')"),
    )
    op.create_table(
        "feed_batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bundle_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_publication_pending", "publication", ["court_id", "published_at"])
    op.create_table(
        "status_list",
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.PrimaryKeyConstraint("court_id", "number", "purpose"),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("court_id", "name", name="uq_user_name"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("list_index", sa.Integer(), nullable=False),
        sa.Column("unsigned_sha256", sa.String(), nullable=False),
        sa.Column("unsigned", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.String(), nullable=True),
        sa.Column("credential_json", sa.LargeBinary(), nullable=True),
        sa.Column("credential_jwt", sa.String(), nullable=True),
        sa.Column("credential_qr", sa.String(), nullable=True),
        sa.CheckConstraint("issued_at IS NULL OR voided_at IS NULL", name="ck_issued_or_voided"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("court_id", "list_number", "list_index", name="uq_status_index"),
        sa.UniqueConstraint("court_id", "number", name="uq_certificate_number"),
    )
    op.create_index("ix_certificate_pending", "certificate", ["court_id", "issued_at", "voided_at"])
    op.create_index(
        "uq_certificate_per_case",
        "certificate",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "feed_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("certificate_number", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["feed_batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("batch_id", "line", name="uq_feed_line"),
    )
    op.create_index("ix_feed_identity", "feed_record", ["court_id", "identity"])
    op.create_table(
        "refusal_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_refusal_log_case_id", "refusal_log", ["case_id"])
    op.create_table(
        "transition_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("court_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["court_id"],
            ["court.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_transition_case", "transition_log", ["court_id", "case_id", "id"])


def downgrade() -> None:
    """Drop every table, the referring ones first."""
    for table in (
        "transition_log",
        "refusal_log",
        "feed_record",
        "certificate",
        "user_account",
        "status_list",
        "publication",
        "feed_batch",
        "case_file",
        "court",
    ):
        op.drop_table(table)
