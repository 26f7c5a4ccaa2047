"""Journals of status changes from one contribution to the next: what was published is not told otherwise afterwards.

A journal tells when entries were set and cleared since its beginning, and what was set before is told as of then. The
beginning moves on once a year (docs/reference/status-changes.md), so two journals are compared for the time that both
tell of, up to the moment as of which the earlier one was vouched for.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.trust_list.candidates import Candidate
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import loads_object
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.limits import STATUS_CHANGES_JSON
from xinzheng_verifier.trust.names import CHANGES
from xinzheng_verifier.trust.tuf_metadata import published_at

_log = structlog.get_logger("xinzheng.publishing")

_Moments = Mapping[int, Sequence[int]]
"""Index of an entry → when it was turned over, seconds since 1970, in order."""


class _Told(NamedTuple):
    """What a journal says.

    Attributes:
        since: its beginning, seconds since 1970.
        changes: moment, index and value of each change, as they stand there.
        moments: the same, index by index.
    """

    since: int
    changes: Sequence[Any]
    moments: _Moments

    def beginning_at(self, since: int) -> _Moments:
        """What it would say if it began at a later moment."""
        if since <= self.since:
            return self.moments
        return {index: _folded(moments, since) for index, moments in self.moments.items()}


def check_history(
    before: Candidate, now: Candidate, files: Mapping[str, bytes], *, at: datetime, must_be_there: bool = True
) -> None:
    """Whether a court's journals say of the past what those in effect say.

    To refuse what cannot be compared with a lost journal would keep metadata in effect that lists it, and with that
    stop the whole country. So of a court in effect such a journal is passed over, and told in the log.

    Args:
        before: the court's metadata in effect.
        now: what it hands in, its lists and journals found good by the verifier.
        files: name → content of the files that both list.
        at: the moment of judgement, aware, as late as a court's clock may be.
        must_be_there: whether a journal that is lost is a refusal.

    Raises:
        TrustListError: `contribution_history`.
    """
    old, new = before.target_names(), now.target_names()
    changed = [path for path in old if path.endswith(CHANGES) and new.get(path) != old[path]]
    vouched = published_at(before.targets(), name=before.name) if changed else None
    for path in changed:
        journal = files.get(old[path])
        if journal is None and must_be_there:
            raise history_lost(path, old[path])
        if journal is None:
            _log.warning("published_file_lost", path=old[path])
            continue
        told = _told(journal)
        if told is None:  # published before journals were judged
            continue
        later = _told(files.get(new.get(path, ""), b""))
        if later is None:
            raise _refusal(path, "history_gone")
        # A year is the least that a journal may keep; what is older than that may be forgotten, and nothing newer.
        if later.since > told.since and later.since > datetime(at.year - 1, 1, 1, tzinfo=UTC).timestamp():
            raise _refusal(path, "history_shorter")
        index = _changed(told, later, vouched=vouched)
        if index is not None:
            raise _refusal(path, "history_changed", index=index)


def _changed(told: _Told, later: _Told, *, vouched: datetime | None) -> int | None:
    """An entry of whose past the later journal says something else; None if there is none."""
    last = told.changes[-1][0] if told.changes else told.since
    floor = last if vouched is None else max(last, int(vouched.timestamp()))
    count = len(told.changes)
    if told.since == later.since and told.changes == later.changes[:count]:
        appended = later.changes[count:]
        return next((index for moment, index, _ in appended[:1] if moment < floor), None)
    since = max(told.since, later.since)
    if since >= floor:
        return None
    earlier, continued = told.beginning_at(since), later.beginning_at(since)
    for index in sorted(earlier.keys() | continued.keys()):
        known, found = [*earlier.get(index, ())], [*continued.get(index, ())]
        if found[: len(known)] != known or any(moment < floor for moment in found[len(known) :]):
            return index
    return None


def _folded(moments: Sequence[int], since: int) -> list[int]:
    """An entry that was set before a journal's beginning, and still is, is told as set at the beginning."""
    early = bisect_left(moments, since)
    return [*([since] if early % 2 else []), *moments[early:]]


def history_lost(field: str, name: str) -> TrustListError:
    """The refusal of what cannot be compared with what was published.

    Args:
        field: what is refused.
        name: the published file that is missing from the repository, or damaged.
    """
    return _refusal(field, "history_lost", name=name)


def _told(journal: bytes) -> _Told | None:
    """What a journal says; None if it says nothing."""
    try:
        content: Any = loads_object(journal, limits=STATUS_CHANGES_JSON)
        since, changes = int(parse_timestamp(content["since"]).timestamp()), content["changes"]
        moments: dict[int, list[int]] = {}
        for moment, index, _ in changes:
            moments.setdefault(int(index), []).append(int(moment))
    except (CodedError, LookupError, TypeError, ValueError):
        return None
    return _Told(since, changes, moments)


def _refusal(path: str, reason: str, *, index: int | None = None, name: str = "") -> TrustListError:
    why = in_both_languages(TrustListError(reason, index=index, name=name))
    return TrustListError("contribution_history", field=path, reason=why)
