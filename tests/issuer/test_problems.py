"""Every refusal is a problem document with a stable code, the field, what was expected, in the reader's language."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from support.office import (
    CourtHouse,
    PublisherTemplate,
    StandingClock,
    application,
    code,
    fields,
    make_issuer,
    make_office,
    masking,
    neighbour_court,
)
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.labels import ACTIONS, EFFECTS, OUTCOMES, ROLES, STATES
from xinzheng_issuer.domain.workflow import Action, Role, State
from xinzheng_issuer.feed.intake import FeedOutcome
from xinzheng_issuer.feed.relisting import Effect
from xinzheng_issuer.messages import MESSAGES
from xinzheng_keys.messages import MESSAGES as KEYS_MESSAGES
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID, REPORT_SCHEMA_ID
from xinzheng_schemas.json_schemas import document as json_schema

APPLICATIONS = "/api/v1/applications"


def test_a_problem_names_field_code_and_expectation(house: CourtHouse) -> None:
    answer = house.post(APPLICATIONS, application(idNumber="420683199001010011"))
    assert code(answer) == (422, "resident_id_check_digit")
    assert answer.json()["type"] == "https://xinzheng.example/problems/resident_id_check_digit"
    assert answer.json()["errors"][0]["field"] == "idNumber"
    assert "420683199001010011" not in answer.text


def test_everything_wrong_is_named_at_once(house: CourtHouse) -> None:
    body = application(
        idNumber="420683199001010011",
        enforcementCaseNumber="（2022）鄂0683执0123号",
        listingGround=["art1-5"],
        purpose=[],
        caseFiledDate="2022-03-09",
    )
    answer = house.post(APPLICATIONS, body)
    assert code(answer) == (422, "request_invalid")
    assert fields(answer) == {
        "idNumber": "resident_id_check_digit",
        "enforcementCaseNumber": "case_number_leading_zero",
        "listingTermEnd": "listing_term_missing",
        "listingPublishedDate": "date_order",
        "purpose": "purpose_missing",
    }


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"name": None}, "name", "field_missing"),
        ({"name": ""}, "name", "field_invalid"),
        ({"name": " 王某"}, "name", "text_not_normal"),
        ({"name": "王\u202e某"}, "name", "text_invisible_character"),
        ({"state": "approved"}, "state", "field_unknown"),
        ({"subjectKind": "robot"}, "subjectKind", "value_not_listed"),
        ({"caseFiledDate": "2022-02-30"}, "caseFiledDate", "date_malformed"),
        ({"caseFiledDate": 20220117}, "caseFiledDate", "date_malformed"),
        (
            {"caseFiledDate": "2030-01-01", "listingPublishedDate": "2030-01-02"},
            "listingPublishedDate",
            "date_in_future",
        ),
        ({"listingGround": []}, "listingGround", "listing_ground_missing"),
        ({"listingTermEnd": "2024-01-01"}, "listingTermEnd", "listing_term_unexpected"),
        ({"listingGround": ["art1-4"], "listingTermEnd": "2022-03-08"}, "listingTermEnd", "date_order"),
        ({"purpose": ["other"], "purposeText": None}, "purposeText", "purpose_text_missing"),
        ({"idType": "uscc", "idNumber": "91420683MA0000007M"}, "idType", "id_type_contradicts_kind"),
        ({"idType": "passport", "idNumber": "E 1"}, "idNumber", "id_number_malformed"),
        ({"originalCaseNumber": ["(2021)鄂0683执46"]}, "originalCaseNumber/0", "case_number_hao_missing"),
        ({"enforcementCaseNumber": "（2022）鄂0683民初1号"}, "enforcementCaseNumber", "case_number_type"),
        ({"agent": {"name": "张", "authority": ""}}, "agent/authority", "field_invalid"),
        ({"enforcementCaseNumber": "（2030）鄂0683执77号"}, "enforcementCaseNumber", "case_year_in_future"),
        ({"enforcementCaseNumber": "（2024）鄂0683执77号"}, "enforcementCaseNumber", "case_year_contradicts_filing"),
        ({"enforcementCaseNumber": "（2020）鄂0683执77号"}, "enforcementCaseNumber", "case_year_contradicts_filing"),
        (
            {"enforcementCaseNumber": "（2022）鄂0683执恢7号", "originalCaseNumber": ["(2022)鄂0683执恢7号"]},
            "originalCaseNumber/0",
            "original_case_number_same",
        ),
        (
            {"enforcementCaseNumber": "（2022）鄂0683执恢7号", "originalCaseNumber": ["（2025）鄂0683执1号"]},
            "originalCaseNumber/0",
            "original_case_number_later",
        ),
    ],
)
def test_bad_applications(house: CourtHouse, changes: dict[str, Any], field: str, reason: str) -> None:
    answer = house.post(APPLICATIONS, application(**changes))
    assert answer.status_code == 422
    code(answer)
    assert fields(answer)[field] == reason


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"maskedAt": "2022-03-07"}, "maskedAt", "date_order"),
        ({"approvedAt": "2027-01-01"}, "approvedAt", "date_in_future"),
        ({"conditional": "no"}, "conditional", "field_invalid"),
        ({"listCheckedAt": "2026-11-21T08:00:00Z"}, "listCheckedAt", "list_check_stale"),
        ({"listCheckedAt": "2026-11-23 08:00"}, "listCheckedAt", "date_malformed"),
        ({"listCheckedAt": 1}, "listCheckedAt", "date_malformed"),
        ({"maskingGround": "termExpired"}, "maskingGround", "masking_ground_contradicts_listing"),
        ({"performanceStatus": "notPerformed"}, "performanceStatus", "performance_contradicts_ground"),
        (
            {"maskedAt": "2026-11-23", "listCheckedAt": "2026-11-22T08:00:00Z"},
            "listCheckedAt",
            "list_check_before_masking",
        ),
    ],
)
def test_bad_confirmations(house: CourtHouse, changes: dict[str, Any], field: str, reason: str) -> None:
    case = house.apply()
    answer = house.post(f"{case}/masking-confirmation", masking(**changes), "judge")
    assert answer.status_code == 422
    code(answer)
    assert fields(answer)[field] == reason
    assert house.get(case).json()["state"] == "applied"
    assert house.get(case).json()["masking"] is None


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b'{"name": "a", "name": "b"}', 400, "duplicate_member"),
        (b'{"name": NaN}', 400, "malformed"),
        (b"{", 400, "malformed"),
        (b'"\xff"', 400, "malformed"),
        (b"[" * 40 + b"]" * 40, 400, "too_complex"),
        (b"[]", 422, "body_not_object"),
        (b"", 415, "body_not_json"),
    ],
)
def test_bodies_are_read_strictly(house: CourtHouse, content: bytes, status: int, reason: str) -> None:
    answer = house.post(APPLICATIONS, content=content, headers={"Content-Type": "application/json"})
    assert code(answer) == (status, reason)


def test_other_media_types_are_refused(house: CourtHouse) -> None:
    body = json.dumps(application()).encode()
    answer = house.post(APPLICATIONS, content=body, headers={"Content-Type": "text/plain"})
    assert code(answer) == (415, "body_not_json")


def test_large_bodies_are_refused_and_the_feed_has_its_own_limit(house: CourtHouse) -> None:
    large = b'"' + b"x" * house.issuer.settings.max_request_bytes + b'"'
    answer = house.post(APPLICATIONS, content=large, headers={"Content-Type": "application/json"})
    assert code(answer) == (413, "body_too_large")
    assert str(house.issuer.settings.max_request_bytes) in answer.json()["detail"]
    assert house.post("/api/v1/feed-batches", content=large).status_code == 200


def test_a_large_feed_is_refused(
    tmp_path: Path, publisher_template: PublisherTemplate, office: Office, clock: StandingClock
) -> None:
    issuer = make_issuer(tmp_path, publisher_template, office=office, max_feed_bytes=2000, max_feed_records=2)
    house = CourtHouse.open(issuer, clock)
    with house.client:
        assert code(house.post("/api/v1/feed-batches", content=b"x" * 2001)) == (413, "body_too_large")
        assert code(house.post("/api/v1/feed-batches", [{}, {}, {}])) == (413, "feed_too_many_records")


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/nothing", "/did/1/did.json", "/status/420683/9/revocation", "/status/1/1/x"]
)
def test_unknown_addresses(house: CourtHouse, path: str) -> None:
    assert code(house.get(path, None))[0] == 404


def test_another_courts_did_is_not_served_here(house: CourtHouse) -> None:
    assert code(house.get("/did/420684/did.json", None)) == (404, "court_not_found")


def test_bad_query(house: CourtHouse) -> None:
    assert fields(house.get(f"{APPLICATIONS}?limit=0")) == {"limit": "field_invalid"}
    assert fields(house.get(f"{APPLICATIONS}?state=lost")) == {"state": "value_not_listed"}
    assert code(house.get("/status/420683/one/revocation", None)) == (422, "field_invalid")


def test_unknown_forms_and_numbers(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    assert code(house.get(f"/api/v1/certificates/{number}/credential.pdf")) == (404, "form_unknown")
    assert code(house.get("/api/v1/certificates/鄂0683-2026-0000000000000")) == (404, "certificate_not_found")
    assert code(house.get(f"{APPLICATIONS}/nothing")) == (404, "application_not_found")


def test_tokens(house: CourtHouse) -> None:
    missing = house.get(APPLICATIONS, None)
    assert code(missing) == (401, "api_token_missing")
    assert missing.headers["www-authenticate"] == "Bearer"
    house.tokens["stranger"] = "xz_" + "A" * 43
    assert code(house.get(APPLICATIONS, "stranger")) == (401, "token_unknown")
    assert house.get("/api/v1/certificates", None).status_code == 401
    assert house.post("/api/v1/feed-batches", [], None).status_code == 401


def test_no_code_of_the_keys_means_something_else_at_the_issuer() -> None:
    """Both reach whoever calls the API: a token that is missing is the caller's or the court's."""
    assert MESSAGES.keys() & KEYS_MESSAGES.keys() == set()


@pytest.mark.parametrize("role", ["judge", "approver", "vicePresident", "sealOperator", "administrator"])
def test_only_a_clerk_registers(house: CourtHouse, role: str) -> None:
    assert code(house.post(APPLICATIONS, application(), role)) == (403, "role_not_allowed")


def test_the_seal_operator_delivers_no_feed(house: CourtHouse) -> None:
    assert code(house.post("/api/v1/feed-batches", [{}], "sealOperator")) == (403, "role_not_allowed")


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.1, zh-Hans;q=0.2", "zh"),
        ("fr, zh;q=nonsense", "en"),
        ("", "en"),
    ],
)
def test_the_reader_chooses_the_language(house: CourtHouse, asked: str, language: str) -> None:
    answer = house.get("/api/v1/nothing", headers={"Accept-Language": asked})
    assert answer.headers["content-language"] == language
    assert answer.json()["detail"] == getattr(MESSAGES["route_not_found"], language)


def test_another_courts_cases_do_not_exist(
    house: CourtHouse, tmp_path: Path, publisher_template: PublisherTemplate, clock: StandingClock
) -> None:
    case = house.apply()
    certificate = house.certificate(application(enforcementCaseNumber="（2022）鄂0683执124号"))
    (tmp_path / "neighbour").mkdir()
    url = f"sqlite:///{tmp_path / 'register.sqlite'}"
    office = make_office(tmp_path, url=url, clock=clock, court=neighbour_court())
    neighbour = CourtHouse.open(make_issuer(tmp_path / "neighbour", publisher_template, office=office), clock)
    with neighbour.client:
        assert code(neighbour.get(case)) == (404, "application_not_found")
        assert code(neighbour.post(f"{case}/approval", {"opinion": "x", "draftSha256": "0" * 64}, "approver")) == (
            404,
            "application_not_found",
        )
        address = f"/api/v1/certificates/{certificate['certificateNumber']}"
        assert code(neighbour.get(address)) == (404, "certificate_not_found")
        assert code(neighbour.post(f"{address}/revocation", {"reason": "fraud"}, "judge"))[0] == 404
        assert neighbour.get(APPLICATIONS).json()["items"] == []
        assert neighbour.get("/api/v1/certificates").json()["items"] == []
        neighbour.tokens["clerk"] = house.tokens["clerk"]
        assert code(neighbour.get(APPLICATIONS)) == (401, "token_unknown")
    assert house.get(case).status_code == 200


def test_a_failure_shows_nothing_of_itself(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_store: object) -> None:
        raise RuntimeError("42068319900101001X")

    monkeypatch.setattr("xinzheng_issuer.register.store.Store.court", fail)
    answer = house.get("/healthz", None)
    assert code(answer) == (500, "internal_error")
    assert "42068319900101001X" not in answer.text


def test_a_busy_register_is_a_503(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_store: object) -> None:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    monkeypatch.setattr("xinzheng_issuer.register.store.Store.court", busy)
    answer = house.get("/healthz", None)
    assert code(answer) == (503, "register_unavailable")
    assert answer.headers["retry-after"] == "1"


def test_answers_stay_out_of_caches(house: CourtHouse) -> None:
    answer = house.get(APPLICATIONS)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_full_number_comes_back(house: CourtHouse) -> None:
    body = application()
    case = house.apply(body)
    assert body["idNumber"] not in house.get(case).text
    assert house.get(case).json()["maskedIdNumber"] == "4206831990****001X"


def test_lists_have_pages(house: CourtHouse) -> None:
    for serial in range(1, 4):
        house.apply(application(enforcementCaseNumber=f"（2022）鄂0683执{serial}号"))
        house.clock.advance(seconds=1)
    page = house.get(f"{APPLICATIONS}?limit=2&offset=1&state=applied").json()
    assert [item["enforcementCaseNumber"][-3:] for item in page["items"]] == ["执2号", "执1号"]
    assert house.get(f"{APPLICATIONS}?state=approved").json()["items"] == []


def test_the_openapi_document_describes_itself(house: CourtHouse) -> None:
    schema = house.get("/openapi.json", None).json()
    assert "HTTPValidationError" not in json.dumps(schema)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            if path.startswith("/api/"):
                assert {"401"} <= operation["responses"].keys(), (method, path)
                assert operation["security"], path
    problem = schema["components"]["schemas"]["Problem"]
    assert set(problem["required"]) == {"type", "title", "status", "detail", "code", "errors"}
    wire = {name: body for name, body in schema["components"]["schemas"].items() if name.endswith("In")}
    assert all(body["additionalProperties"] is False for body in wire.values())
    described = [member for body in wire.values() for member in body.get("properties", {}).values()]
    assert all("description" in member or "$ref" in member for member in described)
    assert house.get("/openapi.json", None).json() == schema


def test_public_documents(house: CourtHouse) -> None:
    document = house.get("/did/420683/did.json", None)
    assert document.headers["content-type"] == "application/did+json"
    assert document.json()["id"] == "did:web:xz.example:did:420683"
    assert house.get("/contexts/credit-repair/v1", None).json()["@context"]
    for identifier in (CREDIT_REPAIR_SCHEMA_ID, REPORT_SCHEMA_ID):
        answer = house.get(identifier.removeprefix("https://xinzheng.example"), None)
        assert answer.json() == json_schema(identifier)
        assert answer.headers["content-type"] == "application/schema+json"
    assert house.get("/bundle/root.json", None).json()["signed"]["_type"] == "root"
    health = house.get("/healthz", None).json()
    ends = house.issuer.outbox.publisher.signed_root.expires
    assert datetime.fromisoformat(health.pop("rootExpires")) == ends
    assert health == {
        "status": "ok",
        "court": "did:web:xz.example:did:420683",
        "bundleVersion": 1,
        "publicationOverdue": False,
        "hindrances": [],
    }


def test_before_the_first_publication_there_is_no_bundle(
    tmp_path: Path, publisher_template: PublisherTemplate, office: Office, clock: StandingClock
) -> None:
    house = CourtHouse.open(make_issuer(tmp_path, publisher_template, office=office), clock)
    # Without its lifespan nothing has started.
    assert code(house.get("/bundle/latest.xzb", None)) == (404, "nothing_published")
    assert code(house.get("/status/420683/1/revocation", None)) == (404, "status_list_not_found")
    assert app_of(house.issuer).openapi()["info"]["version"] == "1"


@pytest.mark.parametrize(
    "address", [APPLICATIONS, "/api/v1/certificates", "/api/v1/feed-batches", "/api/v1/feed-records"]
)
def test_a_page_begins_where_a_database_can_count_to(house: CourtHouse, address: str) -> None:
    assert house.get(f"{address}?offset={2**31 - 1}").json()["items"] == []
    answer = house.get(f"{address}?offset=99999999999999999999999")
    assert (code(answer), fields(answer)) == ((422, "field_invalid"), {"offset": "field_invalid"})


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        (APPLICATIONS, "GET, POST"),
        ("/api/v1/feed-batches", "GET, POST"),
        ("/api/v1/certificates/x/revocation", "GET, POST"),
        ("/bundle/root.json", "GET"),
    ],
)
def test_a_wrong_method_is_told_every_right_one(house: CourtHouse, address: str, allowed: str) -> None:
    answer = house.client.delete(address)
    assert code(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed
    assert allowed in answer.json()["detail"]


def test_a_body_that_is_json_but_no_object(house: CourtHouse) -> None:
    body: Any
    for body in ([], "x", 1):
        assert code(house.post(APPLICATIONS, body)) == (422, "body_not_object")
    plain = house.post(APPLICATIONS, content=b"{}", headers={"Content-Type": "text/plain"})
    assert code(plain) == (415, "body_not_json")
    assert code(house.post(APPLICATIONS)) == (415, "body_not_json")


def test_what_is_issued_already_is_said_with_its_number(house: CourtHouse) -> None:
    case = house.approved()
    number = house.issue(case)["certificateNumber"]
    again = house.post(f"{case}/issuance", {}, "sealOperator")
    assert code(again) == (409, "already_issued")
    assert f"{number}, now active" in again.json()["detail"]
    assert code(house.post(f"{case}/issuance", {}, "clerk")) == (403, "role_not_allowed")


# --- in the reader's language -----------------------------------------------------------------------------------------

CHINESE = {"Accept-Language": "zh-CN"}
ENGLISH_WORD = re.compile(r"(?<![A-Za-z])[a-z]{3,}(?![A-Za-z])")


def in_chinese(answer: Any, *names: str) -> str:
    """The details of a refusal, without the names that stand for themselves; none has a word of English."""
    details = " ".join(error["detail"] for error in answer.json()["errors"])
    rest = details
    for name in ("listCheckedAt", "true", "false", "listingGround", *names):
        rest = rest.replace(name, "")
    assert not ENGLISH_WORD.search(rest), details
    return details


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"enforcementCaseNumber": ""}, "enforcementCaseNumber 无效：应为 至少 1 个字符。"),
        ({"name": "王" * 201}, "name 无效：应为 最多 200 个字符。"),
        ({"name": 5}, "name 无效：应为 文本。"),
        ({"papers": "x"}, "papers 无效：应为 数组。"),
        ({"papers": ["x"] * 51}, "papers 无效：应为 最多 50 项。"),
        ({"agent": "x"}, "agent 无效：应为 对象。"),
        ({"purpose": ["gift"]}, "purpose/0 应为 financing、bidding、other 之一。"),
    ],
)
def test_what_was_expected_is_said_in_chinese(house: CourtHouse, changes: dict[str, Any], words: str) -> None:
    answer = house.post(APPLICATIONS, application(**changes), headers=CHINESE)
    [error] = answer.json()["errors"]
    assert error["detail"] == words


def test_the_same_in_english(house: CourtHouse) -> None:
    body = application(enforcementCaseNumber="", papers="x", purpose=["gift"])
    details = {error["field"]: error["detail"] for error in house.post(APPLICATIONS, body).json()["errors"]}
    assert details == {
        "enforcementCaseNumber": "enforcementCaseNumber is not valid: expected 1 or more characters.",
        "papers": "papers is not valid: expected a list.",
        "purpose/0": "purpose/0 must be one of financing, bidding, other.",
    }


def test_states_steps_and_roles_have_names_in_chinese(house: CourtHouse) -> None:
    case = house.apply()
    issued = in_chinese(house.post(f"{case}/issuance", {}, "sealOperator", headers=CHINESE))
    assert "处于“已申请”状态时不能出具证明" in issued
    wrong_role = in_chinese(house.post(f"{case}/approval", house.opinion(case), "clerk", headers=CHINESE))
    assert "此步骤（批准）只限：审批人（执行局局长）、副院长。本令牌的角色：书记员。" in wrong_role
    assert "登记申请" in in_chinese(house.post(APPLICATIONS, application(), "judge", headers=CHINESE))
    both = house.hire("both", Role.JUDGE, Role.APPROVER)
    house.post(f"{case}/masking-confirmation", masking(), both)
    own = house.post(f"{case}/approval", house.opinion(case), both, headers=CHINESE)
    assert "此步骤（批准）须由另一人办理" in in_chinese(own, "both")
    in_chinese(house.post(f"{case}/return", {"reason": "x"}, headers=CHINESE))
    in_chinese(house.get("/api/v1/feed-records", "approver", headers=CHINESE))


def test_the_feed_speaks_chinese(house: CourtHouse) -> None:
    content = b'[{"iname": "x", "caseCode": "2022", "publishDate": "2022-01-01"}, {bad}, {"iname": 1, "iname": 2}, 7]'
    answer = house.post("/api/v1/feed-batches", content=content, headers=CHINESE).json()
    details = [error["detail"] for record in answer["records"] for error in record["errors"]]
    assert len(details) == 4
    for detail in details:
        assert not ENGLISH_WORD.search(detail.replace("caseCode", "").replace("iname", "")), detail


def test_every_state_step_role_and_effect_has_a_name() -> None:
    tables = ((State, STATES), (Action, ACTIONS), (Role, ROLES), (Effect, EFFECTS), (FeedOutcome, OUTCOMES))
    assert [value for kind, labels in tables for value in kind if value not in labels] == []
