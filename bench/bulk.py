"""`report_many` on all cores beside `report` in a loop, in one run: how much of the cores' sum a batch gets.

Usage: PYTHONPATH=tests python -m bench.bulk [COUNT [WORKERS]]. COUNT certificates, with trust and status.
"""

import itertools
import sys
import time
from collections.abc import Iterable
from statistics import median

from support.issuers import SimulatedCourt
from xinzheng_verifier import Report, TrustStore, Verifier

COUNT = 60_000
DIFFERENT = 500
TARGET = 0.85
ROUNDS = 3


def passed(reports: Iterable[Report]) -> int:
    """How many passed."""
    return sum(report.verdict == "passed" for report in reports)


def passed_and_read(reports: Iterable[Report]) -> int:
    """How many passed, with a look at what each says."""
    return sum(report.verdict == "passed" and report.claims is not None for report in reports)


def main() -> None:
    """Prints both rates and their ratio as Markdown."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2  # noqa: PLR2004 - the goal is set for two
    court = SimulatedCourt()
    verifier = Verifier(TrustStore.from_documents([court.issuer_document()], court.status_lists()))
    numbers = ({"certificateNumber": f"鄂0683-2026-{number:013d}"} for number in range(DIFFERENT))
    forms = {
        "vc+jwt": [court.issue(own).jwt.encode() for own in numbers],
        "JSON-LD": [court.issue().json_text for _ in range(DIFFERENT)],
    }
    print(f"| {count} certificates | one process, per s | {workers} processes, per s | of {workers} × one | target |")
    print("|---|---:|---:|---:|---:|")
    looks = {"verdicts": (passed, f"≥ {TARGET:.0%}"), "verdicts and claims": (passed_and_read, "")}
    for (name, inputs), (look, (consumed, target)) in itertools.product(forms.items(), looks.items()):
        one, many = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            assert consumed(verifier.report(data, at=court.now) for data in _some(inputs, count // 4)) == count // 4
            one.append(count // 4 / (time.perf_counter() - began))
            began = time.perf_counter()
            reports = verifier.report_many(_some(inputs, count), at=court.now, workers=workers)
            assert consumed(reports) == count
            many.append(count / (time.perf_counter() - began))
        share = median(many) / (workers * median(one))
        print(f"| {name}, {look} | {median(one):.0f} | {median(many):.0f} | {share:.0%} | {target} |")


def _some(inputs: list[bytes], count: int) -> Iterable[bytes]:
    return itertools.islice(itertools.cycle(inputs), count)


if __name__ == "__main__":
    main()
