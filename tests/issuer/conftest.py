"""An issuer for each test; what is slow to make is made once."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from support.country import Country
from support.office import CourtHouse, PublisherTemplate, StandingClock, make_issuer, make_office
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.logs import configure_logs
from xinzheng_keys import file_keystore
from xinzheng_keys.pkcs8 import ScryptCost, encrypt_private_key


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


@contextmanager
def quick_key_files() -> Iterator[None]:
    """Key files that cost nothing to open: a country has many."""
    quick = functools.partial(encrypt_private_key, cost=ScryptCost(n=2, r=8, p=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_keystore, "encrypt_private_key", quick)
        yield


@pytest.fixture(scope="session")
def founded_country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    """A country whose first edition is published; copy it."""
    with quick_key_files():
        country = Country(tmp_path_factory.mktemp("country"))
        country.found()
        country.publish()
    return country


@pytest.fixture
def country(tmp_path: Path, founded_country: Country) -> Iterator[Country]:
    with quick_key_files():
        yield founded_country.copy(tmp_path / "country")


@pytest.fixture
def empty_country(tmp_path: Path) -> Iterator[Country]:
    """A country before its first ceremony: media, configuration and courts."""
    with quick_key_files():
        yield Country(tmp_path / "country")
