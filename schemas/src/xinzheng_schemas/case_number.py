"""Case numbers of Chinese courts: the grammar of 法〔2015〕137号, in force since 2016, and the one before it.

    （2022）鄂0683执恢7号         year, court code, kind of case, serial number, perhaps 之一
    （2014）鄂枣阳执字第123号      legacy: year, court and kind in characters, serial number, perhaps -1

Half-width brackets and full-width digits are read; the number is kept with full-width brackets and ASCII digits, as
courts write it. Only digits are mapped: Unicode normalization would turn （） into ().
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from xinzheng_schemas.court_table import COURT_CODE_PATTERN, Court, CourtTable, CourtTableError
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

__all__ = [
    "ENFORCEMENT_TYPES",
    "AnyCaseNumber",
    "CaseNumber",
    "CaseNumberError",
    "Court",
    "CourtTable",
    "CourtTableError",
    "LegacyCaseNumber",
    "parse_case_number",
    "require_enforcement",
]

FIRST_YEAR = 2016
"""Year from which cases bear the present form (法〔2015〕137号)."""

MAX_CHARACTERS = 64
"""Characters of one case number; court names of the legacy form are the longest part."""

MAX_SERIAL_DIGITS = 8
"""Digits of a serial number; the busiest court stays below 1,000,000 cases of a kind a year."""

ENFORCEMENT_TYPES: Final = ("执", "执恢")
"""Kinds of case that a listing can belong to: enforcement, and resumed enforcement."""

_EXAMPLE = "（2022）鄂0683执123号"
_LEGACY_MARK = "字第"
_RESUMED = "执恢"
_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_HAN = r"[\u4e00-\u9fff]"
_CHINESE_NUMERAL = "[一二三四五六七八九十]+"

# 字第 belongs to the legacy form: without the look-ahead it would pass for the end of a kind of case.
_NUMBER = re.compile(
    rf"[（(]([0-9]{{4}})[）)]({COURT_CODE_PATTERN})((?:(?!{_LEGACY_MARK}){_HAN}){{1,3}})"
    rf"([1-9][0-9]{{0,{MAX_SERIAL_DIGITS - 1}}})号(?:之({_CHINESE_NUMERAL}))?"
)
_LEGACY_NUMBER = re.compile(
    rf"[（(]([0-9]{{4}})[）)]({_HAN}+?)字第0*([0-9]{{1,{MAX_SERIAL_DIGITS}}})(?:-([0-9]{{1,{MAX_SERIAL_DIGITS}}}))?号"
)
_BLANK = re.compile(r"[\s\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\x00-\x1f]")
_YEAR_IN_BRACKETS = re.compile(r"[（(]([^（()）]*)[）)]")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_COURT_AND_REST = re.compile(rf"{COURT_CODE_PATTERN}(?![0-9])(.*)")
_TYPE_AND_REST = re.compile(rf"(?:(?!号){_HAN}){{1,3}}([0-9].*|号.*|)")
_LEADING_ZERO = re.compile(r"0[0-9]*")
_SERIAL = re.compile(rf"[0-9]{{1,{MAX_SERIAL_DIGITS}}}")
_LEGACY_SERIAL = re.compile(rf"0*[0-9]{{1,{MAX_SERIAL_DIGITS}}}(?:-[0-9]{{1,{MAX_SERIAL_DIGITS}}})?")
_LEGACY_COURT = re.compile(rf"{_HAN}+")


class CaseNumberError(CodedError):
    """A case number that cannot be used; every way of being wrong has a code `case_number_…` of its own."""

    catalogue = MESSAGES


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """A case number of the present form.

    Attributes:
        year: year of filing, 2016 or later.
        court_code: court code (法院代字), such as 鄂0683 or 最高法.
        case_type: kind of case, such as 执.
        serial: serial number within court, year and kind.
        suffix: Chinese numeral behind 之, if there is one.
    """

    year: int
    court_code: str
    case_type: str
    serial: int
    suffix: str | None = None

    @property
    def resumes_enforcement(self) -> bool:
        """Whether this is a resumed enforcement (执恢), which has an original case."""
        return self.case_type == _RESUMED

    def __str__(self) -> str:
        number = f"（{self.year:04}）{self.court_code}{self.case_type}{self.serial}号"
        return number if self.suffix is None else f"{number}之{self.suffix}"


@dataclass(frozen=True, slots=True)
class LegacyCaseNumber:
    """A case number of the form before 2016.

    Attributes:
        year: year of filing, 2015 or earlier.
        court_and_type: characters for court and kind of case before 字第, such as 鄂枣阳执.
        serial: serial number, without the leading zeros that some courts wrote.
        part: number behind the hyphen, if there is one.
    """

    year: int
    court_and_type: str
    serial: int
    part: int | None = None

    @property
    def resumes_enforcement(self) -> bool:
        """Whether this is a resumed enforcement (执恢), which has an original case."""
        return self.court_and_type.endswith(_RESUMED)

    def __str__(self) -> str:
        part = "" if self.part is None else f"-{self.part}"
        return f"（{self.year:04}）{self.court_and_type}{_LEGACY_MARK}{self.serial}{part}号"


AnyCaseNumber: TypeAlias = CaseNumber | LegacyCaseNumber


def parse_case_number(text: str, *, courts: CourtTable | None = None, field: str | None = None) -> AnyCaseNumber:
    """Reads a case number of either form.

    Args:
        text: the number; brackets and digits may be half- or full-width.
        courts: table that the court code has to be in; without it only the form of the code is checked.
        field: what the error names.

    Returns:
        The number; `str()` gives it with full-width brackets.

    Raises:
        CaseNumberError: with a code for the first part that is wrong.
    """
    if not 0 < len(text) <= MAX_CHARACTERS:
        raise _error("case_number_too_long" if text else "case_number_empty", field, limit=MAX_CHARACTERS)
    mapped = text.translate(_DIGITS)
    if found := _NUMBER.fullmatch(mapped):
        return _present(found, courts, field)
    if found := _LEGACY_NUMBER.fullmatch(mapped):
        return _legacy(found, field)
    raise _fault(mapped, field)


def require_enforcement(number: AnyCaseNumber, *, field: str | None = None) -> None:
    """Checks that a number is one of an enforcement case (执 or 执恢).

    Args:
        number: any case number.
        field: what the error names.

    Raises:
        CaseNumberError: case_number_type.
    """
    if isinstance(number, LegacyCaseNumber):
        if not number.court_and_type.endswith(ENFORCEMENT_TYPES):
            raise _error("case_number_type", field, type=number.court_and_type)
    elif number.case_type not in ENFORCEMENT_TYPES:
        raise _error("case_number_type", field, type=number.case_type)


def _present(found: re.Match[str], courts: CourtTable | None, field: str | None) -> CaseNumber:
    """A match of the present form, under the rules on year and court."""
    year, court_code, case_type, serial, suffix = found.groups()
    if int(year) < FIRST_YEAR:
        raise _error("case_number_year", field, year=year)
    if courts is not None and court_code not in courts:
        raise _error("case_number_court_unknown", field, court_code=court_code)
    return CaseNumber(int(year), court_code, case_type, int(serial), suffix)


def _legacy(found: re.Match[str], field: str | None) -> LegacyCaseNumber:
    """A match of the legacy form, under the rule on the year."""
    year, court_and_type, serial, part = found.groups()
    if int(year) >= FIRST_YEAR:
        raise _error("case_number_year_legacy", field, year=year)
    return LegacyCaseNumber(int(year), court_and_type, int(serial), None if part is None else int(part))


def _fault(text: str, field: str | None) -> CaseNumberError:
    """The first part that is wrong in a number that fits neither form."""
    if _BLANK.search(text):
        return _error("case_number_blank", field)
    year = _YEAR_IN_BRACKETS.match(text)
    if year is None:
        return _error("case_number_brackets", field)
    if not _FOUR_DIGITS.fullmatch(year[1]):
        return _error("case_number_year_digits", field)
    rest = text[year.end() :]
    return _legacy_fault(rest, field) if _LEGACY_MARK in rest else _court_fault(rest, field)


def _court_fault(rest: str, field: str | None) -> CaseNumberError:
    """What is wrong from the court code on."""
    court = _COURT_AND_REST.fullmatch(rest)
    if court is None:
        return _error("case_number_court_code", field)
    case_type = _TYPE_AND_REST.fullmatch(court[1])
    if case_type is None:
        return _error("case_number_type_malformed", field)
    return _serial_fault(case_type[1], field)


def _serial_fault(rest: str, field: str | None) -> CaseNumberError:
    """What is wrong from the serial number on."""
    serial, hao, _ = rest.partition("号")
    if not hao:
        return _error("case_number_hao_missing", field)
    if _LEADING_ZERO.fullmatch(serial):
        return _error("case_number_leading_zero", field)
    if not _SERIAL.fullmatch(serial):
        return _error("case_number_serial", field, digits=MAX_SERIAL_DIGITS)
    return _error("case_number_suffix", field)


def _legacy_fault(rest: str, field: str | None) -> CaseNumberError:
    """What is wrong in a number with 字第, from the court on."""
    court_and_type, _, rest = rest.partition(_LEGACY_MARK)
    if not _LEGACY_COURT.fullmatch(court_and_type):
        return _error("case_number_court_legacy", field)
    serial, hao, _ = rest.partition("号")
    if not hao:
        return _error("case_number_hao_missing", field)
    if not _LEGACY_SERIAL.fullmatch(serial):
        return _error("case_number_serial", field, digits=MAX_SERIAL_DIGITS)
    return _error("case_number_trailing", field)


def _error(reason: str, field: str | None, **params: object) -> CaseNumberError:
    """The error, with an example of a good number for its text."""
    return CaseNumberError(reason, field=field, example=_EXAMPLE, **params)
