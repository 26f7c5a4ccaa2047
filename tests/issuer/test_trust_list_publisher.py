"""The country's publisher: a country in small, with contributions good and bad, crashes and restored backups."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.country import Country
from support.foreign_roots import foreign_root, repacked
from support.handing_in import COURT, REVOCATION, answers, refusal, trust, verdict
from support.power_cut import PowerCutError, stopping
from support.tuf_client import client_of
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.trust_list.contributions import write_contribution
from xinzheng_issuer.publishing.trust_list.state import current_files, state_of
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import updates
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.directory import import_bundle
from xinzheng_verifier.trust.extent import Extent, select
from xinzheng_verifier.trust.names import EXTENT_FILE

# --- what lenders get -------------------------------------------------------------------------------------------------


def test_a_certificate_of_a_court_is_good_until_its_court_revokes_it(country: Country) -> None:
    house = country.houses[COURT]
    certificate = house.court.issue().json_text
    assert verdict(country, certificate) == "passed:ok"
    country.next_day()
    house.revoked.add(94567)
    country.hand_in(COURT)
    assert answers(country.publish())[f"court-{COURT}"] == "taken"
    assert verdict(country, certificate) == "failed:revoked"


def test_a_court_attests_by_its_metadata_that_its_lists_are_current(country: Country) -> None:
    first = country.at
    country.next_day()
    country.hand_in("440106")
    country.publish()
    url = "https://xz.example/status/{}/1/revocation"
    assert trust(country).attested_at(url.format("440106")) == country.at
    assert trust(country).attested_at(url.format(COURT)) == first


def test_pythons_tuf_client_follows_the_static_files(country: Country, tmp_path: Path) -> None:
    # That client reads the machine's clock, and the story plays beside it.
    country.at = max(country.at, _now())
    country.hand_in()
    country.publish()
    root: bytes | None = country.first_root
    for _ in range(2):
        client = client_of(country.folder / "public", tmp_path / "cache", root=root)
        client.refresh()
        for path in (REVOCATION, "courts/440106/issuer.json"):
            target = client.get_targetinfo(path)
            assert target is not None
            assert Path(client.download_target(target)).read_bytes() == _content(country, path)
        root = None
        country.at += timedelta(minutes=1)
        country.houses[COURT].revoked.add(7)
        country.hand_in(COURT)
        country.publish()


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _content(country: Country, path: str) -> bytes:
    files = current_files(country.publisher.repository, country.published)
    folder, _, base = path.rpartition("/")
    (name,) = [name for name in files if name.startswith(f"targets/{folder}/") and name.endswith(f".{base}")]
    return files[name]


def test_updates_lead_from_every_edition_of_two_weeks_to_the_newest(country: Country) -> None:
    editions = {1: dict(Archive(country.bundle))}
    for day in range(2, 5):
        country.next_day()
        country.houses[COURT].revoked.add(day)
        country.hand_in(COURT)
        assert country.publish().version == day
        editions[day] = dict(Archive(country.bundle))
    folder = country.folder / "public" / "updates"
    assert {path.name for path in folder.iterdir()} >= {"1-4.xzu", "2-4.xzu", "3-4.xzu"}
    for first in (1, 2, 3):
        made = updates.apply(editions[first], (folder / f"{first}-4.xzu").read_bytes())
        assert made == editions[4]


def test_a_filtered_bundle_says_what_it_leaves_out(country: Country) -> None:
    files = select(current_files(country.publisher.repository, country.published), provinces=["42"])
    extent = Extent.parse(files[EXTENT_FILE])
    assert extent.provinces == frozenset({"42"})
    assert dict(extent.left_out) == {"provinces": 1, "courts": 1, "changes": 2}
    store = TrustStore.from_bundle(pack(files), root=country.first_root, at=country.at)
    assert sorted(store.issuers) == ["did:web:xz.example:did:420683", "did:web:xz.example:did:420684"]


def test_a_publication_writes_new_files_only(country: Country) -> None:
    def seen() -> dict[str, tuple[int, int]]:
        public = country.folder / "public"
        files = (path for path in public.rglob("*") if path.is_file())
        return {path.relative_to(public).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}

    before = seen()
    country.next_day()
    country.hand_in("440106")
    country.publish()
    after = seen()
    changed = {name for name, mark in before.items() if after.get(name) != mark}
    assert changed == {"metadata/timestamp.json"}
    new = sorted(name.rpartition("/")[2].partition(".")[2] for name in after.keys() - before.keys())
    assert [name for name in new if "json" in name] == [
        "court-440106.json",
        "revocation.changes.json",
        "revocation.json",
        "snapshot.json",
        "suspension.changes.json",
        "suspension.json",
    ]


def test_to_hand_in_the_same_again_changes_nothing_but_the_date(country: Country) -> None:
    roles = {role.name: role.version for role in state_of(country.published).roles}
    country.at += timedelta(hours=6)
    assert set(answers(country.publish()).values()) == {"taken"}
    later = {role.name: role.version for role in state_of(country.published).roles}
    assert {name for name in roles if roles[name] != later[name]} == {"timestamp", "snapshot"}


def test_a_dry_run_judges_and_writes_nothing(country: Country) -> None:
    country.next_day()
    country.hand_in(COURT)
    metadata = country.folder / "public" / "metadata"
    before = sorted((path, path.stat().st_mtime_ns) for path in metadata.iterdir())
    result = country.publish(dry_run=True)
    assert (result.publication, result.version, result.courts) == (None, 2, 3)
    assert before == sorted(
        (path, path.stat().st_mtime_ns) for path in (country.folder / "public" / "metadata").iterdir()
    )


def test_what_will_expire_is_told_in_time(country: Country) -> None:
    state = state_of(country.published)
    assert [role.name for role in state.roles[:4]] == ["root", "timestamp", "snapshot", "targets"]
    assert not any(role.due(country.at) for role in state.roles)
    due = {role.name for role in state.roles if role.due(country.at + timedelta(days=6))}
    assert due == {"timestamp", "snapshot", "court-420683", "court-420684", "court-440106"}
    assert {role.name for role in state.roles if role.due(country.at + timedelta(days=70))} - due == {
        "province-42",
        "province-44",
    }


def test_a_publisher_whose_clock_was_far_ahead_stops_until_its_keys_are_replaced(country: Country) -> None:
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    country.publisher.publish([], at=country.at + timedelta(days=240))
    import_bundle(store, country.bundle, at=country.at)
    state = state_of(country.published)
    assert state.is_ahead(country.at)
    assert not state.is_ahead(state.published_at - timedelta(minutes=5))
    for dry_run in (True, False):
        assert refusal(country.publisher.publish, [], at=country.at, dry_run=dry_run) == "publication_clock"
    country.rotate("timestamp")
    country.change("root")
    country.sign("root")
    assert country.publish().version == 3
    assert state_of(country.published).published_at == country.at
    assert import_bundle(store, country.bundle, at=country.at).published_at == country.at
    certificate = country.houses[COURT].court.issue().json_text
    assert Verifier(TrustStore.open(store)).report(certificate, at=country.at).code == "ok"


# --- provinces --------------------------------------------------------------------------------------------------------


def test_a_province_waits_for_the_court_that_it_newly_entrusts(empty_country: Country) -> None:
    country = empty_country
    country.roles["provinces.42"]["courts"] = [COURT]
    country.found()
    shutil.rmtree(country.incoming / "420684")
    assert "court-420684" not in answers(country.publish())
    country.next_day()
    country.change("province-42")
    country.sign("province-42")
    country.roles["provinces.42"]["courts"] = [COURT, "420684"]
    country.change("province-42")
    country.hand_in()
    country.sign("province-42")
    (metadata,) = (country.incoming / "420684" / "metadata").iterdir()
    late = metadata.rename(country.folder / metadata.name)
    published = country.publish()
    result = answers(published)
    assert (result["province-42"], result[f"court-{COURT}"]) == ("contribution_waits", "taken")
    told = [(each.version, each.error and each.error.code) for each in published.answers if each.role == "province-42"]
    assert told == [(2, None), (3, "contribution_waits")]
    late.rename(metadata)
    assert set(answers(country.publish()).values()) == {"taken"}
    assert len(trust(country).issuers) == 3


def test_a_court_without_lists_is_known_and_its_status_is_not(country: Country) -> None:
    certificate = country.houses[COURT].court.issue().json_text
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    country.change("province-42", without_lists=[COURT])
    country.sign("province-42")
    assert answers(country.publish())[f"court-{COURT}"] == "contribution_undelegated"
    import_bundle(store, country.bundle, at=country.at)
    report = Verifier(TrustStore.open(store)).report(certificate, at=country.at)
    assert (report.verdict, report.code) == ("indeterminate", "status_unavailable")


def test_a_court_leaves_with_its_province_word(country: Country) -> None:
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    country.change("province-42", courts=["420684"])
    country.sign("province-42")
    country.publish()
    import_bundle(store, country.bundle, at=country.at)
    assert sorted(TrustStore.open(store).issuers) == ["did:web:xz.example:did:420684", "did:web:xz.example:did:440106"]


def test_nothing_can_be_published_before_the_first_ceremonies(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.hand_in()
    assert refusal(country.publish) == "publication_impossible"
    country.sign("root")
    assert refusal(country.publish) == "publication_impossible"
    assert country.publisher.repository.latest() is None
    assert refusal(state_of, country.published) == "repository_missing"
    assert refusal(current_files, country.publisher.repository, country.published) == "repository_missing"


def test_the_publisher_needs_the_keys_that_the_root_names(country: Country) -> None:
    (country.folder / "publisher" / "timestamp-1.pem").unlink()
    assert refusal(country.publish) == "online_key_missing"


# --- at any moment, and after a backup --------------------------------------------------------------------------------


def test_a_publication_killed_anywhere_leaves_one_edition_or_the_other(country: Country, tmp_path: Path) -> None:
    store = tmp_path / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    country.next_day()
    country.houses[COURT].revoked.add(5)
    country.hand_in(COURT)
    for moment in range(0, 1_000, 3):
        copy = country.copy(tmp_path / f"cut-{moment}")
        try:
            with stopping(moment):
                copy.publish()
        except PowerCutError:
            latest = copy.publisher.repository.latest()
            assert latest is not None
            assert latest.version in {1, 2}
            trust(copy)
            left = {path.name for path in (copy.folder / "public" / "bundles").glob("bundle-*")}
            copy.at += timedelta(hours=1)
            publication = copy.publish().publication
            assert publication is not None
            assert publication.path.name not in left
            lender = shutil.copytree(store, copy.folder / "store")
            for version in sorted(int(path.stem[7:]) for path in publication.path.parent.glob("bundle-*")):
                bundle = publication.path.with_name(f"bundle-{version}.xzb").read_bytes()
                import_bundle(lender, bundle, at=copy.at)  # whichever was handed out: no conflict
        else:
            assert moment > 30
            return
        shutil.rmtree(copy.folder)
    pytest.fail("the publication never took effect")


def test_a_full_disk_leaves_the_edition_before(country: Country) -> None:
    country.next_day()
    country.hand_in(COURT)
    with stopping(4, OSError), pytest.raises(OSError, match="no space"):
        country.publish()
    latest = country.publisher.repository.latest()
    assert latest is not None
    assert latest.version == 1
    assert country.publish().version > 1


def test_a_damaged_bundle_of_an_older_edition_stops_nothing(country: Country) -> None:
    repository = country.publisher.repository
    repository.bundle_path(1).write_bytes(country.bundle[:100])
    country.next_day()
    country.hand_in(COURT)
    assert country.publish().version == 2
    assert list((repository.folder / "updates").glob("*.xzu")) == []
    country.next_day()
    country.hand_in(COURT)
    assert country.publish().version == 3
    assert [path.name for path in (repository.folder / "updates").glob("*.xzu")] == ["2-3.xzu"]


def restored(country: Country, *, days: int = 2) -> bytes:
    """A backup of the first edition is put back after some days; what was published last is still with a lender."""
    backup = shutil.copytree(country.folder / "public", country.folder / "backup")
    for _ in range(days):
        country.next_day()
        country.hand_in(COURT)
        country.publish()
    newest = country.bundle
    shutil.rmtree(country.folder / "public")
    backup.rename(country.folder / "public")
    return newest


def test_a_restored_backup_is_noticed_and_publishes_nothing(country: Country) -> None:
    restored(country)
    assert refusal(country.publish) == "repository_restored"
    latest = country.publisher.repository.latest()
    assert latest is not None
    assert latest.version == 1


def test_a_repository_that_is_lost_wholly_is_named_with_the_step_that_brings_it_back(country: Country) -> None:
    newest = country.bundle
    shutil.rmtree(country.folder / "public")
    country.next_day()
    country.hand_in(COURT)
    with pytest.raises(TrustListError) as caught:
        country.publish()
    assert caught.value.code == "repository_restored"
    for language in ("en", "zh"):
        assert "xinzheng trust-list restore" in caught.value.message(language)
    assert country.publisher.restore(newest, at=country.at).version == 1
    assert country.publish().version == 2


def test_the_newest_bundle_brings_a_restored_publisher_back_into_line(country: Country) -> None:
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    newest = restored(country)
    import_bundle(store, newest, at=country.at)
    assert country.publisher.restore(newest, at=country.at).version == 3
    assert country.bundle == newest
    country.next_day()
    country.hand_in()
    assert country.publish().version == 4
    import_bundle(store, country.bundle, at=country.at)


def test_what_is_older_foreign_or_partial_restores_nothing(country: Country, founded_country: Country) -> None:
    older = country.bundle
    newest = restored(country)
    partial = pack(select(dict(Archive(newest)), provinces=["42"]))
    assert refusal(country.publisher.restore, partial, at=country.at) == "restore_partial"
    assert refusal(country.publisher.restore, newest[:-4], at=country.at) == "restore_refused"
    assert refusal(country.publisher.restore, older, at=country.at) == "restore_refused"
    assert refusal(country.publish) == "repository_restored"
    assert country.publisher.restore(newest, at=country.at).version == 3
    empty = Country.__new__(Country)
    empty.__dict__ |= {**founded_country.__dict__, "folder": country.folder / "other"}
    (country.folder / "other").mkdir()
    assert refusal(empty.publisher.restore, newest, at=country.at) == "first_root_missing"


def test_roots_of_a_mirror_take_the_place_of_none_that_lenders_hold(country: Country) -> None:
    """The verifier looks above the root that is trusted alone; who holds the first would never be led on again."""
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    country.change("root")
    country.sign("root")
    country.hand_in()
    country.publish()
    newest, first = restored(country), country.first_root
    for garbage in (b"{}", foreign_root(first, version=1)):
        assert refusal(country.publisher.restore, repacked(newest, root_1=garbage), at=country.at) == "restore_refused"
    assert country.first_root == first
    country.publisher.restore(newest, at=country.at)
    country.next_day()
    country.hand_in()
    country.publish()
    assert import_bundle(store, country.bundle, at=country.at).root_version == 2


def test_a_root_that_somebody_put_into_the_repository_is_not_published(country: Country) -> None:
    store, first = country.folder / "store", country.first_root
    import_bundle(store, country.bundle, root=first, at=country.at)
    planted = country.publisher.repository.root_path(2)
    planted.write_bytes(foreign_root(first, version=2))
    country.next_day()
    country.hand_in()
    country.publish()
    assert "metadata/2.root.json" not in Archive(country.bundle)
    assert state_of(country.published).roles[0].version == 1
    planted.unlink()
    country.change("root")
    country.sign("root")
    signed = country.work / "metadata" / "2.root.json"
    planted.write_bytes(bytes(len(signed.read_bytes())))
    country.hand_in()
    country.publish()
    assert planted.read_bytes() == signed.read_bytes()
    assert import_bundle(store, country.bundle, at=country.at).root_version == 2


def test_another_first_root_in_the_repository_is_not_believed(country: Country) -> None:
    store, first = country.folder / "store", country.first_root
    import_bundle(store, country.bundle, root=first, at=country.at)
    path = country.publisher.repository.root_path(1)
    path.write_bytes(foreign_root(first, version=1))
    country.next_day()
    country.hand_in()
    country.publish()
    assert path.read_bytes() == Archive(country.bundle)["metadata/1.root.json"] == first
    import_bundle(store, country.bundle, at=country.at)


def test_new_online_keys_end_what_a_lost_memory_of_versions_would_block(country: Country) -> None:
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    newest = restored(country)
    import_bundle(store, newest, at=country.at)
    for role in ("snapshot", "timestamp"):
        country.rotate(role)
    country.change("root")
    country.sign("root")
    country.hand_in()
    assert refusal(country.publish) == "repository_restored"
    assert country.publish(last_is_lost=True).version == 2
    result = import_bundle(store, country.bundle, at=country.at)
    assert (result.bundle_version, result.previous_version) == (2, 3)


def test_a_court_restored_from_a_backup_goes_on_above_what_was_published(country: Country) -> None:
    house = country.houses[COURT]
    backup = shutil.copytree(house.contributor.folder, country.folder / "backup")
    for _ in range(3):
        country.next_day()
        country.hand_in(COURT)
        country.publish()
    shutil.rmtree(house.contributor.folder)
    backup.rename(house.contributor.folder)
    shutil.rmtree(country.incoming / COURT)
    country.next_day()
    country.hand_in(COURT)
    assert answers(country.publish())[f"court-{COURT}"] == "contribution_older"
    assert house.hand_in(country.incoming / COURT, at=country.at, above=4) == 5
    assert answers(country.publish())[f"court-{COURT}"] == "taken"


def test_a_damaged_repository_is_not_taken_for_an_empty_one(country: Country) -> None:
    metadata = country.folder / "public" / "metadata"
    (metadata / "1.court-420683.json").rename(metadata / "away")
    assert refusal(country.publish) == "repository_damaged"
    (metadata / "away").rename(metadata / "1.court-420683.json")
    (country.folder / "publisher" / "published.json").write_text("{", "utf-8")
    assert refusal(country.publish) == "memory_damaged"


def test_a_bundle_that_lenders_refuse_is_not_published(country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise TrustError("bundle_metadata", name="x")

    monkeypatch.setattr("xinzheng_issuer.publishing.trust_list.publisher.walk", refuse)
    assert refusal(country.publish) == "publication_refused"
    latest = country.publisher.repository.latest()
    assert latest is not None
    assert latest.version == 1


def test_a_contribution_is_written_whole_or_told(country: Country, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    assert refusal(write_contribution, tmp_path / "file" / "x", {"key.json": b"{}"}) == "ceremony_not_written"
    assert refusal(country.houses[COURT].contributor.retire_key) == "court_keys_one"
