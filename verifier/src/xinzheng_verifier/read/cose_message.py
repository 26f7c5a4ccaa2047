"""Step 1 for COSE_Sign1 messages."""

from xinzheng_schemas.strict_json import LIMITS, Limits
from xinzheng_verifier.read.forms import PresentedMessage
from xinzheng_verifier.secure import cose


def read(data: bytes, *, limits: Limits = LIMITS) -> PresentedMessage:
    """Reads one tagged COSE_Sign1 message, nothing around it.

    Raises:
        RefusedError: as `cose.parse`.
    """
    return PresentedMessage(cose.parse(data), limits)
