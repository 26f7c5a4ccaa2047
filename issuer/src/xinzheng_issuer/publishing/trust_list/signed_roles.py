"""What is signed of an edition that lies in a repository: a file's name vouches for nothing.

A snapshot counts if a key that a root names for it has signed it, a role if whoever entrusts it named the keys that
signed it: snapshots name the metadata of provinces and courts by version alone. Whoever can write in the repository can
plant files there; what is not signed is skipped, and told in the log.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

import structlog
from tuf.api.metadata import Key, Metadata, MetaFile, Role, Root, Snapshot, Targets

from xinzheng_issuer.publishing.trust_list.candidates import Candidate
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX, SNAPSHOT, TARGETS
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import SNAPSHOT_JSON, TARGETS_JSON
from xinzheng_verifier.trust.tuf_metadata import check_digest, check_threshold, key_set_digest, parsed, published_at

_Naming = tuple[Role, Mapping[str, Key]]
"""A role as it is entrusted: its keys by their identifiers, with their threshold, and the keys."""

_Kind = TypeVar("_Kind", Snapshot, Targets)

_NO_FILE: Final = b""

_log = structlog.get_logger("xinzheng.publishing")


class SignedRoles:
    """The roles of editions in one repository.

    Args:
        files: name → content of files in the repository.
        roots: those that name the keys of snapshots and of `targets`, newest first.
    """

    def __init__(self, files: Mapping[str, bytes], roots: Iterable[Root]) -> None:
        self._files, self._roots = files, tuple(roots)
        self._read: dict[str, tuple[str, list[str], Targets]] = {}

    def of_edition(self, number: int) -> dict[str, Candidate] | None:
        """The roles of an edition that are still there; None of what is none."""
        name = f"metadata/{number}.{SNAPSHOT}.json"
        try:
            return self.of_snapshot(self._files.get(name, _NO_FILE), version=number)
        except TrustError as error:
            _log.warning("earlier_edition_ignored", path=name, refusal=error.code)
            return None

    def of_snapshot(self, data: bytes, *, version: int, whole: bool = False) -> dict[str, Candidate]:
        """The roles that a snapshot names and that are there.

        Args:
            data: the snapshot.
            version: the number that it must bear.
            whole: whether it is a refusal that one is not there.

        Raises:
            TrustError: the snapshot is not signed; `bundle_incomplete`.
        """
        name = f"{version}.{SNAPSHOT}.json"
        metadata = parsed(data, Snapshot, name=name, limits=SNAPSHOT_JSON)
        _check_named(metadata, self._named_by_roots(SNAPSHOT), version=version, name=name)
        roles = dict(self._entrusted(metadata.signed.meta))
        for file, listed in metadata.signed.meta.items() if whole else ():
            if file.removesuffix(".json") not in roles:
                raise TrustError("bundle_incomplete", name=f"{listed.version}.{file}")
        return roles

    def _named_by_roots(self, role: str) -> list[_Naming]:
        return [(root.roles[role], root.keys) for root in self._roots]

    def _entrusted(self, meta: Mapping[str, MetaFile]) -> Iterator[tuple[str, Candidate]]:
        """`targets`, and what each role entrusts that is entrusted itself."""
        waiting = [(TARGETS, self._named_by_roots(TARGETS))]
        while waiting:
            role, namings = waiting.pop()
            listed = meta.get(f"{role}.json")
            data = self._files.get(f"metadata/{listed.version}.{role}.json") if listed else None
            if listed is None or data is None:
                continue
            candidate = Candidate(role=role, version=listed.version, data=data)
            try:
                signed = self._judged(candidate, listed, namings)
            except TrustError as error:
                _log.warning("role_ignored", path=candidate.name, refusal=error.code)
                continue
            yield role, candidate
            if not role.startswith(COURT_PREFIX) and (delegations := signed.delegations) is not None:
                waiting += [(each, [(named, delegations.keys)]) for each, named in (delegations.roles or {}).items()]

    def _judged(self, candidate: Candidate, listed: MetaFile, namings: list[_Naming]) -> Targets:
        """What metadata says, if it is what the snapshot names; the same under the same keys is judged once.

        Raises:
            TrustError: it is not.
        """
        if listed.hashes is not None:
            check_digest(candidate.data, length=listed.length, hashes=listed.hashes, name=candidate.name)
        keys = [f"{key_set_digest(role, known)}/{role.threshold}" for role, known in namings]
        before = self._read.get(candidate.role)
        if before is not None and before[:2] == (candidate.name, keys):
            return before[2]
        metadata = parsed(candidate.data, Targets, name=candidate.name, limits=TARGETS_JSON)
        _check_named(metadata, namings, version=candidate.version, name=candidate.name)
        published_at(metadata.signed, name=candidate.name)
        self._read[candidate.role] = candidate.name, keys, metadata.signed
        return metadata.signed


def _check_named(metadata: Metadata[_Kind], namings: Iterable[_Naming], *, version: int, name: str) -> None:
    """Whether metadata bears its number, and enough signatures by the keys that somebody names for it.

    Raises:
        TrustError: bundle_mixed, bundle_threshold, bundle_metadata.
    """
    if metadata.signed.version != version:
        raise TrustError("bundle_mixed", name=name, version=metadata.signed.version, expected=version)
    refusal = TrustError("bundle_threshold", name=name, valid=0, threshold=1)
    for role, keys in namings:
        try:
            check_threshold(metadata, role=role, keys=keys, name=name)
        except TrustError as error:
            refusal = error
        else:
            return
    raise refusal
