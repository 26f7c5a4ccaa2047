"""The past as the editions tell it that lie in a repository: asked where the publisher's memory does not know it.

What is told is remembered for good, so a file's name vouches for nothing. An edition counts if the snapshot key of a
root signed its snapshot, a role if whoever entrusts it named the keys that signed it. What is not so is skipped and
told in the log: whoever can write in the repository can plant files there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

import structlog
from tuf.api.metadata import Key, Metadata, MetaFile, Role, Root, Snapshot, Targets

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.repository import Repository
from xinzheng_issuer.publishing.root_chain import check_root_follows
from xinzheng_issuer.publishing.trust_list.candidates import Candidate, Published, root_of
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX, ROOT, SNAPSHOT, TARGETS
from xinzheng_issuer.publishing.trust_list.past import Past
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import ROOT_JSON, SNAPSHOT_JSON, TARGETS_JSON
from xinzheng_verifier.trust.tuf_metadata import check_digest, check_threshold, key_set_digest, parsed, published_at

_SNAPSHOT_FILE: Final = re.compile(rf"([1-9][0-9]{{0,8}})\.{SNAPSHOT}\.json")

_Naming = tuple[Role, Mapping[str, Key]]
"""A role as it is entrusted: its keys by their identifiers, with their threshold, and the keys."""

_Kind = TypeVar("_Kind", Snapshot, Targets)

_log = structlog.get_logger("xinzheng.publishing")


def told_by(repository: Repository, now: Published, files: Mapping[str, bytes], *, known: Past, since: int) -> Past:
    """The past as the editions tell it that lie in a repository, for as much of them as is still there and signed.

    Args:
        repository: the folder.
        now: the edition in effect.
        files: name → content of files in the repository.
        known: the past as it was when an edition was published.
        since: that edition; 0 to ask every one that is there.

    Raises:
        PublishingError: `repository_damaged`, of the edition in effect.
    """
    told = _Told(files, trusted_roots(repository.roots(), now.root))
    past, before = known, dict[str, Candidate]()
    for number in _editions(repository, since, now.version):
        roles = told.roles(number)
        if roles is not None:
            past, before = past.after(before, roles, files), dict(roles)
    try:
        return past.after(before, now.roles, files)
    except TrustError as error:
        raise PublishingError("repository_damaged", path=repository.metadata) from error


def require_signed(repository: Repository, now: Published) -> None:
    """Whether every role in effect is signed; asked before something of one that leaves is remembered for good.

    Raises:
        PublishingError: `repository_damaged`, a metadata file is not what was published.
    """
    there = {candidate.name: candidate.data for candidate in now.roles.values()}
    meta = {f"{role}.json": MetaFile(candidate.version) for role, candidate in now.roles.items()}
    signed = _Told(there, trusted_roots(repository.roots(), now.root)).signed(meta)
    for role, candidate in now.roles.items():
        if role not in signed:
            raise PublishingError("repository_damaged", path=repository.folder / candidate.name)


def trusted_roots(roots: Mapping[int, bytes], newest: bytes) -> list[Root]:
    """The root in force and those before it, newest first, as far back as each leads to the next one.

    A root that leads there and has no signature by a key that the next one names too may have been put in the place of
    the real one: anybody can name keys of others beside his own.

    Args:
        roots: version → root metadata.
        newest: the root in force.
    """
    found, following = ([root_of(newest)], newest) if newest else ([], b"")
    for version in range(found[0].version - 1 if found else 0, 0, -1):
        content = roots.get(version, b"")
        try:
            check_root_follows(following, content, name=f"{version + 1}.root.json")
            found.append(_own(content, version, found[-1]))
        except TrustError as error:
            _log.warning("earlier_root_ignored", version=version, refusal=error.code)
            break
        following = content
    return found


def _own(content: bytes, version: int, following: Root) -> Root:
    """A root that is signed by its own threshold, and by a key that the next one names.

    Raises:
        TrustError: bundle_threshold, bundle_metadata.
    """
    name = f"{version}.root.json"
    metadata = parsed(content, Root, name=name, limits=ROOT_JSON)
    own, next_one = metadata.signed.roles[ROOT], following.roles[ROOT]
    check_threshold(metadata, role=own, keys=metadata.signed.keys, name=name)
    check_threshold(metadata, role=Role(next_one.keyids, 1), keys=following.keys, name=name)
    return metadata.signed


def _editions(repository: Repository, first: int, end: int) -> list[int]:
    names = (path.name for path in repository.metadata.glob(f"*.{SNAPSHOT}.json"))
    numbers = (int(match[1]) for name in names if (match := _SNAPSHOT_FILE.fullmatch(name)))
    return sorted(number for number in numbers if first <= number < end)


class _Told:
    """What is signed of earlier editions.

    Args:
        files: name → content of files in the repository.
        roots: those that name the keys of snapshots and of `targets`, newest first.
    """

    def __init__(self, files: Mapping[str, bytes], roots: list[Root]) -> None:
        self._files, self._roots = files, roots
        self._read: dict[str, tuple[str, list[str], Targets]] = {}

    def roles(self, edition: int) -> dict[str, Candidate] | None:
        """The roles of an edition that are still there; None of what is none."""
        name = f"metadata/{edition}.{SNAPSHOT}.json"
        try:
            metadata = parsed(self._files.get(name, b""), Snapshot, name=name, limits=SNAPSHOT_JSON)
            _check_named(metadata, self._named_by_roots(SNAPSHOT), version=edition, name=name)
        except TrustError as error:
            _log.warning("earlier_edition_ignored", path=name, refusal=error.code)
            return None
        return self.signed(metadata.signed.meta)

    def signed(self, meta: Mapping[str, MetaFile]) -> dict[str, Candidate]:
        """The roles that a snapshot names and that are signed."""
        return dict(self._entrusted(meta))

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
                _log.warning("earlier_role_ignored", path=candidate.name, refusal=error.code)
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
