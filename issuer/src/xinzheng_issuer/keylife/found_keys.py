"""After a backup of the key folder was restored: what was said of the keys since is taken over into it.

The public half of a key and the end of its life are known to whoever read what was published; its private half is not.
A key whose private half is not here is entered as closed: what it signed is checked with its window, as that of a
retired key. The rest is as after any loss of a key: another one is made and taken into use.
"""

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from xinzheng_issuer.domain.workflow import Actor
from xinzheng_issuer.errors import KeyLifeError
from xinzheng_issuer.installation import Issuer, key_passphrase
from xinzheng_issuer.issuing.court_keys import KeySource, open_entry
from xinzheng_issuer.issuing.key_records import KeyChange, KeyEntry, read_entries, write_entries
from xinzheng_issuer.keylife.trail import enter_missing, event_of
from xinzheng_issuer.publishing.known_keys import ForgottenKey, second
from xinzheng_issuer.register.tables import KeyEvent
from xinzheng_issuer.settings import Settings
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.errors import CodedError, Message
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier.trust.files import locked

ADOPT = "adopt"
"""What is done to a key where its records are taken over."""

REASON = Message(
    "The key folder came back from a backup; what was published or recorded is taken over.",
    "密钥目录由备份恢复；接管已发布或已登记的内容。",
)

FOUND_WORDS: dict[str, Message] = {
    "known": Message(
        "Key {name}: the key folder does not know that it is {state} {since}; that is taken over.",
        "密钥 {name}：密钥目录不知其{since}状态已为 {state}；将予接管。",
    ),
    "new": Message(
        "Key {name}: the key folder does not know it; its public half is taken over ({state} {since}). If nobody here "
        "made it, somebody else has the keys of the bundle's roles: after this step xinzheng keys compromise {name}, "
        "then xinzheng bundle-keys rotate targets snapshot timestamp.",
        "密钥 {name}：密钥目录中没有；将接管其公钥（{state}，{since}）。如非本院所生成，"
        "则信任包各角色的密钥已落入他人之手：请在本步骤之后执行 xinzheng keys compromise {name}，"
        "再执行 xinzheng bundle-keys rotate targets snapshot timestamp。",
    ),
    "closed": Message(
        "Its private half is not here: it is listed as closed at {until}. What it signed until then stays valid, and "
        "it signs nothing more.",
        "其私钥不在此处：将列为已于 {until} 关闭。其在此之前签署的内容继续有效，今后不再签名。",
    ),
    "none_certificate": Message(
        "No key is left that signs certificates, as if it were lost. Make another one after this step: xinzheng keys "
        "create NAME --usage certificate, then xinzheng keys activate NAME --now.",
        "将没有可签发证明的密钥，与密钥丢失相同。请在本步骤之后另行生成：xinzheng keys create NAME --usage "
        "certificate，再执行 xinzheng keys activate NAME --now。",
    ),
    "none_status": Message(
        "No key is left that signs status lists, as if it were lost, and nothing is published without one. Make "
        "another one after this step: xinzheng keys create NAME --usage status, then xinzheng keys activate NAME "
        "--now.",
        "将没有可签署状态列表的密钥，与密钥丢失相同；没有它便不能发布任何内容。请在本步骤之后另行生成："
        "xinzheng keys create NAME --usage status，再执行 xinzheng keys activate NAME --now。",
    ),
    "since": Message("since {moment}", "自 {moment} 起"),
}

_log = structlog.get_logger("xinzheng.keys")


class FoundKeys:
    """What is known of the keys elsewhere, and the key folder does not.

    Args:
        settings: of this process.
        keys: of the folder.
        found: what is known.
        at: the present moment, aware.
        not_before: the earliest moment at which a key may be closed, as of `xinzheng_issuer.publishing.ahead`: the end
            of a key is never taken back, and a clock that is behind must not give one that lies before its signatures.

    Raises:
        KeyLifeError: `key_name_twice`.
        ConfigurationError: `key_records_damaged`.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeySource,
        found: Sequence[ForgottenKey],
        *,
        at: datetime,
        not_before: datetime,
    ) -> None:
        for each in found:
            if each.is_another:
                raise KeyLifeError("key_name_twice", field="name", name=each.record.name)
        self._settings, self._at, self._end = settings, second(at), second(max(at, not_before))
        self._folder: Path = settings.keys_folder
        self._keys, self._found = keys, found

    def effects(self) -> Iterator[Message]:
        """What taking it over does, in plain words; nothing where nothing is to be taken over.

        Raises:
            ConfigurationError: `key_mismatch`, another private half lies there under the name of a key.
            KeyLifeError: `keys_foreign`, lenders could not read what would be published of the keys.
            KeysError: (keys) a private half lies there and cannot be opened.
        """
        for each in self._found:
            record = self._record(each)
            moment = each.record.compromised_at or each.record.valid_until or each.record.valid_from
            since = _says("since", moment=format_timestamp(moment))
            facts = {"name": record.name, "state": each.record.state.value, "since": since}
            yield _says("known" if each.known else "new", **facts)
            if record != each.record:
                yield _says("closed", until=format_timestamp(record.valid_until or self._end))
        before = {entry.record.name: entry.record for entry in read_entries(self._folder)}
        after = before | {each.record.name: self._record(each) for each in self._found}
        self._check(after.values())
        for usage in sorted(_signing(before.values()) - _signing(after.values())):
            yield _says(f"none_{usage.value}")

    def take_over(self, issuer: Issuer, actor: Actor) -> None:
        """Enter it into the key folder and the register; whoever does holds the data folder's lock.

        Raises:
            ConfigurationError, KeyLifeError, KeysError: as `effects`. Nothing was changed.
            OSError: the key folder cannot be written, and nothing was changed.
        """
        if not self._found:
            return
        with locked(self._folder):
            entries = list(read_entries(self._folder))
            with issuer.office.writing() as store:
                enter_missing(store, tuple(entries), issuer.office)
                events = store.key_events()
                for each in self._found:
                    entry = self._entry(each, entries, events, actor)
                    if entry.changes[-1].id not in {event.id for event in events}:
                        store.add(event_of(entry, entry.changes[-1], store.court_id))
                self._check(entry.record for entry in entries)
                store.enqueue_publication("keys", at=issuer.office.clock())
                write_entries(self._folder, entries)
        for each in self._found:
            _log.warning("key_taken_over", key=each.record.name, step=each.step, actor=actor.name)

    def _check(self, records: Iterable[KeyRecord]) -> None:
        try:
            self._keys.current().issuer_document(records)
        except CodedError as error:
            raise KeyLifeError("keys_foreign", why=Message(error.message("en"), error.message("zh"))) from error

    def _entry(self, each: ForgottenKey, entries: list[KeyEntry], events: Sequence[KeyEvent], actor: Actor) -> KeyEntry:
        """Puts the entry of a key into its place, with the steps of its life that the register knows."""
        record = self._record(each)
        place = next((i for i, entry in enumerate(entries) if entry.record.name == record.name), len(entries))
        old = entries[place] if place < len(entries) else KeyEntry(record, self._file(record))
        there = {change.id for change in old.changes}
        own = record.name, record.public_key_multibase
        more = [event for event in events if (event.key_name, event.public_key) == own and event.id not in there]
        changes = [*old.changes, *map(_change_of, more)]
        if not changes or changes[-1].to_state is not record.state or changes[-1].id in there:
            changes.append(self._adopted(each, record, actor))
        entry = KeyEntry.parse(KeyEntry(record, old.uri, tuple(changes)).to_json())
        entries[place : place + 1] = [entry]
        return entry

    def _adopted(self, each: ForgottenKey, record: KeyRecord, actor: Actor) -> KeyChange:
        about = {KeyState.RETIRED: record.valid_until, KeyState.COMPROMISED: record.compromised_at}
        return KeyChange(
            id=str(uuid.uuid4()),
            action=ADOPT,
            from_state=each.known.state if each.known else None,
            to_state=record.state,
            moment=about.get(record.state),
            at=self._at,
            actor_id=actor.id,
            actor_name=actor.name,
            reason=f"{REASON.en} {REASON.zh}",
        )

    def _record(self, each: ForgottenKey) -> KeyRecord:
        """The key as it is entered: closed, if it could sign and is not here to do so."""
        record = each.record
        if each.known is not None or record.state not in {KeyState.STAGED, KeyState.ACTIVE} or self._is_here(record):
            return record
        until = min(self._end, record.valid_until or self._end)
        begun = min(record.valid_from, until - timedelta(seconds=1))
        return replace(record, state=KeyState.RETIRED, valid_from=begun, valid_until=until)

    def _is_here(self, record: KeyRecord) -> bool:
        """Whether its private half lies where `keys create` makes one; one that cannot be opened may be sound.

        Raises:
            ConfigurationError, KeysError: as `open_entry`.
        """
        file = self._file(record)
        if not os.path.lexists(self._folder / file):  # a link to a medium that is away is there
            return False
        open_entry(KeyEntry(record, file), self._folder, passphrase=key_passphrase(self._settings))
        return True

    @staticmethod
    def _file(record: KeyRecord) -> str:
        return f"{record.name}.pem"


def _signing(records: Iterable[KeyRecord]) -> set[KeyUsage]:
    return {record.usage for record in records if record.state is KeyState.ACTIVE and not record.national}


def _change_of(event: KeyEvent) -> KeyChange:
    return KeyChange(
        id=event.id,
        action=event.action,
        from_state=KeyState(event.from_state) if event.from_state else None,
        to_state=KeyState(event.to_state),
        moment=event.moment,
        at=event.at,
        actor_id=event.actor_id,
        actor_name=event.actor_name,
        reason=event.reason,
    )


def _says(word: str, **facts: object) -> Message:
    text = FOUND_WORDS[word]
    english = {name: fact.en if isinstance(fact, Message) else fact for name, fact in facts.items()}
    chinese = {name: fact.zh if isinstance(fact, Message) else fact for name, fact in facts.items()}
    return Message(text.en.format_map(english), text.zh.format_map(chinese))
