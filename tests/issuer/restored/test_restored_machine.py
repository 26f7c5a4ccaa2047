"""The whole machine came back from a backup, or lost what it published: what lenders hold counts."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.office import CourtHouse, StandingClock, application
from support.restoring import (
    CASES,
    Lender,
    begun,
    bring_back,
    reinstate,
    restore,
    revoke,
    run,
    snapshot,
    suspend,
    token,
    verdict,
    xinzheng,
)
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.installation import open_issuer
from xinzheng_issuer.settings import Settings
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.extent import select

CHINESE = {"LC_ALL": "zh_CN.UTF-8"}


@contextmanager
def started(house: CourtHouse) -> Iterator[CourtHouse]:
    """The server as it is started on what lies in the data folder."""
    issuer = open_issuer(house.issuer.settings, clock=house.clock)
    with TestClient(app_of(issuer), raise_server_exceptions=False) as client:
        yield CourtHouse(issuer, client, house.clock, house.tokens)


def settled(house: CourtHouse) -> list[str]:
    """Three certificates, published."""
    numbers = [house.certificate(case)["certificateNumber"] for case in CASES]
    assert house.issuer.outbox.renew().published
    return numbers


def test_the_newest_bundle_brings_a_restored_machine_up_to_date(court: CourtHouse, tmp_path: Path) -> None:
    first, second, _ = settled(court)
    held = {number: token(court, number) for number in (first, second)}
    kept, lender = snapshot(court), Lender(court, tmp_path / "lender")
    court.clock.advance(seconds=30)
    revoke(court, first)
    lender.fetch()
    bring_back(court, kept)

    said = run(court, "--bundle", lender.file(), "--dry-run")
    assert said.exit_code == 0, said.output
    edition = Archive(lender.bundle)["bundle.json"]
    assert f"brought to edition {json.loads(edition)['edition']}," in said.output
    assert f"Certificate {first} was published" in said.output
    assert "发布目录将恢复为" in run(court, "--bundle", lender.file(), "--dry-run", **CHINESE).output
    assert verdict(court, held[first]) == "ok"  # nothing was done yet

    early = run(court, "--bundle", lender.file(), "--yes")
    assert (early.exit_code, "[steps_to_repeat]" in early.output) == (1, True)
    assert verdict(court, held[first]) == "revoked"  # what is in effect is what lenders know, from here on
    court.clock.advance(seconds=30)
    assert revoke(court, first)["detail"] == "register_restored"
    done = run(court, "--bundle", lender.file(), "--yes")
    assert done.exit_code == 0, done.output

    court.clock.now = max(court.clock.now, datetime.now(UTC))
    lender.fetch()
    assert [lender.verdict(each) for each in held.values()] == ["revoked", "ok"]
    assert revoke(court, second)["published"]
    lender.fetch()
    assert [lender.verdict(each) for each in held.values()] == ["revoked", "revoked"]
    assert court.certificate(application(enforcementCaseNumber="（2022）鄂0683执126号"))["statusListNumber"] == 2


def test_a_machine_that_published_on_takes_the_lists_and_publishes_above_both(
    court: CourtHouse, tmp_path: Path
) -> None:
    """Found too late: the restored machine gave the numbers of the editions once more."""
    numbers = settled(court)
    held = [token(court, number) for number in numbers]
    kept, lender = snapshot(court), Lender(court, tmp_path / "lender")
    court.clock.advance(seconds=30)
    revoke(court, numbers[0])
    lender.fetch()
    bring_back(court, kept)
    for number in numbers[1:]:
        court.clock.advance(seconds=30)
        assert revoke(court, number)["published"]
    assert verdict(court, held[0]) == "ok"

    said = run(court, "--bundle", lender.file(), "--dry-run")
    assert "was published from this folder after a backup was restored" in said.output
    assert numbers[0] in said.output
    assert revoke(court, numbers[0])["published"]
    done = run(court, "--bundle", lender.file(), "--yes")
    assert done.exit_code == 0, done.output
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    lender.fetch()
    assert [lender.verdict(each) for each in held] == ["revoked"] * 3


@pytest.mark.parametrize("lost", ["public", "metadata/timestamp.json", "targets"])
def test_a_lost_publication_folder_is_made_of_a_bundle(court: CourtHouse, tmp_path: Path, lost: str) -> None:
    first, second, _ = settled(court)
    certificate, lender = token(court, first), Lender(court, tmp_path / "lender")
    revoke(court, first)
    lender.fetch()
    public = court.issuer.settings.public_folder
    if lost == "public":
        shutil.rmtree(public)
    else:
        shutil.rmtree(public / "bundles")
        (public / "bundles").mkdir()
        (public / lost).unlink() if (public / lost).is_file() else shutil.rmtree(public / lost)
    if lost != "metadata/timestamp.json":
        said = xinzheng(court, "bundle")
        assert (said.exit_code, "db adopt --bundle" in said.output or "edition_damaged" in said.output) == (1, True)
    done = run(court, "--bundle", lender.file(), "--yes")
    assert done.exit_code == 0, done.output
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    lender.fetch()
    assert lender.verdict(certificate) == "revoked"
    assert revoke(court, second)["published"]


def test_an_older_bundle_changes_nothing(court: CourtHouse, tmp_path: Path) -> None:
    """Such as the one with which a take-over began, once more after the server has published what was repeated."""
    numbers = settled(court)
    certificate, lender = token(court, numbers[0]), Lender(court, tmp_path / "lender")
    lender.fetch()
    old = lender.file()
    assert revoke(court, numbers[0])["published"]
    edition = court.issuer.outbox.publisher.latest
    assert edition is not None
    for language, words in (("C.UTF-8", "nothing of it is taken over"), ("zh_CN.UTF-8", "不从中接管任何内容")):
        assert words in run(court, "--bundle", old, "--dry-run", LC_ALL=language).output
    done = run(court, "--bundle", old, "--yes")
    assert (done.exit_code, "nothing to take over" in done.output) == (0, True), done.output
    assert court.issuer.outbox.publisher.latest == edition
    assert (court.state(numbers[0]), verdict(court, certificate)) == ("revoked", "revoked")


def test_a_bundle_that_is_partial_or_not_the_courts_is_refused(court: CourtHouse, tmp_path: Path) -> None:
    numbers = settled(court)
    part = tmp_path / "part.xzb"
    latest = court.get("/bundle/latest.xzb", None).content
    part.write_bytes(pack(select(Archive(latest), changes=False)))
    assert "[restore_partial]" in run(court, "--bundle", str(part), "--yes").output
    part.write_bytes(latest[:-100])
    assert "[restore_refused]" in run(court, "--bundle", str(part), "--yes").output
    other = begun(tmp_path / "other", court.clock)
    part.write_bytes(other.get("/bundle/latest.xzb", None).content)
    other.issuer.close()
    said = run(court, "--bundle", str(part), "--yes").output
    assert ("[restore_refused]" in said, "bundle_root" in said) == (True, True)
    assert revoke(court, numbers[1])["published"]


def test_indexes_given_out_before_are_not_given_out_again(court: CourtHouse, tmp_path: Path) -> None:
    """Nothing but a certificate was issued since the snapshot: no list tells of it, and the epoch came back too."""
    settled(court)
    kept, lender = snapshot(court), Lender(court, tmp_path / "lender")
    court.certificate(application(enforcementCaseNumber="（2022）鄂0683执126号"))
    lender.fetch()
    bring_back(court, kept)
    assert "new status list" in run(court, "--bundle", lender.file(), "--dry-run").output
    assert run(court, "--bundle", lender.file(), "--yes").exit_code == 0
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    assert court.certificate(application(enforcementCaseNumber="（2022）鄂0683执127号"))["statusListNumber"] == 2


# --- the watermark ----------------------------------------------------------------------------------------------------


def test_a_watermark_keeps_a_restored_machine_from_publishing(tmp_path: Path, clock: StandingClock) -> None:
    disk = tmp_path / "other disk"
    disk.mkdir()
    court = begun(tmp_path / "var", clock, disk / "published.json")
    settings = court.issuer.settings
    with court.client:
        numbers = settled(court)
        certificate, kept, lender = token(court, numbers[0]), snapshot(court), Lender(court, tmp_path / "lender")
        court.clock.advance(seconds=30)
        revoke(court, numbers[0])
        lender.fetch()
        bring_back(court, kept)

        answer = revoke(court, numbers[1])
        assert (answer["published"], answer["detail"]) == (False, "edition_forgotten")
        said = xinzheng(court, "bundle", XINZHENG_WATERMARK=str(settings.watermark))
        assert "edition_forgotten" in said.output
        assert revoke(court, numbers[0])["published"] is False
        done = run(court, "--bundle", lender.file(), "--yes", XINZHENG_WATERMARK=str(settings.watermark))
        assert done.exit_code == 0, done.output
        court.clock.now = max(court.clock.now, datetime.now(UTC))
        lender.fetch()
        assert lender.verdict(certificate) == "revoked"


def test_a_watermark_of_the_configuration_holds_for_every_command(court: CourtHouse, tmp_path: Path) -> None:
    """One that is typed beside the server, with another environment, publishes nothing over what is remembered."""
    watermark = tmp_path / "published.json"
    file = court.issuer.settings.court_file
    file.write_text(f'watermark = "{watermark}"\n{file.read_text("utf-8")}', "utf-8")
    numbers = settled(court)
    assert xinzheng(court, "bundle").exit_code == 0
    assert watermark.exists()
    kept = snapshot(court)
    with started(court) as server:
        revoke(server, numbers[0])
    bring_back(court, kept)
    said = xinzheng(court, "bundle")
    assert (said.exit_code, "edition_forgotten" in said.output) == (1, True), said.output
    # An empty variable leaves it out of one command, another path takes its place.
    assert xinzheng(court, "bundle", XINZHENG_WATERMARK=str(watermark)).exit_code == 1
    assert xinzheng(court, "bundle", XINZHENG_WATERMARK="").exit_code == 0


def test_a_watermark_is_an_absolute_path(court: CourtHouse) -> None:
    file = court.issuer.settings.court_file
    file.write_text(f'watermark = "published.json"\n{file.read_text("utf-8")}', "utf-8")
    said = xinzheng(court, "bundle")
    assert (said.exit_code, "[court_file_invalid]" in said.output, "watermark" in said.output) == (1, True, True)


@pytest.mark.parametrize("step", [["renew"], ["rotate", "root"], ["rotate", "snapshot", "timestamp"]])
def test_no_root_is_made_of_a_machine_that_came_back(tmp_path: Path, clock: StandingClock, step: list[str]) -> None:
    """Another root of the same number would part from the one that lenders hold, and nothing could be taken over."""
    disk = tmp_path / "other disk"
    disk.mkdir()
    court = begun(tmp_path / "var", clock, disk / "published.json")
    set_so = {"XINZHENG_WATERMARK": str(disk / "published.json"), "XINZHENG_LOG_LEVEL": "error"}
    with court.client:
        numbers = settled(court)
        certificate, kept, lender = token(court, numbers[0]), snapshot(court), Lender(court, tmp_path / "lender")
        renewed = xinzheng(court, "bundle-keys", "renew", "--reason", "yearly", "--yes", **set_so)
        assert renewed.exit_code == 0, renewed.output
        clock.advance(seconds=30)
        revoke(court, numbers[0])
        lender.fetch()
        bring_back(court, kept)

        for _ in range(2):
            said = xinzheng(court, "bundle-keys", *step, "--reason", "again", "--yes", **set_so)
            assert (said.exit_code, "[edition_forgotten]" in said.output) == (1, True), said.output
        assert len(list((court.issuer.settings.public_folder / "metadata").glob("*.root.json"))) == 1
        assert "[steps_to_repeat]" in run(court, "--bundle", lender.file(), "--yes", **set_so).output
        clock.advance(seconds=30)
        revoke(court, numbers[0])
        done = run(court, "--bundle", lender.file(), "--yes", **set_so)
        assert done.exit_code == 0, done.output
        done = xinzheng(court, "bundle-keys", *step, "--reason", "again", "--yes", **set_so)
        assert done.exit_code == 0, done.output
        clock.now = max(clock.now, datetime.now(UTC))
        lender.fetch()
        assert lender.verdict(certificate) == "revoked"


def test_roots_that_parted_are_left_by_moving_what_is_here_away(court: CourtHouse, tmp_path: Path) -> None:
    """Without a watermark nobody notices before the restored machine has made a root of its own."""
    numbers = settled(court)
    certificate, kept, lender = token(court, numbers[0]), snapshot(court), Lender(court, tmp_path / "lender")
    renew = ("bundle-keys", "renew", "--reason", "yearly", "--yes")
    assert xinzheng(court, *renew).exit_code == 0
    court.clock.advance(seconds=30)
    revoke(court, numbers[0])
    lender.fetch()
    bring_back(court, kept)
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    time.sleep(1.1)  # within one second the very same root would be made
    assert xinzheng(court, *renew).exit_code == 0
    said = run(court, "--bundle", lender.file(), "--dry-run")
    assert ("[restore_refused]" in said.output, "bundle_root" in said.output) == (True, True), said.output

    settings = court.issuer.settings
    settings.public_folder.rename(tmp_path / "parted")
    (settings.keys_folder / "bundle" / "kept-roots.json").rename(tmp_path / "parted.json")
    assert "[steps_to_repeat]" in run(court, "--bundle", lender.file(), "--yes").output
    with started(court) as back:
        revoke(
            back, numbers[0]
        )  # published at once, if the register had come further than the bundle: it is newer then
        assert back.get("/healthz", None).json()["hindrances"] != []
    done = run(court, "--yes")
    assert done.exit_code == 0, done.output
    with started(court) as back:
        back.clock.now = max(back.clock.now, datetime.now(UTC))
        lender.house = back
        lender.fetch()
        assert back.get("/healthz", None).json()["hindrances"] == []
    assert lender.verdict(certificate) == "revoked"


def test_no_root_is_made_while_the_register_lags_behind(court: CourtHouse) -> None:
    numbers = settled(court)
    court.issuer.office.register.engine.dispose()
    content = (court.issuer.settings.data / "register.sqlite").read_bytes()
    revoke(court, numbers[0])
    restore(court, content)
    said = xinzheng(court, "bundle-keys", "rotate", "timestamp", "--reason", "-", "--yes")
    assert (said.exit_code, "[register_restored]" in said.output) == (1, True), said.output
    assert "xinzheng db adopt" in said.output
    revoke(court, numbers[0])
    assert run(court, "--yes").exit_code == 0
    assert xinzheng(court, "bundle-keys", "rotate", "timestamp", "--reason", "-", "--yes").exit_code == 0


def test_a_watermark_that_cannot_be_kept_stops_nothing(tmp_path: Path, clock: StandingClock) -> None:
    with closing(begun(tmp_path / "var", clock, tmp_path / "away" / "published.json").issuer) as issuer:
        assert issuer.outbox.renew().published
        (tmp_path / "away").mkdir()
        assert issuer.outbox.renew().published
        assert issuer.outbox.renew().published
        (tmp_path / "away" / "published.json").write_bytes(b"{")
        assert issuer.outbox.renew().reason == "memory_damaged"
        (tmp_path / "away" / "published.json").unlink()
        (tmp_path / "away").rmdir()
        (tmp_path / "away").write_bytes(b"a share that is not mounted")
        assert issuer.outbox.renew().published
    assert Settings(watermark="").watermark is None  # type: ignore[arg-type]  # an empty variable of the environment


# --- what is published as reinstated ----------------------------------------------------------------------------------


def test_a_forgotten_reinstatement_is_named(court: CourtHouse) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate = token(court, number)
    suspend(court, number)
    court.issuer.office.register.engine.dispose()
    content = (court.issuer.settings.data / "register.sqlite").read_bytes()
    court.clock.advance(seconds=30)
    reinstate(court, number)
    assert verdict(court, certificate) == "ok"
    restore(court, content)
    said = run(court, "--dry-run")
    assert f"Certificate {number} was published in list 1 (suspension) as reinstated" in said.output
    assert f"证明 {number} 已在列表 1（suspension）中发布为恢复" in run(court, "--dry-run", **CHINESE).output
    reinstate(court, number)
    assert "as reinstated" not in run(court, "--yes").output
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    assert verdict(court, certificate) == "ok"
