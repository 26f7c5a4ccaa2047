"""What to check: files, standard input, folders, patterns, JSON lines; read one after the other, as they are needed."""

import getpass
import os
import sys
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, TextIO, cast

from xinzheng_verifier.bulk.items import PAUSE, Pause
from xinzheng_verifier.cli.exits import UsageError
from xinzheng_verifier.cli.lines import Stream, lines_of
from xinzheng_verifier.cli.patterns import is_deep, matching
from xinzheng_verifier.envelope import LINE_SPACE, EnvelopeError, one_of_many
from xinzheng_verifier.limits import MAX_INPUT_BYTES

STDIN: Final = "-"
_PATTERN: Final = frozenset("*?[")
_UNREADABLE: Final = "unreadable"
_LINE_SPACE: Final = LINE_SPACE.encode("ascii")


class Found(NamedTuple):
    """A file to read, or a folder that cannot be listed.

    Attributes:
        path: its name.
        fault: why it cannot be listed; None is a file.
    """

    path: str
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class Input:
    """One thing to check, or the reason why it cannot be read.

    Attributes:
        name: what it is called in the answer.
        data: at most one byte more than is accepted; the library refuses what is larger.
        identity: full ID number that came with it.
        number: certificate number that came with it.
        other: another form that came with it.
        label: the sender's own name for it.
        fault: key in `words.WORDS` and what fills the text; None if it could be read.
        reason: fills the text of `fault`.
    """

    name: str
    data: bytes | str = b""
    identity: str | None = None
    number: str | None = None
    other: bytes | str | None = None
    label: str | None = None
    fault: str | None = None
    reason: str = ""


@dataclass
class Inputs:
    """All inputs of a command.

    Args:
        names: files, folders, patterns; "-" is standard input.
        lines: files of JSON lines; "-" is standard input.

    Attributes:
        left_out: how many entries of the folders are no files to check, by reason: hidden, special.
    """

    names: Sequence[str]
    lines: Sequence[str] = ()
    left_out: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Input | Pause]:
        for name in self.names:
            yield from self._named(name)
        for name in self.lines:
            yield from _lines(name)

    @property
    def may_be_many(self) -> bool:
        """Whether there may be more inputs than names."""
        return bool(self.lines) or len(self.names) > 1 or any(_is_pattern(n) or _is_folder(n) for n in self.names)

    def count(self) -> int | None:
        """How many there are, as far as that can be told without reading them."""
        if self.lines:
            return None
        counted = Inputs(self.names)
        return sum(1 for name in counted.names for _ in counted.paths(name))

    def paths(self, name: str) -> Iterator[Found]:
        """What one name stands for; a name that stands for no file is given back as it is."""
        if name == STDIN:
            yield Found(name)
            return
        found = matching(name) if _is_pattern(name) else []
        walked = set[str]()
        for path in found or [name]:
            if _is_below(path, walked):
                continue
            if not _is_folder(path):
                yield Found(path)
            elif found and is_deep(name) and os.path.islink(path):  # noqa: PTH114 - as below
                self.left_out["special"] += 1
            else:
                walked.add(path.rstrip("/"))
                yield from self._folder(path)

    def _named(self, name: str) -> Iterator[Input]:
        for path, fault in self.paths(name):
            if fault is not None:
                yield Input(name=path, fault=_UNREADABLE, reason=fault)
                continue
            try:
                yield Input(name=path, data=read_input(path))
            except OSError as error:
                yield Input(name=path, fault=_UNREADABLE, reason=error.strerror or "")

    def _folder(self, folder: str) -> Iterator[Found]:
        """The files below a folder, in order; links to folders are not followed, so that none is walked for ever."""
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - its names are wanted
        except OSError as error:
            yield Found(folder, error.strerror or "")
            return
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - as it was typed: `Path` would take a leading ./ away
            if name.startswith("."):
                self.left_out["hidden"] += 1
            elif _is_folder(path) and not os.path.islink(path):  # noqa: PTH114 - as below
                yield from self._folder(path)
            elif _is_special(path):
                self.left_out["special"] += 1
            else:
                yield Found(path)


# Of a name that cannot be looked at `os.path` says that it is nothing of the kind, where `Path` raises.


def _is_pattern(name: str) -> bool:
    return bool(_PATTERN.intersection(name)) and not os.path.exists(name)  # noqa: PTH110


def _is_folder(name: str) -> bool:
    return os.path.isdir(name)  # noqa: PTH112


def _is_below(path: str, folders: Container[str]) -> bool:
    return any(path[:place] in folders for place, sign in enumerate(path) if sign == "/")


def _is_special(name: str) -> bool:
    """Whether reading it could take for ever, or round and round: a pipe, a device, a link to a folder."""
    return os.path.exists(name) and not os.path.isfile(name)  # noqa: PTH110, PTH113


def read_input(name: str) -> bytes:
    """At most one byte more than is accepted: the library refuses what is larger.

    Raises:
        OSError: it cannot be read.
    """
    if name == STDIN:
        return standard_input().buffer.read(MAX_INPUT_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(MAX_INPUT_BYTES + 1)


def standard_input() -> TextIO:
    """Standard input; a shell can start a program without one (`<&-`).

    Raises:
        UsageError: there is none.
    """
    if sys.stdin is None:
        raise UsageError("stdin_missing")
    return sys.stdin


def typed_unseen(prompt: str) -> str:
    """What a person types at the terminal without seeing it; empty if that is the end of the input."""
    try:
        return getpass.getpass(prompt)
    except EOFError:
        return ""


def _lines(name: str) -> Iterator[Input | Pause]:
    """One credential for each line that is not blank.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        if name == STDIN:
            yield from _numbered(cast("Stream", standard_input().buffer), name)
            return
        with Path(name).open("rb") as file:
            yield from _numbered(file, name)
    except OSError as error:
        raise UsageError("unreadable", file=name, reason=error.strerror) from error


def _numbered(stream: Stream, name: str) -> Iterator[Input | Pause]:
    number = 0
    for line in lines_of(stream):
        if line is PAUSE:
            yield PAUSE
            continue
        number += 1
        if stripped := line.strip(_LINE_SPACE):
            yield _line(stripped, f"{name}:{number}")


def _line(line: bytes, name: str) -> Input:
    try:
        envelope = one_of_many(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Input(name=name, data=line)
    except EnvelopeError as error:
        return Input(name=name, fault="line_malformed", reason=error.field or "")
    return Input(
        name=name,
        data=envelope.credential,
        identity=envelope.identity,
        number=envelope.number,
        other=envelope.other,
        label=envelope.label,
    )
