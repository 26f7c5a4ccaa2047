"""A minute of fuzzing, the same each time; and that the fuzzer can find something at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.harnesses import HARNESSES
from fuzz.run import atheris
from support.repository import ROOT

PLANTED = """
from typing import NamedTuple
from xinzheng_schemas import strict_json

class Harness(NamedTuple):
    check: object
    seeds: object
    largest: int = 64

def check(data: bytes) -> None:
    try:
        value = strict_json.loads(data)
    except ValueError:
        return
    assert not isinstance(value, list) or len(value) < 2, "two elements"

HARNESSES = {"planted": Harness(check, lambda: [b"[1]", b"{}", b",2"])}
"""


def fuzz(folder: Path, *arguments: str, without_atheris: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs the fuzzer as `make fuzz` does, keeping what it makes in a folder of its own."""
    start = "import sys; sys.modules['atheris'] = None; " if without_atheris else "import sys; "
    code = f"{start}from fuzz.run import main; sys.exit(main(sys.argv[1:]))"
    # Coverage would measure the fuzzer's own tracing, and slow it down.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(folder)])
    return subprocess.run(
        [sys.executable, "-c", code, *arguments, *("--corpus", folder / "corpus", "--findings", folder / "findings")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.mark.parametrize("name", HARNESSES)
def test_what_must_hold_holds_of_every_seed(name: str) -> None:
    seeds = [*HARNESSES[name].seeds()]
    assert len(seeds) > 1
    for data in [b"", *seeds]:
        HARNESSES[name].check(data)


def test_a_minute_of_fuzzing_finds_nothing(tmp_path: Path) -> None:
    result = fuzz(tmp_path, "--seconds", str(len(HARNESSES)), "--seed", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == [*HARNESSES]
    if atheris() is not None:
        assert all(line.endswith(" inputs") for line in result.stdout.splitlines()), result.stdout


@pytest.mark.parametrize("without_atheris", [False, True])
def test_a_planted_fault_is_found_and_can_be_replayed(tmp_path: Path, *, without_atheris: bool) -> None:
    (tmp_path / "planted_harness.py").write_text(PLANTED, "utf-8")
    one = ("--harness", "planted", "--module", "planted_harness", "--seed", "1")
    result = fuzz(tmp_path, *one, "--seconds", "60", without_atheris=without_atheris)
    assert result.returncode not in (0, 3), result.stderr
    found = [path for path in (tmp_path / "findings").iterdir() if path.name.startswith("planted-crash-")]
    assert len(found) == 1
    again = fuzz(tmp_path, *one, "--replay", str(found[0]))
    assert again.returncode == 1
    assert "two elements" in again.stderr


def test_a_finding_ends_the_round(tmp_path: Path) -> None:
    (tmp_path / "planted_harness.py").write_text(PLANTED, "utf-8")
    result = fuzz(tmp_path, "--module", "planted_harness", "--seconds", "30")
    assert result.returncode == 1
    assert "planted: FOUND" in result.stdout
