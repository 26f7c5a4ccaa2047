"""Bringing a database to the version that this program needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from xinzheng_issuer.errors import RegisterError


def upgrade(engine: Engine) -> None:
    """Create the tables, or bring them to the newest version; nothing to do is no error.

    Raises:
        RegisterError: `register_missing`, what is there is no database.
    """
    with as_file(files("xinzheng_issuer.register") / "migrations") as folder, _no_database_is_missing(engine):
        config = _config(str(folder))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def require_current(engine: Engine) -> None:
    """Refuse to work on a database of another version.

    Raises:
        RegisterError: `register_outdated`, `register_missing`.
    """
    with as_file(files("xinzheng_issuer.register") / "migrations") as folder:
        expected = ScriptDirectory.from_config(_config(str(folder))).get_current_head()
    found = require_there(engine)
    if found != expected:
        raise RegisterError("register_outdated", found=found, expected=expected)


def require_there(engine: Engine) -> str:
    """Refuse a database without a register; looking makes no file.

    Returns:
        Its version.

    Raises:
        RegisterError: `register_missing`.
    """
    file = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
    if file is None or Path(file).exists():
        with _no_database_is_missing(engine), engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        if found is not None:
            return found
    raise register_missing(engine)


@contextmanager
def _no_database_is_missing(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if type(error) is DatabaseError:  # its subclasses say what a database has refused
            raise register_missing(engine) from error
        raise


def register_missing(engine: Engine) -> RegisterError:
    """The register is not where it should be, or not that of the court."""
    url = engine.url
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    return RegisterError("register_missing", where=where)


def _config(folder: str) -> Config:
    config = Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config
