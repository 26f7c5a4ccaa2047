"""Encrypted PKCS#8 with scrypt and AES-256-CBC (RFC 5958, PBES2 of RFC 8018, scrypt parameters of RFC 7914 §7).

`cryptography` reads such files, as do OpenSSL and Java; but what it writes itself derives the key by 2,048 rounds of
PBKDF2, which a graphics card tries millions of times a second. So the envelope is put together here.
"""

import os
import textwrap
from base64 import b64encode
from dataclasses import dataclass

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import ObjectIdentifier

PEM_BEGIN = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
PEM_END = b"-----END ENCRYPTED PRIVATE KEY-----"

_PBES2 = ObjectIdentifier("1.2.840.113549.1.5.13")
_SCRYPT = ObjectIdentifier("1.3.6.1.4.1.11591.4.11")
_AES256_CBC = ObjectIdentifier("2.16.840.1.101.3.4.1.42")

_AES_KEY_OCTETS = 32
_AES_BLOCK_OCTETS = 16
_SALT_OCTETS = 16
_PEM_COLUMNS = 64


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """Cost of one guess at a passphrase (RFC 7914 §2).

    The default takes 16 MiB and about 0.2 s. It is one of the equivalent minimum settings of the OWASP Password Storage
    Cheat Sheet, and the one that stays under the 32 MiB to which OpenSSL limits itself.
    """

    n: int = 2**14
    r: int = 8
    p: int = 5


@asn1.sequence
class _ScryptParameters:
    salt: bytes
    n: int
    r: int
    p: int


@asn1.sequence
class _ScryptAlgorithm:
    algorithm: ObjectIdentifier
    parameters: _ScryptParameters


@asn1.sequence
class _CipherAlgorithm:
    algorithm: ObjectIdentifier
    initialization_vector: bytes


@asn1.sequence
class _PBES2Parameters:
    key_derivation: _ScryptAlgorithm
    cipher: _CipherAlgorithm


@asn1.sequence
class _PBES2Algorithm:
    algorithm: ObjectIdentifier
    parameters: _PBES2Parameters


@asn1.sequence
class _EncryptedPrivateKeyInfo:
    algorithm: _PBES2Algorithm
    encrypted_data: bytes


def encrypt_private_key(
    key: EllipticCurvePrivateKey | Ed25519PrivateKey, *, passphrase: bytes, cost: ScryptCost | None = None
) -> bytes:
    """`key` as a PEM block ENCRYPTED PRIVATE KEY, with fresh salt and initialization vector."""
    cost = cost or ScryptCost()
    salt, vector = os.urandom(_SALT_OCTETS), os.urandom(_AES_BLOCK_OCTETS)
    secret = Scrypt(salt=salt, length=_AES_KEY_OCTETS, n=cost.n, r=cost.r, p=cost.p).derive(passphrase)
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    derivation = _ScryptAlgorithm(
        algorithm=_SCRYPT, parameters=_ScryptParameters(salt=salt, n=cost.n, r=cost.r, p=cost.p)
    )
    cipher = _CipherAlgorithm(algorithm=_AES256_CBC, initialization_vector=vector)
    envelope = _EncryptedPrivateKeyInfo(
        algorithm=_PBES2Algorithm(
            algorithm=_PBES2, parameters=_PBES2Parameters(key_derivation=derivation, cipher=cipher)
        ),
        encrypted_data=_aes_cbc(secret, vector, plain),
    )
    return pem(asn1.encode_der(envelope))


def _aes_cbc(secret: bytes, vector: bytes, plain: bytes) -> bytes:
    padder = PKCS7(AES256.block_size).padder()
    encryptor = Cipher(AES256(secret), CBC(vector)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def pem(der: bytes) -> bytes:
    """EncryptedPrivateKeyInfo in DER as a PEM block (RFC 7468 §11)."""
    lines = textwrap.wrap(b64encode(der).decode("ascii"), _PEM_COLUMNS)
    return b"\n".join([PEM_BEGIN, *(line.encode("ascii") for line in lines), PEM_END, b""])
