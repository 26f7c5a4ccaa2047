"""`xinzheng bundle-keys`: what it says before and after, what is due, and what is missing."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from support.alone import CHINESE, opened, run, settings_of
from support.office import EXAMPLES, StandingClock
from xinzheng_issuer.cli import bundle_keys as commands
from xinzheng_issuer.installation import Issuer, initialise
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_schemas.timestamps import format_timestamp

DAY = timedelta(days=1)


def test_the_steps_by_command(folder: Path) -> None:
    shown = run(folder, "show")
    assert shown.exit_code == 0, shown.output
    assert [line.split("\t")[:2] for line in shown.stdout.splitlines()[1:]] == [
        ["root", "root-1"],
        ["targets", "targets"],
        ["snapshot", "snapshot"],
        ["timestamp", "timestamp"],
    ]
    asked = run(folder, "renew", "--reason", "yearly")
    assert "[confirmation_needed]" in asked.stderr
    dry = run(folder, "rotate", "timestamp", "root", "--reason", "yearly", "--dry-run")
    assert dry.stdout.splitlines()[0].startswith("Root 2 follows root 1, signed by root-1 and its own new keys")
    assert dry.stdout.splitlines()[-1] == "Nothing was changed (--dry-run)."
    assert "第 2 版根将接替第 1 版" in run(folder, "renew", "--reason", "年度", "--dry-run", language=CHINESE).stdout
    renewed = run(folder, "renew", "--reason", "yearly", "--yes")
    assert renewed.exit_code == 0, renewed.output
    assert "Published as version 2.\n" in renewed.stdout
    said = json.loads(run(folder, "rotate", "timestamp", "--reason", "stolen", "--yes", "--json").stdout)
    assert (said["action"], said["replaced"], said["published"]) == ("rotate", {"timestamp": "timestamp-2"}, True)
    last = run(folder, "rotate", "root", "--reason", "yearly", "--yes")
    assert "root-2 signs in place of root-1: destroy keys/bundle/root-1.pem and its copies." in last.stdout
    listed = json.loads(run(folder, "show", "--json").stdout)
    assert listed["root"]["version"] == 4
    assert listed["keys"]["timestamp"] == {"timestamp-2": "ed25519"}
    assert sorted(each["action"] for each in listed["changes"]) == ["renew", *["rotate"] * 4]
    assert "timestamp-2 (active)" in run(folder, "show").stdout
    assert run(folder, "rotate", "province", "--reason", "-").exit_code == 2
    assert run(folder, "rotate", "root", "--reason", "-", "--uri", "https://xz.example").exit_code == 2


def test_an_end_that_comes_near_is_told_by_show_bundle_and_log(
    folder: Path, issuer: Issuer, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now += 306 * DAY
    configure_logs("warning")
    with structlog.testing.capture_logs() as logs:
        assert issuer.outbox.renew().published
    assert [each["log_level"] for each in logs if each["event"] == "root_ends_soon"] == ["warning"]
    monkeypatch.setattr(commands, "system_clock", clock)
    shown = run(folder, "show")
    assert (shown.exit_code, "in 58 days: xinzheng bundle-keys renew" in shown.stderr) == (1, True)
    assert "还有 58 天" in run(folder, "show", language=CHINESE).stderr
    assert json.loads(run(folder, "show", "--json").stdout)["due"] is True


def test_missing_keys_and_a_waiting_root_are_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(BundlePublisher, "publish", fail)
        failed = run(folder, "renew", "--reason", "-", "--yes")
    assert (failed.exit_code, "Publishing failed: publication_unwritable" in failed.stderr) == (1, True)
    waiting = run(folder, "show")
    assert (waiting.exit_code, "in no edition yet" in waiting.stderr) == (1, True)
    finished = run(folder, "renew", "--reason", "-", "--yes")
    assert finished.stdout.startswith("Root 2 stands already")
    assert run(folder, "show").exit_code == 0
    (folder / "var" / "keys" / "bundle" / "snapshot.pem").unlink()
    lost = run(folder, "show")
    assert (lost.exit_code, "snapshot\tsnapshot\ted25519\tcannot be opened" in lost.stdout) == (1, True)
    assert "rotate timestamp snapshot" in run(folder, "rotate", "timestamp", "--reason", "-", "--yes").stderr


def test_a_root_that_has_ended_is_told_with_its_date_and_what_to_do(tmp_path: Path) -> None:
    clock = StandingClock(datetime.now(UTC) - 366 * DAY)
    initialise(settings_of(tmp_path), EXAMPLES / "court.toml", clock=clock)
    ended = format_timestamp(clock.now + 365 * DAY)
    failed = run(tmp_path, group="bundle")
    assert failed.exit_code == 1
    assert f"The root of the bundle ended on {ended}" in failed.stderr
    assert "xinzheng bundle-keys renew" in failed.stderr
    assert "Publishing failed: root_expired" in failed.stderr
    assert f"信任包的根已于 {ended} 到期" in run(tmp_path, group="bundle", language=CHINESE).stderr
    assert f"ended on {ended}" in run(tmp_path, "show").stderr
    # A step of another command stands, and says what keeps it from being published.
    key = ("create", "cert-2", "--usage", "certificate", "--reason", "yearly", "--yes")
    assert "xinzheng bundle-keys renew" in run(tmp_path, *key, group="keys").stderr
    with (
        closing(opened(tmp_path, StandingClock(datetime.now(UTC)))) as issuer,
        structlog.testing.capture_logs() as logs,
    ):
        issuer.outbox.renew()
    (failure,) = [each for each in logs if each["event"] == "publication_failed"]
    assert (failure["code"], "exc_info" in failure) == ("root_expired", False)
    assert f"ended on {ended}" in failure["reason"]
    assert run(tmp_path, "renew", "--reason", "late", "--yes").exit_code == 0
    assert run(tmp_path, group="bundle").exit_code == 0
