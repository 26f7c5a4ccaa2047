"""Shares: the keys of the trust list's roles, each an encrypted key file on a medium of its own.

A share is known to others by its public record: a JSON file with the public key, the names that the reviewed
configuration gives it, and a signature of the key over all that, so that nobody can pass another's key for his own.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.signer import Key, SSlibKey

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.role_keys import RoleSigner, create_role_key, load_role_key
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import Limits, loads_object
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp

SHARE_MEMBER = "x-xinzheng-share"
"""Member of a key in signed metadata that names its share (TUF specification, 4.2: other members are permitted)."""

_PURPOSE = b"xinzheng trust list share\n"  # no other signature of these keys begins so: metadata begins with {
_RECORD_JSON = Limits(max_bytes=16_384)
_ED25519 = "ed25519"
_PUBLIC_OCTETS = 32


@dataclass(frozen=True, kw_only=True)
class PublicShare:
    """What the others know of a share.

    Attributes:
        name: of the share.
        role: whose key it is: `root`, `targets`, `snapshot`, `timestamp`, `province-42`, `court-420683`.
        holder: who holds it.
        public: the Ed25519 public key, 32 octets.
        configuration: SHA-256 of the configuration by which it was made; empty for a court, which has none.
        made_at: when, aware.
        proof: signature of the key over all of the above, 64 octets.
    """

    name: str
    role: str
    holder: str
    public: bytes
    configuration: str
    made_at: datetime
    proof: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, lower-case hexadecimal: what people compare."""
        return fingerprint(self.public)

    @property
    def key(self) -> Key:
        """The key as metadata lists it."""
        return listed_key(self.name, self.public)

    def to_bytes(self) -> bytes:
        """The record as a file."""
        members = {**self._stated(), "proof": b64encode(self.proof).decode("ascii")}
        return (json.dumps(members, ensure_ascii=False, indent=2) + "\n").encode("utf-8")

    def _stated(self) -> dict[str, str]:
        return {
            "share": self.name,
            "role": self.role,
            "holder": self.holder,
            "publicKey": self.public.hex(),
            "fingerprint": self.fingerprint,
            "configuration": self.configuration,
            "madeAt": format_timestamp(self.made_at),
        }

    def message(self) -> bytes:
        """What `proof` signs."""
        return _PURPOSE + json.dumps(self._stated(), ensure_ascii=False, sort_keys=True).encode("utf-8")

    @classmethod
    def parse(cls, data: bytes, *, name: str) -> Self:
        """Read a public record.

        Args:
            data: the file.
            name: how to call it in a refusal.

        Raises:
            TrustListError: `share_record_invalid`, also if its key did not sign it.
        """
        try:
            content: Any = loads_object(data, limits=_RECORD_JSON)
            record = cls(
                name=content["share"],
                role=content["role"],
                holder=content["holder"],
                public=bytes.fromhex(content["publicKey"]),
                configuration=content["configuration"],
                made_at=parse_timestamp(content["madeAt"]),
                proof=b64decode(content["proof"], validate=True),
            )
            Ed25519PublicKey.from_public_bytes(record.public).verify(record.proof, record.message())
        except (CodedError, ValueError, LookupError, TypeError, AttributeError, InvalidSignature) as error:
            raise TrustListError("share_record_invalid", name=name) from error
        if record.to_bytes() != data:
            raise TrustListError("share_record_invalid", name=name)
        return record


def make_share(
    path: Path, *, name: str, role: str, holder: str, configuration: str, at: datetime, passphrase: PassphraseSource
) -> PublicShare:
    """Make the key of a share in a new file at `path`, mode 0600.

    Raises:
        KeyStoreError: (keys) the file is there already or cannot be written; the passphrase is short or missing.
    """
    signer = create_role_key(path, passphrase=passphrase)
    return public_share(signer, name=name, role=role, holder=holder, configuration=configuration, at=at)


def public_share(
    signer: RoleSigner, *, name: str, role: str, holder: str, configuration: str, at: datetime
) -> PublicShare:
    """The public record of a key that is there."""
    unsigned = PublicShare(
        name=name,
        role=role,
        holder=holder,
        public=public_octets(signer.public_key),
        configuration=configuration,
        made_at=at,
        proof=b"",
    )
    signature = bytes.fromhex(signer.sign(unsigned.message()).signature)
    return PublicShare(**{**unsigned.__dict__, "proof": signature})


def open_share(path: Path, *, passphrase: PassphraseSource) -> RoleSigner:
    """The signer of a share.

    Raises:
        KeyStoreError: (keys) the file cannot be opened.
    """
    return load_role_key(path, passphrase=passphrase)


def key_file(medium: Path, share: str) -> Path:
    """Where a medium keeps the key of a share."""
    return medium / f"{share}.pem"


def listed_key(name: str, public: bytes) -> Key:
    """A public key as metadata lists it, with the name of its share."""
    plain = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(public))
    return SSlibKey(plain.keyid, plain.keytype, plain.scheme, plain.keyval, {SHARE_MEMBER: name})


def public_octets(key: Key) -> bytes:
    """The Ed25519 public key behind one of the metadata, 32 octets.

    Raises:
        TrustListError: `share_key_kind`.
    """
    try:
        octets = bytes.fromhex(key.keyval["public"]) if key.scheme == _ED25519 else b""
    except (ValueError, LookupError, TypeError) as error:
        raise TrustListError("share_key_kind", found=key.scheme) from error
    if len(octets) != _PUBLIC_OCTETS:
        raise TrustListError("share_key_kind", found=key.scheme)
    return octets


def share_name(key: Key) -> str:
    """The share of a key in signed metadata; empty where it bears none."""
    return str(key.unrecognized_fields.get(SHARE_MEMBER, ""))


def fingerprint(public: bytes) -> str:
    """SHA-256 of a public key, lower-case hexadecimal."""
    return hashlib.sha256(public).hexdigest()
