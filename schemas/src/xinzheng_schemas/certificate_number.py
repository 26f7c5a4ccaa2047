"""The default form of certificate numbers: court code, year, and 64 random bits in Crockford's base32.

    鄂0683-2026-7K3M9QW2XB4TC

Random rather than counted: a number tells nothing of its neighbours and cannot be guessed. Letters I, L, O and U do not
occur, so that people can read it out.
"""

import re
from typing import NamedTuple

from xinzheng_schemas.court_table import COURT_CODE_PATTERN

RANDOM_BYTES = 8
"""Bytes of randomness in a number."""

MAX_CHARACTERS = 64
"""Characters of a certificate number of any form."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_CHARACTERS = 13
_BITS = 5
# 13 characters hold 65 bits: the first one has a bit less.
_DEFAULT = re.compile(rf"({COURT_CODE_PATTERN})-([0-9]{{4}})-([0-9A-F][{_ALPHABET}]{{{_CHARACTERS - 1}}})")


class DefaultNumber(NamedTuple):
    """The parts of a certificate number of the default form.

    Attributes:
        court_code: court code (法院代字).
        year: year of issue.
        random: 8 bytes.
    """

    court_code: str
    year: int
    random: bytes

    def __str__(self) -> str:
        number = int.from_bytes(self.random, "big")
        digits = (_ALPHABET[number >> _BITS * place & 31] for place in reversed(range(_CHARACTERS)))
        return f"{self.court_code}-{self.year:04d}-{''.join(digits)}"


def parse_default(text: str) -> DefaultNumber | None:
    """Takes a certificate number apart; None if it has another form than the default one."""
    found = _DEFAULT.fullmatch(text)
    if found is None:
        return None
    number = 0
    for character in found[3]:
        number = number << _BITS | _VALUES[character]
    return DefaultNumber(found[1], int(found[2]), number.to_bytes(RANDOM_BYTES, "big"))
