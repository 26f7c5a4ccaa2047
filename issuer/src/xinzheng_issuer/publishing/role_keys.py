"""Keys of the TUF roles, in files or hardware modules, behind securesystemslib's interface.

A key file lies at `<folder>/<role>.pem`. For a key elsewhere `<folder>/<role>.json` says where it is, and which key it
has to be.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from securesystemslib.signer import Key, SecretsHandler, Signature, SSlibKey
from securesystemslib.signer import Signer as RoleSigner
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata

from xinzheng_issuer.errors import PublishingError
from xinzheng_keys.custody import create_key, open_signer
from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.private_files import write_new_private_file
from xinzheng_keys.signer import Signer
from xinzheng_keys.token_access import TokenAccess
from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.sm2_point import SM2Point

__all__ = [
    "CustodySigner",
    "RoleCustody",
    "RoleSigner",
    "create_role_key",
    "forget_role_key",
    "load_role_key",
    "role_key_exists",
    "role_key_names",
    "role_key_uri",
    "sign_metadata",
]

_RECORD_SUFFIX = ".json"


@dataclass(frozen=True, kw_only=True)
class RoleCustody:
    """Where role keys are made, and how they are reached.

    Attributes:
        place: a `pkcs11:` URI that names a token; empty for key files.
        prefix: of the keys' names in the token, such as `420683-bundle-`.
        key_type: kind of new keys.
        tokens: how hardware modules are reached.
    """

    place: str = ""
    prefix: str = "bundle-"
    key_type: KeyType = KeyType.ED25519
    tokens: TokenAccess | None = None


class CustodySigner(RoleSigner):
    """A signer of ours as python-tuf wants it (TUF specification, 4.2: ed25519, ecdsa-sha2-nistp256 and -nistp384)."""

    def __init__(self, signer: Signer) -> None:
        if isinstance(signer.public_key, SM2Point):
            known = ", ".join(kind for kind in KeyType if kind is not KeyType.SM2)
            raise KeyStoreError("key_type_unsupported", found=signer.key_type.value, expected=known)
        self._signer = signer
        self._public_key = SSlibKey.from_crypto(signer.public_key)

    @property
    def public_key(self) -> SSlibKey:
        """The public key with its TUF key id."""
        return self._public_key

    def sign(self, payload: bytes) -> Signature:
        """Sign; ECDSA signatures are DER.

        Raises:
            TokenError: (keys) the hardware module does not sign.
        """
        raw = self._signer.sign(payload)
        if self._signer.key_type is not KeyType.ED25519:
            half = len(raw) // 2
            raw = encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        return Signature(self._public_key.keyid, raw.hex())

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Self:
        """Not the way to these keys: `load_role_key` is."""
        raise NotImplementedError

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a signer is neither copied nor pickled")


def create_role_key(path: Path, *, passphrase: PassphraseSource, custody: RoleCustody | None = None) -> CustodySigner:
    """Make a key; a crash leaves no half of one.

    Args:
        path: of its file, `<folder>/<role>.pem`, mode 0600; a key elsewhere has its record beside.
        passphrase: encrypts the file.
        custody: where the key is made; by default in the file.

    Raises:
        KeyStoreError: as `xinzheng_keys.file_keystore.create_key_file`.
        KeyURIError, TokenError: as `xinzheng_keys.custody.create_token_key`.
    """
    custody = custody or RoleCustody()
    made = create_key(
        custody.place or path.absolute().as_uri(),
        name=f"{custody.prefix}{path.stem}",
        key_type=custody.key_type,
        passphrase=passphrase,
        tokens=custody.tokens,
    )
    if custody.place:
        entry = {"uri": made.uri, "publicKeyMultibase": made.signer.public_key_multibase}
        record = path.with_suffix(_RECORD_SUFFIX)
        try:
            write_new_private_file(record, json.dumps(entry, indent=2).encode())
        except OSError as error:
            raise KeyStoreError("key_file_not_written", path=record, reason=error.strerror) from error
    return CustodySigner(made.signer)


def load_role_key(path: Path, *, passphrase: PassphraseSource, custody: RoleCustody | None = None) -> CustodySigner:
    """Open a key.

    Args:
        path: as for `create_role_key`.
        passphrase: opens the file.
        custody: how hardware modules are reached.

    Raises:
        PublishingError: `role_key_record` (a record that says no key, or another one).
        KeyStoreError, KeyURIError, TokenError: as `xinzheng_keys.custody.open_signer`.
    """
    record = path.with_suffix(_RECORD_SUFFIX)
    if not record.exists():
        return CustodySigner(open_signer(path.absolute().as_uri(), passphrase=passphrase))
    uri, public_key = _read_record(record)
    signer = open_signer(uri, passphrase=passphrase, tokens=custody.tokens if custody else None)
    if signer.public_key_multibase != public_key:
        raise PublishingError("role_key_record", path=record)
    return CustodySigner(signer)


def role_key_exists(path: Path) -> bool:
    """Whether there is a key file at `path`, or the record of a key elsewhere beside it."""
    return path.exists() or path.with_suffix(_RECORD_SUFFIX).exists()


def role_key_uri(path: Path) -> str:
    """Where the key of a record lies; empty for a key file, and where there is none.

    Args:
        path: as for `create_role_key`.

    Raises:
        PublishingError: `role_key_record`.
    """
    record = path.with_suffix(_RECORD_SUFFIX)
    return _read_record(record)[0] if record.exists() else ""


def role_key_names(folder: Path) -> list[str]:
    """Names of the keys in a folder, those of key files and those of records, in alphabetical order."""
    files = {file.stem for file in folder.glob("*.pem")}
    return sorted(files | {file.stem for file in folder.glob(f"*{_RECORD_SUFFIX}") if _is_record(file)})


def forget_role_key(path: Path) -> str:
    """Delete a key file, or the record of a key elsewhere, which stays where it is.

    Args:
        path: as for `create_role_key`.

    Returns:
        The URI of a key that stays; empty for a key file.

    Raises:
        PublishingError: `role_key_record`.
    """
    uri = role_key_uri(path)
    (path.with_suffix(_RECORD_SUFFIX) if uri else path).unlink()
    return uri


def _read_record(record: Path) -> tuple[str, str]:
    """URI and public key of a record."""
    try:
        entry: dict[str, Any] = strict_json.loads_object(record.read_bytes())
        return str(entry["uri"]), str(entry["publicKeyMultibase"])
    except (OSError, ValueError, KeyError) as error:
        raise PublishingError("role_key_record", path=record) from error


def _is_record(file: Path) -> bool:
    try:
        _read_record(file)
    except PublishingError:
        return False
    return True


def sign_metadata(metadata: Metadata[Any], signer: RoleSigner, *, append: bool = False) -> None:
    """Sign metadata; what a key says of itself comes through.

    Raises:
        TokenError: (keys) the hardware module does not sign.
    """
    try:
        metadata.sign(signer, append=append)
    except UnsignedMetadataError as error:
        if isinstance(error.__cause__, CodedError):
            raise error.__cause__ from None
        raise
