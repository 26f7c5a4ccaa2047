"""The certificate that was recorded last, remembered outside of the register.

A register that came back from a backup does not know it: numbers and indexes were given out since, and would be given
out again. Status lists tell the same once one has changed; this tells it where nothing has happened but that. Which
certificate is the last, the register says by how many indexes it has given out, and no clock.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from xinzheng_issuer.errors import IssuingError, PublishingError
from xinzheng_issuer.register.store import Store
from xinzheng_schemas.strict_json import loads_object
from xinzheng_verifier.trust.files import locked, replace_file

EPOCH_FILE = "epoch/recorded.json"
"""Its name in the data folder; it does not belong into backups of the register."""


class _Recorded(NamedTuple):
    """What is remembered.

    Attributes:
        certificate: the last one.
        fill: number of the newest status list then, and how many of its indexes were taken; a register never has less.
    """

    certificate: str
    fill: tuple[int, int]


class Epoch:
    """The file, and what it says of a register.

    Args:
        path: of the file, in a folder of its own, whose lock whoever changes it holds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, certificate_id: str, fill: tuple[int, int]) -> None:
        """Remember a recorded certificate before anybody signs it, unless nothing was recorded since another one.

        Args:
            certificate_id: its id; of several that were recorded together that of any.
            fill: the register's newest status list and how many of its indexes are taken, seen after it was recorded.

        Raises:
            IssuingError: `epoch_unwritable`.
        """
        content = json.dumps({"certificate": certificate_id, "list": fill[0], "taken": fill[1]})
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            with locked(self._path.parent):
                last = self._last()
                if last is None or last.fill < fill:
                    replace_file(self._path, content.encode(), mode=0o600)
        except PublishingError as error:
            raise IssuingError("epoch_unwritable", path=self._path, reason=error.code) from error
        except OSError as error:
            raise IssuingError("epoch_unwritable", path=self._path, reason=error.strerror) from error

    def refusal(self, store: Store) -> PublishingError | None:
        """Why nothing may be issued by this register; None if it knows all that was recorded, or none is remembered.

        Args:
            store: an open transaction.

        Returns:
            PublishingError: `register_forgetful`; `epoch_damaged`, it cannot be told.
        """
        try:
            last = self._last()
        except PublishingError as error:
            return error
        if last is None or (store.has_certificate(last.certificate) and store.list_fill() >= last.fill):
            return None
        return PublishingError("register_forgetful", path=self._path)

    def forget(self, store: Store) -> None:
        """Forget a certificate that the register does not know, for it was brought up to date.

        Args:
            store: an open transaction.

        Raises:
            OSError: the file cannot be removed.
        """
        if self._path.parent.exists():
            with locked(self._path.parent):
                if self.refusal(store) is not None:
                    self._path.unlink()

    def _last(self) -> _Recorded | None:
        """What is remembered; of an earlier release the certificate alone.

        Raises:
            PublishingError: `epoch_damaged`.
        """
        try:
            content: Any = loads_object(self._path.read_bytes())
            fill = (0, 0) if "recordedAt" in content else (int(content["list"]), int(content["taken"]))
            return _Recorded(str(content["certificate"]), fill)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise PublishingError("epoch_damaged", path=self._path) from error
