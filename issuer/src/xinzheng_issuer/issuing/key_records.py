"""`keys.json`: what a court knows of its keys, and every step of their lives; no secrets.

The file is replaced whole, so that after a crash there is the old one or the new one. It is the truth about the keys;
the register's audit trail repeats the steps under the same ids, and catches up with the file after a crash between.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xinzheng_issuer.errors import ConfigurationError
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas import strict_json
from xinzheng_schemas.multibase import decode_multikey
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier.trust.files import replace_file

RECORDS_FILE = "keys.json"
"""What the court knows of its keys, beside the key files: no secrets."""

_PRIVATE = 0o600


@dataclass(frozen=True, kw_only=True)
class KeyChange:
    """One step in the life of a key.

    Attributes:
        id: UUID.
        action: create, stage, activate, retire or compromise.
        from_state, to_state: state before (None for a new key) and after.
        moment: the moment that the step is about, if it is another than `at`: since when others may have had the key.
        at: when it was done.
        actor_id, actor_name: who did it.
        reason: why.
    """

    id: str
    action: str
    from_state: KeyState | None
    to_state: KeyState
    moment: datetime | None = None
    at: datetime
    actor_id: str
    actor_name: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        members = {
            "id": self.id,
            "action": self.action,
            "fromState": self.from_state,
            "toState": self.to_state,
            "moment": self.moment and format_timestamp(self.moment),
            "at": format_timestamp(self.at),
            "actorId": self.actor_id,
            "actorName": self.actor_name,
            "reason": self.reason,
        }
        return {name: value for name, value in members.items() if value is not None}

    @classmethod
    def parse(cls, members: Any) -> "KeyChange":
        """Read one; KeyError, TypeError or ValueError if it is none."""
        return cls(
            id=members["id"],
            action=members["action"],
            from_state=KeyState(members["fromState"]) if "fromState" in members else None,
            to_state=KeyState(members["toState"]),
            moment=_moment(members, "moment"),
            at=parse_timestamp(members["at"]),
            actor_id=members["actorId"],
            actor_name=members["actorName"],
            reason=members["reason"],
        )


@dataclass(frozen=True)
class KeyEntry:
    """One key of the file.

    Attributes:
        record: what is published of it.
        uri: where its private part is; a bare file name lies in the key folder.
        changes: the steps of its life, oldest first; keys of `init` begin without any.
    """

    record: KeyRecord
    uri: str
    changes: tuple[KeyChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        record = self.record
        members = {
            "name": record.name,
            "usage": record.usage,
            "uri": self.uri,
            "publicKeyMultibase": record.public_key_multibase,
            "state": record.state,
            "validFrom": format_timestamp(record.valid_from),
            "validUntil": record.valid_until and format_timestamp(record.valid_until),
            "compromisedAt": record.compromised_at and format_timestamp(record.compromised_at),
            "changes": [change.to_json() for change in self.changes] or None,
        }
        return {name: value for name, value in members.items() if value is not None}

    @classmethod
    def parse(cls, members: Any) -> "KeyEntry":
        """Read one; KeyError, TypeError or ValueError if it is none."""
        record = KeyRecord(
            name=members["name"],
            usage=KeyUsage(members["usage"]),
            public_key_multibase=members["publicKeyMultibase"],
            state=KeyState(members["state"]),
            valid_from=parse_timestamp(members["validFrom"]),
            valid_until=_moment(members, "validUntil"),
            compromised_at=_moment(members, "compromisedAt"),
        )
        decode_multikey(record.public_key_multibase, field="publicKeyMultibase")
        return cls(record, str(members["uri"]), tuple(KeyChange.parse(each) for each in members.get("changes", ())))


def read_entries(folder: Path) -> tuple[KeyEntry, ...]:
    """The court's keys, in the order of the file.

    Args:
        folder: the key folder.

    Raises:
        ConfigurationError: `key_records_damaged`.
    """
    path = folder / RECORDS_FILE
    try:
        members: Any = strict_json.loads(path.read_bytes())
        return tuple(KeyEntry.parse(each) for each in members)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise records_damaged(path, error) from error


def records_damaged(path: Path, error: Exception) -> ConfigurationError:
    """Why the records cannot be read, and what to do."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ConfigurationError("key_records_damaged", path=path, reason=reason)


def write_entries(folder: Path, entries: Sequence[KeyEntry]) -> None:
    """Replace the file whole.

    Raises:
        OSError: it cannot be written; the old file stands.
    """
    text = json.dumps([entry.to_json() for entry in entries], ensure_ascii=False, indent=2) + "\n"
    replace_file(folder / RECORDS_FILE, text.encode(), mode=_PRIVATE)


def _moment(members: Any, name: str) -> datetime | None:
    return parse_timestamp(members[name]) if name in members else None
