"""Signature algorithms, each bound to one type of key; nothing outside these tables is accepted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier.secure.sm2 import SM2PublicKey
from xinzheng_verifier.trust.issuers import PublicKey

HashName = Literal["sha256", "sha384", "sm3"]
Canonicalization = Literal["jcs", "rdfc"]


@dataclass(frozen=True, kw_only=True)
class ECDSAAlgorithm:
    """ECDSA over one curve with one hash; signatures are r‖s of fixed length (RFC 7518, 3.4; IEEE P1363).

    Attributes:
        key_type: the only type of key that it takes.
        scheme: ECDSA with the hash of the message.
        prehashed: the same over the hash itself.
        signature_bytes: exact length of r‖s.
    """

    key_type: KeyType
    scheme: ec.ECDSA
    prehashed: ec.ECDSA
    signature_bytes: int

    def verify(self, public_key: PublicKey, *, signature: bytes, message: bytes) -> bool:
        """Whether `signature` over `message` was made by the owner of `public_key`.

        Args:
            public_key: a key of `key_type`.
            signature: r‖s; any other length, DER included, does not verify.
            message: the signed bytes.
        """
        return self._verify_by(public_key, self.scheme)(signature, message)

    def verify_digests_of(self, public_key: PublicKey) -> Callable[[bytes, bytes], bool]:
        """As `verify`, by one key, for messages that are hashed already.

        Args:
            public_key: as for `verify`.

        Returns:
            Whether a signature over a hash, by the hash of the scheme, was made by the owner of the key.
        """
        return self._verify_by(public_key, self.prehashed)

    def _verify_by(self, public_key: PublicKey, scheme: ec.ECDSA) -> Callable[[bytes, bytes], bool]:
        verify = public_key.verify if isinstance(public_key, ec.EllipticCurvePublicKey) else None
        length, half = self.signature_bytes, self.signature_bytes // 2

        def is_genuine(signature: bytes, data: bytes) -> bool:
            if verify is None or len(signature) != length:
                return False
            r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            try:
                verify(encode_dss_signature(r, s), data, scheme)
            except InvalidSignature:
                return False
            return True

        return is_genuine


@dataclass(frozen=True, kw_only=True)
class Ed25519Algorithm:
    """Pure Ed25519 (RFC 8032, 5.1.7): S below the group's order, R in its one encoding.

    Attributes:
        key_type: the only type of key that it takes.
    """

    key_type: KeyType = KeyType.ED25519

    def verify(self, public_key: PublicKey, *, signature: bytes, message: bytes) -> bool:
        """Whether `signature` over `message` was made by the owner of `public_key`; arguments as for ECDSA."""
        if not isinstance(public_key, ed25519.Ed25519PublicKey):
            return False
        try:
            public_key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class SM2Algorithm:
    """SM2 with SM3 and the usual distinguishing ID (GM/T 0003.2; GM/T 0009, 10); signatures are r‖s.

    Attributes:
        key_type: the only type of key that it takes.
    """

    key_type: KeyType = KeyType.SM2

    def verify(self, public_key: PublicKey, *, signature: bytes, message: bytes) -> bool:
        """Whether `signature` over `message` was made by the owner of `public_key`; arguments as for ECDSA."""
        return isinstance(public_key, SM2PublicKey) and public_key.verify(signature, message)


Algorithm = ECDSAAlgorithm | Ed25519Algorithm | SM2Algorithm

ES256: Final = ECDSAAlgorithm(
    key_type=KeyType.P256,
    scheme=ec.ECDSA(hashes.SHA256()),
    prehashed=ec.ECDSA(Prehashed(hashes.SHA256())),
    signature_bytes=64,
)
ES384: Final = ECDSAAlgorithm(
    key_type=KeyType.P384,
    scheme=ec.ECDSA(hashes.SHA384()),
    prehashed=ec.ECDSA(Prehashed(hashes.SHA384())),
    signature_bytes=96,
)
ED25519: Final = Ed25519Algorithm()
SM2: Final = SM2Algorithm()

JOSE: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {"ES256": ES256, "ES384": ES384, "EdDSA": ED25519, "Ed25519": ED25519, "SGD_SM3_SM2": SM2}
)
"""By `alg` (RFC 7518, 3.1; RFC 8037, 3.1; RFC 9864, 2.2); SGD_SM3_SM2 by GM/T 0006, registered for no JWS."""

COSE: Final[Mapping[int, Algorithm]] = MappingProxyType(
    {-7: ES256, -9: ES256, -35: ES384, -51: ES384, -8: ED25519, -19: ED25519}
)
"""By algorithm identifier (RFC 9053, 2.1 and 2.2; RFC 9864, 2.1 and 2.2)."""

COSE_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {-7: "ES256", -9: "ES256", -35: "ES384", -51: "ES384", -8: "EdDSA", -19: "Ed25519"}
)
"""The `alg` of the same algorithm in JOSE, by algorithm identifier."""

_SYNONYMS: Final = MappingProxyType({"EdDSA": "Ed25519"})


@dataclass(frozen=True, kw_only=True)
class Cryptosuite:
    """A Data Integrity cryptosuite.

    Attributes:
        name: the `cryptosuite` of a proof.
        canonicalization: how document and proof are brought into one form.
        algorithms: the algorithm for each type of key that the suite takes.
    """

    name: str
    canonicalization: Canonicalization
    algorithms: Mapping[KeyType, Algorithm]


_ECDSA: Final = MappingProxyType({KeyType.P256: ES256, KeyType.P384: ES384})
_EDDSA: Final = MappingProxyType({KeyType.ED25519: ED25519})
_SM2: Final = MappingProxyType({KeyType.SM2: SM2})

CRYPTOSUITES: Final[Mapping[str, Cryptosuite]] = MappingProxyType(
    {
        suite.name: suite
        for suite in (
            Cryptosuite(name="ecdsa-jcs-2019", canonicalization="jcs", algorithms=_ECDSA),
            Cryptosuite(name="ecdsa-rdfc-2019", canonicalization="rdfc", algorithms=_ECDSA),
            Cryptosuite(name="eddsa-jcs-2022", canonicalization="jcs", algorithms=_EDDSA),
            Cryptosuite(name="eddsa-rdfc-2022", canonicalization="rdfc", algorithms=_EDDSA),
            Cryptosuite(name="xinzheng-sm2-jcs-2026", canonicalization="jcs", algorithms=_SM2),
        )
    }
)
"""By `cryptosuite` (vc-di-ecdsa 3.2 and 3.3; vc-di-eddsa 3.2 and 3.3; docs/reference/sm2.md)."""

PROOF_NAMES: Final = (*CRYPTOSUITES, *JOSE)
"""Every name that a proof goes by."""


def common_name(name: str) -> str:
    """One name for what has two: with Ed25519 the only curve that is taken, `EdDSA` is that (RFC 9864, 2.2)."""
    return _SYNONYMS.get(name, name)


SUITE_HASHES: Final[Mapping[KeyType, HashName]] = MappingProxyType(
    {KeyType.P256: "sha256", KeyType.P384: "sha384", KeyType.ED25519: "sha256", KeyType.SM2: "sm3"}
)
"""Hash of a cryptosuite by the type of the key, in the canonicalization and after it (vc-di-ecdsa 3.2.4, 3.3.4)."""
