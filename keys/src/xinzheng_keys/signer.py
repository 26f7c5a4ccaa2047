"""What signs for a court, whatever holds the key.

The private key is a detail of the signer: a caller sees the public key and asks for signatures, so that a key in a
hardware module and a key in a file look the same. `xinzheng_keys.custody` finds signers by URI.
"""

from typing import Protocol, runtime_checkable

from xinzheng_keys.public_keys import PublicKey
from xinzheng_schemas.multibase import KeyType


@runtime_checkable
class Signer(Protocol):
    """What signs for a court."""

    @property
    def key_type(self) -> KeyType:
        """The kind of key, which fixes its one algorithm per mechanism."""

    @property
    def public_key(self) -> PublicKey:
        """The public key."""

    @property
    def public_key_multibase(self) -> str:
        """The public key as Multikey (`z…`)."""

    @property
    def public_jwk(self) -> dict[str, str]:
        """The public key as JWK, required members alone."""

    @property
    def kid(self) -> bytes:
        """The first 8 octets of the RFC 7638 SHA-256 thumbprint."""

    def sign(self, data: bytes) -> bytes:
        """Hash and sign `data`: r‖s, 64 octets for P-256 and 96 for P-384; 64 octets of Ed25519.

        Raises:
            TokenError: (keys) a hardware module does not sign; see `xinzheng_keys.errors`.
        """
