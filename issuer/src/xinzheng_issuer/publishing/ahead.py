"""What was published by a clock that was ahead: how it is noticed, and how it begins again.

Whether such a clock was wrong, or the one that shows an earlier time now, a person has to say. Until then a change
counts from when its list was last said to be current, as after a clock that was set back, for that much was vouched
for. New keys of timestamp or snapshot say that the clock is right: lenders forget the moments that the old ones stated,
and what lies ahead counts from now on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tuf.api.metadata import Root

from xinzheng_issuer.publishing.bundle_keys import differing_roles
from xinzheng_issuer.publishing.repository import is_ahead
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import StatusChange, StatusList
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.trust_documents import KeyState, KeyUsage


def moments_begin_again(before: Root | None, now: Root) -> bool:
    """Whether lenders forget the moments they were told, for other keys state them (TUF specification, 5.3.11).

    Args:
        before: the root of the edition in effect; None before the first, which any other would have to follow.
        now: the root of the edition that follows.
    """
    return before is None or not {"timestamp", "snapshot"}.isdisjoint(differing_roles(before, now))


def not_before(store: Store, published: Iterable[datetime | None], *, at: datetime) -> datetime:
    """The present moment, or the latest of which is known that the court signed something, if the clock is behind it.

    Args:
        store: an open transaction.
        published: when editions of the court were made.
        at: what the clock shows.
    """
    told = [store.last_signed_at(), *store.status_moments(), *published]
    return max(at, *(each for each in told if each is not None))


def end_of(store: Store, record: KeyRecord, *, at: datetime) -> datetime:
    """When the window of a key closes that signs nothing more: no earlier than the last moment that it signed.

    Args:
        store: an open transaction.
        record: the key; a staged one has signed nothing.
        at: what the clock shows; it may be behind, or have been ahead.
    """
    if record.state is KeyState.STAGED:
        return at
    lists = record.usage is KeyUsage.STATUS
    told = store.status_moments() if lists else [store.last_signed_at(record.name)]
    return max([at, *(each for each in told if each is not None)])


def begin_again(row: StatusList, changes: Sequence[StatusChange], *, at: datetime) -> None:
    """Let a list, and the changes that its editions have shown, begin again at a moment if they lie ahead of it.

    Moments that lie ahead by no more than clocks differ stay: they were vouched for.

    Args:
        row: the list; one that is changed has to be signed anew.
        changes: all of its changes.
        at: the present moment.
    """
    told = [row.made_at, row.since, row.attested_at or row.since, *(change.at for change in changes)]
    if not is_ahead(max(told), at=at):
        return
    for change in changes:
        change.at = min(change.at, at)
    row.made_at, row.since, row.attested_at = min(row.made_at, at), min(row.since, at), at
    row.document = row.journal = None
