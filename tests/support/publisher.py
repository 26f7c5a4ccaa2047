"""A publisher's tree of static files, in a folder and behind a web server on this machine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.tuf_simulator import TUFSimulator, pack
from xinzheng_verifier.trust import updates
from xinzheng_verifier.trust.extent import select

Answer = Callable[[BaseHTTPRequestHandler], None]


class StaticTree:
    """What a simulator published, edition by edition: metadata, bundles, and updates from each edition to the next.

    Args:
        folder: where it is written.
        simulator: whose publications they are.
    """

    def __init__(self, folder: Path, simulator: TUFSimulator) -> None:
        self.folder = folder
        self.simulator = simulator
        self._editions: dict[int, dict[str, bytes]] = {}

    def publish(self, *, update: bool = True) -> int:
        """Write what the simulator publishes now, and where there is an edition before it, the update from that.

        Returns:
            The edition.
        """
        files, last = self.simulator.files(), self.simulator.version
        self._write("metadata/timestamp.json", files["metadata/timestamp.json"])
        self._write(f"bundles/bundle-{last}.xzb", pack(files))
        if update and self._editions:
            first = max(self._editions)
            made = updates.make(select(self._editions[first]), select(files), first=first, last=last)
            self._write(f"updates/{first}-{last}.xzu", made)
        self._editions[last] = files
        return last

    def path(self, name: str) -> Path:
        return self.folder / name

    def _write(self, name: str, content: bytes) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_bytes(content)


class WebServer:
    """A web server on this machine that answers with files of a folder, or as it is told.

    Attributes:
        address: where it is.
        asked: paths that were asked for, in order.
        answers: path → how it is answered in place of the file.
    """

    def __init__(self, folder: Path, *, wrap: Callable[[Any], Any] | None = None) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                if self.path in server.answers:
                    server.answers[self.path](self)
                    return
                path = folder / self.path.lstrip("/")
                if not path.is_file():
                    self.send_error(404)
                    return
                content = path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # whoever asked has hung up

        self._server = Server(("127.0.0.1", 0), Handler)
        if wrap is not None:
            self._server.socket = wrap(self._server.socket)
        scheme = "http" if wrap is None else "https"
        self.port: int = self._server.server_address[1]
        self.address = f"{scheme}://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["WebServer"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def answering(status: int, *, headers: dict[str, str] | None = None, content: bytes = b"") -> Answer:
    """An answer with these headers and no others."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer
