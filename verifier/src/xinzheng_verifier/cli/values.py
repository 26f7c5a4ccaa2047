"""What single arguments are read as, and what they should have been."""

import argparse
import os
import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from xinzheng_schemas.errors import CodedError, Language
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.policy import MAX_CLOCK_SKEW

MAX_SHOWN: Final = 80
"""Signs of a mistyped value that are repeated."""

_DURATION: Final = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MAX_WORKERS: Final = 9_999
_MAX_PORT: Final = 65_535
_PROVINCE: Final = re.compile(r"[0-9]{2}")
_COURT: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
_NUMBER: Final = re.compile(r"[0-9]{1,5}")


class ValueRefusedError(argparse.ArgumentTypeError):
    """A value that is not what it should be.

    Attributes:
        value: what was written; None is not to be repeated.
        expected: what it should have been, in the language of whoever typed it.
    """

    def __init__(self, value: str | None, expected: str) -> None:
        super().__init__(expected)
        self.value = value
        self.expected = expected


class Values:
    """Readers of values, in one language.

    Args:
        language: "en" or "zh".
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def one_of(self, names: Collection[str]) -> Callable[[str], str]:
        """Reads one of some names."""

        def read(text: str) -> str:
            if text not in names:
                raise self._refusal(text, "expected_one_of", names=", ".join(names))
            return text

        return read

    def only_dash(self, text: str) -> str:
        """Takes `-` alone; what else was written may be somebody's number and is not repeated."""
        if text != "-":
            raise self._refusal(None, "number_as_argument")
        return text

    def named_file(self, text: str) -> tuple[str, Path]:
        """An address and a file; an address may hold `=`, the name of the file may not."""
        url, separator, name = text.rpartition("=")
        if not separator or not url or not name:
            raise self._refusal(text, "expected_named_file")
        return url, Path(name)

    def moment(self, text: str) -> datetime:
        """A moment with its zone."""
        try:
            return parse_timestamp(text)
        except CodedError as error:
            raise self._refusal(text, "expected_moment") from error

    def duration(self, text: str) -> timedelta:
        """A whole number of seconds, minutes, hours or days."""
        match = _DURATION.fullmatch(text)
        if match is None:
            raise self._refusal(text, "expected_duration")
        return timedelta(**{_UNITS[match[2]]: int(match[1])})

    def skew(self, text: str) -> timedelta:
        """A duration that a policy may excuse."""
        skew = self.duration(text)
        if skew > MAX_CLOCK_SKEW:
            raise self._refusal(text, "expected_skew")
        return skew

    def province(self, text: str) -> str:
        """Code of a province (GB/T 2260)."""
        if not _PROVINCE.fullmatch(text):
            raise self._refusal(text, "expected_province")
        return text

    def courts(self, text: str) -> list[str]:
        """Codes of courts with commas between them, or those in a file, one on each line."""
        try:
            # `Path` would raise of a list that is too long for a name.
            is_file = os.path.isfile(text)  # noqa: PTH113
            lines = Path(text).read_text("utf-8") if is_file else text.replace(",", "\n")
        except (OSError, ValueError) as error:
            raise self._refusal(text, "expected_courts") from error
        codes = [code for line in lines.splitlines() if (code := line.strip())]
        if not codes or not all(_COURT.fullmatch(code) for code in codes):
            raise self._refusal(text, "expected_courts")
        return codes

    def workers(self, text: str) -> int:
        """How many processes."""
        return self._number(text, least=1, most=_MAX_WORKERS)

    def port(self, text: str) -> int:
        """A TCP port; 0 takes a free one."""
        return self._number(text, least=0, most=_MAX_PORT)

    def _number(self, text: str, *, least: int, most: int) -> int:
        if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
            raise self._refusal(text, "expected_number_from", least=least, most=most)
        return int(text)

    def _refusal(self, value: str | None, word: str, **params: object) -> ValueRefusedError:
        return ValueRefusedError(value, say(word, self._language, **params))
