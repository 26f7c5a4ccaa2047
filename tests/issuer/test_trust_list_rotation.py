"""New keys for every role of the trust list: a lender's store of before the rotation follows after it."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Targets

from support.country import Country
from support.stolen_province import Thief, replace_provinces_key
from xinzheng_issuer.publishing.trust_list.publisher import Result
from xinzheng_issuer.publishing.trust_list.state import state_of
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.directory import import_bundle
from xinzheng_verifier.trust.names import MAX_VERSION

COURT = "420683"


def taken(result: Result) -> dict[str, str]:
    return {
        f"{answer.role} {answer.version}": answer.error.code if answer.error else "taken" for answer in result.answers
    }


def verdicts(country: Country) -> dict[str, str]:
    """What a lender says of a certificate of each court."""
    verifier = Verifier(TrustStore.from_bundle(country.bundle, root=country.first_root, at=country.at))
    return {
        code: verifier.report(house.court.issue().json_text, at=country.at).code
        for code, house in country.houses.items()
    }


def keys_of(country: Country, role: str) -> set[str]:
    """Names of the shares that what is published names for a role."""
    name = "root" if role in country.roles and "." not in role else "targets"
    if role.startswith("court-"):
        name = f"province-{role[6:8]}"
    versions = country.work.glob(f"metadata/*.{name}.json")
    newest = max(versions, key=lambda path: int(path.name.partition(".")[0]))
    signed = json.loads(newest.read_bytes())["signed"]
    if name == "root":
        return {signed["keys"][key]["x-xinzheng-share"] for key in signed["roles"][role]["keyids"]}
    delegations = signed["delegations"]
    found = next(each for each in delegations["roles"] if each["name"] == role)
    return {delegations["keys"][key]["x-xinzheng-share"] for key in found["keyids"]}


def rotate_root(country: Country) -> None:
    section = country.roles["root"]
    section["leaving"] = section["shares"][:3]
    section["shares"] = [country.share(f"root-{number}") for number in (6, 7, 8)]
    country.change("root", threshold=2)
    country.make_keys()
    country.sign("root")


def rotate_targets(country: Country) -> None:
    country.rotate("targets")
    country.change("targets")
    country.change("root")
    country.sign("root", shares=("root-1", "root-2", "root-3"))
    country.sign("targets", shares=("targets-4", "targets-1", "targets-2"))


def rotate_online(*roles: str) -> Callable[[Country], None]:
    def rotate(country: Country) -> None:
        for role in roles:
            country.rotate(role)
        country.change("root")
        country.sign("root", shares=("root-1", "root-4", "root-5"))

    return rotate


def rotate_province(country: Country) -> None:
    country.rotate("province-42")
    country.change("province-42")
    country.change("targets")
    country.sign("targets")
    country.sign("province-42")


def rotate_court(country: Country) -> None:
    contributor = country.houses[COURT].contributor
    contributor.make_key(at=country.at)
    country.hand_in(COURT)
    country.change("province-42")
    country.sign("province-42")


ROTATIONS = {
    "root": (rotate_root, {"root-6", "root-7", "root-8"}),
    "targets": (rotate_targets, {"targets-4"}),
    "snapshot": (rotate_online("snapshot"), {"snapshot-2"}),
    "timestamp": (rotate_online("timestamp"), {"timestamp-2"}),
    "province-42": (rotate_province, {"province-42-2"}),
    f"court-{COURT}": (rotate_court, {f"court-{COURT}-2"}),
}


@pytest.mark.parametrize("role", ROTATIONS)
def test_a_store_of_before_a_rotation_follows_after_it(country: Country, role: str) -> None:
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    rotate, expected = ROTATIONS[role]
    country.next_day()
    rotate(country)
    house = country.houses[COURT]
    house.revoked.add(94567)
    country.hand_in()
    assert set(taken(country.publish()).values()) == {"taken"}
    assert keys_of(country, role) == expected
    import_bundle(store, country.bundle, at=country.at)
    report = Verifier(TrustStore.open(store)).report(house.court.issue().json_text, at=country.at)
    assert report.code == "revoked"
    _the_old_keys_are_not_needed_any_more(country, role)
    country.next_day()
    country.hand_in()
    assert set(taken(country.publish()).values()) == {"taken"}
    import_bundle(store, country.bundle, at=country.at)


def _the_old_keys_are_not_needed_any_more(country: Country, role: str) -> None:
    if role.startswith("court-"):
        assert country.houses[COURT].contributor.retire_key()[0] == f"{role}-1"
        return
    section = country.roles[role.replace("province-", "provinces.")]
    for share in section.pop("leaving"):
        (country.folder / share["medium"] / f"{share['name']}.pem").unlink(missing_ok=True)
    section["leaving"] = []


def test_an_unbroken_chain_of_roots_leads_a_store_that_slept_through_several(country: Country) -> None:
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    for rotate in (rotate_online("timestamp"), rotate_online("snapshot", "timestamp")):
        rotate(country)
        country.roles["timestamp"]["leaving"] = country.roles["snapshot"]["leaving"] = []
        country.next_day()
        country.hand_in()
        country.publish()
    rotate_root(country)
    country.next_day()
    country.hand_in()
    country.publish()
    result = import_bundle(store, country.bundle, at=country.at)
    assert (result.root_version, result.bundle_version) == (4, 4)


def test_a_province_that_lost_its_key_is_entrusted_anew_by_the_country_alone(country: Country) -> None:
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    shutil.rmtree(country.folder / "media" / "province-42-1")
    section = country.roles["provinces.42"]
    section["shares"] = [country.share("province-42-2")]
    country.change("targets")
    country.make_keys()
    country.sign("targets")
    assert taken(country.publish())["targets 2"] == "contribution_waits"
    country.change("province-42")
    country.sign("province-42")
    assert set(taken(country.publish()).values()) == {"taken"}
    import_bundle(store, country.bundle, at=country.at)


def test_what_a_thief_of_a_courts_key_pushed_up_is_undone_by_its_next_key(country: Country) -> None:
    store = country.folder / "store"
    thief = country.houses[COURT].contributor
    thief.contribute(country.incoming / COURT, at=country.at, above=900_000_000)
    country.publish()
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    shutil.rmtree(thief.folder)
    shutil.rmtree(country.incoming / COURT)
    thief.make_key(at=country.at)
    thief.retire_key()
    country.next_day()
    country.houses[COURT].hand_in(country.incoming / COURT, at=country.at, above=1)
    country.change("province-42")
    country.sign("province-42")
    for _ in range(2):
        assert set(taken(country.publish()).values()) == {"taken"}
        import_bundle(store, country.bundle, at=country.at)
        country.at += timedelta(hours=1)


def test_a_court_goes_on_with_a_third_key_where_the_provinces_thief_named_both_it_had(country: Country) -> None:
    """And pushed up the version under both and his own."""
    store = country.folder / "store"
    house = country.houses[COURT]
    maker = house.contributor
    maker.make_key(at=country.at)
    thief, his = Thief(country), CryptoSigner.generate_ed25519()

    def names_all(targets: Targets, files: dict[str, bytes]) -> None:
        assert targets.delegations is not None
        assert targets.delegations.roles is not None
        keys = [*(maker.public_key(name) for name in maker.shares()), his.public_key]
        targets.delegations.keys |= {key.keyid: key for key in keys}
        targets.delegations.roles[f"court-{COURT}"].keyids[:] = [key.keyid for key in keys]
        court = country.published.roles[f"court-{COURT}"]
        pushed = Metadata[Targets].from_bytes(court.data)
        pushed.signed.version = MAX_VERSION
        pushed.sign(his)
        files[f"metadata/{MAX_VERSION}.court-{COURT}.json"] = pushed.to_bytes()

    thief.publishes(names_all)
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    maker.make_key(at=country.at)
    house.revoked.add(94567)
    country.next_day()
    country.hand_in()
    replace_provinces_key(country, version=3)
    country.sign("province-42")
    assert set(taken(country.publish()).values()) == {"taken"}
    assert keys_of(country, f"court-{COURT}") == {f"court-{COURT}-3"}
    for number in (1, 2):
        assert maker.retire_key()[0] == f"court-{COURT}-{number}"
    country.next_day()
    country.hand_in()
    assert set(taken(country.publish()).values()) == {"taken"}
    import_bundle(store, country.bundle, at=country.at)
    report = Verifier(TrustStore.open(store)).report(house.court.issue().json_text, at=country.at)
    assert report.code == "revoked"


def test_a_root_signed_by_the_new_keys_alone_is_not_taken(country: Country, tmp_path: Path) -> None:
    other = Country(tmp_path / "other")
    other.make_keys()
    other.hand_in()
    other.sign("root")
    forged = (other.work / "metadata" / "1.root.json").read_bytes().replace(b'"version": 1', b'"version": 2')
    (country.work / "metadata" / "2.root.json").write_bytes(forged.replace(b'"version":1', b'"version":2'))
    assert taken(country.publish())["root 2"] in {"bundle_threshold", "bundle_root"}


def test_a_root_without_targets_under_it_waits(country: Country) -> None:
    section = country.roles["targets"]
    section["shares"] = [country.share("targets-4")]
    section["threshold"] = 1
    country.change("root")
    country.make_keys()
    country.sign("root")
    assert taken(country.publish())["root 2"] == "contribution_waits"
    country.change("targets")
    country.sign("targets")
    assert set(taken(country.publish()).values()) == {"taken"}


def test_old_online_keys_publish_nothing_under_a_new_root(country: Country) -> None:
    store = country.folder / "store"
    import_bundle(store, country.bundle, root=country.first_root, at=country.at)
    before = country.copy(country.folder.parent / "thief")
    rotate_online("timestamp")(country)
    country.publish()
    import_bundle(store, country.bundle, at=country.at)
    before.next_day()
    before.publish()
    with pytest.raises(TrustError) as caught:
        import_bundle(store, before.bundle, at=before.at)
    assert caught.value.code in {"bundle_root", "bundle_threshold", "bundle_rollback"}


def test_an_expired_province_holds_up_nobody_and_attests_nothing(country: Country) -> None:
    country.next_day(100)  # the provinces' metadata lived 90 days
    country.change("province-44")
    country.sign("province-44")
    country.hand_in()
    assert taken(country.publish())[f"court-{COURT} 2"] == "taken"
    assert {role.name for role in state_of(country.published).roles if role.due(country.at)} == {"province-42"}
    assert verdicts(country) == {"420683": "bundle_expired", "420684": "bundle_expired", "440106": "ok"}
    country.change("province-42")
    country.sign("province-42")
    country.publish()
    assert verdicts(country) == dict.fromkeys(country.houses, "ok")
    assert not [role for role in state_of(country.published).roles if role.due(country.at)]


def test_expired_targets_do_not_stop_the_publisher_and_lenders_are_told(country: Country) -> None:
    country.next_day(366)
    country.publish()
    trust = TrustStore.from_bundle(country.bundle, root=country.first_root, at=country.at)
    certificate = country.houses[COURT].court.issue().json_text
    assert trust.bundle_expires is not None
    assert trust.bundle_expires < country.at
    assert Verifier(trust).report(certificate, at=country.at).verdict == "indeterminate"
    for role in ("targets", "province-42", "province-44"):
        country.change(role)
        country.sign(role)
    country.publish()
    due = {role.name for role in state_of(country.published).roles if role.due(country.at)}
    assert due == {"court-420683", "court-420684", "court-440106"}
