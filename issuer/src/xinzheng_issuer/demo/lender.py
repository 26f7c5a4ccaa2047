"""The lender's side: the real command line, in a process that cannot open a socket."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xinzheng_issuer.demo.no_network import PROOF
from xinzheng_schemas.errors import Language

COMMAND = "xinzheng-verify"
_TIMEOUT_SECONDS = 60
LOCALES: dict[Language, str] = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}
"""Locale of a command by language."""


@dataclass(frozen=True)
class Answer:
    """What the command line answered.

    Attributes:
        status: exit status.
        printed: standard output.
        complained: standard error without the line of proof.
        fences: what the attempts to open a socket were answered.
    """

    status: int
    printed: str
    complained: str
    fences: str

    @property
    def report(self) -> Any:
        """The printed report as JSON."""
        return json.loads(self.printed)


def ask(arguments: Sequence[str | Path], *, language: Language, folder: Path, typed: str | None = None) -> Answer:
    """Runs `xinzheng-verify` behind the fences.

    Args:
        arguments: its arguments.
        language: of its texts.
        folder: where it runs.
        typed: its standard input.

    Raises:
        RuntimeError: it ran without the proof that no socket can be opened.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    result = subprocess.run(
        [sys.executable, "-m", "xinzheng_issuer.demo.no_network", COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment | {"LANG": LOCALES[language], "PYTHONUTF8": "1"},
        input=typed or "",
        capture_output=True,
        encoding="utf-8",
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    proof, _, complained = result.stderr.partition("\n")
    if not proof.startswith(PROOF) or "FAILED" in proof:
        raise RuntimeError(f"{COMMAND} did not run behind the fences: {result.stderr}")
    return Answer(result.returncode, result.stdout, complained, proof.removeprefix(PROOF).strip())
