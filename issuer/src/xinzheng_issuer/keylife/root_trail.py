"""The trail of the root and the role keys of a court's own bundle: what each root says was done, in the register.

A root takes its place within the register's transaction, just before that is committed. Where the commit fails, or the
process dies before it, the root stands and the register does not know; so does a backup of the register that was
restored. What is missing is told by the roots themselves, each compared with the one before; who took the step, and
why, they do not say. Of a first root without names `init` made the keys, which is no step.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import structlog
from tuf.api.metadata import Root

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import SYSTEM, Actor
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.bundle_keys import ROOT, differing_roles, key_names, named_keys
from xinzheng_issuer.publishing.outbox import Outbox
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import KeyEvent
from xinzheng_schemas.errors import Message
from xinzheng_schemas.trust_documents import KeyState

BUNDLE_PREFIX = "bundle/"
"""How the names of these keys begin in the register's trail of keys."""

BEGIN = "begin"
"""What is done where a bundle is begun anew."""

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
        action: `rotate`, `renew` or `begin`.
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


def catch_up_roots(office: Office, outbox: Outbox) -> int:
    """Enter the steps that the roots tell of and the register does not.

    Args:
        office: the court at work.
        outbox: where its roots are published; nobody takes a step meanwhile.

    Returns:
        How many were missing; none can be told where a root cannot be read, which publishing refuses by itself.
    """
    try:
        outbox.publisher.keep_roots()  # what the court's own keys did not sign is not entered
        with office.reading() as store:
            if not _missing(store, outbox.publisher.signed_roots):
                return 0
        with outbox.alone(), office.writing() as store:
            return enter(store, outbox.publisher.signed_roots, at=office.clock())
    except PublishingError as error:
        _log.warning("roots_unreadable", reason=error.code)
        return 0


def enter(store: Store, roots: Sequence[Root], newest: Told | None = None, *, at: datetime) -> int:
    """Enter the steps that roots tell of and the register does not, within a transaction and with nobody beside.

    Args:
        store: the register.
        roots: all of a repository, the oldest first.
        newest: who took the step that made the newest root, and why, if that is known.
        at: the present moment, aware. Numbers of editions are told by it from those under the keys before, so that no
            step lies before what was published last, whatever the clock did since.

    Returns:
        How many were missing.

    Raises:
        PublishingError: `repository_damaged`.
    """
    missing, at = _missing(store, roots), max(at, store.last_published_at() or at)
    for version, step in missing:
        told = newest if version == roots[-1].version else None
        store.add(_event_of(step, store.court_id, told or _not_told(version), at=at))
        if told is None:
            _log.warning("key_event_caught_up", key=step.name, action=step.action, root=version)
    return len(missing)


def key_names_of(store: Store) -> set[str]:
    """The names of all keys of the bundle of which the register knows."""
    return {step.name for step in _known(store)}


def _missing(store: Store, roots: Sequence[Root]) -> list[tuple[int, KeyStep]]:
    """The version of the root and what it did, oldest first; two renewals alike are told by their number."""
    known = _known(store)
    missing = []
    for version, step in [*_of_beginning(known, roots), *_of_following(roots)]:
        if known[step]:
            known[step] -= 1
        else:
            missing.append((version, step))
    return missing


def _known(store: Store) -> Counter[KeyStep]:
    return Counter(
        KeyStep(event.key_name.removeprefix(BUNDLE_PREFIX), event.public_key, event.action, *_states(event))
        for event in store.key_events()
        if event.key_name.startswith(BUNDLE_PREFIX)
    )


def _of_beginning(known: Iterable[KeyStep], roots: Sequence[Root]) -> list[tuple[int, KeyStep]]:
    """Of a bundle that was begun anew, each key of before that goes, and each that comes."""
    first = roots[0] if roots and roots[0].version == 1 else None
    came = named_keys(first) if first else []
    if not came:
        return []
    over = {step.key_id for step in known if step.after is KeyState.RETIRED}
    here = {key_id for root in roots for key_id in root.keys}
    went = dict.fromkeys((step.name, step.key_id) for step in known if step.key_id not in over | here)
    return [
        *((1, KeyStep(*key, BEGIN, KeyState.ACTIVE, KeyState.RETIRED)) for key in went),
        *((1, KeyStep(*key, BEGIN, None, KeyState.ACTIVE)) for key in came),
    ]


def _of_following(roots: Sequence[Root]) -> Iterator[tuple[int, KeyStep]]:
    for before, after in pairwise(roots):
        if after.version == before.version + 1:
            yield from ((after.version, step) for step in steps_between(before, after))


def _event_of(step: KeyStep, court_id: str, told: Told, *, at: datetime) -> KeyEvent:
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


def _states(event: KeyEvent) -> tuple[KeyState | None, KeyState]:
    return KeyState(event.from_state) if event.from_state else None, KeyState(event.to_state)


def _keys(root: Root, role: str) -> Iterator[tuple[str, str]]:
    return zip(key_names(root, role), root.roles[role].keyids, strict=True)


def _not_told(version: int) -> Told:
    return Told(SYSTEM, f"{NOT_TOLD.en} {NOT_TOLD.zh}".format(version=version))
