"""Case numbers: the grammar, its readings, and a reason of its own for every way of being wrong."""

import contextlib
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from xinzheng_schemas.case_number import (
    AnyCaseNumber,
    CaseNumber,
    CaseNumberError,
    CourtTable,
    LegacyCaseNumber,
    parse_case_number,
    require_enforcement,
)

PRESENT = re.compile(
    r"[（(]([0-9]{4})[）)](最高法|[京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新内军兵](?:[0-9]{2}(?:[0-9]{2})?)?)"
    r"([\u4e00-\u9fff]{1,3})([1-9][0-9]*)号(?:之([一二三四五六七八九十]+))?"
)
LEGACY = re.compile(r"[（(]([0-9]{4})[）)]([\u4e00-\u9fff]+?)字第0*([0-9]+)(?:-[0-9]+)?号")
"""The two grammars, written down apart from the code."""

ZAOYANG = CourtTable.from_rows(
    [{"code": "鄂0683", "name": {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"}, "regionCode": "420683"}]
)


def error_of(text: str, courts: CourtTable | None = None) -> CaseNumberError:
    with pytest.raises(CaseNumberError) as caught:
        parse_case_number(text, courts=courts, field="enforcementCaseNumber")
    assert caught.value.field == "enforcementCaseNumber"
    return caught.value


@pytest.mark.parametrize(
    ("text", "number", "stored"),
    [
        ("（2022）鄂0683执123号", CaseNumber(2022, "鄂0683", "执", 123), "（2022）鄂0683执123号"),
        ("(2022)鄂0683执恢7号", CaseNumber(2022, "鄂0683", "执恢", 7), "（2022）鄂0683执恢7号"),
        ("（2022)鄂0683执7号", CaseNumber(2022, "鄂0683", "执", 7), "（2022）鄂0683执7号"),
        ("（２０２２）鄂０６８３执１２３号", CaseNumber(2022, "鄂0683", "执", 123), "（2022）鄂0683执123号"),
        ("（2020）最高法执监1号之一", CaseNumber(2020, "最高法", "执监", 1, "一"), "（2020）最高法执监1号之一"),
        ("（2016）鄂执复99999999号之十二", CaseNumber(2016, "鄂", "执复", 99999999, "十二"), None),
        ("（2023）鄂06执异3号", CaseNumber(2023, "鄂06", "执异", 3), None),
        ("（2023）兵0491民初3号", CaseNumber(2023, "兵0491", "民初", 3), None),
        ("（2015）鄂枣阳执字第00123号", LegacyCaseNumber(2015, "鄂枣阳执", 123), "（2015）鄂枣阳执字第123号"),
        ("(2014)枣法执恢字第１２-3号", LegacyCaseNumber(2014, "枣法执恢", 12, 3), "（2014）枣法执恢字第12-3号"),
        ("（2014）鄂枣阳执字第0号", LegacyCaseNumber(2014, "鄂枣阳执", 0), None),
    ],
)
def test_read(text: str, number: AnyCaseNumber, stored: str | None) -> None:
    assert parse_case_number(text) == number
    assert str(number) == (stored or text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("（2022）鄂0683执0123号", "case_number_leading_zero"),
        ("（2022）鄂683执1号", "case_number_court_code"),
        ("（2022）鄂0683执1", "case_number_hao_missing"),
        ("（2015）鄂0683执1号", "case_number_year"),
        ("", "case_number_empty"),
        ("（2022）鄂0683执1号" * 6, "case_number_too_long"),
        ("（2022）鄂0683执 1号", "case_number_blank"),
        (" （2022）鄂0683执1号", "case_number_blank"),
        ("（2022）鄂0683执1号\n", "case_number_blank"),
        ("（2022）鄂0683\u3000执1号", "case_number_blank"),
        ("（2022）鄂0683\u200b执1号", "case_number_blank"),
        ("（2022）鄂0683\u202e执1号", "case_number_blank"),
        ("2022鄂0683执1号", "case_number_brackets"),
        ("[2022]鄂0683执1号", "case_number_brackets"),
        ("〔2022〕鄂0683执1号", "case_number_brackets"),
        ("（2022鄂0683执1号", "case_number_brackets"),
        ("((2022)鄂0683执1号", "case_number_brackets"),
        ("（22）鄂0683执1号", "case_number_year_digits"),
        ("（）鄂0683执1号", "case_number_year_digits"),
        ("（二〇二二）鄂0683执1号", "case_number_year_digits"),
        ("（٢٠٢٢）鄂0683执1号", "case_number_year_digits"),
        ("（2022）X0683执1号", "case_number_court_code"),
        ("（2022）0683执1号", "case_number_court_code"),
        ("（2022）鄂06833执1号", "case_number_court_code"),
        ("（2022）鄂0执1号", "case_number_court_code"),
        ("（2022）最高法01执1号", "case_number_court_code"),
        ("（2022）", "case_number_court_code"),
        ("（2022）鄂0683", "case_number_type_malformed"),
        ("（2022）鄂0683A1号", "case_number_type_malformed"),
        ("（2022）鄂0683号", "case_number_type_malformed"),
        ("（2022）鄂0683执行监督1号", "case_number_type_malformed"),
        ("（2022）鄂0683执号", "case_number_serial"),
        ("（2022）鄂0683执1a号", "case_number_serial"),
        ("（2022）鄂0683执1-2号", "case_number_serial"),
        ("（2022）鄂0683执123456789号", "case_number_serial"),
        ("（2022）鄂0683执٣号", "case_number_type_malformed"),
        ("（2022）鄂0683执0号", "case_number_leading_zero"),
        ("（2022）鄂0683执", "case_number_hao_missing"),
        ("（2022）鄂0683执1号之1", "case_number_suffix"),
        ("（2022）鄂0683执1号之", "case_number_suffix"),
        ("（2022）鄂0683执1号x", "case_number_suffix"),
        ("（2022）鄂0683执1号号", "case_number_suffix"),
        ("（2016）鄂枣阳执字第1号", "case_number_year_legacy"),
        ("（2014）字第1号", "case_number_court_legacy"),
        ("（2014）鄂0683执字第1号", "case_number_court_legacy"),
        ("（2022）鄂0683执字第1号", "case_number_court_legacy"),
        ("（2014）鄂枣阳执字第号", "case_number_serial"),
        ("（2014）鄂枣阳执字第1-号", "case_number_serial"),
        ("（2014）鄂枣阳执字第123456789号", "case_number_serial"),
        ("（2014）鄂枣阳执字第1", "case_number_hao_missing"),
        ("（2014）鄂枣阳执字第1号之一", "case_number_trailing"),
    ],
)
def test_refused(text: str, code: str) -> None:
    error = error_of(text)
    assert error.code == code
    assert all(error.message(language) for language in ("en", "zh"))


def test_four_known_bad_numbers_get_four_messages() -> None:
    bad = ("（2022）鄂0683执0123号", "（2022）鄂683执1号", "（2022）鄂0683执1", "（2015）鄂0683执1号")
    errors = [error_of(text) for text in bad]
    assert len({error.code for error in errors}) == 4
    for language in ("en", "zh"):
        assert len({error.message(language) for error in errors}) == 4
    assert "2015" in errors[3].message("en")


# --- rules on top of the grammar ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["（2022）鄂0683执1号", "（2022）鄂0683执恢1号", "（2014）鄂枣阳执字第1号", "（2014）鄂枣阳执恢字第1号"]
)
def test_enforcement_cases(text: str) -> None:
    require_enforcement(parse_case_number(text))
    assert parse_case_number(text).resumes_enforcement == ("执恢" in text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("（2022）鄂0683执保1号", "执保"),
        ("（2022）鄂0683民初1号", "民初"),
        ("（2022）鄂0683恢1号", "恢"),
        ("（2014）鄂枣阳民初字第1号", "鄂枣阳民初"),
    ],
)
def test_other_cases_have_no_listing(text: str, kind: str) -> None:
    with pytest.raises(CaseNumberError, match=kind) as caught:
        require_enforcement(parse_case_number(text), field="/credentialSubject/enforcementCaseNumber")
    assert caught.value.code == "case_number_type"
    assert caught.value.field == "/credentialSubject/enforcementCaseNumber"


def test_court_is_looked_up_only_in_a_table() -> None:
    parse_case_number("（2022）鄂0683执1号", courts=ZAOYANG)
    parse_case_number("（2014）鄂枣阳执字第1号", courts=ZAOYANG)
    parse_case_number("（2022）鄂0684执1号")
    error = error_of("（2022）鄂0684执1号", ZAOYANG)
    assert error.code == "case_number_court_unknown"
    assert "鄂0684" in error.message("zh")
    assert error_of("（2022）鄂0683执1号", CourtTable([])).code == "case_number_court_unknown"


# --- properties -----------------------------------------------------------------------------------------------------

COURTS = st.sampled_from(["最高法", "鄂", "鄂06", "鄂0683", "兵0901", "京0491"])
KINDS = st.sampled_from(["执", "执恢", "执保", "执异", "执复", "执监", "执协", "执他", "民初", "行赔终"])
NUMBERS = st.builds(
    CaseNumber,
    st.integers(2016, 9999),
    COURTS,
    KINDS,
    st.integers(1, 99_999_999),
    st.none() | st.text("一二三四五六七八九十", min_size=1, max_size=3),
)
LEGACY_NUMBERS = st.builds(
    LegacyCaseNumber,
    st.integers(0, 2015),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=12),
    st.integers(0, 99_999_999),
    st.none() | st.integers(0, 99),
)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
HALF_WIDTH = str.maketrans("（）", "()")


@given(NUMBERS)
def test_round_trip(number: CaseNumber) -> None:
    text = str(number)
    for spelling in (text, text.translate(FULL_WIDTH), text.translate(HALF_WIDTH)):
        assert parse_case_number(spelling) == number


@given(LEGACY_NUMBERS, st.integers(0, 5))
def test_legacy_round_trip(number: LegacyCaseNumber, zeros: int) -> None:
    assume("字第" not in number.court_and_type)
    text = str(number)
    for spelling in (text, text.translate(FULL_WIDTH), text.translate(HALF_WIDTH)):
        assert parse_case_number(spelling) == number
    assert parse_case_number(text.replace("字第", "字第" + "0" * zeros)) == number


@given(st.from_regex(PRESENT, fullmatch=True) | st.from_regex(LEGACY, fullmatch=True) | NUMBERS.map(str) | st.text())
@example("（2014）字第字第1号")
def test_accepts_what_the_grammar_and_the_rules_allow_and_nothing_else(text: str) -> None:
    present, legacy = PRESENT.fullmatch(text), LEGACY.fullmatch(text)
    digits = re.findall(r"[0-9]+", text)
    allowed = (
        len(text) <= 64
        and all(len(each.lstrip("0")) <= 8 and len(each) <= 40 for each in digits)
        and ((present and int(present[1]) >= 2016 and "字第" not in present[3]) or (legacy and int(legacy[1]) < 2016))
    )
    if allowed and legacy and any(len(each) > 8 for each in digits):
        return  # zeros before the serial number are free, zeros behind the hyphen are not
    try:
        number = parse_case_number(text)
    except CaseNumberError:
        assert not allowed
    else:
        assert allowed or text != text.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
        assert parse_case_number(str(number)) == number


@given(NUMBERS, st.data())
def test_one_changed_character_never_gives_the_same_number(number: CaseNumber, data: st.DataObject) -> None:
    text = str(number)
    position = data.draw(st.integers(0, len(text) - 1))
    changed = text[:position] + data.draw(st.sampled_from("0123456789（）()执恢鄂号之一 x")) + text[position + 1 :]
    assume(changed.translate(str.maketrans("()", "（）")) != text)
    with contextlib.suppress(CaseNumberError):
        assert parse_case_number(changed) != number


@given(st.text(max_size=80) | st.text("（）()0123456789０鄂执恢最高法字第号之一-\u200b ", max_size=30))
def test_any_text_gives_a_number_or_a_coded_error(text: str) -> None:
    try:
        parse_case_number(text)
    except CaseNumberError as error:
        assert error.message("zh") != error.message("en")  # noqa: PT017
