"""Database engines with the settings that the register's promises rest on."""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

SQLITE_BUSY_SECONDS = 30
"""How long a writer waits for another one before it gives up."""

CONNECTIONS = 20
"""Connections that are kept, and as many again at a rush: a server of 40 threads never waits for one."""

READ_ONLY = "xinzheng_read_only"
"""Execution option of a connection whose transaction only reads."""


def open_engine(url: str) -> Engine:
    """Open a database by URL.

    SQLite keeps its rollback journal (releases before 3.51.3 can corrupt a WAL database that two connections write),
    syncs fully, enforces foreign keys, and takes the write lock when a writing transaction begins, so that nothing is
    decided on what another writer is about to change. PostgreSQL commits synchronously. No error repeats the values of
    a statement: they name people, and errors are logged.

    Args:
        url: `sqlite:///path` or `postgresql://…`.

    Returns:
        An engine; nothing is connected yet.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            connect_args={"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(
        parsed,
        connect_args={"options": "-c synchronous_commit=on"},
        pool_pre_ping=True,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        hide_parameters=True,
    )


def _configure_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does.
    connection.isolation_level = None
    for pragma in ("journal_mode = DELETE", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
