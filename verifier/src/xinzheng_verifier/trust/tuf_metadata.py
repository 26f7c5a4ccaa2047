"""One metadata file of TUF: read strictly, signed by enough keys, of the digest that another file states.

Importing this module imports python-tuf, which takes a while: callers import it where they need it.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Role, Root, Signed, Snapshot, Targets, Timestamp
from tuf.api.serialization import SerializationError

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import Limits, StrictJSONError, loads
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.errors import TrustError

Kind = TypeVar("Kind", Root, Timestamp, Snapshot, Targets)

PUBLISHED_AT: Final = "publishedAt"
"""Member of signed timestamp and targets metadata that says when it was made; absent in repositories of others."""
_SIGNATURE_SCHEMES = {"ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"}
_TOLD_APART = 8  # keys of one role; a court has one or two, a country's roles three to five
_SHORT_DIGEST = 16  # hexadecimal digits: 64 bits tell sets of keys apart that the delegator signed for


def parsed(data: bytes, kind: type[Kind], *, name: str, limits: Limits) -> Metadata[Kind]:
    """One metadata file of the kind expected (section 4), read strictly: `json` keeps the last of two equal names.

    Raises:
        TrustError: bundle_too_large, bundle_metadata.
    """
    try:
        content: Any = loads(data, limits=limits)
        metadata = Metadata.from_dict(content)
    except StrictJSONError as error:
        code = "bundle_too_large" if error.code == "too_large" else "bundle_metadata"
        raise TrustError(code, name=name, limit=limits.max_bytes) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise TrustError("bundle_metadata", name=name) from error
    if not isinstance(metadata.signed, kind) or type(metadata.signed.version) is not int:
        raise TrustError("bundle_metadata", name=name)
    return metadata


def check_threshold(metadata: Metadata[Kind], *, role: Role, keys: Mapping[str, Key], name: str) -> None:
    """Enough signatures by different keys of `role`; two identifiers of one key are one key.

    Raises:
        TrustError: bundle_threshold, bundle_metadata.
    """
    try:
        payload = metadata.signed_bytes
    except SerializationError as error:
        raise TrustError("bundle_metadata", name=name) from error
    valid = set()
    for key_id in role.keyids:
        key, signature = keys.get(key_id), metadata.signatures.get(key_id)
        material = key_material(key)
        if key is None or signature is None or material is None:
            continue
        try:
            key.verify_signature(signature, payload)
        except UnverifiedSignatureError:
            continue
        valid.add(material)
    if len(valid) < role.threshold:
        raise TrustError("bundle_threshold", name=name, valid=len(valid), threshold=role.threshold)


def key_material(key: Key | None) -> bytes | None:
    """The public key itself in one spelling; None for a kind of key that is not accepted."""
    if key is None or key.scheme not in _SIGNATURE_SCHEMES:
        return None
    try:
        if key.scheme == "ed25519":
            return bytes.fromhex(key.keyval["public"])
        point = load_pem_public_key(key.keyval["public"].encode())
        return point.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, LookupError, TypeError, AttributeError, UnsupportedAlgorithm):
        return None


def key_set(role: Role, keys: Mapping[str, Key]) -> frozenset[bytes]:
    """The public keys of a role, whatever they are called."""
    return frozenset(material for key_id in role.keyids if (material := key_material(keys.get(key_id))) is not None)


def key_set_digest(role: Role, keys: Mapping[str, Key]) -> str:
    """What is remembered of the public keys of a role: 16 hexadecimal digits of each, in order, between commas.

    Of more than eight all together: what one delegator names must not fill the memory of everybody.
    """
    short = sorted(map(_short_digest, key_set(role, keys)))
    return ",".join(short) if len(short) <= _TOLD_APART else _short_digest("".join(short).encode())


def _short_digest(material: bytes) -> str:
    return hashlib.sha256(hashlib.sha256(material).digest()).hexdigest()[:_SHORT_DIGEST]


def new_key_signed(metadata: Metadata[Kind], *, role: Role, keys: Mapping[str, Key], before: str, name: str) -> bool:
    """Whether metadata bears the signature of a key of its role that was none of the role's keys before.

    Args:
        metadata: of the role.
        role: how its delegator names it now.
        keys: id → public key, of its delegator.
        before: what is remembered of the keys that were named before, by `key_set_digest`; where they were more than it
            tells apart, any key is new.
        name: of the file.
    """
    former = frozenset(before.split(","))
    new = [key_id for key_id in role.keyids if key_set_digest(Role([key_id], 1), keys) not in former]
    with suppress(TrustError):
        check_threshold(metadata, role=Role(new, 1), keys=keys, name=name)
        return True
    return False


def required(files: Mapping[str, bytes], name: str) -> bytes:
    """The file of this name.

    Raises:
        TrustError: bundle_incomplete.
    """
    data = files.get(name)
    if data is None:
        raise TrustError("bundle_incomplete", name=name)
    return data


def check_digest(data: bytes, *, length: int | None, hashes: Mapping[str, str] | None, name: str) -> None:
    """Length and SHA-256 are stated, and are these.

    Raises:
        TrustError: bundle_metadata (not stated), bundle_hash.
    """
    sha256 = (hashes or {}).get("sha256")
    if length is None or sha256 is None:
        raise TrustError("bundle_metadata", name=name)
    if len(data) != length or hashlib.sha256(data).hexdigest() != sha256:
        raise TrustError("bundle_hash", name=name)


def refuse_rollback(name: str, *, version: int, seen: int) -> None:
    """No version falls below the one seen.

    Raises:
        TrustError: bundle_rollback.
    """
    if version < seen:
        raise TrustError("bundle_rollback", name=name, version=version, seen=seen)


def published_at(signed: Signed, *, name: str) -> datetime | None:
    """When metadata was made, by its own word; None if it does not say.

    Raises:
        TrustError: bundle_metadata.
    """
    stated = signed.unrecognized_fields.get(PUBLISHED_AT)
    try:
        return parse_timestamp(stated) if stated is not None else None
    except (CodedError, TypeError) as error:
        raise TrustError("bundle_metadata", name=name) from error


def attested_at(made: datetime | None, *, edition: datetime | None, at: datetime) -> datetime | None:
    """As of when a court vouched: by its own word, or where that has yet to come, when an edition with it was made.

    Whoever has the key of timestamp can date an edition back: of a word that has come it says nothing.

    Args:
        made: the word; None if there is none.
        edition: when the edition was made, by its own word; None if it does not say.
        at: the moment of judgement.
    """
    return made if made is None or edition is None or made <= at else min(made, edition)


def is_later(made: datetime | None, before: datetime) -> bool:
    """Whether metadata was made after a moment; what says none was not."""
    return made is not None and made > before
