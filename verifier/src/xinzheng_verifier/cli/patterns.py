"""Patterns of names, as shells know them: `*`, `?`, `[…]`, and `**` for any folders or none.

Below `**` no link to a folder is followed, where `glob` follows each: two links to the folder they lie in would be
walked for ever.
"""

import glob
import os
from collections.abc import Iterator, Sequence
from typing import Final

_DEEP: Final = "**"


def is_deep(pattern: str) -> bool:
    """Whether a pattern looks into folders below folders."""
    return _DEEP in pattern.split("/")


def matching(pattern: str) -> list[str]:
    """The names that a pattern stands for, in order."""
    return sorted(set(_matching(pattern.split("/"))))


def _matching(parts: Sequence[str]) -> Iterator[str]:
    if _DEEP not in parts:
        yield from glob.iglob("/".join(parts))  # noqa: PTH207 - `Path.glob` takes no absolute pattern
        return
    at = parts.index(_DEEP)
    rest = [*parts[at:]]
    while rest and rest[0] == _DEEP:
        del rest[0]
    for top in _tops(parts[:at]):
        for folder in _folders(top):
            yield from _matching([*glob.escape(folder).split("/")[:-1], *(rest or ["*"])])


def _tops(parts: Sequence[str]) -> list[str]:
    """Where to look, each with a slash behind it; nothing is the folder where the command runs."""
    if not any(parts):
        return ["/" if parts else ""]
    return [f"{path}/" for path in glob.iglob("/".join(parts)) if os.path.isdir(path)]  # noqa: PTH112, PTH207


def _folders(top: str) -> Iterator[str]:
    """A folder and those below it but the hidden ones; what cannot be listed has none."""
    yield top
    try:
        with os.scandir(top or ".") as entries:
            below = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for name in below:
        if not name.startswith("."):
            yield from _folders(f"{top}{name}/")
