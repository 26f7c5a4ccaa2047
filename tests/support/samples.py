"""Unsigned credentials to start from, and a way to change a few members of one."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.identity import IdCommitment
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT, IdType

ZAOYANG_DID: Final = "did:web:xz.example:did:420683"
WANG_ID: Final = "42068319900101001X"
COMPANY_USCC: Final = "91420683MA0000007M"


class _Absent:
    def __deepcopy__(self, memo: object) -> "_Absent":
        return self


ABSENT: Final = _Absent()
"""In `changed`: the member is taken out."""


def changed(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `document` with `overrides` laid over it, member by member; lists are replaced as a whole."""
    result = copy.deepcopy(dict(document))
    for name, value in overrides.items():
        if value is ABSENT:
            result.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(result.get(name), dict):
            result[name] = changed(result[name], value)
        else:
            result[name] = copy.deepcopy(value)
    return result


def commitment(id_type: IdType, number: str) -> str:
    """The identity commitment to `number` under a fixed salt."""
    return str(IdCommitment.create(id_type, number, salt=bytes(range(16))))


def _status(purpose: str, index: str) -> dict[str, str]:
    return {
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": index,
        "statusListCredential": f"https://xz.example/status/420683/1/{purpose}",
    }


_ZAOYANG: Final[dict[str, Any]] = {
    "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1],
    "id": "urn:uuid:0192f3a1-7c5e-4b8a-9d1e-3f5a7b9c1d2e",
    "type": ["VerifiableCredential", "CreditRepairCredential"],
    "issuer": ZAOYANG_DID,
    "validFrom": "2026-11-23T08:00:00Z",
    "validUntil": "2027-05-23T08:00:00Z",
    "certificateNumber": "鄂0683-2026-7K3M9QW2XB4TC",
    "scopeStatement": dict(SCOPE_STATEMENT),
    "credentialSubject": {
        "name": "王某",
        "subjectKind": "naturalPerson",
        "idType": "residentId",
        "maskedIdNumber": "4206831990****001X",
        "idCommitment": commitment(IdType.RESIDENT_ID, WANG_ID),
        "enforcementCourt": {"name": "枣阳市人民法院", "courtCode": "鄂0683", "regionCode": "420683"},
        "enforcementCaseNumber": "（2022）鄂0683执123号",
        "enforcementBasisNumber": "（2021）鄂0683民初4567号",
        "basisIssuingBody": "枣阳市人民法院",
        "caseFiledDate": "2022-03-10",
        "listingPublishedDate": "2022-06-15",
        "listingGround": ["art1-1"],
        "performanceStatus": "settlementPerformed",
        "masking": {
            "serial": "2026屏0118",
            "maskedAt": "2026-11-20",
            "approvedAt": "2026-11-20",
            "ground": "art10-2",
            "conditional": False,
        },
        "consumptionRestrictionStatus": "lifted",
        "purpose": ["financing"],
        "listCheckedAt": "2026-11-23T07:30:00Z",
    },
    "credentialSchema": {"id": CREDIT_REPAIR_SCHEMA_ID, "type": "JsonSchema"},
    "credentialStatus": [_status("revocation", "94567"), _status("suspension", "94567")],
}

_COMPANY_SUBJECT: Final[dict[str, Any]] = {
    "name": "枣阳市汉水建筑工程有限公司",
    "subjectKind": "organization",
    "idType": "uscc",
    "maskedIdNumber": ABSENT,
    "unifiedSocialCreditCode": COMPANY_USCC,
    "idCommitment": commitment(IdType.USCC, COMPANY_USCC),
    "enforcementCaseNumber": "（2022）鄂0683执恢7号",
    "originalCaseNumber": ["（2020）鄂0683执2041号"],
    "purpose": ["bidding"],
}


def zaoyang_credential(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The certificate of the story: a natural person, settlement performed, entry masked."""
    return changed(_ZAOYANG, overrides or {})


def company_credential(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A company's certificate, from a resumed case."""
    return changed(changed(_ZAOYANG, {"credentialSubject": _COMPANY_SUBJECT}), overrides or {})
