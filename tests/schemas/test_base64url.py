"""Canonical base64url: exactly one text for every value."""

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_schemas.base64url import Base64URLError, decode, encode


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("AA", b"\0"),
        ("Zg", b"f"),
        ("Zm8", b"fo"),
        ("Zm9v", b"foo"),
        ("-_-_", b"\xfb\xff\xbf"),
        (b"Zm9vYmFy", b"foobar"),
    ],
)
def test_decoded(text: str | bytes, data: bytes) -> None:
    assert decode(text) == data


@pytest.mark.parametrize(
    "text",
    [
        "A", "Zm9vA", "Zg==", "Zm8=", "Zm9v=", "=", "====", "Zh", "Zm9", "Zm 9v", "Zm9v\n", "\nZm9v", "+/+/", "-/-/",
        "Zm9v|", "Zm\x009", "Zｍ9v", "\ud800AAA", b"\xff\xfe\xfd\xfc", "AA=A", "A===",
    ],
)  # fmt: skip
def test_refused(text: str | bytes) -> None:
    with pytest.raises(Base64URLError) as caught:
        decode(text, field="header")
    assert (caught.value.code, caught.value.field) == ("not_canonical", "header")


def test_bounded() -> None:
    assert decode("A" * 8, max_characters=8) == bytes(6)
    with pytest.raises(Base64URLError) as caught:
        decode("A" * 12, max_characters=8)
    assert caught.value.code == "too_large"


@given(st.binary())
def test_round_trip_and_agreement_with_the_library(data: bytes) -> None:
    text = encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert decode(text) == data


@given(st.text(alphabet="ABCDabcd0189-_+/= \n", max_size=12) | st.text(max_size=8) | st.binary(max_size=8))
def test_what_is_accepted_is_the_only_spelling(text: str | bytes) -> None:
    try:
        data = decode(text)
    except Base64URLError:
        return
    assert encode(data) == (text if isinstance(text, str) else text.decode())


@given(
    st.binary(max_size=40) | st.text("ABYZaz019-_", max_size=40).map(str.encode),
    st.integers(0, 255),
    st.integers(0, 40),
)
def test_foreign_characters_are_seen_as_by_the_strict_decoder(text: bytes, character: int, place: int) -> None:
    for octets in (text, text[:place] + bytes([character]) + text[place:]):
        standard = octets.translate(bytes.maketrans(b"-_+/=", b"+/\0\0\0")) + b"=" * (-len(octets) % 4)
        try:
            expected = binascii.a2b_base64(standard, strict_mode=True)
        except binascii.Error:
            expected = None
        if expected is None or encode(expected).encode() != octets:
            with pytest.raises(Base64URLError):
                decode(octets)
        else:
            assert decode(octets) == expected
