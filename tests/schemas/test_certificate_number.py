"""Certificate numbers of the default form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.certificate_strategies import court_codes
from xinzheng_schemas.certificate_number import DefaultNumber, parse_default


@pytest.mark.parametrize(
    ("random", "digits"),
    [
        (bytes(8), "0000000000000"),
        (bytes([255] * 8), "FZZZZZZZZZZZZ"),
        ((1).to_bytes(8, "big"), "0000000000001"),
        ((31).to_bytes(8, "big"), "000000000000Z"),
        ((32).to_bytes(8, "big"), "0000000000010"),
    ],
)
def test_eight_bytes_are_thirteen_characters(random: bytes, digits: str) -> None:
    number = DefaultNumber("鄂0683", 2026, random)
    assert str(number) == f"鄂0683-2026-{digits}"
    assert parse_default(str(number)) == number


@given(court_codes(), st.integers(0, 9999), st.binary(min_size=8, max_size=8))
def test_taking_apart_is_the_inverse_of_writing(court_code: str, year: int, random: bytes) -> None:
    number = DefaultNumber(court_code, year, random)
    assert parse_default(str(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "鄂0683-2026-7K3M9QW2XB4T",
        "鄂0683-2026-7K3M9QW2XB4TCX",
        "鄂0683-2026-7k3m9qw2xb4tc",
        "鄂0683-2026-7K3M9QW2XB4TU",
        "鄂0683-2026-GK3M9QW2XB4TC",
        "鄂0683-26-7K3M9QW2XB4TC",
        "鄂683-2026-7K3M9QW2XB4TC",
        "（2026）鄂0683信修17号",
    ],
)
def test_other_forms_are_not_taken_apart(text: str) -> None:
    assert parse_default(text) is None
