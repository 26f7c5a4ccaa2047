"""A TUF publisher in memory that can publish anything, good or bad.

    simulator = TUFSimulator(at=NOW)
    simulator.targets["courts/420683/issuer.json"] = b"…"
    walk(simulator.files(), root=simulator.root_bytes, seen=NOTHING_SEEN, at=NOW)

    simulator.entrust("province-42")
    simulator.entrust("court-420683", by="province-42").targets[…] = b"…"

Members are changed between publications; signing and hashing happen when `files` is asked. What `files` returns is a
plain dictionary, to be spoiled further.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.trust import archive
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.names import EXTENT_FILE

Role = TypeVar("Role", Root, Timestamp, Snapshot, Targets)
ROLES = ("root", "timestamp", "snapshot", "targets")


def new_key() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()


@dataclass(kw_only=True)
class Entrusted:
    """A delegated role.

    Attributes:
        by: the role that delegates to it.
        paths: what it is entrusted with.
        targets: path → content of what it lists.
        keys: its keys, as its delegator names them.
        signers: the keys that really sign; None is `keys`.
        version: what its metadata states; None is the version of the repository.
        listed: version by which the snapshot names it; None is the one that it states, 0 leaves it out.
        digest: whether the snapshot states length and digest.
        published_at: as of when it attests; None says nothing.
    """

    by: str
    paths: list[str]
    published_at: datetime | None
    targets: dict[str, bytes] = field(default_factory=dict)
    keys: list[CryptoSigner] = field(default_factory=lambda: [new_key()])
    signers: list[CryptoSigner] | None = None
    threshold: int = 1
    version: int | None = None
    listed: int | None = None
    digest: bool = False
    lifetime: timedelta = timedelta(days=7)
    terminating: bool = True


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
        entrusted: name of each delegated role → what is known of it.
        named: further entries of the snapshot: name of a file → version.
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
    entrusted: dict[str, Entrusted] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in ROLES:
            self.keys.setdefault(role, [new_key()])
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
        self.keys |= {role: [new_key()] for role in roles}
        self.publish_root(signers=[*before, *(key for key in self.keys["root"] if key not in before)])

    def sign(self, signed: Role, *, signers: Iterable[CryptoSigner] | None = None) -> bytes:
        role = signed.type
        metadata = Metadata(signed)
        for signer in self.signers.get(role, self.keys[role]) if signers is None else signers:
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def entrust(self, role: str, *, by: str = "targets", paths: list[str] | None = None) -> Entrusted:
        """A delegated role, with what its name stands for unless told otherwise."""
        kind, _, code = role.partition("-")
        usual = [f"courts/{code}*/issuer.json", f"courts/{code}*/status/*/*"]
        if kind == "court":
            usual = [f"courts/{code}/status/*/*"]
        made = Entrusted(by=by, paths=usual if paths is None else paths, published_at=self.at)
        self.entrusted[role] = made
        return made

    def country(self, *codes: str) -> None:
        """These courts below their provinces, each with a revocation list, and nothing at the top."""
        self.targets.clear()
        for code in codes:
            province = f"province-{code[:2]}"
            if province not in self.entrusted:
                self.entrust(province)
            court = self.entrust(f"court-{code}", by=province)
            court.targets[f"courts/{code}/status/1/revocation.json"] = status_list(code, "revocation")

    def files(self) -> dict[str, bytes]:
        """Everything that the repository publishes now: name → content."""
        targets = self.sign(
            Targets(**self._common("targets"), targets=listing(self.targets), delegations=self._delegations("targets"))
        )
        delegated = {role: self._delegated(role, entrusted) for role, entrusted in self.entrusted.items()}
        targets_version = self.listed.get("targets", self._version("targets"))
        meta = {"targets.json": MetaFile.from_data(targets_version, targets, ["sha256"])}
        meta |= {
            f"{role}.json": self._meta(entrusted, delegated[role])
            for role, entrusted in self.entrusted.items()
            if entrusted.listed != 0
        }
        meta |= {name: MetaFile(version) for name, version in self.named.items()}
        snapshot = self.sign(Snapshot(**self._common("snapshot"), meta=meta))
        snapshot_version = self.listed.get("snapshot", self._version("snapshot"))
        timestamp = Timestamp(
            **self._common("timestamp"), snapshot_meta=MetaFile.from_data(snapshot_version, snapshot, ["sha256"])
        )
        named = [(targets_version, "targets", targets), (snapshot_version, "snapshot", snapshot)]
        named += [
            (entrusted.listed or self._stated(entrusted), role, delegated[role])
            for role, entrusted in self.entrusted.items()
        ]
        contents = [self.targets, *(entrusted.targets for entrusted in self.entrusted.values())]
        return {
            **{f"metadata/{version}.root.json": root for version, root in self.roots.items()},
            "metadata/timestamp.json": self.sign(timestamp),
            **{f"metadata/{version}.{role}.json": content for version, role, content in named},
            **{target_name(path, content): content for files in contents for path, content in files.items()},
        }

    def bundle(self) -> bytes:
        """The repository as one file."""
        return pack(self.files())

    def next(self, *, after: timedelta = timedelta(hours=1)) -> "TUFSimulator":
        """Go on to the next publication."""
        self.version += 1
        self.at += after
        return self

    def _delegations(self, role: str) -> Delegations | None:
        children = {name: entrusted for name, entrusted in self.entrusted.items() if entrusted.by == role}
        if not children:
            return None
        keys: dict[str, Key] = {
            key.public_key.keyid: key.public_key for child in children.values() for key in child.keys
        }
        roles = {
            name: DelegatedRole(
                name,
                [key.public_key.keyid for key in child.keys],
                child.threshold,
                child.terminating,
                paths=child.paths,
            )
            for name, child in children.items()
        }
        return Delegations(keys, roles)

    def _delegated(self, role: str, entrusted: Entrusted) -> bytes:
        moment = entrusted.published_at
        targets = Targets(
            version=self._stated(entrusted),
            expires=self.at + entrusted.lifetime,
            targets=listing(entrusted.targets),
            delegations=self._delegations(role),
            unrecognized_fields={} if moment is None else {"publishedAt": format_timestamp(moment)},
        )
        return self.sign(targets, signers=entrusted.keys if entrusted.signers is None else entrusted.signers)

    def _stated(self, entrusted: Entrusted) -> int:
        return self.version if entrusted.version is None else entrusted.version

    def _meta(self, entrusted: Entrusted, content: bytes) -> MetaFile:
        version = self._stated(entrusted) if entrusted.listed is None else entrusted.listed
        return MetaFile.from_data(version, content, ["sha256"]) if entrusted.digest else MetaFile(version)

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


def listing(contents: Mapping[str, bytes]) -> dict[str, TargetFile]:
    return {path: TargetFile.from_data(path, content, ["sha256"]) for path, content in contents.items()}


def target_name(path: str, content: bytes) -> str:
    folder, _, base = path.rpartition("/")
    return f"targets/{folder}/{hashlib.sha256(content).hexdigest()}.{base}"


def status_list(court: str, purpose: str, **members: Any) -> bytes:
    """What a store reads of a status list: its id."""
    return json.dumps({"id": f"https://xz.example/status/{court}/1/{purpose}"} | members).encode()


def pack(files: Mapping[str, bytes]) -> bytes:
    """A bundle of these files, `bundle.json` among them if it can be made, or else as they are."""
    return archive.pack(files if EXTENT_FILE in files else select(files))
