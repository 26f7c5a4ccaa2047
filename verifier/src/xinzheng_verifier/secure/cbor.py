"""Deterministic CBOR (RFC 8949, 4.2.1), restricted to integers, byte and text strings, arrays, maps, booleans and null.

The heads of all items are walked before the decoder sees them: no tag reaches it, so that none of its tag handlers
(shared references, regular expressions, dates, bignums) can run, and no announced length exceeds the data.
"""

from typing import Final

import cbor2

from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.limits import MAX_CBOR_DEPTH, MAX_CBOR_ITEMS

CBORValue = None | bool | int | bytes | str | list["CBORValue"] | dict["CBORValue", "CBORValue"]

_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7
_FALSE_TRUE_NULL: Final = (0xF4, 0xF5, 0xF6)


def loads(data: bytes) -> CBORValue:
    """The value of `data`, if it is the one deterministic encoding of it.

    Args:
        data: one CBOR item, nothing behind it.

    Raises:
        RefusedError: `malformed` (tags, floats, indefinite lengths, reserved values, trailing bytes, invalid UTF-8),
            `too_large` (a length beyond the data), `too_complex` (depth, number of items), `duplicate_member`,
            `not_canonical` (integers or lengths not in their shortest form, map keys out of order).
    """
    _walk(data)
    try:
        value: CBORValue = cbor2.loads(
            data, allow_duplicate_keys=False, allow_indefinite=False, max_depth=MAX_CBOR_DEPTH + 1
        )
    except (cbor2.CBORDecodeError, UnicodeDecodeError, TypeError) as error:
        duplicate = "duplicate" in str(error).lower()
        raise RefusedError("duplicate_member" if duplicate else "malformed") from error
    if cbor2.dumps(value, canonical=True) != data:
        raise RefusedError("not_canonical")
    return value


def _walk(data: bytes) -> None:
    """Looks at every head once, without recursion."""
    position, items = 0, 0
    open_items = [1]
    while open_items:
        if open_items[-1] == 0:
            open_items.pop()
            continue
        open_items[-1] -= 1
        items += 1
        major, argument, position = _head(data, position)
        if major in (_BYTES, _TEXT):
            position += argument
        elif major in (_ARRAY, _MAP):
            open_items.append(argument * (2 if major == _MAP else 1))
        if (argument > len(data) and major in (_BYTES, _TEXT, _ARRAY, _MAP)) or position > len(data):
            raise RefusedError("too_large", limit=len(data))
        if items > MAX_CBOR_ITEMS or len(open_items) > MAX_CBOR_DEPTH + 1:
            raise RefusedError("too_complex")
    if position != len(data):
        raise RefusedError("malformed")


def _head(data: bytes, position: int) -> tuple[int, int, int]:
    """Major type, argument, and the position behind the head (RFC 8949, 3)."""
    if position >= len(data):
        raise RefusedError("malformed")
    initial = data[position]
    major, info = initial >> 5, initial & 0x1F
    position += 1
    if major == _TAG or (major == _SIMPLE and initial not in _FALSE_TRUE_NULL) or info > 27:  # noqa: PLR2004
        raise RefusedError("malformed")
    if info < 24:  # noqa: PLR2004 - the argument itself
        return major, info, position
    size = 1 << (info - 24)
    if position + size > len(data):
        raise RefusedError("malformed")
    return major, int.from_bytes(data[position : position + size], "big"), position + size
