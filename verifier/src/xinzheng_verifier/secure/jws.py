"""Compact JWS (RFC 7515) as vc-jose-cose secures credentials with it, strictly.

The signature is verified over the bytes as received; nothing is decoded and encoded again. The header is an allow-list:
no key, certificate or address that the sender brings along is ever looked at.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from xinzheng_schemas import base64url, strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import LIMITS, JSONObject, Limits
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.secure import algorithms
from xinzheng_verifier.secure.algorithms import Algorithm

TYP: Final = "vc+jwt"
"""Media type of a credential as JWT, without `application/` (vc-jose-cose 6.1.1)."""

_CTY: Final = "vc"
_ALLOWED: Final = frozenset({"alg", "typ", "cty", "kid", "iss"})
_SEGMENTS: Final = 3
_KEPT_CHARACTERS: Final = 512  # a header with a key name of usual length takes some 150


class CompactJWS(NamedTuple):
    """A compact JWS taken apart.

    Attributes:
        header: the protected header.
        payload: the JSON object that is signed.
        signing_input: first two segments and the dot between them, as received.
        signature: the signature.
    """

    header: JSONObject
    payload: JSONObject
    signing_input: bytes
    signature: bytes


def parse(token: bytes, *, limits: Limits = LIMITS) -> CompactJWS:
    """Takes a compact JWS apart (RFC 7515, 7.1).

    Args:
        token: three segments of canonical base64url, without surrounding white space.
        limits: bounds of the JSON text that is signed.

    Raises:
        RefusedError: `malformed` (segments, JSON syntax, no objects), `not_canonical` (padding, white space, foreign
            characters, unused bits), `duplicate_member`, `too_complex`, `number_range`.
    """
    segments = token.split(b".", _SEGMENTS)
    if len(segments) != _SEGMENTS:
        raise RefusedError("malformed")
    header, payload, signature = segments
    read_header = _kept_header if len(header) <= _KEPT_CHARACTERS else _object
    try:
        return CompactJWS(
            header=read_header(header),
            payload=_object(payload, limits),
            signing_input=token[: token.rindex(b".")],
            signature=base64url.decode(signature),
        )
    except CodedError as error:
        raise RefusedError.wrapping(error) from error


def _object(segment: bytes, limits: Limits = LIMITS) -> JSONObject:
    text = base64url.decode(segment, max_characters=base64url.encoded_length(limits.max_bytes))
    return strict_json.loads_object(text, limits=limits)


@lru_cache(maxsize=256)
def _kept_header(segment: bytes) -> JSONObject:
    """The header of a segment; all that one key signs bear the same. Nobody changes what it gives."""
    return _object(segment)


def algorithm_of(header: JSONObject) -> Algorithm:
    """The algorithm that the header names, once the header as a whole is acceptable.

    Raises:
        RefusedError: `crit_unknown`, `header_forbidden`, `alg_not_allowed`, `typ_unexpected`.
    """
    if "crit" in header:
        raise RefusedError("crit_unknown")
    for name in header:
        if name not in _ALLOWED:
            raise RefusedError("header_forbidden", name=shown(name))
    identifier = header.get("alg")
    algorithm = algorithms.JOSE.get(identifier) if isinstance(identifier, str) else None
    if algorithm is None:
        raise RefusedError("alg_not_allowed", algorithm=shown(identifier))
    if header.get("typ") != TYP or header.get("cty", _CTY) != _CTY:
        raise RefusedError("typ_unexpected", expected=TYP, found=shown(header.get("typ")))
    return algorithm
