"""Files that only their owner may change, replaced whole or not at all (POSIX)."""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from xinzheng_verifier.errors import TrustError

TEMPORARY_PREFIX = ".new-"
"""How the names of files begin that a crash may leave behind."""

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE: Final = 1_048_576  # bytes that are written at once


def check_folder(folder: Path) -> None:
    """Refuse a folder that is another user's or that others can write to.

    Raises:
        TrustError: `store_writable_by_others`.
        OSError: there is no such folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _check_owner(os.fstat(descriptor), folder)
    finally:
        os.close(descriptor)


def open_guarded(path: Path) -> int:
    """Open a regular file that only its owner can change; it is judged through the descriptor (CWE-367).

    Returns:
        The descriptor, for reading.

    Raises:
        TrustError: `store_writable_by_others`.
        OSError: it cannot be opened, or is no regular file; a symbolic link is none.
    """
    return _guarded(os.open(path, _READ), path)


def open_held(process: int, descriptor: int) -> int:
    """Open once more a file that another process of the same user holds open, though its name may be gone.

    Returns:
        The descriptor, for reading.

    Raises:
        TrustError: `store_writable_by_others`.
        OSError: there is no such file any more, it is no regular one, or this system does not offer it.
    """
    path = Path(f"/proc/{process}/fd/{descriptor}")
    return _guarded(os.open(path, os.O_RDONLY | os.O_CLOEXEC), path)


def _guarded(descriptor: int, path: Path) -> int:
    try:
        _check_file(os.fstat(descriptor), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_guarded(path: Path, *, max_bytes: int) -> bytes:
    """Read a regular file that only its owner can change.

    Raises:
        TrustError: `store_writable_by_others`; `bundle_too_large`.
        OSError: it cannot be opened or read; a symbolic link cannot.
    """
    with open(open_guarded(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > max_bytes or len(content := file.read(max_bytes + 1)) > max_bytes:
            raise TrustError("bundle_too_large", limit=max_bytes)
        return content


class NewFile:
    """A file in the making, under a name that nobody reads; it gets its own name when it is whole.

    Args:
        folder: where it will be.
        name: what it is called until then, after `TEMPORARY_PREFIX`.
        mode: permissions, whatever the umask; None leaves them to it, as a medium without permissions needs.

    Raises:
        OSError: it cannot be made or written; so do all methods.
    """

    def __init__(self, folder: Path, name: str, *, mode: int | None = 0o644) -> None:
        self._temporary = folder / f"{TEMPORARY_PREFIX}{name}"
        self._held = bytearray()
        self._mode = mode
        self._placed = False
        self._descriptor = os.open(self._temporary, _WRITE, 0o666 if mode is None else mode)

    def write(self, content: bytes) -> None:
        """Append."""
        self._held += content
        if len(self._held) >= _PIECE:
            self._flush()

    def place(self, path: Path) -> None:
        """Make it survive a power cut, and give it its name; what had the name is replaced."""
        if self._mode is not None:
            os.fchmod(self._descriptor, self._mode)
        self._flush()
        os.fsync(self._descriptor)
        self._temporary.rename(path)
        self._placed = True
        sync_folder(path.parent)

    def _flush(self) -> None:
        left = memoryview(bytes(self._held))
        self._held.clear()
        while left:  # a disk that is nearly full takes a part first
            left = left[os.write(self._descriptor, left) :]

    def __enter__(self) -> "NewFile":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
        if not self._placed:
            self._temporary.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` at `path` so that after a crash at any moment there is the old file or the new one, whole.

    Raises:
        OSError: it cannot be written; what was at `path` is untouched.
    """
    with NewFile(path.parent, path.name, mode=mode) as file:
        file.write(content)
        file.place(path)


def write_new(path: Path, content: bytes) -> None:
    """Put `content` at `path`, where nothing is, whole or not at all.

    Raises:
        FileExistsError: something is there.
        OSError: it cannot be written.
    """
    if os.path.lexists(path):
        raise FileExistsError(path)
    with NewFile(path.parent, path.name, mode=None) as file:
        file.write(content)
        file.place(path)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the one lock of `folder` among processes and threads; waits for it, and a crash releases it.

    Raises:
        OSError: the lock file cannot be made or opened.
    """
    # 0600: whoever can open the file could hold the lock for ever.
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _check_file(status: os.stat_result, path: Path) -> None:
    _check_owner(status, path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))


def _check_owner(status: os.stat_result, path: Path) -> None:
    if status.st_uid not in {0, os.geteuid()} or status.st_mode & _WRITABLE_BY_OTHERS:
        raise TrustError("store_writable_by_others", name=path.name)
