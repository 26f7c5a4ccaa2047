"""The country's first root where no copies of the roots are kept yet: of a ceremony, and of no folder."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from support.alone import cheap_passphrases
from support.country import Country
from support.foreign_roots import foreign_root, repacked
from support.handing_in import COURT, answers, refusal
from support.lived_country import Lenders, publish
from xinzheng_issuer.cli import main
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_issuer.publishing.root_chain import KEPT_ROOTS
from xinzheng_issuer.publishing.trust_list.contributions import Contribution, read_contribution
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.directory import import_bundle


@pytest.fixture
def unpublished(tmp_path: Path) -> Iterator[Country]:
    """Its ceremonies are over, and nothing was published."""
    with cheap_passphrases():
        country = Country(tmp_path / "country")
        country.found()
        (country.folder / "public" / "metadata").mkdir(parents=True)
        yield country


def path_of(country: Country, version: int = 1) -> Path:
    return country.folder / "public" / "metadata" / f"{version}.root.json"


def genuine_root(country: Country) -> bytes:
    return (country.work / "metadata" / "1.root.json").read_bytes()


def kept(country: Country) -> dict[str, str] | None:
    path = country.folder / "publisher" / KEPT_ROOTS
    return json.loads(path.read_bytes())["roots"] if path.exists() else None


def as_of_an_earlier_release(country: Country) -> None:
    """It kept no copies of the roots."""
    (country.folder / "publisher" / KEPT_ROOTS).unlink()


def is_followed(country: Country, store: Path) -> None:
    """A genuine second root is taken, and a lender of the first one follows."""
    country.change("root")
    country.sign("root")
    country.next_day()
    country.hand_in()
    assert answers(country.publish())["root"] == "taken"
    assert import_bundle(store, country.bundle, at=country.at).root_version == 2


def test_a_first_root_that_lies_in_the_folder_is_not_published(unpublished: Country) -> None:
    country, genuine = unpublished, genuine_root(unpublished)
    path_of(country).write_bytes(foreign_root(genuine, version=1))
    for _ in range(2):
        assert refusal(country.publish) == "first_root_differs"
    assert (kept(country), country.publisher.repository.bundle_path(1).exists()) == (None, False)
    path_of(country).unlink()
    assert answers(country.publish())["root"] == "taken"
    assert kept(country) == {"1": genuine.decode()}
    import_bundle(country.folder / "store", country.bundle, root=genuine, at=country.at)
    is_followed(country, country.folder / "store")


def test_a_first_root_that_a_court_hands_in_beside_the_ceremony_is_told(unpublished: Country) -> None:
    country, genuine = unpublished, genuine_root(unpublished)
    planted = country.incoming / COURT / "metadata" / "1.root.json"
    planted.write_bytes(foreign_root(genuine, version=1))
    assert refusal(country.publish) == "first_root_differs"
    planted.write_bytes(b"{}")  # what is no root is none of two
    country.publish()
    assert kept(country) == {"1": genuine.decode()}


def test_a_later_root_that_does_not_follow_the_first_is_none(unpublished: Country) -> None:
    country, genuine = unpublished, genuine_root(unpublished)
    path_of(country, 2).write_bytes(foreign_root(genuine, version=2))
    country.publish()
    assert "metadata/2.root.json" not in Archive(country.bundle)


def test_after_an_upgrade_the_first_root_is_handed_in_once_more(lived: Country, lenders: Lenders) -> None:
    lenders.join()
    genuine = lived.first_root
    as_of_an_earlier_release(lived)
    path_of(lived).write_bytes(foreign_root(genuine, version=1))
    memory = (lived.folder / "publisher" / MEMORY_FILE).read_bytes()
    assert refusal(publish, lived) == "first_root_differs"
    path_of(lived).write_bytes(genuine)
    courts = [read_contribution(lived.incoming / code) for code in lived.houses]
    assert refusal(lived.publisher.publish, courts, at=lived.at) == "first_root_missing"
    assert (kept(lived), (lived.folder / "publisher" / MEMORY_FILE).read_bytes()) == (None, memory)
    first = Contribution(source="work", files={"metadata/1.root.json": genuine})
    assert lived.publisher.publish([*courts, first], at=lived.at).version == 4
    assert kept(lived) == {"1": genuine.decode()}
    assert lenders.follow() == {"revoked"}
    lived.next_day()
    assert lived.publisher.publish([], at=lived.at).version == 5
    is_followed(lived, lenders.stores[0])


def test_later_roots_are_kept_after_an_upgrade_too(lived: Country) -> None:
    lived.change("root")
    lived.sign("root")
    publish(lived)
    before = kept(lived)
    as_of_an_earlier_release(lived)
    lived.at = lived.published.published_at or lived.at
    publish(lived)
    assert kept(lived) == before
    assert set(before or {}) == {"1", "2"}


def test_a_lost_publisher_is_restored_from_the_root_that_is_given(lived: Country, lenders: Lenders) -> None:
    lenders.join()
    genuine, newest = lived.first_root, lived.bundle
    as_of_an_earlier_release(lived)
    shutil.rmtree(lived.folder / "public")
    assert refusal(lived.publisher.restore, newest, at=lived.at) == "first_root_missing"
    path_of(lived).write_bytes(foreign_root(genuine, version=1))
    assert refusal(lived.publisher.restore, newest, at=lived.at) == "first_root_missing"
    given = [("root.json", genuine)]
    assert refusal(lived.publisher.restore, newest, at=lived.at, first=given) == "first_root_differs"
    path_of(lived).unlink()
    foreign = repacked(newest, root_1=foreign_root(genuine, version=1))
    assert refusal(lived.publisher.restore, foreign, at=lived.at, first=given) == "restore_refused"
    assert lived.publisher.restore(newest, at=lived.at, first=given).version == 3
    assert kept(lived) == {"1": genuine.decode()}
    assert publish(lived).version == 4
    assert lenders.follow() == {"revoked"}


def test_restore_takes_a_root_at_the_command_line(lived: Country) -> None:
    newest, root = lived.folder / "newest.xzb", lived.work / "metadata" / "1.root.json"
    newest.write_bytes(lived.bundle)
    as_of_an_earlier_release(lived)
    arguments = ["trust-list", "restore", "--config", str(lived.folder / "trust-list.toml")]
    arguments += ["--repository", str(lived.folder / "public"), "--bundle", str(newest)]
    refused = CliRunner(env={"LC_ALL": "zh_CN.UTF-8"}).invoke(main, arguments)
    assert (refused.exit_code, "[first_root_missing]" in refused.stderr, "--root" in refused.stderr) == (1, True, True)
    done = CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(main, [*arguments, "--root", str(root)])
    assert (done.exit_code, done.stdout) == (0, "The repository is at edition 3 now.\n")
