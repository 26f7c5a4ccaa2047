"""Texts that look like something else (UTS 39): what the reader of a certificate could be deceived by.

Control, direction, zero-width and tag characters never get this far: no text of a certificate may hold them. Here are
those that a text may hold by its form and a court has no reason to write: a court's own software refuses them, and a
verifier points them out, since what a court has signed is what a court has signed.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

# Default-ignorable code points that no pattern of the schema forbids, and blanks that count as letters or symbols.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Radicals that look like the ideographs they are named after, and letters of mathematics.
_LOOK_ALIKE: Final = re.compile("[\u2e80-\u2fdf\U0001d400-\U0001d7ff]")
_SCRIPTS: Final = {
    "Latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    "Greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "Cyrillic": re.compile("[\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f]"),
    "Armenian": re.compile("[\u0530-\u058f]"),
    "Cherokee": re.compile("[\u13a0-\u13ff\uab70-\uabbf]"),
}
"""Scripts whose letters look alike (UTS 39, 5.1); Chinese characters beside any one of them are usual."""

_SUSPECT: Final = re.compile(
    "[\u034f\u0370-\u058f\u115f\u1160\u13a0-\u13ff\u17b4\u17b5\u180b-\u180f\u1c80-\u1c8f\u1f00-\u1fff\u2800"
    "\u2de0-\u2fdf\u3164\ua640-\ua69f\uab70-\uabbf\ufe00-\ufe0f\uffa0\U0001d400-\U0001d7ff\U000e0100-\U000e01ef]"
)
# What names are written in: no character of these composes with another, or is one of the suspect.
_is_usual = re.compile("[\n -~\u3007\u3014\u3015\u4e00-\u9fff\uff08\uff09]*").fullmatch


def is_honest(text: str) -> bool:
    """Whether one glance shows that `deceptions` finds nothing; at several texts, if line feeds are between them.

    A line feed composes with nothing, so that texts are in NFC together if and only if each is (UAX 15, 9.1).
    """
    return _is_usual(text) is not None or (unicodedata.is_normalized("NFC", text) and _SUSPECT.search(text) is None)


def deceptions(text: str) -> Iterator[str]:
    """What could deceive a reader of `text`.

    Yields:
        Codes: text_not_nfc, text_invisible, text_look_alike, text_mixed_script.
    """
    if text.isascii():
        return
    if not unicodedata.is_normalized("NFC", text):
        yield "text_not_nfc"
    if _SUSPECT.search(text) is None:
        return
    if _INVISIBLE.search(text):
        yield "text_invisible"
    if _LOOK_ALIKE.search(text):
        yield "text_look_alike"
    if sum(letters.search(text) is not None for letters in _SCRIPTS.values()) > 1:
        yield "text_mixed_script"
