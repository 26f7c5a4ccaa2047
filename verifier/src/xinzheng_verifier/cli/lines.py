"""Lines of a file or of a pipe, as they come: whoever waits for the next one hears that there is none yet."""

import select
from collections.abc import Iterator
from typing import Final, Protocol

from xinzheng_verifier.bulk.items import PAUSE, Pause
from xinzheng_verifier.limits import MAX_REQUEST_BYTES

PATIENCE: Final = 0.05
"""Seconds without a byte after which a source pauses. [chosen: nobody who looks on notices it]"""

_CHUNK: Final = 65_536
_KEPT: Final = MAX_REQUEST_BYTES + 1


class Stream(Protocol):
    """What lines come from; the buffered readers of Python's own files are some."""

    def fileno(self) -> int:
        """Number of the file."""

    def read1(self, size: int = -1, /) -> bytes:
        """What is there, as soon as anything is; nothing at the end."""


def lines_of(stream: Stream) -> Iterator[bytes | Pause]:
    """Every line without its end; of one that is too long the beginning, one byte more than is accepted.

    Returns:
        An iterator that also gives `PAUSE` again and again, while the stream has nothing to read.

    Raises:
        OSError: (while iterating) it cannot be read.
    """
    begun = bytearray()
    while True:
        if not _is_ready(stream):
            yield PAUSE
            continue
        chunk = stream.read1(_CHUNK)
        *ends, beginning = chunk.split(b"\n")
        for end in ends:
            yield bytes(begun + end)[:_KEPT]
            begun.clear()
        begun += beginning[: _KEPT - len(begun)]
        if not chunk:
            break
    if begun:
        yield bytes(begun)


def _is_ready(stream: Stream) -> bool:
    """Whether there is something to read, the end included; bytes in memory, and files of systems that do not tell."""
    try:
        return bool(select.select([stream], [], [], PATIENCE)[0])
    except (OSError, ValueError):
        return True
