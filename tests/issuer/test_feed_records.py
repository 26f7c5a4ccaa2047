"""Public-list records with all their oddities: read, or reported by field; none is lost."""

import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.office import relisting
from xinzheng_issuer.errors import FeedError, RefusalError
from xinzheng_issuer.feed.batches import split_batch
from xinzheng_issuer.feed.personal_numbers import without_personal_numbers
from xinzheng_issuer.feed.records import ListPerformance, ListRecord, PartlyHidden, read_card, read_record
from xinzheng_schemas.identity import DocumentNumber, MaskedId, ResidentId, UnifiedSocialCreditCode
from xinzheng_schemas.vocabulary import ListingGround


def record(**changes: Any) -> ListRecord:
    return read_record(json.dumps(relisting(**changes), ensure_ascii=False))


def remarks(found: ListRecord) -> list[tuple[str | None, str]]:
    return [(remark.field, remark.code) for remark in found.remarks]


def refusal(text: str) -> list[tuple[str | None, str]]:
    with pytest.raises(RefusalError) as found:
        read_record(text)
    return [(problem.field, problem.code) for problem in found.value.problems]


# --- fields -----------------------------------------------------------------------------------------------------------


def test_the_storys_record() -> None:
    found = record(regDate="20220117", disruptTypeName="违反财产报告制度")
    assert found.name == "王某"
    assert found.card == MaskedId.parse("4206831990****001X")
    assert str(found.case_number) == "（2022）鄂0683执123号"
    assert found.published_on == date(2022, 11, 28)
    assert found.filed_on == date(2022, 1, 17)
    assert found.grounds == (ListingGround.ART1_4,)
    assert found.performance is ListPerformance.PART
    assert found.details["sexy"] == "男"
    assert "performedPart" not in found.details
    assert "unperformPart" not in found.details
    assert found.remarks == ()


@pytest.mark.parametrize(
    "text",
    [
        "20190709",
        "2019-07-09",
        "2019/7/9",
        "2019.07.09",
        "2019年07月09日",
        "2019年7月9日",
        " 20190709 ",
        "２０１９０７０９",
        "2019-07-09 00:00:00",
        "2019-07-09T00:00:00.0",
    ],
)
def test_dates_in_every_spelling(text: str) -> None:
    assert record(publishDate=text).published_on == date(2019, 7, 9)


@pytest.mark.parametrize("text", ["2019-02-30", "2019079", "201907", "09.07.2019", "2019年", "yesterday", "20191309"])
def test_dates_that_are_none(text: str) -> None:
    assert refusal(json.dumps(relisting(publishDate=text))) == [("publishDate", "feed_date_malformed")]
    assert remarks(record(regDate=text)) == [("regDate", "feed_date_malformed")]


@pytest.mark.parametrize(
    "text",
    [
        "（2022）鄂0683执123号",
        "(2022)鄂0683执123号",
        "〔2022〕鄂0683执123号",
        "[2022]鄂0683执123号",
        "【2022】鄂0683执123号",
        " （2022） 鄂0683执123号\n",
        "（２０２２）鄂０６８３执１２３号",
    ],
)
def test_case_numbers_in_every_spelling(text: str) -> None:
    assert str(record(caseCode=text).case_number) == "（2022）鄂0683执123号"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("42068319900101001X", ResidentId),
        ("42068319900101001x", ResidentId),
        ("４２０６８３１９９００１０１００１Ｘ", ResidentId),
        ("4206831990****001X", MaskedId),
        ("420683********001X", MaskedId),
        ("91420683MA0000007M", UnifiedSocialCreditCode),
        ("91420683MA****007M", PartlyHidden),
        ("MA0000007", DocumentNumber),
        ("MA000000-7", DocumentNumber),
        ("4206831990＊＊＊＊001X", MaskedId),
    ],
)
def test_card_numbers_of_every_kind(text: str, kind: type) -> None:
    assert isinstance(record(cardNum=text).card, kind)


@pytest.mark.parametrize("text", ["12345", "420683199001010011", "***", "E12345678901234567890"])
def test_card_numbers_that_cannot_be_read_are_reported_without_being_shown(text: str) -> None:
    found = record(cardNum=text)
    assert found.card is None
    assert remarks(found) == [("cardNum", "feed_card_number_malformed")]
    assert text not in str(found.remarks[0])


def test_partly_hidden_numbers_compare_place_by_place() -> None:
    card = read_card("91420683MA****007M")
    assert isinstance(card, PartlyHidden)
    assert card.may_be("91420683MA0000007M")
    assert not card.may_be("91420683MA0000008M")
    assert not card.may_be("91420683MA000000")


@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        ("有履行能力而拒不履行生效法律文书确定义务", ("art1-1",)),
        ("其他有履行能力而拒不履行生效法律文书确定义务的", ("art1-1",)),
        ("伪造证据妨碍、抗拒执行", ("art1-2",)),
        ("以暴力、威胁方法妨碍、抗拒执行", ("art1-2",)),
        ("虚假诉讼规避执行", ("art1-3",)),
        ("隐匿、转移财产规避执行", ("art1-3",)),
        ("违反财产报告制度", ("art1-4",)),
        ("违反限制高消费令", ("art1-5",)),
        ("违反限制消费令，违反财产报告制度", ("art1-4", "art1-5")),
        ("无正当理由拒不履行执行和解协议", ("art1-6",)),
        ("违反财产报告制度,,违反财产报告制度", ("art1-4",)),
        ("", ()),
        (None, ()),
    ],
)
def test_grounds_by_their_words(text: str | None, grounds: tuple[str, ...]) -> None:
    assert record(disruptTypeName=text).grounds == grounds


def test_what_does_not_decide_is_reported_and_not_in_the_way() -> None:
    found = record(disruptTypeName="看不懂", performance="不详", sexy="?", age=None, colour="red")
    assert set(remarks(found)) == {
        ("disruptTypeName", "feed_ground_unknown"),
        ("performance", "feed_performance_unknown"),
        ("colour", "feed_field_unknown"),
    }


@pytest.mark.parametrize("words", ["全部未履行", " 部分未履行", "全部 已履行"])
def test_performance_in_its_words(words: str) -> None:
    assert record(performance=words).performance is not None
    assert record(performance="暂无").performance is None


def test_all_that_decides_is_asked_for_at_once() -> None:
    assert refusal("{}") == [
        ("iname", "feed_field_missing"),
        ("caseCode", "feed_field_missing"),
        ("publishDate", "feed_field_missing"),
    ]
    assert refusal('{"iname": ["王某"], "caseCode": "x", "publishDate": true}') == [
        ("iname", "feed_field_missing"),
        ("caseCode", "feed_case_number_malformed"),
        ("publishDate", "feed_field_missing"),
    ]


@pytest.mark.parametrize("text", ["", "[]", "1", "{", '{"a": 1, "a": 2}', '{"a": NaN}', "\ud800"])
def test_what_is_no_record(text: str) -> None:
    assert refusal(text) == [(None, "feed_record_malformed")]


def test_original_cases_of_a_courts_own_feed() -> None:
    one = record(caseCode="（2026）鄂0683执恢9号", originalCaseCode="(2022)鄂0683执123号")
    several = record(originalCaseCode=["(2022)鄂0683执123号", "？"])
    assert [str(number) for number in one.original_case_numbers] == ["（2022）鄂0683执123号"]
    assert len(several.original_case_numbers) == 1
    assert remarks(several) == [("originalCaseCode", "feed_case_number_malformed")]


def test_the_same_record_in_another_spelling_is_the_same() -> None:
    assert record().identity == record(caseCode="（2022）鄂0683执123号", publishDate="20221128", age="33").identity
    assert record().identity != record(publishDate="20221129").identity
    assert record().identity != record(cardNum=None).identity
    full = record(cardNum="42068319900101001X")
    assert full.identity == record(cardNum="42068319900101001x").identity


# --- deliveries -------------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(st.lists(json_values, min_size=1, max_size=8), st.booleans(), st.sampled_from([None, 1]))
def test_an_array_falls_into_its_elements(values: list[Any], ascii_only: bool, indent: int | None) -> None:
    data = json.dumps(values, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    found = split_batch(data, max_records=100)
    assert [json.loads(each.text) for each in found] == values
    assert [each.line for each in found] == list(range(1, len(values) + 1))


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\n")), min_size=1))
def test_every_line_that_is_not_blank_is_a_record(lines: list[str]) -> None:
    text = "\n".join(lines)
    wanted = [
        number for number, line in enumerate(lines, 1) if line.removeprefix("\ufeff" if number == 1 else "").strip()
    ]
    if text.removeprefix("\ufeff").strip().startswith("[") or not wanted:
        return
    found = split_batch(text.encode(), max_records=10_000)
    assert [each.line for each in found] == wanted or len(found) == 1


@given(st.dictionaries(st.sampled_from([*relisting(), "other"]), json_values | st.text()))
def test_any_object_is_read_or_refused_with_reasons(raw: dict[str, Any]) -> None:
    try:
        reasons = list(read_record(json.dumps(raw)).remarks)
    except RefusalError as error:
        reasons = list(error.problems)
    decides = {"iname", "caseCode", "publishDate"}
    assert decides <= raw.keys() or reasons
    assert all(reason.message("zh") for reason in reasons)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfe", "its text is not UTF-8"),
        ('{"a":1}'.encode("utf-16"), "its text is not UTF-8"),
        (b"", "it holds nothing"),
        (b"  \n ", "it holds nothing"),
        (b"[]", "it holds nothing"),
        (b"[", "the array breaks off or is damaged"),
        (b'["', "the array breaks off or is damaged"),
        (b"[{]", "the array breaks off or is damaged"),
        (b"[[1", "the array breaks off or is damaged"),
    ],
)
def test_what_is_no_delivery_is_refused_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(FeedError) as found:
        split_batch(data, max_records=5)
    assert found.value.code == "feed_malformed"
    assert reason in found.value.message("en")
    assert not re.search("[A-Za-z]{5}", found.value.message("zh"))


GOOD = '{"iname": "王"}'


@pytest.mark.parametrize(
    ("text", "good", "damaged"),
    [
        (f"[{GOOD}, {{bad]", 1, "{bad]"),
        (f'[{GOOD}, {GOOD}, {{"iname": "李', 2, '{"iname": "李'),
        (f"[{GOOD}, {GOOD}", 2, ""),
        (f"[{GOOD},", 1, ""),
        (f"[{GOOD}] and more", 1, "and more"),
    ],
)
def test_an_array_that_is_damaged_gives_what_stands_before_the_damage(text: str, good: int, damaged: str) -> None:
    *records, last = split_batch(text.encode(), max_records=9)
    assert [(each.line, each.text, each.damage) for each in records] == [(n, GOOD, None) for n in range(1, good + 1)]
    assert (last.line, last.text) == (good + 1, damaged)
    assert last.damage is not None
    assert last.damage.code == "feed_array_damaged"


@given(st.lists(st.fixed_dictionaries({"iname": st.text(max_size=6)}), min_size=2, max_size=4), st.data())
def test_wherever_an_array_is_cut_the_elements_before_are_whole(values: list[Any], data: st.DataObject) -> None:
    parts = [json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") for value in values]
    whole = b"[" + b",".join(parts) + b"]"
    cut = data.draw(st.integers(len(parts[0]) + 2, len(whole) - 1))
    found = split_batch(whole[:cut], max_records=99)
    intact = sum(len(b"[" + b",".join(parts[:count])) <= cut for count in range(1, len(parts) + 1))
    assert [each.text.encode() for each in found if each.damage is None] == parts[:intact]
    assert found[-1].damage is not None


def test_octets_that_are_no_text_spoil_their_own_record_alone() -> None:
    lines = split_batch(GOOD.encode() + b"\n" + '{"iname": "李"}'.encode("gbk") + b"\n" + GOOD.encode(), max_records=9)
    assert [each.damage and each.damage.code for each in lines] == [None, "feed_record_not_utf8", None]
    assert "\\xc0" in lines[1].text


def test_a_delivery_has_a_limit() -> None:
    with pytest.raises(FeedError) as found:
        split_batch(b"[1,2,3]", max_records=2)
    assert found.value.code == "feed_too_many_records"


def test_a_byte_order_mark_and_one_object_over_several_lines() -> None:
    (only,) = split_batch('\ufeff{\n  "iname": "王"\n}'.encode(), max_records=5)
    assert json.loads(only.text) == {"iname": "王"}


# --- privacy ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("42068319900101001X", "4206831990****001X"),
        ("证件号42068319900101001x。", "证件号4206831990****001x。"),
        ("４２０６８３１９９００１０１００１Ｘ", "４２０６８３１９９０****００１Ｘ"),
        ("142068319900101001X", "142068319900101001X"),
        ("42068319901301001X", "42068319901301001X"),
        ("91420683MA0000007M", "91420683MA0000007M"),
        ("420683198506151235,420683199001010011", "4206831985****1235,4206831990****0011"),
    ],
)
def test_full_numbers_do_not_stay(text: str, kept: str) -> None:
    assert without_personal_numbers(text) == kept


@pytest.mark.parametrize("missing", range(1, 9))
def test_what_is_left_of_a_torn_number_does_not_stay_either(missing: int) -> None:
    text = '{"cardNum": "42068319900101001X'[:-missing]
    assert without_personal_numbers(text, torn=True) == '{"cardNum": "4206831990' + ("****" if missing < 8 else "")
