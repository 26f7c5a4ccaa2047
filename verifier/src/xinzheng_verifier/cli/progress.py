"""How far a batch is, on a terminal and nowhere else."""

import sys
import time
from collections import Counter
from typing import Final

from xinzheng_schemas.errors import Language
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.report import Verdict

_WIDTH: Final = 24
_SECONDS: Final = 0.1
_CLEAR: Final = "\r\x1b[2K"


class Progress:
    """One line on standard error that is drawn anew ten times a second at most.

    Args:
        total: how many inputs there are; None if nobody knows.
        language: "en" or "zh".
        shown: whether anything is drawn at all.
    """

    def __init__(self, total: int | None, *, language: Language, shown: bool) -> None:
        self._total = total
        self._language = language
        self._shown = shown
        self._began = time.monotonic()
        self._due = self._began
        self._drawn = False

    def show(self, counts: Counter[str]) -> None:
        """Draws the line, if it is time."""
        now = time.monotonic()
        if not self._shown or now < self._due:
            return
        self._due = now + _SECONDS
        done = counts.total()
        rate = round(done / max(now - self._began, 0.001))
        sys.stderr.write(f"{_CLEAR}{self._bar(done)}{counted(counts, self._language)} · {rate}/s")
        sys.stderr.flush()
        self._drawn = True

    def clear(self) -> None:
        """Takes the line away, before anything else is printed."""
        if self._drawn:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._drawn = False

    def _bar(self, done: int) -> str:
        if not self._total:
            return ""
        filled = min(_WIDTH, _WIDTH * done // self._total)
        return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{self._total} "


def counted(counts: Counter[str], language: Language) -> str:
    """How many there are of each verdict, and of what could not be read if there is any."""
    numbers = {verdict.value: counts[verdict.value] for verdict in Verdict}
    text = say("counted", language, total=counts.total(), **numbers)
    unread = counts["unreadable"]
    return f"{text}{say('counted_unread', language, count=unread)}" if unread else text
