"""A signer of SM2 written from GM/T 0003.2 for tests: not constant in time, and with a nonce of one's own."""

import hashlib
from typing import Final

from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.sm2_point import GENERATOR, A, B, P
from xinzheng_verifier.secure.sm2 import DISTINGUISHING_ID, N, SM2PublicKey, sm3
from xinzheng_verifier.trust.issuers import KID_BYTES, thumbprint

Point = tuple[int, int] | None

SM2_PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEMsSuLB8ZgRlfmQRGajnJlI/jC7/y
ZgvhcVpFiTNMdMe8Nzai9PZ3nFm9zuNraSFT0KmHfMYqR0AC3zLlITnwoA==
-----END PUBLIC KEY-----
"""
"""The curve's generator (GM/T 0003.5) as X.509 has public keys; `cryptography` knows no such curve."""


class SM2TestKey:
    """A key with a known secret.

    Args:
        secret: from 1 to n − 2.
    """

    key_type: Final = KeyType.SM2

    def __init__(self, secret: int) -> None:
        self._secret = secret
        self.public_key = SM2PublicKey(*_present(_multiple(secret, GENERATOR)))

    def sign(self, data: bytes, *, nonce: int | None = None, identity: bytes = DISTINGUISHING_ID) -> bytes:
        """r‖s (6.1); without a nonce it comes from key and message."""
        seed = self._secret.to_bytes(32, "big") + data
        k = nonce if nonce is not None else int.from_bytes(hashlib.sha512(seed).digest(), "big") % (N - 1) + 1
        x, _ = _present(_multiple(k, GENERATOR))
        r = (int.from_bytes(sm3(self._identity(identity) + data), "big") + x) % N
        s = pow(1 + self._secret, -1, N) * (k - r * self._secret) % N
        assert r
        assert s
        assert r + k != N
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    @property
    def public_key_multibase(self) -> str:
        return multibase.encode_multikey(KeyType.SM2, self.public_key.compressed())

    @property
    def kid(self) -> bytes:
        return thumbprint(KeyType.SM2, self.public_key)[:KID_BYTES]

    @property
    def public_jwk(self) -> dict[str, str]:
        x, y = (base64url.encode(number.to_bytes(32, "big")) for number in (self.public_key.x, self.public_key.y))
        return {"kty": "EC", "crv": "SM2-P-256", "x": x, "y": y}

    def _identity(self, identity: bytes) -> bytes:
        """Z (5.5)."""
        numbers = (A, B, *GENERATOR, self.public_key.x, self.public_key.y)
        octets = b"".join(number.to_bytes(32, "big") for number in numbers)
        return sm3((8 * len(identity)).to_bytes(2, "big") + identity + octets)


def _present(point: Point) -> tuple[int, int]:
    assert point is not None
    return point


def _multiple(factor: int, point: Point) -> Point:
    total: Point = None
    for bit in f"{factor:b}":
        total = _sum(total, total)
        if bit == "1":
            total = _sum(total, point)
    return total


def _sum(one: Point, other: Point) -> Point:
    """GM/T 0003.1, 3.2.3.1."""
    if one is None or other is None:
        return other if one is None else one
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) if one == other else (y2 - y1) * pow(x2 - x1, -1, P)
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P
