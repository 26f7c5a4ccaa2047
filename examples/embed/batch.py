"""A night's batch: every file of a folder, one line of CSV for each, and a count.

Usage: batch.py STORE FOLDER > answers.csv. Exit status 0 all passed, 1 some did not.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xinzheng_verifier import Policy, TrustStore, Verdict, Verifier


def contents(files: list[Path]) -> Iterator[bytes]:
    """Reads a file when its turn comes; thousands of certificates need not fit in memory."""
    for file in files:
        yield file.read_bytes()


def main() -> int:
    """Checks the folder."""
    store, folder = map(Path, sys.argv[1:3])
    # One moment for the whole batch: no certificate expires halfway through.
    now = datetime.now(UTC)
    verifier = Verifier(TrustStore.open(store), policy=Policy(max_status_age=timedelta(hours=72)))
    files = sorted(file for file in folder.iterdir() if file.is_file())
    answers = csv.writer(sys.stdout)
    answers.writerow(["file", "verdict", "code", "number", "status as of", "sha256"])
    verdicts: Counter[Verdict] = Counter()
    reports = verifier.report_many(contents(files), at=now)
    for file, report in zip(files, reports, strict=True):
        verdicts[report.verdict] += 1
        number = (report.claims or {}).get("certificateNumber", "")
        as_of = report.status_as_of.isoformat() if report.status_as_of else ""
        answers.writerow([file.name, report.verdict, report.code, number, as_of, report.input_sha256])
    print(", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()), file=sys.stderr)
    return 0 if set(verdicts) <= {Verdict.PASSED} else 1


if __name__ == "__main__":
    sys.exit(main())
