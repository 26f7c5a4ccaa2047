"""Attacks on the trust list at the door of a store: what `store import` answers, and that it keeps what it held."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from support.tuf_simulator import TUFSimulator, new_key, pack, status_list
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.cli import main
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.directory import import_bundle, load
from xinzheng_verifier.trust.extent import Extent
from xinzheng_verifier.trust.names import EXTENT_FILE

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
COURTS = ("420683", "420684", "430101")
LIST = "courts/420683/status/1/revocation.json"

Attack = Callable[[TUFSimulator], bytes]


@pytest.fixture
def simulator() -> TUFSimulator:
    simulator = TUFSimulator(at=NOW, threshold={"root": 2}, keys={"root": [new_key(), new_key()]}, version=5)
    simulator.country(*COURTS)
    number(simulator, 5)
    return simulator


@pytest.fixture
def store(tmp_path: Path, simulator: TUFSimulator) -> Path:
    """A store that holds edition 5."""
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    return tmp_path / "store"


def number(simulator: TUFSimulator, sequence: int) -> None:
    simulator.entrusted["court-420683"].targets[LIST] = status_list(
        "420683", "revocation", credentialSubject={"sequence": sequence}
    )


def older(simulator: TUFSimulator) -> bytes:
    simulator.version = 4
    return simulator.bundle()


def older_list(simulator: TUFSimulator) -> bytes:
    number(simulator.next(), 4)
    return simulator.bundle()


def older_court(simulator: TUFSimulator) -> bytes:
    simulator.next().entrusted["court-420684"].version = 4
    return simulator.bundle()


def twins(simulator: TUFSimulator) -> bytes:
    simulator.at += DAY
    return simulator.bundle()


def mixed_lists(simulator: TUFSimulator) -> bytes:
    """The court's metadata of this edition with a list of the one before."""
    before = simulator.files()
    number(simulator.next(), 6)
    after = simulator.files()
    (old,) = (name for name in before if name.endswith(".revocation.json") and "/420683/" in name)
    (new,) = (name for name in after if name.endswith(".revocation.json") and "/420683/" in name)
    return pack({**after, new: before[old]})


def mixed_snapshots(simulator: TUFSimulator) -> bytes:
    before = simulator.files()
    after = simulator.next().files()
    return pack({**after, "metadata/6.snapshot.json": before["metadata/5.snapshot.json"]})


def one_key_short(simulator: TUFSimulator) -> bytes:
    simulator.next().entrusted["court-420683"].threshold = 2
    simulator.entrusted["court-420683"].keys = [new_key(), new_key()]
    simulator.entrusted["court-420683"].signers = simulator.entrusted["court-420683"].keys[:1]
    return simulator.bundle()


def one_signature_twice(simulator: TUFSimulator) -> bytes:
    bundle = one_key_short(simulator)
    files = dict(Archive(bundle))
    metadata = json.loads(files["metadata/6.court-420683.json"])
    metadata["signatures"] *= 2
    return pack({**files, "metadata/6.court-420683.json": json.dumps(metadata).encode()})


def another_role_s_key(simulator: TUFSimulator) -> bytes:
    simulator.next().entrusted["court-420683"].signers = simulator.entrusted["court-420684"].keys
    return simulator.bundle()


def other_root(simulator: TUFSimulator, *, signers: list[CryptoSigner]) -> bytes:
    simulator.next().publish_root(signers=signers)
    return simulator.bundle()


def root_by_new_keys(simulator: TUFSimulator) -> bytes:
    simulator.keys["root"] = [new_key(), new_key()]
    return other_root(simulator, signers=simulator.keys["root"])


def root_one_key_short(simulator: TUFSimulator) -> bytes:
    return other_root(simulator, signers=simulator.keys["root"][:1])


def root_skipped(simulator: TUFSimulator) -> bytes:
    simulator.next().publish_root(version=3)
    return simulator.bundle()


def left_out_unsaid(simulator: TUFSimulator) -> bytes:
    files = simulator.next().files()
    (name,) = (name for name in files if name.endswith(".revocation.json") and "/430101/" in name)
    return pack({other: content for other, content in files.items() if other != name})


def stranger_among_files(simulator: TUFSimulator) -> bytes:
    return pack({**simulator.next().files(), "targets/courts/420683/" + "0" * 64 + ".issuer.json": b"{}"})


def province_of_another(simulator: TUFSimulator) -> bytes:
    simulator.next().entrusted["province-43"].targets["courts/420684/issuer.json"] = b"{}"
    return simulator.bundle()


def half(simulator: TUFSimulator) -> bytes:
    bundle = simulator.next().bundle()
    return bundle[: len(bundle) // 2]


def endless(_: TUFSimulator) -> bytes:
    return bytes(33_554_433)


def with_courts(simulator: TUFSimulator, courts: list[str]) -> bytes:
    """The extent is signed by nobody: whoever carries a bundle can write it."""
    files = dict(Archive(simulator.next().bundle()))
    includes = {"includes": {"courts": courts}}
    extent = json.dumps(json.loads(files[EXTENT_FILE]) | includes, ensure_ascii=False, separators=(",", ":"))
    assert len(extent.encode()) < 262_144
    only = {name: content for name, content in files.items() if Extent(courts=frozenset(courts)).includes(name)}
    return pack({**only, EXTENT_FILE: extent.encode()})


def invented_courts(simulator: TUFSimulator) -> bytes:
    return with_courts(simulator, ["420683", *(f"{number:029}" for number in range(8_150))])


def courts_by_name(simulator: TUFSimulator) -> bytes:
    return with_courts(simulator, ["420683", *("法" * 80 + str(number) for number in range(900))])


ATTACKS: dict[str, tuple[Attack, str]] = {
    "older bundle": (older, "bundle_rollback"),
    "older list in a newer bundle": (older_list, "bundle_rollback"),
    "older court in a newer bundle": (older_court, "bundle_rollback"),
    "two bundles of one version": (twins, "bundle_conflict"),
    "old list under a new name": (mixed_lists, "bundle_hash"),
    "old snapshot under a new name": (mixed_snapshots, "bundle_hash"),
    "threshold minus one": (one_key_short, "bundle_threshold"),
    "one signature twice": (one_signature_twice, "bundle_metadata"),
    "key of another role": (another_role_s_key, "bundle_threshold"),
    "root by new keys alone": (root_by_new_keys, "bundle_root"),
    "root one key short": (root_one_key_short, "bundle_root"),
    "root version skipped": (root_skipped, "bundle_root"),
    "list left out unsaid": (left_out_unsaid, "bundle_incomplete"),
    "file that nobody names": (stranger_among_files, "bundle_unlisted"),
    "court of another province": (province_of_another, "bundle_delegation"),
    "invented courts in the extent": (invented_courts, "bundle_extent"),
    "no codes in the extent": (courts_by_name, "bundle_extent"),
    "half a file": (half, "bundle_malformed"),
    "endless data": (endless, "bundle_too_large"),
}


def carried(path: Path, bundle: bytes) -> str:
    path.write_bytes(bundle)
    return str(path)


@pytest.mark.parametrize(("attack", "refusal"), ATTACKS.values(), ids=ATTACKS)
def test_attack_is_refused_in_plain_words_and_changes_nothing(  # noqa: PLR0917 - fixtures
    store: Path,
    simulator: TUFSimulator,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    attack: Attack,
    refusal: str,
) -> None:
    file = carried(tmp_path / "attack.xzb", attack(simulator))
    before = {path.name: path.read_bytes() for path in store.iterdir()}
    command = ["store", "import", file, "--store", str(store), "--at", format_timestamp(NOW)]
    said = {}
    for language in ("en_GB.UTF-8", "zh_CN.UTF-8"):
        monkeypatch.setenv("LC_ALL", language)
        assert main(command) == 1
        said[language] = capsys.readouterr().err
        assert f"({refusal})" in said[language]
    assert said["en_GB.UTF-8"].isascii()
    assert any("\u4e00" <= sign <= "\u9fff" for sign in said["zh_CN.UTF-8"])
    assert main([*command, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == refusal
    assert {path.name: path.read_bytes() for path in store.iterdir()} == before
    assert load(store).bundle_version == 5


def test_a_fast_forward_is_undone_by_new_keys(store: Path, simulator: TUFSimulator) -> None:
    """T04: a thief of the online keys and of one court's pushes everything as high as it goes."""
    top = 2**53 - 1
    thief = dict(simulator.versions)
    simulator.versions = {"timestamp": top, "snapshot": 999_999_999, "targets": 999_999_999}
    simulator.entrusted["court-420683"].version = 999_999_999
    number(simulator, top)
    import_bundle(store, simulator.bundle(), at=NOW)
    simulator.versions, simulator.version = thief, 6
    simulator.entrusted["court-420683"].version = None
    number(simulator, 6)
    simulator.rotate("timestamp", "snapshot", "targets")
    simulator.entrusted["court-420683"].keys = [new_key()]
    simulator.at += timedelta(minutes=1)
    simulator.entrusted["court-420683"].published_at = simulator.at
    assert import_bundle(store, simulator.bundle(), at=NOW).bundle_version == 6
    assert import_bundle(store, simulator.next().bundle(), at=NOW).bundle_version == 7


def test_the_same_bundle_for_ever_is_said(
    store: Path, simulator: TUFSimulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T02: it is taken, since verdicts heed its age; a lender can refuse it, and sees how old it is."""
    file = carried(tmp_path / "same.xzb", simulator.bundle())
    later = format_timestamp(NOW + 8 * DAY)
    assert main(["store", "import", file, "--store", str(store), "--at", later]) == 0
    capsys.readouterr()
    assert main(["store", "import", file, "--store", str(store), "--at", later, "--max-age", "7d"]) == 1
    assert "(bundle_stale)" in capsys.readouterr().err
    assert main(["store", "show", "--store", str(store), "--at", later]) == 0
    assert "NOT CURRENT for 1 d 0 h" in capsys.readouterr().out


def test_the_root_is_shown_to_be_compared(
    simulator: TUFSimulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T16: whoever supplies the first root decides; its digest is on the screen whenever something is taken in."""
    bundle = carried(tmp_path / "first.xzb", simulator.bundle())
    root = carried(tmp_path / "root.json", simulator.root_bytes)
    store = ["--store", str(tmp_path / "store")]
    assert main(["store", "import", bundle, *store, "--at", format_timestamp(NOW)]) == 1
    assert "(store_root_required)" in capsys.readouterr().err
    assert main(["store", "import", bundle, *store, "--root", root, "--at", format_timestamp(NOW)]) == 0
    fingerprint = hashlib.sha256(simulator.root_bytes).hexdigest()
    assert fingerprint in capsys.readouterr().out
    assert main(["store", "show", *store]) == 0
    assert fingerprint in capsys.readouterr().out


# --- real processes ---------------------------------------------------------------------------------------------------


def importing(store: Path, bundle: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "xinzheng_verifier", "store", "import", str(bundle), "--store", str(store)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*command, "--at", format_timestamp(NOW)], env=environment, **quiet)  # type: ignore[call-overload, no-any-return]


def test_processes_at_once_end_with_the_newest(store: Path, simulator: TUFSimulator, tmp_path: Path) -> None:
    bundles = [tmp_path / f"{version}.xzb" for version in (6, 7, 8, 9)]
    for bundle in bundles:
        number(simulator.next(), simulator.version)
        bundle.write_bytes(simulator.bundle())
    programs = [importing(store, bundle) for bundle in reversed(bundles)]
    statuses = [program.wait(timeout=120) for program in programs]
    assert statuses[0] == 0
    assert {*statuses} <= {0, 1}
    assert load(store).bundle_version == 9


def test_a_killed_process_leaves_the_old_or_the_new(store: Path, simulator: TUFSimulator, tmp_path: Path) -> None:
    chance = random.Random(9)  # noqa: S311 - moments, no secrets
    versions = [5]
    for _ in range(8):
        number(simulator.next(), simulator.version)
        bundle = tmp_path / "next.xzb"
        bundle.write_bytes(simulator.bundle())
        program = importing(store, bundle)
        time.sleep(chance.uniform(0.05, 1.2))
        program.send_signal(signal.SIGKILL)
        program.wait(timeout=60)
        trust = load(store)
        content = trust.status_list("https://xz.example/status/420683/1/revocation")
        assert json.loads(content or b"")["credentialSubject"]["sequence"] == trust.bundle_version
        assert trust.bundle_version in {versions[-1], simulator.version}
        versions.append(trust.bundle_version or 0)
    assert import_bundle(store, simulator.bundle(), at=NOW).bundle_version == simulator.version
    assert not [*store.glob(".*")]


# --- nothing to leave on ----------------------------------------------------------------------------------------------


def test_nothing_turns_the_judging_off(
    store: Path, simulator: TUFSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T15: nothing in the environment is asked for, and no option says that judging is off."""
    package = Path(main.__code__.co_filename).parents[1]
    for name in ("cli/stores.py", "cli/updating.py", "cli/sources.py", "trust/directory.py", "trust/tuf_workflow.py"):
        assert "os.environ" not in (package / name).read_text("utf-8")
    monkeypatch.setenv("XINZHENG_INSECURE", "1")
    file = carried(tmp_path / "attack.xzb", one_key_short(simulator))
    for option in ("--insecure", "--force", "--no-verify", "--unsafe"):
        assert main(["store", "import", file, "--store", str(store), option]) == 64
    assert main(["store", "import", file, "--store", str(store)]) == 1
