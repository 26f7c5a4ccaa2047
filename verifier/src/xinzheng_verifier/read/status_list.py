"""Reading of status list credentials, which are larger than others and come in the forms of any credential."""

from collections.abc import Callable, Mapping
from typing import Final

from xinzheng_schemas import base64url, strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.limits import STATUS_LIST_JSON
from xinzheng_verifier.read import cose_message, enveloped, jsonld, jwt
from xinzheng_verifier.read.detect import form_of
from xinzheng_verifier.read.forms import Form, Presented, PresentedDocument, PresentedMessage, PresentedToken

_PresentedList = PresentedDocument | PresentedToken | PresentedMessage

_AROUND: Final = 16_384  # header, signature, address: more than any has
_MAX_BYTES: Final = base64url.encoded_length(STATUS_LIST_JSON.max_bytes) + _AROUND
_READERS: Final[Mapping[Form, Callable[[bytes], _PresentedList]]] = {
    Form.JSONLD: lambda data: jsonld.read(data, limits=STATUS_LIST_JSON),
    Form.JWT: lambda data: jwt.read(data, limits=STATUS_LIST_JSON),
    Form.COSE: lambda data: cose_message.read(data, limits=STATUS_LIST_JSON),
    Form.ENVELOPED: lambda data: enveloped.read(data, limits=STATUS_LIST_JSON),
}


def read(data: bytes) -> Presented:
    """Reads a status list credential: JSON-LD with proofs, vc+jwt, vc+cose, or one of the latter in an envelope.

    Raises:
        RefusedError: `too_large`, `form_unknown`, or as the reader of the form.
    """
    return _read(data)


def stated(data: bytes) -> JSONObject:
    """What a status list credential says, which is not yet believed.

    Raises:
        RefusedError: as `read`, and as `strict_json.loads_object`.
    """
    presented = _read(data)
    if isinstance(presented, PresentedDocument):
        return presented.document
    if isinstance(presented, PresentedToken):
        return presented.jws.payload
    try:
        return strict_json.loads_object(presented.message.payload, limits=presented.limits)
    except CodedError as error:
        raise RefusedError.wrapping(error) from error


def _read(data: bytes) -> _PresentedList:
    if len(data) > _MAX_BYTES:
        raise RefusedError("too_large", limit=_MAX_BYTES)
    form = form_of(data)
    if form not in _READERS:
        raise RefusedError("form_unknown")
    presented = _READERS[form](data)
    if isinstance(presented, PresentedDocument) and enveloped.is_envelope(presented.document):
        return enveloped.unwrap(presented.document, limits=STATUS_LIST_JSON)
    return presented
