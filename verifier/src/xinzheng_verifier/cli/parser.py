"""A parser of arguments that refuses in the language of whoever types."""

import argparse
from collections.abc import Sequence
from typing import Final, NoReturn

from xinzheng_schemas.errors import Language
from xinzheng_verifier.cli.exits import UsageError
from xinzheng_verifier.cli.output import complain, flush, put
from xinzheng_verifier.cli.values import MAX_SHOWN, ValueRefusedError
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.show.sheet import printable

_USAGE: Final = "usage: "
# How argparse begins what it says of arguments, in every release from 3.11 on.
_WORDS: Final = {
    "expected ": "value_missing",
    "ignored explicit argument": "value_unwanted",
    "not allowed with argument": "options_exclude",
    "the following arguments are required": "arguments_missing",
}


class Parser(argparse.ArgumentParser):
    """Reads the arguments of one command.

    Args:
        program: what the command is called.
        description: what it is for.
        language: "en" or "zh".
    """

    def __init__(self, program: str, *, description: str, language: Language) -> None:
        super().__init__(
            prog=program,
            description=description,
            epilog=say("epilog", language),
            add_help=False,
            allow_abbrev=False,
            exit_on_error=False,
        )
        self._language = language

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments.

        Raises:
            UsageError: one is missing, unknown or not what it should be; how the command is used has been printed.
        """
        try:
            try:
                options, unknown = self.parse_known_args(words)
            except argparse.ArgumentError as error:
                self._refuse(error)
            if unknown:
                _refuse_unknown(unknown)
        except UsageError:
            complain(self.format_usage().rstrip())
            raise
        return options

    def error(self, message: str) -> NoReturn:
        """As `argparse.ArgumentParser.error`, for what concerns no argument of its own."""
        self._refuse(argparse.ArgumentError(None, message))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:  # noqa: ARG002 - nothing gives one
        """Ends the program once all is written."""
        flush()
        raise SystemExit(status)

    def print_help(self, file: object = None) -> None:  # noqa: ARG002 - it goes to standard output
        """Prints the help."""
        put(self.format_help(), end="")

    def format_usage(self) -> str:
        """How the command is used, in short."""
        return self._translated(super().format_usage())

    def format_help(self) -> str:
        """How the command is used."""
        return self._translated(super().format_help())

    def _translated(self, text: str) -> str:
        return say("usage", self._language) + text.removeprefix(_USAGE)

    def _refuse(self, error: argparse.ArgumentError) -> NoReturn:
        refused, option, said = error.__context__, error.argument_name, error.message
        if isinstance(refused, ValueRefusedError):
            if refused.value is None:
                raise UsageError("value_unnamed", option=option, expected=refused.expected)
            raise UsageError("value_refused", option=option, value=_shown(refused.value), expected=refused.expected)
        word = next((word for start, word in _WORDS.items() if said.startswith(start)), "arguments_refused")
        names = said.rpartition(": " if word == "arguments_missing" else " ")[2]
        raise UsageError(word, option=option, names=names, reason=said)


def _refuse_unknown(words: Sequence[str]) -> NoReturn:
    """Names the first option that there is none of, without its value, else the first word that has no place."""
    option = next((word for word in words if word.startswith("-")), None)
    if option is None:
        raise UsageError("argument_unwanted", value=_shown(words[0]))
    raise UsageError("option_unknown", option=_shown(option.partition("=")[0]))


def _shown(text: str) -> str:
    return printable(text[:MAX_SHOWN])
