"""Somebody who puts another file in the place of one just before it is opened, however quick whoever opens it is."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_watchers: list[Callable[[object], None]] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        for watcher in _watchers:
            watcher(arguments[0])


sys.addaudithook(_hear)


class Swaps:
    """How often a file was opened while files were swapped in its place.

    Args:
        path: the file.
        contents: what it is to hold when it is opened for the first time, the second …; after those the last.
    """

    def __init__(self, path: Path, contents: list[bytes]) -> None:
        self.opened = 0
        self._path, self._contents = path, contents
        self._spare = path.with_name("spare")

    def hear(self, opened: object) -> None:
        if not isinstance(opened, (str, os.PathLike)) or os.fspath(opened) != str(self._path):
            return
        content = self._contents[min(self.opened, len(self._contents) - 1)]
        self.opened += 1
        self._spare.write_bytes(content)
        self._spare.replace(self._path)


@contextmanager
def swapped(path: Path, contents: list[bytes]) -> Iterator[Swaps]:
    """While this lasts, whoever opens the file gets one of these contents, in turn; in the end the last lies there."""
    swaps = Swaps(path, contents)
    _watchers.append(swaps.hear)
    try:
        yield swaps
    finally:
        _watchers.remove(swaps.hear)
        path.unlink(missing_ok=True)
        path.write_bytes(contents[-1])
