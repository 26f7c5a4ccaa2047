"""The command line `xinzheng-verify`: reads files and the clock, asks the library, prints what a lender must see.

Exit status: 0 passed, 1 failed, 2 indeterminate or no usable trust data, 64 misused, 74 an answer could not be written.
Of several files the worst counts.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module

from xinzheng_schemas.errors import Language, language_from
from xinzheng_verifier.cli import arguments, check
from xinzheng_verifier.cli.exits import INDETERMINATE, MISUSED, NOT_WRITTEN, OutputError, UsageError
from xinzheng_verifier.cli.output import complain, flush, silence
from xinzheng_verifier.cli.parser import Parser
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.show.sheet import printable

_Action = Callable[[argparse.Namespace, Language], int]
_Command = tuple[Callable[[Language], Parser], _Action]


def _later(module: str, action: str) -> _Action:
    """A command whose module is loaded when it runs: ciphers and archives take a while to import."""

    def run(options: argparse.Namespace, language: Language) -> int:
        loaded = import_module(f"xinzheng_verifier.cli.{module}")
        status: int = getattr(loaded, action)(options, language)
        return status

    return run


_COMMANDS: dict[tuple[str, ...], _Command] = {
    ("serve",): (arguments.serve_parser, check.serve),
    ("store", "import"): (arguments.import_parser, _later("stores", "import_bundle")),
    ("store", "update"): (arguments.update_parser, _later("stores", "update")),
    ("store", "show"): (arguments.show_parser, _later("store_show", "show")),
    ("store", "export"): (arguments.export_parser, _later("stores", "export")),
    ("receipt", "make"): (arguments.receipt_make_parser, _later("receipts", "make")),
    ("receipt", "check"): (arguments.receipt_check_parser, _later("receipts", "check")),
    ("receipt", "key"): (arguments.receipt_key_parser, _later("receipts", "make_key")),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: the arguments without the program's name; None takes those of the process.

    Returns:
        The exit status.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    language = language_from(os.environ)
    for stream in (sys.stdout, sys.stderr):
        # Names of people must not end the program on a terminal that cannot show them.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    command: _Command = (arguments.verify_parser, check.verify)
    rest = words
    for names, found in _COMMANDS.items():
        if tuple(words[: len(names)]) == names:
            command, rest = found, words[len(names) :]
    try:
        return _answered(command, rest, language)
    except BrokenPipeError:  # whoever reads has seen enough
        silence(sys.stdout)
        return INDETERMINATE
    except OutputError as error:
        silence(sys.stdout)
        _say_unwritten(error, language)
        return NOT_WRITTEN
    except Exception:  # noqa: BLE001 - a fault of the program's own must not look like a verdict
        traceback.print_exc()
        return INDETERMINATE


def _answered(command: _Command, words: Sequence[str], language: Language) -> int:
    """Runs a command and says why it came to nothing; its answer is written when this returns.

    Raises:
        OutputError, BrokenPipeError: it cannot be written.
    """
    make_parser, run = command
    try:
        status = run(make_parser(language).read(words), language)
    except UsageError as error:
        complain(say(error.word, language, **error.params))
        status = MISUSED
    except TrustError as error:
        complain(f"{error.message(language)} ({error.code})")
        status = INDETERMINATE
    flush()
    return status


def _say_unwritten(error: OutputError, language: Language) -> None:
    name = error.path or say("standard_output", language)
    try:
        complain(say("unwritable", language, file=printable(str(name)), reason=error.reason))
    except (OutputError, BrokenPipeError):
        silence(sys.stderr)
