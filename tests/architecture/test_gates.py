"""A gate that cannot fail guards nothing: each one is run over a copy of the project with one planted violation."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.repository import DISTRIBUTIONS, ROOT

BIN = Path(sys.executable).parent
type_checked_only = "schemas"  # the smallest package keeps the type checker's run short


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # The planted copy must win over the installed packages; coverage of the copies is nobody's business.
    path = os.pathsep.join(str(cwd / name / "src") for name in DISTRIBUTIONS)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")} | {
        "PYTHONPATH": path,
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The four packages and the settings of the gates, ready to be spoiled."""
    for name in DISTRIBUTIONS:
        shutil.copytree(ROOT / name / "src", tmp_path / name / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "Makefile"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def plant(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text((file.read_text("utf-8") if file.exists() else "") + text, "utf-8")


def test_make_runs_every_gate() -> None:
    # Run by make itself, the tests inherit its flags, which make it announce folders.
    command = ["make", "--no-print-directory", "-n", "-o", "environment", "test", "VENV=E"]
    make = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    commands = [line.strip() for line in make.stdout.splitlines()]
    assert commands[:4] == ["E/bin/ruff format --check .", "E/bin/ruff check .", "E/bin/mypy", "E/bin/lint-imports"]
    assert any(command.startswith("E/bin/pytest") and "--cov" in command for command in commands)
    assert commands[-1] == "E/bin/python tools/coverage_gate.py"


def test_continuous_integration_is_what_a_new_machine_does() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert "make test" in lines
    assert "export CI=1" in lines
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


# --- import rules ---------------------------------------------------------------------------------------------------


def test_import_rules_hold_as_the_code_stands(copy: Path) -> None:
    result = run(BIN / "lint-imports", "--no-cache", cwd=copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("package", "module", "line", "contract"),
    [
        ("verifier", "policy", "import xinzheng_keys\n", "one way"),
        ("verifier", "policy", "import xinzheng_issuer\n", "one way"),
        ("keys", "__init__", "import xinzheng_verifier\n", "one way"),
        ("schemas", "vocabulary", "import xinzheng_verifier\n", "one way"),
        ("verifier", "trust/planted", "import socket\n", "no socket"),
        ("verifier", "policy", "def later() -> None:\n    import http.client\n", "no socket"),
        ("verifier", "status/planted", "import fastapi\n", "no socket"),
        ("verifier", "read/planted", "from sqlmodel import SQLModel\n", "no socket"),
        ("verifier", "secure/planted", "import xinzheng_verifier.cli\n", "no socket"),
        ("schemas", "vocabulary", "import cryptography\n", "standard library alone"),
        ("schemas", "identity", "import socket\n", "no socket"),  # reached through what the core imports
    ],
)
def test_planted_import_is_refused(copy: Path, package: str, module: str, line: str, contract: str) -> None:
    plant(copy / package / "src" / f"xinzheng_{package}" / f"{module}.py", f"\n{line}")
    result = run(BIN / "lint-imports", "--no-cache", cwd=copy)
    assert result.returncode != 0
    broken = [text for text in result.stdout.splitlines() if text.rstrip().endswith("BROKEN")]
    assert any(contract in text for text in broken), result.stdout
    planted = f"xinzheng_{package}.{module.replace('/', '.')}".removesuffix(".__init__")
    assert f"{planted} -> " in result.stdout


# --- format, lint, types --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "planted", "named"),
    [
        (("ruff", "format", "--check", "."), "x = {  'a':1 }\n", "planted.py"),
        (("ruff", "check", "."), '"""Planted."""\nimport os\n', "F401"),
        (("ruff", "check", "."), '"""Planted."""\n\n\ndef shown() -> None:\n    pass\n', "D103"),
        (("ruff", "check", "."), '"""Planted."""\nassert 1 == 1\n', "S101"),
    ],
)
def test_planted_lint_is_refused(copy: Path, command: tuple[str, ...], planted: str, named: str) -> None:
    plant(copy / "verifier" / "src" / "xinzheng_verifier" / "planted.py", planted)
    result = run(BIN / command[0], *command[1:], "--no-cache", cwd=copy)
    assert result.returncode != 0
    assert named in result.stdout


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ("def untyped(x):\n    return x\n", "no-untyped-def"),
        ("def wrong() -> int:\n    return 'one'\n", "return-value"),
        ("from typing import Any\n\n\ndef loose(x: list) -> Any:\n    return x\n", "type-arg"),
    ],
)
def test_planted_type_error_is_refused(copy: Path, planted: str, named: str) -> None:
    plant(copy / type_checked_only / "src" / "xinzheng_schemas" / "planted.py", f'"""Planted."""\n\n{planted}')
    files = copy / type_checked_only / "src"
    result = run(BIN / "mypy", "--cache-dir", copy / "cache", files, cwd=copy)
    assert result.returncode != 0
    assert "planted.py" in result.stdout
    assert named in result.stdout


# --- coverage -------------------------------------------------------------------------------------------------------

BRANCHING = """
def sign(x: int) -> int:
    if x < 0:
        return -1
    return 1
"""
Measure = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """Runs a line over two tiny packages under coverage, then the gate over the data."""
    for name in ("schemas", "verifier"):
        plant(tmp_path / name / "src" / f"xinzheng_{name}" / "__init__.py", BRANCHING)

    def gate(line: str, *options: str) -> subprocess.CompletedProcess[str]:
        plant(tmp_path / "play.py", f"import xinzheng_schemas as s, xinzheng_verifier as v\n{line}\n")
        coverage = ("-m", "coverage", "run", "--branch", "--rcfile=/dev/null", f"--data-file={tmp_path / 'data'}")
        assert run(sys.executable, *coverage, tmp_path / "play.py", cwd=tmp_path).returncode == 0
        command = (sys.executable, str(ROOT / "tools" / "coverage_gate.py"), "--data", str(tmp_path / "data"), *options)
        return run(*command, cwd=tmp_path)

    return gate


def test_coverage_gate_passes_when_every_branch_is_taken(measure: Measure) -> None:
    result = measure("[f(x) for f in (s.sign, v.sign) for x in (1, -1)]")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "100.00 % of branches" in result.stdout


def test_coverage_gate_names_the_branch_never_taken(measure: Measure) -> None:
    result = measure("[s.sign(1), s.sign(-1), v.sign(1)]")
    assert result.returncode != 0
    assert "xinzheng_verifier/__init__.py: 1 branches never taken: 3→4" in result.stdout
    assert "below the floor" in result.stderr


def test_coverage_gate_refuses_missing_data(tmp_path: Path) -> None:
    result = run(sys.executable, ROOT / "tools" / "coverage_gate.py", "--data", tmp_path / "none", cwd=tmp_path)
    assert result.returncode != 0
    assert "no data" in result.stderr


def test_coverage_floor_may_not_be_lowered(tmp_path: Path) -> None:
    (tmp_path / "floor").write_text("94.9\n", "utf-8")
    command = (sys.executable, ROOT / "tools" / "coverage_gate.py", "--floor", tmp_path / "floor")
    result = run(*command, cwd=tmp_path)
    assert result.returncode != 0
    assert "below the lowest allowed" in result.stderr


def test_coverage_floor_never_fell() -> None:
    name = "tools/coverage_floor.txt"
    log = subprocess.run(
        ["git", "log", "--format=%H", "--", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    figures = [
        float(subprocess.run(["git", "show", f"{commit}:{name}"], cwd=ROOT, capture_output=True, check=True).stdout)
        for commit in log.stdout.split()
    ]
    assert float((ROOT / name).read_text("utf-8")) >= max(figures, default=95.0)
