"""Where a store gets its updates: a folder, or the static files of a publisher over HTTPS.

Nothing that is read here is believed: it is judged as any bundle that somebody brings. So this guards against what
judging comes too late for: endless answers, waiting for ever, and being sent to another place. Modules of the network
are loaded when a source in the network is read, and by nothing else in this distribution.
"""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, TypeVar

from xinzheng_verifier.errors import TrustError

if TYPE_CHECKING:
    import http.client
    import urllib.request
    from urllib.parse import SplitResult

Answer = TypeVar("Answer")

WAIT_SECONDS = 30.0
"""How long a source may be silent. [chosen]"""

WHOLE_SECONDS = 600.0
"""How long one file may take. [chosen: 32 MiB at 0.5 Mbit/s]"""

_PIECE: Final = 65_536
_ABSENT: Final = {404, 410}


class Source(Protocol):
    """A publisher's tree of files."""

    def read(self, name: str, *, max_bytes: int) -> bytes | None:
        """One file.

        Args:
            name: its path in the tree, such as `metadata/timestamp.json`.
            max_bytes: how long it may be.

        Returns:
            The content; None if there is no such file.

        Raises:
            TrustError: a `source_…` code.
        """


def source_of(place: str) -> Source:
    """The source at a place.

    Args:
        place: a folder, or an address that begins with `https://`; with `http://` only on this machine.

    Raises:
        TrustError: `source_address`, `source_insecure`.
    """
    return WebSource(place) if "://" in place else FolderSource(Path(place))


class FolderSource:
    """A publisher's tree in a folder, such as one on a medium that was carried here.

    Args:
        folder: the folder above `metadata`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str, *, max_bytes: int) -> bytes | None:
        """As `Source.read`."""
        if not self._folder.is_dir():
            raise TrustError("source_unreachable", place=str(self._folder), reason="ENOENT")
        try:
            return read_file(self._folder / name, max_bytes=max_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TrustError("source_unreachable", place=str(self._folder), reason=error.strerror) from error


def read_file(path: Path, *, max_bytes: int) -> bytes:
    """A plain file, wherever it lies; a pipe or a device would never end.

    Raises:
        TrustError: `source_too_large`.
        OSError: it cannot be read, or is no plain file.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123 - a descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(None, "not a file", str(path))
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise TrustError("source_too_large", name=path.name, limit=max_bytes)
    return content


class WebSource:
    """A publisher's tree behind a web server.

    HTTPS with the machine's certificate authorities; plain HTTP on this machine alone. A redirect is followed within
    the same scheme, host and port. A proxy that the environment names is used, but for this machine.

    Args:
        address: the address above `metadata`, without user, query and fragment.

    Raises:
        TrustError: `source_address`, `source_insecure`.
    """

    def __init__(self, address: str) -> None:
        from urllib.parse import urlsplit  # noqa: PLC0415 - of the network

        try:
            parts = urlsplit(address)
            origin = _origin(parts)
        except ValueError as error:
            raise TrustError("source_address", place=address) from error
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise TrustError("source_address", place=parts.hostname or "?")
        if parts.query or parts.fragment or not (address.isascii() and address.isprintable()) or " " in address:
            raise TrustError("source_address", place=parts.hostname)
        self._is_here = _is_loopback(parts.hostname)
        if parts.scheme == "http" and not self._is_here:
            raise TrustError("source_insecure", place=parts.hostname)
        self._address, self._host, self._origin = address.rstrip("/"), parts.hostname, origin

    def read(self, name: str, *, max_bytes: int) -> bytes | None:
        """As `Source.read`."""
        from http.client import HTTPException  # noqa: PLC0415 - of the network

        try:
            return _within(WHOLE_SECONDS, lambda: self._read(name, max_bytes=max_bytes))
        except (OSError, HTTPException, EOFError) as error:
            reason = str(getattr(error, "reason", None) or error) or type(error).__name__
            raise TrustError("source_unreachable", place=self._host, reason=reason) from error

    def _read(self, name: str, *, max_bytes: int) -> bytes | None:
        from urllib.error import HTTPError  # noqa: PLC0415 - of the network
        from urllib.request import Request  # noqa: PLC0415 - of the network

        request = Request(f"{self._address}/{name}", headers={"User-Agent": "xinzheng-verify", "Accept": "*/*"})  # noqa: S310 - the scheme is known
        try:
            with self._opener().open(request, timeout=WAIT_SECONDS) as response:
                return self._whole(response, name, max_bytes=max_bytes)
        except HTTPError as error:
            error.close()
            if error.code in _ABSENT:
                return None
            raise TrustError("source_refused", place=self._host, status=error.code) from error

    def _whole(self, response: "http.client.HTTPResponse", name: str, *, max_bytes: int) -> bytes:
        content = bytearray()
        while piece := response.read1(_PIECE):
            content += piece
            if len(content) > max_bytes:
                raise TrustError("source_too_large", name=name, limit=max_bytes)
        if response.length:
            raise EOFError(f"{name}: {response.length} bytes are missing")
        return bytes(content)

    def _opener(self) -> "urllib.request.OpenerDirector":
        from urllib import request  # noqa: PLC0415 - of the network
        from urllib.parse import urlsplit  # noqa: PLC0415 - of the network

        origin, host = self._origin, self._host

        class SameOrigin(request.HTTPRedirectHandler):
            def http_error_302(
                self,
                req: "urllib.request.Request",
                fp: IO[bytes],
                code: int,
                msg: str,
                headers: "http.client.HTTPMessage",
            ) -> Any:
                try:
                    return super().http_error_302(req, fp, code, msg, headers)
                except TrustError:
                    raise
                except ValueError as error:  # no address
                    fp.close()
                    raise TrustError("source_redirect", place=host) from error

            http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

            def redirect_request(  # noqa: PLR0917 - as in the class above
                self,
                req: "urllib.request.Request",
                fp: IO[bytes],
                code: int,
                msg: str,
                headers: "http.client.HTTPMessage",
                newurl: str,
            ) -> "urllib.request.Request | None":
                if _origin(urlsplit(newurl)) != origin:
                    fp.close()
                    raise TrustError("source_redirect", place=host)
                return super().redirect_request(req, fp, code, msg, headers, newurl)

        opener = request.OpenerDirector()
        for handler in (
            request.ProxyHandler({} if self._is_here else None),
            request.HTTPHandler(),
            request.HTTPSHandler(),
            request.HTTPDefaultErrorHandler(),
            request.HTTPErrorProcessor(),
            SameOrigin(),
        ):
            opener.add_handler(handler)
        return opener


def _origin(parts: "SplitResult") -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address  # noqa: PLC0415 - of the network

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _within(seconds: float, work: Callable[[], Answer]) -> Answer:
    """What `work` gives; a server that sends one byte now and then keeps no single wait from ending in time.

    Raises:
        TimeoutError: it takes longer; it goes on in a thread that ends with the program.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"{seconds:.0f} s")
    return answers[0]
