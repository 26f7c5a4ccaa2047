"""`xinzheng`: the issuer's command line. Each command lies in a module of its own, loaded when it is called."""

import importlib
import os
from typing import Any

import click

from xinzheng_issuer.cli.words import word
from xinzheng_issuer.errors import RefusalError
from xinzheng_schemas.errors import CodedError, language_from

COMMANDS = {
    "init": "xinzheng_issuer.cli.init",
    "serve": "xinzheng_issuer.cli.serve",
    "users": "xinzheng_issuer.cli.users",
    "feed": "xinzheng_issuer.cli.feed",
    "feed-review": "xinzheng_issuer.cli.feed_review",
    "keys": "xinzheng_issuer.cli.keys",
    "bundle": "xinzheng_issuer.cli.bundle",
    "trust-list": "xinzheng_issuer.cli.trust_list",
    "db": "xinzheng_issuer.cli.db",
    "demo": "xinzheng_issuer.cli.demo",
}
"""Name → module that defines `command`."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        language = language_from(os.environ)
        try:
            return super().invoke(ctx)
        except CodedError as error:
            raise click.ClickException(f"{error.message(language)} [{error.code}]") from error
        except RefusalError as error:
            lines = (f"{problem.message(language)} [{problem.code}]" for problem in error.problems)
            raise click.ClickException("\n".join(lines)) from error


@click.group(cls=_LazyGroup, help=word("xinzheng"))
@click.version_option(package_name="xinzheng-issuer", message="%(prog)s %(version)s", help=word("version"))
def main() -> None:
    """Entry point of the console script."""
