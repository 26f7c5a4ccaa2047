"""The arguments of each command."""

import argparse
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, get_args

from xinzheng_schemas.errors import Language
from xinzheng_verifier.cli.output import put
from xinzheng_verifier.cli.parser import Parser
from xinzheng_verifier.cli.values import Values
from xinzheng_verifier.cli.words import WORDS, say
from xinzheng_verifier.policy import Profile
from xinzheng_verifier.read.forms import Form
from xinzheng_verifier.secure.algorithms import PROOF_NAMES

PROGRAM = "xinzheng-verify"
_KEY_TYPES = ("p256", "ed25519")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes as long as a check."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 - slow to import

        put(f"{PROGRAM} {version('xinzheng-verifier')}")
        parser.exit()


def verify_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify FILE…`."""
    parser = _parser("", "verify", language)
    inputs = parser.add_argument_group(_word("inputs", language))
    inputs.add_argument("files", metavar="FILE", nargs="*", help=_word("files", language))
    inputs.add_argument("--jsonl", metavar="LINES", action="append", default=[], help=_word("jsonl", language))
    inputs.add_argument("--form", **_one_of([*Form], language), help=_word("form", language))
    _add_trust(parser, language)
    rules = _add_rules(parser, language)
    rules.add_argument("--at", metavar="T", type=Values(language).moment, help=_word("at", language))
    rules.add_argument("--id-number", metavar="-", type=Values(language).only_dash, help=_word("id_number", language))
    rules.add_argument("--number", metavar="N", help=_word("expected_number", language))
    rules.add_argument("--same-as", metavar="FILE", type=Path, help=_word("same_as", language))
    outputs = _add_general(parser, language, json=True)
    outputs.add_argument("--brief", action="store_true", help=_word("brief", language))
    outputs.add_argument("--summary", metavar="S", type=Path, help=_word("summary", language))
    outputs.add_argument("--workers", metavar="N", type=Values(language).workers, help=_word("workers", language))
    return parser


def serve_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify serve`."""
    parser = _parser("serve", "serve", language)
    _add_trust(parser, language)
    _add_rules(parser, language)
    general = _add_general(parser, language, json=False)
    general.add_argument("--host", default="127.0.0.1", help=_word("host", language))
    general.add_argument(
        "--port", metavar="PORT", type=Values(language).port, default=8421, help=_word("port", language)
    )
    return parser


def import_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify store import`."""
    parser = _parser("store import", "import", language)
    trusts = _add_store(parser, language)
    trusts.add_argument("bundle", metavar="BUNDLE", type=Path, help=_word("bundle_file", language))
    trusts.add_argument("--root", metavar="R", type=Path, help=_word("import_root", language))
    _add_import(trusts, language)
    _add_general(parser, language, json=True)
    return parser


def update_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify store update`."""
    parser = _parser("store update", "update", language)
    trusts = _add_store(parser, language)
    trusts.add_argument("source", metavar="SOURCE", nargs="?", help=_word("update_source", language))
    trusts.add_argument("--root", metavar="R", type=Path, help=_word("update_root", language))
    _add_import(trusts, language)
    _add_general(parser, language, json=True)
    return parser


def show_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify store show`."""
    parser = _parser("store show", "show", language)
    trusts = _add_store(parser, language)
    trusts.add_argument("--court", metavar="CODE", help=_word("show_court", language))
    trusts.add_argument("--at", metavar="T", type=Values(language).moment, help=_word("show_at", language))
    _add_general(parser, language, json=True)
    return parser


def export_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify store export`."""
    parser = _parser("store export", "export", language)
    trusts = _add_store(parser, language)
    trusts.add_argument("file", metavar="FILE", type=Path, help=_word("export_file", language))
    trusts.add_argument(
        "--province",
        metavar="PP",
        type=Values(language).province,
        action="append",
        help=_word("export_province", language),
    )
    trusts.add_argument("--courts", metavar="LIST", type=Values(language).courts, help=_word("export_courts", language))
    trusts.add_argument("--no-changes", action="store_true", help=_word("export_no_changes", language))
    _add_general(parser, language, json=True)
    return parser


def receipt_make_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify receipt make`."""
    parser = _parser("receipt make", "receipt_make", language)
    inputs = parser.add_argument_group(_word("inputs", language))
    inputs.add_argument("file", metavar="FILE", help=_word("receipt_input", language))
    inputs.add_argument("--form", **_one_of([*Form], language), help=_word("form", language))
    _add_trust(parser, language)
    rules = _add_rules(parser, language)
    rules.add_argument("--at", metavar="T", type=Values(language).moment, help=_word("at", language))
    rules.add_argument("--id-number", metavar="-", type=Values(language).only_dash, help=_word("id_number", language))
    keys = parser.add_argument_group(_word("receipt_keys", language))
    keys.add_argument("--key", metavar="KEY", type=Path, required=True, help=_word("receipt_key_file", language))
    _add_passphrase(keys, language)
    keys.add_argument("--out", metavar="RECEIPT", type=Path, help=_word("receipt_out", language))
    _add_general(parser, language, json=True)
    return parser


def receipt_check_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify receipt check`."""
    parser = _parser("receipt check", "receipt_check", language)
    inputs = parser.add_argument_group(_word("inputs", language))
    inputs.add_argument("receipt", metavar="RECEIPT", type=Path, help=_word("receipt_file", language))
    inputs.add_argument("--key", metavar="KEY", type=Path, required=True, help=_word("receipt_public", language))
    inputs.add_argument("--input", metavar="FILE", help=_word("receipt_about", language))
    inputs.add_argument("--id-number", metavar="-", type=Values(language).only_dash, help=_word("id_number", language))
    inputs.add_argument("--issuers", metavar="ID", action="append", help=_word("receipt_issuers", language))
    _add_trust(parser, language)
    _add_general(parser, language, json=True)
    return parser


def receipt_key_parser(language: Language) -> Parser:
    """The arguments of `xinzheng-verify receipt key`."""
    parser = _parser("receipt key", "receipt_key", language)
    keys = parser.add_argument_group(_word("receipt_keys", language))
    keys.add_argument("path", metavar="KEY", type=Path, help=_word("receipt_key_new", language))
    keys.add_argument("--type", **_one_of(_KEY_TYPES, language), default="p256", help=_word("receipt_type", language))
    keys.add_argument("--pem", action="store_true", help=_word("receipt_pem", language))
    _add_passphrase(keys, language)
    _add_general(parser, language, json=False)
    return parser


def _add_passphrase(group: "argparse._ArgumentGroup", language: Language) -> None:
    sources = group.add_mutually_exclusive_group()
    sources.add_argument("--passphrase-env", metavar="NAME", help=_word("passphrase_env", language))
    sources.add_argument("--passphrase-file", metavar="FILE", type=Path, help=_word("passphrase_file", language))


def _word(word: str, language: Language) -> str:
    text: str = getattr(WORDS[word], language)  # not filled: argparse does that
    return text


def _one_of(names: Sequence[str], language: Language) -> dict[str, Any]:
    """The arguments of `add_argument` for a value that is one of some names."""
    return {"metavar": f"{{{','.join(names)}}}", "type": Values(language).one_of(names)}


def _parser(command: str, description: str, language: Language) -> Parser:
    return Parser(f"{PROGRAM} {command}".rstrip(), description=_word(description, language), language=language)


def _add_trust(parser: Parser, language: Language) -> None:
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
        "--context",
        metavar="URL=DOC",
        type=Values(language).named_file,
        action="append",
        default=[],
        help=_word("context", language),
    )


def _add_store(parser: Parser, language: Language) -> "argparse._ArgumentGroup":
    group = parser.add_argument_group(_word("trusts", language))
    group.add_argument("--store", metavar="DIR", type=Path, required=True, help=_word("store", language))
    return group


def _add_import(group: "argparse._ArgumentGroup", language: Language) -> None:
    values = Values(language)
    group.add_argument("--max-age", metavar="24h", type=values.duration, help=_word("import_max_age", language))
    group.add_argument("--at", metavar="T", type=values.moment, help=_word("import_at", language))


def _add_rules(parser: Parser, language: Language) -> "argparse._ArgumentGroup":
    group = parser.add_argument_group(_word("rules", language))
    group.add_argument(
        "--profile", **_one_of(get_args(Profile), language), default="court", help=_word("profile", language)
    )
    group.add_argument(
        "--max-status-age", metavar="24h", type=Values(language).duration, help=_word("max_age", language)
    )
    group.add_argument(
        "--max-clock-skew",
        metavar="30s",
        type=Values(language).skew,
        default=timedelta(0),
        help=_word("skew", language),
    )
    group.add_argument(
        "--proofs",
        metavar="SUITE",
        type=Values(language).one_of(PROOF_NAMES),
        action="append",
        help=say("proofs", language, names=", ".join(PROOF_NAMES)),
    )
    group.add_argument("--types", metavar="TYPE", action="append", help=_word("types", language))
    group.add_argument("--issuers", metavar="ID", action="append", help=_word("issuers", language))
    group.add_argument(
        "--require-status", action=argparse.BooleanOptionalAction, help=_word("require_status", language)
    )
    group.add_argument("--unsafe-accept-other-controllers", action="store_true", help=_word("controllers", language))
    return group


def _add_general(parser: Parser, language: Language, *, json: bool) -> "argparse._ArgumentGroup":
    group = parser.add_argument_group(_word("outputs" if json else "options", language))
    if json:
        group.add_argument("--json", action="store_true", help=_word("json", language))
    group.add_argument("-h", "--help", action="help", help=_word("help", language))
    group.add_argument("--version", action=_Version, nargs=0, help=_word("version", language))
    return group
