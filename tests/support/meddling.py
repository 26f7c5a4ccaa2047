"""Somebody who can write a publication folder, and is quick: files change while the owner reads or writes them."""

import functools
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

Result = TypeVar("Result")


@contextmanager
def other_at_reading(path: Path, content: bytes, *, turn: int) -> Iterator[None]:
    """The file holds `content` at its reading number `turn`, from 1, and what it held at all others."""
    genuine, count = path.read_bytes(), 0

    def swapping(opened: Callable[..., Any], file: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal count
        if str(file) == str(path):
            count += 1
            _put(path, content if count == turn else genuine)
        return opened(file, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for module in (os, io):  # `os.open`, and that of `Path.read_bytes`
            patch.setattr(module, "open", functools.partial(swapping, module.open))
        yield
    if path.read_bytes() == content:
        _put(path, genuine)


@contextmanager
def put_back_after_writing(name: str, content: bytes, folder: Path) -> Iterator[None]:
    """As soon as the owner has written a file of this name, it holds `content` again."""
    rename = os.rename

    def undoing(first: Any, second: Any, **options: Any) -> None:
        rename(first, second, **options)
        if Path(second).name == name:
            _put(folder / name, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "rename", undoing)
        yield


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """What the work gives, if it does not hang."""
    done: list[Result] = []
    thread = threading.Thread(target=lambda: done.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert done, "it hangs, or has failed"
    return done[0]


def _put(path: Path, content: bytes) -> None:
    beside = path.with_name("meddling")
    with open(beside, "wb") as file:  # noqa: PTH123 - whose `open` is the genuine one
        file.write(content)
    beside.replace(path)
