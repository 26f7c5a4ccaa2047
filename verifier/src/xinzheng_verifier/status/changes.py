"""Journals of changes: what a status list would have said at an earlier moment (docs/reference/status-changes.md).

A journal is of use only together with the edition of the list that it leads to: replayed, it has to give exactly the
bits of that list. It is looked at only for moments before the list was made.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from xinzheng_schemas import bitstring, strict_json
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import RefusedError, UndecidedError, shown
from xinzheng_verifier.limits import MAX_STATUS_CHANGES, STATUS_CHANGES_JSON
from xinzheng_verifier.read.forms import PresentedDocument
from xinzheng_verifier.secure.algorithms import CRYPTOSUITES
from xinzheng_verifier.secure.moments import timestamp
from xinzheng_verifier.status.authentic import Authentic, Codes, Failure, Signatures, opened, usable
from xinzheng_verifier.status.lists import StatusList
from xinzheng_verifier.trust.store import TrustStore

CHANGES_TYPE = "StatusListChanges"
_CODES = Codes(unreadable="status_changes_unavailable", foreign="status_changes_issuer")
_MEMBERS = frozenset({"@context", "id", "type", "issuer", "list", "sequence", "since", "changes"})


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The journal of one edition of a status list, its signature verified and its replay compared with the bits.

    Attributes:
        url: address of the list.
        signatures: each key that signed it, and when by its own word.
        since: moment from which it is complete.
        sequence: of the edition that it leads to; None where the list bears none.
        moments: for each index that ever changed, when it did, in seconds since 1970, in order; every entry begins
            clear and every change turns it over.
    """

    url: str
    signatures: Signatures
    since: datetime
    sequence: int | None
    moments: Mapping[int, Sequence[int]]

    @cached_property
    def evidence(self) -> JSONObject:
        """What a report says of the journal."""
        return {"since": format_timestamp(self.since), "sequence": self.sequence}


class LookBack(NamedTuple):
    """One entry at an earlier moment.

    Attributes:
        value: 1 if it was set then, or at any moment that a slow clock leaves possible; else 0.
        set_at: if it was set, since when.
        value_now: what the list says.
        turned_at: when it was last set or cleared after the moment asked about; None if it never was.
    """

    value: int
    set_at: datetime | None
    value_now: int
    turned_at: datetime | None

    @property
    def evidence(self) -> JSONObject:
        """The entry then and now, as a report shows it."""
        turned = None if self.turned_at is None else format_timestamp(self.turned_at)
        return {"then": self.value, "now": self.value_now, "turnedAt": turned}


def look_back(journal: Journal, index: int, *, at: datetime, latest: datetime) -> LookBack:
    """What an entry was at a moment before the list was made.

    Args:
        journal: of the list.
        index: number of the entry, within the list.
        at: the moment asked about; a change counts from its own moment on.
        latest: the latest moment that it may be in truth, where the clock behind `at` is slow.

    Raises:
        UndecidedError: `status_before_changes`, the journal does not reach back so far.
    """
    if at < journal.since:
        raise UndecidedError("status_before_changes", list=journal.url, since=format_timestamp(journal.since))
    moments = journal.moments.get(index, ())
    before, possible = (bisect_right(moments, moment.timestamp()) for moment in (at, latest))
    is_set = before % 2 == 1 or possible > before
    set_by = before if before % 2 == 1 else before + 1
    return LookBack(
        value=int(is_set),
        set_at=_moment(moments[set_by - 1]) if is_set else None,
        value_now=len(moments) % 2,
        turned_at=_moment(moments[-1]) if len(moments) > before else None,
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _read(data: bytes) -> PresentedDocument:
    return PresentedDocument(strict_json.loads_object(data, limits=STATUS_CHANGES_JSON))


def authentic_journal(status_list: StatusList, trust: TrustStore, *, at: datetime) -> Journal | None:
    """The journal of a list, from the store alone, judged like the list itself; None if none is at hand.

    Args:
        status_list: the list, itself judged.
        trust: where the journal and its issuer's keys are.
        at: the moment of judgement, for the keys.

    Raises:
        UndecidedError: `status_changes_unavailable` (unreadable), `status_changes_issuer` (not signed by the list's
            issuer), `status_changes_list` (of another list or edition), `status_changes_malformed`,
            `status_changes_contradict` (leads to other bits).
    """
    url, kept = status_list.url, trust.decoded_status_changes
    found: Journal | Failure | None = kept.get(url)
    if found is None:
        data = trust.status_changes(url)
        if data is None:
            return None
        found = kept[url] = _decoded(data, status_list, trust)
    return usable(found, url=url, at=at, code=_CODES.foreign)


def _decoded(data: bytes, status_list: StatusList, trust: TrustStore) -> Journal | Failure:
    def make(found: Authentic) -> Journal:
        return journal_of(found, status_list)

    return opened(data, url=status_list.url, trust=trust, read=_read, codes=_CODES, make=make)


def journal_of(found: Authentic, status_list: StatusList) -> Journal:
    """Reads a journal whose signature holds.

    Raises:
        UndecidedError: `status_changes_issuer`, `status_changes_list`, `status_changes_malformed`,
            `status_changes_contradict`.
    """
    content, url = found.content, status_list.url
    if found.issuer_id != status_list.issuer_id:
        raise UndecidedError("status_changes_issuer", list=url, issuer=found.issuer_id)
    if content.get("type") != CHANGES_TYPE or not content.keys() <= _MEMBERS:
        raise _malformed(url, "/type" if content.get("type") != CHANGES_TYPE else "/")
    # A graph has no order and drops what no context explains: only canonical JSON signs a journal.
    if any(CRYPTOSUITES[suite].canonicalization != "jcs" for suite in found.suites):
        raise _malformed(url, "/proof/cryptosuite")
    _check_edition(content, status_list)
    since = _since(content.get("since"), url)
    moments = _moments(content.get("changes"), status_list, since=since)
    if _replayed(moments, len(status_list.bits)) != status_list.bits:
        raise UndecidedError("status_changes_contradict", list=url, sequence=status_list.sequence)
    return Journal(url=url, signatures=found.signatures, since=since, sequence=status_list.sequence, moments=moments)


def _malformed(url: str, field: str) -> UndecidedError:
    return UndecidedError("status_changes_malformed", list=url, field=field)


def _check_edition(content: JSONObject, status_list: StatusList) -> None:
    """A journal is of one list, and of one edition of it: an older one would not know the newest changes."""
    url, sequence = status_list.url, content.get("sequence")
    if content.get("id") != f"{url}#changes" or content.get("list") != url:
        raise UndecidedError("status_changes_list", list=url, found=shown(content.get("list")))
    if type(sequence) is not int or sequence != status_list.sequence:
        raise UndecidedError(
            "status_changes_list", list=url, sequence=status_list.sequence, found=shown(content.get("sequence"))
        )


def _since(value: JSONValue, url: str) -> datetime:
    try:
        return timestamp(value, field="/since")
    except RefusedError as error:
        raise _malformed(url, "/since") from error


def _moments(changes: JSONValue, status_list: StatusList, *, since: datetime) -> dict[int, list[int]]:
    """When each entry changed; changes are in order of time, within [`since`, the list's making], and each is one.

    Raises:
        UndecidedError: `status_changes_malformed`.
    """
    url = status_list.url
    if not isinstance(changes, list) or len(changes) > MAX_STATUS_CHANGES or status_list.size not in (None, 1):
        raise _malformed(url, "/changes")
    first, last, entries = since.timestamp(), status_list.valid_from.timestamp(), len(status_list.bits) * 8
    found: dict[int, list[int]] = {}
    for number, change in enumerate(changes):
        moment, index, value = change if isinstance(change, list) and len(change) == 3 else (None, None, None)  # noqa: PLR2004 - moment, index, value
        if type(moment) is not int or type(index) is not int or type(value) is not int:
            raise _malformed(url, f"/changes/{number}")
        turned = found.setdefault(index, [])
        # An entry that is clear can only be set, and one that is set only be cleared.
        if not first <= moment <= last or not 0 <= index < entries or value != 1 - len(turned) % 2:
            raise _malformed(url, f"/changes/{number}")
        turned.append(moment)
        first = moment
    return found


def _replayed(moments: Mapping[int, Sequence[int]], size: int) -> bytes:
    """The bits after all changes."""
    bits = bytearray(size)
    for index, turned in moments.items():
        if len(turned) % 2:
            bitstring.set_bit(bits, index)
    return bytes(bits)
