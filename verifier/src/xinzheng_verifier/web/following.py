"""A verifier whose trust follows a store on disk: an import takes effect with the next request, without a restart."""

import threading
from pathlib import Path

from xinzheng_verifier.policy import Policy
from xinzheng_verifier.trust import directory
from xinzheng_verifier.trust.store import TrustStore
from xinzheng_verifier.verifier import Verifier


class FollowingVerifier:
    """Gives the verifier of what the store holds at the moment.

    Args:
        path: folder of the store.
        policy: what to ask beyond a genuine signature.

    Raises:
        TrustError: as `TrustStore.open`.
    """

    def __init__(self, path: Path, policy: Policy) -> None:
        self._path = path
        self._policy = policy
        self._lock = threading.Lock()
        self._mark = directory.mark(path)
        self._verifier = Verifier(TrustStore.open(path), policy=policy)

    def __call__(self) -> Verifier:
        """The verifier; read anew if an import has taken effect since.

        Raises:
            TrustError: the store cannot be read any more; an answer by what it held before would hide a revocation.
        """
        with self._lock:
            mark = directory.mark(self._path)
            if mark != self._mark:
                self._verifier = Verifier(TrustStore.open(self._path), policy=self._policy)
                self._mark = mark
            return self._verifier
