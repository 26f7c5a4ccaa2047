"""`xinzheng users`."""

from contextlib import closing
from pathlib import Path

import click

from xinzheng_issuer.cli.options import data_option, settings_of
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.domain.workflow import PERSONAL_ROLES, Role
from xinzheng_issuer.installation import open_office
from xinzheng_issuer.people import add_user


@click.group("users", help=word("users"))
def command() -> None:
    """People with API tokens."""


@command.command("add", help=word("users_add"))
@data_option
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice([str(role) for role in PERSONAL_ROLES]),
    multiple=True,
    required=True,
    help=word("role"),
)
def add(data: Path | None, name: str, roles: tuple[str, ...]) -> None:
    """Give a person a token. It alone goes to standard output."""
    with closing(open_office(settings_of(data))) as office:
        click.echo(add_user(office, name, [Role(role) for role in roles]))


@command.command("list", help=word("users_list"))
@data_option
def list_users(data: Path | None) -> None:
    """One line for each person."""
    with closing(open_office(settings_of(data))) as office, office.reading() as store:
        for user in store.users():
            click.echo(f"{user.name}\t{', '.join(user.roles)}")
