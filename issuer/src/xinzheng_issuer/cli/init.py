"""`xinzheng init`."""

import os
from pathlib import Path

import click

from xinzheng_issuer.cli.options import data_option, settings_of
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.court import load_court
from xinzheng_issuer.installation import initialise
from xinzheng_schemas.errors import language_from


@click.command("init", help=word("init"))
@data_option
@click.option(
    "--config",
    "court_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help=word("config"),
)
@click.option("--keys", metavar="pkcs11:…", help=word("init_keys"))
def command(data: Path | None, court_file: Path, keys: str | None) -> None:
    """Make a data folder."""
    settings = settings_of(data)
    initialise(settings, court_file, keys=keys)
    court = load_court(court_file)
    click.echo(word("made", name=getattr(court.name, language_from(os.environ)), path=settings.data))
    click.echo(word("next_users", path=settings.data))
    if settings.watermark_of(court) is None:
        click.echo(word("next_watermark", path=settings.court_file))
