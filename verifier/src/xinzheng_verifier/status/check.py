"""Step 8: every status entry of a credential is looked up; the worst answer wins."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from xinzheng_schemas import bitstring
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import NotApplicableError, RefusedError, UndecidedError, VerifierError, shown
from xinzheng_verifier.limits import MAX_STATUS_ENTRIES
from xinzheng_verifier.policy import Policy
from xinzheng_verifier.secure.moments import latest_moment
from xinzheng_verifier.status import entry as entries
from xinzheng_verifier.status.changes import LookBack, authentic_journal, look_back
from xinzheng_verifier.status.entry import MEANINGS, StatusEntry
from xinzheng_verifier.status.lists import StatusList, authentic_list
from xinzheng_verifier.trust.issuers import TrustedIssuer
from xinzheng_verifier.trust.store import TrustStore

_MINIMUM_ENTRIES = bitstring.MINIMUM_BYTES * 8


_NOTHING_SINCE: Final[Mapping[str, JSONValue]] = MappingProxyType({})


class StatusAnswer(NamedTuple):
    """What the status data says of one credential.

    Attributes:
        error: why the step does not pass; None if every entry is clear and current.
        entries: evidence, one object an entry.
        as_of: as of when the oldest list that was consulted is known to be right; None if none could be.
        later: for a moment before the lists were made, what has become of the credential since: `revokedSince`,
            `suspendedSince`, `liftedSince`.
    """

    error: VerifierError | None
    entries: list[JSONValue]
    as_of: datetime | None
    later: Mapping[str, JSONValue] = _NOTHING_SINCE


class _Question(NamedTuple):
    """What every look-up of one credential shares."""

    issuer: TrustedIssuer
    trust: TrustStore
    at: datetime
    now: datetime
    policy: Policy


def check_status(
    credential: JSONObject,
    *,
    issuer: TrustedIssuer,
    trust: TrustStore,
    at: datetime,
    policy: Policy,
    now: datetime | None = None,
) -> StatusAnswer:
    """Looks up every entry.

    Args:
        credential: the credential without proof, its signature verified.
        issuer: who issued it; its lists must be by the same issuer, or by one that it delegates to.
        trust: where the lists are.
        at: the moment of judgement.
        policy: whether a status is required, how old a list may be, counted from when it was made or last vouched
            for, and how slow the clock may be.
        now: the present moment where `at` is an earlier one that somebody chose; None if `at` is the present. Trust
            that has expired by now is too old to ask about what it had not seen yet, and a list that is made only
            later tells nothing of the past: whoever made it had a wrong clock.
    """
    now = max(at, now or at)
    stale = _bundle_error(trust, issuer, now)
    if "credentialStatus" not in credential:
        absent = RefusedError("status_required") if policy.status_is_required else stale
        return StatusAnswer(error=absent or NotApplicableError("status_not_stated"), entries=[], as_of=None)
    status = credential["credentialStatus"]
    listed = status if isinstance(status, list) else [status]
    if not listed or len(listed) > MAX_STATUS_ENTRIES:
        error = UndecidedError("status_malformed", field="/credentialStatus", count=len(listed))
        return StatusAnswer(error=error, entries=[], as_of=None)
    if policy.status_is_required and not any(_can_end(entry) for entry in listed):
        return StatusAnswer(error=RefusedError("status_required"), entries=[], as_of=None)
    question = _Question(issuer=issuer, trust=trust, at=at, now=now, policy=policy)
    lookups = [_look_up(entry, question) for entry in listed]
    made = [lookup.made_at for lookup in lookups if lookup.made_at is not None]
    return StatusAnswer(
        error=_worst([lookup.error for lookup in lookups] + [stale]),
        entries=[lookup.evidence for lookup in lookups],
        as_of=min(made, default=None),
        later=_later(lookups),
    )


def _can_end(entry: JSONValue) -> bool:
    """Whether a revocation or suspension would show; whatever cannot be read is told when it is looked up."""
    purpose = entry.get("statusPurpose") if isinstance(entry, dict) else None
    return not isinstance(purpose, str) or purpose not in entries.INFORMING


def _bundle_error(trust: TrustStore, issuer: TrustedIssuer, now: datetime) -> VerifierError | None:
    """What is offered again and again after its end hides what happened since (TUF, freeze attack).

    That is the bundle, or the part of it that says who the issuer is and which of its keys are good.
    """
    expires = trust.bundle_expires
    if (ended := _term_error(trust, issuer.id, now)) is not None:
        return ended
    if expires is not None and now >= expires:
        return UndecidedError("bundle_expired", since=format_timestamp(expires))
    return None


def _term_error(trust: TrustStore, issuer_id: str, now: datetime) -> VerifierError | None:
    """Whether the entry of an issuer, of the credential or of a list, has ended before the bundle."""
    term, expires = trust.issuer_term(issuer_id), trust.bundle_expires
    if term is None or now < term.expires or (expires is not None and term.expires >= expires):
        return None
    return UndecidedError("bundle_expired", since=format_timestamp(term.expires), role=term.role)


class _LookUp(NamedTuple):
    error: VerifierError | None
    evidence: JSONObject
    made_at: datetime | None = None
    past: LookBack | None = None


def _look_up(stated: JSONValue, question: _Question) -> _LookUp:
    evidence: JSONObject = {}
    try:
        entry = entries.parse(stated)
        evidence = entry.evidence
        status_list = authentic_list(entry.url, question.trust, at=question.at)
        _check_belongs(status_list, entry, question.issuer)
        value = _value(status_list, entry)
        is_past = _is_past(status_list, entry, question)
        past = _past(status_list, entry, question) if is_past else None
    except UndecidedError as error:
        return _LookUp(error=error, evidence={**evidence, "code": error.code})
    if past is None:
        # Nobody signs that journals are left out, and one might tell that the bit was clear then.
        is_known = value and not (is_past and not question.trust.extent.changes)
        finding = _judge(status_list, MEANINGS.get(entry.purpose) if is_known else None, question)
    else:
        value, finding = past.value, _judge_past(past, MEANINGS.get(entry.purpose))
        evidence["history"] = past.evidence
    if status_list.issuer_id != question.issuer.id:  # the issuer's own entry is asked once, for all of its lists
        finding = finding or _term_error(question.trust, status_list.issuer_id, question.now)
    evidence["code"] = finding.code if finding else "ok"
    evidence |= status_list.evidence
    if entry.purpose not in MEANINGS:
        evidence |= {"value": value, "message": entry.messages.get(value)}
    return _LookUp(error=finding, evidence=evidence, made_at=status_list.as_of, past=past)


def _is_past(status_list: StatusList, entry: StatusEntry, question: _Question) -> bool:
    """Whether the question is about a moment before the list was made, of which a journal could tell.

    A list that lies ahead of the present was made by a clock that was ahead, and so were the changes that it shows: to
    look back from it would find every one of them still to come. A journal tells no change after its list was made.
    """
    at, now = (latest_moment(moment, question.policy.max_clock_skew) for moment in (question.at, question.now))
    return at < status_list.valid_from <= now and entry.size == 1


def _past(status_list: StatusList, entry: StatusEntry, question: _Question) -> LookBack | None:
    """The entry at a moment before the list was made; None where there is no journal to tell.

    Raises:
        UndecidedError: a code of `authentic_journal` or `look_back`.
    """
    latest = latest_moment(question.at, question.policy.max_clock_skew)
    journal = authentic_journal(status_list, question.trust, at=question.at)
    return None if journal is None else look_back(journal, entry.index, at=question.at, latest=latest)


def _judge_past(past: LookBack, meaning: str | None) -> VerifierError | None:
    if meaning is None or past.set_at is None:
        return None
    return RefusedError(meaning, since=format_timestamp(past.set_at))


def _later(lookups: Iterable[_LookUp]) -> JSONObject:
    """What has become of the credential after the moment asked about."""
    later: JSONObject = {}
    for lookup in lookups:
        past, purpose = lookup.past, lookup.evidence.get("purpose")
        if past is None or past.turned_at is None or past.value == past.value_now or purpose not in MEANINGS:
            continue
        name = f"{MEANINGS[purpose]}Since" if past.value_now else "liftedSince"
        later[name] = format_timestamp(past.turned_at)
    return later


def _check_belongs(status_list: StatusList, entry: StatusEntry, issuer: TrustedIssuer) -> None:
    if status_list.issuer_id != issuer.id and status_list.issuer_id not in issuer.status_list_issuers:
        raise UndecidedError("status_issuer", list=status_list.url, issuer=status_list.issuer_id)
    if entry.purpose not in status_list.purposes:
        raise UndecidedError("status_purpose", list=status_list.url, purpose=entry.purpose)
    if status_list.size not in (None, entry.size):
        raise UndecidedError("status_malformed", list=status_list.url, field="/credentialSubject/statusSize")


def _value(status_list: StatusList, entry: StatusEntry) -> int:
    """The entry; wide ones must leave room for as many others as one-bit entries do (3.2, step 11)."""
    if len(status_list.bits) * 8 // entry.size < _MINIMUM_ENTRIES:
        raise UndecidedError("status_length", list=status_list.url, minimum=_MINIMUM_ENTRIES)
    try:
        return bitstring.get_value(status_list.bits, entry.index, size=entry.size)
    except bitstring.BitstringError as error:
        raise UndecidedError(error.code, list=status_list.url, index=shown(entry.index)) from error


def _judge(status_list: StatusList, meaning: str | None, question: _Question) -> VerifierError | None:
    """A set bit counts however old it is; a clear one only while the list is current."""
    since = status_list.evidence["asOf"]
    at, max_age = question.at, question.policy.max_status_age
    if meaning is not None:
        return RefusedError(meaning, since=since)
    if latest_moment(at, question.policy.max_clock_skew) < status_list.valid_from:
        return UndecidedError("status_not_yet_known", since=status_list.evidence["madeAt"])
    too_old = max_age is not None and at - status_list.as_of > max_age
    # What came after the list was last known to be right is asked of a later one, once it is over.
    moment = question.now if at > status_list.as_of else at
    if too_old or (status_list.valid_until is not None and moment > status_list.valid_until):
        return UndecidedError("status_stale", since=since)
    return None


def _worst(errors: Iterable[VerifierError | None]) -> VerifierError | None:
    """Revoked before suspended before undecided; among equals the first."""
    found = [error for error in errors if error is not None]
    if not found:
        return None
    for code in MEANINGS.values():
        for error in found:
            if error.code == code:
                return error
    return found[0]
