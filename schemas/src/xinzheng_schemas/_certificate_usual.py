"""The certificate in its usual shape, read in one go.

Reading a certificate member by member takes a third of the time of a signature check; most of it goes into calling one
parser after the other. Here all strings that every certificate has are matched at once, by the expressions of
`_certificate_form`. Whatever does not fit, if only a rare kind of case number, is left to the exact way: this one never
accepts more, gives the same fields, and says nothing about faults.
"""

import re
from collections.abc import Container, Iterable
from datetime import date, datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final, NamedTuple

from xinzheng_schemas import _certificate_form as form
from xinzheng_schemas._fields import HIDDEN
from xinzheng_schemas.court_table import COURT_CODE_PATTERN
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    SubjectKind,
)


def _word(kind: Iterable[StrEnum]) -> str:
    return "|".join(re.escape(member.value) for member in kind)


def _text(maximum: int) -> str:
    return rf"(?!\s)[^{HIDDEN}]{{1,{maximum}}}(?<!\s)"


def _bounded(expression: str) -> str:
    return rf"(?=.{{1,{form.MAX_URL}}}(?:\n|\Z)){expression}"


# Every day there is from the year 1000 to 9999; years before that are left to the exact way.
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DAY = (
    "(?=[1-9])(?:[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    f"|(?:0[13578]|1[02])-31)|{_LEAP_YEAR}-02-29)"
)
_INSTANT = f"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
_NUMBER_OF_TYPE = "|".join(
    f"{id_type.value}\n(?:{number})"
    for id_type in IdType
    for number in [
        {IdType.USCC: form.CREDIT_CODE, IdType.RESIDENT_ID: form.MASKED_RESIDENT_ID}.get(id_type, form.MASKED_NUMBER)
    ]
)

_TOP: Final = itemgetter("id", "certificateNumber", "validFrom", "validUntil")
_PERSON: Final = itemgetter("name", "subjectKind", "idCommitment", "idType")
_COURT: Final = itemgetter("name", "courtCode", "regionCode")
_CASE: Final = itemgetter(
    "enforcementCaseNumber",
    "caseFiledDate",
    "listingPublishedDate",
    "listCheckedAt",
    "performanceStatus",
    "consumptionRestrictionStatus",
)
_MASKING: Final = itemgetter("serial", "maskedAt", "approvedAt", "ground")
_ENTRY: Final = itemgetter("type", "statusPurpose", "statusListIndex")

_instant: Final = datetime.fromisoformat

# One line for each string, in the order of the getters. No expression matches a line feed, so a value that holds one
# cannot shift the lines.
_matches = re.compile(
    "\n".join(
        f"(?:{expression})"
        for expression in (
            *(form.UUID_URN, form.NUMBER, _INSTANT, _INSTANT),
            *(_text(form.MAX_NAME), _word(SubjectKind), form.COMMITMENT, _NUMBER_OF_TYPE),
            *(_text(form.MAX_NAME), COURT_CODE_PATTERN, form.REGION_CODE),
            *(form.USUAL_CASE_NUMBER, _DAY, _DAY, _INSTANT, _word(PerformanceStatus)),
            _word(ConsumptionRestrictionStatus),
            *(_text(form.MAX_SHORT_TEXT), _DAY, _DAY, _word(MaskingGround)),
            *(form.STATUS_TYPE, form.STATUS_PURPOSES[0], form.INDEX),
            *(form.STATUS_TYPE, form.STATUS_PURPOSES[1], form.INDEX),
        )
    )
).fullmatch
_are_addresses = re.compile("\n".join(map(_bounded, (form.DID, form.URL, form.URL)))).fullmatch
_NONE_KNOWN: Final[Container[object]] = ()
_CONTEXT: Final = list(form.CONTEXT)
_SUBJECT_KINDS, _ID_TYPES, _PERFORMANCES, _RESTRICTIONS, _GROUNDS = (
    {member.value: member for member in kind}
    for kind in (SubjectKind, IdType, PerformanceStatus, ConsumptionRestrictionStatus, MaskingGround)
)
_read_listing_grounds = form.SUBJECT.rows["listingGround"][1]
_read_purposes = form.SUBJECT.rows["purpose"][1]
_LISTING_GROUNDS: Final = frozenset(member.value for member in ListingGround)
_PURPOSES: Final = frozenset(member.value for member in Purpose)
_OPTIONAL: Final = tuple(
    (name, *form.SUBJECT.rows[name])
    for name in ("originalCaseNumber", "enforcementBasisNumber", "basisIssuingBody", "listingTermEnd", "purposeText")
)
# Members of each object; of the subject those that are required, and one of the two numbers.
_CREDENTIAL_MEMBERS: Final = 11
_SUBJECT_MEMBERS: Final = 15
_COURT_MEMBERS: Final = 3
_MASKING_MEMBERS: Final = 5
_ENTRY_MEMBERS: Final = 4
# JSON strings, names of members included, of a certificate without the optional members, listing grounds and purposes.
_STRINGS: Final = 85
_FREE: Final = ("enforcementBasisNumber", "basisIssuingBody", "purposeText")


NOT_USUAL: Final = (KeyError, TypeError, ValueError, CodedError)


class Outline(NamedTuple):
    """What a verifier has to know of a certificate of the usual shape.

    Attributes:
        strings: how many JSON strings it consists of, names of members included.
        issuer: the court's identifier.
        lists: addresses of its revocation list and its suspension list.
        valid_from: first instant of validity, UTC.
        valid_until: last instant of validity, UTC, inclusive.
        place: its place in both status lists.
        texts: its texts in words of the court's own.
    """

    strings: int
    issuer: str
    lists: tuple[str, str]
    valid_from: datetime
    valid_until: datetime
    place: int
    texts: list[str]


def read(credential: Any) -> dict[str, Any] | None:
    """Reads a credential of the usual shape.

    Args:
        credential: any JSON value.

    Returns:
        What `_certificate_form.read` would give, or None if only that can tell.
    """
    try:
        return _read(credential)
    except NOT_USUAL:
        return None


def fits(credential: Any) -> bool:
    """Whether `read` would give something; tells a reader who needs no values that nothing is wrong.

    Args:
        credential: any JSON value.
    """
    return outline(credential) is not None


def outline(credential: Any) -> Outline | None:
    """What a verifier has to know of a credential of the usual shape, besides that it has this shape.

    Args:
        credential: any JSON value.

    Returns:
        None if only `_certificate_form.read` can tell.
    """
    try:
        return outline_of(credential)
    except NOT_USUAL:
        return None


def outline_of(credential: dict[str, Any], known: Container[object] = _NONE_KNOWN) -> Outline | None:
    """As `outline`; raises one of NOT_USUAL where `outline` gives None, or gives None too.

    Args:
        credential: any JSON value.
        known: pairs of issuer and lists, as `Outline` has them, of certificates that had an outline.
    """
    subject, status = credential["credentialSubject"], credential["credentialStatus"]
    court, masking = subject["enforcementCourt"], subject["masking"]
    revocation, suspension = status
    number_name = "unifiedSocialCreditCode" if subject["idType"] == "uscc" else "maskedIdNumber"
    addresses = credential["issuer"], (revocation["statusListCredential"], suspension["statusListCredential"])
    if addresses not in known and _are_addresses("\n".join((addresses[0], *addresses[1]))) is None:
        return None
    top = _TOP(credential)
    strings = (
        *top,
        *_PERSON(subject),
        subject[number_name],
        *_COURT(court),
        *_CASE(subject),
        *_MASKING(masking),
        *_ENTRY(revocation),
        *_ENTRY(suspension),
    )
    if _matches("\n".join(strings)) is None or not _is_plain(credential, subject, court, masking, status):
        return None
    grounds, purposes = subject["listingGround"], subject["purpose"]
    if type(grounds) is not list or len(grounds) != 1 or grounds[0] not in _LISTING_GROUNDS:
        _read_listing_grounds(grounds)
    if type(purposes) is not list or len(purposes) != 1 or purposes[0] not in _PURPOSES:
        _read_purposes(purposes)
    count = _STRINGS + len(grounds) + len(purposes)
    texts = [subject["name"], court["name"], masking["serial"]]
    members = len(subject)
    if members != _SUBJECT_MEMBERS:
        for optional, _, parse in _OPTIONAL:
            if optional in subject:
                members -= 1
                value = subject[optional]
                parse(value)
                count += 1 + (len(value) if type(value) is list else 1)
                if optional in _FREE:
                    texts.append(value)
    valid_from, valid_until = _instant(top[2]), _instant(top[3])
    if members != _SUBJECT_MEMBERS or valid_until < valid_from:
        return None
    index = int(revocation["statusListIndex"])
    return Outline(count, *addresses, valid_from, valid_until, index, texts)


def _read(credential: dict[str, Any]) -> dict[str, Any] | None:
    if not fits(credential):
        return None
    subject = credential["credentialSubject"]
    revocation, suspension = credential["credentialStatus"]
    return {
        "id": credential["id"],
        "issuer": credential["issuer"],
        "valid_from": _instant(credential["validFrom"]),
        "valid_until": _instant(credential["validUntil"]),
        "number": credential["certificateNumber"],
        "subject": _subject(subject, subject["enforcementCourt"], subject["masking"]),
        "status": (_status(revocation), _status(suspension)),
    }


def _is_plain(
    credential: dict[str, Any],
    subject: dict[str, Any],
    court: dict[str, Any],
    masking: dict[str, Any],
    status: list[dict[str, Any]],
) -> bool:
    """Whether all that is no string is as in every certificate, and nothing foreign is there."""
    revocation, suspension = status
    return (
        type(credential) is type(subject) is type(court) is type(masking) is dict
        and type(revocation) is type(suspension) is dict
        and type(status) is list
        and type(masking["conditional"]) is bool
        and len(credential) == _CREDENTIAL_MEMBERS
        and len(court) == _COURT_MEMBERS
        and len(masking) == _MASKING_MEMBERS
        and len(revocation) == len(suspension) == _ENTRY_MEMBERS
        and revocation["statusListIndex"] == suspension["statusListIndex"]
        and credential["@context"] == _CONTEXT
        and credential["type"] == form.TYPE
        and credential["scopeStatement"] == form.SCOPE
        and credential["credentialSchema"] == form.SCHEMA
    )


def _subject(subject: dict[str, Any], court: dict[str, Any], masking: dict[str, Any]) -> dict[str, Any]:
    values = {
        "name": subject["name"],
        "subject_kind": _SUBJECT_KINDS[subject["subjectKind"]],
        "id_type": _ID_TYPES[subject["idType"]],
        "masked_id_number": subject.get("maskedIdNumber"),
        "unified_social_credit_code": subject.get("unifiedSocialCreditCode"),
        "id_commitment": subject["idCommitment"],
        "enforcement_court": {
            "name": court["name"],
            "court_code": court["courtCode"],
            "region_code": court["regionCode"],
        },
        "enforcement_case_number": subject["enforcementCaseNumber"],
        "case_filed_date": date.fromisoformat(subject["caseFiledDate"]),
        "listing_published_date": date.fromisoformat(subject["listingPublishedDate"]),
        "listing_grounds": _read_listing_grounds(subject["listingGround"]),
        "performance_status": _PERFORMANCES[subject["performanceStatus"]],
        "masking": {
            "serial": masking["serial"],
            "masked_at": date.fromisoformat(masking["maskedAt"]),
            "approved_at": date.fromisoformat(masking["approvedAt"]),
            "ground": _GROUNDS[masking["ground"]],
            "conditional": masking["conditional"],
        },
        "consumption_restriction_status": _RESTRICTIONS[subject["consumptionRestrictionStatus"]],
        "purposes": _read_purposes(subject["purpose"]),
        "list_checked_at": datetime.fromisoformat(subject["listCheckedAt"]),
    }
    for name, attribute, parse in _OPTIONAL:
        values[attribute] = parse(subject[name]) if name in subject else None
    return values


def _status(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "purpose": entry["statusPurpose"],
        "index": int(entry["statusListIndex"]),
        "list_url": entry["statusListCredential"],
    }
