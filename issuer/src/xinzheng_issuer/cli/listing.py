"""The options by which somebody shows that the country's list names a key."""

from pathlib import Path

import click

from xinzheng_issuer.cli.words import word
from xinzheng_issuer.keylife.country import CountryEdition

_FILE = click.Path(dir_okay=False, path_type=Path)

listed_in_option = click.option("--listed-in", type=_FILE, metavar="BUNDLE", help=word("key_listed_in"))
root_option = click.option("--root", type=_FILE, metavar="ROOT", help=word("key_root"))


def edition_of(bundle: Path | None, root: Path | None) -> CountryEdition | None:
    """The edition that the two options name; None if neither was given.

    Raises:
        click.UsageError: one of them alone.
        click.ClickException: a file cannot be read.
    """
    if bundle is None and root is None:
        return None
    if bundle is None or root is None:
        raise click.UsageError(word("key_edition_whole"))
    try:
        return CountryEdition(bundle=bundle.read_bytes(), root=root.read_bytes())
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
