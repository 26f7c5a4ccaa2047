"""One run of `xinzheng demo` for all tests of a session, also when several processes share the work."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.repository import ROOT

BIN = Path(sys.executable).parent
_PATIENCE_SECONDS = 300  # the demo takes a tenth of that on an idle machine


def plain_environment(*, language: str) -> dict[str, str]:
    """The environment without a locale, settings or measurement of its own: processes start quicker unmeasured."""
    left_out = ("LC_", "XINZHENG_", "COV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"LANG": language, "PYTHONUTF8": "1"}


def run_demo(out: Path, *options: str, language: str = "en_GB.UTF-8") -> subprocess.CompletedProcess[str]:
    """Plays the story into `out`; standard error follows standard output in the result."""
    return subprocess.run(
        [BIN / "xinzheng", "demo", "--out", out, *options],
        env=plain_environment(language=language),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


@pytest.fixture(scope="session")
def demo_out(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder that a run of the demo filled."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    out, done = shared / "demo-out", shared / "demo-done"
    with (shared / "demo-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            result = run_demo(out)
            assert result.returncode == 0, result.stdout
            done.touch()
    return out
