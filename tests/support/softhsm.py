"""A hardware module in software: SoftHSM 2, its tokens in a folder of this process.

SoftHSM knows its folder by the environment, and reads it when it is initialised. A token is taken away by moving its
folder; what SoftHSM never does by itself (a lock after wrong PINs, slowness, a refused fork) is done at the real
boundary: `replaced` puts another function into the module's own function list, which every caller goes through.
"""

import ctypes
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from xinzheng_keys.token_access import TokenAccess

PIN = "731902"
OFFICER_PIN = "87654321"
_PLACES = (
    "/usr/lib/softhsm",
    "/usr/lib/*/softhsm",
    "/usr/lib64/pkcs11",
    "/usr/lib64/softhsm",
    "/usr/local/lib/softhsm",
)

# Places of functions in CK_FUNCTION_LIST (PKCS #11 v2.40, pkcs11f.h), counted from 0 behind the version.
FUNCTIONS = {"C_GetTokenInfo": 6, "C_OpenSession": 12, "C_Login": 18, "C_SignInit": 42, "C_Sign": 43}


@cache
def library() -> Path | None:
    """The module's library, if it is installed."""
    for place in _PLACES:
        for path in Path("/").glob(f"{place[1:]}/libsofthsm2.so"):
            return path.resolve()
    return None


needs_softhsm = pytest.mark.skipif(
    library() is None or shutil.which("softhsm2-util") is None, reason="this machine has no softhsm2"
)


@cache
def folder() -> Path:
    """The folder of this process's tokens; from here on SoftHSM looks nowhere else."""
    made = Path(tempfile.mkdtemp(prefix="softhsm-"))
    (made / "tokens").mkdir()
    configuration = made / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {made}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    return made


@dataclass(frozen=True)
class Token:
    """One token.

    Attributes:
        label: its label.
        place: the folder in which SoftHSM keeps it.
        pin_file: a file with its PIN, mode 0600.
    """

    label: str
    place: Path
    pin_file: Path
    access: TokenAccess = field(default_factory=TokenAccess)

    def uri(self, name: str | None = None) -> str:
        """Where a key is, the PIN by file."""
        key = "" if name is None else f";object={name}"
        return f"pkcs11:token={self.label}{key}?module-path={library()}&pin-source=file:{self.pin_file}"

    def write_pin(self, pin: str) -> None:
        self.pin_file.write_text(pin)
        self.pin_file.chmod(0o600)

    @contextmanager
    def taken_away(self) -> Iterator[None]:
        """Without this token in its slot."""
        away = folder() / f"away-{self.label}"
        self.place.rename(away)
        try:
            yield
        finally:
            away.rename(self.place)

    def destroy(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)


def make_token(label: str | None = None, *, pin: str = PIN) -> Token:
    """A fresh token."""
    label = label or f"court-{secrets.token_hex(4)}"
    tokens = folder() / "tokens"
    before = set(tokens.iterdir())
    util("--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", OFFICER_PIN)
    (place,) = set(tokens.iterdir()) - before
    token = Token(label, place, folder() / f"{label}.pin")
    token.write_pin(pin)
    return token


def util(*arguments: str) -> str:
    """What `softhsm2-util` prints."""
    folder()
    command = ["softhsm2-util", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


@contextmanager
def replaced(name: str, instead: Callable[..., int], arguments: int) -> Iterator[None]:
    """The module with another function in the place of one of its own, for every caller in this process.

    Args:
        name: of the function, such as `C_Sign`.
        instead: called with the original function and the arguments as machine words; gives the return value.
        arguments: how many arguments the function takes.
    """
    words = [ctypes.c_void_p] * arguments
    kind = ctypes.CFUNCTYPE(ctypes.c_ulong, *words)
    functions = ctypes.POINTER(ctypes.c_void_p)()
    assert ctypes.CDLL(str(library())).C_GetFunctionList(ctypes.byref(functions)) == 0
    place = 1 + FUNCTIONS[name]
    original = functions[place]
    assert original is not None
    call_original = kind(original)
    hook = kind(lambda *given: instead(call_original, *given))
    functions[place] = ctypes.cast(hook, ctypes.c_void_p).value
    try:
        yield
    finally:
        functions[place] = original
