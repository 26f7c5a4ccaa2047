"""Private keys in files: encrypted PKCS#8 in PEM, for their owner alone."""

import errno
import os
from base64 import b64decode
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key

from xinzheng_keys import sm2_library
from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.pkcs8 import PEM_BEGIN, PEM_END, encrypt_private_key, pem
from xinzheng_keys.private_files import Guard, UnsafeFileError, read_private_file, write_new_private_file
from xinzheng_keys.public_keys import KNOWN_TYPES
from xinzheng_keys.signer import Signer
from xinzheng_keys.sm2_signer import SM2Signer
from xinzheng_keys.software_signer import PrivateKey, SoftwareSigner, generate_key
from xinzheng_schemas.multibase import KeyType

MAX_KEY_FILE_OCTETS = 16_384
"""Octets of a key file; ours: an encrypted P-256 key takes about 420."""

MIN_PASSPHRASE_OCTETS = 12
"""Octets of the passphrase of a new key file; ours, on top of what scrypt makes a guess cost."""


@asn1.sequence
class _Envelope:
    """EncryptedPrivateKeyInfo of RFC 5958 §3, its contents not looked into."""

    algorithm: asn1.TLV
    encrypted_data: bytes


def create_key_file(path: Path, *, passphrase: PassphraseSource, key_type: KeyType = KeyType.P256) -> Signer:
    """Make a key and keep it in a new file at `path`, mode 0600.

    Args:
        path: the file; nothing must be there.
        passphrase: encrypts it.
        key_type: the kind of key.

    Raises:
        KeyStoreError: as `write_private_key`; for SM2 `sm2_unavailable`, `sm2_failed`.
    """
    if key_type is KeyType.SM2:
        signer = SM2Signer.generate()
        _write(path, pem(signer.encrypted(_new_secret(passphrase))))
        return signer
    private_key = generate_key(key_type)
    write_private_key(path, private_key, passphrase=passphrase)
    return SoftwareSigner(private_key)


def check_new_key_file(path: Path, *, passphrase: PassphraseSource) -> None:
    """See whether `create_key_file` could make a file at `path`.

    Raises:
        KeyStoreError: as `write_private_key`.
    """
    _new_secret(passphrase)
    if os.path.lexists(path):
        raise KeyStoreError("key_file_exists", path=path)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        reason = os.strerror(errno.EACCES if path.parent.is_dir() else errno.ENOENT)
        raise KeyStoreError("key_file_not_written", path=path, reason=reason)


def load_key_file(path: Path, *, passphrase: PassphraseSource) -> Signer:
    """Open the key kept at `path`.

    Raises:
        KeyStoreError: as `read_private_key`; `sm2_unavailable` for an SM2 key without its library.
    """
    envelope = _envelope(_read(path), path=path)
    secret = _secret(passphrase, path=path)
    try:
        return SoftwareSigner(_decrypted(envelope, secret, path=path))
    except UnsupportedAlgorithm as error:
        if key := sm2_library.decrypt(envelope, secret):
            return SM2Signer(key)
        raise KeyStoreError("key_type_unsupported", found="?", expected=KNOWN_TYPES) from error


def write_private_key(path: Path, key: PrivateKey, *, passphrase: PassphraseSource) -> None:
    """Keep any key in a new file at `path`, mode 0600; for what signs by other means than a `Signer`.

    Raises:
        KeyStoreError: `passphrase_missing` and its like, `passphrase_short`, `key_file_exists`, `key_file_not_written`.
    """
    _write(path, encrypt_private_key(key, passphrase=_new_secret(passphrase)))


def _new_secret(passphrase: PassphraseSource) -> bytes:
    secret = passphrase()
    if len(secret) < MIN_PASSPHRASE_OCTETS:
        raise KeyStoreError("passphrase_short", minimum=MIN_PASSPHRASE_OCTETS)
    return secret


def _write(path: Path, content: bytes) -> None:
    try:
        write_new_private_file(path, content)
    except FileExistsError as error:
        raise KeyStoreError("key_file_exists", path=path) from error
    except OSError as error:
        raise KeyStoreError("key_file_not_written", path=path, reason=error.strerror) from error


def read_private_key(path: Path, *, passphrase: PassphraseSource) -> PrivateKeyTypes:
    """The key kept at `path`, of any type but SM2. The passphrase is asked for only when the file is found in order.

    Raises:
        KeyStoreError: `key_file_missing`, `key_file_permissions`, `key_file_unencrypted`, `key_file_malformed`,
            `passphrase_missing` and its like, `passphrase_wrong`.
    """
    envelope = _envelope(_read(path), path=path)
    try:
        return _decrypted(envelope, _secret(passphrase, path=path), path=path)
    except UnsupportedAlgorithm as error:
        raise KeyStoreError("key_type_unsupported", found="?", expected=KNOWN_TYPES) from error


def _secret(passphrase: PassphraseSource, *, path: Path) -> bytes:
    secret = passphrase()
    if not secret:
        raise KeyStoreError("passphrase_missing", source=str(path))
    return secret


def _decrypted(envelope: bytes, secret: bytes, *, path: Path) -> PrivateKeyTypes:
    try:
        return load_der_private_key(envelope, secret)
    except ValueError as error:
        raise KeyStoreError("passphrase_wrong", path=path) from error


def _read(path: Path) -> bytes:
    try:
        content = read_private_file(path, guard=Guard.of_this_user(), max_octets=MAX_KEY_FILE_OCTETS)
    except UnsafeFileError as error:
        raise KeyStoreError("key_file_permissions", path=path, found=error.found) from error
    except OSError as error:
        raise KeyStoreError("key_file_missing", path=path, reason=error.strerror) from error
    if len(content) > MAX_KEY_FILE_OCTETS:
        raise KeyStoreError("key_file_malformed", path=path)
    return content


def _envelope(pem: bytes, *, path: Path) -> bytes:
    """The DER inside `pem` (RFC 7468 §11), so far checked that a later failure can only come from the passphrase."""
    text = pem.strip()
    if b"PRIVATE KEY-----" in text and not text.startswith(PEM_BEGIN):
        raise KeyStoreError("key_file_unencrypted", path=path)
    if not (text.startswith(PEM_BEGIN) and text.endswith(PEM_END)):
        raise KeyStoreError("key_file_malformed", path=path)
    try:
        der = b64decode(b"".join(text[len(PEM_BEGIN) : -len(PEM_END)].split()), validate=True)
        asn1.decode_der(_Envelope, der)
    except ValueError as error:
        raise KeyStoreError("key_file_malformed", path=path) from error
    return der
