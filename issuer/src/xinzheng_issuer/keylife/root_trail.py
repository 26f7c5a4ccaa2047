"""The trail of the root and the role keys of a court's own bundle: what each root says was done, in the register.

A root takes its place within the register's transaction, just before that is committed. Where the commit fails, or the
process dies before it, the root stands and the register does not know; so does a backup of the register that was
restored. What is missing is told by the roots themselves, each compared with the one before; who took the step, and
why, they do not say.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import structlog
from tuf.api.metadata import Root

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import SYSTEM, Actor
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_issuer.publishing.bundle_keys import ROOT, differing_roles, key_names
from xinzheng_issuer.publishing.outbox import Outbox
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import KeyEvent
from xinzheng_schemas.errors import Message
from xinzheng_schemas.trust_documents import KeyState

BUNDLE_PREFIX = "bundle/"
"""How the names of these keys begin in the register's trail of keys."""

NOT_TOLD = Message(
    "Root {version} stands and the register did not know: who took the step, and why, is not told.",
    "第 {version} 版根已生效而登记库未有记录：办理人和原因不详。",
)

_log = structlog.get_logger("xinzheng.keys")


class KeyStep(NamedTuple):
    """What a root did to one key.

    Attributes:
        name: of the key.
        key_id: its TUF key id.
        action: `rotate` or `renew`.
        before: where it stood; None for a new key.
        after: where it stands.
    """

    name: str
    key_id: str
    action: str
    before: KeyState | None
    after: KeyState


class Told(NamedTuple):
    """Who took a step, and why."""

    actor: Actor
    reason: str


def steps_between(before: Root, after: Root) -> list[KeyStep]:
    """Of a rotation each key that goes and each that comes; of a renewal the keys that signed it.

    Raises:
        PublishingError: `repository_damaged`.
    """
    roles = differing_roles(before, after)
    if not roles:
        return [KeyStep(*key, "renew", KeyState.ACTIVE, KeyState.ACTIVE) for key in _keys(before, ROOT)]
    went = (key for role in roles for key in _keys(before, role))
    came = (key for role in roles for key in _keys(after, role))
    return [
        *(KeyStep(*key, "rotate", KeyState.ACTIVE, KeyState.RETIRED) for key in went),
        *(KeyStep(*key, "rotate", None, KeyState.ACTIVE) for key in came),
    ]


def event_of(step: KeyStep, court_id: str, told: Told, *, at: datetime) -> KeyEvent:
    """A step as the register keeps it."""
    return KeyEvent(
        id=str(uuid.uuid4()),
        court_id=court_id,
        key_name=f"{BUNDLE_PREFIX}{step.name}",
        public_key=step.key_id,
        action=step.action,
        from_state=step.before,
        to_state=step.after,
        at=at,
        actor_id=told.actor.id,
        actor_name=told.actor.name,
        reason=told.reason,
    )


def catch_up_roots(office: Office, outbox: Outbox) -> int:
    """Enter the steps that the roots tell of and the register does not.

    Args:
        office: the court at work.
        outbox: where its roots are published; nobody takes a step meanwhile.

    Returns:
        How many keys were missing; none can be told where a root cannot be read, which publishing refuses by itself.
    """
    try:
        with office.reading() as store:
            if not _missing(store, outbox.publisher):
                return 0
        with outbox.alone():
            return enter_missing(office, outbox.publisher)
    except PublishingError as error:
        _log.warning("roots_unreadable", reason=error.code)
        return 0


def enter_missing(office: Office, publisher: BundlePublisher, newest: Told | None = None) -> int:
    """As `catch_up_roots`, where nobody else takes a step.

    Args:
        office: the court at work.
        publisher: of its roots.
        newest: who finishes the step that made the newest root, and why.

    Raises:
        PublishingError: `repository_damaged`.
    """
    with office.writing() as store:
        missing = _missing(store, publisher)
        for version, step in missing:
            told = newest if version == publisher.signed_root.version else None
            store.add(event_of(step, store.court_id, told or _not_told(version), at=office.clock()))
            _log.warning("key_event_caught_up", key=step.name, action=step.action, root=version)
    return len(missing)


def _missing(store: Store, publisher: BundlePublisher) -> list[tuple[int, KeyStep]]:
    """The version of the root and what it did, oldest first; two renewals alike are told by their number."""
    known = Counter(
        KeyStep(event.key_name.removeprefix(BUNDLE_PREFIX), event.public_key, event.action, *_states(event))
        for event in store.key_events()
        if event.key_name.startswith(BUNDLE_PREFIX)
    )
    missing = []
    for version, step in _told_by(publisher.signed_roots):
        if known[step]:
            known[step] -= 1
        else:
            missing.append((version, step))
    return missing


def _told_by(roots: Sequence[Root]) -> Iterator[tuple[int, KeyStep]]:
    for before, after in pairwise(roots):
        if after.version == before.version + 1:
            yield from ((after.version, step) for step in steps_between(before, after))


def _states(event: KeyEvent) -> tuple[KeyState | None, KeyState]:
    return KeyState(event.from_state) if event.from_state else None, KeyState(event.to_state)


def _keys(root: Root, role: str) -> Iterator[tuple[str, str]]:
    return zip(key_names(root, role), root.roles[role].keyids, strict=True)


def _not_told(version: int) -> Told:
    return Told(SYSTEM, f"{NOT_TOLD.en} {NOT_TOLD.zh}".format(version=version))
