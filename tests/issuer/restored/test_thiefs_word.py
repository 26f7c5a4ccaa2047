"""What a thief of the bundle's online keys says of the court's keys: the words tell it, and the way out is one.

Nobody but the operator can tell such a word from what the court published itself before its backup came back.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.office import CourtHouse
from support.restoring import (
    CASES,
    Lender,
    backup,
    bring_back,
    register,
    restore,
    revoke,
    run,
    snapshot,
    token,
    xinzheng,
)
from support.thief import ONLINE, QUIET, done, folder_of, keys, new_records, records, thief_publishes
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.trust_documents import KeyState

LONG = timedelta(days=9)


def compromised(record: KeyRecord) -> dict[str, Any]:
    return {"state": KeyState.COMPROMISED, "compromised_at": record.valid_from - LONG}


def retired(record: KeyRecord) -> dict[str, Any]:
    return {**ended(record), "state": KeyState.RETIRED}


def ended(record: KeyRecord) -> dict[str, Any]:
    return {"valid_from": record.valid_from - 2 * LONG, "valid_until": record.valid_from - LONG}


@pytest.mark.parametrize("says", [compromised, retired, ended])
def test_a_key_that_was_never_ended_here_is_kept_by_the_way_that_the_words_say(
    court: CourtHouse, tmp_path: Path, says: Callable[[KeyRecord], dict[str, Any]]
) -> None:
    certificate = token(court, court.certificate(CASES[0])["certificateNumber"])
    lender, mine = Lender(court, tmp_path / "lender"), records(court)
    lender.fetch()
    before = shutil.copy(lender.file(), tmp_path / "before.xzb")
    his = replace(mine["cert-1"], **says(mine["cert-1"]))
    thief_publishes(court, court.issuer.keys.current().issuer_document([his, mine["status-1"]]))
    lender.fetch()
    assert lender.verdict(certificate) != "ok"
    assert "xinzheng db adopt --dry-run says what to do" in xinzheng(court, "bundle", **QUIET).output
    said = run(court, "--dry-run").output
    assert "If nobody here did it, somebody else has the keys of the bundle's roles" in said
    assert "No key is left that signs certificates" in said
    assert "如非本院所为，则信任包各角色的密钥已落入他人之手" in run(court, "--dry-run", LC_ALL="zh_CN.UTF-8").output
    said = run(court, "--dry-run", "--bundle", str(before)).output
    assert "If this court did not publish edition" in said
    court.issuer.settings.public_folder.rename(tmp_path / "away")
    done(court, "db", "adopt", "--bundle", str(before))
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    lender.fetch()
    assert (lender.verdict(certificate), records(court)["cert-1"]) == ("ok", mine["cert-1"])
    assert token(court, court.certificate(CASES[1])["certificateNumber"])


def test_what_the_register_tells_too_was_done_here(court: CourtHouse, tmp_path: Path) -> None:
    shutil.copytree(folder_of(court), tmp_path / "kept")
    for name, usage in (("cert-2", "certificate"), ("status-2", "status"), ("status-3", "status")):
        keys(court, "create", name, "--usage", usage)
    for step in (("activate", "cert-2", "--now"), ("activate", "status-2", "--now"), ("compromise", "status-1")):
        keys(court, *step)
    keys(court, "compromise", "cert-1")
    shutil.rmtree(folder_of(court))
    shutil.copytree(tmp_path / "kept", folder_of(court))
    said = run(court, "--dry-run").output
    assert "Key cert-1: the key folder does not know that it is compromised" in said
    assert "Key cert-2: the key folder does not know it" in said
    assert "somebody" not in said


def test_a_key_that_documents_alone_tell_of_is_shown_with_its_use_and_its_public_half(court: CourtHouse) -> None:
    [his] = new_records(court, "cert-8")
    thief_publishes(court, court.issuer.keys.current().issuer_document([*records(court).values(), his]))
    said = run(court, "--dry-run").output
    assert "its public half is taken over (for certificates, active since" in said
    assert f"Its public key is {his.public_key_multibase}" in said
    assert "If nobody here made it" in said


def test_more_keys_than_leave_room_for_the_next_ones_are_not_taken_over(court: CourtHouse, tmp_path: Path) -> None:
    """No key that was published is ever left out, and 128 can be."""
    many = new_records(court, *(f"cert-{number}" for number in range(8, 8 + 95)))
    thief_publishes(court, court.issuer.keys.current().issuer_document([*records(court).values(), *many]))
    said = run(court, "--yes").output
    assert "[keys_foreign]" in said
    assert "95 keys of which nothing here tells make 97" in said
    thief_publishes(court, court.issuer.keys.current().issuer_document([*records(court).values(), *many[1:]]))
    done(court, "db", "adopt")
    kept, lender = snapshot(court), Lender(court, tmp_path / "lender")
    keys(court, "create", "cert-2", "--usage", "certificate")
    lender.fetch()
    bring_back(court, kept)
    done(court, "db", "adopt", "--bundle", lender.file())  # of a court with so many keys the newest one all the same
    assert "cert-2" in records(court)


@pytest.mark.parametrize("what", ["another key", "a compromise"])
def test_a_bundle_that_is_kept_beside_the_epoch_is_asked_before_the_next_one_is_taken(
    court: CourtHouse, tmp_path: Path, what: str
) -> None:
    """All came back from a backup, and the newest bundle, the thief's, was handed in and stopped at a revocation."""
    number = court.certificate(CASES[0])["certificateNumber"]
    kept = snapshot(court)
    keys(court, "create", "cert-2", "--usage", "certificate")
    keys(court, "activate", "cert-2", "--now")
    assert revoke(court, number)["published"]
    genuine, lender = token(court, court.certificate(CASES[1])["certificateNumber"]), Lender(court, tmp_path / "lender")
    lender.fetch()
    before, mine = shutil.copy(lender.file(), tmp_path / "before.xzb"), records(court)
    his = {"cert-2": replace(mine["cert-2"], **compromised(mine["cert-2"]))}
    if what == "another key":
        his = {"cert-2": new_records(court, "cert-2")[0]}
    thief_publishes(court, court.issuer.keys.current().issuer_document((mine | his).values()))
    lender.fetch()
    bring_back(court, kept)
    shutil.copytree(court.issuer.settings.data, tmp_path / "again")
    assert "[steps_to_repeat]" in run(court, "--bundle", lender.file(), "--yes").output
    court.issuer.office.register.engine.dispose()
    shutil.rmtree(folder_of(court))
    shutil.copytree(tmp_path / "again" / "keys", folder_of(court))
    shutil.copy(tmp_path / "again" / "register.sqlite", register(court))
    public = court.issuer.settings.public_folder
    public.rename(tmp_path / "away")
    said = run(court, "--bundle", str(before), "--dry-run").output
    assert ("[key_name_twice]" if what == "another key" else "If nobody here did it, somebody else has") in said
    assert "in epoch/ (*.xzb) too" in said
    assert not public.exists()
    for bundle in (court.issuer.settings.data / "epoch").glob("*.xzb"):
        bundle.rename(tmp_path / bundle.name)
    assert "[steps_to_repeat]" in run(court, "--bundle", str(before), "--yes").output
    revoke(court, number)
    done(court, "db", "adopt", "--bundle", str(before))
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    lender.fetch()
    assert lender.verdict(genuine) == "ok"


@pytest.mark.parametrize("is_here", [False, True], ids=["closed", "with its file"])
def test_a_key_that_was_taken_over_keeps_its_beginning_in_the_register(
    court: CourtHouse, tmp_path: Path, *, is_here: bool
) -> None:
    """The backup comes back once more, without the register and without anybody who has a bundle."""
    kept = snapshot(court)
    keys(court, "create", "cert-2", "--usage", "certificate")
    keys(court, "activate", "cert-2", "--now")
    certificate, lender = token(court, court.certificate(CASES[0])["certificateNumber"]), Lender(court, tmp_path / "l")
    lender.fetch()
    bundle, half = lender.file(), (folder_of(court) / "cert-2.pem").read_bytes()
    bring_back(court, kept)
    again = shutil.copytree(court.issuer.settings.data, tmp_path / "again")
    if is_here:
        for data in (court.issuer.settings.data, again):
            (data / "keys" / "cert-2.pem").write_bytes(half)
            (data / "keys" / "cert-2.pem").chmod(0o600)
    done(court, "db", "adopt", "--bundle", bundle)
    newest, record = backup(court), records(court)["cert-2"]
    bring_back(court, again)
    restore(court, newest)
    done(court, "db", "adopt", "--open-next-list")
    assert records(court)["cert-2"] == record
    lender.fetch()
    assert lender.verdict(certificate) == "ok"


def test_a_key_that_was_taken_into_use_before_the_backup_came_back_is_not_taken_into_use_again(
    court: CourtHouse,
) -> None:
    """Its window would begin after what it signed."""
    keys(court, "create", "cert-2", "--usage", "certificate")
    kept = snapshot(court)
    keys(court, "activate", "cert-2", "--now")
    newest, record = backup(court), records(court)["cert-2"]
    bring_back(court, kept)
    restore(court, newest)
    for how in ("--dry-run", "--yes"):
        said = xinzheng(court, "keys", "activate", "cert-2", "--now", "--reason", "drill", how, **QUIET)
        assert (said.exit_code, "[keys_restored]" in said.output) == (1, True)
    done(court, "db", "adopt")
    assert records(court)["cert-2"] == record
