"""Step 1 for compact tokens."""

from xinzheng_schemas.strict_json import LIMITS, Limits
from xinzheng_verifier.read.forms import PresentedToken
from xinzheng_verifier.secure import jws


def read(data: bytes, *, limits: Limits = LIMITS) -> PresentedToken:
    """Reads one compact JWS; white space around it belongs to the file, not to the token.

    Raises:
        RefusedError: as `jws.parse`.
    """
    return PresentedToken(jws.parse(data.strip(b" \t\r\n"), limits=limits))
