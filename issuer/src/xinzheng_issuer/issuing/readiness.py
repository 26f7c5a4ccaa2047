"""Whether the court can issue now: the keys are asked by signing, for nothing else tells that a module is there."""

import threading
import time
from collections.abc import Callable
from typing import Final

from xinzheng_issuer.clock import Clock
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.court_keys import KeySource
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.trust_documents import KeyUsage

KEPT_SECONDS: Final = 10.0
"""How long an answer counts, seconds: whoever may ask as often as he likes keeps no module from its work. [chosen]"""

# No token, document or COSE message is signed over these octets: they are neither base64url, nor two digests, nor CBOR.
_PROBE: Final = b"xinzheng: can this key sign? Nothing is said by this signature.\n"


class Readiness:
    """Asks the keys that sign certificates and status lists, and remembers the answer for a while.

    Args:
        keys: the court's keys.
        clock: the present moment, for which the keys are picked.
        ticks: seconds that pass whatever happens to the clock.
        require_knowledge: raises while the register does not know what it has given out.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        clock: Clock,
        ticks: Callable[[], float] = time.monotonic,
        require_knowledge: Callable[[], None] = lambda: None,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._ticks = ticks
        self._require_knowledge = require_knowledge
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._refusal: CodedError | None = IssuingError("signer_unavailable", reason="TimeoutError")

    def require(self) -> None:
        """Raise unless the register is whole and every key that is needed for issuing and for lists can sign.

        While one caller waits for a slow module, others get the answer before.

        Raises:
            KeysError: (keys) a key cannot be used, such as `token_missing`; none is active.
            ConfigurationError: `key_mismatch`, `key_records_damaged`.
            IssuingError: `signer_unavailable`.
            PublishingError: `register_restored`, `register_forgetful`.
        """
        if self._lock.acquire(blocking=False):
            try:
                if self._asked_at is None or self._ticks() - self._asked_at >= KEPT_SECONDS:
                    self._refusal = self._ask()
                    self._asked_at = self._ticks()
            finally:
                self._lock.release()
        if (refusal := self._refusal) is not None:
            raise type(refusal)(refusal.code, field=refusal.field, **refusal.params)

    def _ask(self) -> CodedError | None:
        try:
            self._require_knowledge()
            keys, now = self._keys.current(), self._clock()
            signers = [keys.signer(usage, at=now) for usage in KeyUsage]
            if (second := keys.second_signer(at=now)) is not None:
                signers.append(second)
            for named in signers:
                named.signer.sign(_PROBE)
        except CodedError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a driver may raise anything; what it says stays here
            return IssuingError("signer_unavailable", reason=type(error).__name__)
        return None
