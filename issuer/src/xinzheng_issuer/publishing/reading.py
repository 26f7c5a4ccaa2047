"""Reading files of the publication folder, which others may be able to write: each once, and no more than it may hold.

What lies there may be a named pipe that nobody writes, a link out of the folder, a file without end, or another file at
the next reading. So a file is opened without following a link or waiting, is read only if it is a regular one within
its bound, and whoever judges it goes on with the bytes that were judged.
"""

import os
import stat
from pathlib import Path
from typing import Final

from xinzheng_verifier.limits import MAX_BUNDLE_BYTES

# Windows has neither; there a reparse point or a pipe has no place in a folder of files.
_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_published(path: Path, *, max_bytes: int = MAX_BUNDLE_BYTES) -> bytes:
    """The content of a regular file.

    Args:
        path: the file; a symbolic link is none.
        max_bytes: what it may hold.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read, is no regular file, or is longer.
    """
    descriptor = os.open(path, _READ | getattr(os, "O_BINARY", 0))
    try:
        is_regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(max_bytes + 1) if is_regular else b""
    finally:
        os.close(descriptor)
    if not is_regular or len(content) > max_bytes:
        raise OSError(f"no regular file of at most {max_bytes} bytes: {path}")
    return content
