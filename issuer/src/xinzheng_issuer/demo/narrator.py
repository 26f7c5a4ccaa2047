"""Tells the story in one language, keeps the transcript, and counts what did not come as expected."""

from typing import TextIO

from xinzheng_issuer.demo.words import WORDS
from xinzheng_schemas.errors import Language

_INDENT = "   "


class Narrator:
    """Prints as the story goes.

    Attributes:
        language: the listener's.
        answers: how many answers were held against an expectation.
        surprises: how many of them were not as expected.
    """

    def __init__(self, stream: TextIO, *, language: Language) -> None:
        self.language: Language = language
        self.answers = self.surprises = 0
        self._stream = stream
        self._lines: list[str] = []
        self._scenes = 0

    @property
    def transcript(self) -> str:
        """Everything told so far."""
        return "".join(f"{line}\n" for line in self._lines)

    def word(self, key: str, **params: object) -> str:
        """One sentence of `words` in the listener's language."""
        text: str = getattr(WORDS[key], self.language)
        return text.format_map(params)

    def line(self, text: str = "") -> None:
        """One line as it is."""
        self._lines.append(text)
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def scene(self, key: str, **params: object) -> None:
        """Begins a numbered scene."""
        self._scenes += 1
        self.line()
        self.line(f"{self._scenes}. {self.word(key, **params)}")

    def say(self, key: str, **params: object) -> None:
        """One indented sentence."""
        self.line(_INDENT + self.word(key, **params))

    def text(self, text: str) -> None:
        """Several lines as they are, indented."""
        for line in text.splitlines():
            self.line((_INDENT + line).rstrip())

    def command(self, text: str) -> None:
        """A command as a reader could type it."""
        self.line(f"{_INDENT}$ {text}")

    def expect(self, wanted: str, found: str, explanation: str) -> None:
        """Says what was found, with a mark; what was not wanted is counted."""
        self.answers += 1
        if wanted == found:
            self.line(f"{_INDENT}✔ {found}: {explanation}")
            return
        self.surprises += 1
        self.line(f"{_INDENT}✘ {self.word('surprise', wanted=wanted, found=found)} {explanation}")
