"""The certificate that was recorded last, remembered outside of the register.

A register that came back from a backup does not know it: numbers and indexes were given out since, and would be given
out again. Status lists tell the same once one has changed; this tells it where nothing has happened but that.
"""

import json
from pathlib import Path
from typing import Any

from xinzheng_issuer.errors import IssuingError, PublishingError
from xinzheng_issuer.register.store import Store
from xinzheng_schemas.strict_json import loads_object
from xinzheng_verifier.trust.files import replace_file

EPOCH_FILE = "register-epoch.json"
"""Name of the file in the data folder; it does not belong into backups of the register."""


class Epoch:
    """The file, and what it says of a register.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, certificate_id: str) -> None:
        """Remember a recorded certificate before anybody signs it; of several that were recorded together any one.

        Raises:
            IssuingError: `epoch_unwritable`.
        """
        try:
            replace_file(self._path, json.dumps({"certificate": certificate_id}).encode(), mode=0o600)
        except OSError as error:
            raise IssuingError("epoch_unwritable", path=self._path, reason=error.strerror) from error

    def refusal(self, store: Store) -> PublishingError | None:
        """Why nothing may be issued by this register; None if it knows the certificate, or none is remembered.

        Args:
            store: an open transaction.

        Returns:
            PublishingError: `register_forgetful`; `epoch_damaged`, it cannot be told.
        """
        try:
            content: Any = loads_object(self._path.read_bytes())
            is_known = store.has_certificate(str(content["certificate"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError):
            return PublishingError("epoch_damaged", path=self._path)
        return None if is_known else PublishingError("register_forgetful", path=self._path)

    def forget(self) -> None:
        """The register was brought up to date: what it gives out next is remembered.

        Raises:
            OSError: the file cannot be removed.
        """
        self._path.unlink(missing_ok=True)
