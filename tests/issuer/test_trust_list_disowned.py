"""What a province's documents said of a court's keys stays said, and the way out where a thief had them say it."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata, Targets

from support.country import Country, passphrase_of
from support.handing_in import COURT, verdict
from support.issuers import SimulatedCourt
from support.lived_country import Lenders
from support.stolen_province import (
    PROVINCE,
    Compromised,
    Thief,
    list_issuer,
    refused,
    replace_provinces_key,
)
from xinzheng_issuer.publishing.role_keys import create_role_key, sign_metadata
from xinzheng_issuer.publishing.trust_list.documents import keys_of_shares
from xinzheng_issuer.publishing.trust_list.known import Compared, Proof
from xinzheng_issuer.publishing.trust_list.shares import (
    key_file,
    listed_key,
    open_share,
    public_octets,
    public_share,
)
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle

OTHER = "420684"


@pytest.fixture
def compromised(country: Country) -> Compromised:
    return Compromised(country)


@pytest.fixture
def thief(country: Country) -> Thief:
    country.publish()
    country.next_day()
    country.hand_in()
    return Thief(country)


# --- what was said stays said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("published", [True, False], ids=["published", "handed in together"])
def test_a_version_without_the_court_is_no_way_to_forget_a_compromise(
    compromised: Compromised, published: bool
) -> None:
    country = compromised.country
    lenders = Lenders(country)
    lenders.join()
    compromised.restore()
    courts = country.roles["provinces.42"]["courts"]
    replace_provinces_key(country, version=2)
    country.change(PROVINCE, courts=[code for code in courts if code != COURT])
    country.sign(PROVINCE)
    if published:
        country.publish()
        country.next_day(7)
        country.hand_in()
    country.change(PROVINCE, courts=courts)
    error = refused(country)
    assert (error.code, error.field) == ("ceremony_keys_forgotten", COURT)
    assert error.params["keys"] == f"{COURT}/cert-1 in 2.{PROVINCE}.json (compromise)"
    country.publish()
    (store,) = lenders.stores
    import_bundle(store, country.bundle, at=country.at)
    verdicts = {verdict(country, compromised.certificate)}
    verdicts.add(Verifier(TrustStore.open(store)).report(compromised.certificate, at=country.at).verdict)
    assert "passed:ok" not in verdicts
    assert "passed" not in verdicts


def test_without_what_the_document_before_lists_nothing_is_compared_and_nothing_signed(
    compromised: Compromised,
) -> None:
    """Whoever can write the folder that travels takes the file away; a mirror has it."""
    country = compromised.country
    compromised.restore()
    country.change(PROVINCE)
    assert refused(country).code == "ceremony_keys_forgotten"
    listed = {place: place / "targets" / "courts" / COURT for place in (country.work, country.folder / "public")}
    mirror = shutil.copytree(listed[country.folder / "public"], country.folder / "mirror")
    for place in listed.values():
        for file in place.glob("*.issuer.json"):
            file.unlink()
    error = refused(country)
    assert error.code == "ceremony_issuer_missing"
    name, _, source = str(error.params["name"]).partition(" in ")
    assert source == f"2.{PROVINCE}.json"
    assert (mirror / name.rpartition("/")[2]).exists()
    (country.work / name).write_bytes(b"{}")
    assert refused(country).code == "ceremony_issuer_missing"
    shutil.copy(mirror / name.rpartition("/")[2], country.folder / "public" / name)
    assert refused(country).code == "ceremony_keys_forgotten"


def test_a_document_that_is_the_same_needs_no_file_of_the_one_before(country: Country) -> None:
    country.publish()
    country.next_day()
    country.hand_in()
    country.change(PROVINCE)
    for place in (country.work, country.folder / "public"):
        for file in (place / "targets" / "courts" / COURT).glob("*.issuer.json"):
            file.unlink()
    country.sign(PROVINCE)


def test_of_all_courts_that_were_touched_the_refusal_names_each_with_all_that_is_missing(
    country: Country, thief: Thief
) -> None:
    thief.adds_a_key(COURT, OTHER)
    replace_provinces_key(country, version=3)
    error = refused(country)
    assert (error.code, error.field) == ("ceremony_keys_forgotten", f"{COURT}, {OTHER}")
    lines = [f"{code}/cert-3 in 2.{PROVINCE}.json" for code in (COURT, OTHER)]
    assert error.params["keys"] == ", ".join(f"{line} (activate)" for line in lines)
    country.disowned = lines
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, thief.certificate()) == "failed:kid_unknown"
    assert country.published.roles[PROVINCE].version == 3


def name_key(targets: Targets, role: str, share: str, public: bytes) -> None:
    """The key of this share in the place of the one that is named for a role."""
    delegations = targets.delegations
    assert delegations is not None
    assert delegations.roles is not None
    key = listed_key(share, public)
    del delegations.keys[delegations.roles[role].keyids[0]]
    delegations.keys[key.keyid] = key
    delegations.roles[role].keyids[:] = [key.keyid]


def plant(country: Country, role: str, named: dict[str, str], *, by: list[str], version: int = 2) -> None:
    """A version of a role in the published folder: keys of somebody's own under the names of shares of other roles."""
    public = country.folder / "public" / "metadata"
    document = Metadata[Targets].from_bytes((public / f"{version - 1}.{role}.json").read_bytes())
    for delegated, share in named.items():
        his = create_role_key(country.folder / f"his-{share}-{version}.pem", passphrase=passphrase_of("nobody"))
        name_key(document.signed, delegated, share, public_octets(his.public_key))
    document.signed.version = version
    document.signatures.clear()
    for name in by:
        signer = open_share(key_file(country.folder / "media" / name, name), passphrase=passphrase_of(name))
        sign_metadata(document, signer, append=True)
    (public / f"{version}.{role}.json").write_bytes(document.to_bytes())


# --- what is nobody's -------------------------------------------------------------------------------------------------


def test_what_is_disowned_hides_no_step_that_the_court_forgot(compromised: Compromised) -> None:
    """The thief's document says both: his key, and the compromise that is the court's own."""
    country = compromised.country
    thief = Thief(country)
    thief.adds_a_key(COURT)
    compromised.restore()
    replace_provinces_key(country, version=4)
    country.disowned = [f"{COURT}/cert-3 in 3.{PROVINCE}.json"]
    error = refused(country)
    lines = [f"{COURT}/cert-1 in {version}.{PROVINCE}.json (compromise)" for version in (3, 2)]
    assert error.params["keys"] == ", ".join(lines)


def test_where_something_is_disowned_the_document_before_counts_too(compromised: Compromised) -> None:
    """The thief put his key in the place of all that was said of the court."""
    country = compromised.country
    thief = Thief(country)
    compromised.restore()
    thief.adds_a_key(COURT)
    replace_provinces_key(country, version=4)
    country.disowned = [f"{COURT}/cert-3 in 3.{PROVINCE}.json"]
    error = refused(country)
    assert error.params["keys"] == f"{COURT}/cert-1 in 2.{PROVINCE}.json (compromise)"
    key = compromised.backup["cert-1"]
    at = key.valid_from + timedelta(days=1)
    compromised.court.records["cert-1"] = replace(key, state=KeyState.COMPROMISED, compromised_at=at)
    country.hand_in()
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, compromised.certificate) == "failed:key_compromised"
    assert verdict(country, thief.certificate()) == "failed:kid_unknown"


def test_a_compromise_that_is_nobodys_is_disowned_in_each_of_his_documents(country: Country, thief: Thief) -> None:
    court = country.houses[COURT].court
    certificate, records = court.issue().json_text, dict(court.records)
    key = records["cert-1"]
    false = replace(key, state=KeyState.COMPROMISED, compromised_at=key.valid_from + timedelta(days=1))
    pretended = SimulatedCourt(name=court.name, region_code=COURT, records={**records, "cert-1": false})
    issuer = json.dumps(pretended.issuer_document()).encode()
    for _ in range(2):
        thief.publishes(lambda targets, files: list_issuer(targets, files, COURT, issuer))
    assert verdict(country, certificate) == "failed:key_compromised"
    replace_provinces_key(country, version=4)
    lines = [f"{COURT}/cert-1 in {version}.{PROVINCE}.json" for version in (3, 2)]
    assert refused(country).params["keys"] == ", ".join(f"{line} (compromise)" for line in lines)
    country.disowned = lines
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, certificate) == "passed:ok"


def test_what_is_disowned_is_not_signed_once_more(country: Country, thief: Thief) -> None:
    thief.adds_a_key(COURT)
    replace_provinces_key(country, version=3)
    house = country.houses[COURT]
    house.vouch(country.incoming / COURT, thief.issuer(COURT, "cert-3"))
    for line, code in (("cert-3", "ceremony_court_key_disowned"), ("issuer.json", "ceremony_key_disowned")):
        country.disowned = [f"{COURT}/{line} in 2.{PROVINCE}.json"]
        error = refused(country)
        assert (error.code, error.field) == (code, f"{COURT}/{line}")


def test_a_key_name_that_no_court_has_is_refused_as_the_courts_and_disowned(country: Country, thief: Thief) -> None:
    thief.adds_a_key(COURT, name="Cert_3")
    replace_provinces_key(country, version=3)
    error = refused(country)
    assert (error.code, error.field) == ("ceremony_keys_forgotten", COURT)
    assert error.params["keys"] == f"{COURT}/issuer.json in 2.{PROVINCE}.json (key_name_malformed)"
    country.disowned = [f"{COURT}/issuer.json in 2.{PROVINCE}.json"]
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, country.houses[COURT].court.issue().json_text) == "passed:ok"


def test_a_court_that_hands_in_such_a_name_is_not_listed(country: Country, thief: Thief) -> None:
    country.change(PROVINCE)
    country.houses[COURT].vouch(country.incoming / COURT, thief.issuer(COURT, "Cert_3"))
    error = refused(country)
    assert (error.code, error.field, error.params["reason"]) == ("ceremony_issuer_invalid", COURT, "key_name_malformed")


def test_a_key_of_his_under_the_name_of_the_courts_share_is_disowned(country: Country) -> None:
    """Of the court and a second one: both are named, and so is the document, which nobody has published."""
    country.publish()
    plant(country, PROVINCE, {f"court-{code}": f"court-{code}-1" for code in (COURT, OTHER)}, by=[f"{PROVINCE}-1"])
    replace_provinces_key(country, version=3)
    error = refused(country)
    lines = [f"court-{code}-1 in 2.{PROVINCE}.json" for code in (COURT, OTHER)]
    assert (error.code, error.field) == ("ceremony_share_changed", f"court-{COURT}-1, court-{OTHER}-1")
    assert error.params["found"] == ", ".join(lines)
    country.disowned = lines
    country.sign(PROVINCE)
    told: list[Compared] = []
    step = country.step(dry_run=True, told=told.extend)
    step.sign(PROVINCE, f"{PROVINCE}-2", passphrase=passphrase_of(f"{PROVINCE}-2"))
    assert {each.share for each in told if each.proof is Proof.DISOWNED} == {f"court-{COURT}-1", f"court-{OTHER}-1"}
    country.publish()
    assert verdict(country, country.houses[COURT].court.issue().json_text) == "passed:ok"


def test_a_share_that_is_the_provinces_still_is_told_of_each_document_that_the_thief_signed_with_it(
    country: Country,
) -> None:
    country.publish()
    role, share = f"court-{COURT}", f"court-{COURT}-1"
    for version in (2, 3):
        plant(country, PROVINCE, {role: share}, by=[f"{PROVINCE}-1"], version=version)
    country.roles["provinces.42"]["version"] = 4
    lines = [f"{share} in {version}.{PROVINCE}.json" for version in (3, 2)]
    assert refused(country).params["found"] == ", ".join(lines)
    country.disowned = lines[:1]
    assert refused(country).params["found"] == lines[1]
    country.disowned = lines
    country.sign(PROVINCE)


@pytest.mark.parametrize("name", [f"court-{COURT}-7", f"court-{COURT}-8"], ids=["under its name", "under another"])
def test_a_key_of_a_share_that_is_disowned_is_not_named_again(country: Country, name: str) -> None:
    """He hands in for the court by the key that he had listed, which vouches for what he hands in."""
    country.publish()
    his = f"court-{COURT}-7"
    plant(country, PROVINCE, {f"court-{COURT}": his}, by=[f"{PROVINCE}-1"])
    replace_provinces_key(country, version=3)
    country.disowned = [f"{his} in 2.{PROVINCE}.json"]
    house, folder = country.houses[COURT], country.incoming / COURT
    issuer = (folder / "issuer.json").read_bytes()
    signer = open_share(country.folder / f"his-{his}-2.pem", passphrase=passphrase_of("nobody"))
    house.vouch(folder, issuer, by=signer, name=name)
    error = refused(country)
    assert (error.code, error.field) == ("ceremony_key_disowned", name)
    house.vouch(folder, issuer)
    country.sign(PROVINCE)
    country.publish()
    assert country.published.roles[PROVINCE].version == 3


def test_a_share_that_one_document_disowned_has_the_key_that_the_one_before_it_names(country: Country) -> None:
    """The provinces' records are lost; who signed the first document needs none."""
    country.publish()
    plant(country, "targets", {PROVINCE: f"{PROVINCE}-1"}, by=["targets-1", "targets-2"])
    country.roles["targets"]["version"] = 3
    country.disowned = [f"{PROVINCE}-1 in 2.targets.json"]
    shutil.rmtree(country.work / "shares")
    country.sign("targets")
    document = Metadata[Targets].from_bytes((country.work / "metadata" / "3.targets.json").read_bytes())
    first = Metadata[Targets].from_bytes((country.work / "metadata" / "1.targets.json").read_bytes())
    assert keys_of_shares(document.signed) == keys_of_shares(first.signed)


def test_a_key_that_another_document_names_too_is_somebodys(country: Country) -> None:
    country.publish()
    country.change(PROVINCE)
    country.sign(PROVINCE)
    country.disowned = [f"court-{COURT}-1 in 1.{PROVINCE}.json"]
    country.change(PROVINCE)
    country.sign(PROVINCE)


def test_a_key_of_contributions_that_vouches_for_a_moment_to_come_is_disowned_and_no_court_is_missing(
    country: Country, thief: Thief
) -> None:
    """The courts handed in the night before; by the runbook they hand in again if the publisher waits for them."""
    certificate = country.houses[COURT].court.issue().json_text
    his = create_role_key(country.folder / "his.pem", passphrase=passphrase_of("nobody"))

    def change(targets: Targets, files: dict[str, bytes]) -> None:
        list_issuer(targets, files, COURT, thief.issuer(COURT, "cert-3"))
        name_key(targets, f"court-{COURT}", f"court-{COURT}-7", public_octets(his.public_key))
        honest = max((country.incoming / COURT / "metadata").glob("*.json"))
        told = Metadata[Targets].from_bytes(honest.read_bytes())
        told.signed.version = 90
        told.signed.unrecognized_fields["publishedAt"] = format_timestamp(country.at + timedelta(minutes=9))
        told.signatures.clear()
        sign_metadata(told, his, append=True)
        files[f"metadata/90.court-{COURT}.json"] = told.to_bytes()

    thief.publishes(change)
    assert verdict(country, thief.certificate()) == "passed:ok"
    replace_provinces_key(country, version=3)
    country.disowned = [f"{COURT}/cert-3 in 2.{PROVINCE}.json"]
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, certificate) == "passed:ok"
    country.next_day()
    country.hand_in()
    country.publish()
    assert country.published.roles[PROVINCE].version == 3
    assert verdict(country, thief.certificate()) == "failed:kid_unknown"
    assert verdict(country, certificate) == "passed:ok"


def test_a_key_of_a_province_that_a_thief_of_targets_named_is_disowned(country: Country) -> None:
    """Under the province's own name, by the keys of targets that a new root has replaced since."""
    country.publish()
    plant(country, "targets", {PROVINCE: f"{PROVINCE}-1"}, by=["targets-1", "targets-2"])
    country.rotate("targets")
    country.roles["targets"]["leaving"] = []
    country.change("root")
    country.sign("root")
    country.roles["targets"]["version"] = 3
    error = refused(country, "targets")
    assert (error.code, error.field) == ("ceremony_share_changed", f"{PROVINCE}-1")
    assert error.params["found"] == f"{PROVINCE}-1 in 2.targets.json"
    country.disowned = [f"{PROVINCE}-1 in 2.targets.json"]
    record = country.work / "shares" / f"{PROVINCE}-1.json"
    record.rename(country.folder / "record.json")
    error = refused(country, "targets")
    assert (error.code, error.params["name"]) == ("ceremony_key_unproven", "1.targets.json")
    facts = {"name": f"{PROVINCE}-1", "role": PROVINCE, "holder": f"持有人 {PROVINCE}-1", "configuration": ""}
    another = create_role_key(country.folder / "another.pem", passphrase=passphrase_of("nobody"))
    record.write_bytes(public_share(another, **facts, at=country.at).to_bytes())
    error = refused(country, "targets")
    assert (error.code, error.params["found"]) == ("ceremony_share_changed", f"{PROVINCE}-1 in 1.targets.json")
    assert error.params["taken"] == f"shares/{PROVINCE}-1.json"
    shutil.move(country.folder / "record.json", record)
    country.sign("targets")
    country.publish()
    assert country.published.roles["targets"].version == 3
    assert verdict(country, country.houses[COURT].court.issue().json_text) == "passed:ok"
