"""Keyed digests by which the register knows an identity again without holding its number.

HMAC-SHA-256 under a secret of the register: whoever copies the database alone cannot try out the numbers behind a mask.
They serve equality and nothing else.
"""

import hashlib
import hmac

from xinzheng_schemas.identity import DocumentNumber, Identity, MaskedId, MaskStyle, ResidentId
from xinzheng_schemas.vocabulary import IdType

MIN_SECRET_BYTES = 16
"""Bytes of the register's secret, at least."""

ORGANIZATION_CODE = slice(8, 17)
"""Where a unified social credit code holds the organization code (GB 32100, characters 9 to 17)."""

_DOMAIN = b"xinzheng-register-identity-v1"


class IdentityKeys:
    """Makes the digests of one register."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError(f"the register's secret needs at least {MIN_SECRET_BYTES} bytes")
        self._secret = secret

    def of(self, identity: Identity) -> str:
        """Digest of a full number with its type, 64 hexadecimal digits."""
        return self._digest(identity.id_type, identity.number)

    def alias_of(self, identity: Identity) -> str:
        """Digest of the other form in which the public list may show the number.

        Of a resident ID the form masked in the list's style; of a unified social credit code the organization code
        inside it (GB 32100, characters 9 to 17); of anything else the number itself.
        """
        if isinstance(identity, ResidentId):
            return self.of_masked(MaskedId.of(identity, style=MaskStyle.PUBLIC_LIST))
        if isinstance(identity, DocumentNumber):
            return self.of(identity)
        return self._digest(IdType.ORG_CODE, identity.number[ORGANIZATION_CODE])

    def of_document(self, text: str) -> frozenset[str]:
        """Digests of a text as the number of a document without a check digit: a passport, or another one."""
        return frozenset(self._digest(id_type, text) for id_type in (IdType.PASSPORT, IdType.OTHER))

    def of_masked(self, masked: MaskedId) -> str:
        """Digest of a number masked in the public list's style."""
        return self._digest("masked", masked.text)

    def _digest(self, kind: str, number: str) -> str:
        message = b"\0".join((_DOMAIN, kind.encode(), number.encode()))
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()
