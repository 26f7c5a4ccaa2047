"""The JSON form of a certificate as tables: each member with its parser, and the expressions that strings must match.

`read` is exact and names every fault. What it gives is the fields of the domain types as nested dictionaries.
"""

import re
from collections.abc import Callable
from typing import Any, Final, Literal

from xinzheng_schemas import _fields as fields
from xinzheng_schemas._fields import CertificateError, FieldError, Member, Table
from xinzheng_schemas.case_number import parse_case_number, require_enforcement
from xinzheng_schemas.certificate_number import MAX_CHARACTERS as MAX_NUMBER_CHARACTERS
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.court_table import COURT_CODE_PATTERN
from xinzheng_schemas.errors import CodedError, Message
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID
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

CREDENTIAL_TYPE: Final = "CreditRepairCredential"
CONTEXT: Final = (CREDENTIALS_V2, CREDIT_REPAIR_V1)
"""`@context` of a certificate and of a status list, in this order."""

StatusPurpose = Literal["revocation", "suspension"]
STATUS_PURPOSES: Final[tuple[StatusPurpose, ...]] = ("revocation", "suspension")

# Bounds of the texts for people, in characters: the longest registered company names stay below 120.
MAX_NAME = 200
MAX_SHORT_TEXT = 100
MAX_PURPOSE_TEXT = 200
MAX_CASE_NUMBERS = 16
MAX_URL = 512

TYPE: Final = ["VerifiableCredential", CREDENTIAL_TYPE]
SCHEMA: Final = {"id": CREDIT_REPAIR_SCHEMA_ID, "type": "JsonSchema"}
SCOPE: Final = dict(SCOPE_STATEMENT)
STATUS_TYPE: Final = "BitstringStatusListEntry"
CONSTANTS: Final = ("context", "type", "scope_statement", "schema")

# The last label begins with a letter: no IP address (did:web §2.1).
_HOST = r"(?:[a-z0-9][a-z0-9-]{0,62}\.)*[a-z][a-z0-9-]{0,62}"
DID = rf"did:web:{_HOST}(?:%3A[1-9][0-9]{{0,4}})?(?::(?!\.)[A-Za-z0-9._-]{{1,64}})*"
URL = r"https://[a-z0-9][a-z0-9.-]*(?::[1-9][0-9]{0,4})?/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*"
UUID_URN = "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# 16 bytes in base64url: the last of 22 characters carries two bits.
SIXTEEN_BYTES = "[A-Za-z0-9_-]{21}[AQgw]"
COMMITMENT = f"sha-256:{SIXTEEN_BYTES}:{SIXTEEN_BYTES}"
REGION_CODE = "[0-9]{6}"
MASKED_NUMBER = r"[0-9A-Z()-]{0,12}\*{4,16}[0-9A-Z()-]{0,6}"
MASKED_RESIDENT_ID = r"[0-9]{6}(?:[0-9]{4}\*{4}|\*{8})[0-9]{3}[0-9X]"
CREDIT_CODE = "[0-9A-HJ-NP-RTUW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}"
NUMBER = r"[0-9A-Za-z\u4e00-\u9fff（）〔〕()._/-]{4,64}"
INDEX = "0|[1-9][0-9]{0,9}"
_INDEX_MATCH = re.compile(INDEX).fullmatch
# The numbers that nearly every certificate bears; whatever else `parse_case_number` takes goes through it.
USUAL_CASE_NUMBER = rf"（(?:201[6-9]|20[2-9][0-9])）{COURT_CODE_PATTERN}执恢?[1-9][0-9]{{0,7}}号"
_USUAL_CASE_NUMBER_MATCH = re.compile(USUAL_CASE_NUMBER).fullmatch


def _index(value: Any) -> int:
    if type(value) is str and _INDEX_MATCH(value):
        return int(value)
    raise fields.refusal(value, "status_entry_malformed")


_list_url = fields.pattern(URL, "url_malformed", maximum=MAX_URL)


def _any_case(value: Any) -> str:
    if type(value) is not str:
        raise FieldError("type_wrong", field="", expected="string")
    if _USUAL_CASE_NUMBER_MATCH(value) is None:
        canonical = str(parse_case_number(value, field=""))
        if canonical != value:
            raise FieldError("case_number_not_canonical", field="", expected=canonical)
    return value


def _enforcement_case(value: Any) -> str:
    number = _any_case(value)
    if _USUAL_CASE_NUMBER_MATCH(number) is None:
        require_enforcement(parse_case_number(number), field="")
    return number


_name = fields.text(MAX_NAME)
_short_text = fields.text(MAX_SHORT_TEXT)

_COURT: Final = Table(
    Member("name", "name", _name),
    Member("courtCode", "court_code", fields.pattern(COURT_CODE_PATTERN, "court_code_malformed", maximum=5)),
    Member("regionCode", "region_code", fields.pattern(REGION_CODE, "region_code_malformed", maximum=6)),
)
_MASKING: Final = Table(
    Member("serial", "serial", _short_text),
    Member("maskedAt", "masked_at", fields.day),
    Member("approvedAt", "approved_at", fields.day),
    Member("ground", "ground", fields.one_of(MaskingGround)),
    Member("conditional", "conditional", fields.boolean),
)


SUBJECT: Final = Table(
    Member("name", "name", _name),
    Member("subjectKind", "subject_kind", fields.one_of(SubjectKind)),
    Member("idType", "id_type", fields.one_of(IdType)),
    Member(
        "maskedIdNumber",
        "masked_id_number",
        fields.pattern(MASKED_NUMBER, "masked_number_malformed", maximum=32),
        required=False,
    ),
    Member(
        "unifiedSocialCreditCode",
        "unified_social_credit_code",
        fields.pattern(CREDIT_CODE, "uscc_malformed", maximum=18),
        required=False,
    ),
    Member(
        "idCommitment",
        "id_commitment",
        fields.pattern(COMMITMENT, "id_commitment_malformed", maximum=53),
    ),
    Member("enforcementCourt", "enforcement_court", _COURT.read),
    Member("enforcementCaseNumber", "enforcement_case_number", _enforcement_case),
    Member(
        "originalCaseNumber", "original_case_numbers", fields.each(_any_case, maximum=MAX_CASE_NUMBERS), required=False
    ),
    Member("enforcementBasisNumber", "enforcement_basis_number", _short_text, required=False),
    Member("basisIssuingBody", "basis_issuing_body", _short_text, required=False),
    Member("caseFiledDate", "case_filed_date", fields.day),
    Member("listingPublishedDate", "listing_published_date", fields.day),
    Member("listingGround", "listing_grounds", fields.each(fields.one_of(ListingGround), maximum=len(ListingGround))),
    Member("listingTermEnd", "listing_term_end", fields.day, required=False),
    Member("performanceStatus", "performance_status", fields.one_of(PerformanceStatus)),
    Member("masking", "masking", _MASKING.read),
    Member(
        "consumptionRestrictionStatus", "consumption_restriction_status", fields.one_of(ConsumptionRestrictionStatus)
    ),
    Member("purpose", "purposes", fields.each(fields.one_of(Purpose), maximum=len(Purpose))),
    Member("purposeText", "purpose_text", fields.text(MAX_PURPOSE_TEXT), required=False),
    Member("listCheckedAt", "list_checked_at", fields.instant),
)
_MASKED_RESIDENT_ID_MATCH = re.compile(MASKED_RESIDENT_ID).fullmatch


def _subject(value: Any) -> dict[str, Any]:
    values = SUBJECT.read(value)
    code = values["unified_social_credit_code"]
    masked = values["masked_id_number"]
    if values["id_type"] is IdType.USCC:
        if code is None or masked is not None:
            raise _wrong_number(code, "unifiedSocialCreditCode", "maskedIdNumber")
    elif masked is None or code is not None:
        raise _wrong_number(masked, "maskedIdNumber", "unifiedSocialCreditCode")
    elif values["id_type"] is IdType.RESIDENT_ID and _MASKED_RESIDENT_ID_MATCH(masked) is None:
        raise FieldError("masked_id_malformed", field="/maskedIdNumber")
    return values


def _wrong_number(wanted: str | None, name: str, other: str) -> FieldError:
    if wanted is None:
        return FieldError("member_missing", field=f"/{name}")
    return FieldError("member_unknown", field=f"/{other}")


def _status_table(purpose: StatusPurpose) -> Table:
    return Table(
        Member("type", "type", fields.exactly(STATUS_TYPE, STATUS_TYPE)),
        Member("statusPurpose", "purpose", fields.exactly(purpose, purpose)),
        Member("statusListIndex", "index", _index),
        Member("statusListCredential", "list_url", _list_url),
    )


def _status_entry(purpose: StatusPurpose) -> Callable[[Any], dict[str, Any]]:
    table = _status_table(purpose)

    def parse(value: Any) -> dict[str, Any]:
        values = table.read(value)
        del values["type"]
        return values

    return parse


_REVOCATION, _SUSPENSION = map(_status_entry, STATUS_PURPOSES)


def _status(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    if type(value) is not list or len(value) != len(STATUS_PURPOSES):
        raise FieldError("status_entry_malformed", field="")
    try:
        revocation, suspension = _REVOCATION(value[0]), _SUSPENSION(value[1])
    except CodedError:
        raise fields.item_problems(value, (_REVOCATION, _SUSPENSION)) from None
    if revocation["index"] != suspension["index"]:
        raise FieldError("status_entry_malformed", field="/1/statusListIndex")
    return revocation, suspension


_CREDENTIAL: Final = Table(
    Member("@context", "context", fields.exactly(list(CONTEXT), ", ".join(CONTEXT), "context_mismatch")),
    Member("id", "id", fields.pattern(UUID_URN, "id_malformed", maximum=45)),
    Member("type", "type", fields.exactly(TYPE, ", ".join(TYPE), "type_unexpected")),
    Member("issuer", "issuer", fields.pattern(DID, "did_malformed", maximum=MAX_URL)),
    Member("validFrom", "valid_from", fields.instant),
    Member("validUntil", "valid_until", fields.instant),
    Member(
        "certificateNumber",
        "number",
        fields.pattern(NUMBER, "certificate_number_malformed", maximum=MAX_NUMBER_CHARACTERS),
    ),
    Member(
        "scopeStatement",
        "scope_statement",
        fields.exactly(SCOPE, Message("the fixed texts in en and zh", "规定的中英文文本")),
    ),
    Member("credentialSubject", "subject", _subject),
    Member("credentialSchema", "schema", fields.exactly(SCHEMA, CREDIT_REPAIR_SCHEMA_ID)),
    Member("credentialStatus", "status", _status),
)


def read(credential: object) -> dict[str, Any]:
    """Reads a credential member by member.

    Args:
        credential: the JSON object.

    Returns:
        The fields of `Certificate`; those of its parts as dictionaries.

    Raises:
        CertificateError: with every problem and its JSON pointer.
    """
    try:
        values = _CREDENTIAL.read(credential)
    except FieldError as error:
        raise CertificateError([error]) from None
    if values["valid_until"] < values["valid_from"]:
        raise CertificateError([FieldError("validity_reversed", field="/validUntil")])
    for constant in CONSTANTS:
        del values[constant]
    return values
