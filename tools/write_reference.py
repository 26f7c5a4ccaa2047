"""Writes the pages of docs/reference/ that say what the code says: reason codes, commands, settings.

Usage: write_reference.py [--check]. With `--check` nothing is written and a page that differs ends the run with 1.
"""

import argparse
import contextlib
import difflib
import fnmatch
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from xinzheng_issuer import messages as issuer_messages
from xinzheng_issuer.cli import main as issuer_command
from xinzheng_issuer.court import CourtConfiguration
from xinzheng_issuer.publishing.trust_list.configuration import Configuration
from xinzheng_issuer.settings import Settings
from xinzheng_keys import messages as keys_messages
from xinzheng_schemas import messages as schemas_messages
from xinzheng_schemas.errors import Message
from xinzheng_verifier import messages as verifier_messages

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
BIN = Path(sys.executable).parent
NOTE = "<!-- Written by tools/write_reference.py; change the code, then run it. -->\n"
HELP_WIDTH = 100  # columns
LANGUAGES = {"English": "en_GB.UTF-8", "中文": "zh_CN.UTF-8"}
COMMANDS = ("xinzheng-verify", "xinzheng")
VERIFY_COMMANDS = (
    (),
    ("serve",),
    ("store", "import"),
    ("store", "update"),
    ("store", "show"),
    ("store", "export"),
    ("receipt", "make"),
    ("receipt", "check"),
    ("receipt", "key"),
)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; vertical bars and line breaks in cells are made harmless."""
    lines = [list(heads), *([re.sub(r"\s*\n\s*", " ", cell).replace("|", "\\|") for cell in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


# --- reason codes ---------------------------------------------------------------------------------------------------


def catalogue(messages: Mapping[str, Message]) -> str:
    """Every code with both texts, in alphabetical order; what a package only passes on from the schemas left out."""
    schemas = schemas_messages.MESSAGES
    own = messages if messages is schemas else {k: text for k, text in messages.items() if schemas.get(k) != text}
    rows = ((f"`{code}`", text.en, text.zh) for code, text in sorted(own.items()))
    return table(("code", "English", "中文"), rows)


def reason_codes() -> str:
    """The page of all codes of the four distributions."""
    parts = {
        "Verifier": ("What a step of a report, or the trust store, answers.", verifier_messages.MESSAGES),
        "Schemas": ("What is wrong with a field or a text.", schemas_messages.MESSAGES),
        "Issuer": ("What the issuer refuses: `code` of its problem documents.", issuer_messages.MESSAGES),
        "Keys": ("What is wrong with a key file or a key's life.", keys_messages.MESSAGES),
    }
    text = f"{NOTE}# Reason codes\n\nCodes are stable: programs may depend on them, people read the texts."
    text += " Words in braces are filled in.\n"
    for name, (purpose, messages) in parts.items():
        text += f"\n## {name}\n\n{purpose}\n\n{catalogue(messages)}"
    return text


# --- commands -------------------------------------------------------------------------------------------------------


def printed(command: list[str], locale: str) -> str:
    """What a command prints in that locale, at a fixed width and without colour."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    environment |= {"LANGUAGE": locale, "LANG": locale, "COLUMNS": str(HELP_WIDTH), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True).stdout


def evenly_wrapped(help_text: str) -> str:
    """`help_text` with its usage wrapped in our own way: where argparse breaks lines differs between Pythons."""
    usage, blank, rest = help_text.partition("\n\n")
    words = re.findall(r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]|\S+", " ".join(usage.split()))
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < HELP_WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f"    {word}")
    return "\n".join(lines) + blank + rest


def verifier_help(locale: str) -> dict[str, str]:
    """Command → its help."""
    commands = ((COMMANDS[0], *path) for path in VERIFY_COMMANDS)
    return {
        " ".join(path): evenly_wrapped(printed([str(BIN / path[0]), *path[1:], "--help"], locale)) for path in commands
    }


def issuer_help(locale: str) -> dict[str, str]:
    """Command → its help; one process for all, since starting takes longer than printing."""
    pages: dict[str, str] = json.loads(printed([sys.executable, __file__, "--issuer-help"], locale))
    return pages


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every path of the command tree, parents first."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if child := command.get_command(context, name):
                yield from walk(child, (*path, name))


def print_issuer_help() -> None:
    """Prints the help of every command as one JSON object, in the locale of this process."""
    pages = {}
    for path in walk(issuer_command, COMMANDS[1:]):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            issuer_command([*path[1:], "--help"], prog_name=path[0], standalone_mode=False)
        pages[" ".join(path)] = output.getvalue()
    print(json.dumps(pages))


def command_line() -> str:
    """The page of all commands with their help in both languages."""
    text = f"{NOTE}# Command line\n\nThe language is that of `LANGUAGE`, or of the locale (`LC_ALL`, `LC_MESSAGES`,"
    text += " `LANG`): Chinese for `zh*`, English otherwise.\n"
    pages = {name: verifier_help(locale) | issuer_help(locale) for name, locale in LANGUAGES.items()}
    for command in pages["English"]:
        text += f"\n## {command}\n"
        shown = {name: f"```text\n{help_of[command].rstrip()}\n```\n" for name, help_of in pages.items()}
        if len(set(shown.values())) == 1:
            text += f"\n{shown['English']}"
        else:
            text += "".join(f"\n{name}:\n\n{block}" for name, block in shown.items())
    return text


# --- settings -------------------------------------------------------------------------------------------------------


def shown_default(field: FieldInfo) -> str:
    """The default as a reader would write it; `required` when there is none."""
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, tuple):
        return f"`[{', '.join(str(item) for item in default)}]`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "unset" if default is None or default == "" else f"`{default}`"


def section(annotation: Any) -> type[BaseModel] | None:
    """The model behind a field, if it is a table of the file."""
    found = [
        kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]
    return found[0] if found else None


def court_rows(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """The keys of a court's file with default and meaning; keys of tables after those above them."""
    nested = {name: section(field.annotation) for name, field in model.model_fields.items()}
    for name, field in model.model_fields.items():
        if nested[name] is None:
            yield f"`{prefix}{name}`", shown_default(field), field.description or (model.__doc__ or "").strip()
    for name, table_of in nested.items():
        if table_of is not None:
            yield from court_rows(table_of, f"{prefix}{name}.")


def settings() -> str:
    """The page of the environment variables and of a court's configuration file."""
    environment = (
        (f"`XINZHENG_{name.upper()}`", shown_default(field), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    heads = ("setting", "default", "meaning")
    return (
        f"{NOTE}# Settings of the issuer\n\nThe verifier has none: everything it needs are its arguments.\n"
        f"\n## Environment\n\n{table(heads, environment)}"
        f"\n## The court's file (`court.toml`)\n\n{table(heads, court_rows(CourtConfiguration))}"
        f"\n## The trust list's file (`trust-list.toml`)\n\n{table(heads, court_rows(Configuration))}"
    )


# --- threats --------------------------------------------------------------------------------------------------------


def threat_coverage() -> str:
    """The page of attacks: what each gets, and where that is shown."""
    threats = tomllib.loads((ROOT / "tests" / "verifier" / "threats.toml").read_text("utf-8"))
    vectors = json.loads((ROOT / "tests" / "vectors" / "manifest.json").read_text("utf-8"))
    answers = {vector["file"]: vector["code"] for vector in vectors}
    text = f"{NOTE}{THREATS_INTRODUCTION}"
    for area in dict.fromkeys(line["area"] for line in threats.values()):
        rows = (
            (name, line["attack"], *_shown_by(line, answers), line.get("note", "").strip())
            for name, line in threats.items()
            if line["area"] == area
        )
        text += f"\n## {area}\n\n{table(('', 'attack or bad input', 'answer', 'shown by', 'remark'), rows)}"
    return text


def _shown_by(line: Mapping[str, Any], answers: Mapping[str, str]) -> tuple[str, str]:
    """The codes that the vectors of a line get, and the vectors and tests themselves."""
    files = {file for pattern in line["vectors"] for file in fnmatch.filter(answers, pattern)}
    codes = sorted({answers[file] for file in files} - {"ok"}) or (["ok"] if files else [])
    tests = (f"`{test.partition('::')[2]}`" for test in line["tests"])
    return ", ".join(f"`{code}`" for code in codes), ", ".join([*(f"`{p}`" for p in line["vectors"]), *tests])


THREATS_INTRODUCTION = """# Hostile input

Every attack on the verifier that the project knows, what it gets, and the file or test that shows it. Files lie
in `tests/vectors/files/`, one fault each, and are asked at the library, the command line and HTTP alike; the
number before a name is that of the [step](verification.md) that decides. Of a column with several codes each
belongs to some of the files.

Besides, for input of any kind: 262,144 bytes at most, larger is refused unread; an answer within a second of
processor time and 200 MB, for the worst that could be thought of (`tests/support/worst_inputs.py`), at every
door; no exception but the verifier's own. `make fuzz` looks for more: coverage-guided (Atheris, which is there
for Linux on x86-64; elsewhere random changes without guidance), one harness for each parser and two for the
whole procedure, for `TIME` seconds. What it learns stays in `var/fuzz/corpus`, what it finds is written to
`var/fuzz/findings` and ends it with 1. A minute of it is part of `make test`.
"""

PAGES = {
    "reason-codes.md": reason_codes,
    "command-line.md": command_line,
    "settings.md": settings,
    "threat-coverage.md": threat_coverage,
}


def main() -> None:
    """Writes the pages, or compares them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page differs")
    parser.add_argument("--issuer-help", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.issuer_help:
        print_issuer_help()
        return
    differing: list[str] = []
    for name, write in PAGES.items():
        path, wanted = REFERENCE / name, write()
        present = path.read_text("utf-8") if path.exists() else ""
        if present != wanted:
            differing += difflib.unified_diff(
                present.splitlines(), wanted.splitlines(), name, f"{name} from the code", "", "", 1
            )
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, "utf-8")
    if options.check and differing:
        sys.exit("\n".join((*differing, "docs/reference differs from the code: run tools/write_reference.py")))


if __name__ == "__main__":
    main()
