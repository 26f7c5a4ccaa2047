"""What keeps a court's bundle from being published is told before anything is due."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from support.alone import opened
from support.keyed import OPERATOR
from support.office import CourtHouse, StandingClock, code
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.keylife.role_desk import RoleDesk


@pytest.fixture
def house(issuer: Issuer, clock: StandingClock) -> Iterator[CourtHouse]:
    house = CourtHouse.open(issuer, clock)
    with house.client:
        yield house


@pytest.fixture
def key_files(folder: Path) -> Path:
    return folder / "var" / "keys" / "bundle"


def hindrances(house: CourtHouse) -> Sequence[str]:
    """After a round of the timer."""
    house.issuer.tend()
    health = house.get("/healthz", None).json()
    assert (health["status"], health["publicationOverdue"]) == ("ok", False)
    found: list[str] = health["hindrances"]
    return found


def test_a_key_file_that_is_gone_is_told_before_the_next_start_fails(house: CourtHouse, key_files: Path) -> None:
    assert hindrances(house) == []
    away = (key_files / "targets.pem").rename(key_files.parent / "away.pem")
    with structlog.testing.capture_logs() as logs:
        assert hindrances(house) == ["role_key_files_gone"]
    assert "bundle-keys rotate targets" in next(each["reason"] for each in logs if each["event"] == "hindered")
    # What runs has the key open, and nothing that needs no bundle is refused.
    assert house.issuer.outbox.renew().published
    assert house.get("/readyz", None).json() == {"status": "ready"}
    away.rename(key_files / "targets.pem")
    assert hindrances(house) == []


def test_a_key_that_the_next_root_names_and_the_server_cannot_open(
    house: CourtHouse, folder: Path, clock: StandingClock, key_files: Path
) -> None:
    with closing(opened(folder, clock)) as elsewhere:
        assert RoleDesk(elsewhere).rotate(("targets",), OPERATOR, reason="yearly").publication.published
    (key_files / "targets-2.pem").unlink()
    assert hindrances(house) == ["role_keys_missing"]
    assert house.issuer.outbox.renew().reason == "role_keys_missing"


def test_a_publication_folder_that_is_damaged(house: CourtHouse, folder: Path) -> None:
    (folder / "var" / "public" / "metadata" / "timestamp.json").write_bytes(b"{}")
    house.issuer.tend()
    assert list(house.issuer.outbox.hindrances) == ["repository_damaged"]
    assert code(house.get("/healthz", None)) == (503, "repository_damaged")
