"""The process in which the demo verifies: no socket, neither by Python nor behind its back."""

import platform
import subprocess
import sys

import pytest

ATTEMPTS = {
    "python": "import socket; socket.socket()",
    "unix": "import socket; socket.socket(socket.AF_UNIX)",
    "name": "import socket; socket.getaddrinfo('localhost', 80)",
    "pair": "import socket; socket.socketpair()",
    "asyncio": "import asyncio; asyncio.run(asyncio.sleep(0))",
}
CHILD = "import socket; socket.socket()"
BEHIND_PYTHON = {
    "socket": "libc.socket(2, 1, 0)",
    "child": f"-bool(subprocess.run([sys.executable, '-c', '{CHILD}']).returncode)",
    "io_uring": "libc.syscall(425, 1, None)",
}


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_audit_hook_refuses_on_every_system(attempt: str) -> None:
    fence = "from xinzheng_issuer.demo import no_network; no_network._fence_by_audit_hook()\n"
    result = run(fence + ATTEMPTS[attempt])
    assert result.returncode == 1
    assert "no network here: socket." in result.stderr


@pytest.mark.parametrize("attempt", BEHIND_PYTHON)
def test_kernel_refuses_what_python_does_not_see(attempt: str) -> None:
    program = f"""
import ctypes, subprocess, sys
from xinzheng_issuer.demo import no_network
fenced = no_network._fence_by_kernel()
libc = ctypes.CDLL(None)
sys.exit(10 * fenced + (({BEHIND_PYTHON[attempt]}) == -1))
"""
    known = sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}
    assert run(program).returncode == (11 if known else 0)


def launch(*command: str) -> subprocess.CompletedProcess[str]:
    launcher = [sys.executable, "-m", "xinzheng_issuer.demo.no_network", *command]
    return subprocess.run(launcher, capture_output=True, text=True, check=False)


def test_command_runs_and_the_proof_is_printed() -> None:
    result = launch("xinzheng-verify", "--help")
    assert result.returncode == 0, result.stderr
    assert "usage" in result.stdout.lower()
    assert result.stderr.startswith("no-network: ")
    assert "no network here: socket.__new__" in result.stderr


@pytest.mark.parametrize("command", [(), ("no-such-command",)])
def test_without_a_command_it_says_so(command: tuple[str, ...]) -> None:
    result = launch(*command)
    assert result.returncode == 70
    assert "no-network: FAILED" in result.stderr


def test_fence_with_a_hole_is_noticed() -> None:
    result = run("from xinzheng_issuer.demo import no_network; no_network._refusal()")
    assert result.returncode == 70
    assert "a socket could be opened" in result.stderr
