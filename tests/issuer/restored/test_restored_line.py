"""The root key is lost, and the register came back from a backup: a new line must not begin where it knows less."""

import errno
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from support.office import CourtHouse, application
from support.restoring import (
    CASES,
    Lender,
    backup,
    begin_anew,
    begun,
    hindrances,
    new_store,
    restore,
    revoke,
    run,
    token,
    xinzheng,
)
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.epoch import Epoch
from xinzheng_issuer.publishing.repository import Repository


def test_a_new_line_tells_new_stores_what_the_old_one_told(court: CourtHouse, tmp_path: Path) -> None:
    settings = court.issuer.settings
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate, content = token(court, number), backup(court)
    court.clock.advance(seconds=1)
    assert revoke(court, number)["published"]
    newest = tmp_path / "newest.xzb"
    newest.write_bytes(court.get("/bundle/latest.xzb", None).content)
    restore(court, content)
    (settings.keys_folder / "bundle" / "root-1.pem").unlink()
    moved = settings.public_folder.rename(tmp_path / "public-before")
    for before in (moved, newest):
        said = begin_anew(court, before)
        assert (said.exit_code, "[line_forgets]" in said.output) == (1, True), said.output
        assert "1/revocation" in said.output
    assert not settings.public_folder.exists()

    # As the refusal says: back to its place, up to date, away again.
    moved.rename(settings.public_folder)
    assert "[steps_to_repeat]" in run(court, "--yes").output
    court.clock.advance(seconds=1)
    revoke(court, number)
    done = run(court, "--yes")
    assert done.exit_code == 0, done.output
    settings.public_folder.rename(moved)
    done = begin_anew(court, moved)
    assert done.exit_code == 0, done.output
    court.clock.advance(minutes=2)
    assert new_store(court, tmp_path / "store", certificate) == "revoked"


def test_what_the_old_line_told_is_not_forgotten_before_the_new_one_is_published(
    court: CourtHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The register comes back once more, while the new line's disk is full: nothing else tells of the revocation."""
    settings = court.issuer.settings
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate, content = token(court, number), backup(court)
    court.clock.advance(seconds=1)
    assert revoke(court, number)["published"]
    moved = settings.public_folder.rename(tmp_path / "public-before")
    with monkeypatch.context() as full:
        full.setattr(Repository, "write", no_space)
        said = begin_anew(court, moved)
        assert (said.exit_code, "Publishing failed: publication_unwritable" in said.output) == (1, True), said.output
    shutil.rmtree(moved)
    restore(court, content)

    said = xinzheng(court, "bundle", XINZHENG_LOG_LEVEL="error")
    assert (said.exit_code, "register_restored" in said.output) == (1, True), said.output
    assert hindrances(court) == ["register_restored"]
    assert "[steps_to_repeat]" in run(court, "--yes").output
    done = run(court, "--revoke-again", "fraud", "--yes")
    assert done.exit_code == 0, done.output
    assert hindrances(court) == []
    court.clock.now = datetime.now(UTC)
    assert new_store(court, tmp_path / "store", certificate) == "revoked"


def test_a_beginning_that_failed_is_made_again_and_leaves_no_doubt(
    court: CourtHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = court.issuer.settings.public_folder.rename(tmp_path / "public-before")
    with monkeypatch.context() as full:
        full.setattr(Repository, "begin", no_space)
        assert "No space left" in begin_anew(court, moved).output
    done = begin_anew(court, moved)
    assert done.exit_code == 0, done.output
    assert hindrances(court) == []
    assert not [*(court.issuer.settings.data / "epoch").glob("*.xzb")]


def test_a_beginning_that_was_stopped_before_its_doubt_was_noted_is_made_again_and_leaves_none(
    court: CourtHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was published before is kept already, and nothing says yet that it waits to be published."""
    court.certificate(CASES[0])
    moved = court.issuer.settings.public_folder.rename(tmp_path / "public-before")
    with monkeypatch.context() as full:
        full.setattr(Epoch, "_replace", no_space)
        assert "[epoch_unwritable]" in begin_anew(court, moved).output
    assert [*(court.issuer.settings.data / "epoch").glob("*.kept.xzb")]
    done = begin_anew(court, moved)
    assert done.exit_code == 0, done.output
    assert hindrances(court) == []
    assert not [*(court.issuer.settings.data / "epoch").glob("*.xzb")]


def test_a_doubt_whose_end_was_published_and_not_noted_is_ended_by_the_next_look(
    court: CourtHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full just then, or the power is gone."""
    moved = court.issuer.settings.public_folder.rename(tmp_path / "public-before")
    with monkeypatch.context() as full:
        full.setattr(Epoch, "settle", no_epoch)
        assert begin_anew(court, moved).exit_code == 0
    assert [*(court.issuer.settings.data / "epoch").glob("*.xzb")]
    assert hindrances(court) == []
    assert not [*(court.issuer.settings.data / "epoch").glob("*.xzb")]


def no_epoch(*_: object, **__: object) -> NoReturn:
    raise IssuingError("epoch_unwritable", path="epoch", reason="full")


def test_a_new_line_that_is_published_leaves_nothing_to_take_over(court: CourtHouse, tmp_path: Path) -> None:
    court.certificate(CASES[0])
    moved = court.issuer.settings.public_folder.rename(tmp_path / "public-before")
    done = begin_anew(court, moved)
    assert done.exit_code == 0, done.output
    assert hindrances(court) == []
    assert not [*(court.issuer.settings.data / "epoch").glob("*.xzb")]


def no_space(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_of_another_court_or_none_is_not_taken_for_the_line_before(court: CourtHouse, tmp_path: Path) -> None:
    moved = court.issuer.settings.public_folder.rename(tmp_path / "public-before")
    other = begun(tmp_path / "other", court.clock)
    other.issuer.close()
    assert "[line_forgets]" in begin_anew(court, other.issuer.settings.public_folder).output
    assert "[repository_missing]" in begin_anew(court, tmp_path / "other").output
    file = tmp_path / "file.xzb"
    file.write_bytes(b"no bundle")
    assert "[restore_refused]" in begin_anew(court, file).output
    assert begin_anew(court, moved).exit_code == 0


def test_without_the_keys_of_the_roles_the_register_is_brought_up_to_date_all_the_same(court: CourtHouse) -> None:
    """They went with the root key: nothing can be published any more, and the new line must begin with all."""
    settings = court.issuer.settings
    court.certificate(CASES[0])
    content = backup(court)
    number = court.certificate(CASES[1])["certificateNumber"]
    assert revoke(court, number)["published"]
    restore(court, content)
    for path in (settings.keys_folder / "bundle").glob("*.pem"):
        path.unlink()
    said = run(court, "--yes")
    assert (said.exit_code, "role_keys_missing" in said.output) == (1, True), said.output
    moved = settings.public_folder.rename(settings.data.with_name("public-before"))
    done = begin_anew(court, moved)
    assert done.exit_code == 0, done.output
    assert run(court, "--yes").exit_code == 0
    shutil.rmtree(moved)


def test_a_line_begins_anew_after_a_clock_that_was_ahead(court: CourtHouse) -> None:
    """Numbers of the line before are not taken for numbers of this one, though they were given out "later"."""
    settings = court.issuer.settings
    court.clock.advance(hours=3)
    assert revoke(court, court.certificate(CASES[0])["certificateNumber"])["published"]
    moved = settings.public_folder.rename(settings.data.with_name("public-before"))
    done = begin_anew(court, moved)
    assert done.exit_code == 0, done.output
    assert "edition_forgotten" not in run(court, "--dry-run").output


# --- the keys of the bundle and of the court changed since the backup -------------------------------------------------


def did(house: CourtHouse, *arguments: str) -> str:
    """A step of the operator's that must succeed."""
    said = xinzheng(house, *arguments, "--reason", "stolen", "--yes", XINZHENG_LOG_LEVEL="error")
    assert said.exit_code == 0, said.output
    house.clock.now = datetime.now(UTC)
    return said.output


def new_key(house: CourtHouse, name: str) -> None:
    did(house, "keys", "create", name, "--usage", "certificate")
    did(house, "keys", "activate", name, "--now")


def robbed(house: CourtHouse) -> None:
    """What one does after a theft: another certificate key, and all keys of the bundle anew."""
    new_key(house, "cert-3")
    did(house, "keys", "compromise", "cert-1")
    did(house, "bundle-keys", "rotate", "root", "targets", "snapshot", "timestamp")


@pytest.mark.parametrize("left", ["folder", "bundle"])
def test_a_new_line_takes_no_compromise_back(court: CourtHouse, tmp_path: Path, left: str) -> None:
    """Register and key folder came back from before a theft: no root key, no role key, and cert-1 is active there.

    A compromise changes no status list: where nothing was revoked besides, the keys alone tell what is missing.
    """
    settings = court.issuer.settings
    stolen = court.certificate(CASES[0])["certificateNumber"]
    new_key(court, "cert-2")
    revoked = court.certificate(CASES[1])["certificateNumber"]
    held = [token(court, number) for number in (stolen, revoked)]
    lender, content = Lender(court, tmp_path / "lender"), backup(court)
    shutil.copytree(settings.keys_folder, tmp_path / "keys")
    robbed(court)
    honest = token(court, court.certificate(CASES[2])["certificateNumber"])
    if left == "bundle":
        assert revoke(court, revoked)["published"]
    lender.fetch()
    told = ["key_compromised", "revoked" if left == "bundle" else "ok", "ok"]
    assert [lender.verdict(each) for each in (*held, honest)] == told
    restore(court, content)
    shutil.rmtree(settings.keys_folder)
    shutil.copytree(tmp_path / "keys", settings.keys_folder)
    moved = tmp_path / "public-before"
    settings.public_folder.rename(moved)
    if left == "bundle":
        shutil.rmtree(moved)

    before = moved if left == "folder" else Path(lender.file())
    said = begin_anew(court, before)
    assert (said.exit_code, "[line_forgets]" in said.output) == (1, True), said.output
    missing = "cert-1: compromise, cert-3: activate"
    assert (f"({missing})" if left == "folder" else f"(1/revocation, {missing})") in said.output
    assert not settings.public_folder.exists()

    # As the refusal says: up to date, although nothing can be published, and away again.
    given = () if left == "folder" else ("--bundle", lender.file())
    if left == "folder":
        moved.rename(settings.public_folder)
    else:
        assert "(xinzheng bundle-keys rotate targets snapshot timestamp, or" in run(court, *given, "--dry-run").output
        chinese = run(court, *given, "--dry-run", LC_ALL="zh_CN.UTF-8").output
        assert "信任包中签署 targets snapshot timestamp 的密钥不在密钥目录中" in chinese
        assert "[steps_to_repeat]" in run(court, *given, "--yes").output
    done = run(court, *given, "--revoke-again", "fraud", "--yes")
    assert (done.exit_code, "Publishing failed: role_keys_missing" in done.output) == (1, True), done.output
    assert "bundle-keys begin --before FOLDER" in done.output
    rotated = xinzheng(court, "bundle-keys", "rotate", "targets", "snapshot", "timestamp", "--reason", "-", "--yes")
    assert "[root_keys_missing]" in rotated.output
    settings.public_folder.rename(moved)
    done = begin_anew(court, moved)
    assert done.exit_code == 0, done.output

    assert run(court, "--yes").exit_code == 0
    court.clock.now = datetime.now(UTC)
    verdicts = [new_store(court, tmp_path / f"store-{i}", each) for i, each in enumerate((*held, honest))]
    assert verdicts == told
    newer = token(
        court, court.certificate(application(enforcementCaseNumber="（2022）鄂0683执131号"))["certificateNumber"]
    )
    assert new_store(court, tmp_path / "newest", newer) == "ok"


def test_a_machine_that_published_on_under_older_keys_goes_over_to_those_that_lenders_have(
    court: CourtHouse, tmp_path: Path
) -> None:
    """The keys of the roles that came after the backup are lost, the root key is not: it names others."""
    settings = court.issuer.settings
    numbers = [court.certificate(case)["certificateNumber"] for case in CASES]
    held, lender = [token(court, number) for number in numbers], Lender(court, tmp_path / "lender")
    content, before = backup(court), tmp_path / "before"
    shutil.copytree(settings.data, before)
    did(court, "bundle-keys", "rotate", "targets", "snapshot", "timestamp")
    assert revoke(court, numbers[0])["published"]
    lender.fetch()
    shutil.rmtree(settings.data)
    shutil.copytree(before, settings.data)
    restore(court, content)
    for number in numbers[1:]:
        court.clock.advance(seconds=1)
        assert revoke(court, number)["published"]
    done = run(court, "--bundle", lender.file(), "--revoke-again", "fraud", "--yes")
    assert (done.exit_code, "Publishing failed: role_keys_missing" in done.output) == (1, True), done.output
    did(court, "bundle-keys", "rotate", "targets", "snapshot", "timestamp")
    assert run(court, "--yes").exit_code == 0
    court.clock.now = datetime.now(UTC)
    lender.fetch()
    assert [lender.verdict(each) for each in held] == ["revoked"] * 3


def test_roots_that_parted_after_a_theft_are_proven_by_the_copies_of_the_backup(
    court: CourtHouse, tmp_path: Path
) -> None:
    settings = court.issuer.settings
    certificate, lender = token(court, court.certificate(CASES[0])["certificateNumber"]), Lender(court, tmp_path / "l")
    content, before = backup(court), tmp_path / "before"
    shutil.copytree(settings.data, before)
    robbed(court)
    lender.fetch()
    shutil.rmtree(settings.data)
    shutil.copytree(before, settings.data)
    restore(court, content)
    did(court, "bundle-keys", "renew")
    assert "[restore_refused]" in run(court, "--bundle", lender.file(), "--yes").output
    settings.public_folder.rename(tmp_path / "parted")
    kept = settings.keys_folder / "bundle" / "kept-roots.json"
    kept.unlink()
    assert "[roots_unproven]" in run(court, "--bundle", lender.file(), "--yes").output
    shutil.copy(before / "keys" / "bundle" / "kept-roots.json", kept)
    assert "role_keys_missing" in run(court, "--bundle", lender.file(), "--yes").output
    settings.public_folder.rename(tmp_path / "public-before")
    assert begin_anew(court, tmp_path / "public-before").exit_code == 0
    court.clock.now = datetime.now(UTC)
    assert new_store(court, tmp_path / "store", certificate) == "key_compromised"
