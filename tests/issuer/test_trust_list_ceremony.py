"""The ceremonies of the trust list, as the holders of its shares go through them."""

import hashlib
import json
import shutil
import stat
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.country import Country, passphrase_of
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.trust_list.configuration import load_configuration
from xinzheng_issuer.publishing.trust_list.shares import PublicShare, make_share
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder
from xinzheng_keys.errors import KeyStoreError


def refusal(action: Callable[..., Any], *arguments: Any, **options: Any) -> TrustListError:
    with pytest.raises(TrustListError) as caught:
        action(*arguments, **options)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def signers_of(path: Path) -> int:
    return len(json.loads(path.read_bytes())["signatures"])


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_bytes())
    change(document["signed"])
    path.write_text(json.dumps(document), "utf-8")


# --- the first root ---------------------------------------------------------------------------------------------------


def test_three_of_five_holders_each_with_one_medium_make_a_root(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.step(witnesses=("王某", "赵某")).draw_up("root")
    away = country.folder / "away"
    shutil.move(country.folder / "media", away)
    for name in ("root-5", "root-2", "root-3"):
        machine = country.folder / f"machine-of-{name}"
        shutil.copytree(away / name, machine)
        step = country.step()
        assert step.other_media(name) in {(), ("snapshot-1", "timestamp-1")}
        step.sign("root", name, medium=machine, passphrase=passphrase_of(name))
    document = country.step().assemble("root")
    assert document.signed.version == 1
    root = json.loads((country.work / "metadata" / "1.root.json").read_bytes())["signed"]
    assert {role: (len(keys["keyids"]), keys["threshold"]) for role, keys in root["roles"].items()} == {
        "root": (5, 3),
        "targets": (3, 2),
        "snapshot": (1, 1),
        "timestamp": (1, 1),
    }
    assert {key["x-xinzheng-share"] for key in root["keys"].values()} >= {"root-1", "targets-3", "timestamp-1"}
    assert root["expires"] == "2028-11-22T09:00:00Z"


def test_the_transcript_says_what_who_when_and_the_digests_of_all_files(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.step(witnesses=("王某",)).draw_up("root")
    for name in ("root-1", "root-2", "root-3"):
        country.step().sign("root", name, passphrase=passphrase_of(name))
    country.step().assemble("root")
    entries = json.loads((country.work / "transcript.json").read_text("utf-8"))["entries"]
    assert [entry["step"] for entry in entries].count("keys") == 12
    assert [(entry["step"], entry["share"]) for entry in entries[-5:]] == [
        ("draft", ""),
        ("sign", "root-1"),
        ("sign", "root-2"),
        ("sign", "root-3"),
        ("assemble", ""),
    ]
    digest = hashlib.sha256((country.folder / "trust-list.toml").read_bytes()).hexdigest()
    assert {entry["configuration"] for entry in entries} == {digest}
    for entry in entries:
        for name, sha256 in {**entry["read"], **entry["written"]}.items():
            assert hashlib.sha256((country.work / name).read_bytes()).hexdigest() == sha256, name
    assert "root 1: ≥ 3 / 5" in entries[-1]["result"]
    assert entries[-5]["witnesses"] == ["王某"]
    people = (country.work / "transcript.md").read_text("utf-8")
    assert digest in people
    assert "持有人 root-3" in people
    assert country.step().folder.shares()["root-3"].fingerprint in people


def test_keys_stay_encrypted_on_their_media_and_nothing_secret_travels(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    for medium in (country.folder / "media").iterdir():
        (key_file,) = medium.iterdir()
        assert key_file.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert not [name for name, data in content(country.work).items() if b"PRIVATE" in data]
    country.step().draw_up("root")
    with pytest.raises(KeyStoreError) as caught:
        country.step().sign("root", "root-1", passphrase=passphrase_of("root-2"))
    assert caught.value.code == "passphrase_wrong"


def test_two_of_three_needed_are_not_enough(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.hand_in()
    error = refusal(country.sign, "root", shares=("root-1", "root-4"))
    assert (error.code, error.params["refusal"]) == ("ceremony_refused", "bundle_threshold")
    assert not (country.work / "metadata").exists()


def test_a_dry_run_finds_what_would_be_wrong_and_writes_nothing(empty_country: Country) -> None:
    country = empty_country
    before = content(country.folder) | {"trust-list.toml": country.reviewed.path.read_bytes()}
    country.step(dry_run=True).make_key("root-1", passphrase=passphrase_of("root-1"))
    assert content(country.folder) == before
    country.make_keys()
    country.step().draw_up("root")
    before = content(country.folder)
    step = country.step(dry_run=True)
    step.sign("root", "root-1", passphrase=passphrase_of("root-1"))
    assert refusal(step.assemble, "root").code == "ceremony_refused"
    assert refusal(step.make_key, "root-1", passphrase=passphrase_of("root-1")).code == "share_record_exists"
    assert content(country.folder) == before


# --- what is not what was reviewed ------------------------------------------------------------------------------------


def lower_threshold(signed: dict[str, Any]) -> None:
    signed["roles"]["root"]["threshold"] = 1


def live_longer(signed: dict[str, Any]) -> None:
    signed["expires"] = "2036-11-22T09:00:00Z"


def drop_a_key(signed: dict[str, Any]) -> None:
    signed["roles"]["root"]["keyids"].pop()


def swap_roles(signed: dict[str, Any]) -> None:
    roles = signed["roles"]
    roles["timestamp"]["keyids"], roles["snapshot"]["keyids"] = (
        roles["snapshot"]["keyids"],
        roles["timestamp"]["keyids"],
    )


def say_more(signed: dict[str, Any]) -> None:
    signed["more"] = "members"


@pytest.mark.parametrize("change", [lower_threshold, live_longer, drop_a_key, swap_roles, say_more])
def test_a_document_that_differs_from_the_configuration_is_not_signed(
    empty_country: Country, change: Callable[[dict[str, Any]], None]
) -> None:
    country = empty_country
    country.make_keys()
    country.step().draw_up("root")
    edit(country.work / "documents" / "1.root.json", change)
    error = refusal(country.step().sign, "root", "root-1", passphrase=passphrase_of("root-1"))
    assert error.code == ("ceremony_key_missing" if change is drop_a_key else "ceremony_document_differs")
    assert not (country.work / "signatures").exists()


def test_a_configuration_that_changed_after_the_draft_stops_the_signing(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.step().draw_up("root")
    country.roles["root"]["threshold"] = 2
    error = refusal(country.step().sign, "root", "root-1", passphrase=passphrase_of("root-1"))
    assert error.code == "ceremony_document_differs"
    country.step().draw_up("root")
    country.step().sign("root", "root-1", passphrase=passphrase_of("root-1"))


def test_a_key_put_in_the_place_of_anothers_is_found_by_its_owner_or_by_the_reviewed_fingerprint(
    empty_country: Country, tmp_path: Path
) -> None:
    country = empty_country
    country.make_keys()
    genuine = country.step().folder.shares()["root-2"]
    forged = make_share(
        tmp_path / "forged.pem",
        name="root-2",
        role="root",
        holder=genuine.holder,
        configuration=genuine.configuration,
        at=country.at,
        passphrase=passphrase_of("root-2"),
    )
    (country.work / "shares" / "root-2.json").write_bytes(forged.to_bytes())
    country.step().draw_up("root")
    country.step().sign("root", "root-1", passphrase=passphrase_of("root-1"))
    error = refusal(country.step().sign, "root", "root-2", passphrase=passphrase_of("root-2"))
    assert error.code == "ceremony_key_unexpected"
    country.roles["root"]["shares"][1]["fingerprint"] = genuine.fingerprint
    assert refusal(country.step().draw_up, "root").code == "ceremony_key_unexpected"


def test_a_public_record_is_good_only_as_its_key_signed_it(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    path = country.work / "shares" / "root-1.json"
    record = json.loads(path.read_text("utf-8"))
    for change in (
        {"role": "timestamp"},
        {"share": "root-9"},
        {"holder": "X"},
        {"publicKey": "00" * 32},
        {"proof": ""},
    ):
        path.write_text(json.dumps({**record, **change}), "utf-8")
        assert refusal(country.step().draw_up, "root").code == "share_record_invalid"
    path.write_text("{", "utf-8")
    assert refusal(country.step().draw_up, "root").code == "share_record_invalid"


def test_one_key_is_never_two_shares(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    source = country.folder / "media" / "root-1" / "root-1.pem"
    target = country.folder / "media" / "root-2" / "root-2.pem"
    target.unlink()
    shutil.copy(source, target)
    first = country.step().folder.shares()["root-1"]
    twin = PublicShare(**{**first.__dict__, "name": "root-2", "holder": "持有人 root-2"})
    (country.work / "shares" / "root-2.json").write_bytes(_resigned(twin, source))
    error = refusal(country.step().draw_up, "root")
    assert (error.code, error.field) == ("ceremony_key_twice", "root-1, root-2")


def _resigned(share: PublicShare, key_file: Path) -> bytes:
    from xinzheng_issuer.publishing.trust_list.shares import open_share, public_share  # noqa: PLC0415

    signer = open_share(key_file, passphrase=passphrase_of("root-1"))
    members = {name: getattr(share, name) for name in ("name", "role", "holder", "configuration")}
    return public_share(signer, **members, at=share.made_at).to_bytes()


def test_media_are_what_the_configuration_says(empty_country: Country) -> None:
    country = empty_country
    step = country.step()
    step.make_key("root-1", passphrase=passphrase_of("root-1"))
    other = country.folder / "media" / "root-1"
    assert refusal(step.make_key, "root-2", medium=other, passphrase=bytes).code == "medium_taken"
    nowhere = country.folder / "nowhere"
    assert refusal(step.make_key, "root-2", medium=nowhere, passphrase=bytes).code == "medium_missing"
    assert refusal(step.make_key, "root-7", passphrase=bytes).code == "ceremony_share_unknown"
    assert refusal(step.sign, "targets", "root-1", passphrase=bytes).code == "ceremony_share_role"
    assert refusal(step.draw_up, "timestamp").code == "ceremony_role"
    assert refusal(step.draw_up, "root").code == "ceremony_key_missing"
    assert refusal(step.assemble, "root").code == "ceremony_document_missing"
    with pytest.raises(KeyStoreError) as caught:
        step.make_key("root-2", passphrase=lambda: b"short")
    assert caught.value.code == "passphrase_short"


def test_documents_of_other_times_are_not_signed(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.step().draw_up("root")
    for moment in (country.at - timedelta(days=2), country.at + timedelta(days=731)):
        step = country.step(at=moment)
        error = refusal(step.sign, "root", "root-1", passphrase=passphrase_of("root-1"))
        assert error.code == "ceremony_document_time"


def test_a_signature_of_another_document_is_not_put_to_this_one(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.step().draw_up("root")
    country.step().sign("root", "root-1", passphrase=passphrase_of("root-1"))
    country.at += timedelta(hours=1)
    country.step().draw_up("root")
    for name in ("root-2", "root-3"):
        country.step().sign("root", name, passphrase=passphrase_of(name))
    error = refusal(country.step().assemble, "root")
    assert (error.code, error.params["name"]) == ("signature_of_other_document", "signatures/1.root/root-1.json")
    country.step().sign("root", "root-4", passphrase=passphrase_of("root-4"))
    country.step().assemble("root")  # three are enough, and root-1 need not sign again
    assert signers_of(country.work / "metadata" / "1.root.json") == 3
    (country.work / "signatures" / "1.root" / "root-1.json").write_text("[]", "utf-8")
    assert refusal(country.step().assemble, "root").code == "signature_invalid"


def test_no_holder_puts_a_signature_in_anothers_place(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.step().draw_up("root")
    for name in ("root-1", "root-2", "root-3"):
        country.step().sign("root", name, passphrase=passphrase_of(name))
    folder = country.work / "signatures" / "1.root"
    genuine = json.loads((folder / "root-1.json").read_bytes())
    rubbish = b64encode(b"x" * 64).decode()
    for name, change in (
        ("root-4", {"share": "root-4", "signature": rubbish}),
        ("root-4", {"signature": rubbish}),
        ("root-4", {}),
        ("root-1", {"signature": rubbish}),
        ("targets-1", {}),
    ):
        (folder / f"{name}.json").write_text(json.dumps({**genuine, **change}), "utf-8")
        error = refusal(country.step().assemble, "root")
        assert (error.code, error.params["name"]) == ("signature_invalid", f"signatures/1.root/{name}.json")
        (folder / f"{name}.json").unlink()
        (folder / "root-1.json").write_text(json.dumps(genuine), "utf-8")
    country.step().assemble("root")


# --- provinces --------------------------------------------------------------------------------------------------------


def test_a_province_lists_its_courts_by_what_they_handed_in(country: Country) -> None:
    province = json.loads((country.work / "metadata" / "1.province-42.json").read_bytes())["signed"]
    assert list(province["targets"]) == ["courts/420683/issuer.json", "courts/420684/issuer.json"]
    roles = {role["name"]: role["paths"] for role in province["delegations"]["roles"]}
    assert roles == {
        "court-420683": ["courts/420683/status/*/*"],
        "court-420684": ["courts/420684/status/*/*"],
    }


def test_what_a_court_hands_in_must_be_its_own(country: Country) -> None:
    country.change("province-42")
    folder = country.work / "courts" / "420683"
    other = country.work / "courts" / "420684"
    for issuer in ((other / "issuer.json").read_bytes(), b"{}"):
        country.houses["420683"].vouch(folder, issuer)
        assert refusal(country.step().draw_up, "province-42").code == "ceremony_issuer_invalid"
    for name in ("issuer.json", "key.json"):
        shutil.copy(other / name, folder / name)
    assert refusal(country.step().draw_up, "province-42").code == "ceremony_key_unexpected"
    (folder / "key.json").unlink()
    assert refusal(country.step().draw_up, "province-42").code == "ceremony_court_missing"


def test_an_issuer_document_exchanged_on_the_way_stops_the_signing(country: Country) -> None:
    country.change("province-42")
    country.step().draw_up("province-42")
    issuer = country.work / "courts" / "420683" / "issuer.json"
    issuer.write_bytes(issuer.read_bytes().replace(b"certificate", b"status", 1))
    name = "province-42-1"
    error = refusal(country.step().sign, "province-42", name, passphrase=passphrase_of(name))
    assert error.code == "ceremony_issuer_unvouched"


# --- later roots ------------------------------------------------------------------------------------------------------


def test_a_lost_share_is_replaced_by_the_threshold_of_the_others(country: Country) -> None:
    shares = country.roles["root"]["shares"]
    shares[0] = country.share("root-6")  # root-1 is lost and cannot sign
    country.change("root", threshold=4)
    country.make_keys()
    country.sign("root", shares=("root-6", "root-3", "root-4", "root-5"))
    entries = json.loads((country.work / "transcript.json").read_text("utf-8"))["entries"]
    assert "root 1: ≥ 3 / 5; root 2: ≥ 4 / 5" in entries[-1]["result"]
    assert signers_of(country.work / "metadata" / "2.root.json") == 4


def test_a_later_root_needs_the_threshold_of_the_keys_before(country: Country) -> None:
    country.roles["root"]["leaving"] = country.roles["root"]["shares"]
    country.roles["root"]["shares"] = [country.share(f"root-{number}") for number in range(6, 9)]
    country.change("root", threshold=2)
    country.make_keys()
    country.step().draw_up("root")
    for name in ("root-6", "root-7", "root-8", "root-1", "root-2"):
        country.step().sign("root", name, passphrase=passphrase_of(name))
    error = refusal(country.step().assemble, "root")
    assert (error.code, error.params["refusal"]) == ("ceremony_refused", "bundle_threshold")
    country.step().sign("root", "root-5", passphrase=passphrase_of("root-5"))
    country.step().assemble("root")


def test_versions_of_roots_are_not_skipped_or_given_twice(country: Country) -> None:
    assert refusal(country.step().draw_up, "root").code == "ceremony_signed_already"
    country.roles["root"]["version"] = 3
    assert refusal(country.step().draw_up, "root").code == "ceremony_previous_missing"
    country.roles["root"]["version"] = 2
    shutil.copytree(country.work / "shares", country.folder / "elsewhere" / "shares")
    folder = WorkFolder(path=country.folder / "elsewhere")
    assert refusal(country.step(folder=folder).draw_up, "root").code == "ceremony_previous_missing"


def test_a_share_never_gets_another_key_under_its_name(country: Country) -> None:
    (country.folder / "media" / "root-1" / "root-1.pem").unlink()
    assert refusal(country.step().make_key, "root-1", passphrase=bytes).code == "share_record_exists"
    (country.work / "shares" / "root-1.json").unlink()
    country.step().make_key("root-1", passphrase=passphrase_of("root-1"))
    country.change("root")
    error = refusal(country.step().draw_up, "root")
    assert (error.code, error.field) == ("ceremony_share_changed", "root-1")
    (country.work / "shares" / "root-1.json").unlink()
    country.step().draw_up("root")  # with the key that is published
    error = refusal(country.step().sign, "root", "root-1", passphrase=passphrase_of("root-1"))
    assert error.code == "ceremony_key_unexpected"


def test_a_key_that_was_made_before_the_step_was_stopped_gets_its_record(empty_country: Country) -> None:
    """The work folder's medium was full; nobody has lost anything, and the share keeps its name."""
    country = empty_country
    country.work.mkdir()
    (country.work / "shares").touch()
    assert refusal(country.step().make_key, "root-1", passphrase=passphrase_of("root-1")).code == "ceremony_not_written"
    (country.work / "shares").unlink()
    key_file = country.folder / "media" / "root-1" / "root-1.pem"
    made = key_file.read_bytes()
    country.step(dry_run=True).make_key("root-1", passphrase=passphrase_of("root-1"))
    with pytest.raises(KeyStoreError) as caught:
        country.step().make_key("root-1", passphrase=passphrase_of("somebody else"))
    assert caught.value.code == "passphrase_wrong"
    country.step().make_key("root-1", passphrase=passphrase_of("root-1"))
    assert key_file.read_bytes() == made
    entries = json.loads((country.work / "transcript.json").read_text("utf-8"))["entries"]
    assert [(entry["share"], "its record was missing" in entry["result"]) for entry in entries] == [("root-1", True)]
    country.make_keys()
    country.step().draw_up("root")
    for name in ("root-1", "root-2", "root-3"):
        country.step().sign("root", name, passphrase=passphrase_of(name))
    country.step().assemble("root")


def test_two_metadata_files_of_one_version_are_noticed(country: Country) -> None:
    edit(country.work / "metadata" / "1.targets.json", lambda signed: signed.update(expires="2027-01-01T00:00:00Z"))
    country.change("targets")
    assert refusal(country.step().draw_up, "targets").code == "metadata_conflict"


# --- the file ---------------------------------------------------------------------------------------------------------

GOOD = """
title = "T"
[root]
version = 1
valid_days = 10
shares = [{name = "root-1", holder = "A", medium = "a"}, {name = "root-2", holder = "B", medium = "b"}]
[provinces.42]
version = 1
valid_days = 10
courts = ["420683"]
shares = [{name = "p-1", holder = "C", medium = "c"}]
"""


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('title = "T"', "", "title"),
        ("valid_days = 10\nshares", "valid_days = 0\nshares", "root.valid_days"),
        ("[root]", "[root]\nthreshold = 3", "root"),
        ('name = "root-2"', 'name = "root-1"', "(TOML)"),
        ('medium = "b"', 'medium = "a"', "(TOML)"),
        ('name = "root-2"', 'name = "Root 2"', "root.shares.1.name"),
        ("[provinces.42]", "[provinces.4]", "(TOML)"),
        ('"420683"', '"440106"', "(TOML)"),
        ('"420683"', '"420683", "420683"', "(TOML)"),
        ('courts = ["420683"]', 'courts = ["420683"]\nwithout_lists = ["420684"]', "(TOML)"),
        ("[root]", "[root]\nvalid_hours = 3", "root.valid_hours"),
        ("[root]", "[root", "(TOML)"),
    ],
)
def test_a_configuration_that_contradicts_itself_is_refused_by_field(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    path = tmp_path / "trust-list.toml"
    path.write_text(GOOD, "utf-8")
    assert load_configuration(path).section("province-42").threshold == 1
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1), "utf-8")
    error = refusal(load_configuration, path)
    assert (error.code, error.field) == ("ceremony_file_invalid", field)


def test_a_configuration_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(load_configuration, tmp_path / "none.toml").code == "ceremony_file_missing"
