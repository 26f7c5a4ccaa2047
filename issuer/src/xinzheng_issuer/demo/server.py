"""The court's real server, as a process of its own, over a data folder made for the occasion."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xinzheng_issuer.demo.lender import LOCALES
from xinzheng_issuer.demo.people import User
from xinzheng_schemas.errors import Language

_START_SECONDS = 30
_STOP_SECONDS = 10
_POLL_SECONDS = 0.1
_ENTRY = "from xinzheng_issuer.cli import main; main(prog_name='xinzheng')"
_ADDRESS = re.compile(r"http://[0-9.]+:[0-9]+")


class ServerError(RuntimeError):
    """The court's server could not be made or started; the text is what it said."""


@dataclass(frozen=True)
class CommandAnswer:
    """What a command answered: exit status, standard output, standard error."""

    status: int
    printed: str
    complained: str


class CourtServer:
    """A data folder, its people, and the server over it.

    Attributes:
        data: the data folder.
        language: of refusals.
    """

    def __init__(self, data: Path, *, language: Language) -> None:
        self.data = data
        self.language: Language = language
        self._tokens: dict[str, str] = {}

    def prepare(self, court_file: Path) -> None:
        """Makes the folder and gives each person a token.

        Raises:
            ServerError: it could not be made.
        """
        command = [sys.executable, "-m", "xinzheng_issuer.demo.prepare", str(self.data), str(court_file)]
        result = subprocess.run(command, capture_output=True, env=_environment(), encoding="utf-8", check=False)
        if result.returncode:
            raise ServerError(result.stderr)
        self._tokens = json.loads(result.stdout)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The server's address, while it runs.

        Raises:
            ServerError: it did not start.
        """
        log = self.data / "serve.log"
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-c", _ENTRY, "serve", "--data", str(self.data), "--host", "127.0.0.1", "--port", "0"],
                stdout=subprocess.PIPE,
                stderr=written,
                env=_environment(),
                encoding="utf-8",
            )
        try:
            yield self._address(process, log)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def command(self, *arguments: str) -> CommandAnswer:
        """A command of the court's operator on the data folder, beside the server."""
        result = subprocess.run(
            [sys.executable, "-c", _ENTRY, *arguments, "--data", str(self.data)],
            capture_output=True,
            env=_environment() | {"LC_ALL": LOCALES[self.language], "XINZHENG_LOG_LEVEL": "error"},
            encoding="utf-8",
            check=False,
        )
        return CommandAnswer(result.returncode, result.stdout, result.stderr)

    def user(self, base: str, person: str | None) -> User:
        """That person at the server; without one, anybody."""
        return User(base, self.language, self._tokens[person] if person else None)

    def _address(self, process: subprocess.Popen[str], log: Path) -> str:
        # The first line says where; a moment later the server takes requests.
        assert process.stdout is not None  # noqa: S101  (PIPE was asked for)
        match = _ADDRESS.search(process.stdout.readline())
        if match is None:
            raise ServerError(log.read_text("utf-8", "replace")[-2000:])
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if not User(match[0], self.language).ask("/healthz").is_refusal:
                    return match[0]
            except ConnectionError:
                pass
            time.sleep(_POLL_SECONDS)
        raise ServerError(log.read_text("utf-8", "replace")[-2000:])


def _environment() -> dict[str, str]:
    """Without settings of another installation."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("XINZHENG_") and name != "DATABASE_URL"
    }
