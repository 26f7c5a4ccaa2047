"""Raw signatures, checked with `cryptography` alone."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from xinzheng_keys import Signer
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.sm2_point import SM2Point

TYPES = (KeyType.P256, KeyType.P384, KeyType.ED25519)
_OCTETS = {KeyType.P256: 64, KeyType.P384: 96, KeyType.ED25519: 64}
_HASHES = {KeyType.P256: hashes.SHA256(), KeyType.P384: hashes.SHA384()}


def der(signature: bytes) -> bytes:
    """r‖s as the DER form that other programs read."""
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))


def check_signature(signer: Signer, signature: bytes, message: bytes) -> None:
    """Raises InvalidSignature unless `signature` is that of the signer's key, and of its length."""
    assert len(signature) == _OCTETS[signer.key_type]
    key = signer.public_key
    assert not isinstance(key, SM2Point), "cryptography has no SM2"
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, message)
    else:
        key.verify(der(signature), message, ec.ECDSA(_HASHES[signer.key_type]))
