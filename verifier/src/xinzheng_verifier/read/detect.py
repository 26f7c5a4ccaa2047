"""Step 1: which form an input has, by its first bytes, and its reading."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.read import cose_message, enveloped, jsonld, jwt, qr_cwt, qr_image
from xinzheng_verifier.read.forms import Form, Presented, PresentedDocument
from xinzheng_verifier.secure.cose import TAG_18

_WHITE_SPACE: Final = b" \t\r\n"
_TOKEN_START: Final = b"ey"  # base64url of `{"` and of `{` with white space behind it
_TOKEN: Final = re.compile(rb"[A-Za-z0-9_\-+/=]+\.[A-Za-z0-9_\-+/=. \t\r\n]*")
# A byte order mark or a zero byte announces JSON in an encoding that is not accepted.
_JSON_STARTS: Final = (b"{", b"[", b'"', b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00")

_READERS: Final[Mapping[Form, Callable[[bytes], Presented]]] = {
    Form.JSONLD: jsonld.read,
    Form.JWT: jwt.read,
    Form.COSE: cose_message.read,
    Form.ENVELOPED: enveloped.read,
    Form.QR: qr_cwt.read,
}


def form_of(data: bytes) -> Form:
    """The form that an input appears to have; pictures are QR. A JSON document may turn out to be an envelope.

    Raises:
        RefusedError: `form_unknown`.
    """
    if data.startswith(TAG_18):
        return Form.COSE
    start = data.lstrip(_WHITE_SPACE)
    if start.startswith(enveloped.SCHEME):
        return Form.ENVELOPED
    if start.startswith((qr_cwt.PREFIX, *qr_image.SIGNATURES)):
        return Form.QR
    if start.startswith(_JSON_STARTS):
        return Form.JSONLD
    if start.startswith(_TOKEN_START) or _TOKEN.fullmatch(start):
        return Form.JWT
    raise RefusedError("form_unknown")


def check_size(data: bytes | str) -> None:
    """Refuses what is longer than `MAX_INPUT_BYTES`, before anything else is done with it.

    Raises:
        RefusedError: `too_large`.
    """
    if len(data) > MAX_INPUT_BYTES:
        raise RefusedError("too_large", limit=MAX_INPUT_BYTES)


def read(data: bytes, form: Form, *, unwrap: bool) -> tuple[Form, Presented]:
    """Reads an input strictly as `form`.

    Args:
        data: the input.
        form: what it appears to be, or has to be.
        unwrap: whether a JSON document that says it is an envelope may be read as one.

    Returns:
        The form that it has, and what was read.

    Raises:
        RefusedError: what the form's reader refuses.
        UndecidedError: `scan_unavailable`.
    """
    if form is Form.QR and data.startswith(qr_image.SIGNATURES):
        data = qr_image.text_in(data)
    presented = _READERS[form](data)
    if unwrap and isinstance(presented, PresentedDocument) and enveloped.is_envelope(presented.document):
        return Form.ENVELOPED, enveloped.unwrap(presented.document)
    return form, presented
