"""What was published and is in effect no more: the floor under what may come after it.

A lender remembers the version of a role until its delegator names other keys, and the number of a status list until
other keys are named for its court (`xinzheng_verifier.trust.seen`, `.floor`): what a thief pushed up falls with the
keys that were stolen. One that slept through the editions in between has seen neither that a role was gone nor that
other keys were named for a while. So nothing of this is forgotten here when a court is paused, a province is dropped, a
list is left out or a role gets other keys: it binds again once the keys are named again under which it was said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from xinzheng_issuer.publishing.trust_list.candidates import Candidate, delegated_keys
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX, PROVINCE_PREFIX
from xinzheng_issuer.publishing.trust_list.rehearsal import sequence_of
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier.trust.delegations import TOP
from xinzheng_verifier.trust.names import CHANGES, ISSUER_FILE, TARGET_PATH, sha256_of
from xinzheng_verifier.trust.seen import Seen
from xinzheng_verifier.trust.tuf_metadata import attested_at, published_at


@dataclass(frozen=True, kw_only=True)
class Left:
    """The last metadata of a role that was in effect under some keys.

    Attributes:
        keys: short digests of the keys that its delegator named for it.
        version: its number.
        sha256: digest of the file, lower-case hexadecimal.
        published_at: as of when it vouched for its lists, no later than the last edition with it; None if it did not
            say.
    """

    keys: str
    version: int
    sha256: str
    published_at: datetime | None

    @classmethod
    def of(cls, candidate: Candidate, *, keys: str, latest: datetime | None, at: datetime) -> Self:
        """What to remember of metadata that is in effect no more.

        Args:
            candidate: the metadata.
            keys: short digests of its role's keys.
            latest: when the last edition with it was published; None if that is not known.
            at: the moment of judgement, aware.

        Raises:
            TrustError: it cannot be read.
        """
        made = attested_at(published_at(candidate.targets(), name=candidate.name), edition=latest, at=at)
        return cls(keys=keys, version=candidate.version, sha256=sha256_of(candidate.data), published_at=made)

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
    """The last edition of a status list that was published under some keys of its court.

    Attributes:
        keys: short digest of the keys that were named for the court's role, or were named last; empty if nobody had
            ever entrusted that. None where an earlier release did not say: it binds under all.
        sequence: its number; 0 if it bore none.
        sha256: digest of the file, lower-case hexadecimal.
    """

    keys: str | None
    sequence: int
    sha256: str

    def binds_under(self, keys: str | None) -> bool:
        """Whether a lender can still remember the number.

        Args:
            keys: short digest of the keys that are named for the court's role; None if nobody entrusts it.
        """
        return self.keys is None or keys in {None, self.keys}

    def to_json(self) -> dict[str, Any]:
        """The members that `parse` reads."""
        return {"keys": self.keys, "sequence": self.sequence, "sha256": self.sha256}

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote.

        Raises:
            ValueError, LookupError, TypeError, AttributeError: it is something else.
        """
        keys = content.get("keys")
        return cls(
            keys=None if keys is None else str(keys),
            sequence=_number(content["sequence"]),
            sha256=str(content["sha256"]),
        )


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was in effect once, and is no more; of status lists also what is, for its file can be lost.

    Attributes:
        roles: role → its last metadata under each set of keys that it had; those that it had last stand last.
        lists: path of a status list → its last edition under each set of keys that its court had, as far as that was
            there when it was published.
    """

    roles: Mapping[str, tuple[Left, ...]] = field(default_factory=dict)
    lists: Mapping[str, tuple[LeftList, ...]] = field(default_factory=dict)

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
        keys = {**{name: left.keys for name, left in gone.items()}, **seen.keys}
        bound = {
            path: [left.sequence for left in each if left.binds_under(keys.get(f"{court_role(path)}.json"))]
            for path, each in self.lists.items()
        }
        return replace(
            seen,
            metadata={**{name: left.version for name, left in gone.items()}, **seen.metadata},
            keys=keys,
            made={**{name: left.published_at for name, left in gone.items() if left.published_at}, **seen.made},
            sequences={**{path: max(numbers) for path, numbers in bound.items() if numbers}, **seen.sequences},
        )

    def after(
        self,
        before: Mapping[str, Candidate],
        now: Mapping[str, Candidate],
        files: Mapping[str, bytes],
        *,
        latest: datetime | None,
        at: datetime,
    ) -> "Past":
        """The past once another edition is in effect.

        Args:
            before: role → metadata of the edition that was.
            now: of the one that is.
            files: name → content of the files that both list; what is missing leaves the number that is known.
            latest: as for `Left.of`.
            at: as for `Left.of`.

        Raises:
            TrustError: metadata of a delegator cannot be read.
        """
        old, new = delegated_keys(before), delegated_keys(now)
        roles, lists = dict(self.roles), dict(self.lists)
        for role, keys in old.items():
            if role in before and (role not in now or new.get(role) != keys):
                others = (left for left in roles.get(role, ()) if left.keys != keys)
                roles[role] = (*others, Left.of(before[role], keys=keys, latest=latest, at=at))
        changed = {
            role
            for role in before.keys() | now.keys()
            if (before.get(role), old.get(role)) != (now.get(role), new.get(role))
        }
        past = Past(roles=roles)
        for edition, keys_of in ((before, old), (now, new)):
            there = past._found(_names(edition[role] for role in edition.keys() & changed), files, keys_of)
            lists |= {path: _with(left, lists.get(path, ())) for path, left in there.items()}
        return replace(past, lists=lists)

    def holding(self, now: Mapping[str, Candidate], files: Mapping[str, bytes]) -> "Past":
        """The past with the lists of an edition that are not known: earlier releases remembered none, or no keys.

        Args:
            now: the roles of that edition.
            files: name → content of the files that they list.
        """
        known = {path: tuple(self._keyed(path, left, now) for left in each) for path, each in self.lists.items()}
        names = _names(now.values()).items()
        unknown = {path: name for path, name in names if all(left.keys is None for left in known.get(path, ()))}
        there = self._found(unknown, files, delegated_keys(now)) if unknown else {}
        return replace(self, lists=known | {path: _with(left, known.get(path, ())) for path, left in there.items()})

    def _keyed(self, path: str, left: LeftList, now: Mapping[str, Candidate]) -> LeftList:
        """What was remembered without keys: of a court that is gone, it was under those that it had last.

        What was listed before a court was ever entrusted lenders forget once it is.
        """
        role = court_role(path)
        last = self.last(role)
        return left if left.keys is not None or last is None or role in now else replace(left, keys=last.keys)

    def _found(
        self, names: Mapping[str, str], files: Mapping[str, bytes], keys: Mapping[str, str]
    ) -> dict[str, list[LeftList]]:
        """The editions of lists that are there, under the keys that are named for their courts.

        Of a court that nobody entrusts, under all that ever were: lenders hold it against those that each saw last.
        """
        return {
            path: [
                LeftList(keys=each, sequence=sequence_of(data), sha256=sha256_of(data))
                for each in self.keys_of(court_role(path), keys)
            ]
            for path, name in names.items()
            if (data := files.get(name)) is not None
        }

    def keys_of(self, role: str, keys: Mapping[str, str]) -> list[str]:
        """The keys under which a list of a court is remembered.

        Args:
            role: of the court.
            keys: role → short digest of the keys that are named for it.
        """
        if role in keys:
            return [keys[role]]
        return [*dict.fromkeys(left.keys for left in self.roles.get(role, ()))] or [""]

    def to_json(self) -> dict[str, Any]:
        """The members that `parse` reads."""
        return {
            "roles": {role: [left.to_json() for left in each] for role, each in self.roles.items()},
            "lists": {path: [left.to_json() for left in each] for path, each in self.lists.items()},
        }

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote; an earlier release remembered one edition of each list.

        Raises:
            ValueError, LookupError, TypeError, AttributeError: it is something else.
        """
        return cls(
            roles={role: tuple(map(Left.parse, each)) for role, each in content["roles"].items()},
            lists={
                path: tuple(map(LeftList.parse, each if isinstance(each, list) else [each]))
                for path, each in content["lists"].items()
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
    """Whether a role can list a status list: a court its own, the top all; a province's by editions of before."""
    match = TARGET_PATH.fullmatch(path)
    return match is not None and role in {TOP, f"{PROVINCE_PREFIX}{match['court'][:2]}", court_role(path)}


def _with(found: Sequence[LeftList], known: Iterable[LeftList]) -> tuple[LeftList, ...]:
    """What is known of a list with its last edition under some keys; of that edition itself they are known now."""
    keys, digests = {left.keys for left in found}, {left.sha256 for left in found}
    others = (each for each in known if each.keys not in keys and (each.keys is not None or each.sha256 not in digests))
    return (*others, *found)


def court_role(path: str) -> str:
    """The court that a status list belongs to, as a role."""
    return f"{COURT_PREFIX}{path.split('/')[1]}"


def is_list(path: str) -> bool:
    """Whether a target is a status list: neither a journal nor an issuer document."""
    return not path.endswith((CHANGES, ISSUER_FILE))


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("number")
    return value
