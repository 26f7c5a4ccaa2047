"""One token of a module: found by URI, logged in to once a process, with a session for each thread that calls it.

A PIN that was refused is not tried again in this process, and none is tried when the token says that one more wrong
PIN would lock it: a service that is started over and over locks nothing.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from pkcs11 import Attribute, Session, Token, TokenFlag
from pkcs11.attributes import AttributeMapper, handle_ulong
from pkcs11.exceptions import (
    FunctionNotSupported,
    KeySizeRange,
    KeyTypeInconsistent,
    MechanismInvalid,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    TokenWriteProtected,
    UserAlreadyLoggedIn,
)

from xinzheng_keys.errors import TokenError
from xinzheng_keys.pkcs11_library import TokenLibrary, library_at
from xinzheng_keys.pkcs11_uri import PKCS11URI
from xinzheng_keys.token_access import TokenAccess

_T = TypeVar("_T")

_WRONG_PIN: Final = (PinIncorrect, PinInvalid, PinLenRange)

_LASTING: Final = (
    FunctionNotSupported,
    KeySizeRange,
    KeyTypeInconsistent,
    MechanismInvalid,
    TokenWriteProtected,
)
"""Errors that a new beginning does not mend; after any other one the module is restarted and asked once more."""

# Types of keys as numbers: for those of makers python-pkcs11 has no names, and reads no key of them.
_ATTRIBUTES: Final = AttributeMapper()
_ATTRIBUTES.register_handler(Attribute.KEY_TYPE, *handle_ulong)

_MAY_RETURN: Final = ("token_missing", "token_key_missing")

_SALT: Final = secrets.token_bytes(32)


class _Links(threading.local):
    """Of one thread: token → generation and session."""

    def __init__(self) -> None:
        self.sessions: dict[object, tuple[int, Session]] = {}


_HERE = _Links()


class _Logins:
    """What this process has done at tokens: shared by all links, lost with a fork like the sessions themselves."""

    def __init__(self) -> None:
        self.held: dict[tuple[TokenLibrary, bytes], tuple[int, Session]] = {}
        self.refused: dict[tuple[str, bytes], bytes] = {}


_LOGINS = _Logins()


class TokenLink:
    """A token as one URI names it.

    Args:
        uri: what selects the token, and where its PIN is.
        access: what the installation says.

    Attributes:
        uri: as given.
        sm2: the numbers of the module's SM2, if the installation knows them.
    """

    def __init__(self, uri: PKCS11URI, access: TokenAccess) -> None:
        self.uri = uri
        self._place = uri.without_key()
        self._access = access
        self._path = access.library(module_path=uri.module_path, module_name=uri.module_name)
        self._pin = access.pin_source(uri.pin_source)
        self.sm2 = access.sm2_of(self._path)

    def run(self, work: Callable[[Session], _T], *, writing: bool = False) -> _T:
        """What `work` makes of a session that is logged in, in a thread of the module, within the deadline.

        After an error that may come from a lost session the module is restarted and `work` done once more: it must
        bear that.

        Args:
            work: calls the module; its objects must not leave it, for they belong to the session.
            writing: whether the session is to be read-write, of its own.

        Raises:
            TokenError: `token_missing`, `token_ambiguous`, `token_pin_…`, `token_slow`, `token_failed`.
            KeyStoreError: the PIN's source cannot be read.
        """
        deadline = self._access.deadline
        library = library_at(self._path, sessions=self._access.sessions, deadline=deadline)
        try:
            return library.crew.run(lambda: self._twice(library, work, writing), deadline=deadline)
        except TimeoutError as error:
            raise TokenError("token_slow", seconds=deadline) from error

    def generation(self) -> int:
        """Counts the beginnings of the module; to be called by `work`, which may keep handles for one of them."""
        return library_at(self._path, sessions=self._access.sessions, deadline=self._access.deadline).generation

    def _twice(self, library: TokenLibrary, work: Callable[[Session], _T], writing: bool) -> _T:
        before = library.generation
        try:
            return self._once(library, work, writing)
        except _LASTING as error:
            raise TokenError("token_failed", reason=type(error).__name__) from error
        except PKCS11Error:
            pass
        except TokenError as error:
            if error.code not in _MAY_RETURN:
                raise
        library.restart(generation=before, deadline=self._access.deadline)
        try:
            return self._once(library, work, writing)
        except PKCS11Error as error:
            raise TokenError("token_failed", reason=type(error).__name__) from error

    def _once(self, library: TokenLibrary, work: Callable[[Session], _T], writing: bool) -> _T:
        with library.gate.shared():
            if not writing:
                return work(self._session(library))
            session = self._logged_in(library).open(rw=True, attribute_mapper=_ATTRIBUTES)
            try:
                return work(session)
            finally:
                session.close()

    def _session(self, library: TokenLibrary) -> Session:
        """This thread's session. A session lost its meaning with its generation, and is not closed then."""
        known = _HERE.sessions.get((library, self._place))
        if known is not None and known[0] == library.generation:
            return known[1]
        generation = library.generation
        session = self._logged_in(library).open(attribute_mapper=_ATTRIBUTES)
        _HERE.sessions[library, self._place] = (generation, session)
        return session

    def _logged_in(self, library: TokenLibrary) -> Token:
        token = self._token(library)
        with library.login_lock:
            held = _LOGINS.held.get((library, token.serial + token.label.encode()))
            if held is None or held[0] != library.generation:
                session = self._log_in(token)
                _LOGINS.held[library, token.serial + token.label.encode()] = (library.generation, session)
        return token

    def _token(self, library: TokenLibrary) -> Token:
        found = library.tokens(self.uri)
        if not found:
            raise TokenError("token_missing")
        if len(found) > 1:
            raise TokenError("token_ambiguous", count=len(found))
        return found[0]

    def _log_in(self, token: Token) -> Session:
        """Open the session that keeps the login: it lasts as long as any session of the process is open."""
        flags = token.flags
        if not flags & TokenFlag.LOGIN_REQUIRED:
            return token.open()
        if flags & TokenFlag.USER_PIN_LOCKED:
            raise TokenError("token_pin_locked")
        if flags & TokenFlag.USER_PIN_FINAL_TRY:
            raise TokenError("token_pin_last_try")
        pin = self._pin()
        tried, place = hashlib.blake2b(pin, key=_SALT).digest(), (str(self._path), token.serial)
        if _LOGINS.refused.get(place) == tried:
            raise TokenError("token_pin_wrong")
        try:
            return token.open(user_pin=pin.decode("utf-8"))
        except UserAlreadyLoggedIn:  # by another part of this process
            return token.open()
        except UnicodeDecodeError:
            raise TokenError("token_pin_unset") from None
        except _WRONG_PIN as error:
            _LOGINS.refused[place] = tried
            raise TokenError("token_pin_wrong") from error
        except (PinLocked, PinExpired) as error:
            raise TokenError("token_pin_locked") from error
