"""Step 1 for the text of a QR symbol: `XZ1:`, base45 (RFC 9285), zlib (RFC 1950), COSE_Sign1."""

import zlib
from typing import Final

import base45

from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.limits import MAX_CWT_BYTES, MAX_QR_CHARACTERS
from xinzheng_verifier.read.forms import PresentedSymbol
from xinzheng_verifier.secure import cose

PREFIX: Final = b"XZ1:"


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
    try:
        decoded: bytes = base45.b45decode(text)
    except ValueError as error:
        raise RefusedError("qr_malformed") from error
    return decoded


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
