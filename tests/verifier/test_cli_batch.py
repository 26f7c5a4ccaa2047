"""The command line over many inputs: where they come from, what is left out, summaries, progress, and how it ends."""

import contextlib
import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from support.doors import command
from support.issuers import FAR_OFF, SimulatedCourt
from support.samples import ABSENT, WANG_ID
from xinzheng_verifier.cli import batch, progress
from xinzheng_verifier.cli.inputs import Inputs
from xinzheng_verifier.cli.summary import COLUMNS
from xinzheng_verifier.limits import MAX_INPUT_BYTES, MAX_REQUEST_BYTES

AT = "2026-11-23T09:00:00Z"
TRUST = ("--controller", "issuer", "--status-list", "revocation", "suspension", "--at", AT)
OTHER_ID = "420683198506151235"


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(autouse=True)
def desk(court: SimulatedCourt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of trust documents and a folder `in` of certificates."""
    forms = court.issue()
    folder = tmp_path / "in"
    (folder / "b").mkdir(parents=True)
    (folder / "a.json").write_bytes(forms.json_text)
    (folder / "b" / "c.jwt").write_text(forms.jwt, "ascii")
    (folder / "b" / "d.txt").write_text(forms.qr, "ascii")
    (folder / "e[1].jwt").write_text(forms.jwt, "ascii")
    (tmp_path / "issuer").write_text(json.dumps(court.issuer_document()), "utf-8")
    for purpose in ("revocation", "suspension"):
        (tmp_path / purpose).write_text(json.dumps(court.status_list(purpose, valid_until=FAR_OFF)), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(printed: str) -> list[str]:
    return [json.loads(line)["file"] for line in printed.splitlines()]


# --- where they come from ---------------------------------------------------------------------------------------------


def test_folder_with_everything_below_it_in_order() -> None:
    printed = command("in", *TRUST, "--json")
    assert printed.status == 0
    assert names(printed.out) == ["in/a.json", "in/b/c.jwt", "in/b/d.txt", "in/e[1].jwt"]
    assert printed.err == "4 checked: 4 passed, 0 failed, 0 not decided\n"


def test_what_is_left_out_of_a_folder_is_said(desk: Path) -> None:
    (desk / "in" / ".hidden.json").write_text("{}", "utf-8")
    (desk / "in" / ".git").mkdir()
    os.mkfifo(desk / "in" / "pipe")  # would be read for ever
    (desk / "in" / "loop").symlink_to(desk / "in", target_is_directory=True)
    printed = command("in", *TRUST, "--brief")
    assert printed.status == 0
    assert printed.out.splitlines()[4:] == [
        "4 checked: 4 passed, 0 failed, 0 not decided",
        "Left out of folders: 2 hidden",
        "Left out of folders: 2 that are no plain files",
    ]


def test_what_cannot_be_read_of_a_folder_is_a_row_and_counts(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (desk / "in" / "big.bin").open("wb") as big:
        big.truncate(10**10)
    assert command("in", *TRUST, "--brief", "--summary", "large.csv").status == 1
    (desk / "in" / "gone.json").symlink_to(desk / "nowhere")
    (desk / "in" / "locked").mkdir()
    listed = os.listdir

    def listdir(path: str) -> list[str]:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "listdir", listdir)
    printed = command("in", *TRUST, "--brief", "--summary", "s.csv")
    assert printed.status == 64
    assert printed.out.splitlines()[-1] == "7 checked: 4 passed, 1 failed, 0 not decided, 2 could not be read"
    assert printed.err.splitlines() == [
        "in/gone.json cannot be read: No such file or directory",
        "in/locked cannot be read: Permission denied",
    ]
    with (desk / "s.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["Input"], row["Code"]) for row in csv.DictReader(file)]
    assert rows == [
        ("in/a.json", "ok"),
        ("in/b/c.jwt", "ok"),
        ("in/b/d.txt", "ok"),
        ("in/big.bin", "too_large"),
        ("in/e[1].jwt", "ok"),
        ("in/gone.json", "unreadable"),
        ("in/locked", "unreadable"),
    ]


def test_name_that_no_file_can_have_is_unreadable() -> None:
    printed = command("in", "x" * 5_000, *TRUST, "--brief")
    assert printed.status == 64
    assert "cannot be read: File name too long" in printed.err


def test_large_file_that_is_named_is_answered(desk: Path) -> None:
    with (desk / "big.bin").open("wb") as big:
        big.truncate(MAX_INPUT_BYTES + 1)
    printed = command("big.bin", *TRUST, "--json")
    assert (printed.status, json.loads(printed.out)["code"], printed.err) == (1, "too_large", "")


def test_empty_folder_proves_nothing(desk: Path) -> None:
    (desk / "empty").mkdir()
    printed = command("empty", *TRUST)
    assert printed.status == 64
    assert "Nothing was found to check." in printed.err


def test_pattern_follows_no_link_to_a_folder(desk: Path) -> None:
    for name in ("one", "other"):  # 2 to the power of 40 ways to every file
        (desk / "in" / "b" / name).symlink_to(desk / "in", target_is_directory=True)
    assert names(command("in/**/*.jwt", *TRUST, "--json").out) == ["in/b/c.jwt", "in/e[1].jwt"]
    printed = command("in/**/*", *TRUST, "--json")
    assert names(printed.out) == names(command("in", *TRUST, "--json").out)
    assert "Left out of folders: 2 that are no plain files" in printed.err
    assert names(command("**/b/**", *TRUST, "--json").out) == ["in/b/c.jwt", "in/b/d.txt"]
    assert names(command("in/b/o*/b/**/c*", *TRUST, "--json").out) == ["in/b/one/b/c.jwt", "in/b/other/b/c.jwt"]
    assert names(command(f"{desk}/i[n]/**/**/d.*", *TRUST, "--json").out) == [f"{desk}/in/b/d.txt"]


def test_patterns_that_the_shell_left_alone(desk: Path) -> None:
    assert names(command("in/**/*.jwt", *TRUST, "--json").out) == ["in/b/c.jwt", "in/e[1].jwt"]
    assert names(command(f"{desk}/in/b/*", *TRUST, "--json").out) == [f"{desk}/in/b/c.jwt", f"{desk}/in/b/d.txt"]
    assert names(command("in/e[1].jwt", *TRUST, "--json").out) == ["in/e[1].jwt"]  # a file of that name
    assert names(command("i?", *TRUST, "--json").out) == names(command("in", *TRUST, "--json").out)
    nothing = command("in/*.pdf", *TRUST)
    assert nothing.status == 64
    assert "in/*.pdf cannot be read" in nothing.err


@pytest.fixture
def lines(court: SimulatedCourt, desk: Path) -> Path:
    forms = court.issue()
    content: list[str] = [
        json.dumps(forms.jwt),
        json.dumps(forms.json_ld, ensure_ascii=False),
        "",
        json.dumps({"credential": forms.qr, "identity": WANG_ID, "id": "loan 7"}),
        json.dumps({"id": "loan 8", "credential": forms.json_ld, "identity": OTHER_ID}),
        forms.jwt,
        '"not closed',
        "\ud800",
        json.dumps({"credential": forms.jwt, "policy": {}}),
        "x" * (2 * MAX_REQUEST_BYTES + 7),
        json.dumps(forms.qr),
    ]
    path = desk / "lines.jsonl"
    path.write_bytes("\n".join(content).encode("utf-8", "surrogatepass"))
    return path


EXPECTED = [
    ("lines.jsonl:1", None, "ok"),
    ("lines.jsonl:2", None, "ok"),
    ("lines.jsonl:4", "loan 7", "ok"),
    ("lines.jsonl:5", "loan 8", "identity_mismatch"),
    ("lines.jsonl:6", None, "ok"),
    ("lines.jsonl:7", None, "malformed"),
    ("lines.jsonl:8", None, "form_unknown"),
    ("lines.jsonl:10", None, "too_large"),
    ("lines.jsonl:11", None, "ok"),
]


@pytest.mark.usefixtures("lines")
def test_json_lines() -> None:
    printed = command("--jsonl", "lines.jsonl", *TRUST, "--json")
    answers = [json.loads(line) for line in printed.out.splitlines()]
    assert [(answer["file"], answer.get("id"), answer["code"]) for answer in answers] == EXPECTED
    assert printed.status == 64
    assert "lines.jsonl:9 is not a credential with credential, identity and id: policy" in printed.err
    assert "10 checked: 5 passed, 4 failed, 0 not decided, 1 could not be read" in printed.err
    assert WANG_ID not in printed.out + printed.err


def test_json_lines_from_standard_input(lines: Path) -> None:
    printed = command("--jsonl", "-", *TRUST, "--json", stdin=lines.read_bytes())
    assert names(printed.out) == [name.replace("lines.jsonl", "-") for name, _, _ in EXPECTED]
    assert command("--jsonl", "-", "-", *TRUST).status == 64
    missing = command("in", "--jsonl", "nowhere", *TRUST, "--brief")
    assert missing.status == 64
    assert "nowhere cannot be read" in missing.err


def test_number_of_a_line_goes_before_the_one_typed(court: SimulatedCourt, desk: Path) -> None:
    jwt = court.issue().jwt
    own = json.dumps({"credential": jwt, "identity": OTHER_ID})
    (desk / "two.jsonl").write_text(f'{own}\n"{jwt}"\n', "utf-8")
    printed = command("--jsonl", "two.jsonl", *TRUST, "--id-number", "-", "--json", stdin=WANG_ID.encode())
    assert [json.loads(line)["code"] for line in printed.out.splitlines()] == ["identity_mismatch", "ok"]


def test_nothing_named_is_misuse() -> None:
    printed = command(*TRUST)
    assert printed.status == 64
    assert "Say what to check" in printed.err


@pytest.mark.parametrize("workers", ["0", "x", "-1", "10000", "²"])
def test_number_of_workers_is_one(workers: str) -> None:
    assert command("in", *TRUST, "--workers", workers).status == 64


def test_many_are_judged_by_several_processes_in_order(
    court: SimulatedCourt, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "FEW", 10)
    jwt = court.issue().jwt
    (desk / "many.jsonl").write_text(f'"{jwt}"\n' * 50 + '"x"\n', "utf-8")
    printed = command("--jsonl", "many.jsonl", *TRUST, "--brief")
    assert printed.status == 1
    said = [line.split(": ")[0] for line in printed.out.splitlines()]
    assert said == [*(f"many.jsonl:{number}" for number in range(1, 52)), "51 checked"]
    alone = command("--jsonl", "many.jsonl", *TRUST, "--brief", "--workers", "1")
    assert alone.out == printed.out


# --- summaries --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lines")
def test_summary_for_a_spreadsheet(desk: Path) -> None:
    printed = command("in", "nowhere", "--jsonl", "lines.jsonl", *TRUST, "--brief", "--summary", "s.csv")
    assert printed.status == 64
    raw = (desk / "s.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert len(rows) == 1 + 4 + 1 + 10
    assert rows[0][:4] == ["Input", "Your number", "Verdict", "Code"]
    assert rows[1] == [
        "in/a.json",
        "",
        "passed",
        "ok",
        "鄂0683-2026-7K3M9QW2XB4TC",
        "4206831990****001X",
        "Zaoyang People's Court",
        "2026-11-23T08:50:00Z",
        "Genuine, and nothing known speaks against it.",
    ]
    assert rows[5][:4] == ["nowhere", "", "", "unreadable"]
    assert rows[9][:4] == ["lines.jsonl:5", "loan 8", "failed", "identity_mismatch"]
    assert [path.name for path in desk.iterdir() if "part" in path.name] == []


def test_summary_in_chinese(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    printed = command("in", *TRUST, "--brief", "--summary", "s.csv")
    assert printed.out.splitlines()[-1] == "共 4 份：通过 4，不通过 0，无法判定 0"
    rows = list(csv.reader((desk / "s.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0][0] == "核验对象"
    assert rows[1][6] == "枣阳市人民法院"


def test_no_cell_is_a_formula(desk: Path) -> None:
    lines = [{"credential": "x", "id": start + "cmd|' /C calc'!A0"} for start in "=+-@＝＋－＠\t\r\n|%"]
    (desk / "l.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    command("--jsonl", "l.jsonl", *TRUST, "--brief", "--summary", "s.csv")
    with (desk / "s.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row[1] for row in csv.reader(file)][1:]
    assert len(cells) == len(lines)
    assert [cell for cell in cells if not re.match(r"'[=+\-@＝＋－＠|%]|\\u00", cell)] == []


@pytest.mark.usefixtures("lines")
def test_summary_for_programs(desk: Path) -> None:
    command("--jsonl", "lines.jsonl", *TRUST, "--brief", "--summary", "s.json")
    summary = json.loads((desk / "s.json").read_text("utf-8"))
    assert list(summary) == ["at", "bundleVersion", "rows", "counts"]
    assert (summary["at"], summary["bundleVersion"]) == (AT, None)
    assert summary["counts"] == {"passed": 5, "failed": 4, "unreadable": 1}
    assert {tuple(row) for row in summary["rows"]} == {COLUMNS}
    assert [row["code"] for row in summary["rows"]][7:9] == ["line_malformed", "too_large"]


def test_summary_of_an_odd_credential(court: SimulatedCourt, desk: Path) -> None:
    (desk / "controller").write_text(json.dumps(court.controller_document()), "utf-8")
    other = court.credential({"credentialSubject": {"maskedIdNumber": 7}, "certificateNumber": ABSENT})
    (desk / "odd.json").write_text(json.dumps(court.secure(other)), "utf-8")
    several = court.credential() | {"credentialSubject": [{"id": "did:example:a"}]}
    (desk / "several.json").write_text(json.dumps(court.secure(several)), "utf-8")
    command("odd.json", "several.json", "--controller", "controller", "--at", AT, "--summary", "s.json")
    rows = json.loads((desk / "s.json").read_text("utf-8"))["rows"]
    assert [(row["certificateNumber"] == "", row["maskedIdNumber"], row["issuer"]) for row in rows] == [
        (True, "", court.did),
        (False, "", court.did),
    ]


def test_summary_replaces_nothing(desk: Path) -> None:
    before = (desk / "in" / "a.json").read_bytes()
    printed = command("in", *TRUST, "--summary", "in/a.json")
    assert printed.status == 64
    assert "exists already" in printed.err
    assert (desk / "in" / "a.json").read_bytes() == before
    assert "should end with" in command("in", *TRUST, "--summary", "s.xlsx").err


def test_summary_that_is_not_whole_is_none(desk: Path) -> None:
    assert command("--jsonl", "nowhere", *TRUST, "--summary", "s.csv").status == 64
    (desk / "empty").mkdir()
    assert command("empty", *TRUST, "--summary", "s.json").status == 64
    assert [path.name for path in desk.iterdir() if path.name.startswith((".", "s."))] == []


# --- a terminal, a pipe, an interruption ------------------------------------------------------------------------------


def test_progress_on_a_terminal_only(desk: Path, court: SimulatedCourt) -> None:
    jwt = court.issue().jwt
    for number in range(30):
        (desk / "in" / f"n{number}.jwt").write_text(jwt, "ascii")
    leader, follower = pty.openpty()
    arguments = [sys.executable, "-m", "xinzheng_verifier", "in", *TRUST, "--json"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    out, _ = process.communicate(timeout=60)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert process.returncode == 0
    assert len(names(out.decode())) == 34
    assert re.search(r"\r\x1b\[2K\[#*\.+\] \d+/34 \d+ checked: \d+ passed, 0 failed, 0 not decided · \d+/s", shown)
    assert shown.endswith("34 checked: 34 passed, 0 failed, 0 not decided\r\n")
    assert "\x1b" not in command("in", *TRUST, "--json").err


def test_progress_over_an_unknown_number(capsys: pytest.CaptureFixture[str]) -> None:
    shown = progress.Progress(None, language="en", shown=True)
    shown.show(Counter(passed=3))
    shown.show(Counter(passed=4))  # too soon
    shown.clear()
    shown.clear()
    error = capsys.readouterr().err
    assert re.fullmatch(r"\r\x1b\[2K3 checked: 3 passed, 0 failed, 0 not decided · \d+/s\r\x1b\[2K", error)


@pytest.mark.usefixtures("lines")
def test_total_of_lines_is_unknown() -> None:
    assert Inputs([], ["lines.jsonl"]).count() is None
    assert Inputs(["in", "-", "nowhere"]).count() == 6


@pytest.fixture
def endless(court: SimulatedCourt) -> str:
    return f'"{court.issue().jwt}"\n' * 200


def test_reader_that_stops_reading_ends_it_quietly(endless: str, desk: Path) -> None:
    (desk / "many.jsonl").write_text(endless * 20, "ascii")
    arguments = [sys.executable, "-m", "xinzheng_verifier", "--jsonl", "many.jsonl", *TRUST, "--summary", "s.csv"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"many.jsonl:1: PASSED")
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 2
    assert not (desk / "s.csv").exists()


def test_interruption_ends_it_cleanly(endless: str, desk: Path) -> None:
    arguments = [sys.executable, "-m", "xinzheng_verifier", "--jsonl", "-", *TRUST, "--brief", "--summary", "s.csv"]
    process = subprocess.Popen(
        [*arguments, "--workers", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # An interruption inside of coverage leaves its lock held for ever.
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        # A run in the background of a shell hands down that the signal is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - before exec
    )
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    assert stdin is not None
    assert stdout is not None
    assert stderr is not None

    def pour() -> None:
        with contextlib.suppress(OSError):
            while process.poll() is None:
                stdin.write(endless.encode())

    pouring = threading.Thread(target=pour, daemon=True)
    pouring.start()
    assert stdout.readline().startswith(b"-:1: PASSED")
    drained = threading.Thread(target=stdout.read, daemon=True)
    drained.start()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    error = stderr.read()
    for thread in (pouring, drained):
        thread.join(timeout=60)
    for stream in (stdout, stderr):
        stream.close()
    with contextlib.suppress(BrokenPipeError):
        stdin.close()
    assert re.fullmatch(rb"\nInterrupted; up to here: \d+ checked: \d+ passed, 0 failed, 0 not decided\n", error)
    assert [path.name for path in desk.iterdir() if path.name.startswith((".", "s."))] == []
