"""A table of courts, as each court or province supplies it: court code, name, region code.

Codes of special courts follow no arithmetic, so the codes in force are data. JSON form:

    [{"code": "鄂0683", "name": {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"}, "regionCode": "420683"}]

CSV form (UTF-8, with or without byte order mark), the header line as here:

    code,name_zh,name_en,region_code
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

PROVINCES = "京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新内军兵"
"""First characters of court codes (法〔2015〕137号, annex): 31 provinces, military courts, Xinjiang corps."""

COURT_CODE_PATTERN = rf"(?:最高法|[{PROVINCES}](?:[0-9]{{2}}(?:[0-9]{{2}})?)?)"
"""Supreme court, or province character with no digits (high), two (intermediate) or four (basic court)."""

MAX_FILE_BYTES = 4_194_304
"""Bytes of one table file: 10,000 courts take about 1 MB."""

MAX_COURTS = 10_000
"""Courts of one table; the country has about 3,500."""

_LIMITS = strict_json.Limits(max_bytes=MAX_FILE_BYTES, max_depth=4, max_members=8 * MAX_COURTS)
_CSV_HEADER = ["code", "name_zh", "name_en", "region_code"]
_CODE = re.compile(COURT_CODE_PATTERN)
_REGION_CODE = re.compile(r"[0-9]{6}")


class CourtTableError(CodedError):
    """A table that cannot be used: court_table_malformed, court_table_duplicate, court_table_too_large."""

    catalogue = MESSAGES


@dataclass(frozen=True, slots=True)
class Court:
    """One court.

    Attributes:
        code: court code (法院代字), such as 鄂0683.
        name_zh: name in Chinese.
        name_en: name in English.
        region_code: six digits of GB/T 2260.
    """

    code: str
    name_zh: str
    name_en: str
    region_code: str


class CourtTable:
    """Courts by code; immutable."""

    __slots__ = ("_courts",)

    def __init__(self, courts: Iterable[Court]) -> None:
        self._courts: dict[str, Court] = {}
        for court in courts:
            if court.code in self._courts:
                raise CourtTableError("court_table_duplicate", court_code=court.code)
            self._courts[court.code] = court

    @classmethod
    def from_rows(cls, rows: Iterable[object]) -> Self:
        """Makes a table from entries of the JSON form.

        Args:
            rows: mappings with `code`, `name` {`zh`, `en`} and `regionCode`.

        Returns:
            The table.

        Raises:
            CourtTableError: court_table_malformed with the number of the entry (from 1), court_table_duplicate or
                court_table_too_large.
        """
        return cls(_court(row, number) for number, row in _numbered(rows))

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Reads a table from a file; `.csv` is read as CSV, everything else as JSON.

        Args:
            path: the file.

        Returns:
            The table.

        Raises:
            CourtTableError: as `from_rows`.
            StrictJSONError: the file is not strict JSON.
            OSError: the file cannot be read.
        """
        path = Path(path)
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise CourtTableError("court_table_too_large", limit=MAX_FILE_BYTES)
        return cls.from_rows(_csv_rows(data) if path.suffix.lower() == ".csv" else _json_rows(data))

    def get(self, code: str) -> Court | None:
        """The court with this code, if the table has it."""
        return self._courts.get(code)

    def __contains__(self, code: object) -> bool:
        return code in self._courts

    def __iter__(self) -> Iterator[Court]:
        return iter(self._courts.values())

    def __len__(self) -> int:
        return len(self._courts)


def _numbered(rows: Iterable[object]) -> Iterator[tuple[int, object]]:
    """Entries counted from 1, up to the limit."""
    for number, row in enumerate(rows, 1):
        if number > MAX_COURTS:
            raise CourtTableError("court_table_too_large", limit=MAX_COURTS)
        yield number, row


def _court(row: object, number: int) -> Court:
    """One entry of the JSON form."""
    match row:
        case {"code": str(code), "name": {"zh": str(zh), "en": str(en)}, "regionCode": str(region), **rest}:
            if not rest and zh and en and _CODE.fullmatch(code) and _REGION_CODE.fullmatch(region):
                return Court(code=code, name_zh=zh, name_en=en, region_code=region)
    raise CourtTableError("court_table_malformed", row=number)


def _json_rows(data: bytes) -> Iterable[object]:
    """Entries of a JSON file."""
    rows = strict_json.loads(data, limits=_LIMITS)
    if not isinstance(rows, list):
        raise CourtTableError("court_table_malformed", row=0)
    return rows


def _csv_rows(data: bytes) -> Iterator[Mapping[str, object]]:
    """Lines of a CSV file in the shape of the JSON form."""
    try:
        lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        if next(lines, None) != _CSV_HEADER:
            raise CourtTableError("court_table_malformed", row=0)
        for number, line in enumerate(lines, 1):
            if len(line) != len(_CSV_HEADER):
                raise CourtTableError("court_table_malformed", row=number)
            code, zh, en, region = line
            yield {"code": code, "name": {"zh": zh, "en": en}, "regionCode": region}
    except (UnicodeDecodeError, csv.Error) as error:
        raise CourtTableError("court_table_malformed", row=0) from error
