"""What comes around a credential on its way: `{"credential": …, "identity": …}`, arrays of those, and JSON lines.

What an envelope holds is cut out of it as it stands. Reading it and writing it again would change numbers and
spellings, and would settle, out of sight, what two members of one name mean: the credential is judged by the bytes that
were sent.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn, cast

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.errors import VerifierError
from xinzheng_verifier.limits import MAX_REQUEST_BYTES

ENVELOPE: Final = frozenset({"credential", "identity", "at", "number", "other"})
"""Members of an envelope that comes alone."""
LINE: Final = frozenset({"credential", "identity", "number", "other", "id"})
"""Members of an envelope that is one of many; `id` is the sender's own name for it."""

LINE_SPACE: Final = " \t\r"
"""What may stand around a line and is none of it."""

_MAX_SHOWN: Final = 80
_ARRAY: Final = "credentials"
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_UP_TO_BRACKET: Final = re.compile(r'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+', re.DOTALL)
# Numbers stay text: their value is nobody's business here, and a long one takes long to read.
_DECODER: Final = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


class EnvelopeError(VerifierError):
    """An envelope that is none: `request_malformed`, with the member at fault."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One credential and what came with it.

    Attributes:
        credential: the bytes or text that was sent.
        identity: full ID number or social credit code to compare; kept for this check only.
        at: the moment asked about; None is now.
        number: certificate number to compare.
        other: the same credential in another form, to compare.
        label: the sender's own name for it.
    """

    credential: bytes | str
    identity: str | None = None
    at: datetime | None = None
    number: str | None = None
    other: bytes | str | None = None
    label: str | None = None


def open_envelope(text: str, *, allowed: Collection[str]) -> Envelope | None:
    """The content of `{"credential": …}`; None for anything else, which is then to be judged as it stands.

    Args:
        text: what was sent.
        allowed: names of the members that may be there.

    Raises:
        EnvelopeError: `request_malformed`, an envelope with a member that is unknown or of a wrong type.
    """
    try:
        members = dict(raw_members(text))
    except ValueError:
        return None
    if "credential" not in members or "@context" in members:
        return None
    for name in members:
        if name not in allowed:
            _refuse(name)
    return Envelope(
        credential=_credential(members["credential"], "credential"),
        identity=_optional_text(members, "identity"),
        at=moment(_optional_text(members, "at")),
        number=_optional_text(members, "number"),
        other=None if members.get("other", "null") == "null" else _credential(members["other"], "other"),
        label=_optional_text(members, "id"),
    )


def one_of_many(text: str) -> Envelope:
    """One element of an array, or one line: a credential, a JSON string that holds one, or an envelope.

    What is longer than a request with an envelope may be is not opened, and is too large a credential.

    Raises:
        EnvelopeError: `request_malformed`.
    """
    if text.startswith('"'):
        try:
            return Envelope(credential=json.loads(text))
        except ValueError:
            return Envelope(credential=text)
    is_too_long = len(text.encode("utf-8", "surrogatepass")) > MAX_REQUEST_BYTES
    opened = None if is_too_long else open_envelope(text, allowed=LINE)
    return opened or Envelope(credential=text)


def moment(text: str | None) -> datetime | None:
    """A moment as it is asked about in a request.

    Raises:
        EnvelopeError: `request_malformed` for `at`.
    """
    try:
        return None if text is None else parse_timestamp(text)
    except CodedError:
        _refuse("at")


def raw_members(text: str) -> Iterator[tuple[str, str]]:
    """Name and uninterpreted text of each member of a JSON object.

    Raises:
        ValueError: (while iterating) no JSON object, or two members of one name.
    """
    names = set[str]()
    place = _ended(text, _passed(text, 0, "{"), "}")
    while place is not None:
        name, start = _name(text, place, names)
        _, end = _value(text, start)
        yield name, text[start:end]
        place = _next(text, end, "}")


def raw_batch(text: str, *, most: int) -> tuple[list[str] | None, dict[str, str]]:
    """The uninterpreted text of each element of the array `credentials`, and of each other member, of a JSON object.

    Nothing is built of the array as a whole, nor of a value that is longer than an envelope may be: that could take
    forty times the room of its text, and would let no other thread run.

    Args:
        text: the object.
        most: elements that may be there. After one more the rest of the text is not looked at.

    Returns:
        The elements, None if there is no such array; and the members by name.

    Raises:
        ValueError: no JSON object, or two members of one name.
    """
    names = set[str]()
    elements: list[str] | None = None
    others: dict[str, str] = {}
    place = _ended(text, _passed(text, 0, "{"), "}")
    while place is not None:
        name, start = _name(text, place, names)
        if name == _ARRAY and text.startswith("[", start):
            elements, end = _elements(text, start, most)
            if len(elements) > most:
                break
        else:
            end = _end(text, start)
            others[name] = text[start:end]
        place = _next(text, end, "}")
    return elements, others


def _name(text: str, place: int, names: set[str]) -> tuple[str, int]:
    """The name of a member, which is added to those that were there before it, and where its value begins."""
    name, colon = _value(text, place)
    if text[place] != '"' or name in names:
        raise ValueError("no name, or a name that stands twice")
    names.add(str(name))
    return str(name), _passed(text, colon, ":")


def _elements(text: str, start: int, most: int) -> tuple[list[str], int]:
    """The elements of an array, one more than `most` at the most, and where it or the last of them ends."""
    elements: list[str] = []
    place = _passed(text, start, "[")
    if text.startswith("]", place):
        return elements, place + 1
    while True:
        end = _end(text, place)
        elements.append(text[place:end])
        if len(elements) > most:
            return elements, end
        end = _space(text, end)
        if text.startswith("]", end):
            return elements, end + 1
        place = _passed(text, end, ",")


def _end(text: str, place: int) -> int:
    """Where a value ends; of a long one only the brackets are looked at."""
    if text.startswith(("{", "["), place):
        end = _closed(text, place)
        if end - place > MAX_REQUEST_BYTES:
            return end
    _, end = _value(text, place)
    return end


def _closed(text: str, place: int) -> int:
    """Where the bracket at `place` is closed."""
    depth = 0
    while True:
        place = cast("re.Match[str]", _UP_TO_BRACKET.match(text, place)).end()
        sign = text[place : place + 1]
        if not sign or sign == '"':
            raise ValueError("a bracket or a string is not closed")
        depth += 1 if sign in "{[" else -1
        place += 1
        if depth == 0:
            return place


def _value(text: str, position: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _space(text: str, position: int) -> int:
    return cast("re.Match[str]", _SPACE.match(text, position)).end()


def _passed(text: str, position: int, sign: str) -> int:
    """Where the next value begins behind a sign that has to be there."""
    position = _space(text, position)
    if not text.startswith(sign, position):
        raise ValueError(f"{sign} is missing")
    return _space(text, position + 1)


def _next(text: str, end: int, closing: str) -> int | None:
    """Where the next value begins; None at the end of the whole text."""
    end = _space(text, end)
    return _passed(text, end, ",") if text.startswith(",", end) else _ended(text, end, closing, is_due=True)


def _ended(text: str, place: int, closing: str, *, is_due: bool = False) -> int | None:
    """None where the text closes, and nothing stands behind that; else the same place."""
    if text.startswith(closing, place):
        if _space(text, place + 1) != len(text):
            raise ValueError("something stands behind the end")
        return None
    if is_due:
        raise ValueError(f"{closing} is missing")
    return place


def _credential(text: str, name: str) -> bytes | str:
    if text.startswith("{"):
        return text.encode("utf-8", "surrogatepass")
    return _text_of(text, name)


def _optional_text(members: dict[str, str], name: str) -> str | None:
    text = members.get(name, "null")
    return None if text == "null" else _text_of(text, name)


def _text_of(text: str, name: str) -> str:
    value = json.loads(text) if text.startswith('"') else None
    return value if isinstance(value, str) else _refuse(name)


def _refuse(field: str) -> NoReturn:
    raise EnvelopeError("request_malformed", field=field[:_MAX_SHOWN])
