"""Refuses a run whose tests leave too many branches of the verifier and the schemas untried.

Usage: coverage_gate.py [--data FILE] [--floor FILE] [--raise]

Reads the data file of coverage.py and measures both packages together: statements and branch exits, each on its own.
The floor is a figure in a file beside this one, in per cent of branch exits. It may rise and never falls:
`--raise` writes the measured figure, rounded down to a tenth, when it is higher.
"""

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import coverage

ROOT = Path(__file__).resolve().parent.parent
GUARDED = ("schemas/src/*", "verifier/src/*")
LOWEST_FLOOR = 95.0  # per cent; agreed for code whose mistakes let a forged certificate pass


class Coverage(NamedTuple):
    """What the tests reached, in per cent, and the files that lack most."""

    statements: float
    branches: float
    gaps: tuple[tuple[str, tuple[str, ...]], ...]


def percent(reached: int, of: int) -> float:
    """A share in per cent; nothing of nothing is 0, so that an empty measurement never passes."""
    return 100.0 * reached / of if of else 0.0


def measure(data: Path) -> Coverage:
    """Coverage of the guarded packages from one data file.

    Raises:
        SystemExit: the data file is missing, holds no branches or knows nothing of the guarded packages.
    """
    if not data.is_file():
        sys.exit(f"coverage gate: no data in {data}; run the tests with --cov first")
    measured = coverage.Coverage(data_file=str(data), config_file=str(ROOT / "pyproject.toml"))
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        try:
            measured.json_report(
                outfile=str(report), include=[f"*/{pattern}" for pattern in GUARDED], ignore_errors=False
            )
        except coverage.exceptions.NoDataError:
            sys.exit("coverage gate: the data holds nothing of schemas/ and verifier/")
        content = json.loads(report.read_text("utf-8"))
    totals = content["totals"]
    if not totals.get("num_branches"):
        sys.exit("coverage gate: the data holds no branches; branch measurement must stay on")
    gaps = sorted(
        ((name, tuple(f"{a}→{b}" for a, b in file["missing_branches"])) for name, file in content["files"].items()),
        key=lambda gap: -len(gap[1]),
    )
    return Coverage(
        statements=percent(totals["covered_lines"], totals["num_statements"]),
        branches=percent(totals["covered_branches"], totals["num_branches"]),
        gaps=tuple(gap for gap in gaps if gap[1]),
    )


def read_floor(path: Path) -> float:
    """The agreed floor in per cent; refuses a file that lowers it below the lowest allowed."""
    floor = float(path.read_text("utf-8"))
    if floor < LOWEST_FLOOR:
        sys.exit(f"coverage gate: the floor in {path} is {floor} %, below the lowest allowed {LOWEST_FLOOR} %")
    return floor


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints one line, exits non-zero with the worst files below the floor."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT / ".coverage")
    parser.add_argument("--floor", type=Path, default=ROOT / "tools" / "coverage_floor.txt")
    parser.add_argument("--raise", dest="lift", action="store_true", help="write the measured figure as the new floor")
    options = parser.parse_args(arguments)
    floor, found = read_floor(options.floor), measure(options.data)
    print(
        f"coverage gate: verifier/ and schemas/: {found.branches:.2f} % of branches, {found.statements:.2f} % of "
        f"statements; floor {floor} %"
    )
    if min(found.branches, found.statements) < floor:
        for name, missing in found.gaps[:10]:
            print(f"  {name}: {len(missing)} branches never taken: {', '.join(missing[:8])}")
        sys.exit(f"coverage gate: FAILED, below the floor of {floor} %; test the branches above")
    reached = math.floor(found.branches * 10) / 10
    if options.lift and reached > floor:
        options.floor.write_text(f"{reached}\n", "utf-8")
        print(f"coverage gate: floor raised to {reached} %")


if __name__ == "__main__":
    main()
