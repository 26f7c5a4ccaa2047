"""The project's own files, as its architecture tests see them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTIONS = ("schemas", "verifier", "keys", "issuer")
_MADE = {".git", ".venv", "demo", "var", "dist", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that belongs to the project or would with the next commit; without git, all that no tool made."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        found = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    else:
        found = [
            path for path in ROOT.rglob("*") if not _MADE & set(path.relative_to(ROOT).parts[:1] + path.parts[-2:])
        ]
    return tuple(sorted(path for path in found if path.is_file()))


def source_files() -> tuple[Path, ...]:
    """The Python files of the four distributions."""
    return tuple(path for name in DISTRIBUTIONS for path in sorted((ROOT / name / "src").rglob("*.py")))
