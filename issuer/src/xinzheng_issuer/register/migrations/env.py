"""Alembic's entry: runs on the connection that `register.migration` hands over."""

from alembic import context
from sqlmodel import SQLModel

from xinzheng_issuer.register import tables

_ = tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    # SQLite cannot alter a constraint in place: Alembic copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
