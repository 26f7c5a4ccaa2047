"""The audit trail of keys in the register, which catches up with the key folder after a crash or a restored backup."""

from pathlib import Path

import structlog

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.issuing.key_records import RECORDS_FILE, KeyChange, KeyEntry, read_entries
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import KeyEvent

_log = structlog.get_logger("xinzheng.keys")


def event_of(entry: KeyEntry, change: KeyChange, court_id: str) -> KeyEvent:
    """A step as the register keeps it."""
    return KeyEvent(
        id=change.id,
        court_id=court_id,
        key_name=entry.record.name,
        public_key=entry.record.public_key_multibase,
        action=change.action,
        from_state=change.from_state,
        to_state=change.to_state,
        moment=change.moment,
        at=change.at,
        actor_id=change.actor_id,
        actor_name=change.actor_name,
        reason=change.reason,
    )


def catch_up(office: Office, folder: Path) -> int:
    """Enter the steps that the key folder knows and the register does not, and have the keys published.

    A crash between file and register leaves such steps, and so does a backup of the register that was restored.

    Args:
        office: the court at work.
        folder: the key folder; without records in it there is nothing to do.

    Returns:
        How many steps were missing.

    Raises:
        ConfigurationError: `key_records_damaged`.
    """
    if not (folder / RECORDS_FILE).exists():
        return 0
    entries = read_entries(folder)
    with office.reading() as store:
        if not _missing(store, entries):
            return 0
    with office.writing() as store:
        return enter_missing(store, entries, office)


def enter_missing(store: Store, entries: tuple[KeyEntry, ...], office: Office) -> int:
    """As `catch_up`, within an open transaction."""
    missing = _missing(store, entries)
    for event in missing:
        store.add(event)
        _log.warning("key_event_caught_up", key=event.key_name, action=event.action, id=event.id)
    if missing:
        store.enqueue_publication("keys", at=office.clock())
    return len(missing)


def _missing(store: Store, entries: tuple[KeyEntry, ...]) -> list[KeyEvent]:
    known = {event.id for event in store.key_events()}
    return [
        event_of(entry, change, store.court_id)
        for entry in entries
        for change in entry.changes
        if change.id not in known
    ]
