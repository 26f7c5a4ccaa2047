"""Files that only their owner may change, replaced whole or not at all (POSIX)."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from xinzheng_verifier.errors import TrustError

TEMPORARY_PREFIX = ".new-"
"""How the names of files begin that a crash may leave behind."""

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


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


def read_guarded(path: Path, *, max_bytes: int) -> bytes:
    """Read a regular file that only its owner can change; it is judged and read through one descriptor (CWE-367).

    Raises:
        TrustError: `store_writable_by_others`; `bundle_too_large`.
        OSError: it cannot be opened or read; a symbolic link cannot.
    """
    with open(os.open(path, _READ), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        status = os.fstat(file.fileno())
        _check_owner(status, path)
        if status.st_size > max_bytes or len(content := file.read(max_bytes + 1)) > max_bytes:
            raise TrustError("bundle_too_large", limit=max_bytes)
        return content


def replace_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` at `path` so that after a crash at any moment there is the old file or the new one, whole.

    Raises:
        OSError: it cannot be written; what was at `path` is untouched.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{path.name}")
    with contextlib.ExitStack() as undo:
        undo.callback(temporary.unlink, missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.rename(path)
        undo.pop_all()
    sync_folder(path.parent)


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


def _check_owner(status: os.stat_result, path: Path) -> None:
    if status.st_uid not in {0, os.geteuid()} or status.st_mode & _WRITABLE_BY_OTHERS:
        raise TrustError("store_writable_by_others", name=path.name)
