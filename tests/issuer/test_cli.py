"""The command line: a data folder from nothing, people, a feed, a bundle, a server; help and refusals by locale."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from support.office import EXAMPLES, relisting
from xinzheng_issuer.cli import COMMANDS, main
from xinzheng_issuer.cli._bundle_key_words import BUNDLE_KEY_WORDS
from xinzheng_issuer.cli._trust_list_words import TRUST_LIST_WORDS
from xinzheng_issuer.cli.key_words import KEY_WORDS
from xinzheng_issuer.cli.words import COMMON_WORDS, WORDS
from xinzheng_issuer.domain.workflow import Role
from xinzheng_issuer.errors import AccessError
from xinzheng_issuer.installation import open_office
from xinzheng_issuer.people import actor_of
from xinzheng_issuer.settings import Settings
from xinzheng_keys.custody import open_signer
from xinzheng_keys.file_keystore import create_key_file
from xinzheng_verifier import TrustStore

CHINESE = {"LC_ALL": "zh_CN.UTF-8"}
ENGLISH = {"LC_ALL": "C.UTF-8"}


def run(*arguments: object, environment: dict[str, str] | None = None, typed: str | None = None) -> Result:
    return CliRunner(env=environment or ENGLISH).invoke(main, [str(each) for each in arguments], input=typed)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "var"
    result = run("init", "--data", folder, "--config", EXAMPLES / "court.toml")
    assert result.exit_code == 0, result.output
    assert "Zaoyang People's Court" in result.stdout
    return folder


def test_init_twice_is_refused_in_the_readers_language(data: Path) -> None:
    again = run("init", "--data", data, "--config", EXAMPLES / "court.toml", environment=CHINESE)
    assert again.exit_code == 1
    assert "绝不覆盖" in again.stderr
    assert "[data_folder_exists]" in again.stderr


@pytest.mark.parametrize("where", ["nowhere", "the file", "the environment"])
def test_init_asks_for_a_watermark_where_none_is_named(tmp_path: Path, where: str) -> None:
    file, line = tmp_path / "court.toml", "watermark = '/elsewhere/published.json'\n" if where == "the file" else ""
    file.write_text(line + (EXAMPLES / "court.toml").read_text("utf-8"), "utf-8")
    named = {"XINZHENG_WATERMARK": "/elsewhere/published.json"} if where == "the environment" else {}
    made = run("init", "--data", tmp_path / "var", "--config", file, environment=ENGLISH | named)
    assert made.exit_code == 0, made.output
    assert ("name a file on another disk as `watermark`" in made.stdout) is (where == "nowhere")


def test_no_text_takes_the_place_of_another_of_its_name() -> None:
    """The whole group `keys` was once described as the option of `init` that has its name."""
    assert len(WORDS) == sum(map(len, (COMMON_WORDS, KEY_WORDS, BUNDLE_KEY_WORDS, TRUST_LIST_WORDS)))
    assert "whatever [keys]" not in run("keys", "--help", environment=ENGLISH).stdout


def test_users(data: Path) -> None:
    added = run("users", "add", "ada", "--role", "clerk", "--role", "judge", "--data", data)
    assert re.fullmatch(r"xz_[A-Za-z0-9_-]{43}\n", added.stdout)
    assert run("users", "list", "--data", data).stdout == "ada\tclerk, judge\n"
    assert run("users", "add", "bo", "--role", "system", "--data", data).exit_code == 2
    assert "[user_exists]" in run("users", "add", "ada", "--role", "clerk", "--data", data).stderr


def test_a_leaked_token_is_put_out_of_use_and_replaced(data: Path) -> None:
    leaked = run("users", "add", "cy", "--role", "clerk", "--data", data).stdout.strip()
    with closing(open_office(Settings(data=data))) as office:
        assert actor_of(office, leaked).name == "cy"
        disabled = run("users", "disable", "cy", "--data", data)
        assert disabled.stdout == "The token of cy is out of use.\n"
        assert '"event": "user_disabled"' in disabled.stderr
        assert "cy\tclerk\tdisabled\n" in run("users", "list", "--data", data).stdout
        with pytest.raises(AccessError):
            actor_of(office, leaked)
        renewed = run("users", "renew", "cy", "--data", data).stdout.strip()
        assert actor_of(office, renewed).name == "cy"
        with pytest.raises(AccessError):
            actor_of(office, leaked)
        newest = run("users", "renew", "cy", "--data", data).stdout.strip()
        with pytest.raises(AccessError):
            actor_of(office, renewed)
        assert actor_of(office, newest).roles == {Role.CLERK}
    assert "cy\tclerk\n" in run("users", "list", "--data", data).stdout
    for step in ("disable", "renew"):
        assert "[user_not_found]" in run("users", step, "nobody", "--data", data).stderr


def test_feed(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "records.json"
    file.write_text(json.dumps([relisting()]), "utf-8")
    unknown = run("feed", file, "--data", data)
    assert unknown.exit_code == 0
    assert unknown.stdout.startswith("1: unmatched, no effect\n")
    rejected = run("feed", "-", "--data", data, typed='{"iname": "x"}')
    assert rejected.exit_code == 1
    assert "[feed_field_missing]" in rejected.stdout
    assert "[feed_malformed]" in run("feed", "-", "--data", data, typed="").stderr


def test_bundle(data: Path, tmp_path: Path) -> None:
    result = run("bundle", "--data", data, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    bundle, root = (tmp_path / "bundle.xzb").read_bytes(), (tmp_path / "root.json").read_bytes()
    from datetime import UTC, datetime  # noqa: PLC0415

    trust = TrustStore.from_bundle(bundle, root=root, at=datetime.now(UTC))
    assert list(trust.issuers) == ["did:web:xz.example:did:420683"]
    assert str(data) in run("bundle", "--data", data).stdout


def test_what_cannot_be_published_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xinzheng_issuer.publishing.bundle.BundlePublisher.publish", fail)
    for arguments in (("bundle",), ("feed", EXAMPLES / "relisting.json")):
        result = run(*arguments, "--data", data)
        if arguments[0] == "bundle":
            assert result.exit_code == 1
            assert "publication_unwritable" in result.stderr


def test_db_upgrade(data: Path) -> None:
    assert run("db", "upgrade", "--data", data).stdout == "The register is up to date.\n"


def test_the_data_folder_may_come_from_the_environment(data: Path) -> None:
    result = run("users", "list", environment=ENGLISH | {"XINZHENG_DATA": str(data)})
    assert result.exit_code == 0


def test_a_folder_without_an_issuer(tmp_path: Path) -> None:
    result = run("serve", "--data", tmp_path)
    assert result.exit_code == 1
    assert "xinzheng init" in result.stderr


def test_a_placeholder_secret_is_refused(data: Path) -> None:
    result = run("users", "list", "--data", data, environment=ENGLISH | {"XINZHENG_REGISTER_SECRET": "changeme"})
    assert "[setting_placeholder]" in result.stderr


@pytest.mark.parametrize(("language", "environment"), [("en", ENGLISH), ("zh", CHINESE)])
def test_help_speaks_the_readers_language(language: str, environment: dict[str, str]) -> None:
    # The words are chosen when the program starts.
    result = subprocess.run(
        [Path(sys.executable).parent / "xinzheng", "--help"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert getattr(WORDS["xinzheng"], language) in result.stdout
    for command in COMMANDS:
        assert getattr(WORDS[command], language)[:8] in result.stdout


def test_an_unknown_command_is_a_usage_error() -> None:
    assert run("nothing").exit_code == 2


def test_serve_says_where_and_stops_when_asked(data: Path) -> None:
    server = subprocess.Popen(
        [Path(sys.executable).parent / "xinzheng", "serve", "--data", data, "--port", "0"],
        env=os.environ | ENGLISH,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout is not None
        first = server.stdout.readline()
        try:
            address = re.search(r"http://127\.0\.0\.1:[0-9]+", first)
            assert address, first
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{address[0]}/healthz", timeout=30) as answer:
                assert json.load(answer)["status"] == "ok"
        finally:
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=30)
    events = [json.loads(line)["event"] for line in errors.splitlines() if line.startswith("{")]
    assert {"started", "request"} <= set(events)


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A court whose new keys need not wait."""
    folder = tmp_path_factory.mktemp("keys")
    config = (EXAMPLES / "court.toml").read_text("utf-8") + "\n[keys]\nlead_hours = 0\n"
    (folder / "court.toml").write_text(config, "utf-8")
    result = run("init", "--data", folder / "var", "--config", folder / "court.toml")
    assert result.exit_code == 0, result.output
    return folder / "var"


def keys(court: Path, *arguments: object, **options: Any) -> Result:
    return run("keys", *arguments, "--data", court, **options)


def test_a_command_opens_no_key_that_it_does_not_need(
    court: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    court = shutil.copytree(court, tmp_path / "var")
    opened: list[str] = []

    def watched(uri: str, **options: Any) -> Any:
        opened.append(uri.rpartition("/")[2])
        return open_signer(uri, **options)

    for module in ("issuing.court_keys", "publishing.role_keys"):
        monkeypatch.setattr(f"xinzheng_issuer.{module}.open_signer", watched)
    assert keys(court, "list").exit_code == keys(court, "show", "cert-1").exit_code == 0
    assert run("bundle-keys", "show", "--data", court).exit_code == 0
    assert opened == ["root-1.pem", "targets.pem", "snapshot.pem", "timestamp.pem"]
    opened.clear()
    made = keys(court, "create", "status-7", "--usage", "status", "--reason", "-", "--yes")
    assert made.exit_code == 0, made.output
    assert sorted(opened) == ["snapshot.pem", "status-1.pem", "targets.pem", "timestamp.pem"]


def test_the_life_of_a_key_by_command(court: Path) -> None:
    """Each step says first what it does, asks, and answers a program in JSON."""
    new = ("create", "cert-2", "--usage", "certificate", "--reason", "rotation")
    unconfirmed = keys(court, *new)
    assert (unconfirmed.exit_code, "[confirmation_needed]" in unconfirmed.stderr) == (1, True)
    assert "signs nothing yet" in unconfirmed.stdout
    dry = keys(court, *new, "--dry-run", environment=CHINESE)
    assert dry.exit_code == 0
    assert "未作任何变更" in dry.stdout
    assert [row["name"] for row in json.loads(keys(court, "list", "--json").stdout)] == ["cert-1", "status-1"]
    made = json.loads(keys(court, *new, "--yes", "--json").stdout)
    assert (made["action"], made["dryRun"], made["published"]) == ("create", False, True)
    assert made["key"]["state"] == "staged"
    assert "uri" not in made["key"]
    assert made["effects"][0].keys() == {"en", "zh"}
    used = keys(court, "activate", "cert-2", "--reason", "rotation", "--yes")
    assert "From now on cert-2 signs new certificates." in used.stdout
    assert "No certificate signed by cert-1 is in force." in used.stdout
    retired = keys(court, "retire", "cert-1", "--reason", "rotation", "--yes")
    assert "cert-1 is retired now.\nPublished as version 4.\n" in retired.stdout
    shown = keys(court, "show", "cert-2").stdout
    assert "state: active" in shown
    assert re.search(r"create  command-line: \S+: rotation\n.*activate  command-line: \S+: rotation\n", shown)
    assert "[key_unknown]" in keys(court, "show", "cert-9").stderr
    assert "状态: 启用" in keys(court, "show", "cert-2", environment=CHINESE).stdout
    assert "cert-1\t证明\tP-256\t已退役\t" in keys(court, "list", environment=CHINESE).stdout
    assert "[key_last]" in keys(court, "retire", "cert-2", "--reason", "-", "--yes").stderr


def test_a_compromise_by_command_and_what_follows(court: Path, tmp_path: Path) -> None:
    listed = keys(court, "drill", "status-1", "--out", tmp_path / "list.csv")
    assert "status-1 signed 0 certificate(s)" in listed.stdout
    assert (tmp_path / "list.csv").read_text("utf-8-sig").startswith("certificateNumber,")
    assert keys(court, "drill", "status-1", "--out", tmp_path / "list.csv").exit_code == 1
    assert json.loads(keys(court, "drill", "status-1", "--json").stdout)["toReissue"] == 0
    assert "[key_not_compromised]" in keys(court, "reissue", "status-1", "--reason", "-", "--yes").stderr
    made = keys(court, "create", "cert-8", "--usage", "certificate", "--reason", "-", "--yes")
    assert made.exit_code == 0, made.output
    at = ("--at", "2026-01-01T00:00:00Z")
    assert "[" in keys(court, "compromise", "cert-8", "--at", "yesterday", "--reason", "-", "--yes").stderr
    stolen = keys(court, "compromise", "cert-8", *at, "--reason", "stolen", "--yes")
    assert "No certificate in force or suspended is signed by cert-8;" in stolen.stdout
    assert "key_compromised since 2026-01-01T00:00:00Z" in stolen.stdout
    assert "This cannot be undone." in stolen.stdout
    dry = keys(court, "reissue", "cert-8", "--reason", "stolen", "--dry-run")
    assert "Nothing was changed" in dry.stdout
    done = keys(court, "reissue", "cert-8", "--reason", "stolen", "--yes")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].startswith("0 issued anew, 0 left as they are, 0 suspended; ")
    as_json = keys(court, "reissue", "cert-8", "--reason", "stolen", "--yes", "--json")
    assert json.loads(as_json.stdout) == {"reissued": {}, "left": {}, "suspended": [], "published": True}


def test_a_key_that_is_there_already_is_staged(court: Path, tmp_path: Path) -> None:
    secret = (court / "keys" / "passphrase").read_bytes()
    create_key_file(tmp_path / "brought.pem", passphrase=lambda: secret)
    uri = (tmp_path / "brought.pem").as_uri()
    staged = keys(court, "stage", "cert-7", "--usage", "certificate", "--uri", uri, "--reason", "brought", "--yes")
    assert "cert-7 is staged now." in staged.stdout, staged.output


def test_feed_review_by_command(court: Path, tmp_path: Path) -> None:
    file = tmp_path / "records.json"
    file.write_text(json.dumps([relisting()]), "utf-8")
    assert run("feed", file, "--data", court).exit_code == 0
    assert run("feed-review", "--data", court).stdout == ""
    assert run("feed-review", "1", "--note", "nobody of ours", "--data", court).stdout.startswith("Record 1 is marked")
    assert "[feed_record_not_found]" in run("feed-review", "99", "--data", court).stderr


def test_a_reissue_without_a_key_is_refused_in_the_dry_run_too(tmp_path: Path) -> None:
    data = tmp_path / "var"
    run("init", "--data", data, "--config", EXAMPLES / "court.toml")
    assert keys(data, "compromise", "cert-1", "--reason", "stolen", "--yes").exit_code == 0
    for how in ("--dry-run", "--yes"):
        refused = keys(data, "reissue", "cert-1", "--reason", "stolen", how)
        assert (refused.exit_code, "[key_missing]" in refused.stderr) == (1, True), how


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("keys", "list"), ("users", "list"), ("--help",), ("keys", "show", "--help")])
def test_an_answer_that_cannot_be_written_is_one_line_and_74(court: Path, arguments: tuple[str, ...]) -> None:
    program = Path(sys.executable).parent / "xinzheng"
    quiet = os.environ | ENGLISH | {"XINZHENG_DATA": str(court), "XINZHENG_LOG_LEVEL": "error"}
    run("users", "add", "dee", "--role", "clerk", "--data", court)
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [program, *arguments], env=quiet, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
        both = subprocess.run([program, *arguments], env=quiet, stdout=full, stderr=full, check=False)
    assert (result.returncode, both.returncode) == (74, 74)
    assert result.stderr == (
        "Error: standard output cannot be written: No space left on device. What was done stands.\n"
    )


@pytest.mark.parametrize("arguments", [("keys", "list"), ("users", "list"), ("bundle",), ("--help",), ("--version",)])
def test_without_standard_output_a_command_ends_as_one_that_could_not_write(
    court: Path, arguments: tuple[str, ...]
) -> None:
    program = Path(sys.executable).parent / "xinzheng"
    quiet = os.environ | ENGLISH | {"XINZHENG_DATA": str(court), "XINZHENG_LOG_LEVEL": "error"}
    command = " ".join(f"'{word}'" for word in (program, *arguments))
    result = subprocess.run(["sh", "-c", f"{command} >&-"], env=quiet, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (
        74,
        "Error: standard output cannot be written: Bad file descriptor. What was done stands.\n",
    )


def test_the_help_lists_what_a_command_can_end_with() -> None:
    text = " ".join(run("--help").stdout.split())
    for number, meaning in {0: "done", 1: "refused", 2: "misused", 74: "an answer could not be written"}.items():
        assert f"{number} {meaning}" in text
