"""Multibase base58btc and Multikey public keys (W3C Controlled Identifiers 1.0, sections 2.2.2 and 2.4).

Base58 is quadratic in the length of the text, so the length is bounded first.
"""

from enum import StrEnum

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

MAX_CHARACTERS = 256
"""Characters of one base58btc text with its prefix: a P-384 signature takes 133."""

MAX_BYTES = 186
"""Bytes of one value: what `MAX_CHARACTERS` hold."""

_PREFIX = "z"
_ALPHABET = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RADIX = len(_ALPHABET)
_INVALID = 0xFF
_VALUES = bytes(_ALPHABET.find(byte) & _INVALID for byte in range(256))
_FOLDS = tuple(
    (
        8 << level,
        int.from_bytes((bytes(1 << level) + b"\xff" * (1 << level)) * (MAX_CHARACTERS >> level)),
        _RADIX ** (1 << level),
    )
    for level in range(MAX_CHARACTERS.bit_length() - 1)
)
"""For lanes of 1, 2, 4 … digits: width of a lane in bits, mask of every second lane, what the higher lane is worth."""


class KeyType(StrEnum):
    """Public key types that a Multikey may carry here, by the name of the curve.

    "SM2-P-256" is a private name until a standard gives the curve of GM/T 0003.5 one.
    """

    P256 = "P-256"
    P384 = "P-384"
    ED25519 = "Ed25519"
    SM2 = "SM2-P-256"


_HEADERS = {
    KeyType.P256: b"\x80\x24",
    KeyType.P384: b"\x81\x24",
    KeyType.ED25519: b"\xed\x01",
    KeyType.SM2: b"\x86\x24",  # sm2-pub of the Multicodec registry
}
_LENGTHS = {KeyType.P256: 33, KeyType.P384: 49, KeyType.ED25519: 32, KeyType.SM2: 33}
_TYPES = {header: key_type for key_type, header in _HEADERS.items()}


class MultibaseError(CodedError):
    """Text that is no multibase base58btc or no known Multikey.

    Codes: multibase_malformed, too_large, key_type_unknown, multikey_malformed.
    """

    catalogue = MESSAGES


def encode(data: bytes) -> str:
    """Encodes bytes as multibase base58btc.

    Args:
        data: at most 186 bytes.

    Returns:
        `z` and base58 digits; each leading zero byte is one `1`.

    Raises:
        MultibaseError: too_large.
    """
    if len(data) > MAX_BYTES:
        raise MultibaseError("too_large", limit=MAX_BYTES)
    number = int.from_bytes(data, "big")
    digits = bytearray()
    while number:
        number, digit = divmod(number, _RADIX)
        digits.append(_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return _PREFIX + "1" * zeros + digits[::-1].decode("ascii")


def decode(text: str, *, max_characters: int = MAX_CHARACTERS, field: str | None = None) -> bytes:
    """Decodes multibase base58btc.

    Args:
        text: `z` and base58 digits.
        max_characters: bound of the text's length; `MAX_CHARACTERS` bounds it in any case.
        field: what the error names.

    Returns:
        The bytes.

    Raises:
        MultibaseError: multibase_malformed or too_large.
    """
    limit = min(max_characters, MAX_CHARACTERS)
    if len(text) > limit:
        raise MultibaseError("too_large", field=field, limit=limit)
    if not text.startswith(_PREFIX) or not text.isascii():
        raise MultibaseError("multibase_malformed", field=field)
    digits = text[1:].encode("ascii").translate(_VALUES)
    if _INVALID in digits:
        raise MultibaseError("multibase_malformed", field=field)
    number = _from_digits(digits)
    significant = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes(len(digits) - len(digits.lstrip(b"\0"))) + significant


def encode_multikey(key_type: KeyType, public_key: bytes) -> str:
    """Writes a public key as `publicKeyMultibase`.

    Args:
        key_type: the curve.
        public_key: compressed point (P-256 and SM2: 33 bytes, P-384: 49) or raw Ed25519 key (32 bytes).

    Returns:
        The Multikey.

    Raises:
        MultibaseError: multikey_malformed, if the length or the first byte does not fit the type.
    """
    _check_key(key_type, public_key, None)
    return encode(_HEADERS[key_type] + public_key)


def decode_multikey(text: str, *, field: str | None = None) -> tuple[KeyType, bytes]:
    """Reads a `publicKeyMultibase`.

    Args:
        text: the Multikey.
        field: what the error names.

    Returns:
        The curve and the key: compressed point (33 or 49 bytes) or raw Ed25519 key (32 bytes). Whether the point lies
        on the curve is for the cryptographic library to tell.

    Raises:
        MultibaseError: multibase_malformed, too_large, key_type_unknown (also for private keys) or multikey_malformed.
    """
    data = decode(text, field=field)
    key_type = _TYPES.get(data[:2])
    if key_type is None:
        raise MultibaseError("key_type_unknown", field=field)
    _check_key(key_type, data[2:], field)
    return key_type, data[2:]


def _from_digits(digits: bytes) -> int:
    """The number that base-58 digits (one a byte) stand for.

    Neighbouring lanes are folded, all pairs at once: 1 digit a lane, then 2, 4, 8 … A lane of n bytes holds n digits,
    and 58^n < 256^n, so that no lane runs over.
    """
    number = int.from_bytes(digits, "big")
    lane_digits = 1
    for width, mask, worth in _FOLDS:
        if lane_digits >= len(digits):
            break
        number = (number >> width & mask) * worth + (number & mask)
        lane_digits *= 2
    return number


def _check_key(key_type: KeyType, public_key: bytes, field: str | None) -> None:
    """Raises multikey_malformed unless the key has the form of its type."""
    wrong_point = key_type is not KeyType.ED25519 and public_key[:1] not in (b"\x02", b"\x03")
    if wrong_point or len(public_key) != _LENGTHS[key_type]:
        raise MultibaseError("multikey_malformed", field=field, type=key_type.value, length=_LENGTHS[key_type])
