"""The certificate as a CWT claims set (RFC 8392): what the QR symbol on paper carries.

    1 iss · 4 exp · 5 nbf · 7 cti · −65537 (private use) the body, an array by position

`to_claims` and `from_claims` are an exact inverse pair: a claims set that is not the very one which `to_claims` would
make is refused, so that a certificate has one QR form. Fixed members (context, types, scope statement, schema) are not
carried, and what the trust list says of the court anyway is left out. The layout is described, as a table and in CDDL
(RFC 8610), in docs/reference/qr-profile.md.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from xinzheng_schemas import _qr_values as values
from xinzheng_schemas._qr_values import Codec, Frame, QRProfileError, malformed
from xinzheng_schemas.certificate import (
    CONTEXT,
    CREDENTIAL_TYPE,
    STATUS_PURPOSES,
    Certificate,
    CertificateError,
    CourtIdentity,
)
from xinzheng_schemas.errors import CodedError, Message
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.vocabulary import (
    SCOPE_STATEMENT,
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    SubjectKind,
)

__all__ = ["BODY", "CourtIdentity", "QRProfileError", "from_claims", "to_claims"]

T = TypeVar("T")

ISSUER: Final = 1
EXPIRES: Final = 4
NOT_BEFORE: Final = 5
CWT_ID: Final = 7
BODY: Final = -65537
"""Claim key of the body: the first one of the range for private use (RFC 8392 §9.1)."""


class _Slot(NamedTuple):
    """One place of the body.

    Attributes:
        name: member of `credentialSubject`, of its `masking` or (certificateNumber) of the credential.
        codec: how it is written and read; null stands for an absent member.
    """

    name: str
    codec: Codec


# The order is the format. Places 0 and 1 are court and status.
_SLOTS: Final = (
    _Slot("certificateNumber", values.CERTIFICATE_NUMBER),
    _Slot("name", values.TEXT),
    _Slot("subjectKind", values.word(SubjectKind)),
    _Slot("idType", values.word(IdType)),
    _Slot("maskedIdNumber", values.MASKED_NUMBER),
    _Slot("unifiedSocialCreditCode", values.CREDIT_CODE),
    _Slot("idCommitment", values.COMMITMENT),
    _Slot("enforcementCaseNumber", values.CASE),
    _Slot("originalCaseNumber", values.CASES),
    _Slot("enforcementBasisNumber", values.CASE),
    _Slot("basisIssuingBody", values.COURT_NAME),
    _Slot("caseFiledDate", values.DAY),
    _Slot("listingPublishedDate", values.DAY),
    _Slot("listingGround", values.words(ListingGround)),
    _Slot("listingTermEnd", values.DAY),
    _Slot("performanceStatus", values.word(PerformanceStatus)),
    _Slot("serial", values.TEXT),
    _Slot("maskedAt", values.DAY),
    _Slot("approvedAt", values.DAY),
    _Slot("ground", values.word(MaskingGround)),
    _Slot("conditional", values.FLAG),
    _Slot("consumptionRestrictionStatus", values.word(ConsumptionRestrictionStatus)),
    _Slot("purpose", values.words(Purpose)),
    _Slot("purposeText", values.TEXT),
    _Slot("listCheckedAt", values.BEFORE),
)
_LEADING: Final = 2
_BODY_LENGTH: Final = _LEADING + len(_SLOTS)
_CREDIT_CODE: Final = _LEADING + [slot.name for slot in _SLOTS].index("unifiedSocialCreditCode")
_MASKING: Final = ("serial", "maskedAt", "approvedAt", "ground", "conditional")

_CLAIM_KEYS: Final = (ISSUER, EXPIRES, NOT_BEFORE, CWT_ID, BODY)
_CLAIMS_EXPECTED: Final = Message(
    f"a map with exactly the claims {_CLAIM_KEYS}",
    f"恰含声明 {_CLAIM_KEYS} 的映射",
)
_CANONICAL_EXPECTED: Final = Message(
    "the claims in the one way in which they are written",
    "规范写法的声明",
)
_MAX_LIST_NUMBER: Final = 2**31
_MAX_INDEX: Final = 10**10


def to_claims(credential: dict[str, Any], *, court: CourtIdentity | None) -> dict[int, Any]:
    """Writes a certificate as CWT claims.

    Args:
        credential: the credential without proof.
        court: the issuer's court as the trust list has it; if it is the enforcement court, it is not carried.

    Returns:
        Claim key to value: integers, texts, byte strings, booleans, null and arrays of these.

    Raises:
        CertificateError: the credential is no certificate.
    """
    certificate = Certificate.from_credential(credential)
    subject = credential["credentialSubject"]
    frame = Frame(
        certificate.issuer,
        certificate.valid_from,
        certificate.subject.enforcement_court,
        certificate.subject.unified_social_credit_code,
    )
    members = {**subject, **subject["masking"], "certificateNumber": certificate.number}
    rest = [None if (value := members.get(slot.name)) is None else slot.codec.write(value, frame) for slot in _SLOTS]
    return {
        ISSUER: certificate.issuer,
        EXPIRES: values.seconds(certificate.valid_until),
        NOT_BEFORE: values.seconds(certificate.valid_from),
        CWT_ID: UUID(certificate.id).bytes,
        BODY: [_write_court(frame.court, court), _write_status(certificate), *rest],
    }


def from_claims(claims: object, *, court: CourtIdentity | None) -> dict[str, Any]:
    """Reads a certificate from CWT claims.

    Args:
        claims: whatever a CBOR decoder made of the payload.
        court: the issuer's court as the trust list has it.

    Returns:
        The credential without proof, a fresh JSON object.

    Raises:
        QRProfileError: qr_malformed or qr_court_unknown.
    """
    if type(claims) is not dict or not all(type(key) is int for key in claims) or set(claims) != set(_CLAIM_KEYS):
        raise malformed(_CLAIMS_EXPECTED, "/")
    credential = _credential(claims, court)
    try:
        canonical = to_claims(credential, court=None if claims[BODY][0] else court)
    except CertificateError as error:
        problem = error.problems[0]
        raise malformed(_certificate_expected(problem), problem.field or "/") from None
    if canonical != claims:
        raise malformed(_CANONICAL_EXPECTED, "/")
    return credential


def _certificate_expected(problem: CodedError) -> Message:
    return Message(f"a certificate ({problem.message('en')})", f"有效的证明（{problem.message('zh')}）")


def _credential(claims: dict[int, Any], court: CourtIdentity | None) -> dict[str, Any]:
    issuer = _at(ISSUER, values.string, claims[ISSUER])
    valid_from = _at(NOT_BEFORE, values.moment, claims[NOT_BEFORE])
    valid_until = _at(EXPIRES, values.moment, claims[EXPIRES])
    identifier = UUID(bytes=_at(CWT_ID, lambda value: values.octets(value, 16), claims[CWT_ID]))
    body = _at(BODY, lambda value: values.array(value, _BODY_LENGTH), claims[BODY])
    named_court = _at("court", lambda value: _read_court(value, court), body[0])
    frame = Frame(issuer, valid_from, named_court)
    if body[_CREDIT_CODE] is not None:
        frame = replace(frame, credit_code=_read_slot(_CREDIT_CODE, body, frame))
    status = _at("status", lambda value: _read_status(value, issuer), body[1])
    return {
        "@context": list(CONTEXT),
        "id": identifier.urn,
        "type": ["VerifiableCredential", CREDENTIAL_TYPE],
        "issuer": issuer,
        "validFrom": format_timestamp(valid_from),
        "validUntil": format_timestamp(valid_until),
        **_members(body, frame),
        "credentialSchema": {"id": CREDIT_REPAIR_SCHEMA_ID, "type": "JsonSchema"},
        "credentialStatus": status,
    }


def _members(body: list[Any], frame: Frame) -> dict[str, Any]:
    subject = {
        slot.name: _read_slot(place, body, frame)
        for place, slot in enumerate(_SLOTS, _LEADING)
        if body[place] is not None
    }
    return {
        "certificateNumber": subject.pop("certificateNumber", None),
        "scopeStatement": dict(SCOPE_STATEMENT),
        "credentialSubject": {
            "enforcementCourt": {
                "name": frame.court.name,
                "courtCode": frame.court.court_code,
                "regionCode": frame.court.region_code,
            },
            "masking": {name: subject.pop(name) for name in _MASKING if name in subject},
            **subject,
        },
    }


def _read_slot(place: int, body: list[Any], frame: Frame) -> Any:
    slot = _SLOTS[place - _LEADING]
    try:
        return slot.codec.read(body[place], frame)
    except QRProfileError as error:
        raise QRProfileError(error.code, field=f"/{slot.name}", **error.params) from None


def _at(place: int | str, read: Callable[[Any], T], value: Any) -> T:
    """What `read` makes of the value; an error names the place."""
    try:
        return read(value)
    except QRProfileError as error:
        raise QRProfileError(error.code, field=f"/{place}", **error.params) from None


# --- court and status -----------------------------------------------------------------------------------------------


def _write_court(named: CourtIdentity, court: CourtIdentity | None) -> list[str | bytes] | None:
    if named == court:
        return None
    return [values.write_text(named.name), named.court_code, named.region_code]


def _read_court(value: Any, court: CourtIdentity | None) -> CourtIdentity:
    if value is not None:
        name, court_code, region_code = values.array(value, 3)
        return CourtIdentity(values.read_text(name), values.string(court_code), values.string(region_code))
    if court is None:
        raise QRProfileError("qr_court_unknown")
    return court


def _list_url(issuer: str, number: int, purpose: str) -> str | None:
    """The usual address of a status list of an issuer `did:web:<host>:did:<segment>`; None for another issuer."""
    found = _USUAL_ISSUER.fullmatch(issuer)
    return found and f"https://{found[1]}/status/{found[2]}/{number}/{purpose}"


_USUAL_ISSUER: Final = re.compile("did:web:([a-z0-9.-]+):did:([A-Za-z0-9._-]+)")
_USUAL_LIST: Final = re.compile("https://[^/]+/status/[^/]+/(0|[1-9][0-9]{0,8})/revocation")


def _write_status(certificate: Certificate) -> list[int | str]:
    """[list number, index] where both lists have their usual addresses, otherwise [address, address, index]."""
    urls = [entry.list_url for entry in certificate.status]
    index = certificate.status[0].index
    found = _USUAL_LIST.fullmatch(urls[0])
    number = int(found[1]) if found else 0
    if urls == [_list_url(certificate.issuer, number, purpose) for purpose in STATUS_PURPOSES]:
        return [number, index]
    return [*urls, index]


def _read_status(value: Any, issuer: str) -> list[dict[str, Any]]:
    *lists, index = values.array(value, 2, 3)
    if len(lists) == 1:
        number = values.integer(lists[0], maximum=_MAX_LIST_NUMBER)
        lists = [_list_url(issuer, number, purpose) for purpose in STATUS_PURPOSES]
    return [
        {
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": str(values.integer(index, maximum=_MAX_INDEX)),
            "statusListCredential": url,
        }
        for purpose, url in zip(STATUS_PURPOSES, lists, strict=True)
    ]
