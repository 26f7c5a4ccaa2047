"""Under continuous integration a skipped test is a failure, unless the public vectors are not beside the project."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.repository import ROOT

SKIPPED = 'import pytest\n\n\ndef test_it():\n    pytest.skip("{reason}")\n\n\ndef test_other():\n    assert True\n'
MODULE = 'import pytest\n\npytest.skip("{reason}", allow_module_level=True)\n'


def run(folder: Path, text: str, *options: str, ci: bool = True) -> subprocess.CompletedProcess[str]:
    (folder / "test_planted.py").write_text(text, "utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("COV", "PYTEST"))}
    plugin = ("-p", "support.strict_skips", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-q", *plugin, f"--rootdir={folder}", *options]
    environment["PYTHONPATH"] = str(ROOT / "tests")
    return subprocess.run(
        command, cwd=folder, env=environment | ({"CI": "1"} if ci else {}), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("text", [SKIPPED, MODULE])
@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_skip_fails_the_run_and_is_named(tmp_path: Path, text: str, options: tuple[str, ...]) -> None:
    result = run(tmp_path, text.format(reason="too lazy"), *options)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "counted as failures" in result.stdout
    assert "too lazy" in result.stdout


def test_missing_public_vectors_may_be_skipped(tmp_path: Path) -> None:
    result = run(tmp_path, SKIPPED.format(reason="public vectors are not beside the project"))
    assert result.returncode == 0, result.stdout


def test_on_a_desk_a_skip_is_only_reported(tmp_path: Path) -> None:
    assert run(tmp_path, SKIPPED.format(reason="no network"), ci=False).returncode == 0
