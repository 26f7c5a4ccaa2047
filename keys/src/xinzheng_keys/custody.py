"""Signers found by URI, and keys made where a URI says.

    file:///absolute/path      encrypted PKCS#8 (RFC 8089; xinzheng_keys.file_keystore)
    pkcs11:token=…;object=…    hardware module (RFC 7512; xinzheng_keys.pkcs11_uri), extra `pkcs11`

No error repeats a URI: RFC 7512 lets one bear a PIN.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from xinzheng_keys.errors import KeyURIError
from xinzheng_keys.file_keystore import check_new_key_file, create_key_file, load_key_file
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.signer import Signer
from xinzheng_keys.sm2_signer import SM2Signer
from xinzheng_keys.software_signer import SoftwareSigner
from xinzheng_keys.token_access import TokenAccess
from xinzheng_schemas.multibase import KeyType

if TYPE_CHECKING:
    from types import ModuleType

_FILE, _PKCS11 = "file", "pkcs11"

# RFC 8089 §2 without a foreign host; the path is absolute (pchar of RFC 3986 §3.3) and bears no NUL.
_FILE_URI = re.compile(
    r"file:(?://(?:localhost)?)?(/(?!/)(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%(?!00)[0-9A-Fa-f]{2})*)", re.IGNORECASE
)


@dataclass(frozen=True)
class CreatedKey:
    """A key that was just made.

    Attributes:
        uri: names this key and no other; for the court's records. It bears no secret.
        signer: signs with it.
    """

    uri: str
    signer: Signer


def open_signer(uri: str, *, passphrase: PassphraseSource, tokens: TokenAccess | None = None) -> Signer:
    """The signer that `uri` names.

    Args:
        uri: `file:///absolute/path` for a key file, `pkcs11:token=…;object=…` for a key in a hardware module.
        passphrase: asked when a key file needs one.
        tokens: how hardware modules are reached; by default as a URI itself says.

    Raises:
        KeyURIError: `key_uri_malformed`, `key_scheme_unknown`, `key_scheme_unavailable`, `pkcs11_uri_malformed`,
            `pkcs11_uri_attribute`, `pkcs11_uri_incomplete`, `pkcs11_pin_value`, `pkcs11_module_unknown`,
            `pkcs11_sm2_unset`.
        KeyStoreError: the key file that is named cannot be used (`load_key_file`), or the source of the PIN.
        TokenError: `token_module_missing`, `token_module_unusable`, `token_missing`, `token_ambiguous`,
            `token_pin_unset`, `token_pin_wrong`, `token_pin_locked`, `token_pin_last_try`, `token_key_missing`,
            `token_key_ambiguous`, `token_key_exposed`, `token_key_unusable`, `token_slow`, `token_failed`,
            `token_signature_wrong`.
    """
    if _scheme(uri) == _FILE:
        return load_key_file(_path_of_file_uri(uri), passphrase=passphrase)
    signer: Signer = _hardware().open_token_signer(uri, access=tokens or TokenAccess())
    return signer


def create_key(
    uri: str,
    *,
    name: str,
    key_type: KeyType = KeyType.P256,
    passphrase: PassphraseSource,
    tokens: TokenAccess | None = None,
) -> CreatedKey:
    """Make a key where `uri` says; see `create_file_key` and `create_token_key`."""
    if _scheme(uri) == _FILE:
        return create_file_key(uri, name=name, key_type=key_type, passphrase=passphrase)
    return create_token_key(uri, name=name, key_type=key_type, tokens=tokens)


def rehearse_key(
    uri: str,
    *,
    name: str,
    key_type: KeyType = KeyType.P256,
    passphrase: PassphraseSource,
    tokens: TokenAccess | None = None,
) -> CreatedKey:
    """See whether `create_key` could make a key, and give one in its stead that is kept nowhere.

    A module says only when it is asked whether it makes keys of a kind.

    Args:
        uri: where it would be made.
        name: the key's name.
        key_type: the kind of key.
        passphrase: would encrypt a file.
        tokens: how hardware modules are reached.

    Returns:
        The place as `uri` says it, and a throwaway key of the kind.

    Raises:
        KeyURIError, KeyStoreError, TokenError: as `create_key`.
    """
    if _scheme(uri) == _FILE:
        check_new_key_file(_new_file(uri, name), passphrase=passphrase)
    else:
        _hardware().check_token_place(uri, name=name, key_type=key_type, access=tokens or TokenAccess())
    return CreatedKey(uri, SM2Signer.generate() if key_type is KeyType.SM2 else SoftwareSigner.generate(key_type))


def create_file_key(uri: str, *, name: str, key_type: KeyType, passphrase: PassphraseSource) -> CreatedKey:
    """Make a key in a new file, mode 0600.

    Args:
        uri: `file:///absolute/path` of the new file, or with a slash at its end of the folder for `<name>.pem`.
        name: the key's name, such as `cert-2`.
        key_type: the kind of key.
        passphrase: encrypts it.

    Raises:
        KeyURIError: `key_uri_malformed`.
        KeyStoreError: as `xinzheng_keys.file_keystore.create_key_file`.
    """
    path = _new_file(uri, name)
    signer = create_key_file(path, passphrase=passphrase, key_type=key_type)
    return CreatedKey(path.as_uri(), signer)


def create_token_key(uri: str, *, name: str, key_type: KeyType, tokens: TokenAccess | None = None) -> CreatedKey:
    """Make a key in a hardware module: private, sensitive, not extractable, for signatures alone.

    Args:
        uri: `pkcs11:token=…`; without `object` the label is `name`, without `id` the CKA_ID is drawn.
        name: the key's name, such as `cert-2`.
        key_type: the kind of key.
        tokens: how hardware modules are reached; by default as the URI itself says.

    Raises:
        KeyURIError: as `open_signer`; `pkcs11_sm2_made_elsewhere`.
        TokenError: as `open_signer`; `token_key_exists` if a key of that label is there.
    """
    made, signer = _hardware().create_token_key(uri, name=name, key_type=key_type, access=tokens or TokenAccess())
    return CreatedKey(made, signer)


def _new_file(uri: str, name: str) -> Path:
    path = _path_of_file_uri(uri)
    return path / f"{name}.pem" if uri.endswith("/") else path


def _scheme(uri: str) -> str:
    scheme, colon, _ = uri.partition(":")
    if not colon:
        raise KeyURIError("key_uri_malformed", field="uri")
    if scheme.lower() not in (_FILE, _PKCS11):
        raise KeyURIError("key_scheme_unknown", field="uri", scheme=scheme, known=f"{_FILE}, {_PKCS11}")
    return scheme.lower()


def _hardware() -> "ModuleType":
    try:
        from xinzheng_keys import pkcs11_signer  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise KeyURIError("key_scheme_unavailable", field="uri", scheme=_PKCS11, extra=_PKCS11) from error
    return pkcs11_signer


def _path_of_file_uri(uri: str) -> Path:
    if match := _FILE_URI.fullmatch(uri):
        return Path(os.fsdecode(unquote_to_bytes(match[1])))
    raise KeyURIError("key_uri_malformed", field="uri")
