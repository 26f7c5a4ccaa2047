"""Base64url without padding (RFC 4648 section 5, RFC 7515 section 2) in its one canonical spelling.

Padding, line breaks, the standard alphabet, a length of 1 mod 4 and set unused bits are refused, so that decoding
and encoding again always gives the text that came in.
"""

from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

MAX_CHARACTERS = 4_194_304
"""Characters of one encoding: a status list of 2^24 entries at its least compressible, with room."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# What base64url does not know must not reach the decoder as something that standard base64 knows.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/\0\0\0")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_PADDING = (b"", b"", b"==", b"=")
_LAST_CHARACTERS = (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])


class Base64URLError(CodedError):
    """Text that is not canonical base64url: not_canonical, too_large."""

    catalogue = MESSAGES


def decode(text: str | bytes, *, max_characters: int = MAX_CHARACTERS, field: str | None = None) -> bytes:
    """Decodes canonical base64url.

    Args:
        text: characters `A-Z a-z 0-9 - _` only.
        max_characters: bound of the text's length.
        field: what the error names.

    Returns:
        The bytes; empty for an empty text.

    Raises:
        Base64URLError: not_canonical or too_large.
    """
    if len(text) > max_characters:
        raise Base64URLError("too_large", field=field, limit=max_characters)
    try:
        decoded = decoded_or_none(text.encode("ascii") if isinstance(text, str) else bytes(text))
    except UnicodeEncodeError:
        decoded = None
    if decoded is None:
        raise Base64URLError("not_canonical", field=field)
    return decoded


def decoded_or_none(octets: bytes) -> bytes | None:
    """As `decode`, of bounded bytes, for a reader who leaves the refusal to others; None in place of not_canonical."""
    rest = len(octets) % 4
    if octets and octets[-1] not in _LAST_CHARACTERS[rest]:
        return None
    try:
        decoded = a2b_base64(octets.translate(_TO_STANDARD) + _PADDING[rest])
    except BinasciiError:
        return None
    # The decoder passes over foreign characters; each makes the result shorter. Its strict mode takes twice as long.
    return decoded if len(decoded) == len(octets) * 3 // 4 else None


def encoded_length(octets: int) -> int:
    """Characters of the encoding of so many bytes."""
    return (octets * 4 + 2) // 3


def encode(data: bytes) -> str:
    """Encodes bytes as base64url without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")
