"""A country in a lender's store: taking it in, a day's update, and one certificate by a program that has just started.

    PYTHONPATH=tests python -m bench.store [--courts N] [--write]

The country is that of `bench.country`, with its journals. Each figure is of a fresh process; of starts the median.
Beside the clock stands the work of the processor, which other programs on the machine do not change. `--write` puts
the table into docs/benchmarks.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from bench.simulated import Country
from bench.timing import ROOT
from interop.page import grid, replaced

from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.trust import updates
from xinzheng_verifier.trust.archive import pack
from xinzheng_verifier.trust.extent import select

PAGE: Final = ROOT / "docs" / "benchmarks.md"
COURTS: Final = 3_500
STARTS: Final = 9
MB: Final = 1_000_000

_TIMED: Final = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
run = subprocess.run(sys.argv[1:], capture_output=True, text=True)
clock = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([run.returncode, clock, used.ru_utime + used.ru_stime, used.ru_maxrss, run.stderr]))
"""


class Cost(NamedTuple):
    """Of one command: seconds by the clock, seconds of the processor, largest resident size in bytes."""

    clock: float
    work: float
    memory: float


def cost(*words: str) -> Cost:
    """What `xinzheng-verify` with these words costs in a process of its own."""
    command = [sys.executable, "-m", "xinzheng_verifier", *words]
    run = subprocess.run(
        [sys.executable, "-c", _TIMED, *command], check=True, capture_output=True, text=True, env=_environment()
    )
    status, clock, work, memory, said = json.loads(run.stdout)
    assert status == 0, said
    return Cost(clock, work, memory * (1 if sys.platform == "darwin" else 1024))


def costs(*words: str) -> Cost:
    """The median of some starts."""
    found = [cost(*words) for _ in range(STARTS)]
    return Cost(*(median(values) for values in zip(*found, strict=True)))


def published(folder: Path, courts: int) -> tuple[Country, dict[str, int]]:
    """Two editions of a country as a publisher's tree of files.

    Returns:
        The country, and name of a file → its size.
    """
    country = Country(courts=courts)
    certificate = country.courts[0].documents.issue().jwt
    before, first = country.files(), country.version
    country.day()
    after, last = country.files(), country.version
    contents = {
        "root.json": country.root,
        "certificate.jwt": certificate.encode(),
        "metadata/timestamp.json": after["metadata/timestamp.json"],
        f"bundles/bundle-{first}.xzb": pack(select(before)),
        f"updates/{first}-{last}.xzu": updates.make(select(before), select(after), first=first, last=last),
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return country, {name: len(content) for name, content in contents.items()}


def measure(folder: Path, courts: int) -> str:
    """The table."""
    country, sizes = published(folder, courts)
    at, store = ["--at", format_timestamp(country.at)], ["--store", str(folder / "store")]
    first, last = country.version - 1, country.version
    check = [str(folder / "certificate.jwt"), *store, *at, "--brief"]
    bundle = str(folder / "bundles" / f"bundle-{first}.xzb")
    taken = cost("store", "import", bundle, "--root", str(folder / "root.json"), *store, *at)
    started = costs("--version")
    cold = costs(*check)
    (index,) = (folder / "store").glob("index-*")
    held = index.stat().st_size
    updated = cost("store", "update", str(folder), *store, *at)
    again = cost("store", "update", str(folder), *store, *at)
    rows = [
        row(f"import of a whole bundle ({sizes[f'bundles/bundle-{first}.xzb'] / MB:.1f} MB)", taken, "≤ 5 s, ≤ 300 MB"),
        row(f"a day's update ({sizes[f'updates/{first}-{last}.xzu'] / MB:.2f} MB)", updated, ""),
        row("an update that finds nothing new", again, ""),
        row("one certificate, program and store just opened", cold, "≤ 0.3 s"),
        row("of that, a program that says its version", started, ""),
    ]
    heads = (f"{courts:,} courts, {held / MB:.0f} MB of index", "by the clock", "processor", "memory", "goal")
    return grid(heads, rows)


def row(name: str, found: Cost, goal: str) -> list[str]:
    """A row of the table."""
    return [name, f"{found.clock:.2f} s", f"{found.work:.2f} s", f"{found.memory / MB:.0f} MB", goal]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


def main(arguments: Iterable[str] | None = None) -> None:
    """Measures, prints, and writes if it is asked to."""
    parser = argparse.ArgumentParser(description="What a country costs a lender's store.")
    parser.add_argument("--courts", type=int, default=COURTS)
    parser.add_argument("--write", action="store_true", help="put the table into the page")
    options: Any = parser.parse_args(None if arguments is None else [*arguments])
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options.courts)
    print(found)
    if options.write:
        PAGE.write_text(replaced(PAGE.read_text("utf-8"), "store", found), "utf-8")


if __name__ == "__main__":
    main()
