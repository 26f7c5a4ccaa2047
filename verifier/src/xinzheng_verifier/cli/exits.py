"""Exit statuses, and the errors that end a command with one of the last of them."""

from pathlib import Path
from typing import Final

from xinzheng_verifier.report import Verdict

PASSED: Final = 0
FAILED: Final = 1
INDETERMINATE: Final = 2
MISUSED: Final = 64
"""EX_USAGE of sysexits.h."""

NOT_WRITTEN: Final = 74
"""EX_IOERR of sysexits.h: an answer could not be written, and says nothing of any credential."""

INTERRUPTED: Final = 130
"""As shells say that Ctrl-C ended a command: 128 and the number of the signal."""

OF_VERDICT: Final = {Verdict.PASSED: PASSED, Verdict.FAILED: FAILED, Verdict.INDETERMINATE: INDETERMINATE}

_WORST_FIRST: Final = (MISUSED, FAILED, INDETERMINATE, PASSED)


def worst(statuses: list[int]) -> int:
    """The worst of several exit statuses; passed if there is none."""
    return next(status for status in _WORST_FIRST if status in statuses or status == PASSED)


class UsageError(Exception):
    """The command was misused.

    Attributes:
        word: key of the text in `words.WORDS`.
        params: what the text is filled with.
    """

    def __init__(self, word: str, **params: object) -> None:
        super().__init__(word)
        self.word = word
        self.params = params


class OutputError(Exception):
    """Something of the answer could not be written.

    Attributes:
        path: the file; None is standard output or standard error.
        reason: what the system says.
    """

    def __init__(self, path: Path | None, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason
