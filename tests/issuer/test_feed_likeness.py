"""The same person is known again: names in another spelling, numbers half hidden, passports, resumed cases."""

from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from support.office import (
    NOW,
    OTHER_ID_NUMBER,
    CourtHouse,
    application,
    code,
    company_application,
    masking,
    relisting,
)
from xinzheng_issuer.register.migration import upgrade
from xinzheng_issuer.register.migrations.versions import v0008_feed_likeness
from xinzheng_issuer.register.names import folded_name

OWN = "（2022）鄂0683执123号"
OTHER = "（2026）鄂0606执3号"
COMPANY = company_application(name="枣阳（光明）建筑有限公司")
COMPANY_CASE = COMPANY["enforcementCaseNumber"]
# The second passes the check of an organization code, as one passport in eleven does.
PASSPORTS = ["E12345674", "E12345673"]


def record(**changes: Any) -> dict[str, Any]:
    return relisting(**({"publishDate": NOW.date().isoformat(), "gistId": ""} | changes))


def only(answer: dict[str, Any]) -> tuple[str, list[str]]:
    (found,) = answer["records"]
    return found["effect"], [error["code"] for error in found["errors"] if error["field"] is None]


@pytest.mark.parametrize(
    "name",
    [
        "枣阳(光明)建筑有限公司",
        "枣阳〔光明〕建筑有限公司",
        " 枣阳（光明）　建筑有限公司",
        "枣阳（光明）建筑有限公司\u200b",
    ],
)
def test_a_name_in_another_spelling_is_the_same(house: CourtHouse, name: str) -> None:
    house.certificate(COMPANY)
    assert only(house.feed(record(iname=name, caseCode=OTHER, cardNum="暂无"))) == ("none", ["feed_identity_unclear"])
    assert only(house.feed(record(iname=name, caseCode=COMPANY_CASE, cardNum="暂无"))) == ("suspended", [])


def test_a_blank_in_a_name_does_not_part_a_person_from_a_look_up(house: CourtHouse) -> None:
    case = house.apply()
    house.feed(record(iname="王 某", cardNum="420683********001X", caseCode=OTHER))
    assert code(house.post(f"{case}/masking-confirmation", masking(NOW), "judge"))[1] == "list_check_before_relisting"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿·买提", "阿•买提"),
        ("SMITH John", "Ｓmith john"),
        ("甲[集团]公司", "甲【集团】公司"),
    ],
)
def test_spellings_that_do_not_matter(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other)


def test_a_record_is_remembered_in_every_spelling(house: CourtHouse) -> None:
    number = house.certificate(COMPANY)["certificateNumber"]
    full = record(iname=COMPANY["name"], caseCode=COMPANY_CASE, cardNum="")
    half = full | {"iname": "枣阳(光明)建筑有限公司"}
    assert only(house.feed(full))[0] == "suspended"
    for who in ("judge", "approver"):
        house.post(f"/api/v1/certificates/{number}/reinstatement", {"reason": "另案"}, who)
    assert house.feed(half)["records"][0]["repeated"] is True
    assert house.state(number) == "active"


@pytest.mark.parametrize("card", ["MA000****", "MA0000**-7", "91420683MA****007M"])
def test_a_hidden_organization_code_is_that_of_the_company(house: CourtHouse, card: str) -> None:
    house.certificate(COMPANY)
    assert only(house.feed(record(iname=COMPANY["name"], caseCode=COMPANY_CASE, cardNum=card))) == ("revoked", [])


@pytest.mark.parametrize("card", ["MA001****", "92420683MA****007M", "****0000"])
def test_a_hidden_code_of_another_company_is_not(house: CourtHouse, card: str) -> None:
    house.certificate(COMPANY)
    found = house.feed(record(iname=COMPANY["name"], caseCode=COMPANY_CASE, cardNum=card))
    assert only(found) == ("none", ["feed_namesake"])


@pytest.mark.parametrize("kind", ["passport", "other"])
@pytest.mark.parametrize("number", PASSPORTS)
def test_a_passport_is_known_by_its_number(house: CourtHouse, number: str, kind: str) -> None:
    body = application(idType=kind, idNumber=number, name="SMITH JOHN")
    house.certificate(body)
    house.certificate(body | {"enforcementCaseNumber": "（2022）鄂0683执124号"})
    found = house.feed(record(iname="史密斯", cardNum=number.lower(), caseCode=OWN))["records"][0]
    assert sorted(each["effect"] for each in found["effects"]) == ["revoked", "suspended"]


@pytest.mark.parametrize("number", PASSPORTS)
def test_a_passport_speaks_against_earlier_look_ups_under_any_name(house: CourtHouse, number: str) -> None:
    case = house.apply(application(idType="other", idNumber=number, name="SMITH JOHN"))
    house.feed(record(iname="史密斯", cardNum=number, caseCode=OTHER))
    assert code(house.post(f"{case}/masking-confirmation", masking(NOW), "judge"))[1] == "list_check_before_relisting"


@pytest.mark.parametrize(
    ("card", "result"),
    [
        ("E1*****74", ("suspended", [])),
        ("E1*****75", ("none", ["feed_namesake"])),
        ("E99999991", ("suspended", [])),
    ],
)
def test_a_passport_that_is_half_hidden_leaves_a_doubt(
    house: CourtHouse, card: str, result: tuple[str, list[str]]
) -> None:
    house.certificate(application(idType="passport", idNumber=PASSPORTS[0], name="SMITH JOHN"))
    assert only(house.feed(record(iname="SMITH JOHN", cardNum=card, caseCode=OWN))) == result


RESUMED = application(enforcementCaseNumber="（2022）鄂0683执恢7号", originalCaseNumber=["（2021）鄂0683执99号"])


@pytest.mark.parametrize("name", ["王 某", "王某某"])
def test_a_listing_under_the_case_that_was_resumed_is_found_by_its_number(shared_house: CourtHouse, name: str) -> None:
    number = shared_house.certificate(RESUMED)["certificateNumber"]
    other = record(iname=name, cardNum="420683********001X", caseCode="（2021）鄂0683执9号")
    assert only(shared_house.feed(other))[0] == ("suspended" if name == "王 某" else "none")
    own = other | {"caseCode": "(2021)鄂0683执99号"}
    assert only(shared_house.feed(own))[0] == "revoked"
    assert shared_house.state(number) == "revoked"


def test_cases_and_records_of_an_earlier_register_are_found_too(shared_house: CourtHouse) -> None:
    house, engine = shared_house, shared_house.issuer.office.register.engine
    company, resumed = (house.certificate(body)["certificateNumber"] for body in (COMPANY, RESUMED))
    case = house.apply(application(name="李某（甲）", enforcementCaseNumber="（2022）鄂0683执200号"))
    house.feed(record(iname="李某(甲)", cardNum="", caseCode="（2022）鄂0683执200号"))
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        v0008_feed_likeness.downgrade()
        connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))
        connection.execute(
            text("UPDATE feed_record SET name = ' 李某(甲)', case_number = 'x', raw = replace(raw, :had, :has)"),
            {"had": '"sexy"', "has": rf'"duty": "\u53f7{OTHER_ID_NUMBER}", "sexy"'},
        )
    upgrade(engine)
    [kept] = house.get("/api/v1/feed-records").json()["items"]
    assert "4206831985****1235" in kept["raw"]
    assert OTHER_ID_NUMBER not in kept["raw"]
    assert only(house.feed(record(iname="枣阳(光明)建筑有限公司", cardNum="", caseCode=COMPANY_CASE)))[0] == "suspended"
    hidden = record(iname="不详", cardNum="420683********001X", caseCode="（2021）鄂0683执99号")
    assert only(house.feed(hidden))[0] == "revoked"
    assert (house.state(company), house.state(resumed)) == ("suspended", "revoked")
    assert code(house.post(f"{case}/masking-confirmation", masking(NOW), "judge"))[1] == "list_check_before_relisting"
