"""The arguments of each command."""

import argparse
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn, get_args

from xinzheng_schemas.errors import CodedError, Language
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.cli.exits import MISUSED
from xinzheng_verifier.cli.words import WORDS
from xinzheng_verifier.policy import MAX_CLOCK_SKEW, Profile
from xinzheng_verifier.read.forms import Form

PROGRAM = "xinzheng-verify"
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_MAX_DIGITS = 4
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage()
        self.exit(MISUSED, f"{self.prog}: {message}\n")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes as long as a check."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 - slow to import

        print(PROGRAM, version("xinzheng-verifier"))
        parser.exit()


def verify_parser(language: Language) -> argparse.ArgumentParser:
    """The arguments of `xinzheng-verify FILE…`."""
    parser = _parser("", "verify", language)
    inputs = parser.add_argument_group(_word("inputs", language))
    inputs.add_argument("files", metavar="FILE", nargs="*", help=_word("files", language))
    inputs.add_argument("--jsonl", metavar="LINES", action="append", default=[], help=_word("jsonl", language))
    inputs.add_argument("--form", choices=[form.value for form in Form], help=_word("form", language))
    _add_trust(parser, language)
    rules = _add_rules(parser, language)
    rules.add_argument("--at", metavar="T", type=_moment, help=_word("at", language))
    rules.add_argument("--id-number", metavar="-", type=_only_dash(language), help=_word("id_number", language))
    rules.add_argument("--number", metavar="N", help=_word("expected_number", language))
    rules.add_argument("--same-as", metavar="FILE", type=Path, help=_word("same_as", language))
    outputs = _add_general(parser, language, json=True)
    outputs.add_argument("--brief", action="store_true", help=_word("brief", language))
    outputs.add_argument("--summary", metavar="S", type=Path, help=_word("summary", language))
    outputs.add_argument("--workers", metavar="N", type=_positive, help=_word("workers", language))
    return parser


def serve_parser(language: Language) -> argparse.ArgumentParser:
    """The arguments of `xinzheng-verify serve`."""
    parser = _parser("serve", "serve", language)
    _add_trust(parser, language)
    _add_rules(parser, language)
    general = _add_general(parser, language, json=False)
    general.add_argument("--host", default="127.0.0.1", help=_word("host", language))
    general.add_argument("--port", type=int, default=8421, help=_word("port", language))
    return parser


def import_parser(language: Language) -> argparse.ArgumentParser:
    """The arguments of `xinzheng-verify store import`."""
    parser = _parser("store import", "import", language)
    trusts = parser.add_argument_group(_word("trusts", language))
    trusts.add_argument("bundle", metavar="BUNDLE", type=Path, help=_word("bundle_file", language))
    trusts.add_argument("--store", metavar="DIR", type=Path, required=True, help=_word("store", language))
    trusts.add_argument("--root", metavar="R", type=Path, help=_word("import_root", language))
    trusts.add_argument("--at", metavar="T", type=_moment, help=_word("import_at", language))
    _add_general(parser, language, json=True)
    return parser


def show_parser(language: Language) -> argparse.ArgumentParser:
    """The arguments of `xinzheng-verify store show`."""
    parser = _parser("store show", "show", language)
    trusts = parser.add_argument_group(_word("trusts", language))
    trusts.add_argument("--store", metavar="DIR", type=Path, required=True, help=_word("store", language))
    _add_general(parser, language, json=True)
    return parser


def receipt_make_parser(language: Language) -> argparse.ArgumentParser:
    """The arguments of `xinzheng-verify receipt make`."""
    parser = _parser("receipt make", "receipt_make", language)
    inputs = parser.add_argument_group(_word("inputs", language))
    inputs.add_argument("file", metavar="FILE", help=_word("receipt_input", language))
    inputs.add_argument("--form", choices=[form.value for form in Form], help=_word("form", language))
    _add_trust(parser, language)
    rules = _add_rules(parser, language)
    rules.add_argument("--at", metavar="T", type=_moment, help=_word("at", language))
    rules.add_argument("--id-number", metavar="-", type=_only_dash(language), help=_word("id_number", language))
    keys = parser.add_argument_group(_word("receipt_keys", language))
    keys.add_argument("--key", metavar="KEY", type=Path, required=True, help=_word("receipt_key_file", language))
    _add_passphrase(keys, language)
    keys.add_argument("--out", metavar="RECEIPT", type=Path, help=_word("receipt_out", language))
    _add_general(parser, language, json=True)
    return parser


def receipt_check_parser(language: Language) -> argparse.ArgumentParser:
    """The arguments of `xinzheng-verify receipt check`."""
    parser = _parser("receipt check", "receipt_check", language)
    inputs = parser.add_argument_group(_word("inputs", language))
    inputs.add_argument("receipt", metavar="RECEIPT", type=Path, help=_word("receipt_file", language))
    inputs.add_argument("--key", metavar="KEY", type=Path, required=True, help=_word("receipt_public", language))
    inputs.add_argument("--input", metavar="FILE", help=_word("receipt_about", language))
    inputs.add_argument("--id-number", metavar="-", choices=["-"], help=_word("id_number", language))
    _add_trust(parser, language)
    _add_general(parser, language, json=True)
    return parser


def receipt_key_parser(language: Language) -> argparse.ArgumentParser:
    """The arguments of `xinzheng-verify receipt key`."""
    parser = _parser("receipt key", "receipt_key", language)
    keys = parser.add_argument_group(_word("receipt_keys", language))
    keys.add_argument("path", metavar="KEY", type=Path, help=_word("receipt_key_new", language))
    keys.add_argument("--type", choices=("p256", "ed25519"), default="p256", help=_word("receipt_type", language))
    keys.add_argument("--pem", action="store_true", help=_word("receipt_pem", language))
    _add_passphrase(keys, language)
    _add_general(parser, language, json=False)
    return parser


def _add_passphrase(group: "argparse._ArgumentGroup", language: Language) -> None:
    sources = group.add_mutually_exclusive_group()
    sources.add_argument("--passphrase-env", metavar="NAME", help=_word("passphrase_env", language))
    sources.add_argument("--passphrase-file", metavar="FILE", type=Path, help=_word("passphrase_file", language))


def _word(word: str, language: Language) -> str:
    text: str = getattr(WORDS[word], language)
    return text


def _parser(command: str, description: str, language: Language) -> argparse.ArgumentParser:
    return _Parser(
        prog=f"{PROGRAM} {command}".rstrip(),
        description=_word(description, language),
        epilog=_word("epilog", language),
        add_help=False,
        allow_abbrev=False,
    )


def _add_trust(parser: argparse.ArgumentParser, language: Language) -> None:
    group = parser.add_argument_group(_word("trusts", language))
    group.add_argument("--store", metavar="DIR", type=Path, help=_word("store", language))
    group.add_argument("--bundle", metavar="B", type=Path, help=_word("bundle", language))
    group.add_argument("--root", metavar="R", type=Path, help=_word("root", language))
    for option, word in (
        ("--controller", "controller"),
        ("--status-list", "status_list"),
        ("--status-changes", "status_changes"),
    ):
        group.add_argument(
            option, metavar="DOC", type=Path, action="extend", nargs="+", default=[], help=_word(word, language)
        )
    group.add_argument(
        "--context", metavar="URL=DOC", type=_named_file, action="append", default=[], help=_word("context", language)
    )


def _add_rules(parser: argparse.ArgumentParser, language: Language) -> "argparse._ArgumentGroup":
    group = parser.add_argument_group(_word("rules", language))
    group.add_argument("--profile", choices=get_args(Profile), default="court", help=_word("profile", language))
    group.add_argument("--max-status-age", metavar="24h", type=_duration, help=_word("max_age", language))
    group.add_argument(
        "--max-clock-skew", metavar="30s", type=_skew, default=timedelta(0), help=_word("skew", language)
    )
    group.add_argument("--proofs", metavar="SUITE", action="append", help=_word("proofs", language))
    group.add_argument("--unsafe-accept-other-controllers", action="store_true", help=_word("controllers", language))
    return group


def _add_general(parser: argparse.ArgumentParser, language: Language, *, json: bool) -> "argparse._ArgumentGroup":
    group = parser.add_argument_group(_word("outputs" if json else "options", language))
    if json:
        group.add_argument("--json", action="store_true", help=_word("json", language))
    group.add_argument("-h", "--help", action="help", help=_word("help", language))
    group.add_argument("--version", action=_Version, nargs=0, help=_word("version", language))
    return group


def _only_dash(language: Language) -> Callable[[str], str]:
    """Takes `-` alone; what else was written may be somebody's number and is not repeated."""

    def read(text: str) -> str:
        if text != "-":
            raise argparse.ArgumentTypeError(_word("number_as_argument", language))
        return text

    return read


def _named_file(text: str) -> tuple[str, Path]:
    """An address and a file; an address may hold `=`, the name of the file may not."""
    url, separator, name = text.rpartition("=")
    if not separator or not url or not name:
        raise argparse.ArgumentTypeError("https://example.org/context=context.jsonld")
    return url, Path(name)


def _moment(text: str) -> datetime:
    try:
        return parse_timestamp(text)
    except CodedError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= _MAX_DIGITS and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r}: 1, 2, 3 …")
    return int(text)


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r}: 90m, 24h, 7d …")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _skew(text: str) -> timedelta:
    skew = _duration(text)
    if skew > MAX_CLOCK_SKEW:
        raise argparse.ArgumentTypeError(f"{text!r} > {MAX_CLOCK_SKEW}")
    return skew
