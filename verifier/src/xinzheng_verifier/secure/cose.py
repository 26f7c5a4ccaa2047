"""COSE_Sign1 (RFC 9052, 4.2), strictly: a CWT claims set (RFC 8392) in a QR symbol, or a credential (vc-jose-cose 3.3).

Tag 18 only, the algorithm protected, everything in deterministic CBOR. The signature is verified over the protected
header and payload as received. The headers are allow-lists: no key, certificate or address that the sender brings along
is ever looked at.
"""

from dataclasses import dataclass
from typing import Final, cast

import cbor2

from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.secure import algorithms, cbor
from xinzheng_verifier.secure.algorithms import Algorithm
from xinzheng_verifier.secure.cbor import CBORValue
from xinzheng_verifier.trust.issuers import KID_BYTES

TAG_18: Final = b"\xd2"
"""First byte of a COSE_Sign1 message."""

TYP: Final = "application/vc+cose"
"""Media type of a credential as COSE (vc-jose-cose 6.3.1)."""

_CONTENT_TYPE: Final = "application/vc"
_ALG, _CRIT, _CTY, _KID, _TYP = 1, 2, 3, 4, 16
_PARTS: Final = 4

Claims = dict[CBORValue, CBORValue]


@dataclass(frozen=True, kw_only=True)
class Sign1:
    """A COSE_Sign1 message taken apart.

    Attributes:
        protected_bytes: the protected header as received; `protected` is its content.
        unprotected: the unprotected header.
        payload: the signed bytes.
        signature: the signature.
    """

    protected_bytes: bytes
    protected: Claims
    unprotected: Claims
    payload: bytes
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
    if not message.startswith(TAG_18):
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
        signature=signature,
    )


def claims_of(message: Sign1) -> Claims:
    """The CWT claims set that is the payload.

    Raises:
        RefusedError: as `cbor.loads`, or `malformed` (no map).
    """
    return _map(cbor.loads(message.payload))


def _map(value: CBORValue) -> Claims:
    # Python takes True for the key 1; labels are integers or texts (RFC 9052, 1.4).
    if not isinstance(value, dict) or not all(type(label) in (int, str) for label in value):
        raise RefusedError("malformed")
    return value


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the headers of an acceptable message say.

    Attributes:
        algorithm: the algorithm.
        name: its name in JOSE, as the report shows it and a policy asks for it.
        kid: the key's name.
    """

    algorithm: Algorithm
    name: str
    kid: bytes


def claims_header(message: Sign1) -> Header:
    """Algorithm and 8-byte key name of a CWT, both protected, nothing else in either header.

    Raises:
        RefusedError: `crit_unknown`, `duplicate_member` (a label in both headers), `alg_not_protected`,
            `header_forbidden`, `alg_not_allowed`, `kid_unknown` (not 8 bytes).
    """
    algorithm = _algorithm(message, protected=frozenset({_ALG, _KID}), unprotected=frozenset())
    kid = message.protected.get(_KID)
    if not isinstance(kid, bytes) or len(kid) != KID_BYTES:
        raise RefusedError("kid_unknown", kid=shown(kid))
    return Header(algorithm=algorithm, name=_name(message), kid=kid)


def credential_header(message: Sign1) -> Header:
    """Algorithm and key name of a credential; a key name that is not protected is a hint for the look-up all the same.

    Raises:
        RefusedError: as `claims_header`, also `typ_unexpected`; `kid_unknown` (none, or no bytes).
    """
    algorithm = _algorithm(message, protected=frozenset({_ALG, _CTY, _KID, _TYP}), unprotected=frozenset({_KID}))
    typ, content_type = message.protected.get(_TYP), message.protected.get(_CTY)
    # vc-jose-cose 3.3.1: either may be left out; with both left out it could be any message.
    if (typ, content_type) == (None, None) or typ not in (None, TYP) or content_type not in (None, _CONTENT_TYPE):
        raise RefusedError("typ_unexpected", expected=TYP, found=shown(typ))
    kid = message.protected.get(_KID, message.unprotected.get(_KID))
    if not isinstance(kid, bytes):
        raise RefusedError("kid_unknown", kid=shown(kid))
    return Header(algorithm=algorithm, name=_name(message), kid=kid)


def _name(message: Sign1) -> str:
    return algorithms.COSE_NAMES[cast("int", message.protected[_ALG])]


def _algorithm(message: Sign1, *, protected: frozenset[int], unprotected: frozenset[int]) -> Algorithm:
    """The algorithm, once both headers hold nothing but what is allowed in them."""
    if _CRIT in message.protected or _CRIT in message.unprotected:
        raise RefusedError("crit_unknown")
    # RFC 9052, 3: the same label in both headers leaves it to the reader which one counts.
    if message.protected.keys() & message.unprotected.keys():
        raise RefusedError("duplicate_member")
    if _ALG in message.unprotected:
        raise RefusedError("alg_not_protected")
    for label in (*(set(message.unprotected) - unprotected), *(set(message.protected) - protected)):
        raise RefusedError("header_forbidden", name=shown(label))
    identifier = message.protected.get(_ALG)
    algorithm = algorithms.COSE.get(identifier) if type(identifier) is int else None
    if algorithm is None:
        raise RefusedError("alg_not_allowed", algorithm=shown(identifier))
    return algorithm
