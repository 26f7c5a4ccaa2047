"""Files that only their owner may see: opened, judged and read through one descriptor.

Every judgement is made on the open descriptor, so that no other file can be put in the place of the one that was
judged (CWE-367). Access control lists show in the group bits of the mode, and are refused with them.
"""

import errno
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

# Open-file flags: never follow a link at the last step, never hang on a FIFO, never leak into a child process.
_SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

OWNER_ONLY = 0o077
"""Mode bits that a key file must not have: any access for group or others."""


class UnsafeFileError(Exception):
    """The file is not for its owner alone.

    Attributes:
        found: what is wrong with it, as a word that needs no translation: `symlink`, `uid=1000`, `mode=0644` …
    """

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(found)


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may own a private file, and which mode bits it must not have."""

    owners: frozenset[int]
    forbidden_bits: int = OWNER_ONLY

    @classmethod
    def of_this_user(cls) -> "Guard":
        """The rule for files that people make: owned by the user who runs this, closed to everyone else."""
        return cls(frozenset({os.geteuid()}))

    def check(self, status: os.stat_result) -> None:
        """Raise `UnsafeFileError` unless `status` is that of a regular file within the rule."""
        if not stat.S_ISREG(status.st_mode):
            raise UnsafeFileError("not a regular file")
        if status.st_uid not in self.owners:
            raise UnsafeFileError(f"uid={status.st_uid}")
        if status.st_mode & self.forbidden_bits:
            raise UnsafeFileError(f"mode={stat.S_IMODE(status.st_mode):04o}")


def read_private_file(path: Path, *, guard: Guard, max_octets: int) -> bytes:
    """Read a file that must be private.

    Args:
        path: the file; its last step must not be a symbolic link.
        guard: the rule it must keep.
        max_octets: how much is read at most; a longer file gives `max_octets + 1` octets.

    Raises:
        UnsafeFileError: the file breaks the rule.
        OSError: it cannot be opened or read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK}:
            raise UnsafeFileError("symlink") from error
        raise
    try:
        guard.check(os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(max_octets + 1)
    finally:
        os.close(descriptor)


def write_new_private_file(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600 that survives a power cut: whole under its name, or not there.

    It is written under a name of its own first, and takes the given name by a hard link, which unlike a renaming never
    replaces what is there.

    Raises:
        FileExistsError: there is something at `path`, were it a dangling link.
        OSError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        path.hardlink_to(draft)
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
