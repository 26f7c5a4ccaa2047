"""A lender's installation: the wheels of schemas and verifier alone, in a clean environment, over the demo's output."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from support.clean_environment import run
from support.repository import DISTRIBUTIONS, ROOT

# One worker builds the wheels and the environment for all of these.
pytestmark = pytest.mark.xdist_group("wheel")

ABSENT = ("fastapi", "starlette", "uvicorn", "pydantic", "sqlmodel", "sqlalchemy", "click", "jwt", "PIL", "zxingcpp")
STRANGERS = ("xinzheng_keys", "xinzheng_issuer", *ABSENT)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_wheel_holds_its_package_whole(wheels: dict[str, Path], name: str) -> None:
    source = ROOT / name / "src"
    with zipfile.ZipFile(wheels[f"xinzheng_{name}"]) as wheel:
        packed = {entry for entry in wheel.namelist() if ".dist-info/" not in entry}
    # Links are followed: the issuer's demo carries the example that lies outside its package.
    expected = {
        (Path(folder) / file).relative_to(source).as_posix()
        for folder, _, files in os.walk(source, followlinks=True)
        for file in files
        if "__pycache__" not in folder
    }
    assert packed == expected


def test_nothing_but_the_core_is_there(clean: Path) -> None:
    program = f"import importlib.util as u; print([n for n in {STRANGERS!r} if u.find_spec(n)])"
    assert run(clean / "python", "-I", "-c", program).stdout.strip() == "[]"


def test_importing_the_verifier_loads_no_network(clean: Path) -> None:
    modules = ("socket", "ssl", "http.client", "urllib.request", "urllib3", "asyncio", "multiprocessing")
    # The star loads every public name, and with them what they stand on.
    program = f"import sys\nfrom xinzheng_verifier import *\nprint([n for n in {modules!r} if n in sys.modules])"
    result = run(clean / "python", "-I", "-W", "error", "-c", program)
    assert result.stdout.strip() == "[]", result.stderr


CASES = [
    ("certificate.json", 1, 0, "passed", "ok"),
    ("certificate.jwt", 1, 0, "passed", "ok"),
    ("certificate.qr.txt", 1, 0, "passed", "ok"),
    ("tampered.json", 1, 1, "failed", "signature_invalid"),
    ("forged.json", 1, 1, "failed", "issuer_untrusted"),
    ("certificate.json", 2, 1, "failed", "revoked"),
    ("certificate.jwt", 2, 1, "failed", "revoked"),
    ("certificate.qr.txt", 2, 1, "failed", "revoked"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-bundle-{case[1]}")
def test_command_line(clean: Path, demo_out: Path, case: tuple[str, int, int, str, str]) -> None:
    file, bundle, status, verdict, code = case
    trust = ("--bundle", demo_out / f"bundle-{bundle}.xzb", "--root", demo_out / "root.json")
    result = run(clean / "xinzheng-verify", demo_out / file, *trust, "--json")
    assert result.returncode == status, result.stdout + result.stderr
    report = json.loads(result.stdout)
    assert (report["verdict"], report["code"]) == (verdict, code)


def test_picture_without_the_scanner_says_what_to_install(clean: Path, demo_out: Path) -> None:
    trust = ("--bundle", demo_out / "bundle-1.xzb", "--root", demo_out / "root.json")
    result = run(clean / "xinzheng-verify", demo_out / "certificate.qr.png", *trust)
    assert result.returncode == 2
    assert "xinzheng-verifier[scan]" in result.stdout + result.stderr


LIBRARY = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from xinzheng_verifier import Policy, TrustStore, Verifier
out, now = Path(sys.argv[1]), datetime.now(timezone.utc)
for bundle in (1, 2):
    trust = TrustStore.from_bundle(
        (out / f"bundle-{bundle}.xzb").read_bytes(), root=(out / "root.json").read_bytes(), at=now
    )
    for file in ("certificate.json", "certificate.jwt", "certificate.qr.txt", "tampered.json", "forged.json"):
        report = Verifier(trust, policy=Policy()).report((out / file).read_bytes(), at=now)
        print(bundle, file, report.verdict, report.code)
"""


def test_library(clean: Path, demo_out: Path) -> None:
    result = run(clean / "python", "-I", "-W", "error", "-c", LIBRARY, demo_out)
    assert result.returncode == 0, result.stderr
    printed = {tuple(line.split()[:2]): tuple(line.split()[2:]) for line in result.stdout.splitlines()}
    expected = {(str(bundle), file): (verdict, code) for file, bundle, _, verdict, code in CASES}
    assert {case: printed[case] for case in expected} == expected
