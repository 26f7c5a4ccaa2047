"""What somebody does who can write in the published folder, and has no key: plants files, damages and removes them.

He may stop a publication while his files are there. Nothing of them is recorded for good.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.country import Country
from support.handing_in import COURT, REVOCATION, Forge, answers, refusal
from support.issuers import KEYS_FROM
from support.lived_country import ROLE, Lenders, first_lists, handed_in, publish, published_files
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_issuer.publishing.repository import LEFTOVERS
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.names import sha256_of, target_name

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


# --- damaged and missing files of one court ---------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["/revocation.json", JOURNAL, "issuer.json"])
@pytest.mark.parametrize("damage", ["missing", "short", "other"])
def test_a_damaged_file_is_taken_from_the_bundle(lived: Country, lenders: Lenders, ending: str, damage: str) -> None:
    lenders.join()
    paths = published_files(lived, [ending]) or list((public(lived) / "targets" / "courts" / COURT).glob(f"*.{ending}"))
    (path,) = paths
    content = path.read_bytes()
    path.unlink() if damage == "missing" else path.write_bytes(b"" if damage == "short" else b" " * len(content))
    assert publish(lived, court=False).version == 4
    assert path.read_bytes() == content
    assert lenders.follow() == {"revoked"}


@pytest.mark.parametrize("ending", ["/revocation.json", JOURNAL])
@pytest.mark.parametrize("damage", ["missing", "other"])
def test_what_a_court_hands_in_heals_what_was_lost_of_it(
    lived: Country, lenders: Lenders, ending: str, damage: str
) -> None:
    lenders.join()
    (path,) = published_files(lived, [ending])
    path.unlink() if damage == "missing" else path.write_text("{}", "utf-8")
    lived.publisher.repository.bundle_path(3).unlink()
    with pytest.raises(PublishingError, match="xinzheng trust-list restore") as caught:
        publish(lived, court=False)
    assert caught.value.code == "repository_damaged"
    with capture_logs() as logs:
        assert answers(publish(lived, handed_in(Forge(lived, version=4)), court=False))[ROLE] == "taken"
    assert path.relative_to(public(lived)).as_posix() in {
        entry["path"] for entry in logs if entry["event"] == "published_file_lost"
    }
    assert lenders.follow() == {"revoked"}


def without_lists_in_memory(country: Country) -> None:
    """As an earlier release wrote it; it fills with the next publication."""
    path = country.folder / "publisher" / MEMORY_FILE
    memory = json.loads(path.read_bytes())
    memory["past"]["lists"] = {}
    path.write_text(json.dumps(memory), "utf-8")
    publish(country)


@pytest.mark.parametrize("forget", [lambda _: None, without_lists_in_memory], ids=["remembered", "earlier release"])
def test_a_list_that_was_lost_comes_back_with_no_lower_number(
    lived: Country, lenders: Lenders, forget: Callable[[Country], None]
) -> None:
    lenders.join()
    forget(lived)
    (path,) = published_files(lived, ["/revocation.json"])
    path.unlink()
    lived.publisher.repository.bundle_path(newest(lived)).unlink()
    forge = Forge(lived, version=4)
    good = dict(forge.targets)
    forge.targets |= {path: data for path, data in first_lists(forge.house).items() if "status" in path}
    assert refusal(publish, lived, handed_in(forge), court=False) == "repository_damaged"
    forge.targets = good
    assert answers(publish(lived, handed_in(forge), court=False))[ROLE] == "taken"
    assert lenders.follow() == {"revoked"}


def test_a_journal_that_the_bundle_has_is_not_told_otherwise(lived: Country) -> None:
    (path,) = published_files(lived, [JOURNAL])
    path.unlink()
    forge = Forge(lived, version=4)
    del forge.targets[REVOCATION.replace(".json", ".changes.json")]
    assert answers(publish(lived, handed_in(forge), court=False))[ROLE] == "contribution_history"


# --- the next number of a court ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_length", [False, True])
def test_a_file_that_no_edition_named_stands_in_nobodys_way(
    lived: Country, lenders: Lenders, *, same_length: bool
) -> None:
    lenders.join()
    contribution = handed_in(Forge(lived, version=4))
    name = f"metadata/4.{ROLE}.json"
    honest = contribution.files[name]
    (public(lived) / name).write_bytes(b" " * len(honest) if same_length else b"{}")
    assert answers(publish(lived, contribution, court=False))[ROLE] == "taken"
    assert (public(lived) / name).read_bytes() == honest
    assert lenders.follow() == {"revoked"}


# --- earlier editions -------------------------------------------------------------------------------------------------


def forget(country: Country) -> None:
    (country.folder / "publisher" / MEMORY_FILE).unlink()


def past_of(country: Country) -> dict[str, Any]:
    return dict(json.loads((country.folder / "publisher" / MEMORY_FILE).read_bytes())["past"]["roles"])


def plant_an_edition(country: Country, *, snapshot: int) -> Path:
    """An edition that names the court at the highest number, under a province that names its real keys."""
    metadata = public(country) / "metadata"
    high = 999_999

    def copied(name: str, version: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((metadata / name).read_bytes())
        found["signed"]["version"] = version
        return found

    told = copied("2.snapshot.json", snapshot)
    for role, name in {ROLE: f"3.{ROLE}.json", "province-42": "1.province-42.json"}.items():
        told["signed"]["meta"][f"{role}.json"]["version"] = high
        (metadata / f"{high}.{role}.json").write_text(json.dumps(copied(name, high)), "utf-8")
    planted = metadata / f"{snapshot}.snapshot.json"
    planted.write_text(json.dumps(told), "utf-8")
    return planted


def test_an_edition_that_nobody_signed_is_not_remembered(lived: Country, lenders: Lenders) -> None:
    lenders.join()
    lived.next_day()
    lived.hand_in()
    assert publish(lived).version == 4
    forget(lived)
    planted = plant_an_edition(lived, snapshot=3)
    with capture_logs() as logs:
        publish(lived)
    ignored = [entry["path"] for entry in logs if entry["event"] == "earlier_edition_ignored"]
    assert ignored == [planted.relative_to(public(lived)).as_posix()]
    assert past_of(lived) == {}
    assert answers(publish(lived, handed_in(Forge(lived, version=5)), court=False))[ROLE] == "taken"
    assert lenders.follow() == {"revoked"}


def test_a_role_of_an_earlier_edition_counts_only_if_its_delegator_named_who_signed_it(lived: Country) -> None:
    """The snapshot is real; what lies under the name that it tells is not."""
    lived.change("province-42", without_lists=[COURT])
    lived.sign("province-42")
    publish(lived)
    honest = past_of(lived)
    forget(lived)
    path = public(lived) / "metadata" / f"3.{ROLE}.json"
    lie = json.loads(path.read_bytes())
    lie["signed"]["publishedAt"] = "2036-01-01T00:00:00Z"
    content = path.read_bytes()
    path.write_text(json.dumps(lie), "utf-8")
    with capture_logs() as logs:
        publish(lived, court=False)
    assert [entry["path"] for entry in logs if entry["event"] == "role_ignored"] == [f"metadata/{path.name}"]
    (known,) = past_of(lived)[ROLE]
    assert known["version"] == 2
    path.write_bytes(content)
    forget(lived)
    publish(lived, court=False)
    assert past_of(lived) == honest


def test_what_nobody_signed_is_not_remembered_of_a_court_that_is_paused(lived: Country) -> None:
    lived.change("province-42", without_lists=[COURT])
    lived.sign("province-42")
    path = public(lived) / "metadata" / f"3.{ROLE}.json"
    content = path.read_bytes()
    lie = json.loads(content)
    lie["signed"]["publishedAt"] = "2036-01-01T00:00:00Z"
    path.write_text(json.dumps(lie), "utf-8")
    with pytest.raises(PublishingError, match=path.name):
        publish(lived, court=False)
    assert past_of(lived) == {}
    path.write_bytes(content)
    assert answers(publish(lived, court=False))["province-42"] == "taken"
    (left,) = past_of(lived)[ROLE]
    assert left["publishedAt"] < "2027"


@pytest.mark.parametrize("name", ["005.snapshot.json", "1.snapshot.json", "١.snapshot.json"])
def test_an_earlier_snapshot_that_cannot_be_read_stops_nobody(lived: Country, lenders: Lenders, name: str) -> None:
    lenders.join()
    forget(lived)
    (public(lived) / "metadata" / name).write_bytes(b"{")
    assert publish(lived).version == 4
    assert lenders.follow() == {"revoked"}


def test_a_snapshot_in_effect_that_its_timestamp_does_not_name_is_damage(lived: Country) -> None:
    plant_an_edition(lived, snapshot=3)
    assert refusal(publish, lived) == "repository_damaged"
    snapshot = public(lived) / "metadata" / "3.snapshot.json"
    snapshot.write_bytes(Archive(lived.bundle)["metadata/3.snapshot.json"])
    assert publish(lived).version == 4


def test_editions_under_an_earlier_root_count(lived: Country) -> None:
    lived.change("province-42", without_lists=[COURT])
    lived.sign("province-42")
    publish(lived)
    known = past_of(lived)
    for role in ("snapshot", "timestamp"):
        lived.rotate(role)
    lived.change("root")
    lived.sign("root")
    publish(lived)
    forget(lived)
    lived.at += timedelta(hours=1)
    publish(lived)
    assert past_of(lived) == known


# --- what is remembered of lists --------------------------------------------------------------------------------------


def lists_of(country: Country) -> set[str]:
    return set(json.loads((country.folder / "publisher" / MEMORY_FILE).read_bytes())["past"]["lists"])


def plant_a_list(country: Country, path: str) -> Callable[[], None]:
    """Name a list of the highest number in the court's metadata, which its snapshot names by version alone."""
    content = json.dumps({"credentialSubject": {"sequence": 999_999_999}}).encode()
    planted = public(country) / target_name(path, sha256_of(content))
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_bytes(content)
    metadata = public(country) / "metadata" / f"3.{ROLE}.json"
    before = metadata.read_bytes()
    lie = json.loads(before)
    lie["signed"]["targets"][path] = {"length": len(content), "hashes": {"sha256": sha256_of(content)}}
    metadata.write_text(json.dumps(lie), "utf-8")

    def remove() -> None:
        planted.unlink()
        metadata.write_bytes(before)

    return remove


def with_a_second_list(forge: Forge) -> Contribution:
    court = forge.house.court
    for purpose in ("revocation", "suspension"):
        of_list = court.status_list(purpose, (), number=2, sequence=1, valid_from=forge.country.at)
        journal = court.status_changes(purpose, (), number=2, sequence=1, since=forge.country.at)
        forge.targets[f"courts/{COURT}/status/2/{purpose}.json"] = json.dumps(of_list).encode()
        forge.targets[f"courts/{COURT}/status/2/{purpose}.changes.json"] = json.dumps(journal).encode()
    return handed_in(forge)


@pytest.mark.parametrize("path", [f"courts/{COURT}/status/2/revocation.json", "courts/420684/status/9/suspension.json"])
@pytest.mark.parametrize("forget", [lambda _: None, forget], ids=["remembered", "memory lost"])
def test_a_list_that_nobody_signed_binds_no_court(
    lived: Country, lenders: Lenders, path: str, forget: Callable[[Country], None]
) -> None:
    lenders.join()
    known = lists_of(lived)
    remove = plant_a_list(lived, path)
    forget(lived)
    with pytest.raises(PublishingError, match=f"3.{ROLE}.json") as caught:
        publish(lived, handed_in(Forge(lived, version=4)), court=False)
    assert caught.value.code == "repository_damaged"
    remove()
    assert answers(publish(lived, handed_in(Forge(lived, version=5)), court=False))[ROLE] == "taken"
    assert lists_of(lived) == known
    assert answers(publish(lived, with_a_second_list(Forge(lived, version=6)), court=False))[ROLE] == "taken"
    assert lenders.follow() == {"revoked"}


def test_a_court_binds_no_other_court_by_lists_that_it_signed_itself(lived: Country, lenders: Lenders) -> None:
    """Its key, and the folder: what it was never entrusted with is not remembered of it."""
    lenders.join()
    known = lists_of(lived)
    path = "courts/420684/status/9/suspension.json"
    forge = Forge(lived, version=3)
    forge.targets[path] = json.dumps({"credentialSubject": {"sequence": 999_999_999}}).encode()
    files = forge.files()
    before = {name: (public(lived) / name).read_bytes() for name in files if (public(lived) / name).exists()}
    for name, content in files.items():
        (public(lived) / name).parent.mkdir(parents=True, exist_ok=True)
        (public(lived) / name).write_bytes(content)
    publish(lived, handed_in(Forge(lived, version=4)), court=False)
    assert lists_of(lived) == known
    for name, content in before.items():
        (public(lived) / name).write_bytes(content)
    lived.next_day()
    publish(lived)
    assert lenders.follow() == {"revoked"}


def test_journals_are_compared_with_those_that_were_signed(lived: Country, lenders: Lenders) -> None:
    """A planted "before" without journals lets no court tell its past otherwise."""
    lenders.join()

    def rewritten(version: int) -> Contribution:
        forge = Forge(lived, version=version)
        told = [(at + timedelta(hours=20), index, bit) for at, index, bit in forge.house.changes]
        journal = forge.house.court.status_changes("revocation", told, sequence=forge.house.sequence, since=KEYS_FROM)
        forge.targets[REVOCATION.replace(".json", ".changes.json")] = json.dumps(journal).encode()
        return handed_in(forge)

    path = public(lived) / "metadata" / f"3.{ROLE}.json"
    before = path.read_bytes()
    lie = json.loads(before)
    lie["signed"]["targets"] = {name: told for name, told in lie["signed"]["targets"].items() if JOURNAL not in name}
    path.write_text(json.dumps(lie), "utf-8")
    assert refusal(publish, lived, rewritten(4), court=False) == "repository_damaged"
    path.write_bytes(before)
    assert answers(publish(lived, rewritten(5), court=False))[ROLE] == "contribution_history"
    assert lenders.follow() == {"revoked"}


def test_a_repository_with_a_file_that_nobody_signed_is_made_whole(lived: Country, lenders: Lenders) -> None:
    lenders.join()
    newest_bundle = lived.bundle
    plant_a_list(lived, f"courts/{COURT}/status/2/revocation.json")
    older = lived.publisher.repository.bundle_path(2).read_bytes()
    assert refusal(publish, lived) == "repository_damaged"
    assert refusal(lived.publisher.restore, older, at=lived.at) == "restore_refused"
    lived.publisher.restore(newest_bundle, at=lived.at)
    assert publish(lived).version == 4
    assert lenders.follow() == {"revoked"}
