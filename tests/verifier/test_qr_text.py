"""The text of a QR symbol: base45 as another implementation reads it, heads of CBOR to the last byte."""

import base45
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.read.qr_cwt import _base45

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def by_peer(text: bytes) -> bytes | None:
    try:
        return bytes(base45.b45decode(text))
    except ValueError:
        return None


@given(st.binary(max_size=60))
def test_what_was_written_is_read(data: bytes) -> None:
    assert _base45(base45.b45encode(data)) == data


@given(
    st.text(ALPHABET, max_size=12).map(str.encode) | st.binary(max_size=7) | st.text("0:", max_size=9).map(str.encode)
)
def test_texts_are_read_or_refused_as_by_the_peer(text: bytes) -> None:
    expected = by_peer(text)
    if expected is None:
        with pytest.raises(RefusedError, match="QR"):
            _base45(text)
    else:
        assert _base45(text) == expected


@pytest.mark.parametrize("text", [b"GGW", b":::", b"::", b"V5", b"0", b"0000", b"abc", b"00\n", b"\xff00", b"==="])
def test_values_beyond_their_bytes_and_foreign_characters_are_refused(text: bytes) -> None:
    assert by_peer(text) is None
    with pytest.raises(RefusedError):
        _base45(text)
