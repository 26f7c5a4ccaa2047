"""The steps of a key by command: what refuses one refuses its dry run, and before anything is promised."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.office import EXAMPLES, StandingClock
from support.restoring import CASES, begun, suspend
from xinzheng_issuer.cli import main
from xinzheng_issuer.installation import initialise
from xinzheng_issuer.issuing.key_records import RECORDS_FILE
from xinzheng_issuer.settings import load_settings
from xinzheng_schemas.timestamps import format_timestamp

HOW = ("--dry-run", "--yes")
CERTIFICATE = ("--usage", "certificate")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("steps")
    (folder / "court.toml").write_text(f"{(EXAMPLES / 'court.toml').read_text('utf-8')}\n[keys]\nlead_hours = 0\n")
    initialise(load_settings(data=folder / "var"), folder / "court.toml")
    return folder / "var"


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "var"))


def keys(data: Path, *arguments: str, reason: str = "-", language: str = "C.UTF-8") -> Result:
    return CliRunner(env={"LC_ALL": language}).invoke(
        main, ["keys", *arguments, "--reason", reason, "--data", str(data)]
    )


def done(data: Path, *arguments: str) -> str:
    said = keys(data, *arguments, "--yes")
    assert said.exit_code == 0, said.output
    return said.stdout


def refused(data: Path, code: str, *arguments: str) -> None:
    """The step and its dry run, with nothing said and nothing done."""
    before = (data / "keys" / RECORDS_FILE).read_bytes()
    for how in HOW:
        said = keys(data, *arguments, how)
        assert (said.exit_code, said.stdout, f"[{code}]" in said.stderr) == (1, "", True), said.output
    assert (data / "keys" / RECORDS_FILE).read_bytes() == before


def test_a_compromise_in_the_future_promises_nothing(data: Path) -> None:
    tomorrow = format_timestamp(datetime.now(UTC) + timedelta(days=1))
    refused(data, "compromise_in_future", "compromise", "cert-1", "--at", tomorrow)


def test_a_key_that_cannot_be_opened_or_is_there_already_promises_nothing(data: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.pem"
    plain.touch(0o600)
    plain.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    for uri, code in (
        ("nothere.pem", "key_file_missing"),
        ("file:nothere.pem", "key_uri_malformed"),
        ("pkcs11:token=nowhere", "pkcs11_uri_incomplete"),
        (plain.as_uri(), "key_file_unencrypted"),
        ("cert-1.pem", "key_ambiguous"),
    ):
        refused(data, code, "stage", "cert-2", *CERTIFICATE, "--uri", uri)


def test_a_key_that_cannot_be_made_promises_nothing(data: Path) -> None:
    create = ("create", "cert-2", *CERTIFICATE, "--uri")
    refused(data, "key_file_not_written", *create, "file:///nowhere/cert-2.pem")
    refused(data, "key_uri_malformed", *create, "")
    refused(data, "key_file_exists", *create, (data / "keys" / "cert-1.pem").as_uri())
    (data / "keys" / "passphrase").write_text("short\n")
    refused(data, "passphrase_short", *create, "file:")


def test_a_key_of_a_kind_that_the_court_has_no_use_for_is_warned_of_and_promises_nothing(data: Path) -> None:
    create = ("create", "ed-1", *CERTIFICATE, "--type", "Ed25519")
    said = keys(data, *create, "--dry-run").stdout
    assert "It cannot be taken into use as long as court.toml stays as it is: " in said
    assert "certificate.cryptosuite" in said
    assert "It may be taken into use" not in said
    assert "在 court.toml 不作修改的情况下无法启用" in keys(data, *create, "--dry-run", language="zh_CN.UTF-8").stdout
    done(data, *create)
    refused(data, "suite_unsuitable", "activate", "ed-1")


def test_a_key_whose_file_is_gone_promises_nothing(data: Path) -> None:
    done(data, "create", "cert-2", *CERTIFICATE)
    (data / "keys" / "cert-2.pem").unlink()
    refused(data, "key_file_missing", "activate", "cert-2")


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("key_name_taken", ("create", "cert-1", *CERTIFICATE)),
        ("sm2_second_proof_only", ("create", "sm2-1", "--usage", "status", "--type", "SM2-P-256")),
        ("key_transition_forbidden", ("activate", "cert-1")),
        ("key_last", ("retire", "cert-1")),
        ("status_key_last", ("compromise", "status-1")),
        ("key_unknown", ("retire", "cert-9")),
    ],
)
def test_what_makes_no_sense_promises_nothing(data: Path, code: str, arguments: tuple[str, ...]) -> None:
    refused(data, code, *arguments)


@pytest.mark.parametrize("reason", ["", " ", "\u3000\n"])
def test_a_reason_says_something(data: Path, reason: str) -> None:
    """It is kept in the register, whatever the command is that asks for one."""
    for group, *command in (
        ("keys", "create", "cert-2", *CERTIFICATE),
        ("bundle-keys", "renew"),
        ("bundle-keys", "begin", "--nothing-before"),
        ("trust-list", "court-key", "retire"),
    ):
        for how in HOW:
            said = CliRunner(env={"LC_ALL": "zh_CN.UTF-8"}).invoke(
                main, [group, *command, "--reason", reason, how, "--data", str(data)]
            )
            assert (said.exit_code, "应写明理由" in said.stderr) == (2, True), (group, command, said.output)


def test_a_dry_run_leaves_no_trace_and_the_step_then_stands(data: Path) -> None:
    def trace() -> dict[Path, bytes]:
        files = (path for folder in ("keys", "public") for path in (data / folder).rglob("*"))
        return {path: path.read_bytes() for path in files if path.is_file()}

    before = trace()
    create = ("create", "cert-2", *CERTIFICATE)
    dry = json.loads(keys(data, *create, "--dry-run", "--json").stdout)
    assert (dry["dryRun"], "key" in dry, trace()) == (True, False, before)
    assert "cert-2 is staged now." in done(data, *create)
    assert "Nothing was changed" in keys(data, "activate", "cert-2", "--dry-run").stdout
    assert "cert-2 is active now." in done(data, "activate", "cert-2")


# --- what a compromise says and what a re-issue leaves ----------------------------------------------------------------


def test_a_compromise_and_a_reissue_name_what_is_left(tmp_path: Path) -> None:
    """The suspended are counted before and named after; which key goes on is said, and no minute that is none."""
    house = begun(tmp_path / "var", StandingClock(datetime.now(UTC) - timedelta(minutes=1)))
    data, since = tmp_path / "var", "2026-01-01T00:00:00Z"
    with house.client:
        plain, suspended = (house.certificate(case)["certificateNumber"] for case in CASES[:2])
        suspend(house, suspended)
    done(data, "create", "cert-2", *CERTIFICATE)
    done(data, "activate", "cert-2", "--now")
    said = done(data, "compromise", "cert-1", "--at", since)
    assert (
        f"After this 2 certificate(s) signed by cert-1 will be refused (key_compromised): 2 signed since {since}"
        in said
    )
    assert "suspended ones once they are reinstated: xinzheng keys reissue cert-1." in said
    assert "it goes on accepting what cert-1 signs" in said
    assert "Certificates are signed by cert-2 from then on." in said
    assert "unsafe_trust_dates" not in said  # nothing is dated before
    done(data, "compromise", "cert-1", "--at", "2025-12-31T00:00:00Z")
    shown = CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(main, ["keys", "show", "cert-1", "--data", str(data)]).stdout
    assert [line.split()[1:3] for line in shown.splitlines()[-2:]] == [
        ["compromise", f"({since})"],
        ["compromise", "(2025-12-31T00:00:00Z)"],
    ]
    refused(data, "compromise_not_earlier", "compromise", "cert-1", "--at", since)
    dry = keys(data, "reissue", "cert-1", "--dry-run").stdout
    assert "1 suspended one(s) are left: once they are reinstated, lenders refuse them all the same" in dry
    assert "less than a minute" in dry
    assert "另有 1 份已暂停" in keys(data, "reissue", "cert-1", "--dry-run", language="zh_CN.UTF-8").stdout
    lines = done(data, "reissue", "cert-1").splitlines()
    assert f"suspended: {suspended}; once it is reinstated, run this again" in lines
    assert [line.partition(" → ")[0] for line in lines if " → " in line] == [plain]
    assert lines[-1].startswith("1 issued anew, 0 left as they are, 1 suspended; ")
    again = json.loads(keys(data, "reissue", "cert-1", "--yes", "--json").stdout)
    assert (again["reissued"], again["left"], again["suspended"]) == ({}, {}, [suspended])
