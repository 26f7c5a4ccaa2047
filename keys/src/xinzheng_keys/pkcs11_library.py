"""A module's library in this process: loaded once, initialised for several threads, anew in a child process.

`python-pkcs11` initialises a library as for one thread (PKCS #11 v2.40, 5.4, NULL arguments), and lets go of the
interpreter while it calls; so the initialisation is done here, with locks of the operating system asked for.
"""

import ctypes
import os
import threading
import time
from pathlib import Path
from typing import Final

from pkcs11 import Slot, Token
from pkcs11._pkcs11 import lib
from pkcs11.exceptions import PKCS11Error

from xinzheng_keys.errors import TokenError
from xinzheng_keys.pkcs11_uri import PKCS11URI
from xinzheng_keys.token_crew import Crew, Gate

_OK: Final = 0x0
_ALREADY_INITIALIZED: Final = 0x191
_OS_LOCKING: Final = 0x2  # CKF_OS_LOCKING_OK

_RESTART_PAUSE: Final = 0.25
"""Seconds between two restarts of a library at least: a token that is gone is looked for often, not endlessly."""


class _Version(ctypes.Structure):
    _fields_ = (("major", ctypes.c_ubyte), ("minor", ctypes.c_ubyte))


_Call = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)


class _FunctionList(ctypes.Structure):
    """The head of CK_FUNCTION_LIST."""

    _fields_ = (("version", _Version), ("initialize", _Call), ("finalize", _Call))


class _InitializeArgs(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("create_mutex", "destroy_mutex", "lock_mutex", "unlock_mutex")),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


class _Library(lib):
    """The library as `python-pkcs11` sees it; what it would do to begin, `TokenLibrary` does."""

    def initialize(self) -> None:
        """Leave it as it is."""


class TokenLibrary:
    """One module in one process; made by `library_at`.

    Attributes:
        generation: counts the beginnings; sessions and handles of an older one mean nothing any more.
        gate: whoever calls the library is inside.
        crew: the threads that call it.
    """

    def __init__(self, path: Path, *, sessions: int, deadline: float) -> None:
        self.path = path
        self.generation = 0
        self.gate = Gate()
        self.crew = Crew(sessions)
        self.login_lock = threading.Lock()
        self._began = 0.0
        try:
            self.crew.run(self._load, deadline=deadline)
        except TimeoutError as error:
            raise TokenError("token_slow", seconds=deadline) from error

    def _load(self) -> None:
        path = self.path
        try:
            functions = ctypes.POINTER(_FunctionList)()
            answer = ctypes.CDLL(str(path)).C_GetFunctionList(ctypes.byref(functions))
            if answer != _OK:
                raise TokenError("token_module_unusable", path=path, reason=f"C_GetFunctionList 0x{answer:X}")
            self._functions = functions.contents
            self._begin()
            self._lib = _Library(str(path))
        except (OSError, AttributeError) as error:
            raise TokenError("token_module_missing", path=path) from error
        except PKCS11Error as error:
            raise TokenError("token_module_unusable", path=path, reason=type(error).__name__) from error

    def slots(self) -> list[Slot]:
        """Slots that hold a token. To be called inside the gate.

        Raises:
            PKCS11Error: the module does not answer.
        """
        return self._lib.get_slots(token_present=True)

    def tokens(self, uri: PKCS11URI) -> list[Token]:
        """Tokens that a URI matches. To be called inside the gate; a slot that does not answer holds none."""
        found = []
        for slot in self.slots():
            try:
                token = slot.get_token()
            except PKCS11Error:
                continue
            if uri.slot_id in (None, slot.slot_id) and _matches(token, uri):
                found.append(token)
        return found

    def restart(self, *, generation: int, deadline: float) -> None:
        """Finalise and initialise, for a module sees new and returned tokens only then.

        Args:
            generation: the one that the caller found wanting; if another one has begun since, nothing is done.
            deadline: how long to wait until nobody is inside the gate, seconds.

        Raises:
            TimeoutError: somebody stays inside.
            TokenError: `token_module_unusable`.
        """
        with self.gate.alone(deadline=deadline):
            if generation != self.generation:
                return
            time.sleep(max(0.0, self._began + _RESTART_PAUSE - time.monotonic()))
            self._functions.finalize(None)
            self._begin()

    def _begin(self) -> None:
        self.generation += 1
        self._began = time.monotonic()
        arguments = _InitializeArgs(flags=_OS_LOCKING)
        answer = self._functions.initialize(ctypes.byref(arguments))
        if answer == _ALREADY_INITIALIZED and _FORKED:
            # A module that does not notice a fork would go on with the parent's sessions.
            self._functions.finalize(None)
            answer = self._functions.initialize(ctypes.byref(arguments))
        if answer not in (_OK, _ALREADY_INITIALIZED):
            raise TokenError("token_module_unusable", path=self.path, reason=f"C_Initialize 0x{answer:X}")


_OPEN: dict[Path, TokenLibrary] = {}
_OPEN_LOCK = threading.Lock()
_INHERITED: list[TokenLibrary] = []  # never touched, never taken down: its threads are those of the parent
_FORKED = False


def library_at(path: Path, *, sessions: int, deadline: float) -> TokenLibrary:
    """The module at a path in this process.

    Args:
        path: of its library.
        sessions: how many threads call it; the first to open a module decides.
        deadline: how long its beginning may take, seconds.

    Raises:
        TokenError: `token_module_missing`, `token_module_unusable`, `token_slow`.
    """
    with _OPEN_LOCK:
        if path not in _OPEN:
            _OPEN[path] = TokenLibrary(path, sessions=sessions, deadline=deadline)
        return _OPEN[path]


def _after_fork() -> None:
    """A child begins anew: the standard (5.4) gives it no part in the parent's sessions."""
    global _OPEN_LOCK, _FORKED  # noqa: PLW0603 - a lock may be held by a thread that is not there
    _OPEN_LOCK = threading.Lock()
    _FORKED = True
    _INHERITED.extend(_OPEN.values())
    _OPEN.clear()


os.register_at_fork(after_in_child=_after_fork)


def _matches(token: Token, uri: PKCS11URI) -> bool:
    serial = token.serial.decode("utf-8", "replace").rstrip("\0 ")
    found = {
        "token": token.label,
        "serial": serial,
        "manufacturer": token.manufacturer_id,
        "model": token.model,
    }
    return all(getattr(uri, name) in (None, value.rstrip("\0 ")) for name, value in found.items())
