"""A status entry of a credential (Bitstring Status List 1.0, 2.1), not yet looked up."""

import re
from dataclasses import dataclass
from typing import Final

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import UndecidedError, shown
from xinzheng_verifier.limits import MAX_STATUS_SIZE

MEANINGS: Final = {"revocation": "revoked", "suspension": "suspended"}
"""Reason code of a set bit, by purpose; worst first."""

_TYPE: Final = "BitstringStatusListEntry"
INFORMING: Final = frozenset({"message", "refresh"})
"""Purposes that say something of a credential without ending it."""

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,31}")
_NO_MESSAGES: Final[dict[int, str]] = {}
_STATUS: Final = re.compile(r"0x[0-9a-fA-F]{1,4}")


@dataclass(slots=True, kw_only=True)
class StatusEntry:
    """Where the status of a credential stands.

    Attributes:
        purpose: revocation, suspension, message or refresh.
        index: number of the entry in the list.
        url: address of the list.
        size: bits of the entry.
        messages: what each value means, by value; empty where the credential does not say.
    """

    purpose: str
    index: int
    url: str
    size: int
    messages: dict[int, str]

    @property
    def evidence(self) -> JSONObject:
        """The entry as the report shows it."""
        return {"purpose": self.purpose, "index": self.index, "list": self.url}


def parse(entry: JSONValue) -> StatusEntry:
    """Reads one entry; its index is a decimal number in a string.

    Raises:
        UndecidedError: `status_malformed`, `status_unsupported` (another type), `status_purpose` (unknown).
    """
    if not isinstance(entry, dict):
        raise UndecidedError("status_malformed", field="/credentialStatus")
    if entry.get("type") != _TYPE:
        raise UndecidedError("status_unsupported", type=shown(entry.get("type")))
    purpose, index, url = map(entry.get, ("statusPurpose", "statusListIndex", "statusListCredential"))
    if not isinstance(purpose, str) or not (purpose in MEANINGS or purpose in INFORMING):
        raise UndecidedError("status_purpose", purpose=shown(purpose))
    if not isinstance(index, str) or not _INDEX.fullmatch(index):
        raise UndecidedError("status_malformed", index=shown(index))
    if not isinstance(url, str):
        raise UndecidedError("status_malformed", field="/credentialStatus/statusListCredential")
    size = _size(entry, purpose)
    return StatusEntry(purpose=purpose, index=int(index), url=url, size=size, messages=_messages(entry, size))


def _size(entry: JSONObject, purpose: str) -> int:
    """One bit, or for a message as many as it states."""
    size = entry.get("statusSize", 1)
    if size == 1 and type(size) is int:
        return 1
    if type(size) is not int or not 1 <= size <= (MAX_STATUS_SIZE if purpose == "message" else 1):
        raise UndecidedError("status_malformed", field="/credentialStatus/statusSize")
    return size


def _messages(entry: JSONObject, size: int) -> dict[int, str]:
    """One message for each value that fits into the entry; needed where an entry has more than one bit."""
    listed = entry.get("statusMessage")
    if listed is None and size == 1:
        return _NO_MESSAGES
    found = dict(_message(one) for one in listed) if isinstance(listed, list) else {}
    if set(found) != set(range(1 << size)) or not isinstance(listed, list) or len(listed) != len(found):
        raise UndecidedError("status_malformed", field="/credentialStatus/statusMessage")
    return found


def _message(one: JSONValue) -> tuple[int, str]:
    value, text = (one.get("status"), one.get("message")) if isinstance(one, dict) else (None, None)
    if not isinstance(value, str) or not _STATUS.fullmatch(value) or not isinstance(text, str):
        raise UndecidedError("status_malformed", field="/credentialStatus/statusMessage")
    return int(value, 16), text
