"""A signer whose key lies in the memory of this process."""

from typing import NoReturn, Self

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from xinzheng_keys import public_keys
from xinzheng_schemas.multibase import KeyType

# RFC 6979: the nonce comes from key and message, so that a restored snapshot of the machine never uses one nonce for
# two messages.
_ES256 = ECDSA(SHA256(), deterministic_signing=True)


class SoftwareSigner:
    """Signs with a P-256 key (ECDSA with SHA-256, deterministic nonces).

    The private key cannot be read from the signer, shown, copied or pickled.
    """

    __slots__ = ("_private_key", "public_key")

    def __init__(self, private_key: EllipticCurvePrivateKey) -> None:
        """Take `private_key`.

        Raises:
            KeyStoreError: `key_type_unsupported` for a key that is not on P-256.
        """
        self.public_key: EllipticCurvePublicKey = public_keys.require_p256(private_key.public_key())
        self._private_key = private_key

    @classmethod
    def generate(cls) -> Self:
        """A fresh key that is stored nowhere: for rehearsals of a signature, and for simulations."""
        return cls(generate_private_key(SECP256R1()))

    @property
    def key_type(self) -> KeyType:
        """Always P-256."""
        return KeyType.P256

    @property
    def public_key_multibase(self) -> str:
        """The public key as Multikey."""
        return public_keys.multikey(self.public_key)

    @property
    def public_jwk(self) -> public_keys.JSONWebKey:
        """The public key as JWK."""
        return public_keys.json_web_key(self.public_key)

    @property
    def kid(self) -> bytes:
        """The first 8 octets of the RFC 7638 thumbprint."""
        return public_keys.key_identifier(self.public_key)

    def sign(self, data: bytes) -> bytes:
        """Sign `data`; 64 octets r‖s (RFC 7518 §3.4)."""
        r, s = decode_dss_signature(self._private_key.sign(data, _ES256))
        size = public_keys.COORDINATE_OCTETS
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.public_key_multibase}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a signer is neither copied nor pickled")
