"""Bitstring status lists: bit order, one text for equal bits, and bounded inflating."""

import contextlib
import gzip
import struct
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_schemas import base64url
from xinzheng_schemas.bitstring import MINIMUM_BYTES, BitstringError, decode, encode, get_bit, set_bit

EMPTY = bytes(MINIMUM_BYTES)
PUBLISHED = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
"""Encoded list of 131,072 zero bits as W3C Bitstring Status List 1.0 prints it in its examples."""


def code_of(text: str, *, max_bytes: int = MINIMUM_BYTES) -> str:
    with pytest.raises(BitstringError) as caught:
        decode(text, max_bytes=max_bytes, field="encodedList")
    assert caught.value.field == "encodedList"
    return caught.value.code


def wrapped(compressed: bytes) -> str:
    return "u" + base64url.encode(compressed)


def test_published_list() -> None:
    assert decode(PUBLISHED, max_bytes=MINIMUM_BYTES) == EMPTY


def test_left_most_bit_is_index_zero() -> None:
    bits = bytearray(2)
    set_bit(bits, 0)
    set_bit(bits, 9)
    assert bits == bytes([0b1000_0000, 0b0100_0000])
    assert [index for index in range(16) if get_bit(bits, index)] == [0, 9]
    set_bit(bits, 0, value=False)
    set_bit(bits, 1, value=False)
    assert bits == bytes([0, 0b0100_0000])


@pytest.mark.parametrize("index", [-1, -16, 16, 2**64])
def test_index_outside_the_list(index: int) -> None:
    bits = bytearray(2)
    for touch in (get_bit, set_bit):
        with pytest.raises(BitstringError, match="16 entries"):
            touch(bits, index)


def test_equal_bits_give_equal_text_without_time_or_system() -> None:
    text = encode(EMPTY)
    assert text == encode(bytearray(EMPTY))
    assert base64url.decode(text[1:])[:10] == bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))
    assert len(text) < 100


@given(st.binary(max_size=300))
def test_round_trip_and_agreement_with_the_library(bits: bytes) -> None:
    assert gzip.decompress(base64url.decode(encode(bits)[1:])) == bits
    assert decode(encode(bits), max_bytes=300, min_bytes=0) == bits
    assert decode(wrapped(gzip.compress(bits)), max_bytes=300, min_bytes=0) == bits


@given(st.sets(st.integers(0, 799)))
def test_indexes_survive(indexes: set[int]) -> None:
    bits = bytearray(100)
    for index in indexes:
        set_bit(bits, index)
    read = decode(encode(bits), max_bytes=100, min_bytes=100)
    assert {index for index in range(800) if get_bit(read, index)} == indexes


def test_incompressible_lists_fit_their_bound() -> None:
    noise = b"".join(zlib.crc32(bytes([n & 255, n >> 8])).to_bytes(4, "big") for n in range(MINIMUM_BYTES // 4))
    assert decode(encode(noise), max_bytes=MINIMUM_BYTES) == noise


def test_short_list() -> None:
    assert code_of(encode(bytes(MINIMUM_BYTES - 1))) == "status_length"
    assert code_of(encode(b"")) == "status_length"


def test_long_list() -> None:
    assert decode(encode(bytes(MINIMUM_BYTES + 1)), max_bytes=MINIMUM_BYTES + 1) == bytes(MINIMUM_BYTES + 1)
    assert code_of(encode(bytes(MINIMUM_BYTES + 1))) == "status_malformed"


GOOD = base64url.decode(encode(EMPTY)[1:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "u",
        encode(EMPTY)[1:],
        "U" + encode(EMPTY)[1:],
        encode(EMPTY) + "=",
        encode(EMPTY).replace("-", "+"),
        encode(EMPTY) + " ",
        "z2NEpo7TZRRrLZSi2U",
        wrapped(GOOD[:-1]),
        wrapped(GOOD[:-8]),
        wrapped(GOOD[:20]),
        wrapped(GOOD + b"\0"),
        wrapped(GOOD + GOOD),
        wrapped(GOOD[:-8] + struct.pack("<II", 0, MINIMUM_BYTES)),
        wrapped(GOOD[:-4] + struct.pack("<I", MINIMUM_BYTES + 1)),
        wrapped(zlib.compress(EMPTY)),
        wrapped(GOOD[10:-8]),
        wrapped(EMPTY),
    ],
)
def test_malformed(text: str) -> None:
    assert code_of(text) == "status_malformed"


def bomb(mebibytes: int) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = bytes(1 << 20)
    return b"".join([*(deflate.compress(chunk) for _ in range(mebibytes)), deflate.flush()])


def test_bombs_stay_small() -> None:
    text = wrapped(bomb(256))
    assert len(text) < 400_000
    tracemalloc.start()
    started = time.perf_counter()
    try:
        assert code_of(text) == "status_malformed"  # too long for a list of this size
        assert code_of(text, max_bytes=2 << 20) == "status_malformed"  # inflated no further than the list
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - started < 2.0
    assert peak < 8 << 20


@given(st.text(max_size=80) | st.binary(max_size=80).map(wrapped))
def test_any_text_gives_bits_or_a_coded_error(text: str) -> None:
    with contextlib.suppress(BitstringError):
        decode(text, max_bytes=64, min_bytes=0)


@given(st.data())
def test_one_changed_byte_is_never_a_different_list(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(GOOD) - 1))
    changed = bytearray(GOOD)
    changed[position] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(BitstringError):
        assert decode(wrapped(bytes(changed)), max_bytes=MINIMUM_BYTES) == EMPTY  # time and system in the header
