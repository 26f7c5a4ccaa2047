"""`xinzheng users`."""

from contextlib import closing
from pathlib import Path

import click

from xinzheng_issuer.cli.options import data_option, settings_of
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.domain.workflow import PERSONAL_ROLES, Role
from xinzheng_issuer.installation import open_office
from xinzheng_issuer.people import add_user, disable_user, renew_token


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
            out_of_use = f"\t{word('disabled')}" if user.disabled_at else ""
            click.echo(f"{user.name}\t{', '.join(user.roles)}{out_of_use}")


@command.command("disable", help=word("users_disable"))
@data_option
@click.argument("name")
def disable(data: Path | None, name: str) -> None:
    """Put a person's token out of use."""
    with closing(open_office(settings_of(data))) as office:
        disable_user(office, name)
    click.echo(word("user_disabled", name=name))


@command.command("renew", help=word("users_renew"))
@data_option
@click.argument("name")
def renew(data: Path | None, name: str) -> None:
    """Give a person a new token in place of the old one. It alone goes to standard output."""
    with closing(open_office(settings_of(data))) as office:
        click.echo(renew_token(office, name))
