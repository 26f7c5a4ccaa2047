"""Editions of the status lists: which are signed anew, with which number, and with which journal.

An edition is signed when bits have changed, when its life is half over, or when the court's status key or the list's
address is another than it was signed with. Otherwise it stays as it is, and the publication vouches for it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.court import CourtConfiguration
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.issuing.court_keys import CourtKeys, NamedSigner
from xinzheng_issuer.issuing.suites import ALGORITHMS
from xinzheng_issuer.publishing.ahead import begin_again
from xinzheng_issuer.publishing.status_changes import (
    Change,
    beginning,
    effective,
    folded,
    replayed,
    status_changes_document,
)
from xinzheng_issuer.publishing.status_lists import StatusPurpose, sign_status_document, status_list_credential
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import StatusChange, StatusList
from xinzheng_schemas import bitstring
from xinzheng_schemas.certificate import STATUS_PURPOSES
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier.limits import MAX_STATUS_LIST_BYTES

_LIST_ENDINGS = tuple(f"/{purpose}.json" for purpose in STATUS_PURPOSES)

_REVOCATIONS = "/revocation.json"

_log = structlog.get_logger("xinzheng.publishing")


def editions(
    store: Store, office: Office, keys: CourtKeys, *, at: datetime, again: bool = False
) -> Sequence[StatusList]:
    """The current edition of every list; those that need it are made and signed.

    Args:
        store: an open transaction that sees one state of the register.
        office: the court.
        keys: its keys.
        at: the present moment.
        again: what lies ahead of it begins again, as `publishing.ahead` says.

    Raises:
        IssuingError, KeyStoreError: the status key cannot be used.
    """
    key = keys.signer(KeyUsage.STATUS, at=at)
    return [
        _edition(store, office.court, key, number, purpose, at=at, again=again)
        for number in store.list_numbers()
        for purpose in STATUS_PURPOSES
    ]


def check_not_older(targets: Mapping[str, bytes], published: Mapping[str, bytes]) -> None:
    """Refuses to put an edition in the place of a newer one, or a list in the place of one that says more.

    A register that was restored has forgotten things, and its editions reach the old numbers again by themselves.
    Nothing clears a revocation, not even the end of the certificate, so that whatever is missing was forgotten.

    Args:
        targets: what is to be published, path → content.
        published: what is in effect, path → content.

    Raises:
        PublishingError: `status_list_older`, `revocations_forgotten`.
    """
    courts = {_court(path) for path in targets}
    for path, content in published.items():
        if path.endswith(_LIST_ENDINGS) and _court(path) in courts and targets.get(path) != content:
            sequence, known = _sequence(targets.get(path)), _sequence(content)
            if sequence <= known:
                raise PublishingError("status_list_older", list=path, sequence=sequence, published=known)
            if path.endswith(_REVOCATIONS) and (missing := listed_entries(content) - listed_entries(targets[path])):
                raise PublishingError("revocations_forgotten", list=path, count=len(missing), index=min(missing))


def listed_entries(document: bytes) -> frozenset[int]:
    """The entries that a status list says are set."""
    text: str = json.loads(document)["credentialSubject"]["encodedList"]
    bits = bitstring.decode(text, max_bytes=MAX_STATUS_LIST_BYTES)
    return frozenset(
        8 * place + bit for place, octet in enumerate(bits) if octet for bit in range(8) if octet & (0x80 >> bit)
    )


def _court(path: str) -> str:
    return path.split("/")[1]


def _sequence(document: bytes | None) -> int:
    """Number of an edition; 0 of a list that is not there."""
    if document is None:
        return 0
    sequence: int = json.loads(document)["credentialSubject"]["sequence"]
    return sequence


def _edition(
    store: Store,
    court: CourtConfiguration,
    key: NamedSigner,
    number: int,
    purpose: StatusPurpose,
    *,
    at: datetime,
    again: bool,
) -> StatusList:
    row = store.status_list(number, purpose) or first_row(store, number, purpose, at=at)
    noted = store.status_changes(number, purpose)
    if again:
        begin_again(row, noted, at=at)
    indexes = _indexes(store, number, purpose, noted)
    changes = _complete(store, row, noted, indexes, at=at)
    pending = [change for change in changes if change.sequence is None]
    if pending or _has_to_be_signed(row, court, purpose, method=key.method, at=at):
        row.sequence += 1
        row.made_at = _number(pending, row, at=at)
        since = beginning(row.since, made_at=row.made_at, years=court.status.history_years)
        told = folded(effective(map(_plain, changes)), since)
        by_jcs = ALGORITHMS[key.signer.key_type].cryptosuites[0]  # the order of a journal has to be signed
        row.document, row.journal = (
            sign_status_document(
                each, key.signer, verification_method=key.method, created=row.made_at, cryptosuite=cryptosuite
            )
            for each, cryptosuite in (
                (_list(row, court, purpose, indexes), court.status.cryptosuite),
                (_journal(row, court, told, since=since), by_jcs),
            )
        )
        store.add(row)
    return row


def first_row(store: Store, number: int, purpose: StatusPurpose, *, at: datetime) -> StatusList:
    """A list before its first edition: clear, and known since the register began."""
    court = store.court()
    since = at if court is None else min(court.created_at, at)
    return StatusList(court_id=store.court_id, number=number, purpose=purpose, sequence=0, made_at=since, since=since)


def _indexes(store: Store, number: int, purpose: str, noted: Sequence[StatusChange]) -> frozenset[int]:
    """The entries that are set: by the certificates, and of what was taken over from a publication as it was there.

    What was noted as revoked stays so. What was suspended stays so where the register knows no certificate that could
    say otherwise: it came back from a backup.
    """
    indexes = frozenset(store.set_indexes(number, purpose))
    more = replayed(map(_plain, noted)) - indexes
    if more and purpose != "revocation":
        more -= {each.place for each in store.given_out(number)}
    return indexes | more


def _complete(
    store: Store, row: StatusList, changes: Sequence[StatusChange], indexes: frozenset[int], *, at: datetime
) -> Sequence[StatusChange]:
    """The changes that lead to exactly these indexes; what was noted nowhere is noted now: revocations must show."""
    missing = sorted(replayed(map(_plain, changes)) ^ indexes)
    found = [*changes]
    for index in missing:
        _log.error("status_change_unrecorded", list=row.number, purpose=row.purpose, index=index)
        change = StatusChange(
            court_id=row.court_id,
            list_number=row.number,
            purpose=row.purpose,
            list_index=index,
            is_set=index in indexes,
            at=at,
        )
        store.add(change)
        found.append(change)
    return found


def _plain(change: StatusChange) -> Change:
    return Change(change.at, change.list_index, change.is_set)


def _has_to_be_signed(
    row: StatusList, court: CourtConfiguration, purpose: StatusPurpose, *, method: str, at: datetime
) -> bool:
    """Whether an edition that still says what is so has to be made anew all the same."""
    if row.document is None or row.journal is None:
        return True
    document = json.loads(row.document)
    life = min(_life(court), parse_timestamp(document["validUntil"]) - row.made_at)
    is_elsewhere = document["id"] != court.status_list_url(row.number, purpose)
    signed = document["proof"]["verificationMethod"], document["proof"]["cryptosuite"]
    return at - row.made_at >= life / 2 or is_elsewhere or signed != (method, court.status.cryptosuite)


def _life(court: CourtConfiguration) -> timedelta:
    return timedelta(hours=court.status.validity_hours)


def _number(pending: Sequence[StatusChange], row: StatusList, *, at: datetime) -> datetime:
    """Enters changes into the edition that first shows them; when that edition is made.

    A clock set back, or a transaction that took long, must change nothing that was vouched for already: a change counts
    at the earliest from when the list was last said to be current. For any other reason none counts from later than
    the clock shows.
    """
    moment = max(row.made_at, row.since, row.attested_at or row.since)
    for change in pending:
        change.at = moment = max(moment, min(change.at, at))
        change.sequence = row.sequence
    return max(moment, at)


def _list(
    row: StatusList, court: CourtConfiguration, purpose: StatusPurpose, indexes: frozenset[int]
) -> dict[str, object]:
    return status_list_credential(
        indexes,
        url=court.status_list_url(row.number, purpose),
        issuer=court.did,
        purpose=purpose,
        sequence=row.sequence,
        valid_from=row.made_at,
        valid_until=row.made_at + _life(court),
    )


def _journal(
    row: StatusList, court: CourtConfiguration, changes: Sequence[Change], *, since: datetime
) -> dict[str, object]:
    url = court.status_list_url(row.number, row.purpose)
    return status_changes_document(changes, url=url, issuer=court.did, sequence=row.sequence, since=since)
