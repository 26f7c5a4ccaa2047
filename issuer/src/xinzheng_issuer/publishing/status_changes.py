"""Journals of changes: since when each entry of a status list has been what it is (docs/reference/status-changes.md).

A journal is derived from the register's changes, as a list is derived from the certificates. It bears no names, no
reasons, and nobody who caused anything; like the list it is one and the same object for everybody.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.status.changes import CHANGES_TYPE


class Change(NamedTuple):
    """One entry that was set or cleared.

    Attributes:
        at: from when on, aware.
        entry: index of it.
        is_set: what it became.
    """

    at: datetime
    entry: int
    is_set: bool


def replayed(changes: Iterable[Change]) -> frozenset[int]:
    """The indexes that are set after all changes, the first of them made to a clear list."""
    found: set[int] = set()
    for change in changes:
        (found.add if change.is_set else found.discard)(change.entry)
    return frozenset(found)


def effective(changes: Iterable[Change]) -> list[Change]:
    """The changes without those after which all is as before: what was set is not told as set once more."""
    found: set[int] = set()
    told = []
    for change in changes:
        if change.is_set != (change.entry in found):
            (found.add if change.is_set else found.discard)(change.entry)
            told.append(change)
    return told


def beginning(since: datetime, *, made_at: datetime, years: int) -> datetime:
    """From when a journal tells moments: it moves once a year, so that journals of a year differ at their ends only.

    Args:
        since: from when changes are known at all.
        made_at: when the list is made.
        years: how long they are told.
    """
    return max(since, datetime(max(made_at.year - years, 1), 1, 1, tzinfo=UTC))


def folded(changes: Sequence[Change], since: datetime) -> list[Change]:
    """The changes from a moment on; of what came before, only what was still set then is told, as of that moment."""
    early = [change for change in changes if change.at < since]
    begun = [Change(since, entry, is_set=True) for entry in sorted(replayed(early))]
    return begun + [change for change in changes if change.at >= since]


def status_changes_document(
    changes: Iterable[Change], *, url: str, issuer: str, sequence: int, since: datetime
) -> dict[str, object]:
    """The journal of one edition of a status list, unsigned.

    Args:
        changes: in order of time, none before `since`.
        url: address of the list.
        issuer: DID of the court.
        sequence: of the edition that the changes lead to.
        since: moment from which nothing is missing, aware, whole seconds.
    """
    return {
        "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1],
        "id": f"{url}#changes",
        "type": CHANGES_TYPE,
        "issuer": issuer,
        "list": url,
        "sequence": sequence,
        "since": format_timestamp(since),
        "changes": [[int(change.at.timestamp()), change.entry, int(change.is_set)] for change in changes],
    }
