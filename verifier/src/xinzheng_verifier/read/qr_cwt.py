"""Step 1 for the text of a QR symbol: `XZ1:`, base45 (RFC 9285), zlib (RFC 1950), COSE_Sign1."""

import struct
import zlib
from typing import Final

from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.limits import MAX_CWT_BYTES, MAX_QR_CHARACTERS
from xinzheng_verifier.read.forms import PresentedSymbol
from xinzheng_verifier.secure import cose

PREFIX: Final = b"XZ1:"

_ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_FOREIGN: Final = 0xFF
_DIGITS: Final = bytes(_ALPHABET.find(character) & _FOREIGN for character in range(256))


def read(data: bytes) -> PresentedSymbol:
    """Reads the text of one QR symbol; white space around it belongs to the file, not to the symbol.

    Raises:
        RefusedError: `too_large` (text, or what it inflates to), `qr_malformed` (prefix, base45, zlib, anything behind
            the zlib stream), or as `cose.parse` and `cose.claims_of`.
    """
    # The blank is a character of base45 and may be the last one of a symbol.
    text = data.strip(b"\t\r\n")
    if len(text) > MAX_QR_CHARACTERS:
        raise RefusedError("too_large", limit=MAX_QR_CHARACTERS)
    if not text.startswith(PREFIX):
        raise RefusedError("qr_malformed")
    message = cose.parse(_inflated(_base45(text.removeprefix(PREFIX))))
    return PresentedSymbol(message, cose.claims_of(message))


def _base45(text: bytes) -> bytes:
    """RFC 9285, 4: three characters for two bytes, two for a last one; no value beyond what they hold."""
    digits = text.translate(_DIGITS)
    whole = len(digits) // 3 * 3
    triples = zip(digits[:whole:3], digits[1:whole:3], digits[2:whole:3], strict=True)
    try:
        if _FOREIGN in digits:
            raise RefusedError("qr_malformed")
        decoded = struct.pack(f">{whole // 3}H", *[low + 45 * middle + 2025 * high for low, middle, high in triples])
        if whole == len(digits):
            return decoded
        low, middle = digits[whole:]
        return decoded + struct.pack("B", low + 45 * middle)
    except (struct.error, ValueError) as error:
        raise RefusedError("qr_malformed") from error


def _inflated(data: bytes) -> bytes:
    """Inflates at most one byte more than is accepted."""
    stream = zlib.decompressobj()
    try:
        message = stream.decompress(data, MAX_CWT_BYTES + 1)
    except zlib.error as error:
        raise RefusedError("qr_malformed") from error
    if len(message) > MAX_CWT_BYTES:
        raise RefusedError("too_large", limit=MAX_CWT_BYTES)
    if not stream.eof or stream.unused_data:
        raise RefusedError("qr_malformed")
    return message
