"""Status list credentials: authentic, decoded once and kept (Bitstring Status List 1.0, 2.2 and 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from xinzheng_schemas import bitstring
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import RefusedError, UndecidedError, shown
from xinzheng_verifier.limits import MAX_STATUS_LIST_BYTES, MAX_STATUS_SIZE
from xinzheng_verifier.read import status_list
from xinzheng_verifier.secure.canonical import Contexts
from xinzheng_verifier.secure.moments import timestamp
from xinzheng_verifier.shape import check_shape
from xinzheng_verifier.status.authentic import Authentic, Codes, Failure, Signatures, opened, usable
from xinzheng_verifier.trust.store import TrustStore

LIST_TYPE = "BitstringStatusListCredential"
_SUBJECT_TYPE = "BitstringStatusList"
_CODES = Codes(unreadable="status_unavailable", foreign="status_issuer")


@dataclass(frozen=True, kw_only=True)
class StatusList:
    """One status list whose signature holds.

    Attributes:
        url: its address, which is also its id.
        issuer_id: who signed it.
        signatures: each key that signed it, and when by its own word; whether the key is still good is asked at each
            use.
        purposes: what its entries are about.
        bits: the entries one after the other, left-most bit first.
        size: bits of one entry, where the list says so; None leaves it to the credential.
        valid_from: when the list was made.
        valid_until: until when it counts as current, by its `validUntil`, its `ttl` or the end of a proof, whichever
            comes first; None where it does not say.
        attested_at: as of when its issuer's publication names it as current; None where none does.
        sequence: its number in the issuer's order; None where it bears none.
    """

    url: str
    issuer_id: str
    signatures: Signatures
    purposes: frozenset[str]
    bits: bytes
    size: int | None
    valid_from: datetime
    valid_until: datetime | None
    attested_at: datetime | None
    sequence: int | None

    @cached_property
    def as_of(self) -> datetime:
        """As of when it is known to be right: when it was made, or vouched for as still current, until its own end."""
        attested = self.attested_at
        if attested is None or attested <= self.valid_from:
            return self.valid_from
        until = self.valid_until
        return attested if until is None or attested <= until else max(until, self.valid_from)

    @cached_property
    def evidence(self) -> JSONObject:
        """What a report says of the list; written once, since every certificate of a court points to the same few."""
        return {
            "asOf": format_timestamp(self.as_of),
            "madeAt": format_timestamp(self.valid_from),
            "attestedAt": _shown(self.attested_at),
            "validUntil": _shown(self.valid_until),
            "sequence": self.sequence,
        }


def authentic_list(url: str, trust: TrustStore, *, at: datetime) -> StatusList:
    """The list at `url`, from the store alone, judged like a certificate: steps 1 to 6, in any form of a credential.

    Args:
        url: address, compared exactly.
        trust: where the list and its issuer's keys are.
        at: the moment of judgement, for the keys.

    Raises:
        UndecidedError: `status_unavailable` (not at hand, unreadable), `status_issuer` (not signed by its issuer),
            `status_type`, `status_id`, `status_malformed`, `status_length`, `status_shape` (not a well-formed
            credential, or with terms that nothing explains), `jsonld_unavailable`; `claim_forbidden` and
            `claim_mismatch` of a token.
    """
    kept = trust.decoded_status_lists
    found: StatusList | Failure | None = kept.get(url)
    if found is None:
        data = trust.status_list(url)
        if data is None:
            # Not kept: certificates may name any number of addresses.
            raise UndecidedError("status_unavailable", list=url)
        found = kept[url] = _decoded(data, url=url, trust=trust)
    return usable(found, url=url, at=at, code=_CODES.foreign)


def _decoded(data: bytes, *, url: str, trust: TrustStore) -> StatusList | Failure:
    attested_at = trust.attested_at(url)

    def make(found: Authentic) -> StatusList:
        try:
            made = _status_list(found, url=url, attested_at=attested_at)
        except CodedError as error:
            raise UndecidedError(error.code, list=url, field=error.field) from error
        _check_shape(found.content, url=url, contexts=trust.contexts)
        return made

    return opened(data, url=url, trust=trust, read=status_list.read, codes=_CODES, make=make)


def _check_shape(credential: JSONObject, *, url: str, contexts: Contexts) -> None:
    """Step 6 for a list: a well-formed credential of which every term is explained, whatever signed it.

    W3C's context has no `statusSize` for lists; it is read here all the same, and so nothing of it is lost.

    Raises:
        UndecidedError: `status_shape`, `jsonld_unavailable`.
    """
    subject = {name: value for name, value in _subject(credential).items() if name != "statusSize"}
    try:
        check_shape({**credential, "credentialSubject": subject}, profile="vcdm", contexts=contexts)
    except RefusedError as error:
        raise UndecidedError("status_shape", list=url, reason=error.code, field=error.field) from error


def _status_list(found: Authentic, *, url: str, attested_at: datetime | None) -> StatusList:
    """Reads a list whose signature holds; only now is it inflated."""
    credential = found.content
    types = credential.get("type")
    if not isinstance(types, list) or LIST_TYPE not in types or "credentialStatus" in credential:
        raise RefusedError("status_type")
    subject = _subject(credential)
    if credential.get("id") != url:
        raise RefusedError("status_id", found=shown(credential.get("id")))
    size = subject.get("statusSize")
    if size is not None and (type(size) is not int or not 1 <= size <= MAX_STATUS_SIZE):
        raise RefusedError("status_malformed", field="/credentialSubject/statusSize")
    valid_from = _moment(credential, "validFrom")
    sequence = subject.get("sequence")
    return StatusList(
        url=url,
        issuer_id=found.issuer_id,
        signatures=found.signatures,
        purposes=_purposes(subject.get("statusPurpose")),
        bits=_bits(subject.get("encodedList")),
        size=size,
        valid_from=valid_from,
        valid_until=_current_until(credential, subject, valid_from, found.ends),
        attested_at=attested_at,
        sequence=sequence if type(sequence) is int else None,
    )


def _subject(credential: JSONObject) -> JSONObject:
    subject = credential.get("credentialSubject")
    if not isinstance(subject, dict) or subject.get("type") != _SUBJECT_TYPE:
        raise RefusedError("status_type", field="/credentialSubject/type")
    return subject


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)


def _moment(credential: JSONObject, member: str) -> datetime:
    try:
        return timestamp(credential.get(member), field=f"/{member}")
    except RefusedError as error:
        raise RefusedError("status_malformed", field=f"/{member}") from error


def _current_until(
    credential: JSONObject, subject: JSONObject, valid_from: datetime, proof_ends: Sequence[datetime]
) -> datetime | None:
    """The earliest end: of the list, of a proof, of its `ttl` (milliseconds, section 2.2), which prolongs nothing."""
    ttl = subject.get("ttl")
    if ttl is not None and (type(ttl) is not int or ttl < 0):
        raise RefusedError("status_malformed", field="/credentialSubject/ttl")
    ends = [*proof_ends, *([_moment(credential, "validUntil")] if "validUntil" in credential else [])]
    try:
        ends += [] if ttl is None else [valid_from + timedelta(milliseconds=ttl)]
    except OverflowError as error:
        raise RefusedError("status_malformed", field="/credentialSubject/ttl") from error
    return min(ends, default=None)


def _purposes(value: JSONValue) -> frozenset[str]:
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(purpose, str) for purpose in listed):
        raise RefusedError("status_malformed", field="/credentialSubject/statusPurpose")
    return frozenset(purpose for purpose in listed if isinstance(purpose, str))


def _bits(value: JSONValue) -> bytes:
    text = value if isinstance(value, str) else ""
    return bitstring.decode(text, max_bytes=MAX_STATUS_LIST_BYTES, field="/credentialSubject/encodedList")
