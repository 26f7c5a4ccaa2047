"""An issuer for each test; what is slow to make is made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from support.office import CourtHouse, PublisherTemplate, StandingClock, make_issuer, make_office
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.logs import configure_logs


@pytest.fixture(scope="session")
def publisher_template(tmp_path_factory: pytest.TempPathFactory) -> PublisherTemplate:
    return PublisherTemplate.make(tmp_path_factory.mktemp("publisher"))


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    configure_logs("error")
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def office(tmp_path: Path, clock: StandingClock) -> Iterator[Office]:
    office = make_office(tmp_path, clock=clock)
    yield office
    office.register.engine.dispose()


@pytest.fixture
def issuer(tmp_path: Path, publisher_template: PublisherTemplate, office: Office) -> Issuer:
    return make_issuer(tmp_path, publisher_template, office=office)


@pytest.fixture
def house(issuer: Issuer, clock: StandingClock) -> Iterator[CourtHouse]:
    house = CourtHouse.open(issuer, clock)
    with house.client:
        yield house
