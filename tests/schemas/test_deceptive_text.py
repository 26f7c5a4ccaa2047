"""Texts that deceive the eye are pointed out, and nothing that a court has reason to write is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.certificate_strategies import HAN
from xinzheng_schemas import deceptive_text
from xinzheng_schemas.deceptive_text import deceptions, is_honest


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("王某", []),
        ("Zaoyang Bank", []),
        ("阿依古丽·买买提", []),
        ("Müller 建筑（枣阳）有限公司", []),
        ("Ελλάς 公司", []),
        ("ООО 某公司", []),
        ("Σ-1", []),
        ("cafe\u0301", ["text_not_nfc"]),
        ("\uf9f4", ["text_not_nfc"]),  # a compatibility ideograph, composed anew to another code point
        ("王\u3164某", ["text_invisible"]),
        ("王\ufe0f", ["text_invisible"]),
        ("王\U000e0100", ["text_invisible"]),
        ("\u2f00某", ["text_look_alike"]),
        ("\U0001d400cme", ["text_look_alike"]),
        ("B\u0430nk", ["text_mixed_script"]),
        ("\u0391cme", ["text_mixed_script"]),
        ("ΑБ", ["text_mixed_script"]),
        ("\u13aacme", ["text_mixed_script"]),
        ("a\u0585", ["text_mixed_script"]),
        ("cafe\u0301 \u0430\u3164\u2f00", ["text_not_nfc", "text_invisible", "text_look_alike", "text_mixed_script"]),
    ],
)
def test_what_is_pointed_out(text: str, codes: list[str]) -> None:
    assert list(deceptions(text)) == codes


@given(st.text(HAN + "·（），。-", max_size=40))
def test_chinese_names_are_left_alone(text: str) -> None:
    assert list(deceptions(text)) == []


@given(st.text(max_size=40))
def test_the_quick_look_misses_nothing(text: str) -> None:
    found = list(deceptions(text))
    assert ("text_not_nfc" in found) is (unicodedata.normalize("NFC", text) != text)
    assert ("text_invisible" in found) is bool(deceptive_text._INVISIBLE.search(text))
    assert ("text_look_alike" in found) is bool(deceptive_text._LOOK_ALIKE.search(text))
    scripts = [name for name, letters in deceptive_text._SCRIPTS.items() if letters.search(text)]
    assert ("text_mixed_script" in found) is (len(scripts) > 1)


@given(st.lists(st.text(HAN + "aé\u0301\u0430\u3164\u2f00\u0391\uf9f4", max_size=4) | st.text(max_size=6), max_size=4))
def test_one_glance_at_several_texts_misses_nothing(texts: list[str]) -> None:
    if is_honest("\n".join(texts)):
        assert [code for text in texts for code in deceptions(text)] == []
    assert is_honest("王某\n枣阳市人民法院\nZaoyang")
