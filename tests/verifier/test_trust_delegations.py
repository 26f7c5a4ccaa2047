"""Provinces and courts: who may say what, against a publisher that publishes anything (TUF specification, 5.6)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Delegations, Metadata, MetaFile, Snapshot, SuccinctRoles, Targets, Timestamp

from support.tuf_simulator import TUFSimulator, new_key, status_list
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.tuf_workflow import TrustedRepository, walk

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PATH = "courts/420683/status/1/revocation.json"
JOURNAL = "courts/420683/status/1/revocation.changes.json"
COURT, PROVINCE = "court-420683", "province-42"


@pytest.fixture
def country() -> TUFSimulator:
    """Two provinces with three courts."""
    simulator = TUFSimulator(at=NOW)
    simulator.country("420683", "420684", "110101")
    simulator.entrusted[PROVINCE].targets["courts/420683/issuer.json"] = b'{"court": 1}'
    return simulator


def load(simulator: TUFSimulator, *, seen: Seen = NOTHING_SEEN, **how: Any) -> TrustedRepository:
    """What the walk finds; `files` and `at` are the simulator's unless told."""
    files = how.pop("files", None)
    return walk(
        simulator.files() if files is None else files,
        root=simulator.root_bytes,
        seen=seen,
        at=how.pop("at", simulator.at),
    )


def refusal(simulator: TUFSimulator, **how: Any) -> str:
    with pytest.raises(TrustError) as caught:
        load(simulator, **how)
    assert str(caught.value)
    assert caught.value.message("zh")
    return caught.value.code


def test_courts_are_found_below_their_provinces(country: TUFSimulator) -> None:
    found = load(country)
    assert {*found.targets} == {
        "courts/420683/issuer.json",
        *(f"courts/{code}/status/1/revocation.json" for code in ("420683", "420684", "110101")),
    }
    assert found.seen.metadata == dict.fromkeys(
        ("targets.json", "province-11.json", "province-42.json", *(f"court-{c}.json" for c in COURTS)), 1
    )
    assert {*found.seen.keys} == {*found.seen.metadata} - {"targets.json"}
    assert {*found.role_expires} == {
        "root", "timestamp", "snapshot", "targets", "province-11", "province-42", *(f"court-{c}" for c in COURTS)
    }  # fmt: skip
    assert found.extent.is_whole


COURTS = ("420683", "420684", "110101")


def test_a_country_may_entrust_a_court_without_a_province() -> None:
    simulator = TUFSimulator(at=NOW)
    simulator.targets.clear()
    simulator.entrust(COURT).targets[PATH] = status_list("420683", "revocation")
    assert [*load(simulator).targets] == [PATH]


# --- signatures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [PROVINCE, COURT])
def test_a_threshold_is_enough_and_one_less_is_not(country: TUFSimulator, role: str) -> None:
    entrusted = country.entrusted[role]
    entrusted.keys, entrusted.threshold = [new_key() for _ in range(3)], 2
    entrusted.signers = entrusted.keys[:2]
    assert load(country).root_version == 1
    entrusted.signers = entrusted.keys[:1]
    assert refusal(country) == "bundle_threshold"
    entrusted.signers = []
    assert refusal(country) == "bundle_threshold"


@pytest.mark.parametrize("role", [PROVINCE, COURT])
def test_one_key_under_two_names_counts_once(country: TUFSimulator, role: str) -> None:
    signer = new_key()
    public = {"public": signer.public_key.keyval["public"]}
    alias = CryptoSigner(signer._private_key, SSlibKey("another-name", "ed25519", "ed25519", public))
    country.entrusted[role].keys, country.entrusted[role].threshold = [signer, alias], 2
    assert refusal(country) == "bundle_threshold"


def test_one_signature_repeated_is_refused(country: TUFSimulator) -> None:
    files = country.files()
    metadata = json.loads(files[f"metadata/1.{COURT}.json"])
    metadata["signatures"] *= 2
    files[f"metadata/1.{COURT}.json"] = json.dumps(metadata).encode()
    assert refusal(country, files=files) == "bundle_metadata"


@pytest.mark.parametrize("role", [PROVINCE, COURT])
@pytest.mark.parametrize("other", ["court-420684", "province-11", PROVINCE, COURT, "targets", "root", "snapshot"])
def test_the_key_of_another_role_does_not_count(country: TUFSimulator, role: str, other: str) -> None:
    keys = country.entrusted[other].keys if other in country.entrusted else country.keys[other]
    country.entrusted[role].signers = keys
    if role != other:
        assert refusal(country) == "bundle_threshold"
    else:
        assert load(country).root_version == 1


@pytest.mark.parametrize("role", [PROVINCE, COURT])
def test_metadata_of_another_role_is_refused(country: TUFSimulator, role: str) -> None:
    files = country.files()
    other = "court-420684" if role == COURT else "province-11"
    files[f"metadata/1.{role}.json"] = files[f"metadata/1.{other}.json"]
    assert refusal(country, files=files) == "bundle_threshold"
    files[f"metadata/1.{role}.json"] = files["metadata/timestamp.json"]
    assert refusal(country, files=files) == "bundle_metadata"


# --- what was entrusted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (COURT, "courts/420684/status/1/revocation.json"),  # another court of the province
        (COURT, "courts/110101/status/1/suspension.json"),  # of another province
        (COURT, "courts/420683/issuer.json"),  # its own keys
        (PROVINCE, "courts/110102/issuer.json"),
        (PROVINCE, "courts/110101/status/2/revocation.json"),
        (PROVINCE, "courts/420683/status/2/revocation.json"),  # entrusts its courts with them
        (PROVINCE, "courts/420683/status/1/names.json"),
        (PROVINCE, "README.txt"),
        ("targets", "courts/../issuer.json"),
        ("targets", "README.txt"),
    ],
)
def test_what_was_not_entrusted_is_refused(country: TUFSimulator, role: str, path: str) -> None:
    targets = country.targets if role == "targets" else country.entrusted[role].targets
    targets[path] = b"{}"
    assert refusal(country) == "bundle_delegation"


@pytest.mark.parametrize(
    "paths",
    [
        ["courts/110101/status/*/*"],  # another province's court
        ["courts/420684/status/*/*"],  # a neighbour
        ["courts/42*/status/*/*"],
        ["courts/*/status/*/*"],
        ["courts/420683/*"],
        ["courts/420683/issuer.json", "courts/420683/status/*/*"],
        ["courts/420683/status/*/*", "courts/420684/status/*/*"],
        ["*"],
        [],
    ],
)
def test_a_court_is_entrusted_with_its_lists_and_no_more(country: TUFSimulator, paths: list[str]) -> None:
    country.entrusted[COURT].paths = paths
    country.entrusted[COURT].targets.clear()
    assert refusal(country) == "bundle_delegation"


@pytest.mark.parametrize("paths", [["courts/*/issuer.json"], ["courts/11*/issuer.json"], ["courts/4*/status/*/*"], []])
def test_a_province_is_entrusted_with_its_courts_and_no_more(country: TUFSimulator, paths: list[str]) -> None:
    country.entrusted[PROVINCE].paths = paths
    assert refusal(country) == "bundle_delegation"


def test_nobody_entrusts_more_than_he_was_entrusted_with(country: TUFSimulator) -> None:
    country.entrust("court-110102", by=PROVINCE)
    assert refusal(country) == "bundle_delegation"
    del country.entrusted["court-110102"]
    country.entrusted[PROVINCE].paths = ["courts/42*/issuer.json"]
    assert refusal(country) == "bundle_delegation"


@pytest.mark.parametrize(("role", "by"), [("court-420685", COURT), ("province-43", PROVINCE), ("province-42", COURT)])
def test_courts_entrust_nobody_and_provinces_no_province(country: TUFSimulator, role: str, by: str) -> None:
    country.entrusted.pop(role, None)
    country.entrust(role, by=by)
    assert refusal(country) in {"bundle_delegation", "bundle_undelegated"}


@pytest.mark.parametrize("role", ["hubei", "province-4", "province-420", "court-", "court-../x"])
def test_a_role_of_another_kind_is_refused(country: TUFSimulator, role: str) -> None:
    country.entrust(role, paths=["courts/43*/issuer.json"]).listed = 0
    assert refusal(country) == "bundle_delegation"


def test_a_court_beside_its_province_is_refused(country: TUFSimulator) -> None:
    """What two roles could list, one of them would list first: no order decides here, and so `terminating` does not."""
    country.entrust("court-420685").targets["courts/420685/status/1/revocation.json"] = b'{"id": "x"}'
    assert refusal(country) == "bundle_delegation"
    del country.entrusted["court-420685"]
    country.entrusted[PROVINCE].terminating = country.entrusted[COURT].terminating = False
    assert PATH in load(country).targets


def test_a_role_entrusted_by_two_is_refused(country: TUFSimulator) -> None:
    files = country.files()
    # The first court's delegation stands in the country's own metadata too.
    del country.entrusted["province-42"], country.entrusted["court-420684"]
    country.entrusted[COURT].by = "targets"
    alone = country.files()
    assert load(country, files=alone).targets[PATH]
    country.entrusted[COURT].by = "province-11"
    assert refusal(country) == "bundle_delegation"
    assert load(country, files=files).targets[PATH]


def test_a_path_listed_by_two_roles_is_refused(country: TUFSimulator) -> None:
    country.targets["courts/420683/issuer.json"] = country.entrusted[PROVINCE].targets["courts/420683/issuer.json"]
    assert refusal(country) == "bundle_target_twice"


def test_a_top_that_entrusts_anybody_lists_no_status_lists(country: TUFSimulator) -> None:
    """Their numbers would outlast its keys at every lender; a lone court's bundle entrusts nobody."""
    country.targets["courts/420683/status/2/revocation.json"] = country.entrusted[COURT].targets[PATH]
    assert refusal(country) == "bundle_delegation"
    country.entrusted.clear()
    assert "courts/420683/status/2/revocation.json" in load(country).targets


def test_metadata_that_nobody_entrusts_is_refused(country: TUFSimulator) -> None:
    country.named["court-420699.json"] = 1
    assert refusal(country) == "bundle_undelegated"
    country.named.clear()
    files = country.files()
    files["metadata/1.court-420699.json"] = files[f"metadata/1.{COURT}.json"]
    assert refusal(country, files=files) == "bundle_unlisted"
    country.named["hubei.json"] = 1
    assert refusal(country) == "bundle_metadata"


def test_a_role_that_was_entrusted_and_has_published_nothing_is_missing(country: TUFSimulator) -> None:
    country.entrusted[COURT].listed = 0
    files = country.files()
    del files[f"metadata/1.{COURT}.json"]
    assert refusal(country, files=files) == "bundle_incomplete"


def test_hash_bins_are_refused(country: TUFSimulator) -> None:
    """Succinct delegations (TAP 15) would make every bin's key speak for courts of every province."""
    files = country.files()
    top = Metadata[Targets].from_bytes(files["metadata/1.targets.json"])
    key = new_key().public_key
    top.signed.delegations = Delegations({key.keyid: key}, succinct_roles=SuccinctRoles([key.keyid], 1, 8, "bin"))
    top.signatures.clear()
    top.sign(country.keys["targets"][0])
    data = top.to_bytes()
    targets = MetaFile.from_data(1, data, ["sha256"])
    snapshot = country.sign(Snapshot(version=1, expires=NOW + DAY, meta={"targets.json": targets}))
    stated = MetaFile.from_data(1, snapshot, ["sha256"])
    timestamp = country.sign(Timestamp(version=1, expires=NOW + DAY, snapshot_meta=stated))
    files |= {
        "metadata/1.targets.json": data,
        "metadata/1.snapshot.json": snapshot,
        "metadata/timestamp.json": timestamp,
    }
    assert refusal(country, files=files) == "bundle_metadata"


def test_more_roles_than_the_limit_are_refused(country: TUFSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinzheng_verifier.trust.delegations.MAX_DELEGATED_ROLES", 5)
    assert load(country).root_version == 1
    country.entrust("province-43")
    assert refusal(country) == "bundle_metadata"


# --- moments that do not belong together ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [PROVINCE, COURT])
@pytest.mark.parametrize("step", [-1, 1])
def test_metadata_of_another_version_than_named_is_refused(country: TUFSimulator, role: str, step: int) -> None:
    country.next()
    country.entrusted[role].listed = country.version + step
    assert refusal(country) == "bundle_mixed"


@pytest.mark.parametrize("role", [PROVINCE, COURT])
def test_metadata_of_another_moment_is_refused(country: TUFSimulator, role: str) -> None:
    old = country.files()
    files = country.next().files()
    files[f"metadata/2.{role}.json"] = old[f"metadata/1.{role}.json"]
    assert refusal(country, files=files) == "bundle_mixed"


@pytest.mark.parametrize("role", [PROVINCE, COURT])
def test_a_digest_in_the_snapshot_is_optional_and_binding(country: TUFSimulator, role: str) -> None:
    country.entrusted[role].digest = True
    files = country.files()
    assert load(country, files=files).root_version == 1
    files[f"metadata/1.{role}.json"] += b" "
    assert refusal(country, files=files) == "bundle_hash"


def test_a_list_of_another_moment_is_refused(country: TUFSimulator) -> None:
    """Mix-and-match of one list: yesterday's, genuinely signed, under today's name or its own."""
    old = country.files()
    country.next().entrusted[COURT].targets[PATH] = status_list("420683", "revocation", sequence=2)
    files = country.files()
    [before] = [name for name in old if "420683" in name and "revocation" in name]
    [today] = [name for name in files if "420683" in name and "revocation" in name]
    assert refusal(country, files=files | {today: old[before]}) == "bundle_hash"
    without = {name: content for name, content in files.items() if name != today}
    assert refusal(country, files=without | {before: old[before]}) == "bundle_incomplete"
    assert refusal(country, files=files | {before: old[before]}) == "bundle_unlisted"


# --- backwards, and far forwards --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [PROVINCE, COURT])
def test_no_role_goes_backwards(country: TUFSimulator, role: str) -> None:
    seen = load(country.next()).seen
    country.next().entrusted[role].version = 1
    assert refusal(country, seen=seen) == "bundle_rollback"
    country.entrusted[role].version = 2
    assert load(country, seen=seen).seen.timestamp == 3


def test_one_list_cannot_be_rolled_back_alone(country: TUFSimulator) -> None:
    first = dict(country.entrusted[COURT].targets)
    country.next().entrusted[COURT].targets[PATH] = status_list("420683", "revocation", sequence=2)
    seen = load(country).seen
    # Whoever holds the keys of snapshot and timestamp brings the court's old metadata back, and its old list with it.
    country.next().entrusted[COURT].version, country.entrusted[COURT].targets = 1, first
    assert refusal(country, seen=seen) == "bundle_rollback"


def test_a_role_that_vanished_is_refused_unless_nobody_entrusts_it(country: TUFSimulator) -> None:
    seen = load(country).seen
    country.next().entrusted[COURT].listed = 0
    assert refusal(country, seen=seen) == "bundle_rollback"
    del country.entrusted[COURT]
    found = load(country, seen=seen)
    assert f"{COURT}.json" not in found.seen.metadata
    assert found.seen.keys[f"{COURT}.json"] == seen.keys[f"{COURT}.json"]  # numbers of its lists are worth as long


@pytest.mark.parametrize("role", [PROVINCE, COURT])
def test_new_keys_undo_versions_that_a_thief_pushed_up(country: TUFSimulator, role: str) -> None:
    country.next().entrusted[role].version = 999_999_999
    seen = load(country).seen
    country.next().entrusted[role].version = 3
    assert refusal(country, seen=seen) == "bundle_rollback"
    country.entrusted[role].keys = [new_key()]
    country.entrusted[role].published_at = country.at
    recovered = load(country, seen=seen).seen
    assert recovered.metadata[f"{role}.json"] == 3
    country.next().entrusted[role].version = 2
    assert refusal(country, seen=recovered) == "bundle_rollback"


def test_what_the_keys_that_stay_signed_alone_does_not_come_back(country: TUFSimulator) -> None:
    """Whoever has the keys of snapshot and timestamp waits until one of several keys is replaced."""
    stays, leaves, comes = new_key(), new_key(), new_key()
    entrusted = country.entrusted[PROVINCE]
    entrusted.keys, entrusted.signers = [stays, leaves], [leaves]
    seen = load(country.next()).seen
    country.next()
    entrusted.keys, entrusted.signers, entrusted.version = [stays, comes], [stays], 1
    with pytest.raises(TrustError) as caught:
        load(country, seen=seen)
    assert (caught.value.code, caught.value.params["seen"]) == ("bundle_rollback", 2)
    files = country.files()
    spoiled = json.loads(files[f"metadata/1.{PROVINCE}.json"])
    spoiled["signatures"].append({"keyid": comes.public_key.keyid, "sig": "00" * 64})
    assert refusal(country, seen=seen, files=files | {f"metadata/1.{PROVINCE}.json": json.dumps(spoiled).encode()}) == (
        "bundle_rollback"
    )
    entrusted.signers = [comes]
    assert load(country, seen=seen).seen.metadata[f"{PROVINCE}.json"] == 1


def test_what_a_province_names_fills_nobodys_memory(country: TUFSimulator) -> None:
    """Whoever has its keys could keep every store from remembering anything else, for good."""
    keys, seen = [new_key() for _ in range(60)], NOTHING_SEEN
    for edition in range(3):
        for each in range(4):
            invented = country.entrust(f"court-4299{edition}{each}", by=PROVINCE)
            invented.keys, invented.targets = keys, {}
        seen = load(country.next(), seen=seen).seen
        for each in range(4):
            del country.entrusted[f"court-4299{edition}{each}"]
    assert len(seen.keys["court-429920.json"]) == 16
    seen = load(country.next(), seen=load(country.next(), seen=seen).seen).seen
    assert [name for name in seen.keys if name.startswith("court-4299")] == []
    assert f"{COURT}.json" in seen.keys


@pytest.mark.parametrize("role", [PROVINCE, COURT])
def test_the_same_keys_under_other_names_forget_nothing(country: TUFSimulator, role: str) -> None:
    signer = country.entrusted[role].keys[0]
    seen = load(country.next()).seen
    public = {"public": signer.public_key.keyval["public"]}
    alias = CryptoSigner(signer._private_key, SSlibKey("another-name", "ed25519", "ed25519", public))
    country.next().entrusted[role].keys = [alias]
    country.entrusted[role].version = 1
    assert refusal(country, seen=seen) == "bundle_rollback"
    country.entrusted[role].keys = [alias, new_key()]
    country.entrusted[role].signers = [alias]
    assert refusal(country, seen=seen) == "bundle_rollback"


def test_new_keys_of_a_province_forget_nothing_of_its_courts(country: TUFSimulator) -> None:
    seen = load(country.next()).seen
    country.next().entrusted[PROVINCE].keys = [new_key()]
    country.entrusted[COURT].version = 1
    assert refusal(country, seen=seen) == "bundle_rollback"


def test_a_version_beyond_nine_digits_has_no_name(country: TUFSimulator) -> None:
    country.entrusted[COURT].version = 2**63
    with pytest.raises(TrustError) as caught:
        load(country, files=country.files())
    assert caught.value.code == "bundle_metadata"  # not a number that every reader keeps


# --- attestation and expiry -------------------------------------------------------------------------------------------


def test_a_court_attests_its_lists_and_not_its_journals(country: TUFSimulator) -> None:
    court = country.entrusted[COURT]
    court.targets[JOURNAL] = b"{}"
    court.published_at = NOW - HOUR
    found = load(country)
    assert found.attested[PATH] == NOW - HOUR
    assert {*found.attested} == {f"courts/{code}/status/1/revocation.json" for code in COURTS}
    court.published_at = None
    assert PATH not in load(country).attested


def test_a_court_that_runs_alone_attests_at_the_top() -> None:
    simulator = TUFSimulator(at=NOW)
    assert load(simulator).attested == {}
    simulator.extra["targets"] = {"publishedAt": "2026-11-23T08:00:00Z"}
    assert load(simulator).attested == {PATH: NOW - HOUR}


def test_nobody_attests_later_than_the_whole_was_published(country: TUFSimulator) -> None:
    country.entrusted[COURT].published_at = NOW + 1000 * DAY
    assert load(country).attested[PATH] == NOW
    country.extra["timestamp"] = {"publishedAt": None}
    assert load(country).attested[PATH] == NOW + 1000 * DAY


@pytest.mark.parametrize("stated", ["yesterday", 7, "2026-11-23", {}])
def test_a_moment_that_is_none_is_refused(stated: object) -> None:
    simulator = TUFSimulator(at=NOW, extra={"targets": {"publishedAt": stated}})
    assert refusal(simulator) == "bundle_metadata"


def test_an_expired_court_attests_nothing_and_shows(country: TUFSimulator) -> None:
    country.entrusted[COURT].lifetime = HOUR
    found = load(country, at=NOW + HOUR)
    assert found.role_expires[COURT] == NOW + HOUR
    assert {*found.attested} == {f"courts/{code}/status/1/revocation.json" for code in COURTS if code != "420683"}
    assert PATH in found.targets  # a set bit still counts
    assert found.expires == NOW + 7 * DAY  # the whole is as current as it was


def test_the_same_old_country_for_ever_says_that_it_has_expired(country: TUFSimulator) -> None:
    """Freeze: it is taken, and handed on with its expiry; what is left of attestation is as old as it was."""
    found = load(country, at=NOW + 30 * DAY)
    assert found.expires == NOW + 7 * DAY
    assert found.attested == {}
