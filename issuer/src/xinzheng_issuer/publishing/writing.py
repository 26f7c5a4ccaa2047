"""Writing files into the publication folder, which others may be able to write: whole or not at all, and nowhere else.

A folder in it may have become a link to another one, such as that of the keys, and the name of a file in the making may
be a pipe or a second name of another file. So each folder is opened within the one before it, without following a link,
and the file in the making is always a new one.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from xinzheng_verifier.trust.files import TEMPORARY_PREFIX

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE: Final = 0o644
_PIECE: Final = 1_048_576  # bytes that are written at once


def write_published(folder: Path, name: str, content: bytes) -> None:
    """Put `content` at `folder / name` so that after a crash at any moment there is the old file or the new one, whole.

    Args:
        folder: the publication folder; it may be a link itself.
        name: of the file in it, with `/` between folders, which are made.
        content: of the file.

    Raises:
        OSError: it cannot be written, or a folder on the way is a link; what was there is untouched.
    """
    *folders, base = name.split("/")
    with _opened(folder, folders) as place:
        temporary = f"{TEMPORARY_PREFIX}{base}"
        _remove(temporary, place)  # what a crash left
        descriptor = os.open(temporary, _NEW, _MODE, dir_fd=place)
        try:
            _fill(descriptor, content)
            os.rename(temporary, base, src_dir_fd=place, dst_dir_fd=place)
        except OSError:
            _remove(temporary, place)
            raise
        finally:
            os.close(descriptor)
        os.fsync(place)


@contextmanager
def _opened(folder: Path, names: Sequence[str]) -> Iterator[int]:
    """The innermost folder, each opened within the one before; those that are missing are made."""
    place = os.open(folder, _FOLDER)
    try:
        for name in names:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=place)
            inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        yield place
    finally:
        os.close(place)


def _fill(descriptor: int, content: bytes) -> None:
    """Write all of it, so that it survives a power cut."""
    os.fchmod(descriptor, _MODE)  # whatever the umask
    left = memoryview(content)
    while left:  # a disk that is nearly full takes a part first
        left = left[os.write(descriptor, left[:_PIECE]) :]
    os.fsync(descriptor)


def _remove(name: str, place: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=place)
