"""A court on a data folder of its own, of which something comes back from a backup, or is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.alone import cheap_passphrases
from support.office import CourtHouse, StandingClock
from support.restoring import begun


@pytest.fixture(scope="module", autouse=True)
def _cheap_passphrases() -> Iterator[None]:
    with cheap_passphrases():
        yield


@pytest.fixture
def clock() -> StandingClock:
    # The command line reads the machine's clock, and no key ends in the second in which it began.
    return StandingClock(datetime.now(UTC) - timedelta(seconds=2))


@pytest.fixture
def court(tmp_path: Path, clock: StandingClock) -> Iterator[CourtHouse]:
    house = begun(tmp_path / "var", clock)
    with house.client:
        yield house
