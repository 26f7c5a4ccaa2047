"""Many inputs at once (`Verifier.report_many`): order kept, memory bounded, no input can stop or stall the rest.

    items     what may be handed in, and the answer to what cannot be answered
    wire      frames between processes; reports packed small
    worker    the other end: a process that judges what it is sent
    hands     the worker processes as their parent sees them
    crew      who does what: hands out, gathers, replaces the dead, keeps the order

The workers are interpreters started afresh, not forks: a program with threads is safe, and a script needs no
`if __name__ == "__main__"`.
"""

import os
import sys
from collections.abc import Generator, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from xinzheng_verifier.bulk.items import ERROR, PAUSE, WRONG_TYPE, Item, answer, data_of, not_answered, parcel
from xinzheng_verifier.report import Report

if TYPE_CHECKING:
    from xinzheng_verifier.verifier import Verifier

__all__ = ["Item", "report_many"]


def report_many(
    verifier: "Verifier", inputs: Iterable[object], *, at: datetime, now: datetime | None, workers: int | None
) -> Generator[Report, None, None]:
    """See `Verifier.report_many`."""
    if workers is not None and workers < 1:
        raise ValueError("workers must be at least 1")
    if workers == 1:
        return _here(verifier, inputs, at=at, now=now)
    if not sys.executable:
        raise RuntimeError("this program has no interpreter to start processes with: set workers=1")
    from xinzheng_verifier.bulk.crew import Crew  # noqa: PLC0415 - a few inputs need no processes

    return Crew(verifier, at=at, now=now, size=workers or _cores()).run(iter(inputs))


def _cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(
    verifier: "Verifier", inputs: Iterable[object], *, at: datetime, now: datetime | None
) -> Generator[Report, None, None]:
    for thing in inputs:
        if thing is PAUSE:
            continue
        item = parcel(thing)
        if item is None:
            yield not_answered(verifier, None, at=at, now=now, reason=WRONG_TYPE)
            continue
        report = answer(verifier, item, at=at, now=now)
        if isinstance(report, str):
            report = not_answered(verifier, data_of(item), at=at, now=now, reason=ERROR, error=report)
        yield report
