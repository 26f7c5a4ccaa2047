"""A court's bundle begins anew: keys that nobody had, a trace of it, and lenders' old stores that refuse for good."""

import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from support.alone import CHINESE, ENGLISH, changes, lender_imports, opened, run, settings_of
from support.keyed import OPERATOR
from support.office import EXAMPLES, StandingClock
from support.power_cut import PowerCutError
from support.softhsm import Token, library, needs_softhsm
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import initialise, open_issuer, open_office
from xinzheng_issuer.keylife.new_line import NewLine
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_issuer.keylife.root_trail import Told
from xinzheng_issuer.publishing.bundle_keys import ROLES, key_names
from xinzheng_issuer.publishing.repository import Repository
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.directory import import_bundle

WHY = ("--reason", "the root key is lost")


def public(folder: Path) -> Path:
    return folder / "var" / "public"


def keys(folder: Path) -> Path:
    return folder / "var" / "keys" / "bundle"


def key_ids(where: Path) -> set[str]:
    """The ids of all keys that the roots of a repository name."""
    roots = [json.loads(content)["signed"] for content in Repository(where).roots().values()]
    return {key_id for root in roots for role in root["roles"].values() for key_id in role["keyids"]}


def begin_anew(folder: Path, clock: StandingClock) -> None:
    with closing(open_office(settings_of(folder), clock=clock)) as office:
        NewLine(settings_of(folder), office, before=None).begin(Told(OPERATOR, "lost"))


def refused(folder: Path, clock: StandingClock) -> str:
    with pytest.raises(TrustError) as caught:
        lender_imports(folder, clock.now)
    return caught.value.code


def test_a_watermark_of_the_line_before_keeps_nobody_from_publishing(folder: Path, tmp_path: Path) -> None:
    watermark = tmp_path / "elsewhere.json"
    kept = {"XINZHENG_WATERMARK": str(watermark)}
    assert run(folder, "renew", *WHY, "--yes", settings=kept).exit_code == 0
    assert watermark.exists()
    public(folder).rename(folder / "before")
    begun = run(folder, "begin", *WHY, "--before", str(folder / "before"), "--yes", settings=kept)
    assert begun.exit_code == 0, begun.output
    assert run(folder, "renew", *WHY, "--yes", settings=kept).exit_code == 0


def test_a_watermark_that_is_away_is_not_left_to_come_back(folder: Path, tmp_path: Path) -> None:
    """Its empty mount point may be there: what it remembers of the line before would stop the new one for ever."""
    share = tmp_path / "share"
    share.mkdir()
    kept = {"XINZHENG_WATERMARK": str(share / "published.json")}
    assert run(folder, "renew", *WHY, "--yes", settings=kept).exit_code == 0
    shutil.move(share / "published.json", tmp_path / "away")
    public(folder).rename(folder / "before")
    said = run(folder, "begin", *WHY, "--before", str(folder / "before"), "--yes", settings=kept)
    assert (said.exit_code, "[watermark_away]" in said.output) == (1, True), said.output
    assert not public(folder).exists()
    shutil.move(tmp_path / "away", share / "published.json")
    assert run(folder, "begin", *WHY, "--before", str(folder / "before"), "--yes", settings=kept).exit_code == 0
    assert run(folder, group="bundle", settings=kept).exit_code == 0


def test_stolen_and_retired_keys_are_not_taken_for_the_new_line(folder: Path) -> None:
    assert run(folder, "rotate", *ROLES, "--reason", "stolen laptop", "--yes").exit_code == 0
    (keys(folder) / "root-2.pem").unlink()
    before = public(folder).rename(folder / "before")
    begun = run(folder, "begin", *WHY, "--before", str(before), "--yes")
    assert begun.exit_code == 0, begun.output
    assert key_ids(before).isdisjoint(key_ids(public(folder)))
    shown = json.loads(run(folder, "show", "--json").stdout)
    # root-2 lies there no more; the register knows that there was one.
    assert {role: list(names) for role, names in shown["keys"].items()} == {
        "root": ["root-3"],
        "targets": ["targets-3"],
        "snapshot": ["snapshot-3"],
        "timestamp": ["timestamp-3"],
    }
    assert shown["published"] is True
    assert json.loads(run(folder, "rotate", "root", "--reason", "-", "--yes", "--json").stdout)["replaced"] == {
        "root-3": "root-4"
    }


def test_a_new_line_without_any_key_or_register_entry_of_before(folder: Path) -> None:
    shutil.rmtree(keys(folder))
    shutil.rmtree(public(folder))
    assert run(folder, "begin", *WHY, "--yes").exit_code == 2
    assert run(folder, "begin", *WHY, "--nothing-before", "--yes").exit_code == 0
    assert sorted(path.name for path in keys(folder).iterdir()) == [
        "kept-roots.json",
        "lock",
        "published.json",
        "root-2.pem",
        "snapshot-2.pem",
        "targets-2.pem",
        "timestamp-2.pem",
    ]
    assert keys(folder).stat().st_mode & 0o777 == 0o700


def test_it_asks_says_what_it_does_and_leaves_a_trace(folder: Path, clock: StandingClock) -> None:
    before = folder / "before"
    shutil.copytree(public(folder), before)

    def begin(*arguments: str, language: Mapping[str, str] = ENGLISH) -> Result:
        return run(folder, "begin", "--before", str(before), *arguments, language=language)

    assert run(folder, "rotate", "timestamp", "--reason", "yearly", "--yes").exit_code == 0
    assert "[repository_exists]" in begin(*WHY, "--yes").stderr
    shutil.rmtree(before)
    public(folder).rename(before)
    assert begin("--yes").exit_code == 2
    assert "[confirmation_needed]" in begin(*WHY).stderr
    dry = begin(*WHY, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "A store that holds a root of before refuses this bundle" in dry.stdout
    assert "(root-1, snapshot, targets, timestamp, timestamp-2) are not used again: destroy" in dry.stdout
    assert "目录中原有的密钥" in begin(*WHY, "--dry-run", language=CHINESE).stdout
    assert not public(folder).exists()
    done = json.loads(begin(*WHY, "--yes", "--json").stdout)
    assert (done["action"], done["root"]["version"], done["published"], done["bundleVersion"]) == ("begin", 1, True, 1)
    with closing(opened(folder, clock)) as issuer:
        found = [each[:4] for each in changes(issuer) if each[5] == WHY[1]]
        assert {each[4].partition(":")[0] for each in changes(issuer)} == {"command-line"}
    assert found == [
        ("bundle/root-2", "begin", None, "active"),
        ("bundle/snapshot-2", "begin", None, "active"),
        ("bundle/targets-2", "begin", None, "active"),
        ("bundle/timestamp-2", "begin", "active", "retired"),
        ("bundle/timestamp-3", "begin", None, "active"),
    ]


def test_an_old_store_refuses_the_new_line_for_good(folder: Path, clock: StandingClock) -> None:
    """With the old root key at hand and the numbers passed: what held a root of before never takes the new line."""
    shutil.copytree(folder / "store", folder / "first")
    with closing(opened(folder, clock)) as issuer:
        RoleDesk(issuer).renew(OPERATOR, reason="yearly")
        lender_imports(folder, clock.now)
    public(folder).rename(folder / "before")
    begin_anew(folder, clock)
    with closing(opened(folder, clock)) as issuer:
        assert issuer.outbox.renew().bundle_version == 1
        assert refused(folder, clock) == "bundle_threshold"
        for _ in range(6):
            clock.now += timedelta(minutes=1)
            assert issuer.outbox.renew().published
        assert refused(folder, clock) == "bundle_threshold"
        desk = RoleDesk(issuer)
        for version in (2, 3):
            clock.now += timedelta(minutes=1)
            assert desk.renew(OPERATOR, reason="yearly").version == version
        # The store holds root 2 of before: the new root 3 does not follow it, nor root 2 the first of before.
        assert refused(folder, clock) == "bundle_root"
        shutil.rmtree(folder / "store")
        (folder / "first").rename(folder / "store")
        assert refused(folder, clock) == "bundle_root"
        shutil.rmtree(folder / "store")
        publisher = issuer.outbox.publisher
        latest = publisher.latest
        assert latest is not None
        new = import_bundle(folder / "store", latest.path.read_bytes(), root=publisher.root, at=clock.now)
        assert new.bundle_version == latest.version


def test_a_beginning_that_was_stopped_is_finished_by_the_server(
    folder: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    public(folder).rename(folder / "before")
    start = Repository.begin

    def killed(self: Repository, content: bytes) -> None:
        start(self, content)
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(Repository, "begin", killed)
        with pytest.raises(PowerCutError):
            begin_anew(folder, clock)
    with pytest.raises(PublishingError) as caught:
        begin_anew(folder, clock)
    assert caught.value.code == "repository_exists"
    with closing(opened(folder, clock)) as issuer:
        assert changes(issuer) == []
        _, state = issuer.start()
        assert state.published
        assert [each[:2] for each in changes(issuer)] == [
            (f"bundle/{name}", "begin") for name in ("root-2", "snapshot-2", "targets-2", "timestamp-2")
        ]
        issuer.tend()
        assert len(changes(issuer)) == 4


@pytest.mark.parametrize("command", ["bundle", "db"])
@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=2)])
def test_a_beginning_that_was_stopped_is_finished_by_the_command_line(
    folder: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, ahead: timedelta, command: str
) -> None:
    """Also where the last editions were made by a clock that was ahead: their numbers are those of the line before."""
    right = clock.now
    clock.now += ahead
    with closing(opened(folder, clock)) as issuer:
        with issuer.office.writing() as store:
            store.enqueue_publication("keys", at=clock.now)
        assert issuer.outbox.renew().published
    clock.now = right
    public(folder).rename(folder / "before")

    def killed(self: Repository, content: bytes) -> None:
        start(self, content)
        raise PowerCutError

    start = Repository.begin
    with monkeypatch.context() as patch:
        patch.setattr(Repository, "begin", killed)
        with pytest.raises(PowerCutError):
            begin_anew(folder, clock)
    if command == "db":
        said = run(folder, "adopt", "--dry-run", group="db")
        assert (said.exit_code, "nothing to take over" in said.output) == (0, True), said.output
    done = run(folder, group="bundle")
    assert (done.exit_code, "Published as version 1:" in done.output) == (0, True), done.output
    with closing(opened(folder, clock)) as issuer:
        assert [each[:2] for each in changes(issuer)] == [
            (f"bundle/{name}", "begin") for name in ("root-2", "snapshot-2", "targets-2", "timestamp-2")
        ]


@needs_softhsm
def test_a_new_line_in_a_token_that_holds_keys_of_before(tmp_path: Path, token: Token, clock: StandingClock) -> None:
    access = {"pkcs11_modules": f"soft={library()}", "pkcs11_pin_from": f"file:{token.pin_file}"}
    settings = settings_of(tmp_path, **access)
    initialise(settings, EXAMPLES / "court.toml", keys=f"pkcs11:token={token.label}", clock=clock)
    (keys(tmp_path) / "root-1.json").unlink()
    before = public(tmp_path).rename(tmp_path / "before")
    with closing(open_office(settings, clock=clock)) as office:
        NewLine(settings, office, before=None).begin(Told(OPERATOR, "lost"), place=f"pkcs11:token={token.label}")
    with closing(open_issuer(settings, clock=clock)) as issuer:
        assert issuer.outbox.renew().published
        root = RoleDesk(issuer).root
    assert [key_names(root, role) for role in ROLES] == [("root-2",), ("targets-2",), ("snapshot-2",), ("timestamp-2",)]
    assert key_ids(before).isdisjoint(key_ids(public(tmp_path)))
