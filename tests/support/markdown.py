"""Fenced blocks of a Markdown file, and a shell that plays the console blocks of one."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>[\w-]*)[^\n`]*\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_SEPARATOR = "\x1e"
_PATIENCE_SECONDS = 600  # the longest page takes a tenth of that on an idle machine


class Block(NamedTuple):
    """One fenced block: its language and text, and the line on which the text starts."""

    kind: str
    text: str
    line: int


class Step(NamedTuple):
    """One `$ command` of a console block with the lines that the page shows below it."""

    command: str
    shown: tuple[str, ...]
    line: int


def blocks(path: Path) -> Iterator[Block]:
    text = path.read_text("utf-8")
    for match in _FENCE.finditer(text):
        body = re.sub(rf"^{match['indent']}", "", match["body"], flags=re.MULTILINE)
        yield Block(match["kind"], body, text[: match.start("body")].count("\n") + 1)


def steps(block: Block) -> Iterator[Step]:
    command: list[str] = []
    shown: list[str] = []
    start = block.line
    for number, line in enumerate([*block.text.splitlines(), "$ "], block.line):
        if line.startswith("$ "):
            if command:
                yield Step("\n".join(command), tuple(shown), start)
            command, shown, start = [line[2:]], [], number
        elif line.startswith("> ") and not shown:
            command.append(line[2:])
        else:
            shown.append(line)


def pattern(shown: tuple[str, ...]) -> re.Pattern[str]:
    """What the page shows, as a pattern: `…` stands for any text, also for whole lines when it is alone on one."""
    lines = (
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*") + r"\s*?\n"
        for line in shown
    )
    return re.compile("".join(lines) + r"\s*\Z")


def play(commands: list[str], *, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """What each command prints (both streams) when one shell runs them in turn; what they leave running is ended."""
    script = "".join(f"{command}\n__status=$?; printf '{_SEPARATOR}'; (exit $__status)\n" for command in commands)
    with (folder / ".printed").open("wb") as printed:
        shell = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env={**environment},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        shell.wait(timeout=_PATIENCE_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGTERM)
        shell.wait()
    return (folder / ".printed").read_text("utf-8").split(_SEPARATOR)
