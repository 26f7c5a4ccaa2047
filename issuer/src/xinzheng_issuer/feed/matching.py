"""Which cases a record may be about, and which records of the register may be about a case: the same question twice.

The first is asked when a record comes in, the second before a look-up of the list is taken for good: at the
confirmation, at the renewal, and twice while issuing. Nothing that came in at or after the look-up may speak against it
(threats: a re-listing that repeats, comes late, or comes while a certificate is being issued).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import State
from xinzheng_issuer.errors import RefusalError, RuleError
from xinzheng_issuer.feed.records import ListRecord, PartlyHidden, read_record
from xinzheng_issuer.feed.relisting import KnownCase, speaks_against
from xinzheng_issuer.register.identity_keys import IdentityKeys
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
    numbers = {str(record.case_number), *_originals(record)}
    return store.feed_candidates(case_numbers=numbers, name=record.name, identity_keys=_digests(record, keys))


def make_findable(row: FeedRecord, record: ListRecord, keys: IdentityKeys) -> None:
    """Fill in the columns by which `candidates` would have found the case."""
    digests = [*_digests(record, keys), None, None]
    row.name = record.name
    row.case_number = str(record.case_number)
    row.original_case_numbers = " ".join(_originals(record)) or None
    row.identity_key, row.alias_key = digests[0], digests[1]


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
    known = known_case(case, case.id, masked_on=masked_on)
    against = (
        (received_at, record)
        for row, received_at, record in _received(store.feed_records_since(checked_at, case))
        if speaks_against(record, known, office.identity_keys, same_number=_same_number(row, case))
    )
    newest = max(against, key=lambda pair: pair[0], default=None)
    if newest is None:
        return []
    received_at, record = newest
    return [
        RuleError(
            "list_check_before_relisting",
            field="listCheckedAt",
            checked_at=checked_at.isoformat(),
            received=received_at.isoformat(),
            case=str(record.case_number),
            published=record.published_on.isoformat(),
        )
    ]


def _received(rows: Iterable[FeedRecord]) -> Iterator[tuple[FeedRecord, datetime, ListRecord]]:
    for row in rows:
        try:
            record = read_record(row.raw)
        except RefusalError:
            continue
        if row.received_at is not None:
            yield row, row.received_at, record


def _same_number(row: FeedRecord, case: Case) -> bool:
    """Whether a record that showed a full number (it has both digests) showed that of the case."""
    if row.alias_key is None:
        return False
    return row.identity_key in {case.identity_key, case.alias_key} or row.alias_key == case.identity_key


def _digests(record: ListRecord, keys: IdentityKeys) -> list[str]:
    if isinstance(record.card, MaskedId):
        return [keys.of_masked(record.card)]
    if record.card is None or isinstance(record.card, PartlyHidden):
        return []
    return [keys.of(record.card), keys.alias_of(record.card)]


def _originals(record: ListRecord) -> list[str]:
    return [str(number) for number in record.original_case_numbers]
