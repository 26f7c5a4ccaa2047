"""A file system that stops at a chosen moment, as when the power goes or the process is killed."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHANGES = ("write", "fsync", "rename", "link", "unlink", "fchmod")


class PowerCutError(BaseException):
    """Nothing runs after it; not an `Exception`, so that no handler takes it for an error to report."""


class FileSystem:
    """Counts the operations that change files, and fails at the one with the number `at`.

    Attributes:
        at: number of the operation, from 0, that does not happen any more.
        failure: what is raised there; after a power cut every later operation fails too: nothing tidies up.
        done: how many operations happened.
    """

    def __init__(self, at: int, failure: type[BaseException] = PowerCutError) -> None:
        self.at = at
        self.failure = failure
        self.done = 0

    def step(self, operation: Callable[..., Any], name: str, *arguments: Any, **options: Any) -> Any:
        number, self.done = self.done, self.done + 1
        if number == self.at or (number > self.at and self.failure is PowerCutError):
            if name == "fsync" and number == self.at:
                _lose_what_was_not_synchronised(arguments[0])
            if name == "write" and number == self.at:
                operation(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise self.failure(28, "no space left on device")
        return operation(*arguments, **options)


@contextmanager
def stopping(at: int, failure: type[BaseException] = PowerCutError) -> Iterator[FileSystem]:
    """Operation number `at` and, for a power cut, all after it do not happen."""
    file_system = FileSystem(at, failure)
    with pytest.MonkeyPatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, _counted(file_system, name, getattr(os, name)))
        yield file_system


def _counted(file_system: FileSystem, name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments, **options: file_system.step(operation, name, *arguments, **options)


def _lose_what_was_not_synchronised(descriptor: int) -> None:
    if os.path.isfile(f"/proc/self/fd/{descriptor}"):  # noqa: PTH113 - follows the link of an open descriptor
        os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
