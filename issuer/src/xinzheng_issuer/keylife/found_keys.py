"""After a backup of the key folder was restored: what was said of the keys since is taken over into it.

The public half of a key and the end of its life are known to whoever read what was published; its private half is not.
A key whose private half is not here is entered as closed: what it signed is checked with its window, as that of a
retired key. The rest is as after any loss of a key: another one is made and taken into use.
"""

import os
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

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
    "known_end": Message(
        "Key {name}: the key folder does not know that it counts until {until} alone; that is taken over.",
        "密钥 {name}：密钥目录不知其仅在 {until} 之前有效；将予接管。",
    ),
    "new": Message(
        "Key {name}: the key folder does not know it; its public half is taken over ({usage}, {state} {since}).",
        "密钥 {name}：密钥目录中没有；将接管其公钥（{usage}，{state}，{since}）。",
    ),
    "unmade": Message(
        "Its public key is {public_key}; nothing here but what was published tells of it. If nobody here made it, "
        "somebody else has the keys of the bundle's roles: after this step xinzheng keys compromise {name}, then "
        "xinzheng bundle-keys rotate targets snapshot timestamp. If an earlier bundle has another key of this name, "
        "say no, move public/ away, and the bundles in epoch/ (*.xzb) too, and take that one over first "
        "(--bundle FILE).",
        "其公钥为 {public_key}；此处仅有已发布的内容提及该密钥。如非本院所生成，则信任包各角色的密钥已落入他人之手："
        "请在本步骤之后执行 xinzheng keys compromise {name}，"
        "再执行 xinzheng bundle-keys rotate targets snapshot timestamp。"
        "如更早的信任包中该名称为另一密钥，请回答“否”，将 public/ 以及 epoch/ 中的信任包（*.xzb）移开，"
        "并先接管该信任包（--bundle 文件）。",
    ),
    "undone": Message(
        "Nothing here but what was published says so, and it cannot be taken back. If nobody here did it, somebody "
        "else has the keys of the bundle's roles: say no, move public/ away, and the bundles in epoch/ (*.xzb) too, "
        "take over the newest bundle of before that (--bundle FILE), then xinzheng bundle-keys rotate targets snapshot "
        "timestamp.",
        "此处仅有已发布的内容如此记载，且接管后不可撤回。如非本院所为，则信任包各角色的密钥已落入他人之手：请回答“否”，"
        "将 public/ 以及 epoch/ 中的信任包（*.xzb）移开，接管此前最新的信任包（--bundle 文件），"
        "再执行 xinzheng bundle-keys rotate targets snapshot timestamp。",
    ),
    "closed": Message(
        "Its private half is not in the key folder as {file}: it is listed as closed at {until}. What it signed until "
        "then stays valid, and it signs nothing more.",
        "其私钥不在密钥目录中（{file}）：将列为已于 {until} 关闭。其在此之前签署的内容继续有效，今后不再签名。",
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
    "certificate": Message("for certificates", "签发证明"),
    "status": Message("for status lists", "签署状态列表"),
    "no_room": Message(
        "{new} keys of which nothing here tells make {count}, and leave no room for those that this court makes.",
        "此处未有记载的 {new} 个密钥使总数达 {count} 个，已无余地容纳本院今后生成的密钥。",
    ),
    "since": Message("since {moment}", "自 {moment} 起"),
}

MOST_KEYS: Final = 96
"""Up to how many keys of a court any are taken over: 128 can be published, and none is ever left out again."""

MOST_NEW: Final = 8
"""How many keys that only documents tell of are taken over beyond that: as many as a court may have forgotten."""

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
            yield from self._words(each, self._record(each))
        before = {entry.record.name: entry.record for entry in read_entries(self._folder)}
        after = before | {each.record.name: self._record(each) for each in self._found}
        self._check([*after.values()])
        signing, left = (_signing(records.values(), self._at) for records in (before, after))
        for usage in sorted(signing - left):
            yield _says(f"none_{usage.value}")

    def _words(self, each: ForgottenKey, record: KeyRecord) -> Iterator[Message]:
        told = each.record
        facts = {
            "name": record.name,
            "state": told.state.value,
            "since": _says(
                "since", moment=format_timestamp(told.compromised_at or told.valid_until or told.valid_from)
            ),
            "until": format_timestamp(record.valid_until or self._end),
        }
        if each.known is None:
            yield _says("new", usage=FOUND_WORDS[told.usage.value], **facts)
        elif each.step == "retire" and told.state is not KeyState.RETIRED:
            yield _says("known_end", **facts)
        else:
            yield _says("known", **facts)
        if record != told:
            yield _says("closed", file=self._file(record), **facts)
        if each.is_recorded:
            return
        if each.known is None:
            yield _says("unmade", public_key=told.public_key_multibase, **facts)
        if each.step in {"retire", "compromise"}:
            yield _says("undone", **facts)

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
                    self._enter(each, entries, events, actor)
                there = {event.id for event in events}
                steps = ((entry, change) for entry in entries for change in entry.changes)
                for entry, change in steps:
                    if change.id not in there:
                        store.add(event_of(entry, change, store.court_id))
                self._check([entry.record for entry in entries])
                store.enqueue_publication("keys", at=issuer.office.clock())
                write_entries(self._folder, entries)
        for each in self._found:
            _log.warning("key_taken_over", key=each.record.name, step=each.step, actor=actor.name)

    def _check(self, records: Collection[KeyRecord]) -> None:
        unmade = sum(each.known is None and not each.is_recorded for each in self._found)
        if len(records) > MOST_KEYS and unmade > MOST_NEW:
            raise KeyLifeError("keys_foreign", why=_says("no_room", new=unmade, count=len(records)))
        try:
            self._keys.current().issuer_document(records)
        except CodedError as error:
            raise KeyLifeError("keys_foreign", why=Message(error.message("en"), error.message("zh"))) from error

    def _enter(self, each: ForgottenKey, entries: list[KeyEntry], events: Sequence[KeyEvent], actor: Actor) -> None:
        """Puts the entry of a key into its place, with the steps of its life that the register knows."""
        record = self._record(each)
        place = next((i for i, entry in enumerate(entries) if entry.record.name == record.name), len(entries))
        old = entries[place] if place < len(entries) else KeyEntry(record, self._file(record))
        there = {change.id for change in old.changes}
        own = record.name, record.public_key_multibase
        more = [event for event in events if (event.key_name, event.public_key) == own and event.id not in there]
        changes = [*old.changes, *map(_change_of, more)]
        was_active = any(change.to_state is KeyState.ACTIVE for change in changes)
        state = each.known.state if each.known else None
        if state is None and each.record.state is not KeyState.STAGED and not was_active:
            # The trail knows no other beginning of its window.
            changes.append(self._adopted(None, KeyState.ACTIVE, record, actor))
        if not changes or changes[-1].to_state is not record.state or changes[-1].id in there:
            state = changes[-1].to_state if changes else state
            changes.append(self._adopted(state, record.state, record, actor))
        entries[place : place + 1] = [KeyEntry.parse(KeyEntry(record, old.uri, tuple(changes)).to_json())]

    def _adopted(self, before: KeyState | None, state: KeyState, record: KeyRecord, actor: Actor) -> KeyChange:
        about = {
            KeyState.ACTIVE: record.valid_from,
            KeyState.RETIRED: record.valid_until,
            KeyState.COMPROMISED: record.compromised_at,
        }
        return KeyChange(
            id=str(uuid.uuid4()),
            action=ADOPT,
            from_state=before,
            to_state=state,
            moment=about.get(state),
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


def _signing(records: Iterable[KeyRecord], at: datetime) -> set[KeyUsage]:
    signing = (each for each in records if each.state is KeyState.ACTIVE and each.covers(at))
    return {record.usage for record in signing if not record.national}


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
