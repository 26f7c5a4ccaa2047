"""The whole machine came back from before its bundle began anew: under stolen keys the old line must not go on."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
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
    token,
    xinzheng,
)
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.installation import open_issuer


@contextmanager
def started(house: CourtHouse) -> Iterator[CourtHouse]:
    """The server as it is started on what lies in the data folder."""
    house.clock.now = datetime.now(UTC)
    with closing(open_issuer(house.issuer.settings, clock=house.clock)) as issuer, TestClient(app_of(issuer)) as client:
        yield CourtHouse(issuer, client, house.clock, house.tokens)


@dataclass(frozen=True)
class Back:
    """The machine after it came back, and what is left elsewhere.

    Attributes:
        court: its server, which ran all the time.
        lender: one of the new line, by which `certificate` is revoked.
        certificate: that the old line had as valid.
        first: the root with which the new line began.
        environment: with the watermark, on another disk.
        newer: the key folder of the new line.
    """

    court: CourtHouse
    lender: Lender
    certificate: bytes
    first: bytes
    environment: dict[str, str]
    newer: Path

    @property
    def watermark(self) -> Path:
        return Path(self.environment["XINZHENG_WATERMARK"])

    @property
    def public(self) -> Path:
        return self.court.issuer.settings.public_folder

    @property
    def keys(self) -> Path:
        return self.court.issuer.settings.keys_folder


@pytest.fixture
def back(tmp_path: Path, clock: StandingClock) -> Iterator[Back]:
    watermark = tmp_path / "elsewhere.json"
    court = begun(tmp_path / "var", clock, watermark)
    environment = {"XINZHENG_WATERMARK": str(watermark), "XINZHENG_LOG_LEVEL": "error", "LC_ALL": "C.UTF-8"}
    with court.client:
        number = court.certificate(CASES[0])["certificateNumber"]
        certificate, before = token(court, number), snapshot(court)
        moved = court.issuer.settings.public_folder.rename(tmp_path / "public-before")
        done = begin_anew(court, moved, **environment)
        assert done.exit_code == 0, done.output
        with started(court) as new:
            lender = Lender(new, tmp_path / "lender")
            first = lender.root
            assert first is not None
            assert revoke(new, number)["published"]
            lender.fetch()
            assert lender.verdict(certificate) == "revoked"
        newer = Path(shutil.copytree(court.issuer.settings.keys_folder, tmp_path / "keys"))
        bring_back(court, before)
        yield Back(court, lender, certificate, first, environment, newer)


def test_nothing_is_published_of_a_line_that_was_given_up(back: Back) -> None:
    told = back.watermark.read_bytes()
    said = xinzheng(back.court, "bundle", **back.environment)
    assert (said.exit_code, "Publishing failed: line_forgotten" in said.output) == (1, True), said.output
    assert back.watermark.read_bytes() == told
    answer = back.court.get("/readyz", None).json()
    assert answer["code"] == "line_forgotten"
    assert "Put keys/ of a newer backup in its place" in answer["detail"]
    assert "Only if those roots were given up" in run(back.court, "--dry-run", **back.environment).output
    chinese = run(back.court, "--dry-run", **{**back.environment, "LC_ALL": "zh_CN.UTF-8"})
    assert "此处曾在另一套根之下发布" in chinese.output

    moved = back.public.rename(back.public.with_name("public-moved"))
    said = begin_anew(back.court, moved, **back.environment)
    assert (said.exit_code, "[line_forgotten]" in said.output) == (1, True), said.output
    assert back.watermark.read_bytes() == told
    moved.rename(back.public)

    assert run(back.court, "--yes", **back.environment).exit_code == 0
    assert json.loads(back.watermark.read_bytes())["keys"] != json.loads(told)["keys"]


def test_keys_of_a_newer_backup_bring_the_new_line_back(back: Back, tmp_path: Path) -> None:
    back.public.rename(tmp_path / "old line")
    shutil.rmtree(back.keys)
    shutil.copytree(back.newer, back.keys)
    given = ("--bundle", back.lender.file(), "--yes")
    assert "[steps_to_repeat]" in run(back.court, *given, **back.environment).output
    done = run(back.court, *given, "--revoke-again", "fraud", **back.environment)
    assert done.exit_code == 0, done.output
    with started(back.court) as again:
        back.lender.house = again
        back.lender.fetch()
        assert back.lender.verdict(back.certificate) == "revoked"
        assert again.get("/healthz", None).json()["hindrances"] == []


def test_without_any_key_of_the_new_line_the_operator_vouches_for_its_root(back: Back, tmp_path: Path) -> None:
    """What the new line told is taken over, and another one begins."""
    old = back.public.rename(tmp_path / "old line")
    copies = back.keys / "bundle" / "kept-roots.json"
    copies.rename(tmp_path / "kept-roots.json")
    root = tmp_path / "root.json"
    root.write_bytes(back.first)
    given = ("--bundle", back.lender.file(), "--revoke-again", "fraud", "--yes")
    for more in ((), ("--first-root", str(old / "metadata" / "1.root.json"))):
        refused = run(back.court, *given, *more, **back.environment)
        assert (refused.exit_code, "[roots_unproven]" in refused.output) == (1, True), refused.output
    assert not copies.exists()
    assert run(back.court, "--first-root", str(root), "--yes", **back.environment).exit_code == 2
    done = run(back.court, *given, "--first-root", str(root), **back.environment)
    assert (done.exit_code, "Publishing failed: role_keys_missing" in done.output) == (1, True), done.output
    told = back.public.rename(tmp_path / "new line")
    done = begin_anew(back.court, told, **back.environment)
    assert done.exit_code == 0, done.output
    assert run(back.court, "--yes", **back.environment).exit_code == 0
    back.court.clock.now = datetime.now(UTC)
    assert new_store(back.court, tmp_path / "store", back.certificate) == "revoked"


@pytest.mark.parametrize("forgets", [False, True], ids=["keys of the bundle alone", "a compromise too"])
def test_a_key_folder_from_before_the_new_line_is_led_on(court: CourtHouse, tmp_path: Path, *, forgets: bool) -> None:
    """It alone came back: neither its roots nor its keys are those of what lies in the publication folder."""
    settings = court.issuer.settings
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate = token(court, number)
    keys = shutil.copytree(settings.keys_folder, tmp_path / "keys-before")
    if forgets:
        for step in (("create", "cert-2", "--usage", "certificate"), ("compromise", "cert-2")):
            done = xinzheng(court, "keys", *step, "--reason", "stolen", "--yes")
            assert done.exit_code == 0, done.output
    moved = settings.public_folder.rename(tmp_path / "public-before")
    assert begin_anew(court, moved).exit_code == 0
    root = tmp_path / "root.json"
    with started(court) as new:
        assert revoke(new, number)["published"]
        lender = Lender(new, tmp_path / "lender")
        root.write_bytes(lender.root or b"")
        lender.fetch()
    shutil.rmtree(settings.keys_folder)
    shutil.copytree(keys, settings.keys_folder)

    said = xinzheng(court, "bundle", LC_ALL="C.UTF-8", XINZHENG_LOG_LEVEL="error")
    assert (said.exit_code, "[line_forgotten]" in said.output) == (1, True), said.output
    moved = settings.public_folder.rename(tmp_path / "public-new")
    said = begin_anew(court, moved)
    code = "[line_forgets]" if forgets else "[line_forgotten]"
    assert (said.exit_code, code in said.output) == (1, True), said.output
    if forgets:  # As that says: back to its place, which leads on.
        moved.rename(settings.public_folder)
        assert "[line_forgotten]" in run(court, "--yes").output
        settings.public_folder.rename(moved)

    # As the refusal says where no newer backup is: copies of the roots away, and the root that lenders were given.
    (settings.keys_folder / "bundle" / "kept-roots.json").unlink()
    done = run(court, "--bundle", lender.file(), "--first-root", str(root), "--yes")
    assert (done.exit_code, "Publishing failed: role_keys_missing" in done.output) == (1, True), done.output
    shutil.rmtree(moved)
    settings.public_folder.rename(moved)
    done = begin_anew(court, moved)
    assert done.exit_code == 0, done.output
    assert run(court, "--yes").exit_code == 0
    court.clock.now = datetime.now(UTC)
    assert new_store(court, tmp_path / "store", certificate) == "revoked"
    assert ("cert-2\tcertificate\tP-256\tcompromised" in xinzheng(court, "keys", "list").output) is forgets
