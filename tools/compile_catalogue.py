"""Writes the gettext catalogue of the issuer's command line from its text.

    python tools/compile_catalogue.py [--check]

`messages.po` says in Chinese what click says itself; Python's gettext reads `messages.mo` alone. With `--check` nothing
is written: exit status 1 if the two differ.
"""

import ast
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "issuer/src/xinzheng_issuer/cli/locale/zh/LC_MESSAGES"
SOURCE, COMPILED = FOLDER / "messages.po", FOLDER / "messages.mo"

_MAGIC = 0x950412DE
_HEADER = struct.Struct("<7I")
_ENTRY = struct.Struct("<2I")


def entries(text: str) -> dict[str, str]:
    """Each msgid of a .po file, with its plural after a zero octet, and what it is in the language.

    Args:
        text: the file; one form of the plural, no contexts, no fuzzy entries.
    """
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        parts = dict(_parts(block))
        if parts:
            plural = parts.get("msgid_plural")
            found[parts["msgid"] if plural is None else f"{parts['msgid']}\0{plural}"] = parts["msgstr"]
    return found


def _parts(block: str) -> Iterator[tuple[str, str]]:
    """Keyword and text; what goes on in the next lines belongs to it."""
    lines = [line for line in block.splitlines() if line and not line.startswith("#")]
    starts = [number for number, line in enumerate(lines) if not line.startswith('"')]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        keyword, first = lines[start].split(" ", 1)
        yield keyword.removesuffix("[0]"), "".join(map(ast.literal_eval, (first, *lines[start + 1 : end])))


def compiled(found: dict[str, str]) -> bytes:
    """A .mo file (GNU gettext, "The Format of GNU MO Files"), without a hash table."""
    pairs = sorted((key.encode(), text.encode()) for key, text in found.items())
    keys_at = _HEADER.size
    texts_at = keys_at + len(pairs) * _ENTRY.size
    place = texts_at + len(pairs) * _ENTRY.size
    tables, strings = [], b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(_ENTRY.pack(len(pair[column]), place + len(strings)))
            strings += pair[column] + b"\0"
    return _HEADER.pack(_MAGIC, 0, len(pairs), keys_at, texts_at, 0, 0) + b"".join(tables) + strings


def main() -> int:
    """Write or compare."""
    made = compiled(entries(SOURCE.read_text("utf-8")))
    if "--check" in sys.argv[1:]:
        return int(not COMPILED.exists() or COMPILED.read_bytes() != made)
    COMPILED.write_bytes(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
