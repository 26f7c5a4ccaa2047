"""COSE_Sign1 (RFC 9052, 4.2) with a CWT claims set (RFC 8392), strictly.

Tag 18 only, an empty unprotected header, algorithm and key name protected, everything in deterministic CBOR. The
signature is verified over the protected header and payload as received.
"""

from dataclasses import dataclass
from typing import Final

import cbor2

from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.secure import algorithms, cbor
from xinzheng_verifier.secure.algorithms import ECDSAAlgorithm
from xinzheng_verifier.secure.cbor import CBORValue
from xinzheng_verifier.trust.issuers import KID_BYTES

_TAG_18: Final = b"\xd2"
_ALG, _CRIT, _KID = 1, 2, 4
_PARTS: Final = 4

Claims = dict[CBORValue, CBORValue]


@dataclass(frozen=True, kw_only=True)
class Sign1:
    """A COSE_Sign1 message taken apart.

    Attributes:
        protected_bytes: the protected header as received; `protected` is its content.
        unprotected: the unprotected header.
        payload: the signed bytes; `claims` is the CWT claims set in them.
        signature: the signature.
    """

    protected_bytes: bytes
    protected: Claims
    unprotected: Claims
    payload: bytes
    claims: Claims
    signature: bytes

    @property
    def to_be_signed(self) -> bytes:
        """The Sig_structure (RFC 9052, 4.4)."""
        return cbor2.dumps(["Signature1", self.protected_bytes, b"", self.payload])


def parse(message: bytes) -> Sign1:
    """Takes a tagged COSE_Sign1 apart.

    Raises:
        RefusedError: `malformed` (other tag or none, not four parts, detached payload), or as `cbor.loads`.
    """
    if not message.startswith(_TAG_18):
        raise RefusedError("malformed")
    parts = cbor.loads(message[1:])
    if not isinstance(parts, list) or len(parts) != _PARTS:
        raise RefusedError("malformed")
    protected, unprotected, payload, signature = parts
    if not (isinstance(protected, bytes) and isinstance(payload, bytes) and isinstance(signature, bytes)):
        raise RefusedError("malformed")
    # RFC 9052, 3: an empty protected header is the empty string, not an empty map.
    header = _map(cbor.loads(protected)) if protected else {}
    return Sign1(
        protected_bytes=protected,
        protected=header,
        unprotected=_map(unprotected),
        payload=payload,
        claims=_map(cbor.loads(payload)),
        signature=signature,
    )


def _map(value: CBORValue) -> Claims:
    # Python takes True for the key 1; labels are integers or texts (RFC 9052, 1.4).
    if not isinstance(value, dict) or not all(type(label) in (int, str) for label in value):
        raise RefusedError("malformed")
    return value


def header_of(message: Sign1) -> tuple[ECDSAAlgorithm, bytes]:
    """Algorithm and 8-byte key name of the protected header, once both headers are acceptable.

    Raises:
        RefusedError: `crit_unknown`, `alg_not_protected`, `header_forbidden`, `alg_not_allowed`, `kid_unknown` (not 8
            bytes).
    """
    if _CRIT in message.protected or _CRIT in message.unprotected:
        raise RefusedError("crit_unknown")
    if _ALG not in message.protected and _ALG in message.unprotected:
        raise RefusedError("alg_not_protected")
    for label in (*message.unprotected, *(set(message.protected) - {_ALG, _KID})):
        raise RefusedError("header_forbidden", name=shown(label))
    identifier, kid = message.protected.get(_ALG), message.protected.get(_KID)
    algorithm = algorithms.COSE.get(identifier) if type(identifier) is int else None
    if algorithm is None:
        raise RefusedError("alg_not_allowed", algorithm=shown(identifier))
    if not isinstance(kid, bytes) or len(kid) != KID_BYTES:
        raise RefusedError("kid_unknown", kid=shown(kid))
    return algorithm, kid
