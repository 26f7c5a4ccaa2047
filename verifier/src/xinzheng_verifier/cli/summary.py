"""The summary of a batch as a file: CSV for people with a spreadsheet, JSON for programs; one row for each input."""

import csv
import json
import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from xinzheng_schemas.errors import Language
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.cli.exits import UsageError
from xinzheng_verifier.cli.output import writing
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.report import Report
from xinzheng_verifier.show.sheet import printable

COLUMNS: Final = (
    "name",
    "id",
    "verdict",
    "code",
    "certificateNumber",
    "maskedIdNumber",
    "issuer",
    "statusAsOf",
    "message",
)
"""Members of a row."""

# What a spreadsheet takes for the beginning of a formula, full-width forms included (CWE-1236).
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠|%")


def row(report: Report, *, name: str, label: str | None, language: Language) -> dict[str, str]:
    """What the summary says of one report."""
    claims = report.claims or {}
    subject = claims.get("credentialSubject")
    subject = subject if isinstance(subject, dict) else {}
    names: Mapping[str, str] = (report.issuer.name if report.issuer else None) or {}
    masked = subject.get("maskedIdNumber") or subject.get("unifiedSocialCreditCode")
    return {
        "name": name,
        "id": label or "",
        "verdict": report.verdict.value,
        "code": report.code,
        "certificateNumber": _text(claims.get("certificateNumber")),
        "maskedIdNumber": _text(masked),
        "issuer": names.get(language, report.issuer.id if report.issuer else ""),
        "statusAsOf": "" if report.status_as_of is None else format_timestamp(report.status_as_of),
        "message": report.message(language),
    }


def unread_row(*, name: str, label: str | None, code: str, message: str) -> dict[str, str]:
    """What the summary says of an input that could not be read."""
    return dict.fromkeys(COLUMNS, "") | {"name": name, "id": label or "", "code": code, "message": message}


class Summary(ABC):
    """A summary while it is written, beside its place; it takes its place when it is whole.

    Args:
        path: where to; nothing may be there yet.

    Raises:
        UsageError: something is there already.
        OutputError: the file cannot be made; likewise of every other method, it cannot be written.
    """

    encoding = "utf-8"

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise UsageError("summary_exists", file=path)
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        with writing(path):
            self._file: IO[str] = self._part.open("w", encoding=self.encoding, newline="")

    def add(self, content: Mapping[str, str]) -> None:
        """Writes one row."""
        with writing(self._path):
            self._add(content)

    @abstractmethod
    def _add(self, content: Mapping[str, str]) -> None:
        """Writes one row."""

    @abstractmethod
    def _end(self, counts: Counter[str]) -> None:
        """Writes what comes behind the rows."""

    def finish(self, counts: Counter[str]) -> None:
        """Completes the file and gives it its name."""
        with writing(self._path):
            self._end(counts)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self._path)

    def abandon(self) -> None:
        """Leaves nothing behind; harmless once it is finished."""
        with suppress(OSError):  # what is buffered may find no room
            self._file.close()
        self._part.unlink(missing_ok=True)


class CSVSummary(Summary):
    """Rows for a spreadsheet: no cell is a formula, and the byte order mark makes Excel read Chinese."""

    encoding = "utf-8-sig"

    def __init__(self, path: Path, *, language: Language) -> None:
        super().__init__(path)
        self._writer = csv.writer(self._file)
        self._writer.writerow(say(f"column_{name}", language) for name in COLUMNS)

    def _add(self, content: Mapping[str, str]) -> None:
        self._writer.writerow(_harmless(content[name]) for name in COLUMNS)

    def _end(self, counts: Counter[str]) -> None:
        """Nothing: a spreadsheet counts by itself."""


class JSONSummary(Summary):
    """`at`, `bundleVersion`, `rows` and, when all are known, `counts`."""

    def __init__(self, path: Path, *, at: datetime, bundle_version: int | None) -> None:
        super().__init__(path)
        head = {"at": format_timestamp(at), "bundleVersion": bundle_version}
        self._file.write(json.dumps(head)[:-1] + ', "rows": [')
        self._comma = "\n"

    def _add(self, content: Mapping[str, str]) -> None:
        self._file.write(self._comma + json.dumps(content))
        self._comma = ",\n"

    def _end(self, counts: Counter[str]) -> None:
        self._file.write('\n], "counts": ' + json.dumps(counts) + "}\n")


def open_summary(path: Path, *, at: datetime, bundle_version: int | None, language: Language) -> Summary:
    """The summary that the name of a file asks for.

    Raises:
        UsageError: the name ends with neither .csv nor .json; see `Summary`.
    """
    if path.suffix.lower() == ".csv":
        return CSVSummary(path, language=language)
    if path.suffix.lower() == ".json":
        return JSONSummary(path, at=at, bundle_version=bundle_version)
    raise UsageError("summary_kind", file=path)


def _harmless(text: str) -> str:
    shown = printable(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
