"""The keys of the bundle's roles are lost, with the newest state of the register: each step leads to the next one."""

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.office import CourtHouse, StandingClock
from support.restoring import (
    CASES,
    Lender,
    begin_anew,
    begun,
    bring_back,
    new_store,
    revoke,
    run,
    snapshot,
    suspend,
    token,
    xinzheng,
)
from support.softhsm import library, needs_softhsm
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.installation import key_passphrase, open_issuer
from xinzheng_keys.file_keystore import load_key_file

ALL = ("targets", "snapshot", "timestamp")


class Robbed:
    """A court that replaced keys of its bundle's roles after the snapshot, and whose snapshot came back."""

    def __init__(self, house: CourtHouse, folder: Path, *roles: str) -> None:
        self.house = house
        self.numbers = [house.certificate(case)["certificateNumber"] for case in CASES]
        assert house.issuer.outbox.renew().published
        self.held = [token(house, number) for number in self.numbers]
        self.kept, self.lender = snapshot(house), Lender(house, folder / "lender")
        if roles:
            self.rotated(*roles)

    def now(self) -> None:
        self.house.clock.now = max(self.house.clock.now, datetime.now(UTC))

    def rotated(self, *roles: str, place: str = "file:") -> None:
        given = ("--uri", place, "--reason", "lost", "--yes")
        done = xinzheng(self.house, "bundle-keys", "rotate", *roles, *given)
        assert (done.exit_code, "Published" in done.output) == (0, True), done.output
        self.now()

    def came_back(self) -> None:
        self.lender.fetch()
        bring_back(self.house, self.kept)

    def adopted(self) -> None:
        """As far as it goes without the keys."""
        said = run(self.house, "--bundle", self.lender.file(), "--revoke-again", "fraud", "--yes")
        assert (said.exit_code, "Publishing failed: role_keys_missing" in said.output) == (1, True), said.output

    def told(self) -> list[str]:
        self.now()
        with closing(open_issuer(self.house.issuer.settings, clock=self.house.clock)) as issuer:
            issuer.start()
            assert issuer.outbox.hindrances == []
            self.lender.house = CourtHouse(issuer, TestClient(app_of(issuer)), self.house.clock, self.house.tokens)
            self.lender.fetch()
            return [self.lender.verdict(each) for each in self.held]


def test_a_suspension_is_repeated_without_the_server(court: CourtHouse, tmp_path: Path) -> None:
    robbed = Robbed(court, tmp_path, *ALL)
    revoke(court, robbed.numbers[0])
    suspend(court, robbed.numbers[1])
    robbed.came_back()
    robbed.adopted()
    robbed.rotated(*ALL)
    assert robbed.told() == ["revoked", "suspended", "ok"]
    found = court.get(f"/api/v1/certificates/{robbed.numbers[1]}").json()
    trail = court.get(f"/api/v1/applications/{found['applicationId']}").text
    assert "published as suspended; taken over by command-line" in trail


@pytest.mark.parametrize("remembers", ["watermark", "register"])
def test_an_edition_that_nobody_has_is_given_up_for_new_keys_too(
    tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, remembers: str
) -> None:
    """Lenders lag by one; where the last edition is remembered, the take-over has said that it is given up."""
    if remembers == "watermark":
        monkeypatch.setenv("XINZHENG_WATERMARK", str(tmp_path / "watermark.json"))
    court = begun(tmp_path / "var", clock)
    with court.client:
        robbed = Robbed(court, tmp_path, *ALL)
        revoke(court, robbed.numbers[0])
        robbed.lender.fetch()
        suspend(court, robbed.numbers[1])
        data = court.issuer.settings.data
        court.issuer.office.register.engine.dispose()
        register = (data / "register.sqlite").read_bytes()
        lost = court.issuer.outbox.publisher.latest
        assert lost is not None
        bring_back(court, robbed.kept)
        if remembers == "register":
            (data / "register.sqlite").write_bytes(register)
        said = run(court, "--bundle", robbed.lender.file(), "--dry-run").output
        assert f"Edition {lost.version} was published from here" in said
        robbed.adopted()
        robbed.rotated(*ALL)
        assert robbed.told() == ["revoked", "suspended" if remembers == "register" else "ok", "ok"]


def test_lists_of_two_lines_under_one_number_are_brought_together(court: CourtHouse, tmp_path: Path) -> None:
    """A revocation on each line is the commonest fork that there is."""
    robbed = Robbed(court, tmp_path, *ALL)
    revoke(court, robbed.numbers[0])
    robbed.came_back()
    robbed.now()
    assert revoke(court, robbed.numbers[1])["published"]
    robbed.adopted()
    shutil.rmtree(robbed.kept)
    adopted = snapshot(court)
    robbed.rotated(*ALL)
    assert robbed.told() == ["revoked", "revoked", "ok"]
    # A new line may begin instead, for nothing is forgotten.
    bring_back(court, adopted)
    court.issuer.settings.public_folder.rename(tmp_path / "public-before")
    done = begin_anew(court, tmp_path / "public-before")
    assert done.exit_code == 0, done.output
    robbed.now()
    assert [new_store(court, tmp_path / f"new-{place}", each) for place, each in enumerate(robbed.held)] == [
        "revoked",
        "revoked",
        "ok",
    ]


def test_roots_that_have_parted_are_brought_together(court: CourtHouse, tmp_path: Path) -> None:
    """Each line has made a second root; what lenders hold is followed."""
    robbed = Robbed(court, tmp_path, "snapshot", "timestamp")
    revoke(court, robbed.numbers[0])
    robbed.came_back()
    robbed.rotated("snapshot", "timestamp")
    file, folder = robbed.lender.file(), court.issuer.settings.keys_folder / "bundle"
    assert "[restore_refused]" in run(court, "--bundle", file, "--yes").output
    shutil.move(court.issuer.settings.public_folder, tmp_path / "public-before")
    shutil.move(folder / "kept-roots.json", tmp_path)
    said = run(court, "--bundle", file, "--yes")
    assert ("[role_key_unknown]" in said.output, "move its file away" in said.output) == (True, True)
    for name in ("snapshot-2.pem", "timestamp-2.pem"):
        shutil.move(folder / name, tmp_path)
    robbed.adopted()
    robbed.rotated("snapshot", "timestamp")
    assert robbed.told() == ["revoked", "ok", "ok"]


@needs_softhsm
def test_keys_in_a_module_that_is_dead_are_lost(court: CourtHouse, tmp_path: Path) -> None:
    robbed = Robbed(court, tmp_path, "snapshot", "timestamp")
    revoke(court, robbed.numbers[0])
    settings = court.issuer.settings
    shutil.copytree(settings.keys_folder, tmp_path / "keys")
    robbed.came_back()
    shutil.rmtree(settings.keys_folder)
    shutil.move(tmp_path / "keys", settings.keys_folder)
    folder = settings.keys_folder / "bundle"
    for name in ("snapshot-2", "timestamp-2"):
        key = load_key_file(folder / f"{name}.pem", passphrase=key_passphrase(settings))
        uri = f"pkcs11:token=dead;object={name}?module-path={library()}"
        record = {"uri": uri, "publicKeyMultibase": key.public_key_multibase}
        (folder / f"{name}.json").write_text(json.dumps(record), "utf-8")
        (folder / f"{name}.pem").unlink()
    shutil.rmtree(settings.public_folder)
    robbed.adopted()
    robbed.rotated("snapshot", "timestamp")
    assert robbed.told() == ["revoked", "ok", "ok"]


def test_moments_of_a_clock_that_was_ahead_do_not_come_back(court: CourtHouse, tmp_path: Path) -> None:
    """New keys say that the clock is right; that publishes what was taken over, and nothing tells it once more."""
    robbed = Robbed(court, tmp_path)
    court.clock.advance(days=60)
    revoke(court, robbed.numbers[0])
    robbed.came_back()
    court.clock.now = datetime.now(UTC)
    bundle = robbed.lender.file()
    said = run(court, "--bundle", bundle, "--revoke-again", "fraud", "--yes")
    assert "Publishing failed: publication_clock" in said.output
    robbed.rotated("snapshot", "timestamp")
    assert robbed.told() == ["revoked", "ok", "ok"]
    for more in ((), ("--bundle", bundle)):
        assert run(court, *more, "--yes").exit_code == 0
        court.clock.now = datetime.now(UTC) + timedelta(seconds=1)
        assert robbed.told() == ["revoked", "ok", "ok"]
