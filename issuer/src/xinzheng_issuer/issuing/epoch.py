"""The certificate that was recorded last, remembered outside of the register.

A register that came back from a backup does not know it: numbers and indexes were given out since, and would be given
out again. Status lists tell the same once one has changed; this tells it where nothing has happened but that. Which
certificate is the last, the register says by how many indexes it has given out, and no clock.

A published bundle that is to be taken over lies beside it until what it tells is published again: whoever goes on must
not need to know of it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from xinzheng_issuer.errors import IssuingError, PublishingError
from xinzheng_issuer.register.store import Store
from xinzheng_schemas.strict_json import loads_object
from xinzheng_verifier.trust.files import locked, replace_file
from xinzheng_verifier.trust.names import sha256_of

EPOCH_FILE = "epoch/recorded.json"
"""Its name in the data folder; it does not belong into backups of the register."""


_NEW, _KEPT = ".xzb", ".kept.xzb"


class TakenOver(NamedTuple):
    """That all that is at hand was taken over, and waits to be published.

    Attributes:
        cause: of the entry in the register's outbox; a register that has none of it came back from a backup since.
        given_up: the highest number of an edition that is given up, for nobody has it any more; 0 of none.
        refusal: code that named it.
        bundles: names of the kept bundles that were taken over; `Epoch.doubt` notes those that are there.
    """

    cause: str
    given_up: int = 0
    refusal: str = ""
    bundles: tuple[str, ...] = ()

    def gives_up(self, refusal: str, number: int) -> bool:
        """Whether an edition of this number, that this code names, is given up."""
        return refusal == self.refusal and number <= self.given_up


class _Recorded(NamedTuple):
    """What is remembered.

    Attributes:
        certificate: the last one; None while it is in doubt whether the register knows it.
        fill: number of the newest status list then, and how many of its indexes were taken; a register never has less.
        taken_over: while in doubt, once all that is at hand was taken over; None before.
    """

    certificate: str | None
    fill: tuple[int, int] = 0, 0
    taken_over: TakenOver | None = None


class Epoch:
    """The file, and what it says of a register.

    Args:
        path: of the file, in a folder of its own, whose lock whoever changes it holds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_there(self) -> bool:
        """Whether anything is remembered."""
        return self._path.exists()

    def note(self, certificate_id: str, fill: tuple[int, int]) -> None:
        """Remember a recorded certificate before anybody signs it, unless nothing was recorded since another one.

        Args:
            certificate_id: its id; of several that were recorded together that of any.
            fill: the register's newest status list and how many of its indexes are taken, seen after it was recorded.

        Raises:
            IssuingError: `register_doubted`, something is being taken over since it was recorded; `epoch_unwritable`.
        """

        def follows(last: _Recorded | None) -> bool:
            if (last is not None and last.certificate is None) or any(self.found()):
                raise IssuingError("register_doubted", path=self._path)
            return last is None or last.fill < fill

        self._write(_Recorded(certificate_id, fill), follows)

    def doubt(
        self, handed_in: bytes | None = None, *, replaced: bytes | None = None, taken_over: TakenOver | None = None
    ) -> None:
        """Remember that certificates may have been recorded of which this register does not know.

        Args:
            handed_in: a bundle that is to be taken over and is to be kept until that is published; a doubt by itself.
            replaced: what is in effect, where the bundle takes its place; likewise.
            taken_over: that all was taken over; None before.

        Raises:
            IssuingError: `epoch_unwritable`.
        """
        found = {
            _name_of(content, ending): content for content, ending in ((handed_in, _NEW), (replaced, _KEPT)) if content
        }
        if taken_over is not None:
            taken_over = taken_over._replace(bundles=tuple({*found, *(path.name for path in self.found())}))
        self._write(_Recorded(None, taken_over=taken_over), lambda _last: True, found)

    def taken_over(self, store: Store) -> TakenOver | None:
        """What a register has taken over; None if that is not all, or it cannot be told.

        It waits to be published, or is and nobody could say so here.

        Args:
            store: an open transaction.
        """
        with suppress(PublishingError):
            last = self._last()
            told = last.taken_over if last else None
            if told and {path.name for path in self.found()} <= {*told.bundles} and store.knows_publication(told.cause):
                return told
        return None

    def found(self) -> Iterator[Path]:
        """The bundles that are to be taken over."""
        yield from sorted(self._path.parent.glob("[0-9a-f]*.xzb"))

    def handed_in(self) -> list[Path]:
        """Those of them that the publication folder may have to be brought to yet."""
        return [path for path in self.found() if not path.name.endswith(_KEPT)]

    def took(self, handed_in: bytes) -> None:
        """Remember that the publication folder is where a bundle asks it to be.

        Raises:
            IssuingError: `epoch_unwritable`.
        """
        path = self._path.with_name(_name_of(handed_in, _NEW))
        try:
            path.replace(path.with_name(_name_of(handed_in, _KEPT)))
        except OSError as error:
            raise IssuingError("epoch_unwritable", path=path, reason=error.strerror) from error

    def refusal(self, store: Store, *, known: bytes = b"") -> PublishingError | None:
        """Why nothing may be issued by this register; None if it knows all that was recorded, or none is remembered.

        Args:
            store: an open transaction.
            known: a bundle whose place something else takes, and of which the register knows all: that it is kept, and
                nothing else, is no doubt.

        Returns:
            PublishingError: `register_forgetful`; `register_doubted`; `epoch_damaged`, it cannot be told.
        """
        try:
            last = self._last()
        except PublishingError as error:
            return error
        if any(path.name != _name_of(known, _KEPT) for path in self.found()):
            return PublishingError("register_doubted", path=self._path)
        if last is None:
            return None
        if last.certificate is None:
            return PublishingError("register_doubted", path=self._path)
        if store.has_certificate(last.certificate) and store.list_fill() >= last.fill:
            return None
        return PublishingError("register_forgetful", path=self._path)

    def settle(self, recorded: tuple[str, tuple[int, int]] | None) -> None:
        """End a doubt, for what was taken over is published.

        Args:
            recorded: what `note` would remember of the register; None if it has no certificate.

        Raises:
            IssuingError: `epoch_unwritable`.
        """
        try:
            with locked(self._path.parent):
                for bundle in (*self.found(), *self._path.parent.glob(".new-*.xzb")):
                    bundle.unlink()
                if recorded is None:
                    self._path.unlink()
                else:
                    self._replace(_Recorded(*recorded))
        except OSError as error:
            raise IssuingError("epoch_unwritable", path=self._path, reason=error.strerror) from error

    def _write(
        self,
        content: _Recorded,
        follows: Callable[[_Recorded | None], bool],
        found: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        """Write what is to be remembered, if it follows what is.

        Raises:
            IssuingError: `epoch_unwritable`.
        """
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            with locked(self._path.parent):
                for name, bundle in found.items():  # before the doubt, which would be ended without it
                    replace_file(self._path.with_name(name), bundle, mode=0o600)
                if content.certificate is None or follows(self._last()):
                    self._replace(content)
        except PublishingError as error:
            raise IssuingError("epoch_unwritable", path=self._path, reason=error.code) from error
        except OSError as error:
            raise IssuingError("epoch_unwritable", path=self._path, reason=error.strerror) from error

    def _replace(self, content: _Recorded) -> None:
        number, taken = content.fill
        members: dict[str, object] = {"certificate": content.certificate, "list": number, "taken": taken}
        if content.taken_over is not None:
            members["takenOver"] = content.taken_over._asdict()
        replace_file(self._path, json.dumps(members).encode(), mode=0o600)

    def _last(self) -> _Recorded | None:
        """What is remembered; of an earlier release the certificate alone.

        Raises:
            PublishingError: `epoch_damaged`.
        """
        try:
            content: Any = loads_object(self._path.read_bytes())
            fill = (0, 0) if "recordedAt" in content else (int(content["list"]), int(content["taken"]))
            certificate = content["certificate"]
            taken_over = None
            if told := content.get("takenOver"):
                bundles = tuple(map(str, told["bundles"]))
                taken_over = TakenOver(str(told["cause"]), int(told["given_up"]), str(told["refusal"]), bundles)
            return _Recorded(None if certificate is None else str(certificate), fill, taken_over)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise PublishingError("epoch_damaged", path=self._path) from error


def _name_of(bundle: bytes, ending: str) -> str:
    return f"{sha256_of(bundle)}{ending}"
