"""The life of a court key.

       ┌────────────────────┐
    staged ──► active ──► retired
       └─────────┴──────────┴────► compromised at T

A staged key is published, so that lenders hold it before it is first used, and signs nothing; one that is not wanted is
retired. Lenders know no such state: what somebody signs with it all the same, they believe. A retired key signs nothing
more, and still verifies what it signed in its window. From T on, nothing that a compromised key signed is good;
T may move to an earlier moment. No step leads back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from xinzheng_keys.errors import LifecycleError
from xinzheng_keys.messages import KEY_STATES
from xinzheng_schemas.errors import Message
from xinzheng_schemas.multibase import KeyType, decode_multikey
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

_NEXT_STATES: dict[KeyState, tuple[KeyState, ...]] = {
    KeyState.STAGED: (KeyState.ACTIVE, KeyState.RETIRED, KeyState.COMPROMISED),
    KeyState.ACTIVE: (KeyState.RETIRED, KeyState.COMPROMISED),
    KeyState.RETIRED: (KeyState.COMPROMISED,),
    KeyState.COMPROMISED: (KeyState.COMPROMISED,),
}

# Becomes the fragment of a DID URL; the suffix -jwk is taken by the second method of every key.
_NAME = re.compile(r"(?!.*-jwk\Z)[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What a court knows of one of its keys; never the private part.

    Attributes:
        name: unique within the court, such as `cert-1`; lower-case letters, digits, single hyphens.
        usage: what the key may sign.
        public_key_multibase: the public key as Multikey.
        state: where in its life the key stands.
        valid_from: first moment of its window; planned, for a staged key.
        valid_until: last moment of its window, inclusive; None while it is open. Set for every retired key.
        compromised_at: from when others may have used the key; set for compromised keys alone.
    """

    name: str
    usage: KeyUsage
    public_key_multibase: str
    valid_from: datetime
    state: KeyState = KeyState.STAGED
    valid_until: datetime | None = None
    compromised_at: datetime | None = None

    def __post_init__(self) -> None:
        """Check the fields against each other.

        Raises:
            LifecycleError: `key_name_malformed`, `key_window`.
        """
        if not _NAME.fullmatch(self.name):
            raise LifecycleError("key_name_malformed", field="name", name=self.name)
        moments = (self.valid_from, self.valid_until, self.compromised_at)
        if not all(moment is None or moment.utcoffset() is not None for moment in moments):
            raise LifecycleError("key_window", field="valid_from", name=self.name)
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise LifecycleError("key_window", field="valid_until", name=self.name)
        if self.state is KeyState.RETIRED and self.valid_until is None:
            raise LifecycleError("key_window", field="valid_until", name=self.name)
        if (self.state is KeyState.COMPROMISED) != (self.compromised_at is not None):
            raise LifecycleError("key_compromise", field="compromised_at", name=self.name)

    @property
    def key_type(self) -> KeyType:
        """The kind of the key, as its Multikey says.

        Raises:
            MultibaseError: (schemas) as `decode_multikey`.
        """
        return decode_multikey(self.public_key_multibase)[0]

    @property
    def national(self) -> bool:
        """Whether it is an SM2 key, whose proofs stand beside those of another key and never for them."""
        return self.key_type is KeyType.SM2

    def activate(self, *, at: datetime) -> "KeyRecord":
        """The staged key as it is taken into use at `at`.

        Raises:
            LifecycleError: `key_transition_forbidden`; `key_not_usable` outside its window.
        """
        activated = self._become(KeyState.ACTIVE)
        activated.require_usable(at=at)
        return activated

    def retire(self, *, at: datetime) -> "KeyRecord":
        """The key, active or staged and not wanted, with its window closed at `at` or where it would have closed.

        Raises:
            LifecycleError: `key_transition_forbidden`; `key_window` if `at` is not after `valid_from`.
        """
        return self._become(KeyState.RETIRED, valid_until=min(at, self.valid_until or at))

    def compromise(self, *, at: datetime) -> "KeyRecord":
        """The key with word that others may have used it from `at` on; `at` may lie in the past.

        Of a compromised key that is an earlier moment than is known, never a later one.

        Raises:
            LifecycleError: `compromise_not_earlier`.
        """
        if self.compromised_at is not None and at >= self.compromised_at:
            since = format_timestamp(self.compromised_at)
            raise LifecycleError("compromise_not_earlier", field="at", name=self.name, since=since)
        return self._become(KeyState.COMPROMISED, compromised_at=at)

    def covers(self, moment: datetime) -> bool:
        """Whether `moment` lies in the window, both ends included."""
        return self.valid_from <= moment and (self.valid_until is None or moment <= self.valid_until)

    def require_usable(self, *, at: datetime) -> None:
        """Raise unless the key may sign at `at`: active, and in its window.

        Raises:
            LifecycleError: `key_not_usable`.
        """
        if self.state is KeyState.ACTIVE and self.covers(at):
            return
        end = "…" if self.valid_until is None else format_timestamp(self.valid_until)
        raise LifecycleError(
            "key_not_usable",
            name=self.name,
            at=format_timestamp(at),
            state=KEY_STATES[self.state],
            window=f"{format_timestamp(self.valid_from)} – {end}",
        )

    def _become(self, state: KeyState, **changes: datetime) -> "KeyRecord":
        allowed = _NEXT_STATES[self.state]
        if state not in allowed:
            raise LifecycleError(
                "key_transition_forbidden",
                name=self.name,
                state=KEY_STATES[self.state],
                wanted=KEY_STATES[state],
                allowed=_expected(self.state),
            )
        return replace(self, state=state, **changes)  # type: ignore[arg-type]


def _expected(state: KeyState) -> Message:
    """Which steps lead on, in words."""
    if state is KeyState.COMPROMISED:
        return Message(
            "it stays compromised, and only its moment can be made earlier", "其状态不再改变，只能将泄露时间提前"
        )
    words = [KEY_STATES[each] for each in _NEXT_STATES[state]]
    return Message(
        f"expected {', '.join(word.en for word in words)}", f"只能变为{'、'.join(f'“{word.zh}”' for word in words)}"
    )


def usable_key(records: Iterable[KeyRecord], *, usage: KeyUsage, at: datetime, national: bool = False) -> KeyRecord:
    """The key that signs for `usage` at `at`; of several, the one whose window opened last.

    Args:
        records: all keys of the court.
        usage: what is signed.
        at: the moment.
        national: look among the SM2 keys alone; otherwise among all the others.

    Raises:
        LifecycleError: `key_missing`.
    """
    usable = [
        record
        for record in records
        if record.usage is usage
        and record.state is KeyState.ACTIVE
        and record.covers(at)
        and record.national is national
    ]
    if not usable:
        raise LifecycleError("key_missing", usage=usage.value, at=format_timestamp(at))
    return max(usable, key=lambda record: (record.valid_from, record.name))
