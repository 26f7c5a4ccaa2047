"""On what a benchmark ran, without saying whose machine it is."""

import os
import platform
import re
import sys
import sysconfig
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from cryptography.hazmat.backends.openssl import backend

_CPU_INFO: Final = Path("/proc/cpuinfo")
_LIBRARIES: Final = ("cryptography", "rfc8785", "cbor2", "base45")


def processor() -> str:
    """The model of the processor, as far as the system tells."""
    if _CPU_INFO.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", _CPU_INFO.read_text("utf-8"), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def build() -> str:
    """How the interpreter was built; profile-guided optimization makes Python code faster, and OpenSSL no different."""
    if sys.base_prefix == "/usr":  # distributions optimize by profile without saying so in the arguments
        return f"as {platform.freedesktop_os_release()['PRETTY_NAME']} builds it"
    arguments = str(sysconfig.get_config_var("CONFIG_ARGS"))
    return "with" + ("" if "--enable-optimizations" in arguments else "out") + " profile-guided optimization"


def description(peer: dict[str, str]) -> list[tuple[str, str]]:
    """Name and value of everything that the figures depend on.

    Args:
        peer: packages of the peer's environment and their versions.
    """
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return [
        ("date", datetime.now(UTC).date().isoformat()),
        ("processor", f"{processor()}, {cores()} cores, {platform.system()} {platform.machine()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}, {build()}"),
        ("OpenSSL", backend.openssl_version_text()),
        ("libraries", libraries),
        ("xinzheng-verifier", version("xinzheng-verifier")),
        ("peer", ", ".join(f"{name} {number}" for name, number in peer.items()) or "none"),
    ]
