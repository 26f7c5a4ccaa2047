"""Example certificates, as a court would issue them: the Zaoyang person and a company. All numbers are synthetic."""

from typing import Any

from xinzheng_schemas.identity import IdCommitment, MaskedId, ResidentId
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT, IdType

ZAOYANG_DID = "did:web:xz.example:did:420683"
ZAOYANG_COURT = {"name": "枣阳市人民法院", "courtCode": "鄂0683", "regionCode": "420683"}
ZAOYANG_ID_NUMBER = "42068319900101001X"
ZAOYANG_SALT = bytes(range(16))
COMPANY_CODE = "91420683MA0000007M"
COMPANY_NAME = "湖北枣阳光明建筑工程有限公司"
COMPANY_SALT = bytes(range(16, 32))


def _status(index: int) -> list[dict[str, Any]]:
    return [
        {
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": str(index),
            "statusListCredential": f"https://xz.example/status/420683/1/{purpose}",
        }
        for purpose in ("revocation", "suspension")
    ]


def _credential(**members: Any) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://xinzheng.example/ns/credit-repair/v1"],
        "id": members["id"],
        "type": ["VerifiableCredential", "CreditRepairCredential"],
        "issuer": ZAOYANG_DID,
        "validFrom": "2026-11-23T08:00:00Z",
        "validUntil": "2027-05-23T08:00:00Z",
        "certificateNumber": members["number"],
        "scopeStatement": dict(SCOPE_STATEMENT),
        "credentialSubject": members["subject"],
        "credentialSchema": {"id": CREDIT_REPAIR_SCHEMA_ID, "type": "JsonSchema"},
        "credentialStatus": _status(members["index"]),
    }


def _with(credential: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Top-level members and, below `credentialSubject`, the subject's members replaced; None takes a member away."""
    for name, value in overrides.items():
        place = credential if name in credential else credential["credentialSubject"]
        if value is None:
            place.pop(name, None)
        else:
            place[name] = value
    return credential


def zaoyang_credential(**overrides: Any) -> dict[str, Any]:
    """The certificate of the first story, without proof: a natural person, settlement performed in two instalments.

    Args:
        overrides: members of the credential, else of its subject, to replace; None takes a member away.

    Returns:
        A fresh credential of JSON values; equal for equal arguments.
    """
    subject = {
        "name": "王某",
        "subjectKind": "naturalPerson",
        "idType": "residentId",
        "maskedIdNumber": str(MaskedId.of(ResidentId.parse(ZAOYANG_ID_NUMBER))),
        "idCommitment": str(IdCommitment.create(IdType.RESIDENT_ID, ZAOYANG_ID_NUMBER, salt=ZAOYANG_SALT)),
        "enforcementCourt": dict(ZAOYANG_COURT),
        "enforcementCaseNumber": "（2022）鄂0683执恢123号",
        "originalCaseNumber": ["（2021）鄂0683执1046号"],
        "enforcementBasisNumber": "（2021）鄂0683民初2317号",
        "basisIssuingBody": "枣阳市人民法院",
        "caseFiledDate": "2022-03-01",
        "listingPublishedDate": "2022-04-11",
        "listingGround": ["art1-1"],
        "performanceStatus": "settlementPerformed",
        "masking": {
            "serial": "屏2026-0017",
            "maskedAt": "2026-11-20",
            "approvedAt": "2026-11-20",
            "ground": "art10-2",
            "conditional": False,
        },
        "consumptionRestrictionStatus": "lifted",
        "purpose": ["financing"],
        "listCheckedAt": "2026-11-23T07:30:00Z",
    }
    credential = _credential(
        id="urn:uuid:7d1f9a52-3c0e-4b8e-9a4f-5b6f1e2d3c4b",
        number="鄂0683-2026-7K3M9QW2XB4TC",
        index=94567,
        subject=subject,
    )
    return _with(credential, overrides)


def company_credential(**overrides: Any) -> dict[str, Any]:
    """The certificate of a company with a name of 14 characters and every optional member that fits it.

    Args:
        overrides: as for `zaoyang_credential`.

    Returns:
        A fresh credential of JSON values; equal for equal arguments.
    """
    subject = {
        "name": COMPANY_NAME,
        "subjectKind": "organization",
        "idType": "uscc",
        "unifiedSocialCreditCode": COMPANY_CODE,
        "idCommitment": str(IdCommitment.create(IdType.USCC, COMPANY_CODE, salt=COMPANY_SALT)),
        "enforcementCourt": dict(ZAOYANG_COURT),
        "enforcementCaseNumber": "（2023）鄂0683执2088号",
        "enforcementBasisNumber": "（2022）鄂0683民初4512号",
        "basisIssuingBody": "枣阳市人民法院",
        "caseFiledDate": "2023-06-12",
        "listingPublishedDate": "2023-08-02",
        "listingGround": ["art1-1", "art1-4"],
        "listingTermEnd": "2026-08-01",
        "performanceStatus": "fullyPerformed",
        "masking": {
            "serial": "屏2026-0021",
            "maskedAt": "2026-08-02",
            "approvedAt": "2026-08-02",
            "ground": "termExpired",
            "conditional": False,
        },
        "consumptionRestrictionStatus": "notStated",
        "purpose": ["bidding", "other"],
        "purposeText": "申请专项资金",
        "listCheckedAt": "2026-11-23T07:30:00Z",
    }
    credential = _credential(
        id="urn:uuid:0b9e2c64-8a55-4d1c-b0d7-62f1a7c93e10",
        number="鄂0683-2026-2QF8R0Z6HN3VW",
        index=10422,
        subject=subject,
    )
    return _with(credential, overrides)
