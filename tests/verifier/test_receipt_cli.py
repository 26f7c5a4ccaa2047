"""`xinzheng-verify receipt`: make, check, key, as a loan officer and an auditor would use them."""

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from support.doors import Printed, command
from support.tuf_simulator import TUFSimulator
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.receipt import load_key, read_public_key
from xinzheng_verifier.testkit import OTHER_PERSON, PERSON, FakeCourt

AT = "2026-11-23T09:00:00Z"
PASSPHRASE = "correct horse battery staple"
COURT = FakeCourt(now=parse_timestamp(AT))
CERTIFICATE, REVOKED = COURT.certificate(), COURT.certificate()
COURT.revoke(REVOKED)
TRUST = ("--controller", "court.json", "--status-list", "revocation", "suspension")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with certificates, trust documents and a lender's key, where the command runs."""
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PASSPHRASE", PASSPHRASE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.jwt").write_text(CERTIFICATE.jwt, "ascii")
    (tmp_path / "revoked.jwt").write_text(REVOKED.jwt, "ascii")
    (tmp_path / "court.json").write_text(json.dumps(COURT.trust_document()), "utf-8")
    for name, status_list in zip(("revocation", "suspension"), COURT.status_lists(), strict=True):
        (tmp_path / name).write_text(json.dumps(status_list), "utf-8")
    made = command("receipt", "key", "lender.pem", "--passphrase-env", "PASSPHRASE")
    assert made.status == 0, made.err
    (tmp_path / "lender.jwk").write_text(made.out, "ascii")
    return tmp_path


def make(*arguments: str, file: str = "c.jwt", stdin: bytes = b"") -> Printed:
    usual = ("--key", "lender.pem", "--passphrase-env", "PASSPHRASE", *TRUST, "--at", AT)
    return command("receipt", "make", file, *usual, *arguments, stdin=stdin)


def check(*arguments: str, receipt: str = "c.jwt.receipt", key: str = "lender.jwk", stdin: bytes = b"") -> Printed:
    return command("receipt", "check", receipt, "--key", key, *arguments, stdin=stdin)


# --- the usual way ----------------------------------------------------------------------------------------------------


def test_make_shows_the_report_and_leaves_the_receipt() -> None:
    printed = make("--max-status-age", "24h")
    assert printed.status == 0
    assert printed.out.startswith("c.jwt: PASSED\n")
    assert printed.out.endswith("\nReceipt: c.jwt.receipt\n")
    assert Path("c.jwt.receipt").read_text("ascii").count(".") == 2


@pytest.mark.parametrize("file", ["revoked.jwt", "lender.jwk"])
def test_bad_certificates_have_receipts_as_well(file: str) -> None:
    assert make(file=file, stdin=b"").status == 1
    printed = check("--input", file, *TRUST, receipt=f"{file}.receipt")
    assert printed.status == 0
    assert "Outcome then failed (" in " ".join(printed.out.split())


def test_check_compares_what_is_given() -> None:
    make()
    alone = check()
    assert alone.status == 0
    assert alone.out.startswith("c.jwt.receipt: HOLDS, as far as it was compared\n")
    assert "The input was not given" in alone.out
    whole = check("--input", "c.jwt", *TRUST)
    assert whole.status == 0
    for line in (
        "Signature In order.",
        "Judged again In order.",
        "Outcome then passed (ok)",
        AT,
        COURT.did,
        "was not compared",
    ):
        assert line in " ".join(whole.out.split())
    other = check("--input", "revoked.jwt")
    assert other.status == 1
    assert other.out.startswith("c.jwt.receipt: DOES NOT HOLD\n  The receipt is about another input. (receipt_input_")


def test_news_since_then_are_shown_as_such() -> None:
    make()
    court = FakeCourt(now=COURT.now)
    Path("other.json").write_text(json.dumps(court.trust_document()), "utf-8")
    printed = check("--input", "c.jwt", "--controller", "other.json")
    assert printed.status == 2
    assert printed.out.startswith("c.jwt.receipt: NOT DECIDED\n")
    assert "signature: ok → signature_invalid" in " ".join(printed.out.split())


def test_number_is_typed_again() -> None:
    made = make("--id-number", "-", stdin=PERSON.encode())
    assert "matches the ID number given" in " ".join(made.out.split())
    assert check("--input", "c.jwt", *TRUST).status == 2
    told = check("--input", "c.jwt", *TRUST, "--id-number", "-", stdin=PERSON.encode())
    assert told.status == 0
    assert "was compared" in told.out
    assert check("--input", "c.jwt", *TRUST, "--id-number", "-", stdin=OTHER_PERSON.encode()).status == 1


def test_rules_and_moment_are_those_of_the_receipt() -> None:
    make("--max-status-age", "24h", "--form", "jwt")
    assert check("--input", "c.jwt", *TRUST).status == 0
    vcdm = ("--profile", "vcdm", "--out", "vcdm.receipt")
    assert make(*vcdm).status == 0
    assert check("--input", "c.jwt", *TRUST, receipt="vcdm.receipt").status == 0


def test_bundle_is_judged_at_the_moment_of_the_receipt(desk: Path) -> None:
    simulator = TUFSimulator(at=COURT.now)
    simulator.targets = {
        "courts/999999/issuer.json": (desk / "court.json").read_bytes(),
        "courts/999999/status/1/revocation.json": (desk / "revocation").read_bytes(),
        "courts/999999/status/1/suspension.json": (desk / "suspension").read_bytes(),
    }
    Path("b.xzb").write_bytes(simulator.bundle())
    Path("root.json").write_bytes(simulator.root_bytes)
    trust = ("--bundle", "b.xzb", "--root", "root.json")
    usual = ("--key", "lender.pem", "--passphrase-env", "PASSPHRASE", "--at", AT)
    assert command("receipt", "make", "c.jwt", *usual, *trust).status == 0
    answer = json.loads(check("--input", "c.jwt", *trust, "--json").out)
    assert (answer["code"], answer["receipt"]["bundleVersion"]) == ("ok", 1)


def test_many_issuers_are_given_again() -> None:
    issuers = [word for number in range(100) for word in ("--issuers", f"did:web:{number}.example")]
    issuers += ["--issuers", COURT.did]
    assert make(*issuers).status == 0
    assert check("--input", "c.jwt", *TRUST, *issuers).status == 0
    for other in ((), issuers[2:]):
        printed = check("--input", "c.jwt", *TRUST, *other, "--json")
        assert (printed.status, json.loads(printed.out)["code"]) == (2, "receipt_policy_differs")
    assert check(*issuers).status == 64


def test_json_moves_no_cursor() -> None:
    document = json.loads(CERTIFICATE.json)
    document["proof"]["cryptosuite"] = "\x9b2J\u202e\x7f"
    name = "\x9b.json"
    Path(name).write_text(json.dumps(document), "utf-8")
    made, checked = make("--json", file=name), check("--json", receipt=f"{name}.receipt")
    assert json.loads(made.out)["steps"][1]["evidence"]["suite"] == document["proof"]["cryptosuite"]
    for printed in (made, checked):
        assert json.loads(printed.out)["file"].startswith(name)
        assert printed.out.removesuffix("\n").isprintable()


def test_json(desk: Path) -> None:
    made: dict[str, Any] = json.loads(make("--json").out)
    assert (made["file"], made["receipt"], made["code"]) == ("c.jwt", "c.jwt.receipt", "ok")
    checked: dict[str, Any] = json.loads(check("--input", "c.jwt", *TRUST, "--json").out)
    assert (checked["file"], checked["verdict"], len(checked["findings"])) == ("c.jwt.receipt", "passed", 6)
    assert checked["receipt"]["inputSha256"] == made["inputSha256"]
    assert stat.S_IMODE((desk / "c.jwt.receipt").stat().st_mode) & 0o022 == 0


def test_standard_input() -> None:
    assert make("--out", "r", file="-", stdin=CERTIFICATE.jwt.encode()).status == 0
    assert check("--input", "-", *TRUST, receipt="r", stdin=CERTIFICATE.jwt.encode()).status == 0


def test_chinese_by_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    make()
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    printed = check("--input", "c.jwt", *TRUST)
    assert printed.out.startswith("c.jwt.receipt: 成立")
    assert "重新核验" in printed.out


# --- keys -------------------------------------------------------------------------------------------------------------


def test_key_is_for_its_owner_alone(desk: Path) -> None:
    assert stat.S_IMODE((desk / "lender.pem").stat().st_mode) == 0o600
    key = load_key(desk / "lender.pem", PASSPHRASE.encode())
    assert read_public_key((desk / "lender.jwk").read_bytes()) == key.public_key
    again = command("receipt", "key", "lender.pem", "--passphrase-env", "PASSPHRASE")
    assert (again.status, again.out) == (64, "")
    assert "(receipt_file_exists)" in again.err


def test_ed25519_and_pem() -> None:
    made = command("receipt", "key", "e.pem", "--type", "ed25519", "--pem", "--passphrase-env", "PASSPHRASE")
    assert made.status == 0
    key = load_key(Path("e.pem"), PASSPHRASE.encode())
    assert load_pem_public_key(made.out.encode()) == key.public_key
    Path("e.pub").write_text(made.out, "ascii")
    assert make("--key", "e.pem").status == 0
    assert check(key="e.pub").status == 0
    assert check().status == 1


def test_passphrase_from_a_file(desk: Path) -> None:
    (desk / "p").write_bytes(PASSPHRASE.encode() + b"\r\n")
    (desk / "p").chmod(0o600)
    usual = ("--key", "lender.pem", "--passphrase-file", "p", *TRUST, "--at", AT)
    assert command("receipt", "make", "c.jwt", *usual).status == 0
    (desk / "p").chmod(0o644)
    refused = command("receipt", "make", "c.jwt", *usual, "--out", "again")
    assert refused.status == 64
    assert "(receipt_key_permissions)" in refused.err


def typed(*answers: tuple[str, str]) -> Printed:
    """Runs `receipt key k.pem` on a terminal where each prompt is answered."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "xinzheng_verifier", "receipt", "key", "k.pem"],
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(follower)
    assert process.stderr is not None
    for prompt, answer in answers:
        # What is typed before the prompt is thrown away, and a line break ends each answer on the screen.
        shown = process.stderr.read(len(prompt) + 1 if prompt == "Once more: " else len(prompt))
        assert shown.strip(b"\n") == prompt.strip("\n").encode()
        os.write(leader, f"{answer}\n".encode())
    out, err = process.communicate(timeout=30)
    os.close(leader)
    return Printed(process.returncode, out.decode(), err.decode())


def test_passphrase_is_typed_unseen_and_twice_for_a_new_key() -> None:
    first = "Passphrase of k.pem: "
    differ = typed((first, PASSPHRASE), ("Once more: ", "something else"))
    assert differ.status == 64
    assert "differ" in differ.err
    assert not Path("k.pem").exists()
    made = typed((first, PASSPHRASE), ("Once more: ", PASSPHRASE))
    assert made.status == 0
    assert PASSPHRASE not in made.out + made.err
    assert load_key(Path("k.pem"), PASSPHRASE.encode()).public_key == read_public_key(made.out.encode())


def test_no_terminal_to_ask_for_the_passphrase() -> None:
    printed = command("receipt", "key", "k.pem")
    assert printed.status == 64
    assert "--passphrase-env" in printed.err


@pytest.mark.parametrize(
    ("environment", "code"),
    [({"PASSPHRASE": ""}, "receipt_passphrase_missing"), ({"PASSPHRASE": "wrong"}, "receipt_passphrase_wrong")],
)
def test_passphrase_that_does_not_open(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], code: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    printed = make()
    assert (printed.status, printed.out) == (64, "")
    assert f"({code})" in printed.err
    assert not Path("c.jwt.receipt").exists()


# --- misuse -----------------------------------------------------------------------------------------------------------


def test_nothing_is_overwritten() -> None:
    make()
    before = Path("c.jwt.receipt").read_bytes()
    again = make()
    assert (again.status, again.out) == (64, "")
    assert Path("c.jwt.receipt").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("make", "-", "--key", "lender.pem"), "--out"),
        (("make", "-", "--key", "lender.pem", "--id-number", "-"), "Standard input"),
        (("make", "nothing", "--key", "lender.pem", *TRUST), "nothing cannot be read"),
        (("make", "c.jwt", "--key", "lender.pem"), "whom to trust"),
        (("check", "nothing", "--key", "lender.jwk"), "nothing cannot be read"),
        (("check", "c.jwt", "--key", "nothing"), "nothing cannot be read"),
        (("check", "c.jwt", "--key", "lender.pem"), "(receipt_key_private)"),
        (("check", "c.jwt", "--key", "lender.jwk", "--input", "nothing"), "nothing cannot be read"),
        (("check", "c.jwt", "--key", "lender.jwk", *TRUST), "--input"),
        (("check", "c.jwt", "--key", "lender.jwk", "--id-number", "-"), "--input"),
        (("check", "c.jwt", "--key", "lender.jwk", "--input", "-", "--id-number", "-"), "Standard input"),
    ],
)
def test_misuse_is_told(arguments: tuple[str, ...], said: str) -> None:
    printed = command("receipt", *arguments)
    assert (printed.status, printed.out) == (64, "")
    assert said in printed.err


def test_name_of_a_file_cannot_draw_on_the_screen(desk: Path) -> None:
    (desk / "\x1b[2Jc.jwt").write_text(CERTIFICATE.jwt, "ascii")
    printed = make(file="\x1b[2Jc.jwt")
    assert printed.status == 0
    assert "Receipt: \\x1b[2Jc.jwt.receipt" in printed.out
    assert "\x1b" not in printed.out + check(receipt="\x1b[2Jc.jwt.receipt").out


def test_what_is_no_receipt_does_not_hold() -> None:
    printed = check("--input", "c.jwt", *TRUST, receipt="c.jwt")
    assert printed.status == 1
    assert "(receipt_typ)" in printed.out
