"""Which cases a record may be about, and which records of the register may be about a case: the same question twice.

The first is asked when a record comes in, the second before a look-up of the list is taken for good: at the
confirmation, at the renewal, and twice while issuing. Nothing that came in at or after the look-up may speak against it
(threats: a re-listing that repeats, comes late, or comes while a certificate is being issued).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import State
from xinzheng_issuer.errors import RefusalError, RuleError
from xinzheng_issuer.feed.records import ListRecord, PartlyHidden, PartlyReadError, read_record
from xinzheng_issuer.feed.relisting import KnownCase, may_speak_against, speaks_against
from xinzheng_issuer.register.identity_keys import IdentityKeys
from xinzheng_issuer.register.names import folded_name
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, FeedRecord
from xinzheng_schemas.identity import MaskedId


def label_of(store: Store, case: Case) -> str:
    """The certificate number of a case whose certificate is out; its id before that."""
    certificate = store.certificate_of(case.id)
    return certificate.number if certificate and certificate.issued_at else case.id


def known_case(case: Case, label: str, *, masked_on: date | None = None) -> KnownCase:
    """What a decision needs of a case.

    Args:
        case: the row.
        label: as `label_of` gives it.
        masked_on: the day of a masking that is about to be confirmed; by default the confirmed one.
    """
    return KnownCase(
        state=State(case.state),
        label=label,
        name=case.name,
        identity_key=case.identity_key,
        alias_key=case.alias_key,
        visible_number=case.masked_id_number or case.unified_social_credit_code or "",
        case_number=case.case_number,
        original_case_numbers=tuple(case.original_case_numbers),
        basis_number=case.basis_number,
        masked_on=masked_on or case.masked_on,
    )


def candidates(store: Store, record: ListRecord, keys: IdentityKeys) -> Sequence[Case]:
    """Open and live cases that a record may be about, locked until the transaction ends."""
    digests = [*_digests(record, keys), *_document_digests(record, keys)]
    numbers = [str(record.case_number), *_originals(record)]
    return store.feed_candidates(case_numbers=numbers, name=record.name, identity_keys=digests)


def make_findable(row: FeedRecord, records: Sequence[ListRecord], keys: IdentityKeys) -> None:
    """Fill in the columns by which `candidates` would have found the case.

    Args:
        row: the row to be.
        records: the record; several that differ in the case number alone if it was read only in part.
        keys: the register's digests.
    """
    record, *others = records
    digests = [*_digests(record, keys), None, None]
    resumed = [*_originals(record), *(str(other.case_number) for other in others)]
    row.name = folded_name(record.name) or None
    row.case_number = str(record.case_number)
    row.original_case_numbers = " ".join(resumed) or None
    row.identity_key, row.alias_key = digests[0], digests[1]
    row.document_keys = " ".join(sorted(_document_digests(record, keys))) or None


def partly_about(store: Store, records: Sequence[ListRecord], keys: IdentityKeys) -> list[str]:
    """Labels of the cases of which a record that was read only in part may take a certificate out of force."""
    found: dict[str, None] = {}
    for record in records:
        for case in candidates(store, record, keys):
            label = label_of(store, case)
            if may_speak_against(record, known_case(case, label), keys):
                found[label] = None
    return list(found)


def look_up_problems(
    store: Store, case: Case, office: Office, *, checked_at: datetime, masked_on: date | None = None
) -> list[RuleError]:
    """Whether a look-up of the public list counts against what the feed has brought.

    Args:
        store: the open transaction; `hold_feed_still` was called in it.
        case: the case, locked.
        office: the court at work.
        checked_at: when the list was looked up.
        masked_on: the day of a masking that is about to be confirmed.

    Returns:
        `list_check_before_relisting` for the newest record that came in at or after the look-up and would take a
        certificate of the case out of force, or nothing.
    """
    against = _against(store, case, office.identity_keys, since=checked_at, masked_on=masked_on)
    newest = max(against, key=lambda each: each.at, default=None)
    if newest is None:
        return []
    published = newest.record.published_on
    return [
        RuleError(
            "list_check_before_relisting",
            field="listCheckedAt",
            checked_at=checked_at.isoformat(),
            received=newest.at.isoformat(),
            case=str(newest.record.case_number),
            published="—" if published == date.max else published.isoformat(),
        )
    ]


def came_unheeded(store: Store, case: Case, office: Office) -> bool:
    """Whether a record that would take the certificate of a case out of force has come in and found it ended.

    No moment of the end is asked: whatever the clocks did, a record that found the certificate had an effect on it.

    Args:
        store: the open transaction.
        case: the case of a certificate that is out, locked.
        office: the court at work.
    """
    label = label_of(store, case)
    since = case.list_checked_at or case.registered_at
    return any(
        label not in store.touched_by(each.row) for each in _against(store, case, office.identity_keys, since=since)
    )


class _Received(NamedTuple):
    row: FeedRecord
    at: datetime
    record: ListRecord
    partly: bool


def _against(
    store: Store, case: Case, keys: IdentityKeys, *, since: datetime, masked_on: date | None = None
) -> Iterator[_Received]:
    """The records that came in at a moment or later, and would take a certificate of the case out of force."""
    known = known_case(case, case.id, masked_on=masked_on)
    for each in _received(store.feed_records_since(since, case)):
        judge = may_speak_against if each.partly else speaks_against
        if judge(each.record, known, keys, same_number=_same_number(each.row, case)):
            yield each


def _received(rows: Iterable[FeedRecord]) -> Iterator[_Received]:
    for row in rows:
        if row.received_at is None:
            continue
        try:
            yield _Received(row, row.received_at, read_record(row.raw), partly=False)
        except PartlyReadError as error:
            for record in error.records:
                yield _Received(row, row.received_at, record, partly=True)
        except RefusalError:
            continue


def _same_number(row: FeedRecord, case: Case) -> bool:
    """Whether a record that showed a full number showed that of the case."""
    if case.identity_key in (row.document_keys or "").split():
        return True
    if row.alias_key is None:
        return False
    return row.identity_key in {case.identity_key, case.alias_key} or row.alias_key == case.identity_key


def _digests(record: ListRecord, keys: IdentityKeys) -> list[str]:
    if isinstance(record.card, MaskedId):
        return [keys.of_masked(record.card)]
    if record.card is None or isinstance(record.card, PartlyHidden):
        return []
    return [keys.of(record.card), keys.alias_of(record.card)]


def _document_digests(record: ListRecord, keys: IdentityKeys) -> Iterable[str]:
    return () if record.document is None else keys.of_document(record.document)


def _originals(record: ListRecord) -> list[str]:
    return [str(number) for number in record.original_case_numbers]
