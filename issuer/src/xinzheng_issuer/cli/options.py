"""What several commands share."""

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from xinzheng_issuer.cli.words import word
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.settings import Settings, load_settings

COMMAND_LINE = Actor("command-line", "command-line", frozenset({Role.ADMINISTRATOR}))
"""Who acts when somebody with access to the data folder runs a command."""


def operator() -> Actor:
    """The person at the command line, as the operating system knows them."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        login = str(os.getuid())
    return Actor(COMMAND_LINE.id, f"{COMMAND_LINE.name}: {login}", COMMAND_LINE.roles)


def data_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--data DIR`."""
    option = click.option(
        "--data", type=click.Path(file_okay=False, path_type=Path), envvar="XINZHENG_DATA", help=word("data")
    )
    return option(function)


def settings_of(data: Path | None, **overrides: object) -> Settings:
    """The settings of a command, with logging set up.

    Args:
        data: data folder, if given on the command line.
        overrides: other settings given there.
    """
    given = {"data": data, **overrides}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    configure_logs(settings.log_level)
    return settings
