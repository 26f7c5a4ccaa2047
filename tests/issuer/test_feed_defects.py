"""Records with defects: what stands in them without doubt counts, what does not is put before a person."""

import json
import re
import tracemalloc
import unicodedata
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.office import (
    ID_NUMBER,
    NOW,
    OTHER_ID_NUMBER,
    CourtHouse,
    application,
    code,
    masking,
    relisting,
)
from xinzheng_issuer.errors import FeedError
from xinzheng_issuer.feed import intake
from xinzheng_issuer.feed.batches import split_batch
from xinzheng_issuer.feed.personal_numbers import record_without_personal_numbers, without_personal_numbers

BATCHES = "/api/v1/feed-batches"
TODAY = relisting(publishDate=NOW.date().isoformat(), caseCode="（2022）鄂0683执123号")
TEXT = json.dumps(TODAY, ensure_ascii=False)


def deliver(house: CourtHouse, text: str | bytes) -> dict[str, Any]:
    content = text if isinstance(text, bytes) else text.encode()
    answer = house.post(BATCHES, content=content)
    assert answer.status_code == 200, answer.text
    (record,) = answer.json()["records"]
    found: dict[str, Any] = record
    return found


def codes(record: dict[str, Any]) -> list[str]:
    return [error["code"] for error in record["errors"]]


def with_member(text: str) -> str:
    """The record with one more member in front."""
    return TEXT.replace("{", "{" + text + ", ", 1)


# --- side fields ------------------------------------------------------------------------------------------------------

SIDE_DEFECTS = {
    "half an emoji": with_member(r'"gistUnit": "\ud83d"'),
    "a side field twice": with_member('"duty": "x"'),
    "a number beyond 2^53": with_member('"unperformPart": 12345678901234567890'),
    "no number": with_member('"age": NaN'),
    "a line break in a text": with_member('"gistUnit": "a\nb"'),
    "an unknown escape": with_member(r'"gistUnit": "C:\q"'),
    "members in plenty": with_member(", ".join(f'"m{place}": 1' for place in range(600))),
    "the same name twice": with_member('"iname": "王某"'),
    "octets of another encoding": with_member('"gistUnit": "?"').encode().replace(b"?", "法院".encode("gbk")),
}


@pytest.mark.parametrize("text", SIDE_DEFECTS.values(), ids=SIDE_DEFECTS)
def test_a_defect_in_a_side_field_does_not_keep_a_certificate_in_force(house: CourtHouse, text: str | bytes) -> None:
    number = house.certificate()["certificateNumber"]
    record = deliver(house, f"[{text}]" if isinstance(text, str) and "\n" in text else text)
    assert (record["outcome"], record["effect"], house.state(number)) == ("applied", "revoked", "revoked")
    assert "feed_record_defective" in codes(record)


@pytest.mark.parametrize("number", [OTHER_ID_NUMBER, OTHER_ID_NUMBER + ".0"])
def test_a_card_number_as_spreadsheets_write_it_is_read_and_not_kept(house: CourtHouse, number: str) -> None:
    certificate = house.certificate(application(idNumber=OTHER_ID_NUMBER))["certificateNumber"]
    text = json.dumps(TODAY | {"iname": "王某某", "cardNum": 0}, ensure_ascii=False)
    wanted = "revoked" if number == OTHER_ID_NUMBER else "none"
    record = deliver(house, text.replace('"cardNum": 0', f'"cardNum": {number}'))
    assert (record["effect"], house.state(certificate)) == (wanted, "revoked" if wanted == "revoked" else "active")
    [kept] = house.get("/api/v1/feed-records").json()["items"]
    assert json.loads(kept["raw"])["cardNum"] == "4206831985****1235"


def test_a_record_with_a_defect_rules_out_earlier_look_ups(house: CourtHouse) -> None:
    case = house.apply(application(idNumber=OTHER_ID_NUMBER))
    text = json.dumps(TODAY | {"cardNum": int(OTHER_ID_NUMBER)}, ensure_ascii=False)
    assert codes(deliver(house, text))[0] == "feed_application_open"
    answer = house.post(f"{case}/masking-confirmation", masking(NOW), "judge")
    assert code(answer) == (422, "list_check_before_relisting")


# --- what decides -----------------------------------------------------------------------------------------------------

DOUBTS = {
    "two names": (with_member('"iname": "李某"'), "feed_field_twice"),
    "two numbers": (with_member(f'"cardNum": "{OTHER_ID_NUMBER}"'), "feed_field_twice"),
    "two cases": (with_member('"caseCode": "（2022）鄂0683执9号"'), "feed_field_twice"),
    "two days": (with_member('"publishDate": "20200101"'), "feed_field_twice"),
    "half an emoji in the name": (TEXT.replace("王某", r"王\ud83d"), "feed_field_damaged"),
    "NUL in the name": (TEXT.replace("王某", r"王某\u0000"), "feed_field_damaged"),
    "no day": (TEXT.replace(TODAY["publishDate"], "someday"), "feed_date_malformed"),
    "no name": (TEXT.replace("iname", "name"), "feed_field_missing"),
    "no end": (TEXT[:-1], "feed_record_malformed"),
    "beyond all bounds": (with_member(f'"x": "{"y" * 70_000}"'), "feed_record_malformed"),
}


@pytest.mark.parametrize(("text", "problem"), DOUBTS.values(), ids=DOUBTS)
def test_a_doubt_about_what_decides_is_put_before_a_person_and_no_earlier_look_up_counts(
    house: CourtHouse, text: str, problem: str
) -> None:
    number = house.certificate(application(purpose=["bidding"]))["certificateNumber"]
    case = house.apply(application(supersedes=number))
    record = deliver(house, text)
    assert (record["outcome"], record["effect"], house.state(number)) == ("flagged", "none", "active")
    assert codes(record)[:2] == ["feed_record_unclear"] * 2
    assert problem in codes(record)
    assert code(house.post(f"{case}/masking-confirmation", masking(NOW), "judge"))[1] == "list_check_before_relisting"
    house.clock.advance(hours=1)
    house.confirm(case)


@pytest.mark.parametrize(
    "changes",
    [
        {"iname": "李某", "cardNum": "4206831985****1235"},
        {"cardNum": OTHER_ID_NUMBER},
        {"caseCode": "（2022）鄂0683执9号", "iname": "李某", "cardNum": ""},
    ],
)
def test_what_is_read_of_another_person_or_case_rules_nothing_out(house: CourtHouse, changes: dict[str, str]) -> None:
    case = house.apply()
    record = deliver(house, json.dumps(TODAY | changes | {"publishDate": "someday"}))
    assert (record["outcome"], codes(record)) == ("rejected", ["feed_date_malformed"])
    house.confirm(case)


def test_an_unreadable_record_from_before_the_application_counts_too(house: CourtHouse) -> None:
    assert deliver(house, json.dumps(TODAY | {"iname": ""}))["outcome"] == "rejected"
    case = house.apply()
    assert code(house.post(f"{case}/masking-confirmation", masking(NOW), "judge"))[1] == "list_check_before_relisting"


# --- NUL --------------------------------------------------------------------------------------------------------------


def test_nul_spoils_its_own_record_alone(shared_house: CourtHouse) -> None:
    house = shared_house
    number = house.certificate()["certificateNumber"]
    lines = ['{"iname":"a\0b"}', r'{"\u0000": "\u0000", "iname": "\u0000"}', TEXT.replace("{", r'{"x\u0000": 1, ', 1)]
    answer = house.post(BATCHES, content="\n".join(lines).encode())
    assert [record["outcome"] for record in answer.json()["records"]] == ["rejected", "rejected", "applied"]
    assert house.state(number) == "revoked"
    assert len(house.get("/api/v1/feed-records").json()["items"]) == 3


def test_a_record_that_cannot_be_kept_as_it_is_spoils_no_other(
    shared_house: CourtHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = shared_house
    number = house.certificate()["certificateNumber"]
    keep = intake._keep

    def failing(store: Any, row: Any, result: Any) -> None:
        if row.name == "李某" and "feed_record_failed" not in [error.code for error in result.errors]:
            row.line = None
        keep(store, row, result)

    monkeypatch.setattr(intake, "_keep", failing)
    records = house.feed(relisting(iname="李某"), TODAY)["records"]
    assert [record["outcome"] for record in records] == ["rejected", "applied"]
    assert codes(records[0]) == ["feed_record_failed"]
    assert house.state(number) == "revoked"
    assert [each["line"] for each in house.get("/api/v1/feed-records").json()["items"]] == [1, 2]


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("/api/v1/applications/%00", (404, "route_not_found")),
        ("/api/v1/certificates/%00", (404, "route_not_found")),
        ("/status/420683/1/%00", (404, "route_not_found")),
        ("/did/%00/did.json", (404, "route_not_found")),
        ("/api/v1/feed-records?batch=%00", (422, "text_invisible_character")),
        ("/api/v1/feed-records?%00=1", (422, "text_invisible_character")),
    ],
)
def test_nul_in_an_address_has_one_answer(shared_house: CourtHouse, address: str, answer: tuple[int, str]) -> None:
    assert code(shared_house.get(address)) == answer


def test_nul_in_a_body_is_refused_by_field(shared_house: CourtHouse) -> None:
    number = shared_house.certificate()["certificateNumber"]
    for body, field in (
        ({"reason": "a\0b"}, "reason"),
        ({"reason": "x", "note": "\0"}, "note"),
        ({"\0": 1}, ""),
        ({"papers": ["x", {"y": "\0"}]}, "papers/1/y"),
    ):
        answer = shared_house.post(f"/api/v1/certificates/{number}/suspension", body)
        assert code(answer) == (422, "text_invisible_character")
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert shared_house.state(number) == "active"


# --- privacy ----------------------------------------------------------------------------------------------------------


def seen(text: str) -> str:
    """All that a reader can make of a kept record, without blanks."""
    with suppress(ValueError):
        text += json.dumps(json.loads(text), ensure_ascii=False)
    plain = unicodedata.normalize("NFKC", re.sub(r"\\u([0-9a-fA-F]{4})", lambda each: chr(int(each[1], 16)), text))
    return re.sub(r"\s|\\[nrtbf]", "", plain).upper()


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(
    "duty",
    [
        f"被执行人身份证号{OTHER_ID_NUMBER}，住枣阳市。",
        "号420683 19850615 1235",
        "号４２０６８３　１９８５０６１５　１２３５",
        "号420683\n19850615\t1235",
        rf"{{\"cardNum\": \"\u0034{OTHER_ID_NUMBER[1:]}\"}}",
    ],
)
def test_no_full_number_stays_however_it_is_written(house: CourtHouse, duty: str, *, ascii_only: bool) -> None:
    record = relisting(duty=duty, cardNum="4206831985****1235")
    house.post(BATCHES, content=json.dumps([record], ensure_ascii=ascii_only).encode())
    [kept] = house.get("/api/v1/feed-records").json()["items"]
    assert OTHER_ID_NUMBER not in seen(kept["raw"])
    assert json.loads(kept["raw"])["iname"] == record["iname"]


@pytest.mark.parametrize(
    "text",
    [
        f'{{"a": {OTHER_ID_NUMBER}}}',
        f'{{"a": [{OTHER_ID_NUMBER}.0, 4.20683198506151235e17, 420683198506151235E0]}}',
        f'{{"{OTHER_ID_NUMBER}": 1, "a": NaN}}',
        rf'{{"a": "\u0034{OTHER_ID_NUMBER[1:]}"',
        rf'{{"a": "\u53f7{OTHER_ID_NUMBER}", ]',
        rf'{{"a": "{OTHER_ID_NUMBER[:9]}\u0035{OTHER_ID_NUMBER[10:]}", ]',
        f'{{"a": "{OTHER_ID_NUMBER[:6]} {OTHER_ID_NUMBER[6:14]}\\n{OTHER_ID_NUMBER[14:]}"',
        f'{{"a": 1, "a": "{OTHER_ID_NUMBER}"}}',
    ],
)
def test_no_full_number_stays_in_what_is_no_strict_json(text: str) -> None:
    kept = record_without_personal_numbers(text)
    assert OTHER_ID_NUMBER not in seen(kept)
    assert "****" in kept


def test_what_holds_no_number_is_kept_as_it_came() -> None:
    for text in ('{ "a":1,"a" :  2.50, "b": "\\u53f7\\ud83d" }', "{not json", "1e999"):
        assert record_without_personal_numbers(text) == text


def test_a_number_torn_within_an_escape() -> None:
    assert without_personal_numbers('{"a": "42068319850615\\u00', torn=True) == '{"a": "4206831985****'


@given(
    before=st.text(max_size=4),
    gaps=st.lists(st.sampled_from(["", " ", "\u3000", "\n"]), min_size=17, max_size=17),
    forms=st.lists(st.sampled_from(["plain", "wide", "escaped"]), min_size=18, max_size=18),
    after=st.sampled_from(["", ","]),
    broken=st.booleans(),
)
def test_every_writing_of_a_number_is_masked(
    before: str, gaps: list[str], forms: list[str], after: str, *, broken: bool
) -> None:
    def written(character: str, form: str) -> str:
        wide = chr(ord(character) + 0xFEE0)
        return {"plain": character, "wide": wide, "escaped": f"\\u{ord(character):04x}"}[form]

    number = written(ID_NUMBER[0], forms[0])
    for gap, character, form in zip(gaps, ID_NUMBER[1:], forms[1:], strict=True):
        number += json.dumps(gap)[1:-1] + written(character, form)
    text = '{"duty": ' + json.dumps(before + "号")[:-1] + number + after + '"' + ("" if broken else "}")
    assert ID_NUMBER not in seen(record_without_personal_numbers(text))


# --- bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"1\n" * 524_288, b"[" + b"1," * 524_288 + b"1]"])
def test_records_beyond_the_limit_are_not_even_made(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FeedError) as found:
            split_batch(data, max_records=100)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.value.code == "feed_too_many_records"
    assert peak < 8 * len(data)
