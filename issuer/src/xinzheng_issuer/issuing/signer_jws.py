"""Compact JWS through PyJWT, signed by a `Signer`.

PyJWT hands the signing input to an algorithm object together with a key; here that key is the signer, so the private
key is never in its hands.
"""

from collections.abc import Mapping
from typing import Any, NoReturn, cast

from jwt import PyJWS
from jwt.algorithms import Algorithm

from xinzheng_issuer.issuing.suites import ALGORITHMS
from xinzheng_keys.signer import Signer


class _SignerAlgorithm(Algorithm):
    """Delegates to a signer; it signs alone."""

    def prepare_key(self, key: Signer) -> Signer:
        return key

    def sign(self, msg: bytes, key: Signer) -> bytes:
        return key.sign(msg)

    def verify(self, msg: bytes, key: object, sig: bytes) -> NoReturn:
        raise NotImplementedError

    @staticmethod
    def to_jwk(key_obj: object, as_dict: bool = False) -> NoReturn:
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: object) -> NoReturn:
        raise NotImplementedError


def _jws() -> PyJWS:
    jws = PyJWS(algorithms=[])
    for able in ALGORITHMS.values():
        jws.register_algorithm(able.jose, _SignerAlgorithm())
    return jws


_JWS = _jws()


def sign_compact(payload: bytes, signer: Signer, *, headers: Mapping[str, str]) -> str:
    """`payload` as a compact JWS (RFC 7515 §7.1), signed with the algorithm of the signer's key.

    Args:
        payload: what is signed.
        signer: signs.
        headers: stand beside `alg`.
    """
    return _JWS.encode(payload, cast("Any", signer), algorithm=ALGORITHMS[signer.key_type].jose, headers=dict(headers))
