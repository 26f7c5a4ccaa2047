"""The client workflow of The Update Framework, specification 1.0, sections 5.3 to 5.7: over bytes and one moment.

Rules:
- The root given is the only source of trust; everything else is believed because a chain of signatures and digests
  leads to it. Nothing is read but `files`, and no clock but `at`.
- Each later root is one version higher, and signed by a threshold of the keys before it and of its own (5.3.4, 5.3.5).
- No version falls below what was `seen` (5.4.3, 5.5.5), unless the keys that vouched for it were replaced (5.3.11).
- Timestamp → snapshot → targets → files: each is named by the one before it with version, length and SHA-256, so that
  no two moments of a repository can be mixed (5.5.2, 5.5.4, 5.6.2, 5.6.4, 5.7).
- An expired root is refused (5.3.10). An expired timestamp, snapshot or targets is not: `expires` is handed on, and
  the verdict on a certificate says how old the knowledge behind it is. This differs from 5.4.4, 5.5.6 and 5.6.5.

Stricter than the specification: digests and lengths are required, not optional; consistent snapshots are required;
signatures are counted by distinct public key, not by key identifier; two timestamps of one version must be the same
bytes; no file may be present that nothing names. Delegated targets are not walked: their names are refused.

Importing this module imports python-tuf, which takes a while: callers import it where they need it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import SerializationError

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import Limits, StrictJSONError, loads
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_ROOT_STEPS, ROOT_JSON, SNAPSHOT_JSON, TARGETS_JSON, TIMESTAMP_JSON
from xinzheng_verifier.trust.seen import Seen

Role = TypeVar("Role", Root, Timestamp, Snapshot, Targets)

PUBLISHED_AT: Final = "publishedAt"
"""Member of the signed timestamp metadata that says when it was made; absent in repositories of others."""
_TARGETS = "targets.json"
_SIGNATURE_SCHEMES = {"ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"}


@dataclass(frozen=True, kw_only=True)
class TrustedRepository:
    """What the root vouches for.

    Attributes:
        root: the last root of the chain; the one to start from next time.
        root_version: its version.
        seen: what to remember.
        expires: the earliest expiry among root, timestamp, snapshot and targets; at this instant they have expired.
        targets: path of each target file → its content.
    """

    root: bytes
    root_version: int
    seen: Seen
    expires: datetime
    targets: Mapping[str, bytes]


def walk(files: Mapping[str, bytes], *, root: bytes, seen: Seen, at: datetime) -> TrustedRepository:
    """Lead the chain from `root` to every target file.

    Args:
        files: name in the repository (`metadata/2.root.json`, `targets/…`) → content.
        root: root metadata that is trusted already, as bytes of its file.
        seen: what was believed before.
        at: the moment of judgement, aware.

    Raises:
        TrustError: bundle_root, bundle_threshold, bundle_expired (the root), bundle_rollback, bundle_conflict,
            bundle_hash, bundle_mixed, bundle_incomplete, bundle_unlisted, bundle_metadata, bundle_too_large.
    """
    first = _trusted_root(root)
    last, root = _root_chain(files, first, root)
    if at >= last.signed.expires:
        raise TrustError("bundle_expired", role="root", expired=format_timestamp(last.signed.expires))
    seen = Seen() if _replaced(first.signed, last.signed) else seen
    timestamp, timestamp_bytes = _timestamp(files, last.signed, seen)
    snapshot = _snapshot(files, last.signed, timestamp, seen)
    targets = _targets(files, last.signed, snapshot)
    names = _target_names(targets)
    listed = (
        f"metadata/{name}.json" for name in ("timestamp", f"{snapshot.version}.snapshot", f"{targets.version}.targets")
    )
    _refuse_unlisted(files, (*listed, *names.values()))
    roles = (last.signed, timestamp, snapshot, targets)
    return TrustedRepository(
        root=root,
        root_version=last.signed.version,
        seen=_to_remember(timestamp, timestamp_bytes, snapshot, seen),
        expires=min(role.expires for role in roles),
        targets={path: _target_file(files, targets.targets[path], name=name) for path, name in names.items()},
    )


def _trusted_root(data: bytes) -> Metadata[Root]:
    """5.3.2: the root to start from, which must at least be signed by its own threshold."""
    metadata = _parsed(data, Root, name="root.json", limits=ROOT_JSON)
    _check_threshold(metadata, by=metadata.signed, name="root.json")
    return metadata


def _root_chain(files: Mapping[str, bytes], first: Metadata[Root], root: bytes) -> tuple[Metadata[Root], bytes]:
    """5.3.3 to 5.3.9: from the trusted root, one version at a time, to the last one that is there."""
    last, newest = first, max((_root_version(name) for name in files), default=0)
    while last.signed.version < newest:
        version = last.signed.version + 1
        name = f"{version}.root.json"
        data = files.get(f"metadata/{name}")
        if data is None or version - first.signed.version > MAX_ROOT_STEPS:
            raise TrustError("bundle_root", version=version)
        following = _parsed(data, Root, name=name, limits=ROOT_JSON)
        if following.signed.version != version:
            raise TrustError("bundle_root", version=following.signed.version)
        try:
            _check_threshold(following, by=last.signed, name=name)
            _check_threshold(following, by=following.signed, name=name)
        except TrustError as error:
            raise TrustError("bundle_root", version=version) from error
        last, root = following, data
    if last.signed.consistent_snapshot is not True:
        raise TrustError("bundle_metadata", name=f"{last.signed.version}.root.json")
    return last, root


def _root_version(name: str) -> int:
    version, _, rest = name.removeprefix("metadata/").partition(".")
    return int(version) if rest == "root.json" and version.isdecimal() else 0


def _replaced(first: Root, last: Root) -> bool:
    """5.3.11: whether the keys of timestamp or snapshot were replaced, which undoes a fast-forward of versions."""
    return any(
        {_key_material(first.keys.get(key)) for key in first.roles[role].keyids}
        != {_key_material(last.keys.get(key)) for key in last.roles[role].keyids}
        for role in ("timestamp", "snapshot")
    )


def _timestamp(files: Mapping[str, bytes], root: Root, seen: Seen) -> tuple[Timestamp, bytes]:
    """5.4.1 to 5.4.3."""
    name = "timestamp.json"
    data = _required(files, f"metadata/{name}")
    metadata = _parsed(data, Timestamp, name=name, limits=TIMESTAMP_JSON)
    _check_threshold(metadata, by=root, name=name)
    timestamp = metadata.signed
    _refuse_rollback(name, version=timestamp.version, seen=seen.timestamp)
    if timestamp.version == seen.timestamp and hashlib.sha256(data).hexdigest() != seen.timestamp_sha256:
        raise TrustError("bundle_conflict", version=timestamp.version)
    _refuse_rollback("snapshot.json", version=timestamp.snapshot_meta.version, seen=seen.snapshot)
    return timestamp, data


def _snapshot(files: Mapping[str, bytes], root: Root, timestamp: Timestamp, seen: Seen) -> Snapshot:
    """5.5.1 to 5.5.5."""
    snapshot = _listed(files, timestamp.snapshot_meta, kind=Snapshot, by=root, limits=SNAPSHOT_JSON)
    for name, version in seen.metadata.items():
        listed = snapshot.meta.get(name)
        _refuse_rollback(name, version=listed.version if listed else 0, seen=version)
    if set(snapshot.meta) != {_TARGETS}:
        raise TrustError("bundle_metadata", name="snapshot.json")
    return snapshot


def _targets(files: Mapping[str, bytes], root: Root, snapshot: Snapshot) -> Targets:
    """5.6.1 to 5.6.4."""
    return _listed(files, snapshot.meta[_TARGETS], kind=Targets, by=root, limits=TARGETS_JSON)


def _listed(files: Mapping[str, bytes], listed: MetaFile, *, kind: type[Role], by: Root, limits: Limits) -> Role:
    """A metadata file that another one names: digest first, then signatures, then version."""
    name = f"{kind.type}.json"
    name_with_version = f"{listed.version}.{name}"
    data = _required(files, f"metadata/{name_with_version}")
    _check_digest(data, length=listed.length, hashes=listed.hashes, name=name_with_version)
    metadata = _parsed(data, kind, name=name_with_version, limits=limits)
    _check_threshold(metadata, by=by, name=name_with_version)
    if metadata.signed.version != listed.version:
        raise TrustError("bundle_mixed", name=name, version=metadata.signed.version, expected=listed.version)
    return metadata.signed


def _target_names(targets: Targets) -> dict[str, str]:
    """Path of each target → the name that consistent snapshots give it (6.2)."""
    names = {}
    for path, listed in targets.targets.items():
        folder, _, base = path.rpartition("/")
        names[path] = f"targets/{folder}/{listed.hashes.get('sha256')}.{base}"
    return names


def _target_file(files: Mapping[str, bytes], listed: TargetFile, *, name: str) -> bytes:
    """5.7."""
    data = _required(files, name)
    _check_digest(data, length=listed.length, hashes=listed.hashes, name=listed.path)
    return data


def _refuse_unlisted(files: Mapping[str, bytes], names: Iterable[str]) -> None:
    named = set(names)
    for name in files:
        if name not in named and not _root_version(name):
            raise TrustError("bundle_unlisted", name=name)


def _to_remember(timestamp: Timestamp, data: bytes, snapshot: Snapshot, seen: Seen) -> Seen:
    stated = timestamp.unrecognized_fields.get(PUBLISHED_AT)
    try:
        published_at = parse_timestamp(stated) if stated is not None else None
    except (CodedError, TypeError) as error:
        raise TrustError("bundle_metadata", name="timestamp.json") from error
    return Seen(
        timestamp=timestamp.version,
        timestamp_sha256=hashlib.sha256(data).hexdigest(),
        snapshot=snapshot.version,
        metadata={name: listed.version for name, listed in snapshot.meta.items()},
        published_at=max(filter(None, (published_at, seen.published_at)), default=None),
    )


def _parsed(data: bytes, kind: type[Role], *, name: str, limits: Limits) -> Metadata[Role]:
    """One metadata file of the kind expected (section 4), read strictly: `json` keeps the last of two equal names."""
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


def _check_threshold(metadata: Metadata[Role], *, by: Root, name: str) -> None:
    """Enough signatures by different keys of the role that `by` names; two identifiers of one key are one key."""
    try:
        payload = metadata.signed_bytes
    except SerializationError as error:
        raise TrustError("bundle_metadata", name=name) from error
    role = by.roles[metadata.signed.type]
    valid = set()
    for key_id in role.keyids:
        key, signature = by.keys.get(key_id), metadata.signatures.get(key_id)
        material = _key_material(key)
        if key is None or signature is None or material is None:
            continue
        try:
            key.verify_signature(signature, payload)
        except UnverifiedSignatureError:
            continue
        valid.add(material)
    if len(valid) < role.threshold:
        raise TrustError("bundle_threshold", name=name, valid=len(valid), threshold=role.threshold)


def _key_material(key: Key | None) -> bytes | None:
    """The public key itself in one spelling; None for a kind of key that is not accepted."""
    if key is None or key.scheme not in _SIGNATURE_SCHEMES:
        return None
    try:
        if key.scheme == "ed25519":
            return bytes.fromhex(key.keyval["public"])
        point = load_pem_public_key(key.keyval["public"].encode())
        return point.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _required(files: Mapping[str, bytes], name: str) -> bytes:
    data = files.get(name)
    if data is None:
        raise TrustError("bundle_incomplete", name=name)
    return data


def _check_digest(data: bytes, *, length: int | None, hashes: Mapping[str, str] | None, name: str) -> None:
    sha256 = (hashes or {}).get("sha256")
    if length is None or sha256 is None:
        raise TrustError("bundle_metadata", name=name)
    if len(data) != length or hashlib.sha256(data).hexdigest() != sha256:
        raise TrustError("bundle_hash", name=name)


def _refuse_rollback(name: str, *, version: int, seen: int) -> None:
    if version < seen:
        raise TrustError("bundle_rollback", name=name, version=version, seen=seen)
