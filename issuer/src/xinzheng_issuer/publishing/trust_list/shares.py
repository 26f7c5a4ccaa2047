"""Shares: the keys of the trust list's roles, each on a medium of its own.

A medium holds an encrypted key file, or the record of a key in a hardware token (`publishing.role_keys`).

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

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key, Signature, SSlibKey

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.role_keys import RoleCustody, RoleSigner, create_role_key, load_role_key
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import Limits, loads_object
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp

SHARE_MEMBER = "x-xinzheng-share"
"""Member of a key in signed metadata that names its share (TUF specification, 4.2: other members are permitted)."""

_PURPOSE = b"xinzheng trust list share\n"  # no other signature of these keys begins so: metadata begins with {
_RECORD_JSON = Limits(max_bytes=16_384)
_KIND_OF_OCTETS = {32: KeyType.ED25519, 33: KeyType.P256, 49: KeyType.P384}  # a compressed point (SEC 1, 2.3.3)
_CURVES = {KeyType.P256: SECP256R1, KeyType.P384: SECP384R1}
_SCHEMES = {"ed25519": 32, "ecdsa-sha2-nistp256": 33, "ecdsa-sha2-nistp384": 49}
_KINDS = ", ".join(_SCHEMES)


@dataclass(frozen=True, kw_only=True)
class PublicShare:
    """What the others know of a share.

    Attributes:
        name: of the share.
        role: whose key it is: `root`, `targets`, `snapshot`, `timestamp`, `province-42`, `court-420683`.
        holder: who holds it.
        public: the public key: 32 octets of Ed25519, or the compressed point of P-256 (33) or P-384 (49).
        configuration: SHA-256 of the configuration by which it was made; empty for a court, which has none.
        made_at: when, aware.
        proof: signature of the key over all the others: 64 octets of Ed25519, or DER of ECDSA.
        issuer: SHA-256 of the `issuer.json` that a court hands in with it, lower-case hexadecimal; empty for a share
            of a ceremony.
    """

    name: str
    role: str
    holder: str
    public: bytes
    configuration: str
    made_at: datetime
    proof: bytes
    issuer: str = ""

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
            **({"issuer": self.issuer} if self.issuer else {}),
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
                issuer=str(content.get("issuer", "")),
            )
            key = record.key
            key.verify_signature(Signature(key.keyid, record.proof.hex()), record.message())
        except (CodedError, ValueError, LookupError, TypeError, AttributeError, UnverifiedSignatureError) as error:
            raise TrustListError("share_record_invalid", name=name) from error
        if record.to_bytes() != data:
            raise TrustListError("share_record_invalid", name=name)
        return record


def make_share(
    path: Path,
    *,
    name: str,
    role: str,
    holder: str,
    configuration: str,
    at: datetime,
    passphrase: PassphraseSource,
    custody: RoleCustody | None = None,
) -> PublicShare:
    """Make the key of a share: in a new file at `path`, mode 0600, or in a token, with its record beside `path`.

    Raises:
        KeyStoreError: (keys) the file is there already or cannot be written; the passphrase is short or missing.
        KeyURIError, TokenError: (keys) the token cannot be used.
    """
    signer = create_role_key(path, passphrase=passphrase, custody=custody)
    return public_share(signer, name=name, role=role, holder=holder, configuration=configuration, at=at)


def public_share(
    signer: RoleSigner, *, name: str, role: str, holder: str, configuration: str, at: datetime, issuer: str = ""
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
        issuer=issuer,
    )
    signature = bytes.fromhex(signer.sign(unsigned.message()).signature)
    return PublicShare(**{**unsigned.__dict__, "proof": signature})


def open_share(path: Path, *, passphrase: PassphraseSource, custody: RoleCustody | None = None) -> RoleSigner:
    """The signer of a share.

    Raises:
        KeyStoreError: (keys) the file cannot be opened.
        KeyURIError, TokenError: (keys) the token cannot be used.
        PublishingError: `role_key_record`.
    """
    return load_role_key(path, passphrase=passphrase, custody=custody)


def key_file(medium: Path, share: str) -> Path:
    """Where a medium keeps the key of a share; the record of one in a token lies beside."""
    return medium / f"{share}.pem"


def listed_key(name: str, public: bytes) -> Key:
    """A public key as metadata lists it, with the name of its share.

    Raises:
        ValueError: the octets are no public key.
    """
    plain = SSlibKey.from_crypto(_public_key(public))
    return SSlibKey(plain.keyid, plain.keytype, plain.scheme, plain.keyval, {SHARE_MEMBER: name})


def public_octets(key: Key) -> bytes:
    """The public key behind one of the metadata, as in `PublicShare.public`.

    Raises:
        TrustListError: `share_key_kind`.
    """
    try:
        octets = bytes.fromhex(key.keyval["public"]) if key.scheme == "ed25519" else _point(key.keyval["public"])
    except (ValueError, LookupError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        raise TrustListError("share_key_kind", found=key.scheme, expected=_KINDS) from error
    if len(octets) != _SCHEMES.get(key.scheme):
        raise TrustListError("share_key_kind", found=key.scheme, expected=_KINDS)
    return octets


def kind_of(public: bytes) -> KeyType:
    """The kind of a public key, by how many octets it has.

    Raises:
        ValueError: there is no such kind.
    """
    if len(public) not in _KIND_OF_OCTETS:
        raise ValueError("no public key")
    return _KIND_OF_OCTETS[len(public)]


def _public_key(octets: bytes) -> Ed25519PublicKey | EllipticCurvePublicKey:
    kind = kind_of(octets)
    if kind is KeyType.ED25519:
        return Ed25519PublicKey.from_public_bytes(octets)
    return EllipticCurvePublicKey.from_encoded_point(_CURVES[kind](), octets)


def _point(pem: str) -> bytes:
    return load_pem_public_key(pem.encode("ascii")).public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def share_name(key: Key) -> str:
    """The share of a key in signed metadata; empty where it bears none."""
    return str(key.unrecognized_fields.get(SHARE_MEMBER, ""))


def fingerprint(public: bytes) -> str:
    """SHA-256 of a public key, lower-case hexadecimal."""
    return hashlib.sha256(public).hexdigest()
