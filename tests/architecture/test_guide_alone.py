"""The developer guide as a second developer follows it: with the wheels of schemas and verifier, and nothing else."""

import csv
import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.clean_environment import run
from support.markdown import blocks
from support.repository import ROOT
from xinzheng_verifier.testkit import OTHER_PERSON, PERSON

# One worker builds the wheels and the environment for all of these.
pytestmark = pytest.mark.xdist_group("wheel")

GUIDE = sorted((ROOT / "docs" / "sdk").glob("*.md"))
NEEDS_SERVER = ("fastapi",)  # a web framework comes with the extra `server` alone
PAGES = [
    page
    for page in [*GUIDE, ROOT / "docs" / "reference" / "report.md"]
    if page.stem not in NEEDS_SERVER and any(block.kind == "python" for block in blocks(page))
]


@pytest.fixture
def desk(clean: Path, demo_out: Path, tmp_path: Path) -> Path:
    """A folder with the example programs, a store with the demo's first bundle, and certificates."""
    shutil.copytree(ROOT / "examples" / "embed", tmp_path, dirs_exist_ok=True)
    shutil.copytree(demo_out, tmp_path / "out")
    command = (clean / "xinzheng-verify", "store", "import", "out/bundle-1.xzb", "--store", "store")
    assert run(*command, "--root", "out/root.json", cwd=tmp_path).returncode == 0
    return tmp_path


def test_guide_is_what_is_tested() -> None:
    assert {page.stem for page in GUIDE} >= {"index", "loan-desk", "batch", "fastapi", "receipts", "testing", "offline"}
    assert len(PAGES) >= 9


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_snippets_run_in_an_empty_folder(clean: Path, tmp_path: Path, page: Path) -> None:
    program = "\n".join(block.text for block in blocks(page) if block.kind == "python")
    result = run(clean / "python", "-W", "error", "-c", program, cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_kit_tests_the_example(clean: Path, tmp_path: Path) -> None:
    for name in ("loan_desk.py", "test_with_kit.py"):
        shutil.copy(ROOT / "examples" / "embed" / name, tmp_path)
    result = run(clean / "python", "-W", "error", "-m", "unittest", "-v", "test_with_kit", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "OK" in result.stderr
    # The tests can fail: a desk that lets the undecided pass is found out.
    desk = tmp_path / "loan_desk.py"
    desk.write_text(desk.read_text("utf-8").replace("match report.verdict:", "match Verdict('passed'):"), "utf-8")
    assert run(clean / "python", "-m", "unittest", "test_with_kit", cwd=tmp_path).returncode == 1


LOANS = [
    ("certificate.json", PERSON, 0, "go on"),
    ("certificate.qr.txt", PERSON, 0, "go on"),
    ("certificate.jwt", OTHER_PERSON, 1, "refuse"),
    ("tampered.json", PERSON, 1, "refuse"),
    ("certificate.jwt", "420683", 2, "find out more"),
]


@pytest.mark.parametrize("case", LOANS, ids=lambda case: f"{case[0]}-{case[3]}")
def test_loan_desk(clean: Path, desk: Path, case: tuple[str, str, int, str]) -> None:
    file, number, status, said = case
    result = run(clean / "python", "-W", "error", "loan_desk.py", "store", f"out/{file}", stdin=f"{number}\n", cwd=desk)
    assert (result.returncode, result.stdout.splitlines()[0]) == (status, said), result.stderr
    assert number not in result.stdout


def test_batch(clean: Path, desk: Path) -> None:
    (desk / "in").mkdir()
    for name in ("certificate.json", "certificate.jwt", "forged.json", "root.json"):
        shutil.copy(desk / "out" / name, desk / "in")
    result = run(clean / "python", "-W", "error", "batch.py", "store", "in", cwd=desk)
    assert result.returncode == 1, result.stderr
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [(row["file"], row["verdict"], row["code"]) for row in rows] == [
        ("certificate.json", "passed", "ok"),
        ("certificate.jwt", "passed", "ok"),
        ("forged.json", "failed", "issuer_untrusted"),
        ("root.json", "failed", "proof_missing"),
    ]
    assert "2 passed" in result.stderr


def test_receipts_by_program(clean: Path, desk: Path) -> None:
    environment = {"PASSPHRASE": "correct horse battery staple"}
    program = (clean / "python", "-W", "error", "receipts.py", "store", "out/certificate.json", "lender.pem")
    for _ in range(2):  # the key is made, then found
        result = run(*program, cwd=desk, env=environment)
        assert result.returncode == 0, result.stderr
        assert result.stdout.splitlines()[-1] == "outcome: In order."


def test_receipts_at_the_command_line(clean: Path, desk: Path) -> None:
    """What docs/sdk/receipts.md shows, with an older and a newer bundle."""
    verify, passphrase = clean / "xinzheng-verify", ("--passphrase-env", "PASSPHRASE")
    environment = {"PASSPHRASE": "correct horse battery staple"}
    key = run(verify, "receipt", "key", "lender.pem", *passphrase, cwd=desk, env=environment)
    assert key.returncode == 0, key.stderr
    (desk / "lender.jwk").write_text(key.stdout, "ascii")
    make = (verify, "receipt", "make", "out/certificate.json", "--store", "store", "--key", "lender.pem", *passphrase)
    made = run(*make, "--out", "loan-4711.receipt", cwd=desk, env=environment)
    assert made.returncode == 0, made.stderr

    check = (verify, "receipt", "check", "loan-4711.receipt", "--key", "lender.jwk", "--input", "out/certificate.json")
    that_day = run(*check, "--bundle", "out/bundle-1.xzb", "--root", "out/root.json", "--json", cwd=desk)
    later = run(*check, "--bundle", "out/bundle-2.xzb", "--root", "out/root.json", "--json", cwd=desk)
    other = run(*check[:-1], "out/forged.json", cwd=desk)
    # The digest of the trust is the same by store and by bundle.
    assert [finding["code"] for finding in json.loads(that_day.stdout)["findings"]] == ["ok"] * 6
    assert json.loads(later.stdout)["findings"][-1]["evidence"]["code"] in ("revoked", "clock_implausible")
    assert (that_day.returncode, later.returncode, other.returncode) == (0, 2, 1)


# --- the endpoint, with the extra `server` ----------------------------------------------------------------------------


@pytest.fixture
def endpoint(desk: Path) -> Iterator[str]:
    """Address of the example's endpoint, served as its docstring says."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "fastapi_dependency:app", "--port", str(port), "--log-level", "warning"]
    with subprocess.Popen(command, cwd=desk, env={"STORE": "store", "PYTHONUTF8": "1"}) as process:
        address = f"127.0.0.1:{port}"
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
        process.terminate()


def apply(address: str, data: bytes, number: str) -> tuple[int, Any]:
    headers = {"Content-Type": "application/octet-stream", "X-Id-Number": number}
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("POST", "/loan-applications", data, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_endpoint_depends_on_a_verified_certificate(endpoint: str, desk: Path) -> None:
    certificate = (desk / "out" / "certificate.jwt").read_bytes()
    status, answer = apply(endpoint, certificate, PERSON)
    assert status == 201, answer
    assert str(answer["certificate"]).startswith("鄂0683-")
    assert [apply(endpoint, certificate, number)[0] for number in (OTHER_PERSON, "4206")] == [422, 409]
    assert apply(endpoint, (desk / "out" / "forged.json").read_bytes(), PERSON)[1] == {
        "detail": {"code": "issuer_untrusted", "message": "Issued by somebody who is not in your trust list."}
    }
    # A newer bundle counts from the next request on; without a store nobody gets through.
    command = (Path(sys.executable).parent / "xinzheng-verify", "store", "import", "out/bundle-2.xzb")
    assert run(*command, "--store", "store", cwd=desk).returncode == 0
    revoked, explained = apply(endpoint, certificate, PERSON)
    assert revoked == 422
    assert "revoked" in str(explained)
    shutil.rmtree(desk / "store")
    assert apply(endpoint, certificate, PERSON)[0] == 503
