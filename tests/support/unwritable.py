"""A register on a disk that takes nothing at the moment: full, or gone read-only after a fault."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event


class Disk:
    """Takes what is written, or refuses it."""

    def __init__(self) -> None:
        self.is_full = False

    def checkout(self, connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA query_only = {int(self.is_full)}").close()


@contextmanager
def disk_under(engine: Engine | type[Engine]) -> Iterator[Disk]:
    """The disk under one SQLite register, or under each."""
    disk = Disk()
    event.listen(engine, "checkout", disk.checkout)
    yield disk
    event.remove(engine, "checkout", disk.checkout)
