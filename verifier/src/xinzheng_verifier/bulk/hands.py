"""One worker process as its parent sees it."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Final, cast

from xinzheng_verifier.bulk.items import OUT_OF_TIME, PROCESS_ENDED
from xinzheng_verifier.bulk.wire import read_frame, write_frame

START_SECONDS: Final = 60.0
"""How long a process may take to load trust and policy. [chosen: a whole country's bundle takes two]"""

ITEM_SECONDS: Final = 10.0
"""How long a process may be silent over its work. [chosen: ten times what any input may take]"""

_END_SECONDS: Final = 5.0
_PIPE_BYTES: Final = 1_048_576
_SLACK_BYTES: Final = 8_192  # a pipe holds pages, the first and last of a frame in part
_PROGRAM: Final = (
    "import gc, sys; gc.disable(); sys.path[:] = sys.argv[1:]; from xinzheng_verifier.bulk.worker import main; main()"
)


class Hand:
    """A worker process with one task at a time.

    Args:
        head: pickled trust, policy and moment.
        inbox: where `(hand, frame)` is put for each frame that comes, and `(hand, None)` when no more will come.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, head: bytes, inbox: "SimpleQueue[tuple[Hand, bytes | None]]") -> None:
        # `-I`: no module of the folder that happens to be current is imported in place of the real one.
        paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100 - "" is the current folder
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-I", "-c", _PROGRAM, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._orders = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        _widen(self._answers)
        # Two tasks may wait there at once, while the process does what comes before them or never comes back.
        self.room = _widen(self._orders) // 2 - _SLACK_BYTES
        self._inbox = inbox
        self._reader = threading.Thread(target=self._read, name="xinzheng-batch", daemon=True)
        self._reader.start()
        self.is_ready = False
        self.reason = PROCESS_ENDED
        self.deadline = time.monotonic() + START_SECONDS
        self._write(head)

    @property
    def status(self) -> int | None:
        """Exit status of the process once it ended."""
        return self._process.poll()

    def give(self, packed: bytes) -> None:
        """Sends a task; a process that is gone shows by the end of its frames."""
        self._write(packed)
        self.touch()

    def touch(self) -> None:
        """The process gave a sign of life."""
        self.deadline = time.monotonic() + ITEM_SECONDS

    def give_up(self) -> None:
        """Ends a process that has been silent for too long."""
        self.reason = OUT_OF_TIME
        self._process.kill()
        self.touch()

    def dismiss(self, *, gently: bool) -> None:
        """Lets the process go.

        Args:
            gently: it may end by itself, as an idle one does at once.
        """
        if not gently:
            self._process.kill()
        self._close()

    def bury(self) -> None:
        """Waits until nothing is left of the process, which has been dismissed or has ended."""
        self._close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._answers.close()

    def _write(self, payload: bytes) -> None:
        try:
            write_frame(self._orders, payload)
        except (OSError, ValueError):  # broken now, or closed since it broke
            self._close()

    def _close(self) -> None:
        # Closing writes what is buffered for a process that may be gone.
        with suppress(OSError):
            self._orders.close()

    def _read(self) -> None:
        frame: bytes | None = b""
        while frame is not None:
            frame = read_frame(self._answers)
            self._inbox.put((self, frame))


def _widen(pipe: IO[bytes]) -> int:
    """Room for whole chunks in a pipe, where the system lets a program say so: neither end waits for the other.

    Returns:
        Bytes that go in before somebody reads; 0 if nobody says.
    """
    with suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - there is none on Windows

        return int(fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES))
    return 0
