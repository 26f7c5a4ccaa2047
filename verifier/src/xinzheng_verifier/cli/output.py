"""Where answers go: standard output, standard error, files. What cannot be written is told from what cannot be read."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from xinzheng_verifier.cli.exits import OutputError


@contextmanager
def writing(path: Path | None = None) -> Iterator[None]:
    """Tells errors of the system, while something is written, from others.

    Args:
        path: the file that is written; None is a standard stream.

    Raises:
        OutputError: it cannot be written.
        BrokenPipeError: nobody reads any more.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(path, error.strerror or type(error).__name__) from error


def put(text: str, *, end: str = "\n") -> None:
    """Prints on standard output.

    Raises:
        OutputError, BrokenPipeError: as `writing`.
    """
    _print(text, sys.stdout, end=end)


def complain(text: str) -> None:
    """Prints on standard error.

    Raises:
        OutputError, BrokenPipeError: as `writing`.
    """
    _print(text, sys.stderr, end="\n")


def flush() -> None:
    """Sees everything off that was printed.

    Raises:
        OutputError, BrokenPipeError: as `writing`.
    """
    with writing():
        _open(sys.stdout).flush()


def silence(stream: IO[str]) -> None:
    """Lets the interpreter end without a word although a stream cannot be written; there is none in a test's place."""
    with suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _print(text: str, stream: IO[str], *, end: str) -> None:
    with writing():
        print(text, end=end, file=_open(stream))


def _open(stream: IO[str] | None) -> IO[str]:
    """A standard stream; a shell can start a program without one (`>&-`)."""
    if stream is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return stream
