"""A small country weighs what a large one weighs a court, and the page says what the large one weighs."""

import re

import pytest
from bench import country
from bench.country import COURTS, GOALS, MIB, Figures, measure, table

from support.repository import ROOT

PAGE = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
SMALL = 70


@pytest.fixture(scope="module")
def found() -> Figures:
    return measure(SMALL)


def test_a_court_weighs_no_more_than_its_share(found: Figures) -> None:
    for name, size in found.sizes.items():
        goal = GOALS["update" if name.startswith("update") else name]
        assert size / SMALL <= goal * MIB / COURTS, name
        assert size > found.bounds[name], name


def test_reading_takes_no_more_memory_than_the_whole_may(found: Figures) -> None:
    assert all(memory <= GOALS["memory"] * 1e6 for _, memory in found.readings.values())


def test_the_table_has_every_row(found: Figures) -> None:
    small, large = (re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE) for text in (table(found), part()))
    assert small[1:] == large[1:]
    assert large[0] == f"{COURTS:,} courts"


def test_the_bound_is_that_of_information_theory() -> None:
    assert country.log2_choices(8, 1) == pytest.approx(3)
    assert country.log2_choices(52, 5) == pytest.approx(21.309, abs=0.001)


def part() -> str:
    return PAGE.partition("<!-- country -->")[2].partition("<!-- /country -->")[0]
