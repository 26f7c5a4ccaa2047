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
_LONG: Final = 24  # from here on the argument follows its head
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
    size, position, items = len(data), 0, 0
    depth, left, outer = 1, 1, [0]  # items to come in the innermost item that is open, and in those around it
    while depth:
        if left == 0:
            left = outer.pop()
            depth -= 1
            continue
        left -= 1
        items += 1
        if position >= size:
            raise RefusedError("malformed")
        initial = data[position]
        position += 1
        major, argument = initial >> 5, initial & 0x1F
        if argument >= _LONG or major >= _TAG:
            argument, position = _argument(data, position, initial)
        if _BYTES <= major <= _MAP:
            if major <= _TEXT:
                position += argument
            else:
                outer.append(left)
                left = argument * (2 if major == _MAP else 1)
                depth += 1
            if argument > size or position > size:
                raise RefusedError("too_large", limit=size)
        if items > MAX_CBOR_ITEMS or depth > MAX_CBOR_DEPTH + 1:
            raise RefusedError("too_complex")
    if position != size:
        raise RefusedError("malformed")


def _argument(data: bytes, position: int, initial: int) -> tuple[int, int]:
    """Argument of a head whose first byte does not hold it, and the position behind the head (RFC 8949, 3)."""
    major, info = initial >> 5, initial & 0x1F
    if major == _TAG or (major == _SIMPLE and initial not in _FALSE_TRUE_NULL) or info > _LONG + 3:
        raise RefusedError("malformed")
    if info < _LONG:
        return info, position
    end = position + (1 << (info - _LONG))
    if end > len(data):
        raise RefusedError("malformed")
    return int.from_bytes(data[position:end], "big"), end
