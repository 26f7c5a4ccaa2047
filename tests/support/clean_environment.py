"""A lender's installation: the wheels of schemas and verifier in an environment that holds nothing but their needs."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.repository import DISTRIBUTIONS, ROOT


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


def run(
    *command: str | Path, stdin: str | None = None, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command; nothing of the development environment leaks in but what `env` names."""
    kept = ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE")
    environment = {
        k: v for k, v in os.environ.items() if k in kept or k.startswith("PIP_") or k.lower().endswith("_proxy")
    }
    return subprocess.run(
        [str(part) for part in command],
        env=environment | {"LANG": "C.UTF-8", "PYTHONUTF8": "1"} | dict(env or {}),
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


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    build = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder)
    succeed(*build, *(ROOT / name for name in DISTRIBUTIONS))
    return {wheel.name.split("-")[0]: wheel for wheel in folder.glob("*.whl")}


@pytest.fixture(scope="session")
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
