"""Signature algorithms, each bound to one type of key; nothing outside these tables is accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier.trust.issuers import PublicKey


@dataclass(frozen=True, kw_only=True)
class ECDSAAlgorithm:
    """ECDSA over one curve with one hash; signatures are r‖s of fixed length (RFC 7518, 3.4; IEEE P1363).

    Attributes:
        key_type: the only type of key that it takes.
        hash_algorithm: hash of the message.
        signature_bytes: exact length of r‖s.
    """

    key_type: KeyType
    hash_algorithm: hashes.HashAlgorithm
    signature_bytes: int

    def verify(self, public_key: PublicKey, *, signature: bytes, message: bytes) -> bool:
        """Whether `signature` over `message` was made by the owner of `public_key`.

        Args:
            public_key: a key of `key_type`.
            signature: r‖s; any other length, DER included, does not verify.
            message: the signed bytes.
        """
        if not isinstance(public_key, ec.EllipticCurvePublicKey) or len(signature) != self.signature_bytes:
            return False
        half = self.signature_bytes // 2
        r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        try:
            public_key.verify(encode_dss_signature(r, s), message, ec.ECDSA(self.hash_algorithm))
        except InvalidSignature:
            return False
        return True


ES256: Final = ECDSAAlgorithm(key_type=KeyType.P256, hash_algorithm=hashes.SHA256(), signature_bytes=64)

JOSE: Final[Mapping[str, ECDSAAlgorithm]] = MappingProxyType({"ES256": ES256})
"""By `alg` (RFC 7518, 3.1)."""

COSE: Final[Mapping[int, ECDSAAlgorithm]] = MappingProxyType({-7: ES256})
"""By algorithm identifier (RFC 9053, 2.1)."""

JCS_SUITES: Final[Mapping[str, Mapping[KeyType, ECDSAAlgorithm]]] = MappingProxyType(
    {"ecdsa-jcs-2019": MappingProxyType({KeyType.P256: ES256})}
)
"""By `cryptosuite`, then by the type of the key (vc-di-ecdsa 3.3)."""
