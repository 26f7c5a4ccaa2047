"""What was said of the court's keys before: nothing of it is ever taken back.

The `issuer.json` in effect and the register's trail of keys are both witnesses to what the key folder may have
forgotten, for it came back from a backup: that there is a key, that its window closed, that it is compromised.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.issuing.court_keys import KeySource
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import KeyEvent
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_keys.public_keys import read_multikey
from xinzheng_schemas.certificate import STATUS_PURPOSES
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import encode_multikey
from xinzheng_schemas.strict_json import loads_object
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.trust_documents import IssuerDocument, IssuerKey, KeyState, KeyUsage
from xinzheng_verifier.limits import TRUST_DOCUMENT_JSON

_log = structlog.get_logger("xinzheng.publishing")

_STATES: Final = (KeyState.STAGED, KeyState.ACTIVE, KeyState.RETIRED, KeyState.COMPROMISED)

MOST_NAMED: Final = 4
"""How many keys a refusal names."""

_APART: Final = "/"
"""In the names of keys that the register's trail has besides: those of the bundle and of the country's list."""


@dataclass(frozen=True, kw_only=True)
class ForgottenKey:
    """A key of which the key folder knows less than was said of it.

    Attributes:
        record: all that is known of it.
        known: what the key folder says; None of a key that it does not have.
        is_another: whether another key has its name, in the folder or in what was published.
        is_recorded: whether the register says so too, and not documents alone.
    """

    record: KeyRecord
    known: KeyRecord | None
    is_another: bool = False
    is_recorded: bool = False

    @property
    def step(self) -> str:
        """The last step in its life that the folder does not know: create, activate, retire or compromise."""
        record, known = self.record, self.known
        if record.compromised_at != (known and known.compromised_at):
            return "compromise"
        if record.valid_until != (known and known.valid_until):
            return "retire"
        return "create" if known is None and record.state is KeyState.STAGED else "activate"


def listed_keys(document: bytes) -> tuple[KeyRecord, ...]:
    """The keys of a court as an issuer document lists them, in its order.

    Args:
        document: JSON text.

    Raises:
        TrustDocumentError, StrictJSONError: (schemas) it is none.
        LifecycleError: (keys) a key that no court has.
    """
    issuer = IssuerDocument.parse(loads_object(document, limits=TRUST_DOCUMENT_JSON))
    return tuple(_listed_key(issuer, key) for key in issuer.keys)


def _listed_key(issuer: IssuerDocument, key: IssuerKey) -> KeyRecord:
    method = next(each for each in issuer.controller.verification_methods if each.id == key.methods[0])
    return KeyRecord(
        name=method.id.rpartition("#")[2],
        usage=key.usage,
        public_key_multibase=encode_multikey(method.key_type, method.public_key),
        state=key.state,
        valid_from=key.valid_from,
        valid_until=key.valid_until,
        compromised_at=key.compromised_at,
    )


def _own_keys(document: bytes) -> Iterator[KeyRecord]:
    """The keys of an issuer document that a court can have had.

    Whoever has the keys of the bundle's roles can publish others, and nothing else must come of it than that those
    keys are replaced: what this court's records cannot hold, it never made.
    """
    try:
        issuer = IssuerDocument.parse(loads_object(document, limits=TRUST_DOCUMENT_JSON))
    except CodedError as error:
        _log.warning("published_keys_foreign", reason=str(error))
        return
    for key in issuer.keys:
        try:
            record = _listed_key(issuer, key)
            read_multikey(record.public_key_multibase)
        except CodedError as error:
            _log.warning("published_key_foreign", method=key.methods[0], reason=str(error))
        else:
            yield record


def forgotten_keys(store: Store, keys: KeySource, documents: Iterable[bytes]) -> list[ForgottenKey]:
    """The keys of which the folder knows less than was published or recorded.

    A status key whose name another one has is not missed: every list is signed anew by that one.

    Args:
        store: an open transaction.
        keys: those of the folder, read last: a step is in the folder before it is in the register.
        documents: issuer documents of the court that were published; what no court can have said is passed over.
    """
    trail = list(_by_key(store.key_events()))
    folder = {record.name: _whole(record) for record in keys.current().records}
    own = {(record.public_key_multibase, name, record.state) for name, record in folder.items()}
    own |= {(each.public_key, each.key_name, KeyState(each.to_state)) for steps in trail for each in steps}
    used = {(public_key, name) for public_key, name, state in own if state is not KeyState.STAGED}
    listed = [each for document in documents for each in _own_keys(document)]
    missed = {key for key in used if key[1] not in folder}
    listed = [_as_used(each, missed, store) for each in _under_own_names(listed, used)]
    recorded, _ = _with_trail(store, trail, folder, (), used)
    found, twice = _with_trail(store, trail, folder, listed, used)
    return [
        replace(each, is_recorded=_is_the_same(each.record, recorded.get(each.record.name)))
        for each in _beyond(folder, found, twice)
    ]


def _is_the_same(found: KeyRecord, recorded: KeyRecord | None) -> bool:
    """Whether the register tells all of it, but for the use, which it may not know."""
    return recorded is not None and replace(recorded, usage=found.usage) == found


def forgotten_by(document: bytes, before: bytes) -> list[ForgottenKey]:
    """The keys of which an issuer document says less than the one before it.

    Raises:
        TrustDocumentError, StrictJSONError, LifecycleError: as `listed_keys`.
    """
    now = {record.name: record for record in listed_keys(document)}
    return list(_beyond(now, *_with_listed(now, listed_keys(before))))


def _under_own_names(listed: Iterable[KeyRecord], used: Collection[tuple[str, str]]) -> Iterator[KeyRecord]:
    """What documents list, but for a key that the court used, by folder and register, under other names alone.

    Whoever published that has the keys of the bundle's roles: it neither renames a key nor says anything of it.
    """
    known = {public_key for public_key, _ in used}
    for each in listed:
        if each.public_key_multibase in known and (each.public_key_multibase, each.name) not in used:
            _log.warning("published_key_renamed", published_as=each.name)
        else:
            yield each


def _with_trail(
    store: Store,
    trail: Iterable[Sequence[KeyEvent]],
    folder: Mapping[str, KeyRecord],
    listed: Iterable[KeyRecord],
    used: Collection[tuple[str, str]],
) -> tuple[dict[str, KeyRecord], frozenset[str]]:
    """As `_with_listed`, of the folder, and with what the register's trail says of each key besides."""
    found, twice = _with_listed(folder, listed)
    for steps in trail:
        name, public_key, mine = steps[0].key_name, steps[0].public_key, found.get(steps[0].key_name)
        if mine is None or mine.public_key_multibase == public_key:
            found[name] = _completed(mine, _told(steps, mine, store))
        elif name not in folder and (public_key, name) in used and (mine.public_key_multibase, name) not in used:
            twice |= {name}
    return found, twice


def _as_used(listed: KeyRecord, missed: Collection[tuple[str, str]], store: Store) -> KeyRecord:
    """What documents list, with the use that the register knows of a key that the court used and the folder forgot."""
    if (listed.public_key_multibase, listed.name) not in missed:
        return listed
    return replace(listed, usage=_usage(store, listed.name, otherwise=listed.usage))


def _with_listed(
    known: Mapping[str, KeyRecord], listed: Iterable[KeyRecord]
) -> tuple[dict[str, KeyRecord], frozenset[str]]:
    """What is known and what is listed besides; and the names that certificate keys share with another one."""
    found, twice = dict(known), set()
    for record in listed:
        mine = found.get(record.name)
        if mine is None or mine.public_key_multibase == record.public_key_multibase:
            found[record.name] = _completed(mine, record)
        elif record.usage is KeyUsage.CERTIFICATE:
            found[record.name] = record
            twice.add(record.name)
    return found, frozenset(twice)


def _beyond(
    known: Mapping[str, KeyRecord], found: Mapping[str, KeyRecord], twice: Collection[str]
) -> Iterator[ForgottenKey]:
    for name, record in found.items():
        if name in twice or record != known.get(name):
            yield ForgottenKey(record=record, known=known.get(name), is_another=name in twice)


def require_known(keys: Sequence[ForgottenKey]) -> None:
    """Raise if the key folder has forgotten anything.

    Raises:
        PublishingError: `keys_restored`.
    """
    if keys:
        raise PublishingError("keys_restored", keys=named(keys))


def named(keys: Sequence[ForgottenKey]) -> str:
    """Names and steps, as a refusal tells of them."""
    return ", ".join(f"{each.record.name}: {each.step}" for each in keys[:MOST_NAMED])


def _by_key(events: Sequence[KeyEvent]) -> Iterator[list[KeyEvent]]:
    keys: dict[tuple[str, str], list[KeyEvent]] = {}
    for event in events:
        if _APART not in event.key_name:
            keys.setdefault((event.key_name, event.public_key), []).append(event)
    yield from keys.values()


def _told(steps: Sequence[KeyEvent], mine: KeyRecord | None, store: Store) -> KeyRecord:
    """The key as the trail tells of it; a key of `init` begins there without any step, its window with the folder.

    Of a step that was entered once more, for the key folder had forgotten it, `moment` says what it was about.
    """
    name = steps[0].key_name
    begun = [_earliest(_moment(each) for each in steps if each.to_state == to) for to in _STATES[:2]]
    opened = max(filter(None, begun), default=mine.valid_from if mine else second(steps[0].at))
    until = _earliest(_moment(each) for each in steps if each.to_state == KeyState.RETIRED)
    return KeyRecord(
        name=name,
        usage=mine.usage if mine else _usage(store, name, otherwise=KeyUsage.CERTIFICATE),
        public_key_multibase=steps[0].public_key,
        state=max((KeyState(each.to_state) for each in steps), key=_STATES.index),
        valid_from=opened if until is None else min(opened, until - timedelta(seconds=1)),
        valid_until=until,
        compromised_at=_earliest(_moment(each) for each in steps if each.to_state == KeyState.COMPROMISED),
    )


def _usage(store: Store, name: str, *, otherwise: KeyUsage) -> KeyUsage:
    """What a key signed that the register has; what has no signature of it there tells nothing of its use."""
    if store.last_signed_at(name) is not None:
        return KeyUsage.CERTIFICATE
    rows = (store.status_list(number, purpose) for number in store.list_numbers() for purpose in STATUS_PURPOSES)
    signed = (json.loads(row.document)["proof"]["verificationMethod"] for row in rows if row and row.document)
    return KeyUsage.STATUS if any(method.endswith(f"#{name}") for method in signed) else otherwise


def _completed(mine: KeyRecord | None, told: KeyRecord) -> KeyRecord:
    """What both say of a key: the later state, the wider beginning, the earlier end."""
    if mine is None:
        return told
    begun = [each.valid_from for each in (mine, told) if each.state is not KeyState.STAGED or each.valid_until]
    return replace(
        mine,
        state=max(mine.state, told.state, key=_STATES.index),
        valid_from=min(begun, default=mine.valid_from),
        valid_until=_earliest((mine.valid_until, told.valid_until)),
        compromised_at=_earliest((mine.compromised_at, told.compromised_at)),
    )


def _whole(record: KeyRecord) -> KeyRecord:
    """The record as published documents can say it."""
    return replace(
        record,
        valid_from=second(record.valid_from),
        valid_until=record.valid_until and second(record.valid_until),
        compromised_at=record.compromised_at and second(record.compromised_at),
    )


def _moment(event: KeyEvent) -> datetime:
    return second(event.moment or event.at)


def second(moment: datetime) -> datetime:
    """The moment as published documents can say it."""
    return parse_timestamp(format_timestamp(moment))


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
