"""A file on a disk that may hang: a share whose server is away keeps whoever asks waiting, perhaps for ever.

What is asked of it is asked in a thread of its own. Whoever waits gives up after a while, and while that thread hangs
nobody waits again: the answer is that the disk is away.
"""

import errno
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

PATIENCE_SECONDS = 5.0
"""How long an answer is waited for."""

_Answer = TypeVar("_Answer")


@dataclass
class _Turn:
    """One thread at a time asks for a file; `hangs` once somebody has given up on it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    hangs: bool = False


_turns: dict[Path, _Turn] = {}


def in_time(path: Path, ask: Callable[[], _Answer]) -> _Answer:
    """What a call answers that reads or writes a file.

    Args:
        path: the file.
        ask: the call; one that hangs is left to itself, and may still do its work later.

    Raises:
        OSError: as `ask`; ETIMEDOUT, there is no answer. Whatever else `ask` raises.
    """
    turn = _turns.setdefault(path, _Turn())
    if not turn.lock.acquire(timeout=0 if turn.hangs else PATIENCE_SECONDS):
        raise _timed_out()
    answer: Future[_Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            answer.set_exception(error)
        finally:
            turn.hangs = False
            turn.lock.release()

    threading.Thread(target=run, name="other-disk", daemon=True).start()
    try:
        return answer.result(timeout=PATIENCE_SECONDS)
    except TimeoutError as error:
        turn.hangs = True
        raise _timed_out() from error


def _timed_out() -> OSError:
    return OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
