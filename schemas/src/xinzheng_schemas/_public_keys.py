"""Public keys of verification methods: JWK (RFC 7517, RFC 7518 §6.2, RFC 8037 §2) as the bytes of a Multikey.

Only the curve equation is computed here, on public numbers; no secret ever comes near this module.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.errors import Message
from xinzheng_schemas.multibase import KeyType


class _Curve(NamedTuple):
    """A short Weierstrass curve y² = x³ − 3x + b over a prime field (NIST SP 800-186 §3.2.1; SM2: GM/T 0003.5)."""

    prime: int
    b: int
    octets: int


_CURVES = {
    KeyType.P256: _Curve(
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        32,
    ),
    KeyType.P384: _Curve(
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        48,
    ),
    KeyType.SM2: _Curve(
        2**256 - 2**224 - 2**96 + 2**64 - 1,
        0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93,
        32,
    ),
}
_ED25519_OCTETS = 32
_ALGORITHMS = {
    KeyType.P256: frozenset({"ES256"}),
    KeyType.P384: frozenset({"ES384"}),
    KeyType.ED25519: frozenset({"EdDSA", "Ed25519"}),
    KeyType.SM2: frozenset({"SGD_SM3_SM2"}),
}
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
# Members that hold private or symmetric key material (RFC 7518 §6.2.2, §6.3.2, §6.4.1).


_SECRET_MULTIKEYS = (b"\x80\x26", b"\x86\x26", b"\x87\x26")
# Multicodec headers of secret keys: ed25519-priv, p256-priv, p384-priv (CID 1.0 §2.2.2, Multicodec registry).


class UnusableKeyError(ValueError):
    """Why a JWK is no public key that can be used here.

    Attributes:
        reason: the words in both languages; they name no value of the key.
    """

    def __init__(self, reason: Message) -> None:
        self.reason = reason
        super().__init__(reason.en)


def holds_secret(method: Mapping[str, Any]) -> bool:
    """Whether a verification method carries private key material, in whatever member."""
    if any(name.lower().startswith(("private", "secret")) for name in method):
        return True
    jwk, multikey = method.get("publicKeyJwk"), method.get("publicKeyMultibase")
    if type(jwk) is dict and not _PRIVATE_MEMBERS.isdisjoint(jwk):
        return True
    try:
        return type(multikey) is str and multibase.decode(multikey).startswith(_SECRET_MULTIKEYS)
    except multibase.MultibaseError:
        return False


def public_key_of(jwk: Mapping[str, Any]) -> tuple[KeyType, bytes] | None:
    """The key of a public JWK.

    Args:
        jwk: the JSON object, without private members.

    Returns:
        The curve and the key: compressed point (33 or 49 bytes) or raw Ed25519 key (32 bytes). None for a key type
        or curve that is not known here.

    Raises:
        UnusableKeyError: a known curve with members that do not make a public signature key.
    """
    key_type = _key_type(jwk)
    if key_type is None:
        return None
    if jwk.get("alg", next(iter(_ALGORITHMS[key_type]))) not in _ALGORITHMS[key_type]:
        raise UnusableKeyError(Message("alg does not belong to the curve", "alg 与曲线不符"))
    if jwk.get("use", "sig") != "sig" or "verify" not in _operations(jwk):
        raise UnusableKeyError(Message("not meant for verifying signatures", "不是用于验证签名的公钥"))
    if key_type is KeyType.ED25519:
        return key_type, _octets(jwk, "x", _ED25519_OCTETS)
    return key_type, _compressed_point(jwk, _CURVES[key_type])


def _key_type(jwk: Mapping[str, Any]) -> KeyType | None:
    curve = jwk.get("crv")
    try:
        key_type = KeyType(curve) if type(curve) is str else None
    except ValueError:
        return None
    wanted = "OKP" if key_type is KeyType.ED25519 else "EC"
    return key_type if jwk.get("kty") == wanted else None


def _operations(jwk: Mapping[str, Any]) -> list[Any]:
    operations = jwk.get("key_ops", ["verify"])
    return operations if type(operations) is list else []


def _octets(jwk: Mapping[str, Any], member: str, length: int) -> bytes:
    text = jwk.get(member)
    try:
        octets = base64url.decode(text, max_characters=2 * length) if type(text) is str else b""
    except base64url.Base64URLError:
        octets = b""
    if len(octets) != length:
        raise UnusableKeyError(
            Message(f"{member} is not the base64url of {length} bytes", f"{member} 不是 {length} 字节的 base64url")
        )
    return octets


def _compressed_point(jwk: Mapping[str, Any], curve: _Curve) -> bytes:
    """SEC 1 §2.3.3; compressing would forgive a wrong y, so the equation is checked first (invalid-curve points)."""
    x_octets, y_octets = _octets(jwk, "x", curve.octets), _octets(jwk, "y", curve.octets)
    x, y = int.from_bytes(x_octets, "big"), int.from_bytes(y_octets, "big")
    if x >= curve.prime or y >= curve.prime or (y * y - (x * x * x - 3 * x + curve.b)) % curve.prime:
        raise UnusableKeyError(Message("the point is not on the curve", "该点不在曲线上"))
    return bytes([2 + y % 2]) + x_octets
