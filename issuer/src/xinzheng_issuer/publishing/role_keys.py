"""Keys of the TUF roles: ed25519, in the key files of `xinzheng_keys`, behind securesystemslib's signer."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.file_keystore import read_private_key, write_private_key
from xinzheng_keys.passphrase import PassphraseSource


def create_role_key(path: Path, *, passphrase: PassphraseSource) -> CryptoSigner:
    """Make a key and keep it in a new file at `path`, mode 0600; a crash leaves no half of one.

    Raises:
        KeyStoreError: as `write_private_key`.
    """
    key = Ed25519PrivateKey.generate()
    write_private_key(path, key, passphrase=passphrase)
    return CryptoSigner(key)


def load_role_key(path: Path, *, passphrase: PassphraseSource) -> CryptoSigner:
    """Open the key kept at `path`.

    Raises:
        KeyStoreError: as `read_private_key`, and `key_type_unsupported`.
    """
    key = read_private_key(path, passphrase=passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyStoreError("key_type_unsupported", found=type(key).__name__, expected="Ed25519")
    return CryptoSigner(key)
