"""`xinzheng db`."""

from pathlib import Path

import click

from xinzheng_issuer.cli.options import data_option, settings_of
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.installation import upgrade_register


@click.group("db", help=word("db"))
def command() -> None:
    """The register's database."""


@command.command("upgrade", help=word("db_upgrade"))
@data_option
def upgrade(data: Path | None) -> None:
    """Run the migrations that are missing."""
    upgrade_register(settings_of(data))
    click.echo(word("upgraded"))
