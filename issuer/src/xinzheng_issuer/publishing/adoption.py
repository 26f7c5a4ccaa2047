"""After a backup of the register was restored: what was published since is taken over into it.

Each edition that is at hand is a witness, the one in effect and those that were found elsewhere, of one line or of two
that have parted. What any of them tells and the register does not is entered into it, at the moment that it tells, so
that the next editions go on above all of them; entries of certificates that the register does not know stay as they
were published. A certificate that the register knows and believes in force, and that was published as revoked or
suspended, is a person's business: that step has to be taken again before. One that it has as suspended, and that was
published as reinstated, is named: it is published as suspended again if nobody acts.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from xinzheng_issuer.casework.certificates import revoke_case, void_certificate
from xinzheng_issuer.casework.replaced import send_back_open
from xinzheng_issuer.casework.steps import take_step
from xinzheng_issuer.domain.workflow import LIVE_STATES, SYSTEM, Action, State
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.editions import first_row, listed_entries
from xinzheng_issuer.publishing.own_lists import own_list_paths
from xinzheng_issuer.publishing.status_changes import Change, effective, folded, replayed
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Certificate, StatusChange, StatusList
from xinzheng_schemas.certificate import STATUS_PURPOSES
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_schemas.vocabulary import RevocationReason
from xinzheng_verifier.trust.names import CHANGES

_REVOCATION = "revocation"

_MOST_NAMED = 4

_FORGOTTEN = "register_restored"
"""Why a record is void that was finished, handed out and revoked or suspended, of all of which the register knows
nothing."""


class _Witness(NamedTuple):
    """One published edition of a list, with its journal."""

    document: bytes
    sequence: int
    made_at: datetime
    entries: frozenset[int]
    since: datetime
    changes: Sequence[Change]


@dataclass(frozen=True, kw_only=True)
class Again:
    """That what was published as revoked is revoked again, and what as suspended is suspended again, all at once.

    Attributes:
        reason: for all of them, for what was published tells none.
        ordered_by: name of who orders it.
    """

    reason: RevocationReason
    ordered_by: str


@dataclass(frozen=True, kw_only=True)
class Behind:
    """A status list of which the register knows less than was published.

    Attributes:
        number: of the list.
        purpose: its purpose.
        known: edition that the register has; 0 of a list that it does not know.
        published: the highest edition that was published.
        missing: changes that were published and that the register does not have, in order of time.
        to_repeat: numbers of certificates that were published as set and that the register believes in force.
        to_reinstate: numbers of certificates that were published as cleared and that the register has as set still.
        to_void: certificates that were published as set and that the register has as recorded and not finished: it has
            forgotten that they were handed out.
        held: entries that stay suspended, for the change that lifted them knew nothing of why, and the register knows
            of no certificate.
        unknown: how many set entries belong to no certificate of the register.
        lacks_entries: whether an entry is set that the register would publish as clear, whenever that was.
        made_at: when the newest of the editions was made.
        since: from when on changes are told.
    """

    number: int
    purpose: str
    known: int
    published: int
    missing: Sequence[Change]
    to_repeat: Sequence[str]
    to_reinstate: Sequence[str]
    to_void: Sequence[Certificate]
    held: Sequence[int]
    unknown: int
    lacks_entries: bool
    made_at: datetime
    since: datetime


def behind(store: Store, editions: Iterable[Mapping[str, bytes]], *, at: datetime) -> list[Behind]:
    """Every list of which the register knows less than was published.

    Args:
        store: an open transaction.
        editions: each path → content of what was published, judged before.
        at: the present moment.
    """
    witnesses: dict[tuple[int, str], list[_Witness]] = {}
    for edition in editions:
        for path in own_list_paths(edition, store.court_id):
            *_, number, name = path.split("/")
            row = store.status_list(int(number), name.removesuffix(".json"))
            if row is not None and row.document == edition[path]:
                continue
            journal = edition[path.removesuffix(".json") + CHANGES]
            found = witnesses.setdefault((int(number), name.removesuffix(".json")), [])
            found.append(_witness(edition[path], json.loads(journal)))
    compared = (_compared(store, *each, witnesses[each], at=at) for each in sorted(witnesses))
    return [each for each in compared if each is not None]


def require_none_behind(lists: Sequence[Behind]) -> None:
    """Raise if there is any.

    Raises:
        PublishingError: `register_restored`.
    """
    if lists:
        names = [f"{each.number}/{each.purpose}" for each in lists[:_MOST_NAMED]]
        raise PublishingError("register_restored", lists=", ".join(names))


def take_over(
    store: Store, editions: Sequence[Mapping[str, bytes]], *, at: datetime, again: Again | None = None
) -> list[Behind]:
    """Enter into the register what editions tell and it does not know; nothing is behind afterwards.

    Args:
        store: an open transaction; to be given up if steps have to be repeated.
        editions: as of `behind`.
        at: the present moment.
        again: repeat what was published; None leaves that to people.

    Returns:
        What was entered.
    """
    lists = behind(store, editions, at=at)
    for certificate_id in sorted({certificate.id for each in lists for certificate in each.to_void}):
        case = void_certificate(store, certificate_id, reason=_FORGOTTEN, at=at)
        if case is not None and State(case.state) is State.APPROVED:
            take_step(store, case, Action.SEND_BACK, SYSTEM, at=at, reason=_FORGOTTEN)
    if again is not None and _repeat(store, lists, again, at=at):
        lists = behind(store, editions, at=at)
    for each in lists:
        _enter(store, each, at=at)
    return lists


def open_next_list(store: Store, *, at: datetime) -> None:
    """Open the next status list.

    Indexes may be taken by certificates that the register does not know: none is given out on the old lists any more.

    Args:
        store: an open transaction.
        at: the present moment.
    """
    following = max(store.list_numbers()) + 1
    for purpose in STATUS_PURPOSES:
        store.add(first_row(store, following, purpose, at=at))


def _repeat(store: Store, lists: Sequence[Behind], again: Again, *, at: datetime) -> bool:
    """Whether anything was to be repeated, and is."""
    store.hold_feed()
    note = f"published as {{}}; taken over by {again.ordered_by}"
    revoked = {number for each in lists if each.purpose == _REVOCATION for number in each.to_repeat}
    for number in sorted(revoked):
        case = store.issued_certificate(number, lock=True)[1]
        revoke_case(store, case, SYSTEM, reason=again.reason, at=at, note=note.format("revoked"), publish=False)
        send_back_open(store, case, number, reason=again.reason, at=at)
    suspended = {number for each in lists if each.purpose != _REVOCATION for number in each.to_repeat} - revoked
    for number in sorted(suspended):
        case = store.issued_certificate(number, lock=True)[1]
        take_step(
            store,
            case,
            Action.SUSPEND,
            SYSTEM,
            at=at,
            reason=again.reason,
            note=note.format("suspended"),
            publish=False,
        )
    return bool(revoked or suspended)


def _witness(document: bytes, journal: Mapping[str, Any]) -> _Witness:
    content = json.loads(document)
    return _Witness(
        document=document,
        sequence=content["credentialSubject"]["sequence"],
        made_at=parse_timestamp(content["validFrom"]),
        entries=listed_entries(document),
        since=parse_timestamp(journal["since"]),
        changes=[
            Change(datetime.fromtimestamp(moment, UTC), entry, bool(value))
            for moment, entry, value in journal["changes"]
        ],
    )


def _compared(store: Store, number: int, purpose: str, witnesses: Sequence[_Witness], *, at: datetime) -> Behind | None:
    """A list as the register and all witnesses know it; None if the register knows all of it."""
    row = store.status_list(number, purpose)
    numbered = [each for each in store.status_changes(number, purpose) if each.sequence is not None]
    known = [Change(each.at.replace(microsecond=0), each.list_index, each.is_set) for each in numbered]
    missing = _missing(known, witnesses)
    sequence, published = row.sequence if row else 0, max(each.sequence for each in witnesses)
    is_another = row is not None and row.document is not None and any(each.sequence == sequence for each in witnesses)
    if not missing and sequence >= published and not is_another:
        return None
    replays = replayed(_merged(known, missing))
    listed = replays.union(*(each.entries for each in witnesses if purpose == _REVOCATION), _kept(missing, witnesses))
    known_set, certificates = frozenset(store.set_indexes(number, purpose)), store.given_out(number)
    entries, cleared = listed - known_set, {each.entry for each in missing if not each.is_set} - listed
    there, unfinished = {each.place for each in certificates}, store.pending_certificates()
    to_repeat = sorted(
        each.number
        for each in certificates
        if each.place in entries and each.state in LIVE_STATES and (each.ends is None or each.ends >= at)
    )
    to_void = [each for each in unfinished if each.list_number == number and each.list_index in entries]
    return Behind(
        number=number,
        purpose=purpose,
        known=sequence,
        published=published,
        missing=missing,
        to_repeat=to_repeat,
        to_reinstate=sorted(each.number for each in certificates if each.place in cleared & known_set),
        to_void=to_void,
        held=sorted(entries - replays - there),
        unknown=len(entries - there),
        lacks_entries=bool(to_repeat or to_void or entries - there - replayed(known)),
        made_at=max(each.made_at for each in witnesses),
        since=min(each.since for each in witnesses),
    )


def _missing(known: Sequence[Change], witnesses: Sequence[_Witness]) -> list[Change]:
    """What witnesses tell and is not known; of lines that have parted whatever any of them tells.

    A journal tells of the time before its beginning only what was left of it.
    """
    missing: list[Change] = []
    for witness in witnesses:
        whole = _merged(known, missing)
        there = Counter(whole) | Counter(folded(effective(whole), witness.since))
        for change in witness.changes:
            there[change] -= 1
            if there[change] < 0:
                missing.append(change)
    return missing


def _kept(missing: Sequence[Change], witnesses: Sequence[_Witness]) -> frozenset[int]:
    """The entries that are set by a change of which the register knows nothing, whatever another line did since.

    Whoever lifted a suspension on one line did not know why the other had made one. Of witnesses of one line the newest
    says whether it stands.
    """
    told = sorted(((each, frozenset(each.changes)) for each in witnesses), key=lambda pair: pair[0].sequence)
    return frozenset(
        change.entry
        for change in missing
        if change.is_set and change.entry in [each for each, changes in told if change in changes][-1].entries
    )


def _merged(some: Sequence[Change], others: Sequence[Change]) -> list[Change]:
    """Both in order of time; at one moment in the order of `Store.status_changes` once they are entered."""
    return sorted([*some, *others], key=lambda change: change.at)


def _enter(store: Store, each: Behind, *, at: datetime) -> None:
    row = store.status_list(each.number, each.purpose) or StatusList(
        court_id=store.court_id,
        number=each.number,
        purpose=each.purpose,
        sequence=0,
        made_at=each.made_at,
        since=each.since,
    )
    # The next edition is made anew, above all of them: none with the number of another one is vouched for.
    row.sequence, row.made_at = max(row.sequence, each.published), max(row.made_at, each.made_at)
    row.document = row.journal = None
    row.attested_at = at
    store.add(row)
    told = [(change, row.sequence) for change in each.missing]
    held = [(Change(at, entry, is_set=True), None) for entry in each.held]
    for change, sequence in (*told, *held):
        store.add(
            StatusChange(
                court_id=store.court_id,
                list_number=each.number,
                purpose=each.purpose,
                list_index=change.entry,
                is_set=change.is_set,
                at=change.at,
                sequence=sequence,
            )
        )
