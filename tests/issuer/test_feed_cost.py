"""What deliveries and listings cost: the same however much came before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from support.office import CourtHouse, relisting


@contextmanager
def statements(house: CourtHouse) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the register meanwhile."""
    asked: list[tuple[str, Any]] = []
    engine = house.issuer.office.register.engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plan(house: CourtHouse, statement: str, parameters: Any) -> str:
    with house.issuer.office.register.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return "; ".join(row[3] for row in rows)


def test_a_record_that_comes_again_and_again_costs_the_same_each_time(house: CourtHouse) -> None:
    house.certificate()
    house.feed(*[relisting()] * 150)
    with statements(house) as asked:
        house.feed(relisting())
    about_records = [each for each in asked if each[0].startswith("SELECT") and "feed_record" in each[0]]
    assert len(about_records) == 2
    assert not any("feed_record.raw" in statement for statement, _ in about_records)
    first, effects = sorted(plan(house, *each) for each in about_records)
    assert "USING COVERING INDEX ix_feed_identity" in first
    assert "ORDER BY" not in first
    assert "USING INDEX ix_feed_effect" in effects


@pytest.mark.parametrize("address", ["applications", "feed-records", "feed-batches", "feed-records?reviewed=false"])
def test_a_page_is_read_off_an_index(house: CourtHouse, address: str) -> None:
    with statements(house) as asked:
        assert house.get(f"/api/v1/{address}").status_code == 200
    [page] = [each for each in asked if "LIMIT" in each[0]]
    assert "TEMP B-TREE FOR ORDER BY" not in plan(house, *page)


def test_a_listing_finds_its_cases_by_indexes(house: CourtHouse) -> None:
    with statements(house) as asked:
        house.feed(relisting())
    [search] = [each for each in asked if "original_numbers LIKE" in each[0]]
    assert "SCAN case_file" not in plan(house, *search)
