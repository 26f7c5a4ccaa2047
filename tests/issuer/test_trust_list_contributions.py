"""What courts hand in to the country's publisher, good and bad."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from tuf.api.metadata import DelegatedRole, Delegations

from support.country import COURTS, Country
from support.handing_in import COURT, REVOCATION, Forge, answers, refusal, thiefs_document, verdict
from xinzheng_issuer.publishing.trust_list.candidates import Files
from xinzheng_issuer.publishing.trust_list.contributions import Contribution, read_contribution
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_issuer.publishing.trust_list.state import state_of


def tamper(forge: Forge) -> dict[str, bytes]:
    files = forge.files()
    name = next(name for name in files if name.endswith(".revocation.json"))
    return {**files, name: files[name] + b" "}


def lose_a_file(forge: Forge) -> dict[str, bytes]:
    files = forge.files()
    return {name: data for name, data in files.items() if not name.endswith(".revocation.json")}


def sign_with_the_key_of_another_court(forge: Forge) -> dict[str, bytes]:
    other = forge.country.houses["420684"].contributor
    forge.signer = open_share(key_file(other.keys, "court-420684-1"), passphrase=other.passphrase)
    return forge.files()


def speak_for_another_court(forge: Forge) -> dict[str, bytes]:
    forge.targets["courts/420684/status/1/revocation.json"] = forge.targets[REVOCATION]
    return forge.files()


def name_new_signing_keys(forge: Forge) -> dict[str, bytes]:
    forge.targets[f"courts/{COURT}/issuer.json"] = forge.issuer
    return forge.files()


def lead_out_of_the_folder(forge: Forge) -> dict[str, bytes]:
    forge.targets["courts/420683/status/1/../../../../../publisher/published.json"] = b"{}"
    return forge.files()


def delegate_further(forge: Forge) -> dict[str, bytes]:
    key = forge.signer.public_key
    role = DelegatedRole("court-420685", [key.keyid], 1, terminating=True, paths=["courts/420685/status/*/*"])
    forge.delegations = Delegations({key.keyid: key}, {"court-420685": role})
    return forge.files()


def come_from_the_future(forge: Forge) -> dict[str, bytes]:
    forge.members = {"publishedAt": "2026-11-24T10:00:00Z"}
    return forge.files()


def go_back_in_time(forge: Forge) -> dict[str, bytes]:
    forge.members = {"publishedAt": "2026-11-22T09:00:00Z"}
    return forge.files()


def be_expired(forge: Forge) -> dict[str, bytes]:
    forge.expires = forge.country.at
    return forge.files()


def replay_an_old_list(forge: Forge) -> dict[str, bytes]:
    forge.house.sequence = -1
    forge.targets |= {path: data for path, data in forge.house.targets(forge.country.at).items() if "status" in path}
    return forge.files()


def say_other_things_under_the_same_number(forge: Forge) -> dict[str, bytes]:
    forge.house.sequence = 0
    forge.house.revoked.add(5)
    told = forge.house.targets(forge.country.at)
    forge.targets = {path: told[path] for path in told if path.endswith(("revocation.json", "suspension.json"))}
    return forge.files()


def sign_the_list_with_the_wrong_key(forge: Forge) -> dict[str, bytes]:
    court = forge.house.court
    text = court.status_list("revocation", sequence=9, signer=court.certificate_signer, valid_from=forge.country.at)
    forge.targets[REVOCATION] = json.dumps(text).encode()
    return forge.files()


def swap_the_lists(forge: Forge) -> dict[str, bytes]:
    suspension = REVOCATION.replace("revocation", "suspension")
    forge.targets[REVOCATION], forge.targets[suspension] = forge.targets[suspension], forge.targets[REVOCATION]
    return forge.files()


def hand_in_another_courts_list(forge: Forge) -> dict[str, bytes]:
    other = forge.country.houses["420684"].targets(forge.country.at)
    forge.targets[REVOCATION] = other["courts/420684/status/1/revocation.json"]
    return forge.files()


def take_the_address_of_another_courts_list(forge: Forge) -> dict[str, bytes]:
    address = forge.country.houses["440106"].court.status_url("revocation")
    text = forge.house.court.status_list(
        "revocation", sequence=9, valid_from=forge.country.at, overrides={"id": address}
    )
    forge.targets[REVOCATION] = json.dumps(text).encode()
    return forge.files()


def be_no_metadata(forge: Forge) -> dict[str, bytes]:
    return {f"metadata/2.court-{forge.court}.json": b'{"signed": {"_type": "targets"'}


def be_another_version(forge: Forge) -> dict[str, bytes]:
    files = forge.files()
    return {name.replace("metadata/2.", "metadata/5."): data for name, data in files.items()}


def be_another_file_of_a_version(forge: Forge) -> dict[str, bytes]:
    forge.version = 1
    return forge.files()


BAD: dict[Callable[[Forge], dict[str, bytes]], str] = {
    tamper: "bundle_incomplete",
    lose_a_file: "bundle_incomplete",
    sign_with_the_key_of_another_court: "bundle_threshold",
    speak_for_another_court: "bundle_delegation",
    name_new_signing_keys: "bundle_delegation",
    lead_out_of_the_folder: "bundle_delegation",
    delegate_further: "bundle_delegation",
    come_from_the_future: "contribution_time",
    go_back_in_time: "contribution_older",
    be_expired: "contribution_expired",
    replay_an_old_list: "contribution_older",
    say_other_things_under_the_same_number: "contribution_older",
    sign_the_list_with_the_wrong_key: "contribution_list",
    swap_the_lists: "contribution_list",
    hand_in_another_courts_list: "contribution_list",
    take_the_address_of_another_courts_list: "contribution_list",
    be_no_metadata: "bundle_metadata",
    be_another_version: "bundle_mixed",
    be_another_file_of_a_version: "contribution_conflict",
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
def test_a_bad_contribution_is_refused_and_loses_nothing_of_the_others(
    country: Country, spoil: Callable[[Forge], dict[str, bytes]]
) -> None:
    forge = Forge(country)
    bad = Contribution(source="bad", files=spoil(forge))
    country.hand_in("420684", "440106")
    good = [read_contribution(country.incoming / court) for court in ("420684", "440106")]
    result = country.publisher.publish([bad, *good], at=country.at)
    assert answers(result) == {
        f"court-{COURT}": BAD[spoil],
        "court-420684": "taken",
        "court-440106": "taken",
    }
    versions = {role.name: role.version for role in state_of(country.published).roles}
    assert (versions[f"court-{COURT}"], versions["court-420684"]) == (1, 2)
    assert verdict(country, forge.house.court.issue().json_text) == "passed:ok"


@pytest.mark.parametrize(
    ("path", "issuer", "code"),
    [
        ("courts/449999/issuer.json", "another's", "ceremony_issuer_invalid"),
        ("courts/440106/issuer.json", "another's", "ceremony_issuer_invalid"),
        ("courts/440106/issuer.json", "{}", "trust_document_malformed"),
    ],
)
def test_an_issuer_that_is_not_its_courts_own_keeps_its_province_out_alone(
    country: Country, path: str, issuer: str, code: str
) -> None:
    """Lenders refuse a bundle with two issuers of one id, or one that they cannot read, and with it the country."""
    country.next_day()
    country.hand_in()
    genuine = json.dumps(country.houses[COURT].court.issuer_document())
    listing = {path: genuine.encode() if issuer == "another's" else issuer.encode()}
    files = thiefs_document(country, "1.province-44.json", version=2, listing=listing)
    courts = [read_contribution(country.incoming / court) for court in country.houses]
    result = country.publisher.publish([Contribution(source="thief", files=files), *courts], at=country.at)
    assert answers(result) == {"province-44": code, **dict.fromkeys((f"court-{each}" for each in COURTS), "taken")}


def test_no_name_in_metadata_reaches_a_file_outside_of_the_repository(country: Country) -> None:
    secret = country.folder / "public" / "secret.json"
    secret.write_text("{}", "utf-8")
    files = Files(country.folder / "public", ())
    assert files.get("metadata/1.root.json") == country.first_root
    for name in ("secret.json", "targets/../secret.json", "../trust-list.toml", str(secret)):
        assert files.get(name) is None


def shadow(names: Iterable[str]) -> Contribution:
    """What another court's folder carries beside its own: files with the names of Zaoyang's, and other content."""
    return Contribution(source="420684", files=dict.fromkeys(names, b"{}"))


@pytest.mark.parametrize("last", [False, True], ids=["before", "after"])
def test_a_file_with_the_name_of_anothers_metadata_holds_nothing_back(country: Country, *, last: bool) -> None:
    certificate = country.houses[COURT].court.issue().json_text
    country.next_day()
    country.houses[COURT].revoked.add(94567)
    country.hand_in(COURT)
    genuine, bad = read_contribution(country.incoming / COURT), shadow([f"metadata/2.court-{COURT}.json"])
    result = country.publisher.publish([genuine, bad] if last else [bad, genuine], at=country.at)
    assert {each.source: each.error and each.error.code for each in result.answers} in (
        {COURT: None, "420684": "bundle_metadata"},
        {COURT: None, "420684": "contribution_conflict"},
    )
    assert verdict(country, certificate) == "failed:revoked"


@pytest.mark.parametrize("last", [False, True], ids=["before", "after"])
def test_a_file_with_the_name_of_anothers_list_stands_in_nobodys_way(country: Country, *, last: bool) -> None:
    certificate = country.houses[COURT].court.issue().json_text
    published = [
        f"targets/{path.relative_to(country.folder / 'public' / 'targets').as_posix()}"
        for path in (country.folder / "public" / "targets").rglob("*.json")
    ]
    country.next_day()
    country.houses[COURT].revoked.add(94567)
    country.hand_in(COURT)
    genuine = read_contribution(country.incoming / COURT)
    bad = shadow([*published, *(name for name in genuine.files if name.startswith("targets/"))])
    result = country.publisher.publish([genuine, bad] if last else [bad, genuine], at=country.at)
    assert answers(result) == {f"court-{COURT}": "taken"}
    assert verdict(country, certificate) == "failed:revoked"


def test_a_file_with_the_name_of_the_next_root_holds_nothing_back(country: Country) -> None:
    country.change("root")
    country.sign("root")
    given = read_contribution(country.work)
    bad = shadow(["metadata/2.root.json"])
    for order in ([bad, given], [given, bad]):
        result = country.publisher.publish(order, at=country.at, dry_run=True)
        assert ("work", 2, None) in {(each.source, each.version, each.error) for each in result.answers}


def test_what_a_forge_signs_rightly_is_taken(country: Country) -> None:
    forge = Forge(country)
    result = country.publisher.publish([Contribution(source="good", files=forge.files())], at=country.at)
    assert answers(result) == {f"court-{COURT}": "taken"}


def test_a_court_that_nobody_entrusts_is_refused(country: Country) -> None:
    forge = Forge(country)
    files = {name.replace(COURT, "420999"): data for name, data in forge.files().items()}
    result = country.publisher.publish([Contribution(source="stranger", files=files)], at=country.at)
    assert answers(result) == {"court-420999": "contribution_undelegated"}


def test_contributions_travel_as_one_file_too(country: Country, tmp_path: Path) -> None:
    country.next_day()
    country.houses[COURT].hand_in(tmp_path / "court.xzc", at=country.at)
    result = country.publisher.publish([read_contribution(tmp_path / "court.xzc")], at=country.at)
    assert answers(result) == {f"court-{COURT}": "taken"}
    (tmp_path / "court.xzc").write_bytes(b"no archive")
    assert refusal(read_contribution, tmp_path / "court.xzc") == "contribution_unreadable"


def test_files_without_a_place_in_a_contribution_are_not_read(country: Country) -> None:
    folder = country.incoming / COURT
    (folder / "notes.json").write_text("{}", "utf-8")
    (folder / "metadata" / "timestamp.json").write_text("{}", "utf-8")
    (folder / "targets" / "link.json").symlink_to("/etc/passwd")
    contribution = read_contribution(folder)
    assert "notes.json" not in contribution.files
    assert "targets/link.json" not in contribution.files
    assert [offer.role for offer in contribution.offers()] == [f"court-{COURT}"]
