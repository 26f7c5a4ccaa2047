"""A court that runs alone and has published; a fresh copy of it for each test."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.alone import begin, cheap_passphrases, opened
from support.office import StandingClock
from support.softhsm import Token, make_token
from xinzheng_issuer.installation import Issuer


@pytest.fixture(scope="module", autouse=True)
def _cheap_passphrases() -> Iterator[None]:
    with cheap_passphrases():
        yield


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return begin(tmp_path_factory.mktemp("alone"))


@pytest.fixture
def folder(started: Path, tmp_path: Path) -> Path:
    return shutil.copytree(started, tmp_path / "alone")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime.now(UTC))


@pytest.fixture
def issuer(folder: Path, clock: StandingClock) -> Iterator[Issuer]:
    with closing(opened(folder, clock)) as issuer:
        yield issuer


@pytest.fixture
def token() -> Iterator[Token]:
    token = make_token()
    yield token
    token.destroy()
