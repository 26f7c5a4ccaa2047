"""`xinzheng`: the issuer's command line. Each command lies in a module of its own, loaded when it is called.

Exit status: 0 done, 1 refused or not done in full, 2 misused, 74 an answer could not be written.
"""

import errno
import gettext
import importlib
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

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
    "bundle-keys": "xinzheng_issuer.cli.bundle_keys",
    "trust-list": "xinzheng_issuer.cli.trust_list",
    "db": "xinzheng_issuer.cli.db",
    "demo": "xinzheng_issuer.cli.demo",
}
"""Name → module that defines `command`."""


NOT_WRITTEN: Final = 74
"""Exit status when an answer could not be written (EX_IOERR), as of xinzheng-verify; what was done stands."""


_CATALOGUES: Final = Path(__file__).parent / "locale"
"""What click says itself, by language; it asks Python's gettext."""


class _LazyGroup(click.Group):
    def main(self, *args: Any, **options: Any) -> Any:
        if language_from(os.environ) == "zh":
            gettext.bindtextdomain("messages", _CATALOGUES)
        try:
            try:
                return super().main(*args, **options)
            finally:
                _flush()
        except OSError as error:
            if not _of_a_stream(error):
                raise
            with suppress(OSError):
                click.echo(word("unwritable", reason=error.strerror or type(error).__name__), err=True)
            _silence()
            sys.exit(NOT_WRITTEN)

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
        except Exception as error:  # raised again unless a file or the register kept the command from its work
            if (said := _kept_from(error)) is None:
                raise
            raise click.ClickException(said) from error


def _kept_from(error: Exception) -> str | None:
    """What kept a command from its files or its register, in plain words; None of any other failure."""
    if isinstance(error, OSError):
        return None if _of_a_stream(error) else word("file_failed", reason=error)
    database = sys.modules.get("sqlalchemy.exc")  # there if a register was opened: other commands do without
    if database is not None and isinstance(error, database.OperationalError):
        return word("register_failed", reason=error.orig)
    return None


def _flush() -> None:
    if sys.stdout is None:  # a shell can start a program without one (`>&-`), and click is silent then
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _of_a_stream(error: OSError) -> bool:
    """Whether it was raised while something was said, and not by what a command does."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code in {click.echo.__code__, _flush.__code__}


def _silence() -> None:
    """Let the interpreter end without a word about what its streams still hold."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):
            os.dup2(nowhere, stream.fileno())


@click.group(cls=_LazyGroup, help=word("xinzheng"), epilog=word("exit_status"))
@click.version_option(package_name="xinzheng-issuer", message="%(prog)s %(version)s", help=word("version"))
def main() -> None:
    """Entry point of the console script."""
