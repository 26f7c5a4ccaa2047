"""A simulated country: what its trust list weighs, how fast it is read, and how much of it changes in a day.

    PYTHONPATH=tests python -m bench.country [--courts N] [--write]

3,500 courts in 31 provinces, 4,000 live certificates each (14 million), 5 % of them revoked at random indexes and
random seconds of half a year; every key and every signature is real. Beside each size stands what no encoding can do
without: the entropy of what is revoked, public keys and signatures. `--write` puts the table into docs/benchmarks.md.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.simulated import Country
from bench.timing import ROOT, grid
from interop.page import replaced

from xinzheng_verifier.trust import updates
from xinzheng_verifier.trust.archive import pack
from xinzheng_verifier.trust.extent import select

PAGE: Final = ROOT / "docs" / "benchmarks.md"
COURTS: Final = 3_500
MIB: Final = 1 << 20
SIGNATURE, PUBLIC_KEY = 64, 32
GOALS: Final = {"without journals": 8.0, "with journals": 14.0, "update": 1.0, "seconds": 5.0, "memory": 300.0}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was found; sizes in bytes.

    Attributes:
        sizes: name of a file → its size.
        bounds: name of a file → bytes that no encoding can do without.
        readings: name of a bundle → seconds of processor time and largest resident size in bytes of a fresh process.
    """

    sizes: Mapping[str, int]
    bounds: Mapping[str, float]
    readings: Mapping[str, tuple[float, int]]
    courts: int


def measure(courts: int, *, seed: int = 0) -> Figures:
    """Builds the country, packs it, lets a day pass, and reads everything in fresh processes."""
    country = Country(courts=courts, seed=seed)
    before, first = country.files(), country.version
    changed = country.day()
    after, last = country.files(), country.version
    sizes: dict[str, int] = {}
    readings: dict[str, tuple[float, int]] = {}
    for name, changes in (("without journals", False), ("with journals", True)):
        old, new = select(before, changes=changes), select(after, changes=changes)
        update = updates.make(old, new, first=first, last=last)
        assert updates.apply(old, update) == new
        sizes[f"update {name}"] = len(update)
        bundle = pack(new)
        sizes[name] = len(bundle)
        with tempfile.TemporaryDirectory() as folder:
            readings[name] = read(Path(folder), bundle, country)
    return Figures(courts=courts, sizes=sizes, bounds=bounds(country, changed), readings=readings)


def bounds(country: Country, changed: int) -> dict[str, float]:
    """Bytes of what cannot be computed from anything else: revoked sets, their times and order, keys, signatures."""
    courts, revoked = len(country.courts), country.revoked_each
    entries, seconds = country.entries, country.seconds
    sets = courts * log2_choices(entries, revoked) / 8
    times = courts * (log2_choices(seconds, revoked) + math.lgamma(revoked + 1) / math.log(2)) / 8
    fixed = courts * (3 * PUBLIC_KEY + 3 * SIGNATURE)
    attested = courts * (SIGNATURE + math.log2(86_400) / 8)
    flips = changed * math.log2(entries) / 8
    moments = changed * math.log2(86_400) / 8
    lists = country.changed_lists * SIGNATURE
    return {
        "without journals": sets + fixed,
        "with journals": sets + fixed + times + courts * 2 * SIGNATURE,
        "update without journals": attested + flips + lists,
        "update with journals": attested + flips + moments + 2 * lists,
    }


def log2_choices(among: int, count: int) -> float:
    """Bits that tell which `count` of `among` were chosen."""
    return (math.lgamma(among + 1) - math.lgamma(count + 1) - math.lgamma(among - count + 1)) / math.log(2)


def read(folder: Path, bundle: bytes, country: Country) -> tuple[float, int]:
    """Processor seconds and bytes of a fresh process that judges a bundle and takes its issuers in."""
    (folder / "bundle.xzb").write_bytes(bundle)
    (folder / "root.json").write_bytes(country.root)
    command = [sys.executable, str(ROOT / "bench" / "reading.py"), str(folder), country.at.isoformat()]
    found: Any = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found["issuers"] == len(country.courts), found
    return found["seconds"], found["bytes"]


def table(found: Figures) -> str:
    """The figures beside their bounds and goals; goals are for the whole country."""
    rows = []
    for name, size in sorted(found.sizes.items(), key=lambda one: (one[0].startswith("update"), one[1])):
        aim, bound = GOALS["update" if name.startswith("update") else name], found.bounds[name]
        each = f"{size / found.courts:,.0f}"
        beside = [f"{bound / MIB:.2f} MiB", f"{size / bound:.2f}", f"≤ {aim:.0f} MiB"]
        rows.append([_called(name), f"{size / MIB:.2f} MiB", each, *beside])
    for name, (seconds, memory) in found.readings.items():
        called = f"reading it, {name}, fresh process"
        rows.append([called, f"{seconds:.1f} s", "", "", "", f"≤ {GOALS['seconds']:.0f} s"])
        rows.append(["its largest memory", f"{memory / MIB:.0f} MiB", "", "", "", f"≤ {GOALS['memory']:.0f} MB"])
    return grid((f"{found.courts:,} courts", "found", "bytes a court", "bound", "× bound", "goal"), rows)


def _called(name: str) -> str:
    return f"a day's {name}" if name.startswith("update") else f"bundle {name}"


def main(arguments: Iterable[str] | None = None) -> None:
    """Measures, prints, and writes if it is asked to."""
    parser = argparse.ArgumentParser(description="What a country's trust list weighs.")
    parser.add_argument("--courts", type=int, default=COURTS)
    parser.add_argument("--write", action="store_true", help="put the table into the page")
    options = parser.parse_args(None if arguments is None else [*arguments])
    found = table(measure(options.courts))
    print(found)
    if options.write:
        PAGE.write_text(replaced(PAGE.read_text("utf-8"), "country", found), "utf-8")


if __name__ == "__main__":
    main()
