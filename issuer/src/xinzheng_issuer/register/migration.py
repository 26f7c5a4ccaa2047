"""Bringing a database to the version that this program needs."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from xinzheng_issuer.errors import RegisterError


def upgrade(engine: Engine) -> None:
    """Create the tables, or bring them to the newest version; nothing to do is no error."""
    with as_file(files("xinzheng_issuer.register") / "migrations") as folder:
        config = _config(str(folder))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def require_current(engine: Engine) -> None:
    """Refuse to work on a database of another version.

    Raises:
        RegisterError: `register_outdated`.
    """
    with as_file(files("xinzheng_issuer.register") / "migrations") as folder:
        expected = ScriptDirectory.from_config(_config(str(folder))).get_current_head()
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != expected:
        raise RegisterError("register_outdated", found=found or "—", expected=expected)


def _config(folder: str) -> Config:
    config = Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config
