"""The tables of docs/how-to/interop.md, between their markers."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "interop.md"


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replaced(text: str, name: str, content: str) -> str:
    """`text` with `content` between the markers of `name`.

    Raises:
        ValueError: the markers are not there.
    """
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no markers {name}")
    return pattern.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


def write(
    rows: Sequence[Sequence[str]],
    who: Sequence[str],
    versions: Mapping[str, str],
    differences: Sequence[Sequence[str]],
) -> None:
    """Writes what this run found into the page."""
    text = PAGE.read_text("utf-8")
    text = replaced(text, "checked", grid(["signed by", "form", "mechanism", "key", *who], rows))
    listed = [[name, version] for name, version in sorted(versions.items())]
    text = replaced(text, "versions", grid(["package", "version"], listed))
    text = replaced(text, "differences", grid(["input", "what it is", *who], differences))
    PAGE.write_text(text, "utf-8")
