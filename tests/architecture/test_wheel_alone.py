"""A lender's installation: the wheels of schemas and verifier alone, in a clean environment, over the demo's output."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.repository import DISTRIBUTIONS, ROOT

# One worker builds the wheels and the environment for all of these.
pytestmark = pytest.mark.xdist_group("wheel")

ABSENT = ("fastapi", "starlette", "uvicorn", "pydantic", "sqlmodel", "sqlalchemy", "click", "jwt", "PIL", "zxingcpp")
STRANGERS = ("xinzheng_keys", "xinzheng_issuer", *ABSENT)


def closure(name: str) -> Iterator[str]:
    """Every third-party package that `name` needs without extras, as the development environment resolved it."""
    waiting, seen = [(name, "")], set()
    while waiting:
        package, extra = waiting.pop()
        if (package, extra) in seen:
            continue
        seen.add((package, extra))
        yield package
        for text in distribution(package).requires or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(needed.name), wanted) for wanted in (needed.extras or {""})]


def core_requirements() -> str:
    """The hash-checked lines of requirements/verifier.txt for the core alone."""
    names = {package for package in closure("xinzheng-verifier") if not package.startswith("xinzheng-")}
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements" / "verifier.txt").read_text("utf-8"))
    chosen = {re.split(r"[\[=]", entry, maxsplit=1)[0]: entry for entry in entries}
    return "\n".join(chosen[package] for package in sorted(names)) + "\n"


def run(*command: str | Path, stdin: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    # Nothing of the development environment may leak in.
    kept = ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE")
    environment = {
        k: v for k, v in os.environ.items() if k in kept or k.startswith("PIP_") or k.lower().endswith("_proxy")
    }
    return subprocess.run(
        [str(part) for part in command],
        env=environment | {"LANG": "C.UTF-8", "PYTHONUTF8": "1"},
        cwd=cwd or Path("/"),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def succeed(*command: str | Path) -> None:
    result = run(*command)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    build = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder)
    succeed(*build, *(ROOT / name for name in DISTRIBUTIONS))
    return {wheel.name.split("-")[0]: wheel for wheel in folder.glob("*.whl")}


@pytest.fixture(scope="module")
def clean(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds nothing but the verifier's core."""
    folder = tmp_path_factory.mktemp("clean")
    requirements = folder / "core.txt"
    requirements.write_text(core_requirements(), "utf-8")
    succeed(sys.executable, "-m", "venv", folder / "env")
    pip = (folder / "env" / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check")
    succeed(*pip, "--require-hashes", "--only-binary", ":all:", "-r", requirements)
    succeed(*pip, "--no-deps", "--no-index", wheels["xinzheng_schemas"], wheels["xinzheng_verifier"])
    return folder / "env" / "bin"


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
