"""Runs an installed command in a process that cannot open a socket.

Usage: `python -m xinzheng_issuer.demo.no_network COMMAND …`.

Two fences. On Linux a seccomp filter makes the kernel refuse socket(2), socketpair(2) and io_uring_setup(2) with
EPERM for this process and all its children; it cannot be taken off again. Everywhere a Python audit hook (PEP 578)
refuses the `socket.*` events. Both are tried before the command starts, and what they answered goes to standard
error as one line; a socket that opens all the same ends the process with status 70.
"""

import ctypes
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable
from typing import NamedTuple, NoReturn

_EX_SOFTWARE = 70
PROOF = "no-network:"


class _Machine(NamedTuple):
    """What seccomp_data tells of one architecture: its AUDIT_ARCH number and the numbers of the refused calls."""

    audit_arch: int
    refused: tuple[int, ...]


# linux/audit.h, asm/unistd_64.h and asm-generic/unistd.h: socket, socketpair, io_uring_setup.
_MACHINES = {
    "x86_64": _Machine(0xC000003E, (41, 53, 425)),
    "aarch64": _Machine(0xC00000B7, (198, 199, 425)),
}
_X32_BIT = 0x40000000  # x86_64: the same calls under numbers of the x32 ABI

# linux/filter.h, linux/seccomp.h, linux/prctl.h
_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO_EPERM = 0x7FFF0000, 0x00050000 | 1
_OFFSET_NR, _OFFSET_ARCH = 0, 4
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER_MODE = 38, 22, 2


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def _filter(machine: _Machine) -> ctypes.Array[_Instruction]:
    """The classic BPF program: foreign architecture or refused call → EPERM, anything else → allowed."""
    refused = machine.refused
    # After the checks come two returns: ALLOW, then EPERM. Jumps count the instructions to skip.
    checks = len(refused) + 1
    program = [
        _Instruction(_LOAD_WORD, 0, 0, _OFFSET_ARCH),
        _Instruction(_JUMP_EQUAL, 0, checks + 2, machine.audit_arch),
        _Instruction(_LOAD_WORD, 0, 0, _OFFSET_NR),
        _Instruction(_JUMP_AT_LEAST, checks, 0, _X32_BIT),
        *(_Instruction(_JUMP_EQUAL, len(refused) - position, 0, call) for position, call in enumerate(refused)),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _ERRNO_EPERM),
    ]
    return (_Instruction * len(program))(*program)


def _fence_by_kernel() -> bool:
    """Installs the seccomp filter; False where the kernel or the machine knows none."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    program = _filter(machine)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)
    described = _Program(len(program), program)
    steps = ((_PR_SET_NO_NEW_PRIVS, 1, None), (_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(described)))
    return all(prctl(option, argument, pointer, 0, 0) == 0 for option, argument, pointer in steps)


def _fence_by_audit_hook() -> None:
    """Refuses every `socket.*` audit event from here on; hooks cannot be removed."""

    def refuse(event: str, _arguments: tuple[object, ...]) -> None:
        if event.startswith("socket."):
            raise PermissionError(f"no network here: {event}")

    sys.addaudithook(refuse)


def _refusal() -> str:
    """What opening a socket answers now.

    Raises:
        SystemExit: it opened.
    """
    import socket  # noqa: PLC0415  (the proof only; the command decides for itself what it loads)

    try:
        socket.socket().close()
    except OSError as refusal:
        return str(refusal)
    return _give_up("a socket could be opened")


def _give_up(reason: str) -> NoReturn:
    sys.stderr.write(f"{PROOF} FAILED: {reason}\n")
    raise SystemExit(_EX_SOFTWARE)


def _command(name: str) -> Callable[[], int | None]:
    """The installed console script of that name, as its entry point (so that the audit hook stays in force)."""
    found = importlib.metadata.entry_points(group="console_scripts", name=name)
    if not found:
        _give_up(f"no installed command {name!r}")
    loaded: Callable[[], int | None] = next(iter(found)).load()
    return loaded


def main() -> None:
    """Fences the process in, proves it, then runs the command of the arguments in it."""
    answers = [_refusal()] if _fence_by_kernel() else []
    _fence_by_audit_hook()
    answers.append(_refusal())
    sys.stderr.write(f"{PROOF} {'; '.join(answers)}\n")
    sys.stderr.flush()
    sys.argv = sys.argv[1:]
    if not sys.argv:
        _give_up("no command given")
    sys.exit(_command(os.path.basename(sys.argv[0]))())  # noqa: PTH119


if __name__ == "__main__":
    main()
