"""Signers, found by URI.

The private key is a detail of the signer: a caller sees the public key and asks for signatures, so that a key in a
hardware module and a key in a file look the same. No error repeats a URI: RFC 7512 lets one bear a PIN.
"""

import os
import re
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import unquote_to_bytes

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from xinzheng_keys.errors import KeyURIError
from xinzheng_keys.file_keystore import load_key_file
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_schemas.multibase import KeyType

# Schemes whose signer lies in an extra that a later version brings.
_EXTRAS = {"pkcs11": "pkcs11"}

# RFC 8089 §2 without a foreign host; the path is absolute (pchar of RFC 3986 §3.3) and bears no NUL.
_FILE_URI = re.compile(
    r"file:(?://(?:localhost)?)?(/(?!/)(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%(?!00)[0-9A-Fa-f]{2})*)", re.IGNORECASE
)


@runtime_checkable
class Signer(Protocol):
    """What signs for a court."""

    @property
    def key_type(self) -> KeyType:
        """The kind of key, which fixes its one algorithm per mechanism."""

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """The public key."""

    @property
    def public_key_multibase(self) -> str:
        """The public key as Multikey (`z…`)."""

    @property
    def public_jwk(self) -> dict[str, str]:
        """The public key as JWK, required members alone."""

    @property
    def kid(self) -> bytes:
        """The first 8 octets of the RFC 7638 SHA-256 thumbprint."""

    def sign(self, data: bytes) -> bytes:
        """Hash and sign `data`; r‖s, 64 octets for P-256."""


def open_signer(uri: str, *, passphrase: PassphraseSource) -> Signer:
    """The signer that `uri` names.

    Args:
        uri: `file:///absolute/path` (RFC 8089) for a key file.
        passphrase: asked when the key needs one.

    Raises:
        KeyURIError: `key_uri_malformed`, `key_scheme_unknown`, `key_scheme_unavailable`.
        KeyStoreError: the key that is named cannot be used; see `load_key_file`.
    """
    scheme, colon, _ = uri.partition(":")
    if not colon:
        raise KeyURIError("key_uri_malformed", field="uri")
    if scheme.lower() == "file":
        return load_key_file(_path_of_file_uri(uri), passphrase=passphrase)
    if extra := _EXTRAS.get(scheme.lower()):
        raise KeyURIError("key_scheme_unavailable", field="uri", scheme=scheme, extra=extra)
    raise KeyURIError("key_scheme_unknown", field="uri", scheme=scheme, known="file")


def _path_of_file_uri(uri: str) -> Path:
    if match := _FILE_URI.fullmatch(uri):
        return Path(os.fsdecode(unquote_to_bytes(match[1])))
    raise KeyURIError("key_uri_malformed", field="uri")
