"""An issuer for each test; what is slow to make is made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from support.keyed import keyed_issuer, make_key_folder
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


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key_folder(tmp_path_factory.mktemp("keys") / "keys")


@pytest.fixture
def keyed(tmp_path: Path, publisher_template: PublisherTemplate, key_folder: Path, office: Office) -> Issuer:
    """An issuer whose keys lie in a folder."""
    return keyed_issuer(tmp_path, publisher_template, key_folder, office=office)


@pytest.fixture
def keyed_house(keyed: Issuer, clock: StandingClock) -> Iterator[CourtHouse]:
    house = CourtHouse.open(keyed, clock)
    with house.client:
        yield house
