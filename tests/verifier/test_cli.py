"""The command line beyond the vectors: what it says, where it reads from, how it ends."""

import json
import os
import pty
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from support.doors import Printed, command
from support.issuers import SimulatedCourt
from support.samples import WANG_ID
from support.tuf_simulator import TUFSimulator
from xinzheng_verifier.cli.screen import table
from xinzheng_verifier.show.sheet import printable

AT = "2026-11-23T09:00:00Z"


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(autouse=True)
def desk(court: SimulatedCourt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with certificates and trust documents, where the command runs."""
    forms = court.issue()
    (tmp_path / "c.json").write_bytes(forms.json_text)
    (tmp_path / "c.jwt").write_text(forms.jwt, "ascii")
    (tmp_path / "c.txt").write_text(forms.qr, "ascii")
    (tmp_path / "forged.jwt").write_text(court.issue(signer=SimulatedCourt().certificate_signer).jwt, "ascii")
    (tmp_path / "issuer").write_text(json.dumps(court.issuer_document()), "utf-8")
    for purpose in ("revocation", "suspension"):
        (tmp_path / purpose).write_text(json.dumps(court.status_list(purpose)), "utf-8")
    (tmp_path / "revoked").write_text(json.dumps(court.status_list("revocation", [94567])), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


TRUST = ("--controller", "issuer", "--status-list", "revocation", "suspension", "--at", AT)


def flowing(printed: Printed) -> str:
    """What was printed, as if the screen were wide enough."""
    return " ".join(printed.out.split())


def bundle_of(court: SimulatedCourt, **lists: list[int]) -> TUFSimulator:
    """A bundle with this court in it."""
    simulator = TUFSimulator(at=court.now)
    simulator.targets = {"courts/420683/issuer.json": json.dumps(court.issuer_document()).encode()}
    for purpose in ("revocation", "suspension"):
        content = court.status_list(purpose, lists.get(purpose, ()))
        simulator.targets[f"courts/420683/status/1/{purpose}.json"] = json.dumps(content).encode()
    return simulator


# --- the screen -------------------------------------------------------------------------------------------------------


def test_one_screen_says_what_a_lender_must_see() -> None:
    printed = command("c.json", *TRUST, "--id-number", "-", stdin=f"{WANG_ID}\n".encode())
    assert printed.status == 0
    lines = printed.out.splitlines()
    assert len(lines) <= 24
    assert lines[0] == "c.json: PASSED"
    for said in (
        "王某 · 4206831990****001X · matches the ID number given",
        "Zaoyang People's Court · did:web:xz.example:did:420683",
        "鄂0683-2026-7K3M9QW2XB4TC",
        "（2022）鄂0683执123号 · 枣阳市人民法院",
        "since 2026-11-20; settlement performed",
        "consumption restriction lifted",
        "neither revoked nor suspended as of 2026-11-23T08:50:00Z · 10 min before the moment asked about",
        "It does not state",
    ):
        assert said in flowing(printed)
    assert WANG_ID not in printed.out


def test_chinese_by_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    printed = command("c.txt", *TRUST)
    assert printed.out.startswith("c.txt: 通过\n")
    assert "未与证件号码比对" in printed.out
    assert "枣阳市人民法院 · did:web" in printed.out
    assert "不证明的事项" in printed.out


def test_everything_wrong_is_said() -> None:
    trust = ("--controller", "issuer", "--status-list", "revoked", "suspension", "--at", "2028-11-23T09:00:00Z")
    printed = command("c.jwt", *trust, "--id-number", "-", stdin=b"420683198506151235")
    assert printed.status == 1
    assert printed.out.startswith("c.jwt: FAILED: do not rely on it\n  Genuine, but no longer valid")
    assert "(revoked)" in printed.out
    assert "(identity_mismatch)" in printed.out
    assert "not compared" not in printed.out
    assert "731 d 0 h before the moment asked about" in printed.out


def test_undecided_is_neither_good_nor_bad() -> None:
    printed = command("c.jwt", "--controller", "issuer", "--at", AT)
    assert printed.status == 2
    assert printed.out.startswith("c.jwt: NOT DECIDED")
    assert "current status is unknown" in printed.out
    stale = command("c.jwt", *TRUST[:-1], "2026-11-23T15:00:00Z", "--max-status-age", "90m")
    assert stale.status == 2
    assert "6 h 10 min before the moment asked about" in flowing(stale)


def test_nothing_of_a_forged_certificate_is_shown() -> None:
    printed = command("forged.jwt", *TRUST)
    assert printed.status == 1
    assert "王某" not in printed.out
    assert "Court" not in printed.out


def test_asked_about_an_earlier_moment() -> None:
    printed = command("c.jwt", *TRUST[:-1], "2026-11-23T08:30:00Z")
    assert printed.status == 2
    assert "(status_not_yet_known)" in printed.out
    assert "before the moment" not in printed.out


def test_other_credentials_are_shown_by_type(court: SimulatedCourt, desk: Path) -> None:
    (desk / "controller").write_text(json.dumps(court.controller_document()), "utf-8")
    other = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": court.did,
        "credentialSubject": {"id": "did:example:subject\u202e"},
    }
    (desk / "other.json").write_text(json.dumps(court.secure(other)), "utf-8")
    printed = command("other.json", "--controller", "controller", "--at", AT, "--profile", "vcdm")
    assert printed.status == 0, printed
    assert "did:example:subject\\u202e" in printed.out
    assert "… to …" in printed.out
    as_certificate = command("other.json", "--controller", "controller", "--at", AT)
    assert as_certificate.status == 1


def test_malformed_certificate_of_the_court_is_shown_as_far_as_it_goes(court: SimulatedCourt, desk: Path) -> None:
    subject = {"name": 7, "masking": "x", "purpose": None, "performanceStatus": "unheard-of", "enforcementCourt": []}
    (desk / "odd.json").write_text(json.dumps(court.secure(court.credential({"credentialSubject": subject}))), "utf-8")
    printed = command("odd.json", *TRUST)
    assert printed.status == 1
    assert "unheard-of" in printed.out


def test_texts_that_deceive_the_eye_are_pointed_out(court: SimulatedCourt, desk: Path) -> None:
    purpose = {"purpose": ["other"], "purposeText": "Ваnk loan"}  # the first two letters are Cyrillic
    (desk / "odd.jwt").write_text(court.issue({"credentialSubject": purpose}).jwt, "ascii")
    assert "Careful" in command("odd.jwt", *TRUST).out


def test_text_cannot_play_with_the_terminal() -> None:
    assert printable("a\x1b[31m\u202eb\u200bc\r\n") == "a\\u001b[31m\\u202eb\\u200bc\\u000d\\u000a"


def test_wide_signs_take_two_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = table([("Name", "枣阳市人民法院" * 4), ("For", "financing and bidding, and the like of it")]).splitlines()
    assert lines == [
        "  Name  枣阳市人民法院枣阳市人民法院枣阳",
        "        市人民法院枣阳市人民法院",
        "  For   financing and bidding, and the",
        "        like of it",
    ]
    assert table([]) == ""


# --- input ------------------------------------------------------------------------------------------------------------


def test_several_files_end_with_the_worst() -> None:
    printed = command("c.json", "forged.jwt", "c.txt", *TRUST, "--json")
    assert printed.status == 1
    answers = [json.loads(line) for line in printed.out.splitlines()]
    assert [(answer["file"], answer["code"]) for answer in answers] == [
        ("c.json", "ok"),
        ("forged.jwt", "signature_invalid"),
        ("c.txt", "ok"),
    ]
    assert command("c.json", "c.txt", *TRUST, "--json").status == 0


def test_standard_input(desk: Path) -> None:
    printed = command("-", *TRUST, stdin=(desk / "c.json").read_bytes())
    assert printed.status == 0
    assert printed.out.startswith("-: PASSED")


def test_missing_file_does_not_stop_the_others() -> None:
    printed = command("nowhere.json", "c.json", *TRUST)
    assert printed.status == 64
    assert "nowhere.json cannot be read: No such file or directory" in printed.err
    assert "c.json: PASSED" in printed.out


def test_larger_file_is_not_read_to_its_end(desk: Path) -> None:
    with (desk / "big.json").open("wb") as file:
        file.truncate(10**10)
    printed = command("big.json", *TRUST, "--json")
    assert (printed.status, json.loads(printed.out)["code"]) == (1, "too_large")


def test_now_is_the_default() -> None:
    printed = command("c.jwt", "--controller", "issuer", "--json")
    at = datetime.fromisoformat(json.loads(printed.out)["at"])
    assert abs(datetime.now(at.tzinfo) - at) < timedelta(minutes=1)


def test_form_can_be_pinned() -> None:
    assert command("c.jwt", *TRUST, "--form", "jwt").status == 0
    assert "(malformed)" in command("c.jwt", *TRUST, "--form", "jsonld").out


GENUINE = (0, 2)
"""Exit statuses of another process, whose clock nobody holds: the lists of a court that stands still are over by it."""


def test_number_is_typed_unseen_on_a_terminal() -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "xinzheng_verifier", "c.jwt", *TRUST, "--id-number", "-"],
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(follower)
    assert process.stderr is not None
    prompt = process.stderr.read(len("ID number or social credit code: "))
    assert prompt == b"ID number or social credit code: "
    os.write(leader, f"{WANG_ID}\n".encode())
    out, err = process.communicate(timeout=30)
    os.close(leader)
    assert process.returncode in GENUINE, err
    assert "matches the ID number given" in out.decode()
    assert WANG_ID not in (out + err).decode()


# --- misuse -----------------------------------------------------------------------------------------------------------


def says(printed: Printed, text: str) -> bool:
    return printed.status == 64 and text in printed.err


def test_rules_that_cannot_be_kept_are_misuse() -> None:
    assert says(command("c.jwt", *TRUST, "--max-clock-skew", "6m"), "--max-clock-skew")
    assert says(command("c.jwt", *TRUST, "--same-as", "missing.json"), "missing.json")
    assert says(command("-", *TRUST, "--same-as", "-"), "once only")
    assert says(command("c.jwt", *TRUST, "--same-as", "-", "--id-number", "-"), "once only")


def test_other_form_from_standard_input(desk: Path) -> None:
    printed = command("c.jwt", *TRUST, "--same-as", "-", "--json", stdin=(desk / "c.json").read_bytes())
    assert printed.status == 0
    assert json.loads(printed.out)["steps"][8]["evidence"] == {"compared": ["other"]}


def test_misuse_ends_with_64() -> None:
    assert says(command(), "FILE")
    assert says(command("c.json"), "Say whom to trust: --store")
    assert says(command("c.json", "--bundle", "b.xzb"), "Say whom to trust")
    assert says(command("c.json", "--root", "root.json"), "Say whom to trust")
    assert says(command("c.json", "--status-list", "revocation"), "Say whom to trust")
    assert says(command("c.json", "--store", "s", "--controller", "issuer"), "in one way only")
    assert says(command("c.json", "--controller", "nowhere"), "nowhere cannot be read")
    assert says(command("c.json", *TRUST, "--at", "yesterday"), "--at")
    assert says(command("c.json", *TRUST, "--max-status-age", "1 day"), "--max-status-age")
    assert says(command("c.json", *TRUST, "--max-status-age", "1000000000d"), "--max-status-age")
    assert says(command("c.json", *TRUST, "--max-clock-skew", "6m"), "--max-clock-skew")
    assert says(command("c.json", *TRUST, "--same-as", "nowhere"), "nowhere cannot be read")
    assert says(command("-", *TRUST, "--same-as", "-"), "Standard input can be read once")
    assert says(command("c.json", *TRUST, "--id-number", WANG_ID), "--id-number")
    assert says(command("-", *TRUST, "--id-number", "-"), "Standard input can be read once")
    assert says(command("-", "-", *TRUST), "Standard input can be read once")
    assert says(command("c.json", *TRUST, "--id-number", "-", stdin=b" \n"), "No ID number was typed")
    assert says(command("c.json", *TRUST, "--unknown"), "--unknown")


def test_trust_that_cannot_be_used_decides_nothing(desk: Path) -> None:
    """Without a trust list nothing is valid (not: everything is)."""
    printed = command("c.json", "--store", "nowhere")
    assert (printed.status, printed.out) == (2, "")
    assert "(store_missing)" in printed.err
    (desk / "broken").write_bytes(b"{")
    assert command("c.json", "--controller", "broken").status == 2
    (desk / "b.xzb").write_bytes(b"PK")
    (desk / "r.json").write_bytes(b"{}")
    assert command("c.json", "--bundle", "b.xzb", "--root", "r.json").status == 2


@pytest.mark.parametrize("names", [(), ("serve",), ("store", "import"), ("store", "show")])
def test_help_and_version_in_both_languages(names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    english = command(*names, "--help")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    chinese = command(*names, "--help")
    assert (english.status, chinese.status) == (0, 0)
    assert "Exit status: 0 passed" in english.out
    assert "退出码：0 通过" in chinese.out
    version = command(*names, "--version")
    assert (version.status, version.out) == (0, "xinzheng-verify 0.1.0\n")


def test_output_that_cannot_show_chinese() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "xinzheng_verifier", "c.jwt", *TRUST],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert result.returncode in GENUINE, result.stderr
    assert b"\\u738b" in result.stdout


# --- bundle and store -------------------------------------------------------------------------------------------------


def test_bundle_with_its_root(court: SimulatedCourt, desk: Path) -> None:
    simulator = bundle_of(court)
    (desk / "b.xzb").write_bytes(simulator.bundle())
    (desk / "root.json").write_bytes(simulator.root_bytes)
    printed = command("c.txt", "--bundle", "b.xzb", "--root", "root.json", "--at", AT, "--json")
    report = json.loads(printed.out)
    assert (printed.status, report["code"], report["bundleVersion"]) == (0, "ok", 1)
    assert report["issuer"]["name"] == {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"}


def test_store_takes_newer_bundles_and_refuses_older_ones(court: SimulatedCourt, desk: Path) -> None:
    simulator = bundle_of(court)
    (desk / "root.json").write_bytes(simulator.root_bytes)
    (desk / "b1.xzb").write_bytes(simulator.bundle())
    simulator.next()
    revoked = json.dumps(court.status_list("revocation", [94567], sequence=2)).encode()
    simulator.targets["courts/420683/status/1/revocation.json"] = revoked
    (desk / "b2.xzb").write_bytes(simulator.bundle())
    at = ("--at", AT)

    first = command("store", "import", "b1.xzb", "--store", "s", "--root", "root.json", *at)
    assert first.status == 0
    assert "the store holds bundle 1 now" in first.out
    assert command("c.jwt", "--store", "s", *at).status == 0
    again = command("store", "import", "b1.xzb", "--store", "s", *at, "--json")
    assert json.loads(again.out)["changed"] is False
    assert "Nothing to do" in command("store", "import", "b1.xzb", "--store", "s", *at).out

    second = command("store", "import", "b2.xzb", "--store", "s", *at, "--json")
    answer = json.loads(second.out)
    assert (answer["code"], answer["bundleVersion"], answer["previousVersion"]) == ("ok", 2, 1)
    assert "(revoked)" in command("c.jwt", "--store", "s", *at).out

    back = command("store", "import", "b1.xzb", "--store", "s", *at)
    assert back.status == 1
    assert "(bundle_rollback)" in back.err
    told = command("store", "import", "b1.xzb", "--store", "s", *at, "--json")
    assert (told.status, json.loads(told.out)["code"]) == (1, "bundle_rollback")
    assert "(revoked)" in command("c.jwt", "--store", "s", *at).out

    shown = command("store", "show", "--store", "s")
    assert shown.status == 0
    assert "version 2" in shown.out
    assert "Zaoyang People's Court did:web:xz.example:did:420683" in shown.out
    told = command("store", "show", "--store", "s", "--json")
    assert json.loads(told.out)["bundleVersion"] == 2
    assert len(json.loads(told.out)["statusLists"]) == 2


def test_store_misused() -> None:
    assert says(command("store"), "Say whom to trust")  # a file of that name
    assert says(command("store", "import"), "BUNDLE")
    assert says(command("store", "import", "nowhere.xzb", "--store", "s"), "nowhere.xzb cannot be read")
    assert command("store", "show", "--store", "nowhere").status == 2


@pytest.mark.parametrize(("locale", "said"), [("en_GB.UTF-8", "never written here"), ("zh_CN.UTF-8", "不可写在此处")])
def test_number_written_as_an_argument_is_not_repeated(monkeypatch: pytest.MonkeyPatch, locale: str, said: str) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    printed = command("c.json", "--id-number", WANG_ID)
    assert printed.status == 64
    assert said in printed.err
    assert WANG_ID not in printed.out + printed.err


def test_reader_that_is_gone_ends_any_command_quietly(court: SimulatedCourt, tmp_path: Path) -> None:
    simulator, store = bundle_of(court), str(tmp_path / "store")
    (tmp_path / "bundle").write_bytes(simulator.bundle())
    (tmp_path / "root").write_bytes(simulator.root_bytes)
    at = "2026-11-23T09:00:00Z"
    imported = command(
        "store", "import", tmp_path / "bundle", "--store", store, "--root", tmp_path / "root", "--at", at
    )
    assert imported.status == 0
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "xinzheng_verifier", "store", "show", "--store", store],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (2, b"")
