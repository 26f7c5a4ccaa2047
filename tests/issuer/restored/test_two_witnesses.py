"""What two lines have published contradicts itself, or one of them is about to be forgotten: people are asked first."""

import errno
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.alone import CHINESE
from support.office import CourtHouse, StandingClock
from support.restoring import (
    CASES,
    Lender,
    backup,
    begin_anew,
    begun,
    bring_back,
    hindrances,
    reinstate,
    restore,
    revoke,
    run,
    snapshot,
    suspend,
    token,
    xinzheng,
)
from xinzheng_issuer.installation import open_issuer
from xinzheng_issuer.issuing.cycle import IssuingCycle
from xinzheng_verifier.trust.files import replace_file


@pytest.fixture
def clock() -> StandingClock:
    """Behind the command line's, by less than clocks may differ: the steps of a test take some time."""
    return StandingClock(datetime.now(UTC) - timedelta(minutes=3))


class Two:
    """Three certificates, and two lenders who follow a line each: the true one, and that of a snapshot."""

    def __init__(self, house: CourtHouse, folder: Path) -> None:
        self.house = house
        self.numbers = [house.certificate(case)["certificateNumber"] for case in CASES]
        assert house.issuer.outbox.renew().published
        self.held = [token(house, number) for number in self.numbers]
        self.true, self.other = Lender(house, folder / "true"), Lender(house, folder / "other")

    def later(self, *, editions: int = 0) -> None:
        self.house.clock.advance(seconds=10)
        for _ in range(editions):
            assert self.house.issuer.outbox.renew().published

    def fetch(self, lender: Lender) -> list[str]:
        self.house.clock.now = max(self.house.clock.now, datetime.now(UTC))
        lender.fetch()
        return [lender.verdict(each) for each in self.held]


def test_a_suspension_stands_though_the_other_line_has_lifted_an_older_one(court: CourtHouse, tmp_path: Path) -> None:
    """Whoever lifted that one knew nothing of the reason for this one."""
    two = Two(court, tmp_path)
    number = two.numbers[0]
    suspend(court, number)
    kept = snapshot(court)
    two.later()
    reinstate(court, number)
    two.later()
    suspend(court, number)
    two.later(editions=3)
    two.true.fetch()
    bundle = two.true.file()
    bring_back(court, kept)
    two.later()
    reinstate(court, number)
    said = run(court, "--bundle", bundle, "--dry-run").output
    assert f"Certificate {number} was published in list 1 (suspension)" in said
    early = run(court, "--bundle", bundle, "--yes")
    assert (early.exit_code, "[steps_to_repeat]" in early.output) == (1, True)
    suspend(court, number)
    assert run(court, "--yes").exit_code == 0
    assert two.fetch(two.true)[0] == "suspended"
    reinstate(court, number)
    assert two.fetch(two.true)[0] == "ok"
    assert "nothing to take over" in run(court, "--dry-run").output


def test_a_suspension_of_a_certificate_that_is_not_known_any_more_stands_likewise(
    court: CourtHouse, tmp_path: Path
) -> None:
    two = Two(court, tmp_path)
    content = backup(court)
    court.clock.advance(seconds=10)
    late = court.certificate(CASES[0] | {"enforcementCaseNumber": "（2022）鄂0683执199号"})["certificateNumber"]
    certificate = token(court, late)
    suspend(court, late)
    kept = snapshot(court)
    two.later()
    reinstate(court, late)
    two.later()
    suspend(court, late)
    two.later(editions=3)
    two.true.fetch()
    bring_back(court, kept)
    two.later()
    reinstate(court, late)
    restore(court, content)  # neither line's register knows it
    done = run(court, "--bundle", two.true.file(), "--yes")
    assert done.exit_code == 0, done.output
    two.fetch(two.true)
    assert two.true.verdict(certificate) == "suspended"


def test_nothing_is_published_while_a_published_suspension_is_missing(court: CourtHouse, tmp_path: Path) -> None:
    """The register comes from the true line, and public/ tells what the snapshot's line has published."""
    two = Two(court, tmp_path)
    kept = snapshot(court)
    two.later()
    suspend(court, two.numbers[1])
    two.later()
    suspend(court, two.numbers[2])
    register = backup(court)
    bring_back(court, kept)
    two.later()
    suspend(court, two.numbers[0])
    two.later(editions=5)
    two.other.fetch()
    restore(court, register)
    for _ in range(2):
        with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
            issuer.start()
            court.clock.advance(hours=30)
            issuer.tend()
            assert issuer.outbox.renew().reason == "register_restored"
            assert issuer.outbox.hindrances == ["register_restored"]
    assert f"Certificate {two.numbers[0]} was published" in run(court, "--dry-run").output
    assert run(court, "--revoke-again", "fraud", "--yes").exit_code == 0
    assert two.fetch(two.other) == ["suspended"] * 3


def test_a_new_line_forgets_nothing_that_is_kept(court: CourtHouse, tmp_path: Path) -> None:
    two = Two(court, tmp_path)
    kept = snapshot(court)
    two.later()
    suspend(court, two.numbers[0])
    two.true.fetch()
    bring_back(court, kept)
    two.later()
    suspend(court, two.numbers[1])
    two.later(editions=3)
    early = run(court, "--bundle", two.true.file(), "--yes")
    assert "[steps_to_repeat]" in early.output
    before = court.issuer.settings.public_folder.rename(tmp_path / "public-before")
    said = begin_anew(court, before)
    assert (said.exit_code, "[line_forgets]" in said.output) == (1, True), said.output


@pytest.mark.parametrize("stops", [OSError(errno.ENOSPC, "No space left on device"), SystemExit(137)])
def test_a_stop_between_what_is_kept_forgets_neither_line(
    court: CourtHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops: BaseException
) -> None:
    two = Two(court, tmp_path)
    kept = snapshot(court)
    two.later()
    suspend(court, two.numbers[0])
    revoke(court, two.numbers[1])
    two.later(editions=5)
    two.true.fetch()
    bring_back(court, kept)
    two.later()
    suspend(court, two.numbers[2])
    two.other.fetch()
    written: list[str] = []

    def full(path: Path, content: bytes, *, mode: int) -> None:
        if path.suffix == ".xzb":
            written.append(path.name)
            if len(written) > 1:
                raise stops
        replace_file(path, content, mode=mode)

    with monkeypatch.context() as patch:
        patch.setattr("xinzheng_issuer.issuing.epoch.replace_file", full)
        run(court, "--bundle", two.true.file(), "--revoke-again", "fraud", "--yes")
    assert hindrances(court) == ["register_restored"]
    done = run(court, "--revoke-again", "fraud", "--yes")
    assert done.exit_code == 0, done.output
    for lender in (two.true, two.other):
        assert two.fetch(lender) == ["suspended", "revoked", "suspended"]
    assert hindrances(court) == []


def test_a_bundle_that_came_while_another_one_waits_is_taken_over_too(
    court: CourtHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = Two(court, tmp_path)
    kept = snapshot(court)
    two.later()
    revoke(court, two.numbers[2])
    two.true.fetch()
    bring_back(court, kept)
    two.later()
    suspend(court, two.numbers[0])
    two.other.fetch()
    bring_back(court, kept)
    bundles = court.issuer.settings.public_folder / "bundles"
    there = bundles.rename(bundles.with_name("there"))
    bundles.write_bytes(b"cannot be written")
    two.later()
    early = run(court, "--bundle", two.true.file(), "--revoke-again", "fraud", "--yes")
    assert early.exit_code == 1
    bundles.unlink()
    there.rename(bundles)

    def full(path: Path, content: bytes, *, mode: int) -> None:
        if path.name == "recorded.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_file(path, content, mode=mode)

    with monkeypatch.context() as patch:
        patch.setattr("xinzheng_issuer.issuing.epoch.replace_file", full)
        assert "[epoch_unwritable]" in run(court, "--bundle", two.other.file(), "--yes").output
    xinzheng(court, "bundle")  # or the running server
    done = run(court, "--revoke-again", "fraud", "--yes")
    assert done.exit_code == 0, done.output
    for lender in (two.true, two.other):
        assert two.fetch(lender) == ["suspended", "ok", "revoked"]


@pytest.mark.parametrize("published", ["suspended", "revoked"])
def test_a_certificate_that_the_backup_has_as_unfinished_is_void(
    court: CourtHouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, published: str
) -> None:
    """It was finished, handed over and suspended or revoked since: finished once more it would be in force."""
    case = court.approved(CASES[0])
    with monkeypatch.context() as patch:
        patch.setattr(IssuingCycle, "_activate", lambda *_given, **_more: 1 / 0)
        assert court.post(f"{case}/issuance", {}, "sealOperator").status_code == 500
    content = backup(court)
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        issuer.start()
    number = court.get(case).json()["certificateNumber"]
    certificate, lender = token(court, number), Lender(court, tmp_path / "lender")
    court.clock.advance(seconds=30)
    (suspend if published == "suspended" else revoke)(court, number)
    lender.fetch()
    assert lender.verdict(certificate) == published
    restore(court, content)
    court.clock.advance(seconds=30)
    assert f"Certificate {number} was published" in run(court, "--dry-run").output
    assert "编号作废" in run(court, "--dry-run", **CHINESE).output
    done = run(court, "--yes")
    assert done.exit_code == 0, done.output
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        issuer.start()
        assert issuer.outbox.renew().published
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    lender.fetch()
    assert lender.verdict(certificate) == "revoked"
    assert court.get(f"/api/v1/certificates/{number}").status_code == 404
    assert court.get(case).json()["state"] == "applied"  # nobody issues it once more as it was approved


def test_a_key_folder_that_comes_back_twice_is_brought_up_to_date_twice(court: CourtHouse, tmp_path: Path) -> None:
    folder = court.issuer.settings.keys_folder
    shutil.copytree(folder, tmp_path / "keys")
    made = ("keys", "create", "cert-2", "--usage", "certificate", "--reason", "yearly", "--yes")
    assert xinzheng(court, *made).exit_code == 0
    for _ in range(2):
        memory = (folder / "bundle" / "published.json").read_bytes()
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "keys", folder)
        (folder / "bundle" / "published.json").write_bytes(memory)
        done = run(court, "--yes")
        assert done.exit_code == 0, done.output
        assert "cert-2" in done.output
    assert "nothing to take over" in run(court, "--dry-run").output


def test_consent_to_give_an_edition_up_is_none_for_another_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: StandingClock
) -> None:
    """The disk that remembers the new line was away just then."""
    away = tmp_path / "disk"
    away.mkdir()
    monkeypatch.setenv("XINZHENG_WATERMARK", str(away / "published.json"))
    court = begun(tmp_path / "var", clock)
    with court.client:
        two = Two(court, tmp_path)
        two.later(editions=3)
        public = court.issuer.settings.public_folder
        shutil.copytree(public, tmp_path / "public")
        two.later(editions=1)
        kept = snapshot(court)
        before = public.rename(tmp_path / "public-before")
        assert begin_anew(court, before).exit_code == 0
        bring_back(court, kept)
        shutil.rmtree(public)
        shutil.copytree(tmp_path / "public", public)
        away.rename(tmp_path / "elsewhere")
        bundles = public / "bundles"
        there = bundles.rename(bundles.with_name("there"))
        bundles.write_bytes(b"cannot be written")
        assert "Edition" in run(court, "--yes").output
        bundles.unlink()
        there.rename(bundles)
        (tmp_path / "elsewhere").rename(away)
        assert "Publishing failed: line_forgotten" in xinzheng(court, "bundle").output


def test_an_edition_is_given_up_only_where_that_was_said(court: CourtHouse, tmp_path: Path) -> None:
    """Whoever takes an older bundle than he thinks reads of it, and what follows is as without the bundle."""
    two = Two(court, tmp_path)
    two.true.fetch()
    two.later(editions=1)
    public, content = court.issuer.settings.public_folder, backup(court)
    shutil.copytree(public, tmp_path / "public")
    two.later()
    revoke(court, two.numbers[0])
    restore(court, content)
    shutil.rmtree(public)
    shutil.copytree(tmp_path / "public", public)
    said = run(court, "--bundle", two.true.file(), "--dry-run").output
    assert ("nothing of it is taken over" in said, "was published from here" in said) == (True, True)


@pytest.mark.parametrize("order", ["true first", "other first"])
def test_bundles_of_two_lines_are_taken_over_in_any_order(court: CourtHouse, tmp_path: Path, order: str) -> None:
    """The one with the higher number brings the folder to numbers that it never had."""
    two = Two(court, tmp_path)
    kept = snapshot(court)
    two.later()
    suspend(court, two.numbers[0])
    revoke(court, two.numbers[1])
    two.true.fetch()
    bring_back(court, kept)
    two.later()
    suspend(court, two.numbers[2])
    two.later(editions=5)
    two.other.fetch()
    bring_back(court, kept)
    two.later()
    bundles = [two.true.file(), two.other.file()]
    for bundle in bundles if order == "true first" else reversed(bundles):
        done = run(court, "--bundle", bundle, "--revoke-again", "fraud", "--yes")
        assert done.exit_code == 0, done.output
    for lender in (two.true, two.other):
        assert two.fetch(lender) == ["suspended", "revoked", "suspended"]


def test_an_edition_that_was_given_up_is_taken_over_once_somebody_has_it(court: CourtHouse, tmp_path: Path) -> None:
    two = Two(court, tmp_path)
    kept = snapshot(court)
    two.later()
    suspend(court, two.numbers[0])
    revoke(court, two.numbers[1])
    two.true.fetch()
    memory = (court.issuer.settings.keys_folder / "bundle" / "published.json").read_bytes()
    bring_back(court, kept)
    (court.issuer.settings.keys_folder / "bundle" / "published.json").write_bytes(memory)
    two.later()
    assert "was published from here" in run(court, "--yes").output
    assert hindrances(court) == []
    said = run(court, "--bundle", two.true.file(), "--dry-run")
    assert "was never in this folder" in said.output
    assert "本目录从未有过" in run(court, "--bundle", two.true.file(), "--dry-run", **CHINESE).output
    done = run(court, "--bundle", two.true.file(), "--revoke-again", "fraud", "--yes")
    assert done.exit_code == 0, done.output
    assert two.fetch(two.true) == ["suspended", "revoked", "ok"]


def test_new_keys_that_wait_publish_nothing_without_what_is_kept(court: CourtHouse, tmp_path: Path) -> None:
    two = Two(court, tmp_path)
    kept = snapshot(court)
    two.later()
    suspend(court, two.numbers[0])
    two.later(editions=4)
    two.true.fetch()
    bring_back(court, kept)
    two.later()
    bundles = court.issuer.settings.public_folder / "bundles"
    there = bundles.rename(bundles.with_name("there"))
    bundles.write_bytes(b"cannot be written")
    keys = ("bundle-keys", "rotate", "snapshot", "timestamp", "--reason", "yearly", "--yes")
    assert xinzheng(court, *keys).exit_code == 1
    bundles.unlink()
    there.rename(bundles)
    early = run(court, "--bundle", two.true.file(), "--yes").output
    assert "[steps_to_repeat]" in early
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        issuer.start()
        assert issuer.outbox.renew().reason == "register_restored"
    assert run(court, "--revoke-again", "fraud", "--yes").exit_code == 0
    assert two.fetch(two.true) == ["suspended", "ok", "ok"]


def test_roots_of_the_line_with_the_lower_number_are_followed_too(court: CourtHouse, tmp_path: Path) -> None:
    """Its lenders hold a newer root than any that is here, and its keys were replaced for a reason."""
    two = Two(court, tmp_path)
    kept = snapshot(court)
    court.clock.now = datetime.now(UTC)
    keys = ("bundle-keys", "rotate", "targets", "snapshot", "timestamp", "--reason", "stolen", "--yes")
    assert xinzheng(court, *keys).exit_code == 0
    court.clock.now = datetime.now(UTC)
    suspend(court, two.numbers[0])
    two.true.fetch()
    bring_back(court, kept)
    two.later()
    suspend(court, two.numbers[2])
    two.later(editions=9)
    two.other.fetch()
    bring_back(court, kept)
    for lender in (two.other, two.true):
        done = run(court, "--bundle", lender.file(), "--revoke-again", "fraud", "--yes")
    assert "Publishing failed: role_keys_missing" in done.output, done.output
    assert xinzheng(court, *keys).exit_code == 0
    for lender in (two.true, two.other):
        assert two.fetch(lender) == ["suspended", "ok", "suspended"]


def test_an_older_bundle_gives_up_nothing_unsaid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: StandingClock
) -> None:
    """The watermark remembers an edition under a root that is not here: as without the bundle, that is said first."""
    monkeypatch.setenv("XINZHENG_WATERMARK", str(tmp_path / "watermark.json"))
    court = begun(tmp_path / "var", clock)
    with court.client:
        two = Two(court, tmp_path)
        kept = snapshot(court)
        two.later(editions=1)
        two.other.fetch()
        keys = ("bundle-keys", "rotate", "targets", "snapshot", "timestamp", "--reason", "stolen", "--yes")
        assert xinzheng(court, *keys).exit_code == 0
        court.clock.now = datetime.now(UTC)
        revoke(court, two.numbers[0])
        bring_back(court, kept)
        said = run(court, "--bundle", two.other.file(), "--yes")
        assert (said.exit_code, "[edition_forgotten]" in said.output) == (1, True), said.output
        assert "was published from here" in run(court, "--dry-run").output
