"""A worker of a batch: reads inputs on standard input, judges them, writes packed reports on standard output."""

import faulthandler
import gc
import os
import pickle
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import IO, TYPE_CHECKING, Final

from xinzheng_verifier.bulk.items import Sent, answer
from xinzheng_verifier.bulk.wire import Packer, read_frame, unpack, write_frame

if TYPE_CHECKING:
    from xinzheng_verifier.verifier import Verifier

FLUSH_SECONDS: Final = 0.5
"""How long answers are held back to travel together."""

STALL_SECONDS = 60.0
"""How long a process that lost its parent may stall over one input."""

_GARBAGE_THRESHOLD: Final = 50_000
"""Containers made before rubbish is looked for: a judgement leaves none, and looking takes a tenth of the time."""

READY: Final = b""
"""The first frame that a worker writes."""


def main() -> None:
    """Works until standard input ends."""
    # Ctrl-C reaches the whole terminal; it is for the parent, which then ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source = sys.stdin.buffer
    sink = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # nothing that prints may come between the frames
    with suppress(BrokenPipeError):  # the parent is gone
        work(source, sink)


def work(source: IO[bytes], sink: IO[bytes]) -> None:
    """Reads trust and policy once, then chunk after chunk.

    Raises:
        BrokenPipeError: nobody reads the answers.
    """
    head = read_frame(source)
    if head is None:
        return
    kind, trust, policy, at, now = pickle.loads(head)  # noqa: S301 - the parent wrote it
    verifier = kind(trust, policy=policy)
    gc.freeze()  # what was imported stays
    gc.set_threshold(_GARBAGE_THRESHOLD)
    gc.enable()
    write_frame(sink, READY)
    while (chunk := read_frame(source)) is not None:
        with_claims, items = unpack(chunk)
        _answer_all(verifier, items, Packer(with_claims=with_claims), sink, at=at, now=now)


def _answer_all(
    verifier: "Verifier", items: Sequence[Sent], packer: Packer, sink: IO[bytes], *, at: datetime, now: datetime | None
) -> None:
    """Answers in order; whoever waits hears of slow ones after half a second, so that silence means a hang."""
    due = _watched()
    for number, item in enumerate(items, start=1):
        packer.add(answer(verifier, item, at=at, now=now))
        if number == len(items) or time.monotonic() >= due:
            faulthandler.cancel_dump_traceback_later()
            write_frame(sink, packer.frame())
            due = _watched()
    faulthandler.cancel_dump_traceback_later()


def _watched() -> float:
    """Ends this process if it stalls and nobody else does; when the next answers are due."""
    faulthandler.dump_traceback_later(STALL_SECONDS, exit=True)
    return time.monotonic() + FLUSH_SECONDS
