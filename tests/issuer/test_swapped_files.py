"""Files of the country's repository that are others at each reading, or no files: what was judged counts, or nothing.

Whoever writes in the published folder may stop a publication that way. No number or moment of his is signed, handed out
or remembered, and once his files are gone lenders follow.
"""

import json
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, MetaFile

from support.alone import cheap_passphrases
from support.country import Country, publishers_passphrase
from support.foreign_roots import foreign_root
from support.handing_in import COURT, refusal
from support.issuers import NOW
from support.lived_country import ROLE, Lenders, publish, published_files
from support.power_cut import PowerCutError, stopping
from support.swapping import swapped
from xinzheng_issuer.errors import PublishingError, TrustListError
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_issuer.publishing.role_keys import sign_metadata
from xinzheng_issuer.publishing.root_chain import KEPT_ROOTS
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.directory import import_bundle
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.names import EXTENT_FILE, sha256_of

HIGHEST = 999_999_999


def timestamp_of(country: Country) -> Path:
    return country.folder / "public" / "metadata" / "timestamp.json"


def memory_of(country: Country) -> dict[str, Any]:
    return dict(json.loads((country.folder / "publisher" / MEMORY_FILE).read_bytes()))


def lying(genuine: bytes, **members: object) -> bytes:
    """The same with its signature, and other words."""
    content = json.loads(genuine)
    content["signed"] |= members
    return json.dumps(content).encode()


def goes_on(country: Country, lenders: Lenders, *, number: int) -> None:
    """His files are gone: the next days' editions bear the next numbers and today's moment, and lenders follow."""
    for following in (number, number + 1):
        country.next_day()
        country.hand_in()
        assert publish(country).version == following
        assert country.published.published_at == country.at
        memory = memory_of(country)
        assert (memory["version"], memory["timestamp"]) == (following, sha256_of(timestamp_of(country).read_bytes()))
    assert lenders.follow() == {"revoked"}


def bundled_timestamp(country: Country, number: int) -> bytes:
    bundle = country.publisher.repository.bundle_path(number).read_bytes()
    return Archive(bundle)["metadata/timestamp.json"]


LIES: dict[str, dict[str, Any]] = {
    "number": {"version": HIGHEST - 2},
    "moment": {"publishedAt": format_timestamp(NOW + timedelta(days=6))},
    "snapshot": {"meta": {"snapshot.json": {"version": 2}}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_timestamp_that_nobody_signed_gives_nothing(lived: Country, lenders: Lenders, lie: str) -> None:
    lenders.join()
    genuine = timestamp_of(lived).read_bytes()
    with swapped(timestamp_of(lived), [lying(genuine, **LIES[lie]), genuine]):
        assert refusal(publish, lived) == "repository_damaged"
    goes_on(lived, lenders, number=4)


@pytest.mark.parametrize("turn", [1, 2, 4])
@pytest.mark.parametrize("lie", LIES)
def test_a_timestamp_is_read_once(lived: Country, lenders: Lenders, lie: str, turn: int) -> None:
    """Whatever lies there at a later reading, the edition that was made of the first one is what is remembered."""
    lenders.join()
    genuine = timestamp_of(lived).read_bytes()
    with swapped(timestamp_of(lived), [genuine] * turn + [lying(genuine, **LIES[lie]), genuine]) as swaps:
        assert publish(lived).version == 4
    assert swaps.opened == 1
    made = bundled_timestamp(lived, 4)
    assert json.loads(made)["signed"]["publishedAt"] == format_timestamp(lived.at)
    assert (memory_of(lived)["version"], memory_of(lived)["timestamp"]) == (4, sha256_of(made))
    timestamp_of(lived).write_bytes(made)
    goes_on(lived, lenders, number=5)


@pytest.mark.parametrize("turn", range(4))
def test_a_court_attests_the_moment_that_was_judged(country: Country, turn: int) -> None:
    house, out = country.houses[COURT], country.folder / "handed-in"
    path = house.contributor.repository.folder / "metadata" / "timestamp.json"
    genuine = path.read_bytes()
    with swapped(path, [genuine] * turn + [lying(genuine, **LIES["moment"]), genuine]):
        version = house.contributor.contribute(out, at=country.at)
    signed = json.loads((out / "metadata" / f"{version}.{ROLE}.json").read_bytes())["signed"]
    assert signed["publishedAt"] == json.loads(genuine)["signed"]["publishedAt"]


def test_an_older_timestamp_that_is_put_back_at_once_is_noticed(lived: Country, lenders: Lenders) -> None:
    """The memory is of what was signed: the edition that was published is not made once more."""
    genuine = timestamp_of(lived).read_bytes()
    lived.next_day()
    lived.hand_in()
    with swapped(timestamp_of(lived), [genuine]):
        assert publish(lived).version == 4
    newest = lived.publisher.repository.bundle_path(4).read_bytes()
    for path in (lived.folder / "public").rglob("*"):
        if path.name.startswith(("4.", "bundle-4.")):
            path.unlink()
    import_bundle(lived.folder / "store", newest, root=lived.first_root, at=lived.at)
    assert refusal(publish, lived) == "repository_restored"
    lived.publisher.restore(newest, at=lived.at)
    goes_on(lived, lenders, number=5)
    import_bundle(lived.folder / "store", lived.bundle, at=lived.at)


@pytest.mark.parametrize(
    "name",
    [
        "metadata/timestamp.json",
        "metadata/3.snapshot.json",
        f"metadata/3.{ROLE}.json",
        "bundles/bundle-3.xzb",
        "target",
    ],
)
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_no_file_stops_nobody_for_longer_than_it_lies_there(
    lived: Country, lenders: Lenders, name: str, kind: str
) -> None:
    lenders.join()
    path = lived.folder / "public" / name if name != "target" else published_files(lived, ["/revocation.json"])[0]
    away = path.rename(lived.folder / "away")
    os.mkfifo(path) if kind == "pipe" else path.symlink_to(away)
    done: list[str] = []

    def attempt() -> None:
        try:
            done.append(str(publish(lived).version))
        except PublishingError as error:
            done.append(error.code)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(30)
    is_needed = name.startswith("metadata/")
    assert done == ["repository_damaged" if is_needed else "4"]
    path.unlink()
    away.rename(path)
    goes_on(lived, lenders, number=4 if is_needed else 5)


@pytest.mark.parametrize("name", ["metadata", "targets", "bundles", "updates"])
def test_nothing_is_written_into_a_folder_that_is_a_link(lived: Country, lenders: Lenders, name: str) -> None:
    """Somebody lets a folder lead to that of the online keys."""
    lenders.join()
    keys, folder = lived.folder / "publisher", lived.folder / "public" / name
    lived.next_day()
    lived.hand_in()
    before = {path: path.read_bytes() for path in keys.iterdir() if path.name != KEPT_ROOTS}
    away = folder.rename(lived.folder / "away")
    folder.symlink_to("../publisher")
    with pytest.raises((OSError, TrustListError, PublishingError)):
        publish(lived)
    assert {path: path.read_bytes() for path in keys.iterdir() if path.name != KEPT_ROOTS} == before
    folder.unlink()
    away.rename(folder)
    number = lived.publisher.repository.next_version("snapshot", after=3)
    goes_on(lived, lenders, number=number)


@pytest.mark.parametrize("turn", range(1, 4))
def test_the_roots_that_are_kept_are_those_that_were_published(tmp_path: Path, turn: int) -> None:
    with cheap_passphrases():
        country = Country(tmp_path / "country")
        country.found()
    genuine = (country.work / "metadata" / "1.root.json").read_bytes()
    path = country.folder / "public" / "metadata" / "1.root.json"
    path.parent.mkdir(parents=True)
    foreign = foreign_root(genuine, version=1)
    with swapped(path, [genuine] * turn + [foreign]):
        country.publish()
    kept = json.loads((country.folder / "publisher" / KEPT_ROOTS).read_bytes())["roots"]
    assert kept == {"1": genuine.decode()}
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=genuine, at=country.at)
    country.next_day()
    country.hand_in()
    country.publish()
    assert path.read_bytes() == Archive(country.bundle)["metadata/1.root.json"] == genuine
    import_bundle(store, country.bundle, at=country.at)


def test_copies_of_the_roots_are_there_before_an_edition_takes_effect(country: Country, tmp_path: Path) -> None:
    """Whenever the power goes: an edition that lenders can have is of roots that are kept."""
    country.change("root")
    country.sign("root")
    with stopping(10**9) as counted:
        country.copy(tmp_path / "whole").publish()
    effects = set()
    for at in range(counted.done - 8, counted.done):
        copied = country.copy(tmp_path / str(at))
        with stopping(at), pytest.raises(PowerCutError):
            copied.publish()
        kept = json.loads((copied.folder / "publisher" / KEPT_ROOTS).read_bytes())["roots"]
        is_in_effect = json.loads(timestamp_of(copied).read_bytes())["signed"]["version"] == 2
        effects.add((is_in_effect, "2" in kept))
        copied.publish()
        assert "metadata/2.root.json" in Archive(copied.bundle)
    assert (True, True) in effects
    assert (True, False) not in effects


# --- numbers ----------------------------------------------------------------------------------------------------------


def pushed_up(country: Country, number: int) -> bytes:
    """A thief of the online keys makes an edition of this number."""
    files = {name: data for name, data in Archive(country.bundle).items() if not name.endswith(".snapshot.json")}
    now = country.published
    signed: dict[str, Metadata[Any]] = {
        "snapshot": Metadata.from_bytes(now.snapshot),
        "timestamp": Metadata.from_bytes(now.timestamp),
    }
    for role, metadata in signed.items():
        key = open_share(key_file(country.folder / "publisher", f"{role}-1"), passphrase=publishers_passphrase)
        metadata.signed.version = number
        if role == "timestamp":
            metadata.signed.snapshot_meta = MetaFile.from_data(number, signed["snapshot"].to_bytes(), ["sha256"])
        metadata.signatures.clear()
        sign_metadata(metadata, key)
    snapshot, timestamp = (signed[role].to_bytes() for role in signed)
    files |= {f"metadata/{number}.snapshot.json": snapshot, "metadata/timestamp.json": timestamp}
    for name, data in files.items():
        (country.folder / "public" / name).write_bytes(data) if name != EXTENT_FILE else None
    bundle = pack(select({name: data for name, data in files.items() if name != EXTENT_FILE}))
    country.publisher.repository.bundle_path(number).write_bytes(bundle)
    return bundle


def test_numbers_that_a_thief_pushed_up_begin_anew_under_new_online_keys(lived: Country, lenders: Lenders) -> None:
    lenders.join()
    import_bundle(lenders.stores[0], pushed_up(lived, HIGHEST - 1), at=lived.at)
    assert publish(lived).version == HIGHEST
    lenders.join()
    lived.next_day()
    lived.hand_in()
    for _ in range(2):
        assert refusal(publish, lived) == "versions_used_up"
    assert memory_of(lived)["version"] == HIGHEST
    for role in ("snapshot", "timestamp"):
        lived.rotate(role)
    lived.change("root")
    lived.sign("root")
    assert publish(lived).version == 4
    goes_on(lived, lenders, number=5)


def test_numbers_go_on_under_new_online_keys_where_there_are_more(lived: Country, lenders: Lenders) -> None:
    """What a mirror has under a name is not to be another file."""
    lenders.join()
    import_bundle(lenders.stores[0], pushed_up(lived, 5_000), at=lived.at)
    for role in ("snapshot", "timestamp"):
        lived.rotate(role)
    lived.change("root")
    lived.sign("root")
    assert publish(lived).version == 5_001
    goes_on(lived, lenders, number=5_002)


def test_the_past_is_whole_where_numbers_began_anew_and_the_memory_was_not_written(
    lived: Country, lenders: Lenders
) -> None:
    lenders.join()
    pushed_up(lived, HIGHEST - 1)
    publish(lived)
    memory = lived.folder / "publisher" / MEMORY_FILE
    before = memory.read_bytes()
    for role in ("snapshot", "timestamp"):
        lived.rotate(role)
    lived.change("root")
    lived.sign("root")
    lived.change("province-42", without_lists=[COURT])
    lived.sign("province-42")
    assert publish(lived).version == 4
    honest = memory_of(lived)["past"]
    assert ROLE in honest["roles"]
    memory.write_bytes(before)
    lived.at += timedelta(hours=1)
    assert publish(lived).version == 5
    assert memory_of(lived)["past"] == honest
