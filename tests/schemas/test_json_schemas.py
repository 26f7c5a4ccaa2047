"""The published JSON Schema agrees with the code: it refuses nothing that the code accepts."""

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator, FormatChecker

from support.certificate_strategies import credentials
from support.certificates import company_credential, zaoyang_credential
from xinzheng_schemas.certificate import Certificate, CertificateError
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID, JSONSchemaError, document

SCHEMA = document(CREDIT_REPAIR_SCHEMA_ID)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker(["date"]))


def pointers(credential: dict[str, Any]) -> set[str]:
    """JSON pointers of what the schema refuses."""
    return {"/" + "/".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(credential)}


def test_schema_is_sound_and_names_itself() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == CREDIT_REPAIR_SCHEMA_ID == zaoyang_credential()["credentialSchema"]["id"]


def test_schema_text_is_plain_and_fresh() -> None:
    text = resources.files("xinzheng_schemas").joinpath("data/schemas/credit-repair-v1.schema.json").read_bytes()
    assert json.loads(text) == SCHEMA
    document(CREDIT_REPAIR_SCHEMA_ID).clear()
    assert document(CREDIT_REPAIR_SCHEMA_ID) == SCHEMA


def test_unknown_schema_is_refused() -> None:
    with pytest.raises(JSONSchemaError) as caught:
        document("https://xinzheng.example/schemas/credit-repair/v2")
    assert caught.value.code == "schema_unknown"
    assert "v2" in str(caught.value)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(credentials())
def test_what_the_code_accepts_the_schema_accepts(credential: dict[str, Any]) -> None:
    Certificate.from_credential(credential)
    assert pointers(credential) == set()


def test_certificate_with_its_proof_satisfies_the_schema() -> None:
    assert pointers({**zaoyang_credential(), "proof": {"type": "DataIntegrityProof"}}) == set()
    assert pointers({**zaoyang_credential(), "proof": [{}, {}]}) == set()


BAD = [
    ("@context", ["https://www.w3.org/ns/credentials/v2"]),
    ("id", "urn:uuid:1"),
    ("type", ["VerifiableCredential"]),
    ("issuer", "did:web:10.0.0.1"),
    ("issuer", "did:key:z6Mk"),
    ("validFrom", "2026-11-23T08:00:00+08:00"),
    ("validUntil", "2026-13-01T08:00:00Z"),
    ("certificateNumber", "a b"),
    ("scopeStatement", {"en": "creditworthy"}),
    ("credentialSchema", {"id": CREDIT_REPAIR_SCHEMA_ID, "type": "JsonSchemaCredential"}),
    ("credentialStatus", []),
    ("name", ""),
    ("name", "王\u202e某"),
    ("name", "王\U000e0041某"),
    ("name", "王某 "),
    ("name", 7),
    ("subjectKind", "company"),
    ("idType", "uscc"),
    ("idType", "licence"),
    ("maskedIdNumber", "42068319900101001X"),
    ("maskedIdNumber", "42****1X"),
    ("unifiedSocialCreditCode", "91420683MA0000007M"),
    ("idCommitment", "sha-256:x:y"),
    ("enforcementCourt", {"name": "枣阳市人民法院", "courtCode": "鄂683", "regionCode": "420683"}),
    ("enforcementCourt", {"name": "枣阳市人民法院", "courtCode": "鄂0683"}),
    ("enforcementCaseNumber", "(2022)鄂0683执1号"),
    ("enforcementCaseNumber", "（2022）鄂0683执01号"),
    ("enforcementCaseNumber", "（2015）鄂0683执1号"),
    ("enforcementCaseNumber", "（2022）鄂0683执1"),
    ("enforcementCaseNumber", "（2022）鄂0683民初1号"),
    ("enforcementCaseNumber", "（2014）鄂枣阳民字第1号"),
    ("originalCaseNumber", []),
    ("originalCaseNumber", ["（2021）鄂0683执1号"] * 2),
    ("caseFiledDate", "2022-02-30"),
    ("listingPublishedDate", "2022.04.11"),
    ("listingGround", ["art1-7"]),
    ("performanceStatus", "paid"),
    ("masking", {"serial": "1"}),
    ("consumptionRestrictionStatus", "none"),
    ("purpose", ["financing", "financing"]),
    ("purposeText", "\u200b"),
    ("listCheckedAt", "2026-11-23T24:00:00Z"),
    ("unknown", 1),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_single_fault_is_refused_by_both(name: str, value: object) -> None:
    credential = zaoyang_credential(**{name: value})
    assert pointers(credential)
    with pytest.raises(CertificateError):
        Certificate.from_credential(credential)


@pytest.mark.parametrize("name", sorted({*company_credential(), *company_credential()["credentialSubject"]}))
def test_missing_member_is_refused_by_both_or_by_neither(name: str) -> None:
    credential = company_credential(**{name: None})
    try:
        Certificate.from_credential(credential)
    except CertificateError:
        assert pointers(credential)
    else:
        assert not pointers(credential)


@pytest.mark.parametrize("change", [{"type": "x"}, {"statusListIndex": "01"}, {"statusPurpose": "x"}, {"ttl": 1}])
@pytest.mark.parametrize("place", [0, 1])
def test_status_entry_is_refused_by_both(place: int, change: dict[str, Any]) -> None:
    credential = zaoyang_credential()
    credential["credentialStatus"][place].update(change)
    assert pointers(credential)
    with pytest.raises(CertificateError):
        Certificate.from_credential(credential)
