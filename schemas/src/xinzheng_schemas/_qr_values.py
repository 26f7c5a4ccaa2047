"""Single values of the QR form: each pair writes one JSON value of the credential as CBOR, and reads it back.

Readers take whatever a CBOR decoder may produce. They need not be strict about meaning, since the credential that comes
out is read by `certificate`, and claims that would not be written the same way again are refused.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from xinzheng_schemas.case_number import CaseNumber, CaseNumberError, parse_case_number
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.certificate_number import RANDOM_BYTES, DefaultNumber, parse_default
from xinzheng_schemas.certificate_rules import china_day
from xinzheng_schemas.errors import CodedError, Message
from xinzheng_schemas.identity import SALT_BYTES, IdCommitment, IdentityError
from xinzheng_schemas.messages import MESSAGES
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.vocabulary import IdType

MAX_TEXT = 512
"""Characters of any text in the body; the certificate's own bounds are tighter."""

MAX_ENTRIES = 16
"""Entries of any array in the body."""

# Kinds of case that are written as a number. The order is part of the format: append only.
CASE_TYPES: Final = (
    *("执", "执恢", "执保", "执异", "执复", "执监", "执协", "执他"),
    *("民初", "民终", "民再", "民特", "刑初", "刑终", "行初", "行终"),
)
_FIRST_YEAR = 2016
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = int((datetime(1, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
_LAST_SECOND = int((datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH).total_seconds())
_MAX_INTEGER = 2**53 - 1
_CHECK_CHARACTERS = "0123456789X"


class QRProfileError(CodedError):
    """Claims that are no certificate in its QR form.

    Codes: qr_malformed; qr_court_unknown, if the claims leave the court to a trust list that does not know it.
    """

    catalogue = MESSAGES


@dataclass(frozen=True, slots=True)
class Frame:
    """What the values of a body are relative to.

    Attributes:
        issuer: DID of the issuer.
        valid_from: first instant of validity, UTC.
        court: the enforcement court.
        credit_code: unified social credit code of the subject, if it has one.
    """

    issuer: str
    valid_from: datetime
    court: CourtIdentity
    credit_code: str | None = None


class Codec(NamedTuple):
    """One exact inverse pair.

    Attributes:
        write: JSON value to CBOR value.
        read: CBOR value to JSON value; raises QRProfileError with an empty field.
    """

    write: Callable[[Any, Frame], Any]
    read: Callable[[Any, Frame], Any]


def malformed(expected: Message, field: str = "") -> QRProfileError:
    """The error for a value of another form than `expected`."""
    return QRProfileError("qr_malformed", field=field, expected=expected)


def integer(value: object, minimum: int = 0, maximum: int = _MAX_INTEGER) -> int:
    """A CBOR integer within bounds; true and false are none."""
    if type(value) is int and minimum <= value <= maximum:
        return value
    raise malformed(Message(f"an integer from {minimum} to {maximum}", f"{minimum} 至 {maximum} 的整数"))


def string(value: object) -> str:
    """A CBOR text string."""
    if type(value) is str and len(value) <= MAX_TEXT:
        return value
    raise malformed(Message(f"a text of at most {MAX_TEXT} characters", f"至多 {MAX_TEXT} 个字符的文本"))


def array(value: object, *lengths: int) -> list[Any]:
    """A CBOR array of one of the lengths."""
    if type(value) is list and len(value) in lengths:
        return value
    raise malformed(Message(f"an array of {_range(lengths)} items", f"含 {_range(lengths)} 项的数组"))


def _range(lengths: Sequence[int]) -> str:
    return str(lengths[0]) if len(lengths) == 1 else f"{lengths[0]} – {lengths[-1]}"


def octets(value: object, length: int) -> bytes:
    """A CBOR byte string of a length."""
    if type(value) is bytes and len(value) == length:
        return value
    raise malformed(Message(f"a byte string of {length} bytes", f"{length} 字节的字节串"))


# --- texts ----------------------------------------------------------------------------------------------------------


def write_text(text: str) -> str | bytes:
    """A text; in UTF-16BE as byte string where that is shorter than UTF-8, as for Chinese."""
    wide = text.encode("utf-16-be")
    return wide if len(wide) < len(text.encode()) else text


def read_text(value: Any) -> str:
    """The text behind either spelling."""
    if type(value) is not bytes:
        return string(value)
    try:
        return string(value[: 2 * MAX_TEXT + 2].decode("utf-16-be"))
    except UnicodeDecodeError:
        raise malformed(Message("UTF-16BE in a byte string", "字节串中的 UTF-16BE 文本")) from None


TEXT: Final = Codec(lambda text, _: write_text(text), lambda value, _: read_text(value))


# --- words ----------------------------------------------------------------------------------------------------------


def word(kind: type[StrEnum]) -> Codec:
    """A value of an enumeration as its position, in the order of the vocabulary."""
    words = [member.value for member in kind]

    def read(value: Any, _: Frame) -> str:
        return words[integer(value, maximum=len(words) - 1)]

    return Codec(lambda text, _: words.index(text), read)


def words(kind: type[StrEnum]) -> Codec:
    """Values of an enumeration: one as its position, several as an array of positions."""
    one = word(kind)

    def write(texts: Sequence[str], frame: Frame) -> Any:
        positions = [one.write(text, frame) for text in texts]
        return positions[0] if len(positions) == 1 else positions

    def read(value: Any, frame: Frame) -> list[str]:
        positions = array(value, *range(2, len(kind) + 1)) if type(value) is list else [value]
        return [one.read(position, frame) for position in positions]

    return Codec(write, read)


def _read_flag(value: Any, _: Frame) -> bool:
    if type(value) is bool:
        return value
    raise malformed(Message("true or false", "true 或 false"))


FLAG: Final = Codec(lambda value, _: value, _read_flag)


# --- time -----------------------------------------------------------------------------------------------------------


def _read_day(value: Any, _: Frame) -> str:
    ordinal = integer(value, date.min.toordinal() - _EPOCH_DAY, date.max.toordinal() - _EPOCH_DAY) + _EPOCH_DAY
    return date.fromordinal(ordinal).isoformat()


DAY: Final = Codec(lambda text, _: date.fromisoformat(text).toordinal() - _EPOCH_DAY, _read_day)
"""A date as days since 1970-01-01."""


def seconds(moment: datetime) -> int:
    """An instant as whole seconds since 1970-01-01 UTC (NumericDate, RFC 8392 §2)."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def moment(value: object) -> datetime:
    """A NumericDate; an integer, within the years 1 to 9999."""
    return _EPOCH + timedelta(seconds=integer(value, _FIRST_SECOND, _LAST_SECOND))


def _write_before(text: str, frame: Frame) -> int:
    return seconds(frame.valid_from) - seconds(parse_timestamp(text))


def _read_before(value: Any, frame: Frame) -> str:
    return format_timestamp(moment(seconds(frame.valid_from) - integer(value, -_MAX_INTEGER)))


BEFORE: Final = Codec(_write_before, _read_before)
"""A timestamp as seconds before the beginning of validity."""


# --- numbers --------------------------------------------------------------------------------------------------------


class _Mask(NamedTuple):
    """A style of masking a resident ID: characters shown first, asterisks, and bytes of the packed number."""

    shown: int
    stars: int
    length: int
    pattern: re.Pattern[str]


def _mask(shown: int, stars: int, length: int) -> _Mask:
    return _Mask(shown, stars, length, re.compile(rf"([0-9]{{{shown}}})\*{{{stars}}}([0-9]{{3}})([0-9X])"))


_MASKS: Final = (_mask(10, 4, 6), _mask(6, 8, 5))


def _write_masked(text: str, _: Frame) -> str | bytes:
    for mask in _MASKS:
        if found := mask.pattern.fullmatch(text):
            number = int(found[1] + found[2]) * len(_CHECK_CHARACTERS) + _CHECK_CHARACTERS.index(found[3])
            return number.to_bytes(mask.length, "big")
    return text


def _read_masked(value: Any, _: Frame) -> str:
    if type(value) is not bytes:
        return string(value)
    for mask in _MASKS:
        if len(value) == mask.length:
            digits, check = divmod(int.from_bytes(value, "big"), len(_CHECK_CHARACTERS))
            text = f"{digits:0{mask.shown + 3}d}"
            return f"{text[:-3]}{'*' * mask.stars}{text[-3:]}{_CHECK_CHARACTERS[check]}"
    raise malformed(Message("a packed number of 5 or 6 bytes", "5 或 6 字节的压缩号码"))


MASKED_NUMBER: Final = Codec(_write_masked, _read_masked)
"""A masked number; that of a resident ID as the digits shown, times 11, plus the check digit (X is 10)."""


def _read_credit_code(value: Any, _: Frame) -> str:
    number = int.from_bytes(octets(value, _CREDIT_CODE_BYTES), "big")
    digits = []
    for _place in range(_CREDIT_CODE_CHARACTERS):
        number, digit = divmod(number, _BASE36)
        digits.append("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit])
    return "".join(reversed(digits))


_BASE36: Final = 36
_CREDIT_CODE_CHARACTERS: Final = 18
_CREDIT_CODE_BYTES: Final = 12
CREDIT_CODE: Final = Codec(lambda text, _: int(text, _BASE36).to_bytes(_CREDIT_CODE_BYTES, "big"), _read_credit_code)
"""A unified social credit code as one number in base 36."""


def _write_commitment(text: str, frame: Frame) -> bytes:
    commitment = IdCommitment.parse(text)
    if frame.credit_code is not None and commitment == _commitment_to(frame.credit_code, commitment.salt):
        return commitment.salt
    return commitment.salt + commitment.digest


def _read_commitment(value: Any, frame: Frame) -> str:
    if frame.credit_code is not None and type(value) is bytes and len(value) == SALT_BYTES:
        if (commitment := _commitment_to(frame.credit_code, value)) is None:
            raise malformed(
                Message("salt and digest, since the credit code is none", "盐值和摘要，因统一社会信用代码无效")
            )
        return str(commitment)
    joined = octets(value, 2 * SALT_BYTES)
    return str(IdCommitment(joined[:SALT_BYTES], joined[SALT_BYTES:]))


def _commitment_to(credit_code: str, salt: bytes) -> IdCommitment | None:
    try:
        return IdCommitment.create(IdType.USCC, credit_code, salt=salt)
    except IdentityError:
        return None


COMMITMENT: Final = Codec(_write_commitment, _read_commitment)
"""An identity commitment as salt and digest; the digest is left out where it follows from a credit code."""


def _write_certificate_number(text: str, frame: Frame) -> Any:
    number = parse_default(text)
    if number is None:
        return text
    elided = (number.court_code == frame.court.court_code, number.year == _year(frame))
    if all(elided):
        return number.random
    return [number.random, number.year] if elided[0] else [number.random, number.year, number.court_code]


def _read_certificate_number(value: Any, frame: Frame) -> str:
    if type(value) is str:
        return string(value)
    parts = array(value, 2, 3) if type(value) is list else [value]
    random = octets(parts[0], RANDOM_BYTES)
    year = integer(parts[1], maximum=9999) if len(parts) > 1 else _year(frame)
    return str(DefaultNumber(string(parts[2]) if parts[2:] else frame.court.court_code, year, random))


def _year(frame: Frame) -> int:
    return china_day(frame.valid_from).year


CERTIFICATE_NUMBER: Final = Codec(_write_certificate_number, _read_certificate_number)
"""A certificate number; of the default form only what is not the court's code and the year of issue."""


# --- case numbers ---------------------------------------------------------------------------------------------------


def _write_case(text: str, frame: Frame) -> Any:
    try:
        number = parse_case_number(text)
    except CaseNumberError:
        return write_text(text)
    if type(number) is not CaseNumber or str(number) != text:
        return write_text(text)
    kind = CASE_TYPES.index(number.case_type) if number.case_type in CASE_TYPES else number.case_type
    court = None if number.court_code == frame.court.court_code else number.court_code
    optional = [court, number.suffix]
    while optional and optional[-1] is None:
        optional.pop()
    return [number.year - _FIRST_YEAR, kind, number.serial, *optional]


def _read_case(value: Any, frame: Frame) -> str:
    if type(value) is not list:
        return read_text(value)
    year, kind, serial, *optional = array(value, 3, 4, 5)
    court, suffix = (string(part) if part is not None else None for part in (*optional, None, None)[:2])
    case_type = string(kind) if type(kind) is str else CASE_TYPES[integer(kind, maximum=len(CASE_TYPES) - 1)]
    return str(
        CaseNumber(
            year=_FIRST_YEAR + integer(year, maximum=9999 - _FIRST_YEAR),
            court_code=court or frame.court.court_code,
            case_type=case_type,
            serial=integer(serial),
            suffix=suffix,
        )
    )


CASE: Final = Codec(_write_case, _read_case)
"""A case number, or any other text in its place."""


def _read_cases(value: Any, frame: Frame) -> list[str]:
    return [_read_case(item, frame) for item in array(value, *range(1, MAX_ENTRIES + 1))]


CASES: Final = Codec(lambda texts, frame: [_write_case(text, frame) for text in texts], _read_cases)


def _write_court_name(text: str, frame: Frame) -> Any:
    return True if text == frame.court.name else write_text(text)


def _read_court_name(value: Any, frame: Frame) -> str:
    return frame.court.name if value is True else read_text(value)


COURT_NAME: Final = Codec(_write_court_name, _read_court_name)
"""A body's name; true stands for the enforcement court."""
