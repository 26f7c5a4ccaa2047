"""Multibase base58btc and Multikey: published vectors, one spelling, bounded work."""

import contextlib
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_schemas.multibase import (
    MAX_BYTES,
    MAX_CHARACTERS,
    KeyType,
    MultibaseError,
    decode,
    decode_multikey,
    encode,
    encode_multikey,
)

BASE58_VECTORS = [
    (b"", "z"),
    (b"\0", "z1"),
    (b"Hello World!", "z2NEpo7TZRRrLZSi2U"),
    (
        b"The quick brown fox jumps over the lazy dog.",
        "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
    ),
    (bytes.fromhex("0000287fb4cd"), "z11233QC4"),
]
"""draft-msporny-base58-03 section 5, with the multibase prefix."""

MULTIKEYS = [
    ("zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", KeyType.P256, 33),
    ("z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9", KeyType.P384, 49),
    ("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", KeyType.ED25519, 32),
]
"""did:key method specification, test vectors."""


def code_of(text: str) -> str:
    with pytest.raises(MultibaseError) as caught:
        decode(text, field="proofValue")
    assert caught.value.field == "proofValue"
    return caught.value.code


@pytest.mark.parametrize(("data", "text"), BASE58_VECTORS)
def test_published_vectors(data: bytes, text: str) -> None:
    assert encode(data) == text
    assert decode(text) == data


@pytest.mark.parametrize(
    "text", ["", "Z2", "u2", "m2", "f00", "2NEpo7", "z0", "zO", "zI", "zl", "z 2", "z2 ", "z2\n", "z2é", "z２"]
)
def test_refused(text: str) -> None:
    assert code_of(text) == "multibase_malformed"


def test_length_is_bounded_before_work() -> None:
    started = time.perf_counter()
    assert code_of("z" + "2" * 500_000) == "too_large"
    with pytest.raises(MultibaseError, match="limit of 186"):
        encode(bytes(500_000))
    with pytest.raises(MultibaseError, match="limit of 90"):
        decode("z" * 91, max_characters=90)
    with pytest.raises(MultibaseError, match="limit of 256"):
        decode("z" * 257, max_characters=100_000)
    assert time.perf_counter() - started < 0.5


def test_the_two_bounds_belong_together() -> None:
    largest = b"\xff" * MAX_BYTES
    assert len(encode(largest)) == MAX_CHARACTERS
    assert decode(encode(largest)) == largest


@given(st.binary(max_size=MAX_BYTES) | st.integers(0, 8).map(bytes))
def test_round_trip(data: bytes) -> None:
    assert decode(encode(data)) == data


@given(st.text(alphabet="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=150))
def test_digits_agree_with_schoolbook_arithmetic_and_have_one_spelling(digits: str) -> None:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for digit in digits:
        number = number * 58 + alphabet.index(digit)
    data = decode("z" + digits)
    assert int.from_bytes(data, "big") == number
    assert encode(data) == "z" + digits


@given(st.text(max_size=300) | st.text(max_size=60).map(lambda text: "z" + text))
def test_any_text_gives_bytes_or_a_coded_error(text: str) -> None:
    for read in (decode, decode_multikey):
        with contextlib.suppress(MultibaseError):
            read(text)


# --- Multikey -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "key_type", "length"), MULTIKEYS, ids=lambda each: str(each)[:8])
def test_published_keys(text: str, key_type: KeyType, length: int) -> None:
    found, public_key = decode_multikey(text)
    assert (found, len(public_key)) == (key_type, length)
    assert encode_multikey(key_type, public_key) == text


@pytest.mark.parametrize(("curve", "key_type"), [(ec.SECP256R1(), KeyType.P256), (ec.SECP384R1(), KeyType.P384)])
def test_keys_of_the_cryptographic_library(curve: ec.EllipticCurve, key_type: KeyType) -> None:
    public_key = ec.generate_private_key(curve).public_key()
    point = public_key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    found, data = decode_multikey(encode_multikey(key_type, point))
    assert found is key_type
    assert ec.EllipticCurvePublicKey.from_encoded_point(curve, data) == public_key


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "key_type_unknown"),
        (b"\x80", "key_type_unknown"),
        (b"\x12\x00" + b"\x02" + bytes(32), "key_type_unknown"),
        (b"\x86\x26" + bytes(32), "key_type_unknown"),  # p256-priv
        (b"\xe7\x01" + b"\x02" + bytes(32), "key_type_unknown"),  # secp256k1
        (b"\x80\x24", "multikey_malformed"),
        (b"\x80\x24" + b"\x02" + bytes(31), "multikey_malformed"),
        (b"\x80\x24" + b"\x02" + bytes(33), "multikey_malformed"),
        (b"\x80\x24" + b"\x04" + bytes(32), "multikey_malformed"),
        (b"\x80\x24" + b"\x04" + bytes(64), "multikey_malformed"),
        (b"\x81\x24" + b"\x02" + bytes(32), "multikey_malformed"),
        (b"\xed\x01" + bytes(31), "multikey_malformed"),
    ],
)
def test_keys_refused(data: bytes, code: str) -> None:
    with pytest.raises(MultibaseError) as caught:
        decode_multikey(encode(data), field="publicKeyMultibase")
    assert (caught.value.code, caught.value.field) == (code, "publicKeyMultibase")


def test_only_well_formed_keys_are_written() -> None:
    with pytest.raises(MultibaseError, match="33 bytes"):
        encode_multikey(KeyType.P256, bytes(33))
