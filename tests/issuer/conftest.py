"""An issuer for each test; what is slow to make is made once."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from sqlalchemy import Engine, create_engine, make_url, text

from support.country import Country
from support.keyed import keyed_issuer, make_key_folder
from support.lived_country import Lenders, live_for_two_days
from support.office import CourtHouse, PublisherTemplate, StandingClock, make_issuer, make_office
from support.postgres import running_server
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.register.engine import open_engine
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


# --- the same on both databases ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'register.sqlite'}"
    server = request.getfixturevalue("postgres")
    name = f"register_{uuid4().hex}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def shared_office(tmp_path: Path, url: str, clock: StandingClock) -> Iterator[Office]:
    office = make_office(tmp_path, url=url, clock=clock)
    yield office
    office.register.engine.dispose()


@pytest.fixture
def shared_house(
    tmp_path: Path, shared_office: Office, publisher_template: PublisherTemplate, clock: StandingClock
) -> Iterator[CourtHouse]:
    house = CourtHouse.open(make_issuer(tmp_path, publisher_template, office=shared_office), clock)
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
def todays(tmp_path: Path) -> Iterator[Country]:
    """The same of this very day: commands have no other clock than the machine's."""
    with quick_key_files():
        country = Country(tmp_path / "country", at=datetime.now(UTC).replace(microsecond=0))
        country.found()
        country.publish()
        yield country


@pytest.fixture
def lived(country: Country) -> Country:
    """Two days and editions later, one court has revoked a certificate."""
    live_for_two_days(country)
    return country


@pytest.fixture
def lenders(country: Country) -> Lenders:
    return Lenders(country)


@pytest.fixture
def empty_country(tmp_path: Path) -> Iterator[Country]:
    """A country before its first ceremony: media, configuration and courts."""
    with quick_key_files():
        yield Country(tmp_path / "country")
