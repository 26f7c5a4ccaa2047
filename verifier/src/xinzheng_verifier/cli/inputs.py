"""What to check: files, standard input, folders, patterns, JSON lines; read one after the other, as they are needed."""

import glob
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from xinzheng_verifier.cli.exits import UsageError
from xinzheng_verifier.envelope import EnvelopeError, one_of_many
from xinzheng_verifier.limits import MAX_INPUT_BYTES, MAX_REQUEST_BYTES

STDIN: Final = "-"
_PATTERN: Final = frozenset("*?[")


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
        left_out: how many files of the folders were not read, by reason: hidden, special, large, unreadable.
    """

    names: Sequence[str]
    lines: Sequence[str] = ()
    left_out: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Input]:
        for name in self.names:
            yield from self._named(name)
        for name in self.lines:
            yield from _lines(name)

    @property
    def may_be_many(self) -> bool:
        """Whether there may be more inputs than names."""
        return bool(self.lines) or len(self.names) > 1 or any(_is_pattern(n) or Path(n).is_dir() for n in self.names)

    def count(self) -> int | None:
        """How many there are, as far as that can be told without reading them."""
        if self.lines:
            return None
        counted = Inputs(self.names)
        return sum(1 for name in counted.names for _ in counted.paths(name))

    def paths(self, name: str) -> Iterator[str]:
        """The files that one name stands for; a name that stands for none is given back as it is."""
        if name == STDIN:
            yield name
            return
        # `Path.glob` takes no absolute pattern.
        found = sorted(glob.iglob(name, recursive=True)) if _is_pattern(name) else [name]  # noqa: PTH207
        for path in found or [name]:
            if Path(path).is_dir():
                yield from (str(file) for file in self._folder(Path(path)))
            else:
                yield path

    def _named(self, name: str) -> Iterator[Input]:
        for path in self.paths(name):
            try:
                yield Input(name=path, data=read_input(path))
            except OSError as error:
                yield Input(name=path, fault="unreadable", reason=error.strerror or "")

    def _folder(self, folder: Path) -> Iterator[Path]:
        """The files below a folder, in order; links to folders are not followed, so that none is walked for ever."""
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            self.left_out["unreadable"] += 1
            return
        for entry in entries:
            if entry.name.startswith("."):
                self.left_out["hidden"] += 1
            elif entry.is_dir() and not entry.is_symlink():
                yield from self._folder(entry)
            elif not entry.is_file():
                self.left_out["special"] += 1
            elif entry.stat().st_size > MAX_INPUT_BYTES:
                self.left_out["large"] += 1
            else:
                yield entry


def _is_pattern(name: str) -> bool:
    return bool(_PATTERN.intersection(name)) and not Path(name).exists()


def read_input(name: str) -> bytes:
    """At most one byte more than is accepted: the library refuses what is larger.

    Raises:
        OSError: it cannot be read.
    """
    if name == STDIN:
        return sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(MAX_INPUT_BYTES + 1)


def _lines(name: str) -> Iterator[Input]:
    """One credential for each line that is not blank.

    Raises:
        UsageError: the file cannot be read.
    """
    if name == STDIN:
        yield from _numbered(sys.stdin.buffer, name)
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below; an error of the reader is none of the file's
    except OSError as error:
        raise UsageError("unreadable", file=name, reason=error.strerror) from error
    with file:
        yield from _numbered(file, name)


def _numbered(stream: IO[bytes], name: str) -> Iterator[Input]:
    number = 0
    while line := stream.readline(MAX_REQUEST_BYTES + 1):
        number += 1
        if len(line) > MAX_REQUEST_BYTES:
            _pass_over_rest(line, stream)
        if line.strip():
            yield _line(line.strip(), f"{name}:{number}")


def _pass_over_rest(line: bytes, stream: IO[bytes]) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(MAX_REQUEST_BYTES)


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
