"""A signer whose key lies in the memory of this process."""

from typing import Self

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from xinzheng_keys import public_keys
from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.public_half import PublicHalf
from xinzheng_schemas.multibase import KeyType

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
"""A private key of one of the kinds that sign here."""

# RFC 6979: the nonce comes from key and message, so that a restored snapshot of the machine never uses one nonce for
# two messages. The hash is the one that RFC 7518 §3.4 binds to the curve.
_SCHEMES = {
    KeyType.P256: ECDSA(SHA256(), deterministic_signing=True),
    KeyType.P384: ECDSA(SHA384(), deterministic_signing=True),
}


def generate_key(key_type: KeyType) -> PrivateKey:
    """A fresh private key of a kind.

    Raises:
        KeyStoreError: `key_type_unsupported` for SM2, whose keys are made in libcrypto.
    """
    if key_type is KeyType.ED25519:
        return Ed25519PrivateKey.generate()
    if key_type not in public_keys.CURVES:
        raise KeyStoreError("key_type_unsupported", found=key_type.value, expected=public_keys.KNOWN_TYPES)
    return generate_private_key(public_keys.CURVES[key_type]())


class SoftwareSigner(PublicHalf[public_keys.OpenSSLKey]):
    """Signs with ECDSA on P-256 (SHA-256) or P-384 (SHA-384), nonces deterministic, or with Ed25519.

    The private key cannot be read from the signer, shown, copied or pickled.
    """

    __slots__ = ("__private_key",)

    def __init__(self, private_key: PrivateKeyTypes) -> None:
        """Take `private_key`.

        Raises:
            KeyStoreError: `key_type_unsupported` for a key on another curve or of another kind.
        """
        if not isinstance(private_key, EllipticCurvePrivateKey | Ed25519PrivateKey):
            found = type(private_key).__name__
            raise KeyStoreError("key_type_unsupported", found=found, expected=public_keys.KNOWN_TYPES)
        super().__init__(private_key.public_key())
        self.__private_key = private_key

    @classmethod
    def generate(cls, key_type: KeyType = KeyType.P256) -> Self:
        """A fresh key that is stored nowhere: for rehearsals of a signature, and for simulations."""
        return cls(generate_key(key_type))

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: r‖s of 64 or 96 octets (RFC 7518 §3.4), or 64 octets of Ed25519 (RFC 8032 §5.1.6)."""
        key = self.__private_key
        if isinstance(key, Ed25519PrivateKey):
            return key.sign(data)
        r, s = decode_dss_signature(key.sign(data, _SCHEMES[self.key_type]))
        size = public_keys.COORDINATE_OCTETS[self.key_type]
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
