"""Steps in the life of a court key: made or staged, published, taken into use, retired, compromised.

Each is one replacement of `keys.json` under the locks of the data folder (against publications) and of the key folder
(against signatures), with its audit record and its outbox entry, and is published at once. A running server sees the
new file before it signs again.
"""

import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from xinzheng_issuer.domain.workflow import Actor
from xinzheng_issuer.errors import KeyLifeError, PublishingError
from xinzheng_issuer.installation import Issuer, key_passphrase
from xinzheng_issuer.issuing.court_keys import absolute_uri, open_entry
from xinzheng_issuer.issuing.key_records import KeyChange, KeyEntry, read_entries, write_entries
from xinzheng_issuer.keylife.country import CountryEdition, in_country, listed_since
from xinzheng_issuer.keylife.trail import enter_missing, event_of
from xinzheng_issuer.publishing.ahead import end_of
from xinzheng_issuer.publishing.bundle_keys import IN_FILES
from xinzheng_issuer.publishing.known_keys import ForgottenKey, forgotten_keys, require_known
from xinzheng_issuer.publishing.outbox import PublicationState
from xinzheng_keys.custody import CreatedKey, create_key, open_signer, rehearse_key
from xinzheng_keys.errors import TokenError
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_keys.pkcs11_uri import SCHEME, parse_pkcs11_uri
from xinzheng_keys.signer import Signer
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier.trust.files import locked

_log = structlog.get_logger("xinzheng.keys")

_Step = Callable[[KeyRecord, datetime], KeyRecord]
_Change = Callable[[tuple[KeyEntry, ...], datetime], tuple[KeyEntry, ...]]


@dataclass(frozen=True)
class Changed:
    """What a step made.

    Attributes:
        entry: the key afterwards.
        publication: whether lenders can see it; of a rehearsal they cannot.
    """

    entry: KeyEntry
    publication: PublicationState


class KeyDesk:
    """Where the keys of one court are looked after.

    Args:
        issuer: open; signers that cannot be opened may be missing.
        rehearses: steps check all that they check, and change nothing.
    """

    def __init__(self, issuer: Issuer, *, rehearses: bool = False) -> None:
        self.issuer = issuer
        self._rehearses = rehearses
        self._told: tuple[KeyEntry, ...] | None = None
        self._office = issuer.office
        self._folder = issuer.settings.keys_folder

    def rehearsal(self) -> "KeyDesk":
        """The desk on which a step is tried before anything is promised: what would refuse it refuses there.

        The step itself is taken from here on only while the keys are as they were then (`keys_changed`).
        """
        self._told = self.entries()
        return KeyDesk(self.issuer, rehearses=True)

    def entries(self) -> tuple[KeyEntry, ...]:
        """All keys of the court."""
        return read_entries(self._folder)

    def entry(self, name: str) -> KeyEntry:
        """One key.

        Raises:
            KeyLifeError: `key_unknown`.
        """
        return _find(self.entries(), name)

    # ── new keys ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _usual_place(self, usage: KeyUsage, key_type: KeyType) -> str:
        """Where a key is made unless told otherwise: a `pkcs11:` URI that names a token, or `file:`.

        That is where `[keys]` of the configuration says, and where it says nothing, where the newest key of the same
        sort lies: no court whose keys are in a module, by `init --keys` say, gets one in a file unawares.
        """
        if said := str(getattr(self._office.court.keys, usage.value)):
            return said
        before = [each for each in self.entries() if each.record.usage is usage and self._is_placed(each)]
        alike = [entry for entry in before if entry.record.national is (key_type is KeyType.SM2)]
        uri = (alike or before)[-1].uri if before else IN_FILES
        return str(parse_pkcs11_uri(uri).without_key()) if uri.lower().startswith(f"{SCHEME}:") else IN_FILES

    def _is_placed(self, entry: KeyEntry) -> bool:
        """Whether a key lies where its entry says; of one that was forgotten and taken over nobody knows where."""
        return ":" in entry.uri or os.path.lexists(self._folder / entry.uri)

    def _check_new(self, name: str, usage: KeyUsage, key_type: KeyType | None = None) -> None:
        """See before anything is made whether a key may have this name, and its kind this use."""
        _check_use(usage, key_type)
        if name in {entry.record.name for entry in self.entries()}:
            raise KeyLifeError("key_name_taken", field="name", name=name)
        require_known([each for each in self._forgotten() if each.record.name == name])
        probe = self.entries()[0].record.public_key_multibase
        KeyRecord(name=name, usage=usage, public_key_multibase=probe, valid_from=self._office.clock())

    def _forgotten(self) -> Sequence[ForgottenKey]:
        """Keys that a restored key folder has forgotten; by the register alone where what was published is damaged."""
        try:
            return self.issuer.outbox.forgotten_keys()
        except PublishingError:
            with self._office.reading() as store:
                return forgotten_keys(store, self.issuer.keys, ())

    def create(
        self,
        name: str,
        usage: KeyUsage,
        actor: Actor,
        *,
        reason: str,
        uri: str | None = None,
        key_type: KeyType | None = None,
    ) -> Changed:
        """Make a key and stage it.

        A key file that an interrupted run left under this name, known to no record, is taken over.

        Args:
            name: its name within the court.
            usage: what it may sign.
            actor: who does it.
            reason: why.
            uri: where it is made: `pkcs11:token=…`, or `file:` for a new file in the key folder; by default
                where `[keys]` of the configuration says, or where the newest key of the same sort lies. In a token its
                name begins with the court's id, for courts may share one.
            key_type: the kind of key; by default as `[keys]` of the configuration says.

        Raises:
            KeyLifeError: `key_name_taken`; `sm2_second_proof_only` for a status key; `key_place_missing`, the token
                where it is usually made is not there.
            PublishingError: `keys_restored`, the name or the key that lies there is of one that the key folder has
                forgotten.
            KeyURIError, KeyStoreError, TokenError, LifecycleError: (keys) it cannot be made, the name is malformed.
        """
        key_type = key_type or getattr(self._office.court.keys, f"{usage.value}_type")
        self._check_new(name, usage, key_type)
        made = self._made_at_usual_place(name, usage, key_type) if uri is None else self._made(name, uri, key_type)
        return self._enter("create", name, usage, made.signer, uri=made.uri, actor=actor, reason=reason)

    def _made_at_usual_place(self, name: str, usage: KeyUsage, key_type: KeyType) -> CreatedKey:
        place = self._usual_place(usage, key_type)
        try:
            return self._made(name, place, key_type)
        except TokenError as error:
            if error.code != "token_missing":
                raise
            raise KeyLifeError("key_place_missing", place=parse_pkcs11_uri(place).without_way()) from error

    def _made(self, name: str, place: str, key_type: KeyType) -> CreatedKey:
        make = rehearse_key if self._rehearses else create_key
        passphrase, tokens = key_passphrase(self.issuer.settings), self.issuer.settings.token_access
        if place != IN_FILES:
            label = f"{self._office.court.id}-{name}"
            return make(place, name=label, key_type=key_type, passphrase=passphrase, tokens=tokens)
        path = self._folder / f"{name}.pem"
        there = absolute_uri(path.name, self._folder)
        if path.exists():
            return CreatedKey(path.name, open_signer(there, passphrase=passphrase, tokens=tokens))
        made = make(there, name=name, key_type=key_type, passphrase=passphrase, tokens=tokens)
        return CreatedKey(path.name, made.signer)

    def stage(self, name: str, usage: KeyUsage, uri: str, actor: Actor, *, reason: str) -> Changed:
        """Stage a key that is there already, in a file or a module.

        Args:
            name: its name within the court.
            usage: what it may sign.
            uri: where it is.
            actor: who does it.
            reason: why.

        Raises:
            KeyLifeError: `key_name_taken`; `sm2_second_proof_only` for a status key.
            PublishingError: `keys_restored`, the name or the key is of one that the key folder has forgotten.
            KeyURIError, KeyStoreError, LifecycleError, DocumentError: (keys) it cannot be opened or is here already.
        """
        self._check_new(name, usage)
        passphrase, tokens = key_passphrase(self.issuer.settings), self.issuer.settings.token_access
        signer = open_signer(absolute_uri(uri, self._folder), passphrase=passphrase, tokens=tokens)
        return self._enter("stage", name, usage, signer, uri=uri, actor=actor, reason=reason)

    def _enter(
        self, action: str, name: str, usage: KeyUsage, signer: Signer, *, uri: str, actor: Actor, reason: str
    ) -> Changed:
        _check_use(usage, signer.key_type)
        public_key = signer.public_key_multibase
        require_known([each for each in self._forgotten() if each.record.public_key_multibase == public_key])

        def add(entries: tuple[KeyEntry, ...], now: datetime) -> tuple[KeyEntry, ...]:
            if any(entry.record.name == name for entry in entries):
                raise KeyLifeError("key_name_taken", field="name", name=name)
            record = KeyRecord(
                name=name,
                usage=usage,
                public_key_multibase=public_key,
                valid_from=whole_second(now),
            )
            return (*entries, KeyEntry(record, uri, (_change(action, None, record, now, actor=actor, reason=reason),)))

        return self._commit(name, add)

    # ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_published(self, name: str, listed_in: CountryEdition | None = None) -> datetime:
        """Since when lenders can know a key.

        Args:
            name: of the key.
            listed_in: an edition of the country's list that names it; by default the court's own bundles count.

        Returns:
            When the first bundle with it, or that edition, was published.

        Raises:
            KeyLifeError: `key_unknown`, `key_not_published`, `key_lead_time`; `key_listing_needed` of a court in the
                country's list; `key_edition_refused`, `key_not_listed`.
        """
        published_at = self._published_at(self.entry(name).record, listed_in)
        ready = published_at + timedelta(hours=self._office.court.keys.lead_hours)
        if self._office.clock() < ready:
            raise KeyLifeError(
                "key_lead_time",
                name=name,
                hours=self._office.court.keys.lead_hours,
                published=format_timestamp(published_at),
                ready=format_timestamp(ready),
            )
        return published_at

    def _published_at(self, record: KeyRecord, listed_in: CountryEdition | None) -> datetime:
        if listed_in is not None:
            return listed_since(self.issuer, record, listed_in)
        if in_country(self.issuer):
            raise KeyLifeError("key_listing_needed", name=record.name)
        with self._office.reading() as store:
            row = store.published_key(record.public_key_multibase)
        if row is None:
            raise KeyLifeError("key_not_published", name=record.name)
        return row.published_at

    def check_suites(self, record: KeyRecord) -> None:
        """See whether a key can do what the court has chosen; an SM2 key has a suite of its own.

        Raises:
            ConfigurationError: `suite_unsuitable`.
        """
        certifies, kind = record.usage is KeyUsage.CERTIFICATE, record.key_type
        if not record.national:
            self._office.court.require_suites(
                certificate=kind if certifies else None, status=None if certifies else kind
            )

    def activate(
        self, name: str, actor: Actor, *, reason: str, now: bool = False, listed_in: CountryEdition | None = None
    ) -> Changed:
        """Take a staged key into use: its window opens at this moment, and it signs from here on.

        Args:
            name: of the key.
            actor: who does it.
            reason: why.
            now: although lenders may not know it yet.
            listed_in: as for `check_published`.

        Raises:
            KeyLifeError: as `check_published`.
            PublishingError: `keys_restored`, the key folder does not know all that was published or recorded of it.
            ConfigurationError: `suite_unsuitable` if its kind cannot do what the court has chosen.
            LifecycleError: (keys) the key is not staged.
            KeyStoreError, KeyURIError, TokenError: (keys) it cannot be opened.
        """
        entry = self.entry(name)
        entry.record.activate(at=self._office.clock())
        require_known([each for each in self._forgotten() if each.record.name == name])
        if not now:
            self.check_published(name, listed_in)
        # A key that cannot sign must not push out one that can.
        settings = self.issuer.settings
        open_entry(entry, self._folder, passphrase=key_passphrase(settings), tokens=settings.token_access)
        self.check_suites(entry.record)

        def step(record: KeyRecord, at: datetime) -> KeyRecord:
            opened = replace(record, valid_from=max(record.valid_from, whole_second(at)))
            return opened.activate(at=at)

        return self._step("activate", name, step, actor, reason=reason)

    def retire(self, name: str, actor: Actor, *, reason: str, leave_none: bool = False) -> Changed:
        """Close the window of an active key: it signs nothing more, and still verifies what it signed.

        Of a key that signed something which lies ahead of the clock, the window closes at that moment.

        A staged key goes likewise, and its window closes at this moment too, not where it began: a key folder that came
        back from a backup takes a key for staged that has signed since.

        Args:
            name: of the key.
            actor: who does it.
            reason: why.
            leave_none: although no other key is left that signs certificates; not asked for an SM2 key.

        Raises:
            KeyLifeError: `key_unknown`, `key_last`, `status_key_last`.
            PublishingError: `keys_restored`, a staged key may be in use by now: the key folder knows less than was
                published; others as `Outbox.forgotten_keys`.
            LifecycleError: (keys) the key is neither staged nor active, or its window is empty.
        """
        if self.entry(name).record.state is KeyState.STAGED:
            require_known(self.issuer.outbox.forgotten_keys())
        self.check_others(name, leave_none=leave_none)

        def step(record: KeyRecord, at: datetime) -> KeyRecord:
            with self._office.reading() as store:
                return record.retire(at=end_of(store, record, at=at))

        return self._step("retire", name, step, actor, reason=reason, leave_none=leave_none)

    def compromise(self, name: str, moment: datetime, actor: Actor, *, reason: str) -> Changed:
        """Say that others may have had a key since a moment, which is past or now; or since an earlier one than known.

        Args:
            name: of the key.
            moment: since when; whole seconds count.
            actor: who does it.
            reason: why.

        Raises:
            KeyLifeError: `key_unknown`, `compromise_in_future`, `status_key_last`.
            LifecycleError: (keys) `compromise_not_earlier`, the key is compromised since then or longer.
        """
        if moment > self._office.clock():
            raise KeyLifeError("compromise_in_future", field="at", at=format_timestamp(moment))
        self.check_others(name, leave_none=True)
        since = whole_second(moment)
        return self._step(
            "compromise",
            name,
            lambda record, _: record.compromise(at=since),
            actor,
            reason=reason,
            moment=since,
            leave_none=True,
        )

    def check_others(self, name: str, *, leave_none: bool) -> tuple[str, ...]:
        """Keys that would go on signing without this one.

        Args:
            name: of the key.
            leave_none: whether it may be the last certificate key. The last SM2 key always may: certificates have one
                proof then. The last status key never goes, for nothing could be published any more, not even that it is
                gone.

        Returns:
            Names of other active keys of the same use; of an SM2 key, other SM2 keys.

        Raises:
            KeyLifeError: `key_unknown`, `key_last`, `status_key_last`.
        """
        return _others(self.entries(), name, leave_none=leave_none, at=self._office.clock())

    def _step(
        self,
        action: str,
        name: str,
        step: _Step,
        actor: Actor,
        *,
        reason: str,
        moment: datetime | None = None,
        leave_none: bool | None = None,
    ) -> Changed:
        # Two people may each have found the other's key: `check_others` counts where nobody else changes the keys.
        def change(entries: tuple[KeyEntry, ...], now: datetime) -> tuple[KeyEntry, ...]:
            if self._told not in (None, entries):
                raise KeyLifeError("keys_changed")
            if leave_none is not None:
                _others(entries, name, leave_none=leave_none, at=now)
            old = _find(entries, name)
            record = step(old.record, now)
            end = record.valid_until if record.state is KeyState.RETIRED else None
            about = end if end is not None and end > now else moment
            made = _change(action, old.record.state, record, now, actor=actor, reason=reason, moment=about)
            new = KeyEntry(record, old.uri, (*old.changes, made))
            return tuple(new if entry is old else entry for entry in entries)

        return self._commit(name, change)

    def _commit(self, name: str, change: _Change) -> Changed:
        """The register first, the file last within its transaction: what cannot be logged is not done (A30)."""
        if self._rehearses:
            rehearsed = self._changed(self.entries(), change, self._office.clock())
            return Changed(_find(rehearsed, name), PublicationState(published=False, bundle_version=None))
        data: Path = self.issuer.settings.data
        with locked(data), locked(self._folder):
            entries, now = self.entries(), self._office.clock()
            changed = self._changed(entries, change, now)
            entry = _find(changed, name)
            with self._office.writing() as store:
                enter_missing(store, entries, self._office)
                store.add(event_of(entry, entry.changes[-1], store.court_id))
                store.enqueue_publication("keys", at=now)
                write_entries(self._folder, changed)
        last = entry.changes[-1]
        _log.warning("key_changed", key=name, action=last.action, actor=last.actor_name, reason=last.reason, id=last.id)
        return Changed(entry, self.issuer.outbox.settle())

    def _changed(self, entries: tuple[KeyEntry, ...], change: _Change, now: datetime) -> tuple[KeyEntry, ...]:
        """The keys after a change, written and read again once: no record that a reader would refuse."""
        changed = tuple(KeyEntry.parse(entry.to_json()) for entry in change(entries, now))
        self.issuer.keys.current().issuer_document(each.record for each in changed)
        return changed


def whole_second(moment: datetime) -> datetime:
    """The moment as published documents can say it."""
    return parse_timestamp(format_timestamp(moment))


def peers(entries: tuple[KeyEntry, ...], own: KeyRecord) -> tuple[KeyRecord, ...]:
    """The other keys that could sign in a key's place: for the same use, SM2 for SM2 and any other for any other."""
    return tuple(
        record
        for record in (entry.record for entry in entries)
        if record.name != own.name and record.usage is own.usage and record.national is own.national
    )


def _others(entries: tuple[KeyEntry, ...], name: str, *, leave_none: bool, at: datetime) -> tuple[str, ...]:
    own = _find(entries, name).record
    others = tuple(other.name for other in peers(entries, own) if other.state is KeyState.ACTIVE and other.covers(at))
    if own.state is KeyState.ACTIVE and not others and not own.national:
        if own.usage is KeyUsage.STATUS:
            raise KeyLifeError("status_key_last", name=name)
        if not leave_none:
            raise KeyLifeError("key_last", name=name)
    return others


def _check_use(usage: KeyUsage, key_type: KeyType | None) -> None:
    if key_type is KeyType.SM2 and usage is not KeyUsage.CERTIFICATE:
        raise KeyLifeError("sm2_second_proof_only", field="type")


def _find(entries: tuple[KeyEntry, ...], name: str) -> KeyEntry:
    for entry in entries:
        if entry.record.name == name:
            return entry
    known = ", ".join(entry.record.name for entry in entries)
    raise KeyLifeError("key_unknown", field="name", name=name, known=known)


def _change(
    action: str,
    before: KeyState | None,
    record: KeyRecord,
    at: datetime,
    *,
    actor: Actor,
    reason: str,
    moment: datetime | None = None,
) -> KeyChange:
    return KeyChange(
        id=str(uuid.uuid4()),
        action=action,
        from_state=before,
        to_state=record.state,
        moment=moment,
        at=at,
        actor_id=actor.id,
        actor_name=actor.name,
        reason=reason,
    )
