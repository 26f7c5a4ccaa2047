"""Runs `xinzheng` as an operator without the right to read everything, in so much address space and no more.

    PYTHONPATH=tests python -m support.confined <bytes> trust-list publish …

Tests may run as root, who enters every folder: what gives that right is taken away first.
"""

import ctypes
import os
import resource
import sys
from pathlib import Path

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def main(limit: str, *arguments: str) -> None:
    libc = ctypes.CDLL(None)
    for right in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        libc.prctl(_PR_CAPBSET_DROP, right)
    resource.setrlimit(resource.RLIMIT_AS, (int(limit), int(limit)))
    program = Path(sys.executable).parent / "xinzheng"
    os.execv(program, [str(program), *arguments])  # noqa: S606 - the program under test, without a shell


if __name__ == "__main__":
    main(*sys.argv[1:])
