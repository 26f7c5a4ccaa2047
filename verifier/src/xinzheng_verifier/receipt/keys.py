"""The lender's key: made, kept in an encrypted file for its owner alone, and its public half.

`cryptography` reads every PKCS#8 file, but what it encrypts itself takes 2,048 rounds of PBKDF2, which a graphics card
tries millions of times a second; so the envelope is written here, with scrypt (RFC 7914, RFC 8018 appendix A.4).
"""

import os
import stat
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from xinzheng_schemas import base64url, strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.trust_documents import ControllerDocument
from xinzheng_verifier.limits import MAX_KEY_FILE_BYTES
from xinzheng_verifier.receipt.errors import ReceiptError
from xinzheng_verifier.receipt.token import algorithm_of, kid_of
from xinzheng_verifier.trust.issuers import OpenSSLKey, PublicKey, TrustedIssuer

MIN_PASSPHRASE_BYTES: Final = 12
"""Bytes of the passphrase of a new key file, on top of what scrypt makes a guess cost."""

_PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_NOBODY: Final = "did:web:lender.example"
_COORDINATE_BYTES: Final = 32
_ENCRYPTED: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_PRIVATE: Final = b"PRIVATE KEY-----"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
# Never follow a link at the last step, never hang on a FIFO, never leak into a child process.
_SAFELY: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class LenderKey:
    """Signs receipts with a key in the memory of this process: P-256 with deterministic nonces, or Ed25519.

    Args:
        private_key: a key object of `cryptography`.

    Attributes:
        public_key: its public half.

    Raises:
        ReceiptError: `receipt_key_malformed`, a key of another type or curve.
    """

    __slots__ = ("_private", "public_key")

    def __init__(self, private_key: PrivateKeyTypes) -> None:
        if not isinstance(private_key, _PrivateKey):
            raise ReceiptError("receipt_key_malformed", path=type(private_key).__name__)
        self.public_key: OpenSSLKey = private_key.public_key()
        algorithm_of(self.public_key)
        self._private: _PrivateKey = private_key

    @classmethod
    def generate(cls, *, ed25519_key: bool = False) -> "LenderKey":
        """A fresh key that is kept nowhere.

        Args:
            ed25519_key: Ed25519 instead of P-256.
        """
        return cls(ed25519.Ed25519PrivateKey.generate() if ed25519_key else ec.generate_private_key(ec.SECP256R1()))

    def sign(self, message: bytes, /) -> bytes:
        """64 bytes: r‖s of ECDSA with SHA-256 (RFC 7518, 3.4; RFC 6979), or Ed25519 (RFC 8032)."""
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(message)
        signature = self._private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        return b"".join(number.to_bytes(_COORDINATE_BYTES, "big") for number in decode_dss_signature(signature))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {kid_of(self.public_key)}>"

    def encrypted_pem(self, passphrase: bytes) -> bytes:
        """The key as a PEM block ENCRYPTED PRIVATE KEY: PKCS#8, scrypt, AES-256-CBC.

        Raises:
            ReceiptError: `receipt_passphrase_short`.
        """
        if len(passphrase) < MIN_PASSPHRASE_BYTES:
            raise ReceiptError("receipt_passphrase_short", minimum=MIN_PASSPHRASE_BYTES)
        plain = self._private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return _pem(_encrypted(plain, passphrase))


def create_key(path: Path, passphrase: bytes, *, ed25519_key: bool = False) -> LenderKey:
    """Makes a lender's key and keeps it in a new file of mode 0600.

    Args:
        path: where; nothing may be there yet.
        passphrase: at least 12 bytes.
        ed25519_key: Ed25519 instead of P-256.

    Raises:
        ReceiptError: `receipt_passphrase_short`, `receipt_file_exists`, `receipt_file_not_written`.
    """
    key = LenderKey.generate(ed25519_key=ed25519_key)
    write_new(path, key.encrypted_pem(passphrase), mode=0o600)
    return key


def load_key(path: Path, passphrase: bytes) -> LenderKey:
    """The lender's key kept at `path`.

    Raises:
        ReceiptError: `receipt_key_missing`, `receipt_key_permissions` (a link, another owner, or others may read it),
            `receipt_key_unencrypted`, `receipt_key_malformed`, `receipt_passphrase_wrong`.
    """
    pem = read_private(path).strip()
    if not pem.startswith(_ENCRYPTED):
        raise ReceiptError("receipt_key_unencrypted" if _PRIVATE in pem else "receipt_key_malformed", path=str(path))
    try:
        return LenderKey(serialization.load_pem_private_key(pem, passphrase))
    except ReceiptError as error:
        raise ReceiptError("receipt_key_malformed", path=str(path)) from error
    # An empty passphrase is a TypeError, a damaged file and a wrong passphrase are the same ValueError.
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ReceiptError("receipt_passphrase_wrong", path=str(path)) from error


def read_public_key(data: bytes, *, name: str = "key") -> OpenSSLKey:
    """A public key from PEM (SubjectPublicKeyInfo) or from a JWK.

    Args:
        data: content of the file.
        name: what an error calls it.

    Raises:
        ReceiptError: `receipt_key_private`, `receipt_key_malformed` (also for other types and curves).
    """
    if _PRIVATE in data:
        raise ReceiptError("receipt_key_private", path=name)
    try:
        key = _from_jwk(data) if data.lstrip().startswith(b"{") else serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        is_private = isinstance(error, CodedError) and error.code == "key_private"
        raise ReceiptError("receipt_key_private" if is_private else "receipt_key_malformed", path=name) from error
    if not isinstance(key, OpenSSLKey):
        raise ReceiptError("receipt_key_malformed", path=name)
    algorithm_of(key)
    return key


def public_jwk(key: OpenSSLKey) -> JSONObject:
    """The public key as a JWK (RFC 7517), with `alg`, `use` and its RFC 7638 thumbprint as `kid`.

    Raises:
        ReceiptError: `receipt_key_malformed`, a key of another type or curve.
    """
    common: JSONObject = {"alg": algorithm_of(key), "kid": kid_of(key), "use": "sig"}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key.public_bytes_raw()), **common}
    numbers = key.public_numbers()
    x, y = (base64url.encode(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **common}


def read_private(path: Path) -> bytes:
    """The content of a small file that its owner alone may read; judged and read through one descriptor (CWE-367).

    Raises:
        ReceiptError: `receipt_key_missing`, `receipt_key_permissions`, `receipt_key_malformed` (too large).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except OSError as error:
        raise ReceiptError("receipt_key_missing", path=str(path), reason=error.strerror) from error
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        status = os.fstat(descriptor)
        mode = stat.S_IMODE(status.st_mode)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or mode & _OTHERS:
            raise ReceiptError("receipt_key_permissions", path=str(path), found=f"uid={status.st_uid} mode={mode:04o}")
        content = file.read(MAX_KEY_FILE_BYTES + 1)
    if len(content) > MAX_KEY_FILE_BYTES:
        raise ReceiptError("receipt_key_malformed", path=str(path))
    return content


def write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Writes a file where nothing is yet; a failure leaves nothing behind.

    Raises:
        ReceiptError: `receipt_file_exists`, `receipt_file_not_written`.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, mode)
    except FileExistsError as error:
        raise ReceiptError("receipt_file_exists", path=str(path)) from error
    except OSError as error:
        raise ReceiptError("receipt_file_not_written", path=str(path), reason=error.strerror) from error
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise ReceiptError("receipt_file_not_written", path=str(path), reason=error.strerror) from error


def _from_jwk(data: bytes) -> PublicKey | None:
    """The key of a JWK, read by the rules for keys of trust documents; None if it is of an unknown type."""
    method = {
        "id": f"{_NOBODY}#key",
        "type": "JsonWebKey",
        "controller": _NOBODY,
        "publicKeyJwk": strict_json.loads_object(data),
    }
    document = ControllerDocument.parse({"id": _NOBODY, "verificationMethod": [method]})
    return next((key.public_key for key in TrustedIssuer.from_controller(document).keys), None)


# --- PKCS#8 (RFC 5958) under PBES2 (RFC 8018, 6.2) ------------------------------------------------------------------

_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")  # 1.2.840.113549.1.5.13
_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11
_AES256_CBC: Final = bytes.fromhex("060960864801650304012a")  # 2.16.840.1.101.3.4.1.42
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
_N, _R, _P = 2**14, 8, 5
# 16 MiB and some 0.2 s a guess: an OWASP minimum, and under the 32 MiB to which OpenSSL limits itself.
_SALT_BYTES = _BLOCK_BYTES = 16
_AES_KEY_BYTES: Final = 32
_PEM_COLUMNS: Final = 64


def _encrypted(plain: bytes, passphrase: bytes) -> bytes:
    salt, vector = os.urandom(_SALT_BYTES), os.urandom(_BLOCK_BYTES)
    secret = Scrypt(salt=salt, length=_AES_KEY_BYTES, n=_N, r=_R, p=_P).derive(passphrase)
    padder = padding.PKCS7(algorithms.AES256.block_size).padder()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(vector)).encryptor()
    sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    cost = (_der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in (_N, _R, _P))
    derivation = _der(_SEQUENCE, _SCRYPT, _der(_SEQUENCE, _der(_OCTETS, salt), *cost))
    cipher = _der(_SEQUENCE, _AES256_CBC, _der(_OCTETS, vector))
    algorithm = _der(_SEQUENCE, _PBES2, _der(_SEQUENCE, derivation, cipher))
    return _der(_SEQUENCE, algorithm, _der(_OCTETS, sealed))


def _der(tag: int, *parts: bytes) -> bytes:
    """One DER value (X.690, 8.1.3), its length in the shortest form."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:  # noqa: PLR2004 - the short form of a length
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(length)]) + length + content


def _pem(der: bytes) -> bytes:
    text = b64encode(der)
    lines = [text[at : at + _PEM_COLUMNS] for at in range(0, len(text), _PEM_COLUMNS)]
    return b"\n".join([_ENCRYPTED, *lines, _ENCRYPTED.replace(b"BEGIN", b"END"), b""])
