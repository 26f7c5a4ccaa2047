"""The sheet on a terminal: two columns, wrapped."""

import json
import re
import shutil
import unicodedata
from collections.abc import Sequence

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.report import Report
from xinzheng_verifier.show.sheet import printable, sheet

_MAX_COLUMNS = 100
_PIECE = re.compile(r"[ -~]+?(?: +|(?![ -~]))|[^ -~]")
"""What a line may be parted between: words of ASCII with the blanks behind them, and every other sign."""


def screen(report: Report, *, name: str, language: Language) -> str:
    """The report as text.

    Args:
        report: what to show.
        name: how the input was called.
        language: "en" or "zh".
    """
    shown = sheet(report, language)
    rows = [(row.head, row.text) for row in shown.rows]
    return "\n".join([f"{printable(name)}: {shown.verdict}", f"  {shown.message} ({report.code})", table(rows), ""])


def line(report: Report, *, name: str, language: Language) -> str:
    """The report in one line.

    Args:
        report: what to show.
        name: how the input was called.
        language: "en" or "zh".
    """
    shown = sheet(report, language)
    return f"{printable(name)}: {shown.verdict} · {shown.message} ({report.code})"


def printable_json(value: JSONObject) -> str:
    """JSON of one line that is as harmless on a terminal: JSON itself lets most invisible signs stand as they are."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    """The escape of a sign in JSON (RFC 8259, 7): of UTF-16 units, of which a sign beyond U+FFFF has two."""
    units = sign.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns, the second wrapped to the terminal; both are made printable.

    Args:
        rows: heading and text; line breaks in the text are kept.
    """
    width = max((_columns(head) for head, _ in rows), default=0) + 2
    available = max(30, min(shutil.get_terminal_size().columns, _MAX_COLUMNS) - width - 2)
    lines = []
    for head, text in rows:
        wrapped = [line for part in text.split("\n") for line in _wrap(printable(part), available) or [""]]
        gap = " " * (width - _columns(head))
        lines += [f"  {head}{gap}{wrapped[0]}", *(" " * (width + 2) + line for line in wrapped[1:])]
    return "\n".join(lines)


def _wrap(text: str, columns: int) -> list[str]:
    """Lines of at most that many columns; East Asian wide signs take two (UAX 11) and may be parted anywhere."""
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if _columns(line + piece) > columns and line:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()]


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
