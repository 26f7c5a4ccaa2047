"""A TUF publisher in memory that can publish anything, good or bad.

    simulator = TUFSimulator(at=NOW)
    simulator.targets["courts/420683/issuer.json"] = b"…"
    walk(simulator.files(), root=simulator.root_bytes, seen=NOTHING_SEEN, at=NOW)

Members are changed between publications; signing and hashing happen when `files` is asked. What `files` returns is a
plain dictionary, to be spoiled further.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from support.zip_writer import Entry, archive
from xinzheng_schemas.timestamps import format_timestamp

Role = TypeVar("Role", Root, Timestamp, Snapshot, Targets)
ROLES = ("root", "timestamp", "snapshot", "targets")


@dataclass(kw_only=True)
class TUFSimulator:
    """A repository with its keys.

    Attributes:
        at: moment of publication; everything expires a while after it.
        keys: role → its keys in the root metadata.
        signers: role → the keys that really sign; taken from `keys` where a role is missing.
        threshold: role → signatures needed; 1 where a role is missing.
        roots: version → bytes of the root metadata published so far.
        version: of timestamp, snapshot and targets alike, unless `versions` says otherwise.
        versions: role → version that its metadata states.
        listed: role → version by which the metadata above names it.
        lifetimes: role → how long its metadata lasts.
        extra: role → further members of its signed part.
    """

    at: datetime
    keys: dict[str, list[CryptoSigner]] = field(default_factory=dict)
    signers: dict[str, list[CryptoSigner]] = field(default_factory=dict)
    threshold: dict[str, int] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)
    targets: dict[str, bytes] = field(default_factory=dict)
    version: int = 1
    versions: dict[str, int] = field(default_factory=dict)
    listed: dict[str, int] = field(default_factory=dict)
    lifetimes: dict[str, timedelta] = field(default_factory=dict)
    extra: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in ROLES:
            self.keys.setdefault(role, [CryptoSigner.generate_ed25519()])
        self.targets.setdefault("courts/420683/status/1/revocation.json", status_list("420683", "revocation"))
        if not self.roots:
            self.publish_root()

    @property
    def root_bytes(self) -> bytes:
        """The first root, as a lender gets it."""
        return self.roots[1]

    def publish_root(
        self, *, version: int | None = None, signers: Iterable[CryptoSigner] | None = None, **members: Any
    ) -> bytes:
        """The next root metadata with the present keys, signed by them unless told otherwise."""
        version = version or len(self.roots) + 1
        root = Root(version=version, expires=self._expiry("root"), consistent_snapshot=True)
        for role, keys in self.keys.items():
            for key in keys:
                root.add_key(key.public_key, role)
            root.roles[role].threshold = self.threshold.get(role, 1)
        for name, value in members.items():
            setattr(root, name, value)
        self.roots[version] = self.sign(root, signers=signers)
        return self.roots[version]

    def rotate(self, *roles: str) -> None:
        """New keys for these roles in a new root, which old and new root keys sign."""
        before = self.keys["root"]
        self.keys |= {role: [CryptoSigner.generate_ed25519()] for role in roles}
        self.publish_root(signers=[*before, *(key for key in self.keys["root"] if key not in before)])

    def sign(self, signed: Role, *, signers: Iterable[CryptoSigner] | None = None) -> bytes:
        role = signed.type
        metadata = Metadata(signed)
        for signer in self.signers.get(role, self.keys[role]) if signers is None else signers:
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def files(self) -> dict[str, bytes]:
        """Everything that the repository publishes now: name → content."""
        listed = {path: TargetFile.from_data(path, content, ["sha256"]) for path, content in self.targets.items()}
        targets = self.sign(Targets(**self._common("targets"), targets=listed))
        targets_version = self.listed.get("targets", self._version("targets"))
        meta = {"targets.json": MetaFile.from_data(targets_version, targets, ["sha256"])}
        snapshot = self.sign(Snapshot(**self._common("snapshot"), meta=meta))
        snapshot_version = self.listed.get("snapshot", self._version("snapshot"))
        timestamp = Timestamp(
            **self._common("timestamp"), snapshot_meta=MetaFile.from_data(snapshot_version, snapshot, ["sha256"])
        )
        return {
            **{f"metadata/{version}.root.json": root for version, root in self.roots.items()},
            "metadata/timestamp.json": self.sign(timestamp),
            f"metadata/{snapshot_version}.snapshot.json": snapshot,
            f"metadata/{targets_version}.targets.json": targets,
            **{target_name(path, content): content for path, content in self.targets.items()},
        }

    def bundle(self) -> bytes:
        """The repository as one file."""
        return pack(self.files())

    def next(self, *, after: timedelta = timedelta(hours=1)) -> "TUFSimulator":
        """Go on to the next publication."""
        self.version += 1
        self.at += after
        return self

    def _common(self, role: str) -> dict[str, Any]:
        extra = dict(self.extra.get(role, {}))
        if role == "timestamp":
            extra.setdefault("publishedAt", format_timestamp(self.at))
        return {
            "version": self._version(role),
            "expires": self._expiry(role),
            "unrecognized_fields": {name: value for name, value in extra.items() if value is not None},
        }

    def _version(self, role: str) -> int:
        return self.versions.get(role, self.version)

    def _expiry(self, role: str) -> datetime:
        days = {"timestamp": 7, "snapshot": 7, "targets": 90, "root": 365}[role]
        return self.at + self.lifetimes.get(role, timedelta(days=days))


def target_name(path: str, content: bytes) -> str:
    folder, _, base = path.rpartition("/")
    return f"targets/{folder}/{hashlib.sha256(content).hexdigest()}.{base}"


def status_list(court: str, purpose: str, **members: Any) -> bytes:
    """What a store reads of a status list: its id."""
    return json.dumps({"id": f"https://xz.example/status/{court}/1/{purpose}", **members}).encode()


def pack(files: Mapping[str, bytes]) -> bytes:
    return archive(Entry(name=name.encode(), content=content) for name, content in files.items())
