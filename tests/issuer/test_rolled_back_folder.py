"""An older edition in the published folder, put there by somebody without a key, or with online keys of before."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, MetaFile, Snapshot, Timestamp

from support.country import Country, publishers_passphrase
from support.handing_in import COURT, refusal
from support.issuers import NOW
from support.lived_country import Lenders
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE
from xinzheng_issuer.publishing.trust_list.contributions import Contribution, read_contribution
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_schemas.trust_documents import KeyState
from xinzheng_verifier.trust.files import locked

ONLINE = ("snapshot", "timestamp")


@pytest.fixture
def first_timestamp(country: Country) -> bytes:
    """Of the edition before a court's key was compromised, which is in effect now."""
    first = timestamp_of(country).read_bytes()
    country.next_day()
    records = country.houses[COURT].court.records
    records["cert-1"] = replace(records["cert-1"], state=KeyState.COMPROMISED, compromised_at=NOW - timedelta(days=10))
    country.hand_in()
    country.change("province-42")
    country.sign("province-42")
    country.publish()
    return first


def timestamp_of(country: Country) -> Path:
    return country.folder / "public" / TIMESTAMP_FILE


def new_root(country: Country, *roles: str) -> Contribution:
    """The root that names other online keys, handed in by itself."""
    newest = len(list(country.work.glob("metadata/*.root.json"))) + 1
    for role in roles:
        country.rotate(role)
    country.change("root")
    country.sign("root")
    name = f"metadata/{newest}.root.json"
    return Contribution(source="ceremony", files={name: (country.work / name).read_bytes()})


def publish(country: Country, *given: Contribution) -> object:
    """What courts hand in, and what is given; no document of a province."""
    country.next_day()
    country.hand_in()
    courts = [read_contribution(country.incoming / code) for code in country.houses]
    return country.publisher.publish([*given, *courts], at=country.at)


def roll_back(country: Country, first: bytes) -> None:
    timestamp_of(country).write_bytes(first)


def empty(country: Country, _: bytes) -> None:
    shutil.rmtree(country.folder / "public")


@pytest.mark.parametrize("harm", [roll_back, empty])
@pytest.mark.parametrize("roles", [("timestamp",), ("snapshot",), ONLINE])
def test_a_compromise_outlives_new_online_keys_whatever_lies_in_the_folder(
    country: Country, lenders: Lenders, first_timestamp: bytes, roles: tuple[str, ...], harm: Callable[..., None]
) -> None:
    assert lenders.follow() == {"key_compromised"}
    newest = country.bundle
    harm(country, first_timestamp)
    root = new_root(country, *roles)
    assert refusal(publish, country, root) == "repository_restored"
    country.publisher.restore(newest, at=country.at)
    publish(country, root)
    assert lenders.follow() == {"key_compromised"}


def test_keys_that_were_replaced_name_no_edition_to_go_on_from(
    country: Country, lenders: Lenders, first_timestamp: bytes
) -> None:
    stolen = {
        role: open_share(key_file(country.folder / "publisher", f"{role}-1"), passphrase=publishers_passphrase)
        for role in ONLINE
    }
    metadata = country.folder / "public" / "metadata"
    snapshot = Metadata[Snapshot].from_bytes((metadata / "1.snapshot.json").read_bytes())
    publish(country, new_root(country, *ONLINE))
    newest = country.bundle
    forged = Metadata[Timestamp].from_bytes(first_timestamp)
    snapshot.signed.version = forged.signed.version = 500
    snapshot.sign(stolen["snapshot"])
    (metadata / "500.snapshot.json").write_bytes(snapshot.to_bytes())
    forged.signed.snapshot_meta = MetaFile.from_data(500, snapshot.to_bytes(), ["sha256"])
    forged.sign(stolen["timestamp"])
    timestamp_of(country).write_bytes(forged.to_bytes())
    assert refusal(publish, country) == "repository_restored"
    country.publisher.restore(newest, at=country.at)
    publish(country)
    assert lenders.follow() == {"key_compromised"}


def test_white_space_after_the_timestamp_is_mended_by_the_newest_bundle(country: Country) -> None:
    newest = country.bundle
    with timestamp_of(country).open("ab") as file:
        file.write(b"\n")
    assert refusal(country.publish) == "repository_restored"
    assert country.publisher.restore(newest, at=country.at).version == 1
    country.next_day()
    country.hand_in()
    assert country.publish().version == 2


def test_a_lock_that_somebody_holds_in_the_folder_stops_nobody(country: Country) -> None:
    with locked(country.folder / "public"):
        publish(country)
        country.publisher.restore(country.bundle, at=country.at)
