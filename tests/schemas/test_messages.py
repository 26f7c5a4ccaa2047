"""The catalogue: each code of the strict readers and value types is reached, and speaks both languages."""

import string
from collections.abc import Callable

import pytest

from xinzheng_schemas import base64url, bitstring, multibase, strict_json, timestamps
from xinzheng_schemas.case_number import CourtTable, parse_case_number, require_enforcement
from xinzheng_schemas.errors import CodedError, Message, language_from
from xinzheng_schemas.identity import DocumentNumber, IdCommitment, MaskedId, ResidentId, UnifiedSocialCreditCode
from xinzheng_schemas.messages import MESSAGES
from xinzheng_schemas.vocabulary import IdType

COURT = {"code": "鄂0683", "name": {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"}, "regionCode": "420683"}

REFUSALS: dict[str, Callable[[], object]] = {
    "malformed": lambda: strict_json.loads(b"{"),
    "duplicate_member": lambda: strict_json.loads(b'{"a":1,"a":1}'),
    "too_complex": lambda: strict_json.loads(b"[" * 33),
    "too_large": lambda: strict_json.loads(b" " * 300_000),
    "number_range": lambda: strict_json.loads(b"1e999"),
    "date_malformed": lambda: timestamps.parse_date("2026-02-30"),
    "not_canonical": lambda: base64url.decode("A="),
    "multibase_malformed": lambda: multibase.decode("m"),
    "key_type_unknown": lambda: multibase.decode_multikey("z1"),
    "multikey_malformed": lambda: multibase.encode_multikey(multibase.KeyType.ED25519, b""),
    "status_malformed": lambda: bitstring.decode("u", max_bytes=1),
    "status_length": lambda: bitstring.decode(bitstring.encode(b""), max_bytes=1),
    "status_range": lambda: bitstring.get_bit(b"", 0),
    "case_number_empty": lambda: parse_case_number(""),
    "case_number_too_long": lambda: parse_case_number("执" * 65),
    "case_number_blank": lambda: parse_case_number("（2022） 鄂0683执1号"),
    "case_number_brackets": lambda: parse_case_number("2022鄂0683执1号"),
    "case_number_year": lambda: parse_case_number("（2015）鄂0683执1号"),
    "case_number_year_legacy": lambda: parse_case_number("（2016）鄂枣阳执字第1号"),
    "case_number_year_digits": lambda: parse_case_number("（22）鄂0683执1号"),
    "case_number_court_code": lambda: parse_case_number("（2022）鄂683执1号"),
    "case_number_court_unknown": lambda: parse_case_number("（2022）鄂0683执1号", courts=CourtTable([])),
    "case_number_court_legacy": lambda: parse_case_number("（2014）字第1号"),
    "case_number_type_malformed": lambda: parse_case_number("（2022）鄂0683x1号"),
    "case_number_type": lambda: require_enforcement(parse_case_number("（2022）鄂0683民初1号")),
    "case_number_serial": lambda: parse_case_number("（2022）鄂0683执号"),
    "case_number_leading_zero": lambda: parse_case_number("（2022）鄂0683执0123号"),
    "case_number_hao_missing": lambda: parse_case_number("（2022）鄂0683执1"),
    "case_number_suffix": lambda: parse_case_number("（2022）鄂0683执1号之1"),
    "case_number_trailing": lambda: parse_case_number("（2014）鄂枣阳执字第1号之一"),
    "court_table_malformed": lambda: CourtTable.from_rows([{}]),
    "court_table_duplicate": lambda: CourtTable.from_rows([COURT, COURT]),
    "court_table_too_large": lambda: CourtTable.from_rows({**COURT, "code": f"鄂{n:04}"} for n in range(10_001)),
    "resident_id_length": lambda: ResidentId.parse("1"),
    "resident_id_characters": lambda: ResidentId.parse("x" * 18),
    "resident_id_birth_date": lambda: ResidentId.parse("42068319900230001X"),
    "resident_id_check_digit": lambda: ResidentId.parse("420683199001010011"),
    "uscc_length": lambda: UnifiedSocialCreditCode.parse("1"),
    "uscc_characters": lambda: UnifiedSocialCreditCode.parse("I" * 18),
    "uscc_check_character": lambda: UnifiedSocialCreditCode.parse("91420683MA0000007N"),
    "uscc_organization_check": lambda: UnifiedSocialCreditCode.parse("91420683MA0000008Q"),
    "id_number_malformed": lambda: DocumentNumber.parse(IdType.PASSPORT, ""),
    "organization_code_malformed": lambda: DocumentNumber.parse(IdType.ORG_CODE, "M000100Y-5"),
    "masked_id_malformed": lambda: MaskedId.parse("*"),
    "id_commitment_malformed": lambda: IdCommitment.parse("sha-256"),
}


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_speaks_both_languages(code: str) -> None:
    with pytest.raises(CodedError) as caught:
        REFUSALS[code]()
    error = caught.value
    assert error.code == code
    assert str(error) == error.message("en") != error.message("zh")
    assert not set("{}") & set(error.message("en") + error.message("zh"))


def test_no_two_refusals_say_the_same() -> None:
    for language in ("en", "zh"):
        texts = [getattr(MESSAGES[code], language) for code in REFUSALS]
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("code", MESSAGES)
def test_both_languages_are_built_from_the_same_parameters(code: str) -> None:
    message = MESSAGES[code]
    assert names_in(message.en) == names_in(message.zh)
    assert any("\u4e00" <= character <= "\u9fff" for character in message.zh)
    assert message.en.strip() == message.en
    assert message.zh.strip() == message.zh


class _PlantedError(CodedError):
    catalogue = {"planted": Message("{field}: {what}", "{field}：{what}")}  # noqa: RUF012


def test_code_without_a_message_cannot_be_raised() -> None:
    assert _PlantedError("planted", field="/name", what="wrong").message("zh") == "/name：wrong"
    with pytest.raises(LookupError, match="_PlantedError has no message for code 'unheard_of'"):
        _PlantedError("unheard_of")


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "ZH_TW", "LANG": "en_US"}, "zh"),
        ({"LANGUAGE": "zh_CN:en", "LC_ALL": "en_US.UTF-8"}, "zh"),
        ({"LANGUAGE": "de:en_GB:zh", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANGUAGE": "de", "LANG": "zh_CN.UTF-8"}, "en"),
    ],
)
def test_language_of_the_reader(environ: dict[str, str], language: str) -> None:
    assert language_from(environ) == language
