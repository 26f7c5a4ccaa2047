"""Answers that cannot be written, and answers that must not wait."""

import contextlib
import errno
import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO

import pytest

from support.doors import command
from support.issuers import FAR_OFF, SimulatedCourt
from support.tuf_simulator import TUFSimulator
from xinzheng_verifier.cli import main

AT = "2026-11-23T09:00:00Z"
TRUST = ("--controller", "issuer", "--status-list", "revocation", "suspension", "--at", AT)
PROGRAM = (sys.executable, "-m", "xinzheng_verifier")
FULL = Path("/dev/full")
LONG_WAIT = 60  # seconds


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def jwt(court: SimulatedCourt) -> str:
    return court.issue().jwt


@pytest.fixture(autouse=True)
def desk(court: SimulatedCourt, jwt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "c.jwt").write_text(jwt, "ascii")
    (tmp_path / "issuer").write_text(json.dumps(court.issuer_document()), "utf-8")
    for purpose in ("revocation", "suspension"):
        (tmp_path / purpose).write_text(json.dumps(court.status_list(purpose, valid_until=FAR_OFF)), "utf-8")
    simulator = TUFSimulator(at=court.now)
    simulator.targets = {"courts/420683/issuer.json": json.dumps(court.issuer_document()).encode()}
    (tmp_path / "b.xzb").write_bytes(simulator.bundle())
    (tmp_path / "r.json").write_bytes(simulator.root_bytes)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- a full disk ------------------------------------------------------------------------------------------------------

COMMANDS = (
    ("c.jwt", *TRUST),
    ("c.jwt", "c.jwt", *TRUST, "--json"),
    ("c.jwt", "c.jwt", *TRUST, "--brief"),
    ("--help",),
    ("--version",),
    ("store", "import", "b.xzb", "--root", "r.json", "--store", "s", "--at", AT),
)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_full_disk_ends_any_command_plainly(arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        ended = subprocess.run([*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 74
    assert ended.stderr.decode().splitlines()[-1] == "Standard output cannot be written: No space left on device"
    assert b"Traceback" not in ended.stderr


def test_full_disk_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    with FULL.open("wb") as full:
        ended = subprocess.run([*PROGRAM, "c.jwt", *TRUST], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr.decode()) == (74, "无法写入 标准输出：No space left on device\n")


def test_nothing_can_be_said_at_all() -> None:
    with FULL.open("wb") as full:
        for arguments in (("c.jwt", *TRUST), ("--unknown",), ("nowhere", *TRUST)):
            assert subprocess.run([*PROGRAM, *arguments], stdout=full, stderr=full, check=False).returncode == 74


@pytest.mark.parametrize("arguments", COMMANDS)
def test_full_disk_within_a_program(arguments: tuple[str, ...]) -> None:
    """As above, where `main` is called by another program that has streams of its own."""
    complaints = io.StringIO()
    with FULL.open("w") as full, contextlib.redirect_stderr(complaints), contextlib.redirect_stdout(full):
        assert main([*arguments]) == 74
    assert complaints.getvalue().splitlines()[-1] == "Standard output cannot be written: No space left on device"
    with (
        FULL.open("w") as full,
        FULL.open("w", buffering=1) as also_full,
        contextlib.redirect_stderr(also_full),
        contextlib.redirect_stdout(full),
    ):
        assert main([*arguments]) == 74
    with contextlib.redirect_stderr(complaints), contextlib.redirect_stdout(None):
        assert main([*arguments]) == 74
    assert complaints.getvalue().splitlines()[-1] == "Standard output cannot be written: Bad file descriptor"


@pytest.mark.parametrize("name", ["s.csv", "s.json"])
def test_summary_that_fails_on_the_way(name: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    printed = command("c.jwt", "c.jwt", *TRUST, "--brief", "--summary", name)
    assert (printed.status, printed.err) == (74, f"{name} cannot be written: No space left on device\n")
    assert [path.name for path in desk.iterdir() if path.name.startswith((".", "s."))] == []


def test_program_without_standard_output() -> None:
    quoted = " ".join(f"'{word}'" for word in (*PROGRAM, "c.jwt", *TRUST))
    ended = subprocess.run(["sh", "-c", f"{quoted} >&-"], stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (74, b"Standard output cannot be written: Bad file descriptor\n")


@pytest.mark.parametrize(
    ("words", "closed", "status"),
    [
        (["c.jwt", "c.jwt"], "2>&-", 0),
        (["-"], "<&-", 64),
        (["--jsonl", "-"], "<&-", 64),
        (["c.jwt", "--id-number", "-"], "<&-", 64),
    ],
)
def test_program_without_another_standard_stream(words: list[str], closed: str, status: int) -> None:
    quoted = " ".join(f"'{word}'" for word in (*PROGRAM, *words, *TRUST))
    ended = subprocess.run(["sh", "-c", f"{quoted} {closed}"], capture_output=True, check=False)
    assert ended.returncode == status
    assert b"Traceback" not in ended.stderr


def test_end_of_input_in_place_of_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _prompt: (_ for _ in ()).throw(EOFError()))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    complained = io.StringIO()
    with contextlib.redirect_stderr(complained):
        assert main(["c.jwt", "--id-number", "-", *TRUST]) == 64
    assert complained.getvalue() == "No ID number was typed.\n"


def test_fault_of_the_program_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinzheng_verifier.cli.check.policy_of", lambda _options: 1 / 0)
    complained = io.StringIO()
    with contextlib.redirect_stderr(complained):
        assert main(["c.jwt", *TRUST]) == 2
    assert "ZeroDivisionError" in complained.getvalue()


def limited(octets: int) -> Callable[[], None]:
    """Before a program starts: its files find no room beyond this size, as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


@pytest.mark.parametrize("name", ["s.csv", "s.json"])
@pytest.mark.parametrize("lines", [1, 400])  # what fails is the end of the file, or a row
def test_summary_without_room(name: str, lines: int, desk: Path, jwt: str) -> None:
    (desk / "many.jsonl").write_text(f'"{jwt}"\n' * lines, "ascii")
    arguments = [*PROGRAM, "--jsonl", "many.jsonl", *TRUST, "--brief", "--workers", "1", "--summary", name]
    ended = subprocess.run(
        arguments,
        capture_output=True,
        check=False,
        # A measured run would write its measurements to files that are as limited.
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        preexec_fn=limited(64),
    )
    assert (ended.returncode, ended.stderr.decode()) == (74, f"{name} cannot be written: File too large\n")
    assert [path.name for path in desk.iterdir() if path.name.startswith((".", "s."))] == []


def test_summary_that_cannot_be_made() -> None:
    printed = command("c.jwt", *TRUST, "--summary", "nowhere/s.csv")
    assert printed.status == 74
    assert "nowhere/s.csv cannot be written: No such file or directory" in printed.err


def test_receipt_and_store_without_room(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSPHRASE", "correct horse battery staple")
    passphrase = ("--passphrase-env", "PASSPHRASE")
    assert command("receipt", "key", "lender.pem", *passphrase).status == 0
    receipt = ("receipt", "make", "c.jwt", *TRUST, "--key", "lender.pem", *passphrase, "--out")
    unwritten = command(*receipt, "nowhere/receipt")
    assert (unwritten.status, "(receipt_file_not_written)" in unwritten.err) == (74, True)
    assert command(*receipt, "c.jwt").status == 64  # a file is in the way: nothing failed to be written
    (desk / "file").touch()
    store = command("store", "import", "b.xzb", "--root", "r.json", "--store", "file/s", "--at", AT)
    assert (store.status, "(store_not_written)" in store.err) == (74, True)


def test_receipt_is_made_by_all_rules_that_are_given(court: SimulatedCourt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSPHRASE", "correct horse battery staple")
    passphrase = ("--passphrase-env", "PASSPHRASE")
    command("receipt", "key", "lender.pem", *passphrase)
    rules = ("--proofs", "ES384", "--max-clock-skew", "1m", "--issuers", court.did, "--unsafe-accept-other-controllers")
    made = command("receipt", "make", "c.jwt", *TRUST, *rules, "--key", "lender.pem", *passphrase, "--json")
    report = json.loads(made.out)
    assert (made.status, report["code"]) == (1, "proof_required")
    assert report["policy"] | {"types": None} == {
        "profile": "court",
        "maxStatusAgeSeconds": None,
        "requireStatus": True,
        "issuers": [court.did],
        "types": None,
        "proofs": ["ES384"],
        "maxClockSkewSeconds": 60,
        "unsafeAcceptOtherControllers": True,
        "unsafeTrustDatesOfCompromisedKeys": False,
    }


# --- a source that pauses ---------------------------------------------------------------------------------------------


def read_into(stream: IO[bytes], lines: "Queue[bytes]") -> None:
    for line in stream:
        lines.put(line)


@pytest.mark.parametrize("workers", [(), ("--workers", "1"), ("--workers", "2")])
def test_answers_do_not_wait_for_the_next_line(workers: tuple[str, ...], jwt: str) -> None:
    arguments = [*PROGRAM, "--jsonl", "-", *TRUST, "--brief", *workers]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    assert stdin is not None
    assert stdout is not None
    assert stderr is not None
    answers, complaints = Queue[bytes](), Queue[bytes]()
    readers = [Thread(target=read_into, args=pair, daemon=True) for pair in ((stdout, answers), (stderr, complaints))]
    for reader in readers:
        reader.start()
    stdin.write(f'"{jwt}"\n"x"\n{{"credential": 1}}\n"{jwt[:9]}'.encode())
    stdin.flush()
    # Nothing more comes: what has come is answered, the line that has no end yet aside.
    assert answers.get(timeout=LONG_WAIT).startswith(b"-:1: PASSED")
    assert answers.get(timeout=LONG_WAIT).startswith(b"-:2: FAILED")
    assert complaints.get(timeout=LONG_WAIT).startswith(b"-:3 is not a credential")
    assert answers.empty()
    stdin.write(f'{jwt[9:]}"\n'.encode())
    stdin.flush()
    assert answers.get(timeout=LONG_WAIT).startswith(b"-:4: PASSED")
    stdin.write((f'"{jwt}"\n' * 300).encode())
    stdin.close()
    assert process.wait(LONG_WAIT) == 64
    for reader in readers:
        reader.join(LONG_WAIT)
    rest = [answers.get() for _ in range(answers.qsize())]
    assert [line.split(b":")[1] for line in rest[:-1]] == [b"%d" % number for number in range(5, 305)]
    assert rest[-1] == b"304 checked: 302 passed, 1 failed, 0 not decided, 1 could not be read\n"
    stdout.close()
    stderr.close()


def test_named_pipe_is_a_source_too(desk: Path, jwt: str) -> None:
    os.mkfifo(desk / "pipe")
    process = subprocess.Popen([*PROGRAM, "--jsonl", "pipe", *TRUST, "--brief"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with (desk / "pipe").open("wb", buffering=0) as pipe:
        pipe.write(f'"{jwt}"\n'.encode())
        assert process.stdout.readline().startswith(b"pipe:1: PASSED")
        pipe.write(f'"{jwt}"'.encode())  # the last line has no end
    assert process.stdout.readline().startswith(b"pipe:2: PASSED")
    assert process.wait(LONG_WAIT) == 0
    process.stdout.close()


def test_source_that_cannot_be_read_to_its_end(desk: Path) -> None:
    (desk / "folder").mkdir()
    printed = command("--jsonl", "folder", *TRUST)
    assert (printed.status, "folder cannot be read: Is a directory" in printed.err) == (64, True)
