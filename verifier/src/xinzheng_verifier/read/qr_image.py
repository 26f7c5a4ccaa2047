"""Step 1 for a picture of a QR symbol (extra `scan`)."""

import io
from typing import TYPE_CHECKING, Final

from xinzheng_verifier.errors import RefusedError, UndecidedError
from xinzheng_verifier.limits import (
    FREELY_SCANNED_PIXELS,
    MAX_IMAGE_EDGES,
    MAX_IMAGE_PIXELS,
    MAX_IMAGE_SIDE,
    MAX_JPEG_SCANS,
)
from xinzheng_verifier.read.qr_cwt import PREFIX

if TYPE_CHECKING:
    from PIL import Image

SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
"""First bytes of PNG and JPEG files."""

_START_OF_SCAN: Final = b"\xff\xda"
_FORMATS: Final = ("PNG", "JPEG")
_VISIBLE_STEP: Final = 8  # of 255; zxing takes a block that spans less than 24 for plain


def text_in(picture: bytes) -> bytes:
    """The text of the one certificate's symbol in a picture; symbols that hold something else are left alone.

    Args:
        picture: a PNG or JPEG file of at most `MAX_IMAGE_PIXELS`.

    Raises:
        RefusedError: `image_malformed`, `too_large`, `too_complex` (scans of a JPEG), `qr_not_found`, `qr_ambiguous`
            (different certificates).
        UndecidedError: `scan_unavailable`, the extra is not installed.
    """
    try:
        import zxingcpp  # noqa: PLC0415 - an extra
        from PIL import Image  # noqa: PLC0415, F401 - an extra
    except ImportError as error:
        raise UndecidedError("scan_unavailable") from error
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    symbols = zxingcpp.read_barcodes(_calm(_greyscale(picture)), formats=formats)
    texts = {symbol.bytes for symbol in symbols if symbol.bytes.startswith(PREFIX)}
    if not texts:
        raise RefusedError("qr_not_found")
    if len(texts) > 1:
        raise RefusedError("qr_ambiguous", count=len(texts))
    return texts.pop()


def _calm(picture: "Image.Image") -> "Image.Image":
    """The picture, halved until its edges are few enough: a few kilobytes of finder patterns would take minutes."""
    while picture.width * picture.height > FREELY_SCANNED_PIXELS and _edges(picture) > MAX_IMAGE_EDGES:
        picture = picture.reduce(2)
    return picture


def _edges(picture: "Image.Image") -> int:
    """Pixels that differ visibly from their left neighbour."""
    from PIL import ImageChops  # noqa: PLC0415 - an extra

    steps = ImageChops.difference(picture, ImageChops.offset(picture, 1, 0))
    return sum(steps.histogram()[_VISIBLE_STEP:])


def _greyscale(picture: bytes) -> "Image.Image":
    """The decoded picture; its size is looked at before any pixel is."""
    from PIL import Image  # noqa: PLC0415 - an extra

    # Within a scan 0xFF is followed by 0x00 or a restart marker (ITU-T T.81, B.1.1.5).
    if picture.startswith(SIGNATURES[1]) and picture.count(_START_OF_SCAN) > MAX_JPEG_SCANS:
        raise RefusedError("too_complex", limit=MAX_JPEG_SCANS)
    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as image:
            if image.width * image.height <= MAX_IMAGE_PIXELS and max(image.size) <= MAX_IMAGE_SIDE:
                return image.convert("L")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedError("too_large", limit=MAX_IMAGE_PIXELS) from error
    except Exception as error:
        raise RefusedError("image_malformed") from error
    raise RefusedError("too_large", limit=MAX_IMAGE_PIXELS)
