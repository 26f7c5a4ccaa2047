"""Step 8: every status entry of a credential is looked up; the worst answer wins."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from xinzheng_schemas import bitstring
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import NotApplicableError, RefusedError, UndecidedError, VerifierError, shown
from xinzheng_verifier.limits import MAX_STATUS_ENTRIES
from xinzheng_verifier.policy import Policy
from xinzheng_verifier.status.lists import StatusList, authentic_list
from xinzheng_verifier.trust.store import TrustStore

_ENTRY_TYPE: Final = "BitstringStatusListEntry"
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,31}")
_MEANINGS: Final = {"revocation": "revoked", "suspension": "suspended"}
"""What a set bit means, by purpose; worst first."""


@dataclass(frozen=True, kw_only=True)
class StatusAnswer:
    """What the status data says of one credential.

    Attributes:
        error: why the step does not pass; None if every entry is clear and current.
        entries: evidence, one object an entry.
        as_of: when the oldest list that was consulted was made; None if none could be.
    """

    error: VerifierError | None
    entries: list[JSONValue]
    as_of: datetime | None


def check_status(
    credential: JSONObject, *, issuer_id: str, trust: TrustStore, at: datetime, policy: Policy
) -> StatusAnswer:
    """Looks up every entry.

    Args:
        credential: the credential without proof, its signature verified.
        issuer_id: who issued it; its lists must be by the same issuer.
        trust: where the lists are.
        at: the moment of judgement.
        policy: whether a status is required, and how old a list may be, counted from its `validFrom`.
    """
    stale = _bundle_error(trust, at)
    if "credentialStatus" not in credential:
        absent = RefusedError("status_required") if policy.status_is_required else stale
        return StatusAnswer(error=absent or NotApplicableError("status_not_stated"), entries=[], as_of=None)
    status = credential["credentialStatus"]
    entries = status if isinstance(status, list) else [status]
    if not entries or len(entries) > MAX_STATUS_ENTRIES:
        error = UndecidedError("status_malformed", field="/credentialStatus", count=len(entries))
        return StatusAnswer(error=error, entries=[], as_of=None)
    max_age = policy.max_status_age
    lookups = [_look_up(entry, issuer_id=issuer_id, trust=trust, at=at, max_age=max_age) for entry in entries]
    made = [lookup.made_at for lookup in lookups if lookup.made_at is not None]
    return StatusAnswer(
        error=_worst([*(lookup.error for lookup in lookups), stale]),
        entries=[lookup.evidence for lookup in lookups],
        as_of=min(made, default=None),
    )


def _bundle_error(trust: TrustStore, at: datetime) -> VerifierError | None:
    """A bundle that is offered again and again after its end hides what happened since (TUF, freeze attack)."""
    if trust.bundle_expires is not None and at >= trust.bundle_expires:
        return UndecidedError("bundle_expired", since=format_timestamp(trust.bundle_expires))
    return None


@dataclass(frozen=True, kw_only=True)
class _LookUp:
    error: VerifierError | None
    evidence: JSONObject
    made_at: datetime | None = None


def _look_up(
    entry: JSONValue, *, issuer_id: str, trust: TrustStore, at: datetime, max_age: timedelta | None
) -> _LookUp:
    evidence: JSONObject = {}
    try:
        purpose, index, url = _parse(entry)
        evidence = {"purpose": purpose, "index": index, "list": url}
        status_list = authentic_list(url, trust, at=at)
        _check_belongs(status_list, purpose=purpose, issuer_id=issuer_id)
        is_set = _bit(status_list, index)
    except UndecidedError as error:
        return _LookUp(error=error, evidence={**evidence, "code": error.code})
    finding = _judge(status_list, _MEANINGS[purpose] if is_set else None, at=at, max_age=max_age)
    evidence |= {"code": finding.code if finding else "ok", **status_list.evidence}
    return _LookUp(error=finding, evidence=evidence, made_at=status_list.valid_from)


def _parse(entry: JSONValue) -> tuple[str, int, str]:
    """Purpose, index and address of one entry (Bitstring Status List 2.1); an index is a decimal number in a string."""
    if not isinstance(entry, dict):
        raise UndecidedError("status_malformed", field="/credentialStatus")
    if entry.get("type") != _ENTRY_TYPE:
        raise UndecidedError("status_unsupported", type=shown(entry.get("type")))
    purpose, index, url = (entry.get(f"status{name}") for name in ("Purpose", "ListIndex", "ListCredential"))
    if not isinstance(purpose, str) or purpose not in _MEANINGS:
        raise UndecidedError("status_purpose", purpose=shown(purpose))
    size = entry.get("statusSize", 1)
    if not isinstance(index, str) or not _INDEX.fullmatch(index) or type(size) is not int or size != 1:
        raise UndecidedError("status_malformed", index=shown(index))
    if not isinstance(url, str):
        raise UndecidedError("status_malformed", field="/credentialStatus/statusListCredential")
    return purpose, int(index), url


def _check_belongs(status_list: StatusList, *, purpose: str, issuer_id: str) -> None:
    if status_list.issuer_id != issuer_id:
        raise UndecidedError("status_issuer", list=status_list.url, issuer=status_list.issuer_id)
    if purpose not in status_list.purposes:
        raise UndecidedError("status_purpose", list=status_list.url, purpose=purpose)


def _bit(status_list: StatusList, index: int) -> bool:
    try:
        return bitstring.get_bit(status_list.bits, index)
    except bitstring.BitstringError as error:
        raise UndecidedError(error.code, list=status_list.url, index=shown(index)) from error


def _judge(
    status_list: StatusList, meaning: str | None, *, at: datetime, max_age: timedelta | None
) -> VerifierError | None:
    """A set bit counts however old it is; a clear one only while the list is current."""
    made, since = status_list.valid_from, status_list.evidence["asOf"]
    if meaning is not None:
        return RefusedError(meaning, since=since)
    if at < made:
        return UndecidedError("status_not_yet_known", since=since)
    too_old = max_age is not None and at - made > max_age
    if too_old or (status_list.valid_until is not None and at > status_list.valid_until):
        return UndecidedError("status_stale", since=since)
    return None


def _worst(errors: Iterable[VerifierError | None]) -> VerifierError | None:
    """Revoked before suspended before undecided; among equals the first."""
    found = [error for error in errors if error is not None]
    for code in _MEANINGS.values():
        for error in found:
            if error.code == code:
                return error
    return found[0] if found else None
