"""A restored machine published on unnoticed: what lenders hold is taken over whole before anything takes its place."""

import errno
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.keyed import OPERATOR
from support.office import CourtHouse, application, code
from support.restoring import (
    CASES,
    Lender,
    backup,
    bring_back,
    hindrances,
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
from xinzheng_issuer.issuing.epoch import EPOCH_FILE
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier.trust.files import replace_file

CHINESE = {"LC_ALL": "zh_CN.UTF-8"}


class Forked:
    """A court whose snapshot came back after a revocation, and published on; the lender holds the revocation."""

    def __init__(self, house: CourtHouse, folder: Path, *, compromises: bool = False) -> None:
        self.house = house
        self.numbers = [house.certificate(case)["certificateNumber"] for case in CASES]
        assert house.issuer.outbox.renew().published
        self.revoked = self.numbers[0]
        self.held = [token(house, number) for number in self.numbers]
        kept, self.lender = snapshot(house), Lender(house, folder / "lender")
        house.clock.advance(seconds=30)
        revoke(house, self.revoked)
        if compromises:
            KeyDesk(house.issuer).compromise("cert-1", house.clock.now, OPERATOR, reason="stolen")
        self.lender.fetch()
        self.bundle = self.lender.file()
        bring_back(house, kept)
        house.clock.advance(seconds=30)
        suspend(house, self.numbers[1])
        house.certificate(application(enforcementCaseNumber="（2022）鄂0683执170号"))
        assert house.issuer.outbox.settle().published
        house.clock.advance(seconds=30)

    def told(self) -> list[str]:
        """What the lender finds once it has imported what is served."""
        self.house.clock.now = max(self.house.clock.now, datetime.now(UTC))
        self.lender.fetch()
        return [self.lender.verdict(each) for each in self.held]

    def take_over(self) -> None:
        """As far as it goes before the steps are repeated."""
        early = run(self.house, "--bundle", self.bundle, "--yes")
        assert (early.exit_code, "[steps_to_repeat]" in early.output) == (1, True), early.output


def test_a_doubt_ends_with_the_bundle_that_it_began_with(court: CourtHouse, tmp_path: Path) -> None:
    """Whoever goes on without naming the bundle loses nothing that it tells."""
    fork = Forked(court, tmp_path)
    assert verdict(court, fork.held[0]) == "ok"
    fork.take_over()
    assert hindrances(fork.house) == ["register_restored"]
    said = run(court, "--dry-run").output
    assert f"Certificate {fork.revoked} was published in list 1 (revocation)" in said
    for _ in range(2):
        early = run(court, "--yes")
        assert (early.exit_code, "[steps_to_repeat]" in early.output) == (1, True), early.output
    assert revoke(court, fork.revoked)["published"] is False
    done = run(court, "--yes")
    assert done.exit_code == 0, done.output
    assert hindrances(fork.house) == []
    assert fork.told() == ["revoked", "suspended", "ok"]
    assert revoke(court, fork.numbers[2])["published"]
    assert fork.told() == ["revoked", "suspended", "revoked"]
    assert [each.name for each in (court.issuer.settings.data / EPOCH_FILE).parent.glob("*.xzb")] == []
    assert "nothing to take over" in run(court, "--dry-run").output


def test_nothing_takes_the_place_of_what_lenders_hold_while_it_is_in_doubt(court: CourtHouse, tmp_path: Path) -> None:
    """A list that lacks a revocation, under a higher number, would bring the certificate back into force."""
    fork = Forked(court, tmp_path)
    fork.take_over()
    assert revoke(court, fork.numbers[2])["published"] is False
    assert "Publishing failed" in xinzheng(court, "bundle").output
    court.clock.advance(days=2)
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        assert not issuer.tend().published
    revoke(court, fork.revoked)
    assert run(court, "--yes").exit_code == 0
    assert fork.told() == ["revoked", "suspended", "revoked"]


def test_another_bundle_in_between_does_not_end_the_doubt(court: CourtHouse, tmp_path: Path) -> None:
    """Such as the newest of what was published after the snapshot came back."""
    fork = Forked(court, tmp_path)
    own = tmp_path / "own.xzb"
    own.write_bytes(court.get("/bundle/latest.xzb", None).content)
    fork.take_over()
    early = run(court, "--bundle", str(own), "--yes")
    assert (early.exit_code, "[steps_to_repeat]" in early.output) == (1, True), early.output
    revoke(court, fork.revoked)
    done = run(court, "--bundle", str(own), "--yes")
    assert done.exit_code == 0, done.output
    assert fork.told() == ["revoked", "suspended", "ok"]


def test_a_compromise_that_the_bundle_tells_is_taken_over_whatever_stops_it(court: CourtHouse, tmp_path: Path) -> None:
    fork = Forked(court, tmp_path, compromises=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xinzheng_issuer.cli.db.open_issuer", lambda *_given, **_more: 1 / 0)
        assert isinstance(run(court, "--bundle", fork.bundle, "--yes").exception, ZeroDivisionError)
    assert "keys_restored" in hindrances(fork.house)
    assert "keys_restored" in xinzheng(court, "bundle").output
    assert "Key cert-1: the key folder does not know that it is compromised" in run(court, "--dry-run").output
    revoke(court, fork.revoked)
    done = run(court, "--yes")
    assert done.exit_code == 0, done.output
    assert fork.told() == ["key_compromised"] * 3


def test_a_bundle_that_is_kept_and_damaged_is_named_and_taken_over_once_more(court: CourtHouse, tmp_path: Path) -> None:
    fork = Forked(court, tmp_path)
    fork.take_over()
    (kept,) = (court.issuer.settings.data / EPOCH_FILE).parent.glob("*.xzb")
    kept.write_bytes(kept.read_bytes()[:-100])
    for language in ({}, CHINESE):
        said = run(court, "--yes", **language)
        assert (said.exit_code, "[found_damaged]" in said.output, kept.name in said.output) == (1, True, True)
        assert "xinzheng db adopt --bundle" in said.output
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        assert code(TestClient(app_of(issuer)).get("/readyz")) == (503, "found_damaged")
    revoke(court, fork.revoked)
    assert f"{kept.name} is a published bundle" in run(court, "--bundle", fork.bundle, "--dry-run").output
    assert run(court, "--bundle", fork.bundle, "--yes").exit_code == 0
    assert fork.told() == ["revoked", "suspended", "ok"]


def test_a_folder_that_could_not_be_brought_to_the_edition_is_brought_there_by_the_next_run(
    court: CourtHouse, tmp_path: Path
) -> None:
    """The disk is full just then: register and folder agree, and know nothing of what lenders hold."""
    first, second = (court.certificate(case)["certificateNumber"] for case in CASES[:2])
    assert court.issuer.outbox.renew().published
    certificate, kept, lender = token(court, first), snapshot(court), Lender(court, tmp_path / "lender")
    court.clock.advance(seconds=30)
    revoke(court, first)
    lender.fetch()
    edition = court.issuer.outbox.publisher.latest
    bring_back(court, kept)
    bundles = court.issuer.settings.public_folder / "bundles"
    there = bundles.rename(bundles.with_name("there"))
    bundles.write_bytes(b"cannot be written")
    assert run(court, "--bundle", lender.file(), "--yes").exit_code == 1
    bundles.unlink()
    there.rename(bundles)
    court.clock.advance(seconds=30)
    assert revoke(court, second)["published"] is False
    assert f"Certificate {first} was published" in run(court, "--dry-run").output
    early = run(court, "--yes")
    assert (early.exit_code, early.output.count(f"Certificate {first} was published")) == (1, 1), early.output
    revoke(court, first)
    done = run(court, "--yes")
    assert done.exit_code == 0, done.output
    latest = court.issuer.outbox.publisher.latest
    assert edition is not None
    assert latest is not None
    assert latest.version == edition.version + 1
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    lender.fetch()
    assert lender.verdict(certificate) == "revoked"


def test_what_both_lines_revoked_stays_revoked_though_the_register_came_back_too(
    court: CourtHouse, tmp_path: Path
) -> None:
    """The register forgets the steps since, and public/ and the kept bundle each know a part of them."""
    fork = Forked(court, tmp_path)
    court.issuer.office.register.engine.dispose()
    file = court.issuer.settings.data / "register.sqlite"
    shutil.copy(file, tmp_path / "register.sqlite")
    assert revoke(court, fork.numbers[2])["published"]
    fork.take_over()
    court.issuer.office.register.engine.dispose()
    shutil.copy(tmp_path / "register.sqlite", file)
    said = run(court, "--dry-run").output
    assert all(f"Certificate {number} was published" in said for number in (fork.revoked, fork.numbers[2]))
    done = run(court, "--revoke-again", "fraud", "--yes")
    assert done.exit_code == 0, done.output
    assert fork.told() == ["revoked", "suspended", "revoked"]


@pytest.mark.parametrize("keys_gone", [False, True])
def test_what_the_folder_alone_tells_is_not_overwritten(court: CourtHouse, tmp_path: Path, *, keys_gone: bool) -> None:
    """A machine that came back twice: the bundle has the higher number, register and keys know of neither line."""
    numbers = [court.certificate(case)["certificateNumber"] for case in CASES]
    assert court.issuer.outbox.renew().published
    held, kept = [token(court, number) for number in numbers], snapshot(court)
    lender, other = Lender(court, tmp_path / "lender"), Lender(court, tmp_path / "other")
    if keys_gone:
        keys = ("bundle-keys", "rotate", "targets", "snapshot", "timestamp", "--reason", "yearly", "--yes")
        assert xinzheng(court, *keys).exit_code == 0
    court.clock.advance(seconds=30)
    revoke(court, numbers[0])
    for _ in range(3):
        assert court.issuer.outbox.renew().published
    lender.fetch()
    bring_back(court, kept)
    content, folder = backup(court), court.issuer.settings.keys_folder
    shutil.copytree(folder, tmp_path / "keys")
    court.clock.advance(seconds=30)
    revoke(court, numbers[1])
    KeyDesk(court.issuer).create("cert-9", KeyUsage.CERTIFICATE, OPERATOR, reason="yearly")
    KeyDesk(court.issuer).compromise("cert-9", court.clock.now, OPERATOR, reason="stolen")
    other.fetch()
    restore(court, content)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "keys", folder)
    said = run(court, "--bundle", lender.file(), "--dry-run").output
    assert [f"Certificate {number} was published" in said for number in numbers] == [True, True, False]
    assert "Key cert-9: the key folder does not know it" in said
    done = run(court, "--bundle", lender.file(), "--revoke-again", "fraud", "--yes")
    assert (done.exit_code, "role_keys_missing" in done.output) == (int(keys_gone), keys_gone), done.output
    if keys_gone:
        assert xinzheng(court, *keys).exit_code == 0
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    for each in (lender, other):
        each.fetch()
        assert [each.verdict(certificate) for certificate in held] == ["revoked", "revoked", "ok"]
    edition = court.issuer.outbox.publisher.in_effect
    assert edition is not None
    assert b'"compromised"' in edition.targets["courts/420683/issuer.json"]


def test_a_bundle_that_could_be_kept_and_a_doubt_that_could_not_is_a_doubt(
    court: CourtHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle takes the last room on the disk."""
    court.certificate(CASES[0])
    assert court.issuer.outbox.renew().published
    kept, lender = snapshot(court), Lender(court, tmp_path / "lender")
    court.clock.advance(seconds=30)
    court.certificate(CASES[1])
    lender.fetch()
    bring_back(court, kept)

    def full(path: Path, content: bytes, *, mode: int) -> None:
        if path.name == Path(EPOCH_FILE).name:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_file(path, content, mode=mode)

    with monkeypatch.context() as patch:
        patch.setattr("xinzheng_issuer.issuing.epoch.replace_file", full)
        assert "[epoch_unwritable]" in run(court, "--bundle", lender.file(), "--yes").output
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        assert code(TestClient(app_of(issuer)).get("/readyz")) == (503, "register_doubted")
    assert run(court, "--yes").exit_code == 0
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    assert court.certificate(CASES[2])["statusListNumber"] == 2
