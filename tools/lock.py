"""Writes requirements/*.txt: every third-party package of the distributions, pinned and hash-checked.

The files hold names, versions, markers and hashes; no index and no download address, so that any mirror serves.
Run `make lock` after changing a dependency. Needs `uv` in the environment (`python -m pip install uv`).
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"
SETS: dict[str, tuple[str, ...]] = {
    # file: distributions (with extras) whose third-party dependencies it pins
    "verifier": ("schemas", "verifier[scan,server]"),
    "verifier-jsonld": ("schemas", "verifier[jsonld]"),
    "dev": ("schemas", "verifier[jsonld,scan,server]", "keys[pkcs11]", "issuer[pkcs11,postgresql]"),
    # Other implementations, which `make interop` and `make bench` measure us against; never installed with ours.
    "interop": (),
    "interop-cose": (),
}


def third_party(distribution: str) -> list[str]:
    """The requirement lines of one distribution and its named extras, siblings left out."""
    name, _, extras = distribution.rstrip("]").partition("[")
    project = tomllib.loads((ROOT / name / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in filter(None, extras.split(",")):
        lines += project["optional-dependencies"][extra]
    return [line for line in lines if not line.startswith("xinzheng-")]


def compile_set(name: str) -> None:
    """Writes requirements/<name>.txt."""
    lines = [line for distribution in SETS[name] for line in third_party(distribution)]
    further = ROOT / "requirements" / f"{name}.in"
    if further.exists():
        lines += further.read_text("utf-8").splitlines()
    target = ROOT / "requirements" / f"{name}.txt"
    command = [
        *("uv", "pip", "compile", "-", "--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"),
        *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--no-config", "--quiet"),
        *("--output-file", str(target)),
    ]
    subprocess.run(command, input="\n".join(sorted(set(lines))), text=True, check=True, cwd=ROOT)
    if re.search(r"https?://", target.read_text("utf-8")):
        sys.exit(f"{target} names an address")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or SETS:
        compile_set(wanted)
