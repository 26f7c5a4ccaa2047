"""After a backup of the register was restored: what was published since is taken over into it.

The publication folder has the newest status lists and their journals, signed by the court. What they tell and the
register does not is entered into it, so that the next editions go on from there; entries of certificates that the
register does not know stay as they were published. A certificate that the register knows and believes in force, and
that was published as revoked or suspended, is a person's business: that step has to be taken again before. One that it
has as suspended, and that was published as reinstated, is named: it is published as suspended again if nobody acts.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from xinzheng_issuer.casework.certificates import revoke_case
from xinzheng_issuer.casework.replaced import send_back_open
from xinzheng_issuer.domain.workflow import LIVE_STATES, SYSTEM
from xinzheng_issuer.publishing.editions import first_row, listed_entries
from xinzheng_issuer.publishing.status_changes import Change, effective, folded
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import StatusChange, StatusList
from xinzheng_schemas.certificate import STATUS_PURPOSES
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_schemas.vocabulary import RevocationReason
from xinzheng_verifier.trust.names import CHANGES

_Told = tuple[int, int, bool]
"""Second since 1970, entry, value: a change as a journal tells it."""


_REVOCATION = "revocation"


@dataclass(frozen=True, kw_only=True)
class Again:
    """That what was published as revoked is revoked again, all at once.

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
        published: edition in effect.
        missing: changes that were published and that the register does not have, in order.
        unseen: changes that it has numbered and that were never published.
        to_repeat: numbers of certificates that were published as set and that the register believes in force.
        to_reinstate: numbers of certificates that were published as cleared and that the register has as set still.
        unknown: how many set entries belong to no certificate of the register.
    """

    number: int
    purpose: str
    known: int
    published: int
    missing: Sequence[_Told]
    unseen: Sequence[StatusChange]
    to_repeat: Sequence[str]
    to_reinstate: Sequence[str]
    unknown: int
    document: bytes
    journal: bytes


def behind(store: Store, published: Mapping[str, bytes], *, at: datetime) -> list[Behind]:
    """Every list of which the register knows less than was published.

    Args:
        store: an open transaction.
        published: path → content of what is in effect.
        at: the present moment.
    """
    return list(_behind(store, published, at=at))


def take_over(
    store: Store, published: Mapping[str, bytes], *, at: datetime, again: Again | None = None
) -> list[Behind]:
    """Enter into the register what an edition tells and it does not know.

    Args:
        store: an open transaction; to be given up if steps have to be repeated.
        published: path → content of the edition.
        at: the present moment.
        again: revoke what was published as revoked; None leaves that to people.

    Returns:
        What was entered.
    """
    lists = behind(store, published, at=at)
    if again is not None and revoke_again(store, lists, again, at=at):
        lists = behind(store, published, at=at)
    for each in lists:
        _take_over(store, each, at=at)
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


def revoke_again(store: Store, lists: Sequence[Behind], again: Again, *, at: datetime) -> list[str]:
    """Revoke whatever was published as revoked and the register believes in force.

    Args:
        store: an open transaction.
        lists: what `behind` found in it.
        again: why, and who orders it.
        at: the present moment.

    Returns:
        Numbers of the certificates.
    """
    store.hold_feed()
    numbers = [number for each in lists if each.purpose == _REVOCATION for number in each.to_repeat]
    note = f"published as revoked; taken over by {again.ordered_by}"
    for number in numbers:
        case = store.issued_certificate(number, lock=True)[1]
        revoke_case(store, case, SYSTEM, reason=again.reason, at=at, note=note, publish=False)
        send_back_open(store, case, number, reason=again.reason, at=at)
    return numbers


def _behind(store: Store, published: Mapping[str, bytes], *, at: datetime) -> Iterator[Behind]:
    for path, document in sorted(published.items()):
        parts = path.split("/")
        purpose = parts[-1].removesuffix(".json")
        if parts[1] != store.court_id or purpose not in STATUS_PURPOSES or parts[-1].endswith(CHANGES):
            continue
        number, journal = int(parts[3]), published[path.removesuffix(".json") + CHANGES]
        row = store.status_list(number, purpose)
        if row is not None and row.document == document:
            continue
        sequence, known = json.loads(document)["credentialSubject"]["sequence"], row.sequence if row else 0
        missing, unseen = _compared(store.status_changes(number, purpose), json.loads(journal))
        if known > sequence and not missing:
            continue
        listed, known_set = listed_entries(document), frozenset(store.set_indexes(number, purpose))
        entries, cleared = listed - known_set, {entry for _, entry, is_set in missing if not is_set} - listed
        certificates = store.given_out(number)
        yield Behind(
            number=number,
            purpose=purpose,
            known=known,
            published=sequence,
            missing=missing,
            unseen=unseen,
            to_repeat=sorted(
                each.number
                for each in certificates
                if each.place in entries and each.state in LIVE_STATES and (each.ends is None or each.ends >= at)
            ),
            to_reinstate=sorted(each.number for each in certificates if each.place in cleared & known_set),
            unknown=len(entries - {each.place for each in certificates}),
            document=document,
            journal=journal,
        )


def _compared(rows: Sequence[StatusChange], journal: Mapping[str, Any]) -> tuple[list[_Told], list[StatusChange]]:
    """What a published journal tells beyond the register, and what the register numbered beyond the journal."""
    since = parse_timestamp(journal["since"])
    told = [(moment, entry, bool(value)) for moment, entry, value in journal["changes"]]
    numbered = [row for row in rows if row.sequence is not None]
    changes = effective([Change(row.at, row.list_index, row.is_set) for row in numbered])
    known = [(int(each.at.timestamp()), each.entry, each.is_set) for each in folded(changes, since)]
    shared = next((place for place, pair in enumerate(zip(told, known, strict=False)) if pair[0] != pair[1]), None)
    shared = min(len(told), len(known)) if shared is None else shared
    unseen = set(known[shared:])
    return told[shared:], [row for row in numbered if (int(row.at.timestamp()), row.list_index, row.is_set) in unseen]


def _take_over(store: Store, each: Behind, *, at: datetime) -> None:
    row = store.status_list(each.number, each.purpose) or StatusList(
        court_id=store.court_id,
        number=each.number,
        purpose=each.purpose,
        sequence=0,
        made_at=at,
        since=parse_timestamp(json.loads(each.journal)["since"]),
    )
    for change in each.unseen:
        change.sequence = None
    for moment, entry, is_set in each.missing:
        store.add(
            StatusChange(
                court_id=store.court_id,
                list_number=each.number,
                purpose=each.purpose,
                list_index=entry,
                is_set=is_set,
                at=datetime.fromtimestamp(moment, UTC),
                sequence=each.published,
            )
        )
    # An edition with the number of another one, or a lower one, is never vouched for again: the next is made anew.
    made_at = parse_timestamp(json.loads(each.document)["validFrom"])
    if each.published > row.sequence:
        row.sequence, row.made_at, row.document, row.journal = each.published, made_at, each.document, each.journal
    else:
        row.made_at, row.document, row.journal = max(row.made_at, made_at), None, None
    row.attested_at = at
    store.add(row)
