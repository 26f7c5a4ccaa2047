"""The keys of a key folder as they are now: a change made by a command takes effect in a running server by itself.

Signing holds the folder's lock with others who sign; a change holds it alone. So a change waits for signatures under
way, and whoever signs after it sees it: nothing is signed with a key once it is retired or compromised.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from xinzheng_issuer.court import CourtConfiguration
from xinzheng_issuer.issuing.court_keys import CourtKeys, load_court_keys
from xinzheng_issuer.issuing.key_records import RECORDS_FILE, records_damaged
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.signer import Signer
from xinzheng_keys.token_access import TokenAccess

_log = structlog.get_logger("xinzheng.keys")

RETRY_SECONDS = 30.0
"""How long after a key could not be opened it is tried again, seconds."""

_Identity = tuple[int, int, int, int]


class LiveKeys:
    """The court's keys by their folder.

    Args:
        folder: the key folder.
        court: whose.
        passphrase: opens the key files; asked again for keys that come in later.
        tokens: how hardware modules are reached.
        when_needed: open a key when it is to sign: a command needs few of them, a server all.

    Raises:
        ConfigurationError: `key_records_damaged`.
    """

    def __init__(
        self,
        folder: Path,
        court: CourtConfiguration,
        *,
        passphrase: PassphraseSource,
        tokens: TokenAccess | None = None,
        when_needed: bool = False,
    ) -> None:
        self._folder = folder
        self._court = court
        self._passphrase = passphrase
        self._tokens = tokens
        self._when_needed = when_needed
        self._lock = threading.Lock()
        self._identity, self._read_at = self._found(), time.monotonic()
        self._keys = self._read(opened={})

    def current(self) -> CourtKeys:
        """The keys as the file says now; it is read again when it is another one.

        Raises:
            ConfigurationError: `key_records_damaged`.
        """
        with self._lock:
            # Looked at before it is read: a change meanwhile is seen the next time.
            identity = self._found()
            if identity != self._identity or self._retry_is_due():
                self._keys = self._read(opened=self._keys.signers)
                self._identity, self._read_at = identity, time.monotonic()
                _log.info("keys_read_again", active=sorted(self._keys.signers), unopened=sorted(self._keys.unopened))
            return self._keys

    @contextmanager
    def in_use(self) -> Iterator[CourtKeys]:
        """As `KeySource.in_use`."""
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield self.current()
        finally:
            os.close(descriptor)

    def _read(self, *, opened: Mapping[str, Signer]) -> CourtKeys:
        return load_court_keys(
            self._folder,
            self._court,
            passphrase=self._passphrase,
            tokens=self._tokens,
            opened=opened,
            when_needed=self._when_needed,
        )

    def _retry_is_due(self) -> bool:
        """A module that was out of reach is asked again, but not with every request."""
        return bool(self._keys.unopened) and time.monotonic() - self._read_at >= RETRY_SECONDS

    def _found(self) -> _Identity:
        path = self._folder / RECORDS_FILE
        try:
            status = path.stat()
        except OSError as error:
            raise records_damaged(path, error) from error
        return status.st_ino, status.st_mtime_ns, status.st_size, status.st_ctime_ns
