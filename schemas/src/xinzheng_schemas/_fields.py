"""Reading one JSON object by a table of members: the machinery behind `certificate`.

A parser takes a JSON value and returns the domain value, or raises a CodedError whose field is relative to the value
(`""` is the value itself). The good path raises nothing: a verifier reads a certificate in some microseconds.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from xinzheng_schemas.errors import CodedError, Language, Message
from xinzheng_schemas.messages import MESSAGES
from xinzheng_schemas.timestamps import parse_date

MAX_PROBLEMS = 64
"""Problems reported of one certificate: more than its members, few enough for a report."""

_DAY_CHARACTERS = len("2026-11-23")
_INSTANT_CHARACTERS = len("2026-11-23T08:00:00Z")

_MAX_NAME = 64
"""Characters of a foreign member name that an error repeats."""

# Control, soft hyphen, direction, zero-width, tag characters, specials, noncharacters, surrogates (UTS 39 section 3).
HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff"
    r"\ud800-\udfff\U000e0000-\U000e00ff"
)

Parser = Callable[[Any], Any]
E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class FieldError(CodedError):
    """One member of a certificate is wrong; `field` is its JSON pointer (RFC 6901)."""

    catalogue = MESSAGES


class CertificateError(CodedError):
    """A certificate that cannot be used: `certificate_malformed`, with every problem that was found.

    Attributes:
        problems: at least one, at most 64; each with its own code and a JSON pointer into the credential.
    """

    catalogue = MESSAGES

    def __init__(self, problems: Sequence[CodedError]) -> None:
        self.problems = tuple(problems[:MAX_PROBLEMS])
        super().__init__("certificate_malformed", field=self.problems[0].field, count=len(self.problems))

    def message(self, language: Language = "en") -> str:
        """The number of problems and the text of the first, in `language`."""
        text: str = getattr(self.catalogue[self.code], language)
        return text.format(count=len(self.problems), first=self.problems[0].message(language))


class Member(NamedTuple):
    """One row of a table.

    Attributes:
        name: member of the JSON object.
        attribute: keyword of the domain type.
        parse: parser of the value.
        required: whether an object without the member is refused.
    """

    name: str
    attribute: str
    parse: Parser
    required: bool = True


class Table:
    """Every member that one kind of JSON object may have.

    Attributes:
        members: the rows.
        rows: name of a member to its attribute and parser.
    """

    def __init__(self, *members: Member) -> None:
        self.members = members
        self.rows = {member.name: (member.attribute, member.parse) for member in members}
        self._absent = {member.attribute: None for member in members if not member.required}

    def read(self, value: object) -> dict[str, Any]:
        """Reads a JSON object.

        Args:
            value: any JSON value.

        Returns:
            Attribute to domain value; None for an optional member that is absent.

        Raises:
            FieldError: `type_wrong`, no object.
            CertificateError: all problems of the members, fields relative to the object.
        """
        if type(value) is not dict:
            raise FieldError("type_wrong", field="", expected="object")
        values: dict[str, Any] = self._absent.copy()
        rows = self.rows
        try:
            for name, member in value.items():
                attribute, parse = rows[name]
                values[attribute] = parse(member)
        except (KeyError, CodedError):
            raise CertificateError(self._problems(value)) from None
        if len(values) != len(rows):
            raise CertificateError(self._problems(value))
        return values

    def _problems(self, value: Mapping[str, Any]) -> list[CodedError]:
        """What is wrong with an object, in the order of the table; foreign members last."""
        problems: list[CodedError] = []
        for name, _, parse, required in self.members:
            if name in value:
                problems += problems_of(name, parse, value[name])
            elif required:
                problems.append(FieldError("member_missing", field=f"/{name}"))
        foreign = [name for name in value if name not in self.rows][:MAX_PROBLEMS]
        return problems + [FieldError("member_unknown", field=f"/{escape(name)}") for name in foreign]


def problems_of(name: str | int, parse: Parser, value: Any) -> list[CodedError]:
    """What is wrong with the value under a name, as seen from the object or array that holds it."""
    try:
        parse(value)
    except CodedError as error:
        return below(name, error)
    return []


def build(kind: type[T], values: dict[str, Any]) -> T:
    """An instance of a frozen dataclass from all its fields.

    The generated `__init__` of a frozen class sets each field through `object.__setattr__`, which takes longer than
    reading the field from JSON.
    """
    instance = object.__new__(kind)
    instance.__dict__.update(values)
    return instance


def below(name: str | int, error: CodedError) -> list[CodedError]:
    """The problems of `error` as seen from the object or array that holds the value under `name`."""
    inner = error.problems if isinstance(error, CertificateError) else (error,)
    return [type(each)(each.code, field=f"/{name}{each.field or ''}", **each.params) for each in inner]


def escape(name: str) -> str:
    """A member name as one reference token of a JSON pointer (RFC 6901 section 3), cut to 64 characters."""
    return str(name)[:_MAX_NAME].replace("~", "~0").replace("/", "~1")


def pattern(expression: str, code: str, *, maximum: int) -> Parser:
    """A parser of strings of at most `maximum` characters that match a regular expression as a whole."""
    match = re.compile(expression).fullmatch

    def parse(value: Any) -> str:
        if type(value) is str and len(value) <= maximum and match(value):
            return value
        raise refusal(value, code, maximum=maximum)

    return parse


def text(maximum: int) -> Parser:
    """A parser of texts for people: 1 to `maximum` characters, none hidden, no white space at either end."""
    match = re.compile(rf"(?!\s)[^{HIDDEN}]+(?<!\s)").fullmatch

    def parse(value: Any) -> str:
        if type(value) is str and 0 < len(value) <= maximum:
            # Printable by this interpreter's Unicode is enough; newer and private characters are for the expression.
            if value.isprintable() and value[0] != " " != value[-1]:
                return value
            if match(value):
                return value
        raise refusal(value, "text_malformed", maximum=maximum)

    return parse


def refusal(value: object, code: str, **params: object) -> FieldError:
    """The error for a value that should have been a string of a certain form."""
    if type(value) is not str:
        return FieldError("type_wrong", field="", expected="string")
    return FieldError(code, field="", **params)


def one_of(kind: type[E]) -> Parser:
    """A parser of the values of an enumeration."""
    members = {member.value: member for member in kind}
    expected = ", ".join(members)

    def parse(value: Any) -> E:
        if type(value) is str and (member := members.get(value)) is not None:
            return member
        raise refusal(value, "value_unknown", expected=expected)

    return parse


def exactly(fixed: Any, expected: str | Message, code: str = "value_fixed") -> Parser:
    """A parser of one constant."""

    def parse(value: Any) -> Any:
        if value == fixed:
            return fixed
        raise FieldError(code, field="", expected=expected)

    return parse


def boolean(value: Any) -> bool:
    """A parser of true and false."""
    if type(value) is bool:
        return value
    raise FieldError("type_wrong", field="", expected="boolean")


def each(parse_item: Parser, *, maximum: int) -> Parser:
    """A parser of arrays of 1 to `maximum` distinct values, as a tuple."""

    def parse(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise FieldError("type_wrong", field="", expected="array")
        if not 0 < len(value) <= maximum:
            raise FieldError("entry_count", field="", maximum=maximum)
        try:
            found = tuple([parse_item(item) for item in value])
        except CodedError:
            raise item_problems(value, [parse_item] * len(value)) from None
        if len(found) > 1 and len(set(found)) != len(found):
            raise FieldError("value_repeated", field="")
        return found

    return parse


def item_problems(value: list[Any], parsers: Iterable[Parser]) -> CertificateError:
    """What is wrong with the items of an array, each read by the parser at its place."""
    places = enumerate(zip(value, parsers, strict=True))
    return CertificateError([problem for place, (item, parse) in places for problem in problems_of(place, parse, item)])


def day(value: Any) -> date:
    """A parser of dates, `YYYY-MM-DD`."""
    if type(value) is not str:
        raise FieldError("type_wrong", field="", expected="string")
    # `fromisoformat` alone would also take week dates and dates without hyphens.
    if len(value) == _DAY_CHARACTERS and value[4::3] == "--":
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    return parse_date(value, field="")


def instant(value: Any) -> datetime:
    """A parser of timestamps in the one spelling that certificates use: UTC, whole seconds, `Z`."""
    if type(value) is not str:
        raise FieldError("type_wrong", field="", expected="string")
    # Between these characters only digits are read; some versions of `fromisoformat` would take hour 24.
    if len(value) == _INSTANT_CHARACTERS and value[4::3] == "--T::Z" and value[11:13] != "24":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise FieldError("date_malformed", field="", expected="2026-11-23T08:00:00Z")
