"""A signer with an SM2 key (GM/T 0003; extra `sm2`): SM3, the usual distinguishing ID, signatures r‖s."""

from typing import Self

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from xinzheng_keys import sm2_library
from xinzheng_keys.public_half import PublicHalf
from xinzheng_schemas.sm2_point import COORDINATE_BYTES, SM2Point


class SM2Signer(PublicHalf[SM2Point]):
    """Signs with SM2 and SM3. The private key stays in libcrypto."""

    __slots__ = ("__key",)

    def __init__(self, key: sm2_library.SM2Key) -> None:
        super().__init__(key.public_key)
        self.__key = key

    @classmethod
    def generate(cls) -> Self:
        """A fresh key that is stored nowhere.

        Raises:
            KeyStoreError: `sm2_unavailable`, `sm2_failed`.
        """
        return cls(sm2_library.generate())

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
