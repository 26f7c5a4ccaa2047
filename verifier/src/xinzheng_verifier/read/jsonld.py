"""Step 1 for JSON documents."""

from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import LIMITS, Limits
from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.read.forms import PresentedDocument


def read(data: bytes, *, limits: Limits = LIMITS) -> PresentedDocument:
    """Reads one JSON object strictly.

    Raises:
        RefusedError: `malformed` (also for a JWS in JSON serialization), `duplicate_member`, `too_complex`,
            `too_large`, `number_range`.
    """
    try:
        document = strict_json.loads_object(data, limits=limits)
    except CodedError as error:
        raise RefusedError.wrapping(error) from error
    # RFC 7515, 7.2: another spelling of a token must not become another way in.
    if "payload" in document and ("signature" in document or "signatures" in document):
        raise RefusedError("malformed")
    return PresentedDocument(document)
