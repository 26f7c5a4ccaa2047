"""Targets metadata and what it delegates: country → provinces → courts (TUF specification 1.0, 5.6 and 4.5).

    targets         courts/*/issuer.json, and anything if it entrusts nobody;
                    entrusts provinces, or single courts of provinces that it does not entrust
    province-<PP>   courts/<PP>*/issuer.json; entrusts its courts with courts/<PP>*/status/*/*
    court-<code>    courts/<code>/status/*/*

Stricter than the specification: a role is entrusted by one other and once, with no more than its name stands for and no
more than its delegator has; a path is listed by one role; whoever lists what it was not entrusted with is refused, not
passed over. So the paths of two roles side by side never overlap, no search for a target depends on their order, and
`terminating` changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from securesystemslib.signer import Key
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, MetaFile, Role, Root, Snapshot, TargetFile, Targets

from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_DELEGATED_ROLES, TARGETS_JSON
from xinzheng_verifier.trust.extent import Extent
from xinzheng_verifier.trust.names import CHANGES, DELEGATED_ROLE, ISSUER_FILE, TARGET_PATH, target_name
from xinzheng_verifier.trust.seen import Seen
from xinzheng_verifier.trust.store import IssuerTerm
from xinzheng_verifier.trust.tuf_metadata import (
    attested_at,
    check_digest,
    check_threshold,
    is_later,
    key_set_digest,
    new_key_signed,
    parsed,
    published_at,
    refuse_rollback,
    required,
)

TOP: Final = "targets"
_TOP_FILE: Final = f"{TOP}.json"
_NO_DELEGATIONS: Final = Delegations(keys={}, roles={})


@dataclass(kw_only=True)
class Listed:
    """What all roles together say.

    Attributes:
        targets: path → content.
        attested: path of a status list → as of when the role that lists it says that it is current.
        issuer_terms: path of an issuer document → until when the role below the top that lists it says so.
        versions: name of each role's metadata file in the snapshot → its version.
        keys: likewise → short digest of the keys that its delegator names.
        made: likewise of each court → as of when it attests, no later than the edition; missing where it does not say.
        expires: name of each role → its expiry.
        names: every file that was named, as it is called in the repository.
        entrusted: every role that some other one entrusts, there or left out.
    """

    targets: dict[str, bytes] = field(default_factory=dict)
    attested: dict[str, datetime] = field(default_factory=dict)
    issuer_terms: dict[str, IssuerTerm] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    made: dict[str, datetime] = field(default_factory=dict)
    expires: dict[str, datetime] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    entrusted: set[str] = field(default_factory=set)


class _Scope(NamedTuple):
    """What a role may list: of which courts, and which of their files.

    Attributes:
        role: its name.
        courts: beginning of their codes; of a court's own role the whole code.
        exact: whether it is the whole code.
        issuers: whether it may say who the courts are.
        statuses: whether it may say what their status lists are, or entrust that.
    """

    role: str
    courts: str
    exact: bool
    issuers: bool
    statuses: bool

    def holds(self, path: str) -> bool:
        match = TARGET_PATH.fullmatch(path)
        if match is None or not (self.issuers if match["issuer"] else self.statuses):
            return False
        court: str = match["court"]
        return court == self.courts if self.exact else court.startswith(self.courts)

    def lists(self, path: str, *, entrusts: bool) -> bool:
        """Whether it may say what a file is: a status list is listed by a court's own role, or by a top without others.

        Args:
            path: of the file.
            entrusts: whether the role entrusts anybody with anything.
        """
        lists_statuses = self.exact or (self.role == TOP and not entrusts)
        return self.holds(path) and (lists_statuses or path.endswith(ISSUER_FILE))

    def holds_scope(self, other: "_Scope") -> bool:
        if self.exact or not other.courts.startswith(self.courts):
            return False
        return (self.issuers or not other.issuers) and (self.statuses or not other.statuses)


_EVERYTHING = _Scope(TOP, "", exact=False, issuers=True, statuses=True)


class _Step(NamedTuple):
    """A role to be visited, and who entrusts it with what by which keys."""

    scope: _Scope
    role: Role
    keys: Mapping[str, Key]


class Walk:
    """One way through all roles, from the top in pre-order (5.6.7).

    Args:
        files: name in the repository → content.
        snapshot: the snapshot that names the versions.
        extent: what may be missing from `files`.
        seen: what was believed before.
        at: the moment of judgement, aware.
        latest: no role was made later than this; None if that is not known.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        snapshot: Snapshot,
        *,
        extent: Extent,
        seen: Seen,
        at: datetime,
        latest: datetime | None,
    ) -> None:
        self._files, self._snapshot, self._extent, self._seen = files, snapshot, extent, seen
        self._at, self._latest = at, latest
        self.listed = Listed()

    def run(self, root: Root) -> Listed:
        """Visit every role.

        Raises:
            TrustError: bundle_incomplete, bundle_hash, bundle_metadata, bundle_too_large, bundle_threshold,
                bundle_mixed, bundle_rollback, bundle_delegation, bundle_undelegated, bundle_target_twice.
        """
        steps = [_Step(_EVERYTHING, root.roles[TOP], root.keys)]
        while steps:
            step = steps.pop()
            targets = self._metadata(step)
            self._take(targets, step)
            steps += reversed([*self._entrusted(targets, step)])
        self._refuse_undelegated()
        return self.listed

    def _metadata(self, step: _Step) -> Targets:
        """5.6.1 to 5.6.5: named by the snapshot, signed by the keys that its delegator names for it."""
        file, listed = f"{step.scope.role}.json", self.listed
        named = self._named(file)
        keys, seen = key_set_digest(step.role, step.keys), self._seen.metadata.get(file, 0)
        before = keys if file == _TOP_FILE else self._seen.keys.get(file, keys)
        if before == keys:
            refuse_rollback(file, version=named.version, seen=seen)
        name = f"{named.version}.{file}"
        data = required(self._files, f"metadata/{name}")
        if file == _TOP_FILE or named.length is not None or named.hashes is not None:
            check_digest(data, length=named.length, hashes=named.hashes, name=name)
        metadata = parsed(data, Targets, name=name, limits=TARGETS_JSON)
        check_threshold(metadata, role=step.role, keys=step.keys, name=name)
        if named.version < seen and not self._begins_anew(metadata, step, before=before):
            refuse_rollback(file, version=named.version, seen=seen)
        targets = metadata.signed
        if targets.version != named.version:
            raise TrustError("bundle_mixed", name=file, version=targets.version, expected=named.version)
        listed.names.add(f"metadata/{name}")
        listed.versions[file], listed.expires[step.scope.role] = named.version, targets.expires
        if file != _TOP_FILE:
            listed.keys[file] = keys
        made = attested_at(published_at(targets, name=name), edition=self._latest, at=self._at)
        if step.scope.exact and made is not None:
            listed.made[file] = made
        return targets

    def _begins_anew(self, metadata: Metadata[Targets], step: _Step, *, before: str) -> bool:
        """Whether metadata may go below the version seen, under other keys than before.

        A court signs with its next key long before that is named, and often: what it says since was made later. Others
        sign seldom, and what was made before a thief's comes back: a new key has signed it, for what the keys that stay
        have signed alone may be older than what they vouched for last.
        """
        file = f"{step.scope.role}.json"
        if file in self._seen.made:
            return is_later(published_at(metadata.signed, name=file), self._seen.made[file])
        return new_key_signed(metadata, role=step.role, keys=step.keys, before=before, name=file)

    def _named(self, file: str) -> MetaFile:
        named = self._snapshot.meta.get(file)
        if named is None:
            seen = self._seen.metadata.get(file)
            if seen is not None:
                raise TrustError("bundle_rollback", name=file, version=0, seen=seen)
            raise TrustError("bundle_incomplete", name=file)
        return named

    def _take(self, targets: Targets, step: _Step) -> None:
        """5.7: every file that the role lists and may list."""
        name = f"{step.scope.role}.json"
        made = published_at(targets, name=name)
        attested = made if made is None or self._latest is None else min(made, self._latest)
        if self._at >= targets.expires:
            attested = None
        entrusts = bool(targets.delegations and targets.delegations.roles)
        for path, target in targets.targets.items():
            if not step.scope.lists(path, entrusts=entrusts):
                raise TrustError("bundle_delegation", role=step.scope.role, path=path)
            if path in self.listed.targets:
                raise TrustError("bundle_target_twice", path=path)
            self._take_file(path, target)
            if path.endswith(ISSUER_FILE) and path in self.listed.targets and step.scope.role != TOP:
                self.listed.issuer_terms[path] = IssuerTerm(step.scope.role, targets.expires)
            if attested is not None and not path.endswith((ISSUER_FILE, CHANGES)) and path in self.listed.targets:
                self.listed.attested[path] = attested

    def _take_file(self, path: str, target: TargetFile) -> None:
        name = target_name(path, str(target.hashes.get("sha256")))
        if not self._extent.includes(name):
            return
        data = required(self._files, name)
        check_digest(data, length=target.length, hashes=target.hashes, name=path)
        self.listed.targets[path] = data
        self.listed.names.add(name)

    def _entrusted(self, targets: Targets, step: _Step) -> Iterator[_Step]:
        """The roles that this one entrusts and that belong to the extent."""
        delegations = targets.delegations or _NO_DELEGATIONS
        if delegations.roles is None:  # hash bins (TAP 15)
            raise TrustError("bundle_metadata", name=f"{step.scope.role}.json")
        scopes = [_scope(role, by=step.scope) for role in delegations.roles.values()]
        provinces = {scope.courts for scope in scopes if not scope.exact}
        for scope, role in zip(scopes, delegations.roles.values(), strict=True):
            if scope.role in self.listed.entrusted or (scope.exact and scope.courts[:2] in provinces):
                raise TrustError("bundle_delegation", role=step.scope.role, path=scope.role)
            self.listed.entrusted.add(scope.role)
            if len(self.listed.entrusted) > MAX_DELEGATED_ROLES:
                raise TrustError("bundle_metadata", name=f"{step.scope.role}.json")
            if self._extent.includes(f"metadata/1.{scope.role}.json"):
                yield _Step(scope, role, delegations.keys)

    def _refuse_undelegated(self) -> None:
        """What the snapshot names is entrusted by someone, as far as those who could are there."""
        for file in self._snapshot.meta:
            role = file.removesuffix(".json")
            if file == _TOP_FILE or role in self.listed.entrusted:
                continue
            if not DELEGATED_ROLE.fullmatch(role):
                raise TrustError("bundle_metadata", name="snapshot.json")
            if self._extent.includes(f"metadata/1.{role}.json"):
                raise TrustError("bundle_undelegated", role=role)


def _scope(role: DelegatedRole, *, by: _Scope) -> _Scope:
    """What a delegation entrusts: no more than the name of the role stands for, and no more than `by` has."""
    match = DELEGATED_ROLE.fullmatch(role.name)
    province, court = (match["province"], match["court"]) if match else (None, None)
    courts = court or f"{province}*"
    patterns = {f"courts/{courts}/status/*/*"} | (set() if court else {f"courts/{courts}/issuer.json"})
    paths = role.paths or []
    scope = _Scope(
        role.name,
        court or province or "",
        exact=court is not None,
        issuers=any(path.endswith(ISSUER_FILE) for path in paths),
        statuses=any(not path.endswith(ISSUER_FILE) for path in paths),
    )
    foreign = next((path for path in paths if path not in patterns), None)
    if match is None or foreign is not None or not paths or not by.holds_scope(scope):
        raise TrustError("bundle_delegation", role=by.role, path=foreign or role.name)
    return scope
