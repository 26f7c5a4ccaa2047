"""What a fresh process costs: the command line for one file, the library's import and first use."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench.certificates import Supply
from bench.timing import ROOT

from xinzheng_schemas.timestamps import format_timestamp

STARTS: Final = 15
NETWORK: Final = ("_socket", "_ssl", "socket", "ssl", "http.client", "urllib.request", "urllib3", "asyncio", "select")
"""Modules that somebody who opens a connection has loaded."""

_FIRST_USE: Final = f"""
import sys, time
began, began_work = time.perf_counter(), time.process_time()
import xinzheng_verifier
imported, imported_work = time.perf_counter(), time.process_time()
from datetime import datetime
from pathlib import Path
folder = Path(sys.argv[1])
read = lambda name: (folder / name).read_bytes()
lists = [read("revocation.json"), read("suspension.json")]
trust = xinzheng_verifier.TrustStore.from_documents([read("issuer.json")], lists)
report = xinzheng_verifier.Verifier(trust).report(read("certificate.jwt"), at=datetime.fromisoformat(sys.argv[2]))
assert report.code == "ok", report.code
used, used_work = time.perf_counter(), time.process_time()
import json
loaded = [name for name in {NETWORK!r} if name in sys.modules]
imports = (imported - began) * 1e3, (imported_work - began_work) * 1e3
uses = (used - began) * 1e3, (used_work - began_work) * 1e3
print(json.dumps([imports, uses, loaded]))
"""


class Cost(NamedTuple):
    """Milliseconds.

    Attributes:
        clock: by the clock.
        work: of the processor, whatever else the machine was doing.
    """

    clock: float
    work: float


class Starts(NamedTuple):
    """Medians of some starts.

    Attributes:
        python: an interpreter that does nothing.
        command: `xinzheng-verify` for one file, from start to exit.
        imported: `import xinzheng_verifier`.
        used: the same and all that the first report takes: trust documents, two status lists, one token.
        network: modules of `NETWORK` that were loaded then.
    """

    python: Cost
    command: Cost
    imported: Cost
    used: Cost
    network: list[str]


def measure(supply: Supply, folder: Path, starts: int) -> Starts:
    """Starts processes by turns.

    Args:
        supply: what is verified.
        folder: where its files may be written.
        starts: of each kind.
    """
    at = format_timestamp(supply.court.now)
    _write(supply, folder)
    lists = [f"--status-list={folder / name}.json" for name in ("revocation", "suspension")]
    verify = str(Path(sys.executable).parent / "xinzheng-verify")
    command = [verify, str(folder / "certificate.jwt"), f"--controller={folder / 'issuer.json'}", *lists, "--at", at]
    first = [sys.executable, "-c", _FIRST_USE, str(folder), at]
    _took(command)  # the first start of all writes what later ones read, as after an installation
    python, commands, imported, used = [], [], [], []
    network: set[str] = set()
    for _ in range(starts):
        python.append(_took([sys.executable, "-c", "pass"])[0])
        commands.append(_took(command)[0])
        importing, using, loaded = json.loads(_took(first)[1])
        imported.append(Cost(*importing))
        used.append(Cost(*using))
        network.update(loaded)
    return Starts(_middle(python), _middle(commands), _middle(imported), _middle(used), sorted(network))


def _middle(costs: list[Cost]) -> Cost:
    return Cost(median(cost.clock for cost in costs), median(cost.work for cost in costs))


def _write(supply: Supply, folder: Path) -> None:
    forms = supply.court.issue()
    (folder / "certificate.jwt").write_text(forms.jwt, "ascii")
    (folder / "issuer.json").write_text(json.dumps(supply.court.issuer_document()), "utf-8")
    for purpose, one in zip(("revocation", "suspension"), supply.lists, strict=True):
        (folder / f"{purpose}.json").write_text(json.dumps(one), "utf-8")


def _took(command: list[str]) -> tuple[Cost, str]:
    """What it cost from start to exit, and what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    work, began = _children(), time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment)
    return Cost((time.perf_counter() - began) * 1e3, (_children() - work) * 1e3), done.stdout


def _children() -> float:
    """Seconds of processor time of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
