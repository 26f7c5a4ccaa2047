"""The client workflow of The Update Framework, specification 1.0, sections 5.3 to 5.7: over bytes and one moment.

Rules:
- The root given is the only source of trust; everything else is believed because a chain of signatures and digests
  leads to it. Nothing is read but `files`, and no clock but `at`.
- Each later root is one version higher, and signed by a threshold of the keys before it and of its own (5.3.4, 5.3.5).
- No version falls below what was `seen` (5.4.3, 5.5.5), unless the keys that vouched for it were replaced (5.3.11).
- Timestamp → snapshot → targets → files: each is named by the one before it with version, length and SHA-256, so that
  no two moments of a repository can be mixed (5.5.2, 5.5.4, 5.6.2, 5.6.4, 5.7). Delegated targets may be named by
  version alone (4.4): they are signed, and their signer gives each version once.
- An expired root is refused (5.3.10). An expired timestamp, snapshot or targets is not: `expires` is handed on, and
  the verdict on a certificate says how old the knowledge behind it is. This differs from 5.4.4, 5.5.6 and 5.6.5. A
  province's or court's metadata that has expired attests nothing any more, and a province's word of who its courts are
  counts until then (`issuer_terms`).
- Where `at` is earlier than the last timestamp that was believed says of itself, that moment counts, unless the keys
  that vouched for it were replaced. No timestamp may say that it was made when itself or the root has expired: whoever
  steals its key moves time no further than that, and no further than to the next root.

Stricter than the specification: digests and lengths are required at the top, not optional; consistent snapshots are
required; signatures are counted by distinct public key, not by key identifier; two timestamps of one version must be
the same bytes; no file may be present that nothing names; what may be delegated is fixed (`delegations`).
Other than 5.5.5, metadata of a role may vanish from the snapshot once nobody entrusts the role any more, and its
version may fall once its delegator names other keys for it, by the word of a new one, and of a court by a later word:
both take the delegator's signature.

Importing this module imports python-tuf, which takes a while: callers import it where they need it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tuf.api.metadata import Metadata, Root, Snapshot, Timestamp

from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_ROOT_STEPS, ROOT_JSON, SNAPSHOT_JSON, TIMESTAMP_JSON
from xinzheng_verifier.trust.delegations import TOP, Listed, Walk
from xinzheng_verifier.trust.extent import WHOLE, Extent
from xinzheng_verifier.trust.names import EXTENT_FILE, METADATA_FILE
from xinzheng_verifier.trust.seen import Seen, roles_over
from xinzheng_verifier.trust.store import IssuerTerm
from xinzheng_verifier.trust.tuf_metadata import (
    PUBLISHED_AT,
    Kind,
    check_digest,
    check_threshold,
    is_later,
    key_set,
    parsed,
    published_at,
    refuse_rollback,
    required,
)

__all__ = ["PUBLISHED_AT", "TrustedRepository", "walk"]

_TARGETS = f"{TOP}.json"
_AND: Final = ",,"
"""Between the keys of a court under which it said something last, and others that were named since."""

_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class TrustedRepository:
    """What the root vouches for.

    Attributes:
        root: the last root of the chain; the one to start from next time.
        root_version: its version.
        seen: what to remember.
        expires: the earliest expiry among root, timestamp, snapshot and targets; at this instant they have expired.
        targets: path of each target file → its content.
        attested: path of each status list that is vouched for → as of when the role that lists it says that it is
            current; not those of roles that have expired.
        issuer_terms: path of each issuer document that a province lists → until when that counts.
        extent: what belongs to the bundle.
        role_expires: name of each role that was read → its expiry.
    """

    root: bytes
    root_version: int
    seen: Seen
    expires: datetime
    targets: Mapping[str, bytes]
    attested: Mapping[str, datetime]
    issuer_terms: Mapping[str, IssuerTerm]
    extent: Extent
    role_expires: Mapping[str, datetime]


def walk(files: Mapping[str, bytes], *, root: bytes, seen: Seen, at: datetime) -> TrustedRepository:
    """Lead the chain from `root` to every target file.

    Args:
        files: name in the repository (`metadata/2.root.json`, `targets/…`) → content; `bundle.json` says what part
            of the repository it is, without it it is all.
        root: root metadata that is trusted already, as bytes of its file.
        seen: what was believed before.
        at: the moment of judgement, aware; a moment before the last timestamp was made counts as that one.

    Raises:
        TrustError: bundle_root, bundle_threshold, bundle_expired (the root), bundle_rollback, bundle_conflict,
            bundle_time, bundle_hash, bundle_mixed, bundle_incomplete, bundle_unlisted, bundle_metadata,
            bundle_too_large, bundle_version, bundle_extent, bundle_delegation, bundle_undelegated,
            bundle_target_twice.
    """
    extent = Extent.parse(files[EXTENT_FILE]) if EXTENT_FILE in files else WHOLE
    first = _trusted_root(root)
    last, root = _root_chain(files, first, root)
    seen = seen.without_online_keys(at=at) if _replaced(first.signed, last.signed) else seen
    at = max(at, seen.published_at or at)
    if at >= last.signed.expires:
        raise TrustError("bundle_expired", role="root", expired=format_timestamp(last.signed.expires))
    timestamp, timestamp_bytes = _timestamp(files, last.signed, seen, edition=extent.edition)
    snapshot = _snapshot(files, last.signed, timestamp)
    made = _made(timestamp, last.signed)
    listed = Walk(files, snapshot, extent=extent, seen=seen, at=at, latest=made).run(last.signed)
    top = {"timestamp": timestamp.expires, "snapshot": snapshot.expires, TOP: listed.expires[TOP]}
    listed.names |= {EXTENT_FILE, "metadata/timestamp.json", f"metadata/{snapshot.version}.snapshot.json"}
    _refuse_unlisted(files, listed)
    return TrustedRepository(
        root=root,
        root_version=last.signed.version,
        seen=_to_remember(timestamp, timestamp_bytes, snapshot, listed, seen=seen, extent=extent, at=at),
        expires=min(last.signed.expires, *top.values()),
        targets=listed.targets,
        attested=listed.attested,
        issuer_terms=listed.issuer_terms,
        extent=extent,
        role_expires={"root": last.signed.expires, **top, **listed.expires},
    )


def _trusted_root(data: bytes) -> Metadata[Root]:
    """5.3.2: the root to start from, which must at least be signed by its own threshold."""
    metadata = parsed(data, Root, name="root.json", limits=ROOT_JSON)
    _check_signed(metadata, "root", by=metadata.signed, name="root.json")
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
        following = parsed(data, Root, name=name, limits=ROOT_JSON)
        if following.signed.version != version:
            raise TrustError("bundle_root", version=following.signed.version)
        try:
            _check_signed(following, "root", by=last.signed, name=name)
            _check_signed(following, "root", by=following.signed, name=name)
        except TrustError as error:
            raise TrustError("bundle_root", version=version) from error
        last, root = following, data
    if last.signed.consistent_snapshot is not True:
        raise TrustError("bundle_metadata", name=f"{last.signed.version}.root.json")
    return last, root


def _root_version(name: str) -> int:
    match = METADATA_FILE.fullmatch(name)
    return int(match["version"]) if match and match["role"] == "root" and match["version"] else 0


def _replaced(first: Root, last: Root) -> bool:
    """5.3.11: whether the keys of timestamp or snapshot were replaced, which undoes a fast-forward of versions."""
    return any(
        key_set(first.roles[role], first.keys) != key_set(last.roles[role], last.keys)
        for role in ("timestamp", "snapshot")
    )


def _timestamp(files: Mapping[str, bytes], root: Root, seen: Seen, *, edition: int | None) -> tuple[Timestamp, bytes]:
    """5.4.1 to 5.4.3; the bundle says which edition it is, and its timestamp must be of that version."""
    name = "timestamp.json"
    data = required(files, f"metadata/{name}")
    metadata = parsed(data, Timestamp, name=name, limits=TIMESTAMP_JSON)
    _check_signed(metadata, "timestamp", by=root, name=name)
    timestamp = metadata.signed
    refuse_rollback(name, version=timestamp.version, seen=seen.timestamp)
    if timestamp.version == seen.timestamp and hashlib.sha256(data).hexdigest() != seen.timestamp_sha256:
        raise TrustError("bundle_conflict", version=timestamp.version)
    if edition not in {None, timestamp.version}:
        raise TrustError("bundle_mixed", name=name, version=timestamp.version, expected=edition)
    refuse_rollback("snapshot.json", version=timestamp.snapshot_meta.version, seen=seen.snapshot)
    return timestamp, data


def _made(timestamp: Timestamp, root: Root) -> datetime | None:
    """When the timestamp says that it was made: a moment at which itself and the root are good."""
    made = published_at(timestamp, name="timestamp.json")
    if made is not None and made >= min(timestamp.expires, root.expires):
        raise TrustError("bundle_time", made=format_timestamp(made))
    return made


def _snapshot(files: Mapping[str, bytes], root: Root, timestamp: Timestamp) -> Snapshot:
    """5.5.1 to 5.5.4; what it names is compared with what was seen once the delegators are known (5.5.5)."""
    listed = timestamp.snapshot_meta
    name = f"{listed.version}.snapshot.json"
    data = required(files, f"metadata/{name}")
    check_digest(data, length=listed.length, hashes=listed.hashes, name=name)
    metadata = parsed(data, Snapshot, name=name, limits=SNAPSHOT_JSON)
    _check_signed(metadata, "snapshot", by=root, name=name)
    if metadata.signed.version != listed.version:
        raise TrustError("bundle_mixed", name="snapshot.json", version=metadata.signed.version, expected=listed.version)
    return metadata.signed


def _check_signed(metadata: Metadata[Kind], role: str, *, by: Root, name: str) -> None:
    check_threshold(metadata, role=by.roles[role], keys=by.keys, name=name)


def _refuse_unlisted(files: Mapping[str, bytes], listed: Listed) -> None:
    for name in files:
        if name not in listed.names and not _root_version(name):
            raise TrustError("bundle_unlisted", name=name)


def _to_remember(
    timestamp: Timestamp, data: bytes, snapshot: Snapshot, listed: Listed, *, seen: Seen, extent: Extent, at: datetime
) -> Seen:
    """What was read now, and of what the extent leaves out what was remembered before.

    Numbers of a court's lists are forgotten with the keys that vouched for them (5.3.11): where its delegator names
    other keys for it, or any for the first time, and they sign what was made later, a thief who pushed them up has no
    lasting effect. Until they do, the keys of before stay remembered besides. Keys and moments stay remembered of roles
    that are gone as long as numbers of their lists do.
    """
    anew = {
        name
        for name, keys in listed.keys.items()
        if seen.keys.get(name) != keys and (name not in seen.made or is_later(listed.made.get(name), seen.made[name]))
    }
    waiting = {
        name: keys if keys == listed.keys[name] else f"{keys.partition(_AND)[0]}{_AND}{listed.keys[name]}"
        for name, keys in seen.keys.items()
        if name in listed.keys and name not in anew
    }
    numbers = {path: number for path, number in seen.sequences.items() if f"{roles_over(path)[0]}.json" not in anew}
    numbered = {f"{role}.json" for path in seen.sequences for role in roles_over(path)}
    known = [name for name in seen.keys if name not in listed.keys and (name in numbered or name in seen.metadata)]
    kept = [name for name in seen.metadata if not extent.includes(f"metadata/1.{name}")]
    made = published_at(timestamp, name="timestamp.json")
    return Seen(
        timestamp=timestamp.version,
        timestamp_sha256=hashlib.sha256(data).hexdigest(),
        snapshot=snapshot.version,
        metadata={name: seen.metadata[name] for name in kept} | listed.versions,
        keys={name: seen.keys[name] for name in known} | listed.keys | waiting,
        made={name: seen.made[name] for name in (*known, *listed.keys) if name in seen.made}
        # The online keys vouch for the edition's moment: it takes none back.
        | {name: max(min(moment, at), seen.made.get(name, _EVER)) for name, moment in listed.made.items()},
        published_at=max(filter(None, (made, seen.published_at)), default=None),
        sequences=numbers,
    )
