"""The printed symbol of a certificate (ISO/IEC 18004): alphanumeric mode, error correction M."""

from dataclasses import dataclass
from io import BytesIO

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.util import MODE_ALPHA_NUM, QRData

from xinzheng_issuer.errors import IssuingError

TARGET_VERSION = 13
"""Largest version that a phone reads from plain paper at 48 mm width through blur and tilt; measured at 120 dpi."""

CAPACITY = 3391
"""Characters of the largest symbol, version 40-M, in alphanumeric mode (ISO/IEC 18004, table 7)."""

MODULE_PIXELS = 8
"""Pixels of a module: 616 pixels for version 13 with its quiet zone, over 300 dpi at 48 mm."""

QUIET_ZONE_MODULES = 4
"""Width of the empty rim (ISO/IEC 18004 §5.3.8)."""


@dataclass(frozen=True, slots=True)
class QRSymbol:
    """A symbol, drawn.

    Attributes:
        version: 1 … 40; 17 + 4 × version modules wide.
        png: the picture with its quiet zone, 8 pixels a module.
    """

    version: int
    png: bytes


def draw(text: str) -> QRSymbol:
    """The smallest symbol that holds `text`.

    Args:
        text: characters of the alphanumeric mode: 0-9 A-Z space $ % * + - . / :

    Raises:
        IssuingError: `qr_too_large` if no version holds it with error correction M; `qr_text_invalid` for other
            characters.
    """
    symbol = _fitted(text)
    picture = BytesIO()
    symbol.make_image().save(picture, "PNG")
    return QRSymbol(symbol.version, picture.getvalue())


def version_of(text: str) -> int:
    """The version that `draw` would give, without drawing; raises as `draw` does."""
    version: int = _fitted(text).version
    return version


def size_warning(version: int) -> IssuingError | None:
    """What a person must know of a symbol of that version: `qr_large` above `TARGET_VERSION`."""
    if version <= TARGET_VERSION:
        return None
    return IssuingError("qr_large", field="credential.qr.png", version=version, target=TARGET_VERSION)


def require_fits(text: str) -> None:
    """See, without laying it out, that some symbol holds `text`.

    Raises:
        IssuingError: `qr_too_large`.
    """
    if len(text) > CAPACITY:
        raise _too_large(text)


def qr_png(text: str) -> bytes:
    """`draw(text)`, the picture alone."""
    return draw(text).png


def _fitted(text: str) -> qrcode.QRCode:
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=MODULE_PIXELS, border=QUIET_ZONE_MODULES)
    try:
        symbol.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    except ValueError as error:
        raise IssuingError("qr_text_invalid") from error
    try:
        symbol.best_fit(start=1)
    except (DataOverflowError, ValueError) as error:
        raise _too_large(text) from error
    return symbol


def _too_large(text: str) -> IssuingError:
    return IssuingError("qr_too_large", field="credential.qr.png", found=len(text), maximum=CAPACITY)
