"""Deliveries through HTTP: the good records are applied, the bad reported, none lost; the same one counts once."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from support.office import (
    CourtHouse,
    PublisherTemplate,
    StandingClock,
    application,
    code,
    company_application,
    make_issuer,
    make_office,
    neighbour_court,
    relisting,
    zaoyang_court,
)
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.errors import RegisterError
from xinzheng_issuer.feed import intake
from xinzheng_issuer.feed.intake import take_batch
from xinzheng_issuer.feed.review import review
from xinzheng_issuer.logs import configure_logs
from xinzheng_schemas.timestamps import format_timestamp

CLERK = Actor("clerk", "clerk", frozenset({Role.CLERK}))
COMPANY_RECORD = {
    "iname": "湖北枣阳光明建筑工程有限公司",
    "caseCode": "（2022）鄂0683执2088号",
    "cardNum": "91420683MA0000007M",
    "publishDate": "20261123",
}


def only(answer: dict[str, Any]) -> dict[str, Any]:
    (record,) = answer["records"]
    found: dict[str, Any] = record
    return found


def codes(record: dict[str, Any]) -> list[str]:
    return [error["code"] for error in record["errors"]]


def kept(house: CourtHouse, batch: str) -> list[tuple[int, str, str]]:
    with house.issuer.office.reading() as store:
        return [(row.line, row.outcome, row.raw) for row in store.feed_records(batch_id=batch)]


def test_one_bad_record_spoils_no_other(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    lines = [
        json.dumps(relisting(iname="李某", cardNum="420683198506151235"), ensure_ascii=False),
        "",
        "{not json",
        json.dumps(relisting(publishDate="someday"), ensure_ascii=False),
        json.dumps(relisting(), ensure_ascii=False),
    ]
    answer = house.post("/api/v1/feed-batches", content="\n".join(lines).encode()).json()
    assert [(record["line"], record["outcome"], record["effect"]) for record in answer["records"]] == [
        (1, "unmatched", "none"),
        (3, "rejected", "none"),
        (4, "flagged", "none"),
        (5, "applied", "revoked"),
    ]
    assert [codes(record) for record in answer["records"]] == [
        ["feed_record_unknown"], ["feed_record_malformed"], ["feed_record_unclear", "feed_date_malformed"], [],
    ]  # fmt: skip
    assert house.state(number) == "revoked"
    assert [line for line, _, _ in kept(house, answer["batch"])] == [1, 3, 4, 5]
    assert kept(house, answer["batch"])[1][2] == "{not json"
    assert "420683198506151235" not in kept(house, answer["batch"])[0][2]


def test_a_bad_element_of_an_array(house: CourtHouse) -> None:
    content = f'[{json.dumps(relisting())}, {{"iname": 1, "iname": 2}}, 7]'.encode()
    answer = house.post("/api/v1/feed-batches", content=content).json()
    assert [record["outcome"] for record in answer["records"]] == ["unmatched", "rejected", "rejected"]


def test_what_is_no_delivery_is_refused_as_a_whole(house: CourtHouse) -> None:
    assert code(house.post("/api/v1/feed-batches", content=b"[{]")) == (422, "feed_malformed")


def test_a_torn_file_loses_nothing(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    torn = json.dumps([relisting(), relisting(iname="李某", cardNum="420683198506151235")], ensure_ascii=False).encode()
    answer = house.post("/api/v1/feed-batches", content=torn[:-20], headers={"Accept-Language": "zh"}).json()
    assert [(record["outcome"], codes(record)) for record in answer["records"]] == [
        ("applied", []),
        ("rejected", ["feed_array_damaged"]),
    ]
    assert "请重新发送" in answer["records"][1]["errors"][0]["detail"]
    assert house.state(number) == "revoked"
    raw = kept(house, answer["batch"])[1][2]
    assert raw.startswith('{"iname": "李某"')
    assert "420683198506151235" not in raw


def test_the_same_record_counts_once(house: CourtHouse) -> None:
    house.certificate()
    first = only(house.feed(relisting()))
    again = only(house.feed(relisting(age="40", publishDate="20221128")))
    assert (first["effect"], first["repeated"]) == ("revoked", False)
    assert (again["effect"], again["repeated"]) == ("revoked", True)
    assert again["certificateNumber"] == first["certificateNumber"]
    twice = house.feed(relisting(publishDate="20261101"), relisting(publishDate="20261101"))
    assert [record["outcome"] for record in twice["records"]] == ["unmatched", "unmatched"]


def test_a_record_that_came_too_early_was_answered_by_the_look_up_and_suspends(house: CourtHouse) -> None:
    assert only(house.feed(relisting()))["outcome"] == "unmatched"
    house.clock.advance(hours=1)
    house.certificate()
    record = only(house.feed(relisting()))
    assert (record["outcome"], record["effect"], codes(record)) == ("applied", "suspended", ["feed_answered"])


def test_the_masked_entry_itself_is_no_relisting(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    record = only(house.feed(relisting(publishDate="2022-03-08")))
    assert record["outcome"] == "flagged"
    assert codes(record) == ["feed_older_than_masking"]
    assert house.state(number) == "active"
    assert only(house.feed(relisting(publishDate="2022-09-20")))["effect"] == "revoked"


def test_a_record_dated_in_the_future_does_nothing_and_is_reported(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    # 08:00 UTC is 16:00 at the court: its own day counts.
    house.clock.advance(hours=9)
    for day in ("2035-01-01", "2026-11-25"):
        record = only(house.feed(relisting(publishDate=day)))
        assert (record["outcome"], record["effect"]) == ("rejected", "none")
        assert [(error["field"], error["code"]) for error in record["errors"]] == [
            ("publishDate", "feed_date_in_future")
        ]
    assert house.state(number) == "active"
    assert only(house.feed(relisting(publishDate="2026-11-24")))["effect"] == "revoked"


def test_no_number_in_the_same_case_is_a_doubt(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    record = only(house.feed(relisting(cardNum="")))
    assert (record["effect"], house.state(number)) == ("suspended", "suspended")


def test_no_number_in_another_case_is_flagged(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    record = only(house.feed(relisting(cardNum="暂无", caseCode="（2026）鄂0606执3号", gistId="")))
    assert (record["outcome"], codes(record)) == ("flagged", ["feed_identity_unclear"])
    assert house.state(number) == "active"


def test_the_other_debtor_of_the_same_case_is_a_stranger(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    assert only(house.feed(relisting(iname="李某", cardNum="4206831985****1235")))["outcome"] == "unmatched"
    assert only(house.feed(relisting(iname="李某", cardNum="")))["outcome"] == "unmatched"
    assert house.state(number) == "active"


@pytest.mark.parametrize("card", ["42068319900101001X", "4206831990****001X", "420683********001X"])
def test_a_person_is_known_by_every_form_of_the_number(house: CourtHouse, card: str) -> None:
    house.certificate()
    assert only(house.feed(relisting(cardNum=card)))["effect"] == "revoked"


@pytest.mark.parametrize("card", ["91420683MA0000007M", "91420683MA****007M", "MA0000007", "MA000000-7"])
def test_a_company_is_known_by_every_form_of_the_number(house: CourtHouse, card: str) -> None:
    number = house.certificate(company_application())["certificateNumber"]
    assert only(house.feed(COMPANY_RECORD | {"cardNum": card}))["certificateNumber"] == number
    assert house.state(number) == "revoked"


def test_a_company_that_changed_its_name_is_known_by_its_code(house: CourtHouse) -> None:
    house.certificate(company_application())
    renamed = COMPANY_RECORD | {"iname": "湖北新名字有限公司", "caseCode": "（2026）鄂0606执3号"}
    assert only(house.feed(renamed))["effect"] == "suspended"


def test_one_record_may_touch_two_certificates(house: CourtHouse) -> None:
    first = house.certificate()["certificateNumber"]
    second = house.certificate(application(enforcementCaseNumber="（2022）鄂0683执124号"))["certificateNumber"]
    record = only(house.feed(relisting(gistId="")))
    assert record["certificateNumber"] == first
    assert {each["label"]: each["effect"] for each in record["effects"]} == {first: "revoked", second: "suspended"}
    again = only(house.feed(relisting(gistId="", publishDate="20261101")))
    assert codes(again) == ["feed_suspended_already"]


def test_resumed_cases_are_known_by_the_feed_or_by_the_basis(house: CourtHouse) -> None:
    house.certificate()
    named = relisting(caseCode="（2026）鄂0606执恢1号", gistId="", originalCaseCode="（2022）鄂0683执123号")
    assert only(house.feed(named))["effect"] == "revoked"


def test_a_resumed_case_with_another_basis_is_another_case(house: CourtHouse) -> None:
    house.certificate()
    record = only(house.feed(relisting(caseCode="（2026）鄂0683执恢1号", gistId="（2025）鄂0683民初9号")))
    assert record["effect"] == "suspended"


def test_the_original_case_of_a_resumed_one_is_the_same_matter(house: CourtHouse) -> None:
    body = application(enforcementCaseNumber="（2022）鄂0683执恢7号", originalCaseNumber=["（2021）鄂0683执46号"])
    house.certificate(body)
    assert only(house.feed(relisting(caseCode="（2021）鄂0683执46号")))["effect"] == "revoked"


def test_an_application_is_flagged_and_sent_back_once_it_is_confirmed(house: CourtHouse) -> None:
    case = house.apply()
    record = only(house.feed(relisting()))
    assert (record["outcome"], codes(record)) == ("flagged", ["feed_application_open"])
    house.clock.advance(hours=1)
    house.confirm(case)
    assert only(house.feed(relisting(cardNum="", caseCode="（2026）鄂0606执3号", gistId="")))["outcome"] == "flagged"
    assert house.get(case).json()["state"] == "maskingConfirmed"
    assert only(house.feed(relisting()))["effect"] == "sentBack"
    house.clock.advance(hours=1)
    house.confirm(case)


def test_a_record_that_fails_is_undone_alone_and_reported(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    number = house.certificate()["certificateNumber"]
    company = house.certificate(company_application())["certificateNumber"]

    def failing(store: Any, case: Any, effect: Any, *rest: Any) -> None:
        take(store, case, effect, *rest)
        if case.name == "王某":
            raise OperationalError("UPDATE", {}, Exception("disk I/O error"))

    take = intake._take_effect
    monkeypatch.setattr(intake, "_take_effect", failing)
    answer = house.feed(relisting(), COMPANY_RECORD)
    assert [record["outcome"] for record in answer["records"]] == ["rejected", "applied"]
    assert codes(answer["records"][0]) == ["feed_record_failed"]
    assert (house.state(number), house.state(company)) == ("active", "revoked")
    monkeypatch.undo()
    assert only(house.feed(relisting()))["effect"] == "revoked"


def test_remarks_come_in_the_readers_language(house: CourtHouse) -> None:
    answer = house.post("/api/v1/feed-batches", [relisting(colour="red")], headers={"Accept-Language": "zh"})
    details = [error["detail"] for error in answer.json()["records"][0]["errors"]]
    assert details[-1].startswith("colour")
    assert "已保留" in details[-1]


@pytest.mark.parametrize(
    ("policy", "record", "effect"),
    [
        ({"same_case_relisting": "suspend"}, relisting(), "suspended"),
        ({"other_case_relisting": "revoke"}, relisting(caseCode="（2026）鄂0606执3号", gistId=""), "revoked"),
        ({"same_case_relisting": "suspend"}, relisting(caseCode="（2026）鄂0606执3号", gistId=""), "suspended"),
    ],
)
def test_the_court_decides_what_a_relisting_does(  # noqa: PLR0917
    policy: dict[str, str],
    record: dict[str, Any],
    effect: str,
    tmp_path: Path,
    publisher_template: PublisherTemplate,
    clock: StandingClock,
) -> None:
    office = make_office(tmp_path, clock=clock, court=zaoyang_court(policy=policy))
    house = CourtHouse.open(make_issuer(tmp_path, publisher_template, office=office), clock)
    with house.client:
        number = house.certificate()["certificateNumber"]
        assert only(house.feed(record))["effect"] == effect
        if effect == "suspended":
            answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "relisted"}, "judge")
            assert answer.json()["state"] == "revoked"


def test_a_strictly_masked_certificate_meets_the_lists_own_mask(
    tmp_path: Path, publisher_template: PublisherTemplate, clock: StandingClock
) -> None:
    court = zaoyang_court(certificate={"masked_id_style": "strict"})
    house = CourtHouse.open(
        make_issuer(tmp_path, publisher_template, office=make_office(tmp_path, clock=clock, court=court)), clock
    )
    with house.client:
        number = house.certificate()["certificateNumber"]
        shown = house.get(f"/api/v1/certificates/{number}/credential.json").json()["credentialSubject"]
        assert shown["maskedIdNumber"] == "420683********001X"
        assert only(house.feed(relisting()))["effect"] == "revoked"


def test_others_get_their_turn_between_two_slices(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[int] = []

    def meanwhile(_seconds: float) -> None:
        with ThreadPoolExecutor(1) as pool:
            body = application(enforcementCaseNumber=f"（2022）鄂0683执{len(answers) + 1}号")
            answers.append(pool.submit(house.post, "/api/v1/applications", body).result(timeout=20).status_code)

    monkeypatch.setattr(intake, "SLICE_RECORDS", 2)
    monkeypatch.setattr("xinzheng_issuer.feed.intake.time.sleep", meanwhile)
    house.feed(*[relisting(caseCode=f"（2021）鄂0606执{number}号", iname=f"甲{number}") for number in range(5)])
    assert answers == [201, 201, 201]


def test_a_delivery_that_is_cut_off_keeps_what_was_taken_and_can_be_sent_again(
    house: CourtHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = house.certificate()["certificateNumber"]
    company = house.certificate(company_application())["certificateNumber"]
    take = intake._take_slice

    def breaking(records: Any, *rest: Any) -> Any:
        if records[0].line > 1:
            raise MemoryError
        return take(records, *rest)

    monkeypatch.setattr(intake, "SLICE_RECORDS", 1)
    monkeypatch.setattr(intake, "_take_slice", breaking)
    answer = house.post("/api/v1/feed-batches", [relisting(), COMPANY_RECORD])
    assert code(answer) == (500, "internal_error")
    assert (house.state(number), house.state(company)) == ("revoked", "active")
    [batch] = house.get("/api/v1/feed-batches").json()["items"]
    assert (batch["records"], batch["outcomes"]) == (2, {"applied": 1})
    monkeypatch.setattr(intake, "_take_slice", take)
    again = house.feed(relisting(), COMPANY_RECORD)["records"]
    assert [(each["effect"], each["repeated"]) for each in again] == [("revoked", True), ("revoked", False)]


# --- reading again ----------------------------------------------------------------------------------------------------


def test_what_was_delivered_can_be_read_again(house: CourtHouse) -> None:
    house.certificate()
    namesake = relisting(cardNum="4206831985****1235")
    first = house.feed(namesake, {"iname": "李某"}, relisting(iname="李某", cardNum="420683198506151235"))
    house.clock.advance(hours=1)
    second = house.feed(relisting(), who="judge")
    batches = house.get("/api/v1/feed-batches").json()["items"]
    assert [(each["batch"], each["receivedBy"], each["records"], each["outcomes"]) for each in batches] == [
        (second["batch"], "the-judge", 1, {"applied": 1}),
        (first["batch"], "the-clerk", 3, {"flagged": 1, "rejected": 1, "unmatched": 1}),
    ]
    [flagged] = house.get("/api/v1/feed-records?outcome=flagged", "judge").json()["items"]
    assert {name: flagged[name] for name in first["records"][0]} == first["records"][0]
    assert json.loads(flagged["raw"]) == namesake
    assert (flagged["batch"], flagged["receivedAt"]) == (first["batch"], "2026-11-23T08:00:00Z")
    chinese = house.get(f"/api/v1/feed-records?batch={first['batch']}", headers={"Accept-Language": "zh"}).json()
    assert [each["line"] for each in chinese["items"]] == [1, 2, 3]
    assert "同名" in chinese["items"][0]["errors"][0]["detail"]
    assert "420683198506151235" not in json.dumps(chinese)
    page = house.get("/api/v1/feed-records?offset=1&limit=2").json()["items"]
    assert [(each["batch"], each["line"]) for each in page] == [(first["batch"], 1), (first["batch"], 2)]


@pytest.mark.parametrize("address", ["/api/v1/feed-batches", "/api/v1/feed-records"])
def test_what_was_delivered_is_for_clerk_and_judge(house: CourtHouse, address: str) -> None:
    assert code(house.get(address, "sealOperator")) == (403, "role_not_allowed")
    assert code(house.get(address, None)) == (401, "api_token_missing")


# --- nothing is lost --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quiet_house(
    tmp_path_factory: pytest.TempPathFactory, publisher_template: PublisherTemplate
) -> Iterator[CourtHouse]:
    clock = StandingClock()
    folder = tmp_path_factory.mktemp("feed")
    house = CourtHouse.open(make_issuer(folder, publisher_template, office=make_office(folder, clock=clock)), clock)
    with house.client:
        house.certificate()
        house.certificate(company_application())
        yield house


odd_text = st.sampled_from(
    [
        "",
        "王某",
        "暂无",
        "4206831990****001X",
        "（2022）鄂0683执123号",
        "20261201",
        "2026年12月1日",
        "2026-02-30",
        "\u202e",
    ]
) | st.text(max_size=20)
odd_records = st.dictionaries(
    st.sampled_from([*relisting(), "originalCaseCode", "x"]), odd_text | st.integers(), max_size=8
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(odd_records | st.text(max_size=10) | st.just(relisting(sexy="?")), min_size=1, max_size=6))
def test_every_record_of_a_delivery_is_in_the_answer_and_kept(quiet_house: CourtHouse, records: list[Any]) -> None:
    data = json.dumps(records).encode()
    result = take_batch(data, quiet_house.issuer.office, CLERK, max_records=100)
    assert [record.line for record in result.records] == list(range(1, len(records) + 1))
    assert [line for line, _, _ in kept(quiet_house, result.batch_id)] == list(range(1, len(records) + 1))
    for record in result.records:
        assert record.outcome == "applied" or record.errors


# --- looked at --------------------------------------------------------------------------------------------------------


def test_a_flagged_record_is_marked_as_looked_at(house: CourtHouse, clock: StandingClock) -> None:
    house.apply()
    house.feed(relisting())
    flagged = "/api/v1/feed-records?outcome=flagged"
    [waiting] = house.get(f"{flagged}&reviewed=false").json()["items"]
    assert (waiting["reviewedAt"], waiting["reviewedBy"], waiting["reviewNote"]) == (None, None, None)
    address = f"/api/v1/feed-records/{waiting['id']}/review"
    assert code(house.post(address, {"note": "x"}, "sealOperator")) == (403, "role_not_allowed")
    assert code(house.post(address, {"note": ""}))[0] == 422
    clock.advance(minutes=5)
    marked = house.post(address, {"note": "the masked entry itself"}, "judge").json()
    assert (marked["reviewedBy"], marked["reviewNote"]) == ("the-judge", "the masked entry itself")
    assert marked["reviewedAt"] == format_timestamp(clock.now)
    assert house.get(f"{flagged}&reviewed=false").json()["items"] == []
    assert [each["id"] for each in house.get(f"{flagged}&reviewed=true").json()["items"]] == [waiting["id"]]
    assert code(house.post("/api/v1/feed-records/99999/review", {"note": "x"})) == (404, "feed_record_not_found")


def test_another_courts_record_is_not_found(house: CourtHouse) -> None:
    house.feed(relisting())
    neighbour = replace(house.issuer.office, court=neighbour_court())
    with pytest.raises(RegisterError) as refusal:
        review(neighbour, 1, Actor("a", "a", frozenset({Role.CLERK})), note="x")
    assert refusal.value.code == "feed_record_not_found"


def test_the_administrator_marks_a_record_without_reading_it(house: CourtHouse) -> None:
    house.feed(relisting(publishDate="someday"))
    [record] = house.get("/api/v1/feed-records").json()["items"]
    assert record["errors"]
    assert code(house.get("/api/v1/feed-records", "administrator")) == (403, "role_not_allowed")
    marked = house.post(f"/api/v1/feed-records/{record['id']}/review", {"note": "x"}, "administrator").json()
    assert (marked["reviewedBy"], marked["raw"], marked["errors"]) == ("the-administrator", None, [])
    assert "someday" not in json.dumps(marked)
    assert house.post(f"/api/v1/feed-records/{record['id']}/review", {"note": "x"}, "judge").json()["raw"]


def test_what_was_found_stands_in_the_register_and_not_in_the_log(house: CourtHouse) -> None:
    house.feed(relisting())
    [record] = house.get("/api/v1/feed-records").json()["items"]
    configure_logs("info", stream=io.StringIO())
    with capture_logs() as lines:
        house.post(f"/api/v1/feed-records/{record['id']}/review", {"note": "王某来电说明"})
    [line] = [line for line in lines if line["event"] == "feed_record_reviewed"]
    assert "王某来电说明" not in str(lines)
    assert line["record"] == record["id"]
