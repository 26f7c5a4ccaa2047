"""What somebody does who can write in the published folder, and has no key: plants files, damages and removes them.

He may stop a publication while his files are there. Nothing of them is recorded for good.
"""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.country import Country
from support.handing_in import COURT
from support.lived_country import Lenders
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.publishing.repository import LEFTOVERS

JOURNAL = "/revocation.changes.json"


@pytest.fixture(autouse=True)
def _warnings() -> None:
    configure_logs("warning")


def public(country: Country) -> Path:
    return country.folder / "public"


def newest(country: Country) -> int:
    latest = country.publisher.repository.latest()
    assert latest is not None
    return latest.version


# --- numbers of editions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bundles/bundle-999999998.xzb", "metadata/999999998.snapshot.json"])
def test_an_empty_file_of_a_high_number_stops_no_country(country: Country, lenders: Lenders, name: str) -> None:
    lenders.join()
    planted = public(country) / name
    planted.touch()
    with capture_logs() as logs:
        assert country.publish().version == 2
    assert [entry["path"] for entry in logs if entry["event"] == "number_ignored"] == [str(planted)]
    planted.unlink()
    assert country.publish().version == 3
    lenders.follow()


@pytest.mark.parametrize("name", ["bundles/bundle-999999998.xzb", "metadata/999999998.targets.json"])
def test_an_empty_file_of_a_high_number_stops_no_court(country: Country, name: str) -> None:
    house = country.houses[COURT]
    folder = house.contributor.repository.folder
    before = house.publisher.in_effect
    assert before is not None
    (folder / name).touch()
    with capture_logs() as logs:
        assert house.publisher.publish(before.targets, at=country.at).version == before.version + 1
    assert str(folder / name) in {entry["path"] for entry in logs if entry["event"] == "number_ignored"}
    (folder / name).unlink()
    assert house.publisher.publish(before.targets, at=country.at).version == before.version + 2


def test_no_number_is_given_that_a_file_bears(country: Country) -> None:
    """Near the edition in effect it is what a crash left; further up what lies there stays as it is, too."""
    bundles = public(country) / "bundles"
    for number in (1 + LEFTOVERS, 2 + LEFTOVERS, 3 + LEFTOVERS):
        (bundles / f"bundle-{number}.xzb").write_bytes(b"published?")
    assert country.publish().version == 4 + LEFTOVERS
    assert (bundles / f"bundle-{2 + LEFTOVERS}.xzb").read_bytes() == b"published?"


def test_a_timestamp_that_changes_meanwhile_gives_no_number(country: Country) -> None:
    timestamp = public(country) / "metadata" / "timestamp.json"
    lie = json.loads(timestamp.read_bytes())
    lie["signed"]["version"] = 999_999_997
    timestamp.write_text(json.dumps(lie), "utf-8")
    assert country.publisher.repository.next_version("snapshot", after=1) == 2
