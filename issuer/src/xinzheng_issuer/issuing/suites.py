"""What each kind of key signs with: cryptosuites and algorithms."""

from typing import Final, Literal, NamedTuple

from xinzheng_schemas.multibase import KeyType

Cryptosuite = Literal["ecdsa-jcs-2019", "ecdsa-rdfc-2019", "eddsa-jcs-2022", "eddsa-rdfc-2022"]
"""Data Integrity cryptosuites that can be chosen (vc-di-ecdsa 1.0 §3.2, §3.3; vc-di-eddsa 1.0 §3.2, §3.3)."""

JWTAlgorithm = Literal["", "ES256", "ES384", "EdDSA"]
"""`alg` of a JWT that can be insisted on (RFC 7518 §3.1, RFC 8037 §3.1); empty leaves it to the key."""

DEFAULT_CRYPTOSUITE: Final = "ecdsa-jcs-2019"

SecondCryptosuite = Literal["xinzheng-sm2-jcs-2026"]
"""Cryptosuite of second proofs, by SM2 keys: a private name (docs/reference/sm2.md)."""

SECOND_CRYPTOSUITE: Final = "xinzheng-sm2-jcs-2026"


class KeyAlgorithms(NamedTuple):
    """What a kind of key signs with.

    Attributes:
        jose: `alg` of a JWT.
        cose: algorithm of a COSE message (RFC 9053 §2.1, §2.2).
        cryptosuites: of Data Integrity proofs.
    """

    jose: JWTAlgorithm
    cose: int
    cryptosuites: tuple[Cryptosuite, ...]


_ECDSA: Final[tuple[Cryptosuite, ...]] = ("ecdsa-jcs-2019", "ecdsa-rdfc-2019")
_EDDSA: Final[tuple[Cryptosuite, ...]] = ("eddsa-jcs-2022", "eddsa-rdfc-2022")

ALGORITHMS: Final = {
    KeyType.P256: KeyAlgorithms("ES256", -7, _ECDSA),
    KeyType.P384: KeyAlgorithms("ES384", -35, _ECDSA),
    KeyType.ED25519: KeyAlgorithms("EdDSA", -8, _EDDSA),
}
"""By kind of key, of those that sign every form."""


def cryptosuites_of(key_type: KeyType) -> tuple[Cryptosuite | SecondCryptosuite, ...]:
    """The suites of the Data Integrity proofs that a kind of key can make."""
    return (SECOND_CRYPTOSUITE,) if key_type is KeyType.SM2 else ALGORITHMS[key_type].cryptosuites
