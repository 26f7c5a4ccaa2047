"""What a check costs, as a ratio to the bare signature check of `cryptography` in the same run, one thread, warm.

    PYTHONPATH=tests python -m bench.verify [--rounds N] [--starts N] [--batch N] [--write]

Every check includes trust and status. openvc-core does the same work side by side, in its own environment, round by
round in turn with ours. `--write` puts the tables into docs/benchmarks.md. Ratios say more than times.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench import machine, starts
from bench.certificates import BARE, FORMS, Supply
from bench.starts import Starts
from bench.timing import ROOT, ROUNDS, Bench, Child, Times, grid
from interop.page import replaced

PAGE: Final = ROOT / "docs" / "benchmarks.md"
PEER: Final = ROOT / ".venv-interop" / "bin" / "python"
BULK: Final = ROOT / "bench" / "bulk.py"
BATCH: Final = 60_000
COMMAND_TARGET_MS: Final = 300
FIRST_USE_TARGET_MS: Final = 120


def main() -> None:
    """Measures, prints, and writes if it is asked to."""
    parser = argparse.ArgumentParser(description="What a check costs.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--starts", type=int, default=starts.STARTS)
    parser.add_argument("--batch", type=int, default=BATCH, help="certificates of one batch")
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    options = parser.parse_args()
    supply = Supply()
    ours = Bench(supply.work())
    peer = Child([str(PEER), "bench/openvc_turns.py"], supply.told()) if PEER.exists() else None
    for _ in range(options.rounds):
        ours.round()
        if peer is not None:
            peer.round()
    if peer is not None:
        peer.close()
    with tempfile.TemporaryDirectory() as folder:
        started = starts.measure(supply, Path(folder), options.starts)
    parts = {
        "machine": grid(("what", "which"), machine.description({} if peer is None else peer.versions)),
        "checks": checks_table(ours.times),
        "peer": "openvc-core is not installed." if peer is None else peer_table(ours.times, peer.times),
        "batches": batches(options.batch),
        "starts": starts_table(started),
    }
    print("\n\n".join(parts.values()))
    if options.write and peer is not None:
        write(parts)
    elif options.write:
        print("openvc-core is not installed; the page is left as it is.", file=sys.stderr)


def checks_table(times: Mapping[str, Times]) -> str:
    """Every form beside the bare check of P-256, and beside that of its own kind of key."""
    bare = times[BARE["p256"]]
    rows = [
        [name, f"{times[name].middle:.1f}", _percent(times[name].spread), f"{times[name].over(bare):.2f}", "", ""]
        for name in BARE.values()
    ]
    for form in FORMS:
        found = times[form.name]
        goal = f"≤ {form.target}" if form.target else ""
        ratios = f"{found.over(bare):.2f}", f"{found.over(times[BARE[form.key]]):.2f}"
        rows.append([form.name, f"{found.middle:.0f}", _percent(found.spread), *ratios, goal])
    return grid(("work", "µs", "±", "× bare P-256", "× bare of its key", "target"), rows)


def peer_table(ours: Mapping[str, Times], peer: Mapping[str, Times]) -> str:
    """Ours beside the peer's, each over the bare check of its own process."""
    bare, theirs = ours[BARE["p256"]], peer["bare"]
    rows = [["bare check, P-256", f"{bare.middle:.1f}", "1.00", f"{theirs.middle:.1f}", "1.00", "", "", ""]]
    for form in FORMS:
        if form.peer is None:
            continue
        found, plain, full = ours[form.name], peer[form.peer], peer[f"{form.peer} with status"]
        mine, other = found.over(bare), full.over(theirs)
        row = [form.name, f"{found.middle:.0f}", f"{mine:.2f}", f"{full.middle:.0f}", f"{other:.2f}"]
        rows.append([*row, f"{plain.over(theirs):.2f}", f"{other - plain.over(theirs):.2f}", f"{other / mine:.1f}"])
    head = ("work, with trust and status", "ours, µs", "× bare", "openvc-core, µs", "× its bare")
    return grid((*head, "without status", "status alone", "its ratio over ours"), rows)


def starts_table(found: Starts) -> str:
    """Fresh processes, in milliseconds and beside an interpreter that does nothing."""
    kinds = {
        "`python -c pass`": (found.python, ""),
        "`xinzheng-verify` for one file, start to exit": (found.command, f"≤ {COMMAND_TARGET_MS}"),
        "`import xinzheng_verifier`": (found.imported, ""),
        "the same and the first report": (found.used, f"≤ {FIRST_USE_TARGET_MS}"),
    }
    rows = [
        [name, f"{cost.clock:.0f}", f"{cost.work:.0f}", f"{cost.clock / found.python.clock:.1f}", goal]
        for name, (cost, goal) in kinds.items()
    ]
    rows.append(["network modules loaded by then", ", ".join(found.network) or "none", "", "", "none"])
    return grid(("fresh process", "ms", "processor, ms", "× python", "target"), rows)


def batches(count: int) -> str:
    """What `bench/bulk.py` says of `report_many`."""
    bulk = subprocess.run([sys.executable, str(BULK), str(count)], cwd=ROOT, check=True, capture_output=True, text=True)
    return bulk.stdout.strip()


def write(parts: Mapping[str, str]) -> None:
    """Puts the tables between their markers."""
    text = PAGE.read_text("utf-8")
    for name, table in parts.items():
        text = replaced(text, name, table)
    PAGE.write_text(text, "utf-8")


def _percent(share: float) -> str:
    return f"{share:.0%}"


if __name__ == "__main__":
    main()
