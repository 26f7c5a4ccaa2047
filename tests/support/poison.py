"""Inputs that end or stall the process that judges them, by way of a trust store that gives in to their issuer's name.

The verifier has no such inputs that are known; an operating system that runs out of memory, or a fault in a library
written in C, would make some.
"""

import json
import os
import time
from typing import Any

from xinzheng_schemas import base64url
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.issuers import TrustedIssuer

DEADLY, STALLING, RAISING = "did:web:deadly.example", "did:web:stalling.example", "did:web:raising.example"


class GullibleStore(TrustStore):
    """A trust store that three issuers can do harm to; picklable, as every trust store."""

    def issuer(self, issuer_id: str) -> TrustedIssuer | None:
        if issuer_id == DEADLY:
            os._exit(9)
        if issuer_id == STALLING:
            time.sleep(3600)
        if issuer_id == RAISING:
            raise ZeroDivisionError("a fault in the verifier")
        return super().issuer(issuer_id)


class UnloadableStore(TrustStore):
    """A trust store that cannot be taken into another process."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        raise MemoryError


class SlowStore(TrustStore):
    """A trust store that takes a while over each input, but never long."""

    SECONDS = 0.3

    def issuer(self, issuer_id: str) -> TrustedIssuer | None:
        time.sleep(self.SECONDS)
        return super().issuer(issuer_id)


class WorkersAlone(Verifier):
    """A verifier of a class of its own, so that nothing is judged in the process that asks for a batch."""


def of_issuer(jwt: str, issuer_id: str) -> str:
    """A token like `jwt` that names another issuer."""

    header, payload, signature = jwt.split(".")
    content = json.loads(base64url.decode(payload)) | {"issuer": issuer_id}
    return f"{header}.{base64url.encode(json.dumps(content).encode())}.{signature}"
