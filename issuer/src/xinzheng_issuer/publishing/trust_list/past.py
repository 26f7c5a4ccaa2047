"""What was published and is in effect no more: the floor under what may come after it.

A lender remembers the version of a role until its delegator names other keys, and the number of a status list likewise
(`xinzheng_verifier.trust.seen`). One that slept through the editions in between has seen neither that a role was gone
nor that other keys were named for a while. So nothing of this is forgotten here when a court is paused, a province is
dropped, a list is left out or a role gets other keys.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from xinzheng_issuer.publishing.trust_list.candidates import Candidate, delegated_keys
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX
from xinzheng_issuer.publishing.trust_list.rehearsal import sequence_of
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier.trust.names import CHANGES, ISSUER_FILE, TARGET_PATH, sha256_of
from xinzheng_verifier.trust.seen import Seen
from xinzheng_verifier.trust.tuf_metadata import published_at


@dataclass(frozen=True, kw_only=True)
class Left:
    """The last metadata of a role that was in effect under some keys.

    Attributes:
        keys: short digest of the keys that its delegator named for it.
        version: its number.
        sha256: digest of the file, lower-case hexadecimal.
        published_at: as of when it vouched for its lists; None if it did not say.
    """

    keys: str
    version: int
    sha256: str
    published_at: datetime | None

    @classmethod
    def of(cls, candidate: Candidate, *, keys: str) -> Self:
        """What to remember of metadata that is in effect no more.

        Raises:
            TrustError: it cannot be read.
        """
        moment = published_at(candidate.targets(), name=candidate.name)
        return cls(keys=keys, version=candidate.version, sha256=sha256_of(candidate.data), published_at=moment)

    def to_json(self) -> dict[str, Any]:
        """The members that `parse` reads."""
        moment = None if self.published_at is None else format_timestamp(self.published_at)
        return {"keys": self.keys, "version": self.version, "sha256": self.sha256, "publishedAt": moment}

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote.

        Raises:
            ValueError, LookupError, TypeError: it is something else.
        """
        moment = content["publishedAt"]
        return cls(
            keys=str(content["keys"]),
            version=_number(content["version"]),
            sha256=str(content["sha256"]),
            published_at=None if moment is None else parse_timestamp(moment),
        )


@dataclass(frozen=True, kw_only=True)
class LeftList:
    """The last edition of a status list that was published.

    Attributes:
        sequence: its number; 0 if it bore none.
        sha256: digest of the file, lower-case hexadecimal.
    """

    sequence: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was in effect once, and is no more; of status lists also what is, for its file can be lost.

    Attributes:
        roles: role → its last metadata under each set of keys that it had; those that it had last stand last.
        lists: path of a status list → its last edition, as far as it was there when it was published.
    """

    roles: Mapping[str, tuple[Left, ...]] = field(default_factory=dict)
    lists: Mapping[str, LeftList] = field(default_factory=dict)

    def last(self, role: str) -> Left | None:
        """What was published last of a role that is gone; None if it never was there."""
        return next(reversed(self.roles.get(role, ())), None)

    def under(self, role: str, keys: str) -> Left | None:
        """What was published last of a role under these keys; None if nothing was."""
        return next((left for left in self.roles.get(role, ()) if left.keys == keys), None)

    def added_to(self, seen: Seen, *, now: Mapping[str, Candidate]) -> Seen:
        """What a lender remembers who also holds what is in effect no more.

        Args:
            seen: what a lender remembers of the edition in effect.
            now: the roles of that edition.
        """
        gone = {f"{role}.json": left for role in self.roles if role not in now and (left := self.last(role))}
        return replace(
            seen,
            metadata={**{name: left.version for name, left in gone.items()}, **seen.metadata},
            keys={**{name: left.keys for name, left in gone.items()}, **seen.keys},
            sequences={**{path: left.sequence for path, left in self.lists.items()}, **seen.sequences},
        )

    def after(
        self, before: Mapping[str, Candidate], now: Mapping[str, Candidate], files: Mapping[str, bytes]
    ) -> "Past":
        """The past once another edition is in effect.

        Args:
            before: role → metadata of the edition that was.
            now: of the one that is.
            files: name → content of the files that both list; what is missing leaves the number that is known.

        Raises:
            TrustError: metadata of a delegator cannot be read.
        """
        old, new = delegated_keys(before), delegated_keys(now)
        roles, lists = dict(self.roles), dict(self.lists)
        for role, keys in old.items():
            if role in before and (role not in now or new.get(role) != keys):
                others = (left for left in roles.get(role, ()) if left.keys != keys)
                roles[role] = (*others, Left.of(before[role], keys=keys))
        changed = {role for role in before.keys() | now.keys() if before.get(role) != now.get(role)}
        for edition in (before, now):
            lists |= _found(_names(edition[role] for role in edition.keys() & changed), files)
        return Past(roles=roles, lists=lists)

    def holding(self, now: Mapping[str, Candidate], files: Mapping[str, bytes]) -> "Past":
        """The past with the lists of an edition that are not known: earlier releases did not remember them.

        Args:
            now: the roles of that edition.
            files: name → content of the files that they list.
        """
        unknown = {path: name for path, name in _names(now.values()).items() if path not in self.lists}
        return replace(self, lists={**self.lists, **_found(unknown, files)})

    def to_json(self) -> dict[str, Any]:
        """The members that `parse` reads."""
        return {
            "roles": {role: [left.to_json() for left in each] for role, each in self.roles.items()},
            "lists": {path: {"sequence": left.sequence, "sha256": left.sha256} for path, left in self.lists.items()},
        }

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote.

        Raises:
            ValueError, LookupError, TypeError, AttributeError: it is something else.
        """
        return cls(
            roles={role: tuple(map(Left.parse, each)) for role, each in content["roles"].items()},
            lists={
                path: LeftList(sequence=_number(left["sequence"]), sha256=str(left["sha256"]))
                for path, left in content["lists"].items()
            },
        )


def _names(roles: Iterable[Candidate]) -> dict[str, str]:
    """Path of each status list of some roles → its name; what belongs to others is none of theirs."""
    return {
        path: name
        for each in roles
        for path, name in each.target_names().items()
        if is_list(path) and _belongs(path, each.role)
    }


def _belongs(path: str, role: str) -> bool:
    """Whether a role can be entrusted with a list: a court with its own, a province with those of its courts."""
    match = TARGET_PATH.fullmatch(path)
    kind, _, code = role.partition("-")
    if match is None or not code:
        return match is not None
    return match["court"] == code if f"{kind}-" == COURT_PREFIX else match["court"].startswith(code)


def _found(names: Mapping[str, str], files: Mapping[str, bytes]) -> dict[str, LeftList]:
    """The editions of lists that are there."""
    there = {path: data for path, name in names.items() if (data := files.get(name)) is not None}
    return {path: LeftList(sequence=sequence_of(data), sha256=sha256_of(data)) for path, data in there.items()}


def is_list(path: str) -> bool:
    """Whether a target is a status list: neither a journal nor an issuer document."""
    return not path.endswith((CHANGES, ISSUER_FILE))


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("number")
    return value
