"""Whether what was handed in goes on from what was published: of the role as it is in effect, or as it was last.

What a lender of any earlier edition would refuse is not taken (`past`): a version below one that was published under
the same keys, or of its court a list with a lower number. Nor is what is older than the role's own last word, and,
under the same keys, what tells the past otherwise. Under keys that its delegator names anew a role may begin with a
lower version, and a court with lower numbers of its lists, for what a thief of the old ones pushed up is forgotten (TUF
specification, 5.3.11); `targets` may where the root names other online keys.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import structlog
from tuf.api.metadata import Root

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.memory import online_keys
from xinzheng_issuer.publishing.trust_list.candidates import Candidate, Entrusted, Files, delegated_keys, root_of
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX, TARGETS
from xinzheng_issuer.publishing.trust_list.journals import check_history, history_lost
from xinzheng_issuer.publishing.trust_list.past import Left, LeftList, Past, court_role, is_list
from xinzheng_issuer.publishing.trust_list.published import Published
from xinzheng_issuer.publishing.trust_list.rehearsal import CLOCK_SKEW, sequence_of
from xinzheng_verifier.trust.names import sha256_of
from xinzheng_verifier.trust.tuf_metadata import attested_at, is_later, published_at

MOST_RECENT: Final = timedelta(hours=1)
"""How long ago a court said what it says now, where its last word lies ahead."""

_log = structlog.get_logger("xinzheng.publishing")


class Continuation:
    """Compares candidates with what was published.

    Args:
        now: the edition in effect.
        past: what was in effect before it, and is no more.
        files: name → content of files, handed in and published.
        at: the moment of judgement, aware.
    """

    def __init__(self, now: Published, past: Past, files: Files, *, at: datetime) -> None:
        self._now, self._past, self._files, self._at = now, past, files, at
        self._keys = delegated_keys(now.roles)
        if now.version:
            self._keys[TARGETS] = keys_over_targets(root_of(now.root))

    def is_rekeyed(self, role: str, keys: str) -> bool:
        """Whether a role that was published had other keys then.

        Args:
            role: its name.
            keys: short digest of the keys that its delegator names for it now.
        """
        before = self._keys_before(role)
        return before is not None and before != keys

    def check(self, candidate: Candidate, keys: str, by: Entrusted) -> None:
        """Whether a role's metadata may follow, by its numbers and moments.

        Args:
            candidate: the metadata, handed in or in effect.
            keys: short digest of the keys that its delegator names for the role now; of `targets`, of the online keys.
            by: how its delegator entrusts the role now.

        Raises:
            TrustListError: `contribution_older`, `contribution_conflict`, `contribution_former`.
            TrustError: metadata says no proper moment, or cannot be read.
        """
        self._check_version(candidate, keys)
        self._check_begun_anew(candidate, keys, by)
        if candidate.is_new:
            self._check_moment(candidate, keys)
        if candidate.is_new or self.is_rekeyed(candidate.role, keys):
            self._check_lists(candidate, keys if candidate.role.startswith(COURT_PREFIX) else None)

    def check_history(self, candidate: Candidate, keys: str) -> None:
        """Whether a court's journals tell of the past what they told, if its province names the keys that it named.

        Args:
            candidate: the metadata, its lists and journals found good by the verifier.
            keys: as for `check`.

        Raises:
            TrustListError: `contribution_history`.
        """
        if not candidate.is_new or not candidate.role.startswith(COURT_PREFIX) or self.is_rekeyed(candidate.role, keys):
            return
        before = self._before(candidate)
        if before is not None:
            is_gone = candidate.role not in self._now.roles
            check_history(before, candidate, self._files, at=self._at + CLOCK_SKEW, must_be_there=is_gone)

    # --- versions -----------------------------------------------------------------------------------------------------

    def _check_version(self, candidate: Candidate, keys: str) -> None:
        left = self._past.under(candidate.role, keys)
        if left is not None and candidate.version < left.version:
            raise TrustListError("contribution_older", name=candidate.file)
        same = left is None or candidate.version > left.version or sha256_of(candidate.data) == left.sha256
        if not same or (self._may_be_given(candidate) and self._lies_otherwise(candidate)):
            raise TrustListError("contribution_conflict", name=candidate.file)

    def _check_begun_anew(self, candidate: Candidate, keys: str, by: Entrusted) -> None:
        """Below what was published under other keys a role begins as to lenders: a court later, others by a new key.

        What the keys of before have signed may be older than all that was said since. A set of keys that a role never
        had together has a key that it never had.
        """
        words = self._words(candidate.role, keys)
        lower = [word for word in words if candidate.version < word.version]
        before = [word.keys for word in lower if self._moment_of(candidate.role, word) is None]
        if before and self._past.under(candidate.role, keys) is None:
            before.append(",".join(word.keys for word in words))
        stands = all(by.new_key_signed(candidate, before=named) for named in before)
        stands &= self._others_not_before(candidate, keys).isdisjoint(word.keys for word in lower)
        if not stands:
            last = max(word.version for word in words)
            raise TrustListError("contribution_former", name=candidate.file, last=last)

    def _words(self, role: str, keys: str) -> list[Left]:
        """The last metadata of a role under each other set of keys that it had."""
        left = [left for left in self._past.roles.get(role, ()) if left.keys != keys]
        published = self._now.roles.get(role)
        if published is None or self._keys[role] == keys:
            return left
        under = [self._keys[role]]
        if role == TARGETS:
            under = [Entrusted(root.roles[TARGETS], root.keys).digest for root in self._now.judges()]
        return [*left, *(Left.of(published, keys=each, latest=self._now.published_at, at=self._at) for each in under)]

    def _may_be_given(self, candidate: Candidate) -> bool:
        """Whether an edition can have named this number of the role; above the highest of all its keys none has."""
        now = self._now.roles.get(candidate.role)
        given = [left.version for left in self._past.roles.get(candidate.role, ())]
        return candidate.version <= max([*given, now.version if now else 0])

    def _lies_otherwise(self, candidate: Candidate) -> bool:
        """Whether something else lies under its name: what is published there never changes."""
        return self._files.get(candidate.name, candidate.data) != candidate.data

    # --- moments and numbers ------------------------------------------------------------------------------------------

    def _check_moment(self, candidate: Candidate, keys: str) -> None:
        """A court says since when its lists are current, and lenders go by it; of others nobody reads such a moment."""
        if not candidate.role.startswith(COURT_PREFIX):
            return
        stated = published_at(candidate.targets(), name=candidate.name)
        # To lenders no edition vouches for a later moment than its own: one said under other keys binds no further.
        latest = self._now.published_at if self.is_rekeyed(candidate.role, keys) else None
        for moment in self._moments(candidate.role):
            if stated is None or stated < (attested_at(moment, edition=latest, at=self._at) or moment):
                raise TrustListError("contribution_older", name=candidate.file)

    def _moments(self, role: str) -> Iterator[datetime]:
        published, left = self._now.roles.get(role), self._past.last(role)
        moment = published_at(published.targets(), name=published.name) if published else None
        told = filter(None, (moment, left.published_at if left else None))
        # One that has yet to come was a thief's, of the court's key or of its province's.
        yield from (each for each in told if each <= self._at + CLOCK_SKEW)

    def _check_lists(self, candidate: Candidate, keys: str | None) -> None:
        """Compare with what is known under the keys that are named for the court; None if the court itself has none.

        What is known under others binds as well, unless the court says what is at hand later, as to lenders.
        """
        binding = {keys} | (set() if keys is None else self._others_not_before(candidate, keys))
        for path, name in candidate.target_names().items():
            content = self._files.get(name)
            if not is_list(path) or content is None:
                continue
            for known in self._known(path):
                # Two editions of one number: a register came back from a backup and forgot what the first says.
                is_lower = sequence_of(content) <= known.sequence and sha256_of(content) != known.sha256
                if known.sequence and is_lower and any(map(known.binds_under, binding)):
                    raise TrustListError("contribution_older", name=path)

    def _others_not_before(self, candidate: Candidate, keys: str) -> set[str]:
        """The other keys of a court under which something was published that is not older than what is at hand."""
        moments = self._moments_under(candidate.role, self._words(candidate.role, keys))
        made = published_at(candidate.targets(), name=candidate.name) if moments else None
        return {named for named, moment in moments.items() if not is_later(made, moment)}

    def _moments_under(self, role: str, words: Sequence[Left]) -> dict[str, datetime]:
        """Keys of a court → the moment after which it says what may follow.

        Where its last word lies ahead nobody can tell what was said before that: what is said now was made just now.
        """
        told = [word for word in words if role.startswith(COURT_PREFIX) and word.published_at is not None]
        return {word.keys: self._moment_of(role, word) or self._at - MOST_RECENT for word in told}

    def _moment_of(self, role: str, word: Left) -> datetime | None:
        """The moment of a court's word by which lenders go; one that lies ahead they forget with the online keys."""
        moment = word.published_at if role.startswith(COURT_PREFIX) else None
        return moment if moment is not None and moment <= self._at + CLOCK_SKEW else None

    @cached_property
    def _listed(self) -> dict[str, str]:
        """Path of each file that any role lists in the edition in effect → its name."""
        return {path: name for each in self._now.roles.values() for path, name in each.target_names().items()}

    def _known(self, path: str) -> Iterator[LeftList]:
        """The last editions of a list that were published; of one whose file is lost, as it was remembered."""
        if (name := self._listed.get(path)) is not None:
            content = self._files.get(name)
            if content is None:
                _log.warning("published_file_lost", path=name)
            else:
                for keys in self._past.keys_of(court_role(path), self._keys):
                    yield LeftList(keys=keys, sequence=sequence_of(content), sha256=sha256_of(content))
        yield from self._past.lists.get(path, ())

    # --- what was published last --------------------------------------------------------------------------------------

    def _keys_before(self, role: str) -> str | None:
        left = self._past.last(role)
        return self._keys.get(role, left.keys if left else None)

    def _before(self, candidate: Candidate) -> Candidate | None:
        """The role's metadata in effect, or as it was last; None if there never was any."""
        role = candidate.role
        left = self._past.last(role)
        if role in self._now.roles or left is None:
            return self._now.roles.get(role)
        name = f"metadata/{left.version}.{role}.json"
        data = self._files.get(name)
        if data is None or sha256_of(data) != left.sha256:
            raise history_lost(candidate.file, name)
        return Candidate(role=role, version=left.version, data=data)


def keys_over_targets(root: Root) -> str:
    """Short digest of the keys with which lenders forget the version of `targets`: those of timestamp and snapshot."""
    return "/".join(online_keys(root))
