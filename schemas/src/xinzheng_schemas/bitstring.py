"""The `encodedList` of a Bitstring Status List (W3C Bitstring Status List 1.0, sections 3.3 and 3.4).

`u`, base64url without padding, GZIP. The left-most bit of the first byte is index 0.
"""

import struct
import zlib

from xinzheng_schemas import base64url
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

MINIMUM_BYTES = 16_384
"""Bytes of the smallest list, 131,072 entries: fewer would not hide one certificate in the crowd (section 6.1)."""

_PREFIX = "u"
_GZIP = 16 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS
_DEFLATE_LEVEL = 9
# Set entries lie at random: nothing repeats but runs of zeros. Looking for more takes ten times as long for nothing.
_DEFLATE_STRATEGY = zlib.Z_RLE
# RFC 1952 section 2.3: deflate, no flags, no time, kind of compression and system not told. Fixed, for equal lists
# shall be equal texts on every system.
_HEADER = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))
_WRAPPING_BYTES = 128
_BITS = 8


class BitstringError(CodedError):
    """A status list that cannot be used: status_malformed, status_length, status_range."""

    catalogue = MESSAGES


def encode(bits: bytes | bytearray) -> str:
    """Writes a list; equal bits give equal text.

    Args:
        bits: 8 entries a byte, left-most bit first.

    Returns:
        The `encodedList`.
    """
    deflate = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, _RAW_DEFLATE, zlib.DEF_MEM_LEVEL, _DEFLATE_STRATEGY)
    body = deflate.compress(bits) + deflate.flush()
    trailer = struct.pack("<II", zlib.crc32(bits), len(bits) & 0xFFFFFFFF)
    return _PREFIX + base64url.encode(_HEADER + body + trailer)


def decode(text: str, *, max_bytes: int, min_bytes: int = MINIMUM_BYTES, field: str | None = None) -> bytes:
    """Reads a list, inflating no more than one byte beyond `max_bytes`.

    Args:
        text: the `encodedList`.
        max_bytes: largest list that is accepted, in bytes of 8 entries.
        min_bytes: smallest list that is accepted.
        field: what the error names.

    Returns:
        The bits, 8 entries a byte.

    Raises:
        BitstringError: status_malformed (prefix, base64url, GZIP of one member with right CRC and size, nothing behind
            it, at most `max_bytes`) or status_length (fewer than `min_bytes`).
    """
    bits = _inflated(_unwrapped(text, max_bytes, field), max_bytes, field)
    if len(bits) < min_bytes:
        raise BitstringError("status_length", field=field, minimum=min_bytes * _BITS)
    return bits


def get_bit(bits: bytes | bytearray, index: int) -> bool:
    """The entry at `index`, 0 being the left-most bit.

    Raises:
        BitstringError: status_range, if `index` lies outside the list.
    """
    _check_index(bits, index)
    return bool(bits[index >> 3] >> (7 - (index & 7)) & 1)


def get_value(bits: bytes | bytearray, index: int, *, size: int) -> int:
    """The entry at `index` of a list whose entries are `size` bits wide (section 2.1, `statusSize`).

    Args:
        bits: the list, left-most bit first.
        index: number of the entry, not of its first bit.
        size: bits of one entry, at least 1.

    Returns:
        The value, its first bit being the most significant.

    Raises:
        BitstringError: status_range, if the entry does not lie wholly inside the list.
    """
    if not 0 <= index < len(bits) * _BITS // size:
        raise BitstringError("status_range", entries=len(bits) * _BITS // size)
    first, last = index * size, (index + 1) * size - 1
    window = int.from_bytes(bits[first >> 3 : (last >> 3) + 1], "big")
    return window >> (7 - (last & 7)) & ((1 << size) - 1)


def set_bit(bits: bytearray, index: int, *, value: bool = True) -> None:
    """Sets or clears the entry at `index`, 0 being the left-most bit.

    Raises:
        BitstringError: status_range, if `index` lies outside the list.
    """
    _check_index(bits, index)
    mask = 0x80 >> (index & 7)
    bits[index >> 3] = bits[index >> 3] | mask if value else bits[index >> 3] & ~mask


def _check_index(bits: bytes | bytearray, index: int) -> None:
    """Python counts negative indexes from the end; a status list does not."""
    if not 0 <= index < len(bits) * _BITS:
        raise BitstringError("status_range", entries=len(bits) * _BITS)


def _unwrapped(text: str, max_bytes: int, field: str | None) -> bytes:
    """The GZIP bytes. Deflate never grows data by a thousandth, so the text's length is bounded by the list's."""
    max_compressed = max_bytes + max_bytes // 1000 + _WRAPPING_BYTES
    if not text.startswith(_PREFIX) or len(text) > max_compressed * 4 // 3 + 2:
        raise BitstringError("status_malformed", field=field)
    try:
        return base64url.decode(text[1:], max_characters=len(text), field=field)
    except base64url.Base64URLError as error:
        raise BitstringError("status_malformed", field=field) from error


def _inflated(compressed: bytes, max_bytes: int, field: str | None) -> bytes:
    """The one GZIP member; zlib checks its CRC and size once it has seen the end."""
    inflate = zlib.decompressobj(_GZIP)
    try:
        bits = inflate.decompress(compressed, max_bytes + 1)
    except zlib.error as error:
        raise BitstringError("status_malformed", field=field) from error
    if len(bits) > max_bytes or not inflate.eof or inflate.unused_data:
        raise BitstringError("status_malformed", field=field)
    return bits
