"""`store show` and `store export`: what a store holds and how current it is, in words and for programs."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.issuers import SimulatedCourt
from support.tuf_simulator import TUFSimulator
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.cli import main
from xinzheng_verifier.cli.extents import extent_words
from xinzheng_verifier.cli.words import WORDS
from xinzheng_verifier.trust import directory
from xinzheng_verifier.trust.directory import import_bundle, read_state
from xinzheng_verifier.trust.extent import Extent
from xinzheng_verifier.trust.index_file import Index
from xinzheng_verifier.trust.state import StoreState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt(now=NOW)


@pytest.fixture
def simulator(court: SimulatedCourt) -> TUFSimulator:
    simulator = TUFSimulator(at=NOW)
    simulator.country("420683", "420684", "430101")
    issuer = json.dumps(court.issuer_document(), ensure_ascii=False).encode()
    simulator.entrusted["province-42"].targets["courts/420683/issuer.json"] = issuer
    for document in court.status_lists():
        path = f"courts/420683/status/1/{document['credentialSubject']['statusPurpose']}"
        simulator.entrusted["court-420683"].targets[f"{path}.json"] = json.dumps(document).encode()
    simulator.entrusted["court-420683"].targets["courts/420683/status/1/revocation.changes.json"] = b"{}"
    return simulator


@pytest.fixture
def store(tmp_path: Path, simulator: TUFSimulator) -> Path:
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    return tmp_path / "store"


class Command:
    """A command of a store, and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], store: Path) -> None:
        self._capsys, self._store = capsys, store

    def __call__(self, *words: str, status: int = 0) -> str:
        assert main(["store", *words, "--store", str(self._store)]) == status
        printed = self._capsys.readouterr()
        return " ".join((printed.err if status else printed.out).split())


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], store: Path) -> Command:
    return Command(capsys, store)


# --- show -------------------------------------------------------------------------------------------------------------


def test_what_a_store_holds_in_words(command: Command, court: SimulatedCourt, store: Path) -> None:
    shown = command("show", "--at", format_timestamp(NOW + timedelta(hours=27)))
    for words in (
        "version 1",
        "Current. Made 1 d 3 h ago; counts as current for another 5 d 21 h.",
        "2026-11-23T09:00:00Z (oldest) to 2026-11-23T09:00:00Z (freshest)",
        "everything that the publisher lists",
        read_state(store).first_root_sha256,
        f"Zaoyang People's Court {court.did}",
        "4, 1 of them with past changes",
    ):
        assert words in shown


def test_how_current_it_is(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    expires = NOW + 7 * DAY
    assert "Current" in command("show", "--at", format_timestamp(expires - timedelta(seconds=1)))
    assert "NOT CURRENT for 0 min:" in command("show", "--at", format_timestamp(expires))
    assert "set the clock" in command("show", "--at", format_timestamp(NOW - DAY))
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "已失效 3 天 0 小时" in command("show", "--at", format_timestamp(expires + 3 * DAY))


def test_where_no_court_vouches_any_more(
    tmp_path: Path, court: SimulatedCourt, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = NOW + 8 * DAY
    simulator = TUFSimulator(at=later)
    simulator.country("420683")
    simulator.entrusted["court-420683"].lifetime = -DAY  # as the court handed it in eight days ago
    simulator.entrusted["court-420683"].targets = {
        f"courts/420683/status/1/{document['credentialSubject']['statusPurpose']}.json": json.dumps(document).encode()
        for document in court.status_lists()
    }
    (tmp_path / "late.xzb").write_bytes(simulator.bundle())
    (tmp_path / "root.json").write_bytes(simulator.root_bytes)
    show, at = Command(capsys, tmp_path / "store"), ("--at", format_timestamp(later))
    how = ("import", str(tmp_path / "late.xzb"), "--root", str(tmp_path / "root.json"), *at)
    assert "BUT EVERY STATUS LIST HAS ENDED" in show(*how)
    assert json.loads(show(*how, "--json"))["anyListCurrent"] is False
    assert "Current. Made 0 min ago" in show("show", *at)
    assert "BUT EVERY STATUS LIST HAS ENDED: no court vouches any more" in show("show", *at)
    members = json.loads(show("show", "--json", *at))
    assert (members["isCurrent"], members["anyListCurrent"], members["attestedFrom"]) == (True, False, None)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "但所有状态列表均已到期" in show("show", *at)


def test_where_a_court_vouches_still(command: Command) -> None:
    assert "EVERY" not in command("show", "--at", format_timestamp(NOW + 6 * DAY))
    assert json.loads(command("show", "--json", "--at", format_timestamp(NOW)))["anyListCurrent"]


def test_a_bundle_without_a_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    undated = TUFSimulator(at=NOW, extra={"timestamp": {"publishedAt": None}})
    import_bundle(tmp_path / "store", undated.bundle(), root=undated.root_bytes, at=NOW)
    shown = Command(capsys, tmp_path / "store")("show", "--at", format_timestamp(NOW))
    assert "Current for another 7 d 0 h. The publisher does not say when it was made." in shown
    assert "vouch" not in shown


def test_what_a_store_holds_for_programs(command: Command, court: SimulatedCourt) -> None:
    shown = json.loads(command("show", "--json", "--at", format_timestamp(NOW)))
    assert (shown["bundleVersion"], shown["isCurrent"], shown["publishedAt"]) == (1, True, "2026-11-23T09:00:00Z")
    assert shown["extent"] == {"includes": {}, "leftOut": {}}
    assert [issuer["id"] for issuer in shown["issuers"]] == [court.did]
    assert len(shown["statusLists"]) == 4
    assert (shown["attestedFrom"], shown["attestedUntil"]) == ("2026-11-23T09:00:00Z",) * 2


def test_one_court(command: Command, court: SimulatedCourt, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = command("show", "--court", "420683")
    for words in (
        court.did,
        "Named by province-42, until 2026-11-30T09:00:00Z",
        "#cert-1",
        "P-256, for certificates: 2026-01-01T00:00:00Z to open",
        "for status lists",
        "edition 1, made 2026-11-23T08:50:00Z, good until 2026-11-30T08:50:00Z",
        "vouched for as of 2026-11-23T09:00:00Z with past changes",
    ):
        assert words in shown
    members = json.loads(command("show", "--court", "420683", "--json"))
    assert [key["usage"] for key in members["issuers"][0]["keys"]] == [["certificate"], ["status"]]
    controller = court.issuer_document()["controllerDocument"]["verificationMethod"]
    public = [method["publicKeyMultibase"] for method in controller if "publicKeyMultibase" in method]
    assert [key["publicKeyMultibase"] for key in members["issuers"][0]["keys"]] == public
    assert public[0] in shown
    assert [members["issuers"][0][name] for name in ("namedBy", "namedUntil")] == [
        "province-42",
        "2026-11-30T09:00:00Z",
    ]
    assert [one["hasChanges"] for one in members["statusLists"]] == [True, False]
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "用于证明" in command("show", "--court", "420683")


def test_a_stolen_key_is_shown_as_such(
    command: Command, simulator: TUFSimulator, court: SimulatedCourt, store: Path
) -> None:
    document = court.issuer_document()
    document["keys"][0] |= {"state": "compromised", "compromisedAt": "2026-11-20T00:00:00Z"}
    targets = simulator.next().entrusted["province-42"].targets
    targets["courts/420683/issuer.json"] = json.dumps(document, ensure_ascii=False).encode()
    import_bundle(store, simulator.bundle(), at=NOW)
    assert "COMPROMISED since 2026-11-20T00:00:00Z" in command("show", "--court", "420683")


def test_a_court_that_is_not_there(command: Command, store: Path, tmp_path: Path) -> None:
    assert "(court_unknown)" in command("show", "--court", "4206", status=1)
    command("export", str(tmp_path / "hubei.xzb"), "--province", "42")
    import_bundle(store, (tmp_path / "hubei.xzb").read_bytes(), at=NOW)
    assert "(court_left_out)" in command("show", "--court", "430101", status=1)
    assert "provinces 42 left out: 1 provinces, 1 courts" in command("show")


def test_a_long_list_of_issuers_is_cut(
    court: SimulatedCourt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator = TUFSimulator(at=NOW)
    issuer = json.dumps(court.issuer_document(), ensure_ascii=False)
    simulator.targets = {
        f"courts/4206{number:02}/issuer.json": issuer.replace("420683", f"4206{number:02}").encode()
        for number in range(13)
    }
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    assert "and 3 more" in Command(capsys, tmp_path / "store")("show")


# --- export -----------------------------------------------------------------------------------------------------------


def test_a_part_is_written_for_another_machine(
    command: Command, tmp_path: Path, simulator: TUFSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "courts.txt").write_text("420683\n\n420684\n", "utf-8")
    for name, words in {
        "province": ["--province", "42"],
        "list": ["--courts", "420683,420684", "--no-changes"],
        "file": ["--courts", str(tmp_path / "courts.txt")],
        "long": ["--courts", ",".join(["420683", "420684"] * 300)],
        "both": ["--courts", "430101", "--province", "42"],
    }.items():
        file = tmp_path / f"{name}.xzb"
        assert command("export", str(file), *words).startswith("Written: bundle 1, ")
        result = import_bundle(tmp_path / name, file.read_bytes(), root=simulator.root_bytes, at=NOW)
        assert result.extent.includes_court("430101") == (name == "both")
        assert result.extent.changes == (name != "list")
    written = json.loads(command("export", str(tmp_path / "whole.xzb"), "--json"))
    assert written == {"code": "ok", "bundleVersion": 1, "bytes": (tmp_path / "whole.xzb").stat().st_size}
    assert main(["store", "export", str(tmp_path / "none.xzb"), "--store", str(tmp_path / "nowhere")]) == 2
    assert "(store_missing)" in capsys.readouterr().err


def test_an_export_names_the_version_that_it_is(
    command: Command, simulator: TUFSimulator, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = directory.open_index

    def after_an_import(path: Path) -> tuple[StoreState, Index]:
        monkeypatch.setattr(directory, "open_index", opened)
        import_bundle(store, simulator.next().bundle(), at=NOW)
        return opened(path)

    monkeypatch.setattr(directory, "open_index", after_an_import)
    assert command("export", str(tmp_path / "new.xzb")).startswith("Written: bundle 2, ")
    result = import_bundle(tmp_path / "room", (tmp_path / "new.xzb").read_bytes(), root=simulator.root_bytes, at=NOW)
    assert result.bundle_version == 2


def test_an_export_replaces_nothing_and_says_what_it_cannot(command: Command, tmp_path: Path) -> None:
    (tmp_path / "there.xzb").write_bytes(b"kept")
    assert "exists already" in command("export", str(tmp_path / "there.xzb"), status=64)
    assert (tmp_path / "there.xzb").read_bytes() == b"kept"
    assert "cannot be written" in command("export", str(tmp_path / "no" / "folder.xzb"), status=74)
    assert "(court_unknown)" in command("export", str(tmp_path / "x.xzb"), "--courts", "999999", status=1)
    for words in (["--province", "4"], ["--province", "4２"], ["--courts", "42/.."], ["--courts", ","]):
        assert "such as 42" in command("export", str(tmp_path / "x.xzb"), *words, status=64)


# --- import -----------------------------------------------------------------------------------------------------------


def test_an_import_says_what_is_no_longer_there(command: Command, tmp_path: Path) -> None:
    command("export", str(tmp_path / "part.xzb"), "--courts", "420683", "--no-changes")
    said = command("import", str(tmp_path / "part.xzb"), "--at", format_timestamp(NOW))
    assert "1 courts: 420683" in said
    assert "without past changes of status" in said
    assert "No longer held 420684, 430101" in said
    again = json.loads(command("import", str(tmp_path / "part.xzb"), "--at", format_timestamp(NOW), "--json"))
    assert (again["changed"], again["noLonger"]) == (False, [])
    assert again["extent"]["includes"] == {"provinces": ["42"], "courts": ["420683"], "changes": False}


def test_an_import_says_at_once_how_current_it_is(
    command: Command, simulator: TUFSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expires = NOW + 7 * DAY
    (bundle := tmp_path / "next.xzb").write_bytes(simulator.bundle())
    for moment, words, is_current in (
        (NOW + timedelta(hours=27), "Current. Made 1 d 3 h ago; counts as current for another 5 d 21 h.", True),
        (expires + DAY, "NOT CURRENT for 1 d 0 h: certificates that would pass are not decided", False),
        (NOW - DAY, "set the clock", True),
    ):
        at = ("--at", format_timestamp(moment))
        assert words in command("import", str(bundle), *at)
        assert words in command("show", *at)
        assert json.loads(command("import", str(bundle), *at, "--json"))["isCurrent"] is is_current
    (folder := tmp_path / "medium" / "metadata").mkdir(parents=True)
    (folder / "timestamp.json").write_bytes(simulator.files()["metadata/timestamp.json"])
    over = ("--at", format_timestamp(expires))
    assert "NOT CURRENT for 0 min:" in command("update", str(tmp_path / "medium"), *over)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "已失效 0 分钟" in command("import", str(bundle), *over)


# --- words ------------------------------------------------------------------------------------------------------------


def test_extents_in_words() -> None:
    many = Extent(provinces=frozenset({"42"}), courts=frozenset(f"42{number:04}" for number in range(14)))
    assert extent_words(many, "en").endswith("420009, and 4 more")
    assert extent_words(Extent(), "zh") == WORDS["extent_whole"].zh
    for nothing in (Extent(provinces=frozenset()), Extent(courts=frozenset())):
        assert extent_words(nothing, "en") == "no province and no court"


# --- no network -------------------------------------------------------------------------------------------------------

PROGRAM = """
import sys
from xinzheng_verifier.cli import main
status = main(sys.argv[1:])
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(status)
"""
NETWORK = {"socket", "ssl", "http.client", "urllib.request", "asyncio"}


WITHOUT_ASN1CRYPTO = 'import sys\nsys.modules["asn1crypto"] = None\n'
"""securesystemslib takes it where keys[pkcs11] brought it, and it loads sockets; a verifier's installation has none."""


def modules_of(*words: str) -> set[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-I", "-c", WITHOUT_ASN1CRYPTO + PROGRAM, *words]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 2), run.stderr  # 2 once the machine's clock has passed the end of the lists
    return set(run.stderr.split())


def test_only_a_source_in_the_network_loads_the_network(
    store: Path, simulator: TUFSimulator, court: SimulatedCourt, tmp_path: Path
) -> None:
    folder = tmp_path / "medium"
    for name, content in {
        "metadata/timestamp.json": simulator.files()["metadata/timestamp.json"],
        "bundles/bundle-1.xzb": simulator.bundle(),
        "certificate.jwt": court.issue().jwt.encode(),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    at, place = ["--at", format_timestamp(NOW)], ["--store", str(store)]
    assert not modules_of(str(folder / "certificate.jwt"), *place, *at) & {*NETWORK, "tuf"}
    assert not modules_of("store", "import", str(folder / "bundles" / "bundle-1.xzb"), *place, *at) & NETWORK
    assert not modules_of("store", "update", str(folder), *place, *at) & NETWORK
    assert not modules_of("store", "show", *place) & NETWORK
