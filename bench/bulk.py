"""`report_many` on all cores beside `report` in a loop, in one run: how much of the cores' sum a batch gets.

Loops side by side, one in each process and nothing between them, show what there is to get: cores that share caches
and memory give less than their number.

Usage: PYTHONPATH=tests python -m bench.bulk [COUNT [WORKERS]]. COUNT certificates, with trust and status.
"""

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from statistics import median

from support.issuers import SimulatedCourt
from xinzheng_verifier import Report, TrustStore, Verifier

COUNT = 60_000
DIFFERENT = 500
TARGET = 0.85
ROUNDS = 3

Consumer = Callable[[Iterable[Report]], int]


def passed(reports: Iterable[Report]) -> int:
    """How many passed."""
    return sum(report.verdict == "passed" for report in reports)


def passed_and_read(reports: Iterable[Report]) -> int:
    """How many passed, with a look at what each says."""
    return sum(report.verdict == "passed" and report.claims is not None for report in reports)


def main() -> None:
    """Prints the rates and their ratios as Markdown."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2  # noqa: PLR2004 - the goal is set for two
    court = SimulatedCourt()
    verifier = Verifier(TrustStore.from_documents([court.issuer_document()], court.status_lists()))
    numbers = ({"certificateNumber": f"鄂0683-2026-{number:013d}"} for number in range(DIFFERENT))
    forms = {
        "vc+jwt": [court.issue(own).jwt.encode() for own in numbers],
        "JSON-LD": [court.issue().json_text for _ in range(DIFFERENT)],
    }
    print(
        f"| {count} certificates | one, per s | {workers} loops | `report_many`, per s | of {workers} × one | target |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    looks = {"verdicts": (passed, f"≥ {TARGET:.0%}"), "verdicts and claims": (passed_and_read, "")}
    for (name, inputs), (look, (consumed, target)) in itertools.product(forms.items(), looks.items()):
        loop = partial(_loop, verifier, inputs, consumed, court.now)
        judge = partial(verifier.report_many, at=court.now, workers=workers)
        rounds = [
            (
                count // 4 / _seconds(partial(loop, count // 4)),
                count / _seconds(partial(_side_by_side, partial(loop, count // workers), workers)),
                count / _seconds(partial(_batch, judge, inputs, consumed, count)),
            )
            for _ in range(ROUNDS)
        ]
        one, loops, many = (median(rates) for rates in zip(*rounds, strict=True))
        most, share = loops / (workers * one), many / (workers * one)
        print(f"| {name}, {look} | {one:.0f} | {most:.0%} | {many:.0f} | {share:.0%} | {target} |")


def _loop(verifier: Verifier, inputs: list[bytes], consumed: Consumer, at: datetime, count: int) -> None:
    assert consumed(verifier.report(data, at=at) for data in _some(inputs, count)) == count


def _batch(
    judge: Callable[[Iterable[bytes]], Iterable[Report]], inputs: list[bytes], consumed: Consumer, count: int
) -> None:
    assert consumed(judge(_some(inputs, count))) == count


def _side_by_side(work: Callable[[], None], processes: int) -> None:
    children = []
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            work()
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _some(inputs: list[bytes], count: int) -> Iterable[bytes]:
    return itertools.islice(itertools.cycle(inputs), count)


if __name__ == "__main__":
    main()
