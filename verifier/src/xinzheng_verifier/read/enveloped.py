"""Step 1 for enveloped credentials: a `data:` URL, by itself or in a JSON object (VCDM 2.0, 4.13.1)."""

from binascii import a2b_base64, b2a_base64
from typing import Final

from xinzheng_schemas import strict_json
from xinzheng_schemas.contexts import CREDENTIALS_V2
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import LIMITS, JSONObject, Limits
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.read import cose_message
from xinzheng_verifier.read.forms import PresentedMessage, PresentedToken
from xinzheng_verifier.secure import jws

SCHEME: Final = b"data:"

TYPE: Final = "EnvelopedVerifiableCredential"
"""`type` of the JSON object around a `data:` URL."""

_JWT_URL: Final = "data:application/vc+jwt,"
_COSE_URL: Final = "data:application/vc+cose;base64,"
_MEMBERS: Final = frozenset({"@context", "id", "type"})


def is_envelope(document: JSONObject) -> bool:
    """Whether a JSON object says that it is one."""
    return document.get("type") in (TYPE, [TYPE])


def read(data: bytes, *, limits: Limits = LIMITS) -> PresentedToken | PresentedMessage:
    """Reads a `data:` URL or the JSON object around one.

    Raises:
        RefusedError: `envelope_malformed` (no `data:` URL of a known media type, other members), or as the reader of
            what is inside.
    """
    text = data.strip(b" \t\r\n")
    if text.startswith(SCHEME):
        return _content(text.decode("ascii", "replace"), limits)
    try:
        return unwrap(strict_json.loads_object(data, limits=limits), limits=limits)
    except CodedError as error:
        raise RefusedError.wrapping(error) from error


def unwrap(document: JSONObject, *, limits: Limits = LIMITS) -> PresentedToken | PresentedMessage:
    """Reads what the JSON object holds; members that the signature would not cover are refused.

    Raises:
        RefusedError: as `read`.
    """
    context, url = document.get("@context"), document.get("id")
    for name in document:
        if name not in _MEMBERS:
            raise RefusedError("envelope_malformed", field=f"/{shown(name)}")
    if context not in (CREDENTIALS_V2, [CREDENTIALS_V2]):
        raise RefusedError("envelope_malformed", field="/@context")
    if not is_envelope(document):
        raise RefusedError("envelope_malformed", field="/type")
    if not isinstance(url, str):
        raise RefusedError("envelope_malformed", field="/id")
    return _content(url, limits)


def _content(url: str, limits: Limits) -> PresentedToken | PresentedMessage:
    if url.startswith(_JWT_URL):
        return PresentedToken(jws.parse(url.removeprefix(_JWT_URL).encode("utf-8", "surrogatepass"), limits=limits))
    if url.startswith(_COSE_URL):
        return cose_message.read(_from_base64(url.removeprefix(_COSE_URL)), limits=limits)
    raise RefusedError("envelope_malformed", field="/id")


def _from_base64(text: str) -> bytes:
    """Standard base64 with padding (RFC 2397), in its one canonical spelling."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise RefusedError("not_canonical") from error
    if b2a_base64(data, newline=False).decode("ascii") != text:
        raise RefusedError("not_canonical")
    return data
