"""A signer with an SM2 key (GM/T 0003; extra `sm2`): SM3, the usual distinguishing ID, signatures r‖s."""

from typing import NoReturn, Self

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from xinzheng_keys import public_keys, sm2_library
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.sm2_point import COORDINATE_BYTES, SM2Point


class SM2Signer:
    """Signs with SM2 and SM3. The private key stays in libcrypto; it is not read, shown, copied or pickled."""

    __slots__ = ("__key",)

    def __init__(self, key: sm2_library.SM2Key) -> None:
        self.__key = key

    @classmethod
    def generate(cls) -> Self:
        """A fresh key that is stored nowhere.

        Raises:
            KeyStoreError: `sm2_unavailable`, `sm2_failed`.
        """
        return cls(sm2_library.generate())

    @property
    def key_type(self) -> KeyType:
        """Always SM2."""
        return KeyType.SM2

    @property
    def public_key(self) -> SM2Point:
        """The public key."""
        return self.__key.public_key

    @property
    def public_key_multibase(self) -> str:
        """The public key as Multikey (sm2-pub)."""
        return public_keys.multikey(self.public_key)

    @property
    def public_jwk(self) -> public_keys.JSONWebKey:
        """The public key as JWK; its curve has the private name SM2-P-256."""
        return public_keys.json_web_key(self.public_key)

    @property
    def kid(self) -> bytes:
        """The first 8 octets of the RFC 7638 thumbprint."""
        return public_keys.key_identifier(self.public_key)

    def sign(self, data: bytes) -> bytes:
        """Sign `data`; 64 octets r‖s.

        Raises:
            KeyStoreError: `sm2_failed`.
        """
        r, s = decode_dss_signature(self.__key.sign(data))
        return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")

    def encrypted(self, passphrase: bytes) -> bytes:
        """The key as encrypted PKCS#8 in DER.

        Raises:
            KeyStoreError: `sm2_failed`.
        """
        return self.__key.encrypted(passphrase)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.public_key_multibase}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a signer is neither copied nor pickled")
