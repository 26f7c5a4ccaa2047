"""The certificate as a domain object: what it accepts, what it refuses, and that nothing is lost in between."""

import copy
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.certificate_strategies import credentials
from support.certificates import ZAOYANG_ID_NUMBER, company_credential, zaoyang_credential
from xinzheng_schemas.case_number import CaseNumber
from xinzheng_schemas.certificate import Certificate, CertificateError, CourtIdentity
from xinzheng_schemas.identity import IdCommitment
from xinzheng_schemas.vocabulary import IdType, ListingGround, MaskingGround, Purpose


def faults(credential: object) -> dict[str | None, str]:
    """Field to code of every problem."""
    with pytest.raises(CertificateError) as caught:
        Certificate.from_credential(credential)
    return {problem.field: problem.code for problem in caught.value.problems}


def changed(path: str, value: object, credential: dict[str, Any] | None = None) -> dict[str, Any]:
    """The Zaoyang certificate, or another, with one value replaced."""
    copied = copy.deepcopy(credential or zaoyang_credential())
    place: Any = copied
    *parents, last = path.strip("/").split("/")
    for name in parents:
        place = place[int(name) if isinstance(place, list) else name]
    place[int(last) if isinstance(place, list) else last] = value
    return copied


# --- reading --------------------------------------------------------------------------------------------------------


def test_zaoyang_certificate_is_read() -> None:
    certificate = Certificate.from_credential(zaoyang_credential())
    assert certificate.number == "鄂0683-2026-7K3M9QW2XB4TC"
    assert certificate.valid_from == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert certificate.valid_until == datetime(2027, 5, 23, 8, tzinfo=UTC)
    subject = certificate.subject
    assert subject.name == "王某"
    assert subject.id_type is IdType.RESIDENT_ID
    assert subject.masked_id_number == "4206831990****001X"
    assert subject.unified_social_credit_code is None
    assert subject.enforcement_court == CourtIdentity("枣阳市人民法院", "鄂0683", "420683")
    assert subject.case_number == CaseNumber(2022, "鄂0683", "执恢", 123)
    assert subject.original_cases == (CaseNumber(2021, "鄂0683", "执", 1046),)
    assert subject.listing_grounds == (ListingGround.ART1_1,)
    assert subject.listing_term_end is None
    assert subject.masking.ground is MaskingGround.ART10_2
    assert subject.masking.masked_at == date(2026, 11, 20)
    assert subject.masking.conditional is False
    assert subject.purposes == (Purpose.FINANCING,)
    assert [(entry.purpose, entry.index) for entry in certificate.status] == [
        ("revocation", 94567),
        ("suspension", 94567),
    ]


def test_commitment_matches_the_person_and_no_other() -> None:
    commitment = Certificate.from_credential(zaoyang_credential()).subject.commitment
    assert isinstance(commitment, IdCommitment)
    assert commitment.matches(ZAOYANG_ID_NUMBER)
    assert not commitment.matches("420683198506151235")


def test_company_has_its_code_and_no_original_case() -> None:
    subject = Certificate.from_credential(company_credential()).subject
    assert subject.unified_social_credit_code == "91420683MA0000007M"
    assert subject.masked_id_number is None
    assert subject.original_cases == ()
    assert subject.listing_term_end == date(2026, 8, 1)


def test_certificates_are_values() -> None:
    one, other = (Certificate.from_credential(zaoyang_credential()) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(AttributeError):
        one.number = "x"  # type: ignore[misc]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(credentials())
def test_writing_gives_back_what_was_read(credential: dict[str, Any]) -> None:
    kept = copy.deepcopy(credential)
    assert Certificate.from_credential(credential).to_credential() == kept
    assert credential == kept


def test_written_credential_is_fresh() -> None:
    certificate = Certificate.from_credential(zaoyang_credential())
    certificate.to_credential()["scopeStatement"]["en"] = "all is well"
    certificate.to_credential()["@context"].append("x")
    assert certificate.to_credential() == zaoyang_credential()


# --- one fault at a time --------------------------------------------------------------------------------------------

BAD_VALUES = [
    ("/@context", ["https://www.w3.org/ns/credentials/v2"], "context_mismatch"),
    ("/@context", "https://www.w3.org/ns/credentials/v2", "context_mismatch"),
    ("/id", "urn:uuid:7D1F9A52-3C0E-4B8E-9A4F-5B6F1E2D3C4B", "id_malformed"),
    ("/id", None, "type_wrong"),
    ("/type", ["VerifiableCredential"], "type_unexpected"),
    ("/type", ["CreditRepairCredential", "VerifiableCredential"], "type_unexpected"),
    ("/issuer", {"id": "did:web:xz.example:did:420683"}, "type_wrong"),
    ("/issuer", "did:web:127.0.0.1:did:420683", "did_malformed"),
    ("/issuer", "did:web:XZ.example", "did_malformed"),
    ("/issuer", "did:web:xz.example:..", "did_malformed"),
    ("/issuer", "did:web:xz.example:did:420683#key", "did_malformed"),
    ("/issuer", "did:web:" + "a." * 300 + "b", "did_malformed"),
    ("/validFrom", "2026-11-23T16:00:00+08:00", "date_malformed"),
    ("/validFrom", "2026-11-23T08:00:00.000Z", "date_malformed"),
    ("/validFrom", "2026-11-23T24:00:00Z", "date_malformed"),
    ("/validFrom", "2026-11-23T08:00:60Z", "date_malformed"),
    ("/validFrom", "2026-02-30T08:00:00Z", "date_malformed"),
    ("/validFrom", "2026-11-23t08:00:00z", "date_malformed"),
    ("/validFrom", "２０２６-11-23T08:00:00Z", "date_malformed"),
    ("/validUntil", "2026-W48-1T08:00:00Z", "date_malformed"),
    ("/validUntil", 1795420800, "type_wrong"),
    ("/validUntil", "2026-11-23T07:59:59Z", "validity_reversed"),
    ("/certificateNumber", "", "certificate_number_malformed"),
    ("/certificateNumber", "A B C D", "certificate_number_malformed"),
    ("/certificateNumber", "7" * 65, "certificate_number_malformed"),
    ("/scopeStatement", {"en": "creditworthy", "zh": "信用良好"}, "value_fixed"),
    ("/credentialSubject", [], "type_wrong"),
    ("/credentialSubject/name", "", "text_malformed"),
    ("/credentialSubject/name", " 王某", "text_malformed"),
    ("/credentialSubject/name", "王某\u3000", "text_malformed"),
    ("/credentialSubject/name", "王\u202e某", "text_malformed"),
    ("/credentialSubject/name", "王\u200b某", "text_malformed"),
    ("/credentialSubject/name", "王\n某", "text_malformed"),
    ("/credentialSubject/name", "王\U000e0041某", "text_malformed"),
    ("/credentialSubject/name", "王\ud800某", "text_malformed"),
    ("/credentialSubject/name", "王" * 201, "text_malformed"),
    ("/credentialSubject/name", {"zh": "王某"}, "type_wrong"),
    ("/credentialSubject/subjectKind", "person", "value_unknown"),
    ("/credentialSubject/subjectKind", ["naturalPerson"], "type_wrong"),
    ("/credentialSubject/idType", "residentid", "value_unknown"),
    ("/credentialSubject/maskedIdNumber", ZAOYANG_ID_NUMBER, "masked_number_malformed"),
    ("/credentialSubject/maskedIdNumber", "42068319****1010****", "masked_number_malformed"),
    ("/credentialSubject/maskedIdNumber", "42********1X", "masked_id_malformed"),
    ("/credentialSubject/idCommitment", "sha-256:AAAA:BBBB", "id_commitment_malformed"),
    ("/credentialSubject/idCommitment", f"sha-256:{'A' * 21}B:{'A' * 22}", "id_commitment_malformed"),
    ("/credentialSubject/enforcementCourt", "枣阳市人民法院", "type_wrong"),
    ("/credentialSubject/enforcementCourt/courtCode", "鄂683", "court_code_malformed"),
    ("/credentialSubject/enforcementCourt/regionCode", "42068", "region_code_malformed"),
    ("/credentialSubject/enforcementCourt/regionCode", "４２０６８３", "region_code_malformed"),
    ("/credentialSubject/enforcementCaseNumber", "(2022)鄂0683执恢7号", "case_number_not_canonical"),
    ("/credentialSubject/enforcementCaseNumber", "（2022）鄂0683执0123号", "case_number_leading_zero"),
    ("/credentialSubject/enforcementCaseNumber", "（2022）鄂683执1号", "case_number_court_code"),
    ("/credentialSubject/enforcementCaseNumber", "（2022）鄂0683执1", "case_number_hao_missing"),
    ("/credentialSubject/enforcementCaseNumber", "（2015）鄂0683执1号", "case_number_year"),
    ("/credentialSubject/enforcementCaseNumber", "（2022）鄂0683民初1号", "case_number_type"),
    ("/credentialSubject/enforcementCaseNumber", "（2014）鄂枣阳民字第1号", "case_number_type"),
    ("/credentialSubject/enforcementCaseNumber", 2022, "type_wrong"),
    ("/credentialSubject/originalCaseNumber", [], "entry_count"),
    ("/credentialSubject/originalCaseNumber", ["（2021）鄂0683执1号"] * 2, "value_repeated"),
    ("/credentialSubject/originalCaseNumber", [f"（2021）鄂0683执{n}号" for n in range(1, 18)], "entry_count"),
    ("/credentialSubject/originalCaseNumber", "（2021）鄂0683执1号", "type_wrong"),
    ("/credentialSubject/caseFiledDate", "2022-3-1", "date_malformed"),
    ("/credentialSubject/caseFiledDate", "20220301", "date_malformed"),
    ("/credentialSubject/caseFiledDate", "2022-W09-2", "date_malformed"),
    ("/credentialSubject/caseFiledDate", "2022-02-29", "date_malformed"),
    ("/credentialSubject/caseFiledDate", 20220301, "type_wrong"),
    ("/credentialSubject/listingGround", ["art1-1", "art1-1"], "value_repeated"),
    ("/credentialSubject/performanceStatus", "paid", "value_unknown"),
    ("/credentialSubject/masking/serial", "", "text_malformed"),
    ("/credentialSubject/masking/maskedAt", "2026-11-31", "date_malformed"),
    ("/credentialSubject/masking/ground", "art10-8", "value_unknown"),
    ("/credentialSubject/masking/conditional", 0, "type_wrong"),
    ("/credentialSubject/consumptionRestrictionStatus", True, "type_wrong"),
    ("/credentialSubject/purpose", [], "entry_count"),
    ("/credentialSubject/listCheckedAt", "2026-11-23", "date_malformed"),
    (
        "/credentialSchema",
        {"id": "https://xinzheng.example/schemas/credit-repair/v2", "type": "JsonSchema"},
        "value_fixed",
    ),
    ("/credentialStatus", [], "status_entry_malformed"),
    ("/credentialStatus", {}, "status_entry_malformed"),
    ("/credentialStatus/0/type", "StatusList2021Entry", "value_fixed"),
    ("/credentialStatus/0/statusPurpose", "suspension", "value_fixed"),
    ("/credentialStatus/1/statusListIndex", "94568", "status_entry_malformed"),
    ("/credentialStatus/0/statusListIndex", "007", "status_entry_malformed"),
    ("/credentialStatus/0/statusListIndex", "-1", "status_entry_malformed"),
    ("/credentialStatus/0/statusListIndex", "١", "status_entry_malformed"),
    ("/credentialStatus/0/statusListIndex", 94567, "type_wrong"),
    ("/credentialStatus/0/statusListIndex", "99999999999", "status_entry_malformed"),
    ("/credentialStatus/0/statusListCredential", "http://xz.example/status/1", "url_malformed"),
    ("/credentialStatus/0/statusListCredential", "https://user@xz.example/status/1", "url_malformed"),
    ("/credentialStatus/0/statusListCredential", "https://xz.example/status/1?x", "url_malformed"),
]


@pytest.mark.parametrize(("path", "value", "code"), BAD_VALUES)
def test_one_bad_value_is_one_problem_at_its_place(path: str, value: object, code: str) -> None:
    assert faults(changed(path, value)) == {path: code}


@pytest.mark.parametrize("value", ["00420683MA0000007i", "91420683MA000000", 7, "91420683MA000000ＯM"])
def test_bad_credit_code(value: object) -> None:
    path = "/credentialSubject/unifiedSocialCreditCode"
    assert faults(changed(path, value, company_credential()))[path] in {"uscc_malformed", "type_wrong"}


OPTIONAL = {"originalCaseNumber", "enforcementBasisNumber", "basisIssuingBody", "listingTermEnd", "purposeText"}


@pytest.mark.parametrize("name", sorted(zaoyang_credential()))
def test_every_member_of_the_credential_is_needed(name: str) -> None:
    credential = zaoyang_credential()
    del credential[name]
    assert faults(credential) == {f"/{name}": "member_missing"}


@pytest.mark.parametrize("name", sorted(zaoyang_credential()["credentialSubject"]))
def test_members_of_the_subject_are_needed_unless_optional(name: str) -> None:
    credential = zaoyang_credential()
    del credential["credentialSubject"][name]
    if name in OPTIONAL:
        assert Certificate.from_credential(credential).to_credential() == credential
    else:
        assert faults(credential) == {f"/credentialSubject/{name}": "member_missing"}


@pytest.mark.parametrize("place", ["", "/credentialSubject", "/credentialSubject/masking", "/credentialStatus/0"])
@pytest.mark.parametrize(
    ("name", "shown"), [("proof", "proof"), ("a/b~c", "a~1b~0c"), ("x" * 99, "x" * 64), ("@id", "@id")]
)
def test_foreign_members_are_refused_everywhere(place: str, name: str, shown: str) -> None:
    assert faults(_with_foreign(place, name)) == {f"{place}/{shown}": "member_unknown"}


def _with_foreign(place: str, name: str) -> dict[str, Any]:
    credential = zaoyang_credential()
    holder: Any = credential
    for step in place.split("/")[1:]:
        holder = holder[int(step) if isinstance(holder, list) else step]
    holder[name] = {"anything": 1}
    return credential


def test_id_type_decides_which_number_is_there() -> None:
    person, company = zaoyang_credential(), company_credential()
    person["credentialSubject"]["unifiedSocialCreditCode"] = "91420683MA0000007M"
    assert faults(person) == {"/credentialSubject/unifiedSocialCreditCode": "member_unknown"}
    company["credentialSubject"]["maskedIdNumber"] = "9142****007M"
    assert faults(company) == {"/credentialSubject/maskedIdNumber": "member_unknown"}
    assert faults(company_credential(unifiedSocialCreditCode=None)) == {
        "/credentialSubject/unifiedSocialCreditCode": "member_missing"
    }


@pytest.mark.parametrize("masked", ["420683********001X", "4206831990****0019"])
def test_both_mask_styles_are_read(masked: str) -> None:
    assert Certificate.from_credential(zaoyang_credential(maskedIdNumber=masked)).subject.masked_id_number == masked


def test_passport_is_masked_in_a_style_of_its_own() -> None:
    credential = zaoyang_credential(idType="passport", maskedIdNumber="E12****789")
    assert Certificate.from_credential(credential).to_credential() == credential


@pytest.mark.parametrize("name", ["王\U000e0100某", "𠮷野", "阿卜杜勒·热合曼", "\ue000", "Société d’Énergie & Co. 2"])
def test_rare_and_foreign_names_are_read(name: str) -> None:
    assert Certificate.from_credential(zaoyang_credential(name=name)).subject.name == name


def test_old_cases_keep_their_numbers() -> None:
    credential = zaoyang_credential(
        enforcementCaseNumber="（2014）鄂枣阳执字第123号", originalCaseNumber=["（2012）鄂枣阳执字第7-1号"]
    )
    assert Certificate.from_credential(credential).to_credential() == credential


# --- many faults, hostile input -------------------------------------------------------------------------------------


def test_all_problems_are_collected_with_pointers() -> None:
    credential = zaoyang_credential(name="", caseFiledDate="soon", id="x", masking={"serial": "1"}, foreign=1)
    assert faults(credential) == {
        "/id": "id_malformed",
        "/credentialSubject/name": "text_malformed",
        "/credentialSubject/caseFiledDate": "date_malformed",
        "/credentialSubject/masking/maskedAt": "member_missing",
        "/credentialSubject/masking/approvedAt": "member_missing",
        "/credentialSubject/masking/ground": "member_missing",
        "/credentialSubject/masking/conditional": "member_missing",
        "/credentialSubject/foreign": "member_unknown",
    }


def test_problems_are_bounded() -> None:
    credential = {**zaoyang_credential(), **{f"m{number}": number for number in range(5_000)}}
    with pytest.raises(CertificateError) as caught:
        Certificate.from_credential(credential)
    assert len(caught.value.problems) == 64


def test_error_speaks_both_languages_and_counts() -> None:
    with pytest.raises(CertificateError) as caught:
        Certificate.from_credential(zaoyang_credential(name="", id="x"))
    assert caught.value.code == "certificate_malformed"
    assert re.search(r"\(2\).*/id", caught.value.message("en"))
    assert re.search("2 处.*/id", caught.value.message("zh"))
    assert str(caught.value) == caught.value.message("en")


def test_no_message_repeats_a_full_number() -> None:
    with pytest.raises(CertificateError) as caught:
        Certificate.from_credential(zaoyang_credential(maskedIdNumber=ZAOYANG_ID_NUMBER))
    assert ZAOYANG_ID_NUMBER not in str(caught.value) + caught.value.message("zh") + repr(caught.value)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_refused_with_coded_problems(value: object) -> None:
    assert faults(value)


def paths(value: object, prefix: str = "") -> list[str]:
    """A JSON pointer to every value below an object."""
    if isinstance(value, dict):
        steps: list[tuple[str, object]] = list(value.items())
    else:
        steps = [(str(place), item) for place, item in enumerate(value)] if isinstance(value, list) else []
    return [path for name, item in steps for path in (f"{prefix}/{name}", *paths(item, f"{prefix}/{name}"))]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(paths(company_credential())), json_values)
def test_any_value_in_any_place_is_read_or_refused(path: str, value: object) -> None:
    credential = changed(path, value, company_credential())
    try:
        written = Certificate.from_credential(credential).to_credential()
    except CertificateError as error:
        pointers = [problem.field or "" for problem in error.problems]
    else:
        assert written == credential
        return
    assert all(pointer.startswith("/") for pointer in pointers)
