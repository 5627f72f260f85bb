"""A sample ledger's logs over HTTP, on the paths on which `serve` has them; and ways for it to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ledger.exporting.log_source import NotKept
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.tiles import EntryBundle, parse_path
from tests.exporting.sample_ledger import SampleLedger

TOKEN = "an auditors' token for tests"


class SampleServer(ThreadingHTTPServer):
    """Answers for one ledger; `fault` may answer first, and says whether it did."""

    daemon_threads = True

    def __init__(self, source: SampleLedger) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.source = source
        self.fault: Callable[[BaseHTTPRequestHandler], bool] = lambda _: False
        self.asked: list[str] = []
        self.connections: set[int] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def page(self, path: str) -> bytes:
        _, _, partition, rest = path.split("/", 3)
        number, source = int(partition), self.source
        match rest.split("/"):
            case ["balances"]:
                return source.balances(number)
            case ["checkpoint"]:
                return source.newest_checkpoint(number)
            case ["checkpoint", size]:
                return source.checkpoint(number, int(size))
            case ["consistency", old, new]:
                hashes = source.consistency(number, int(old), int(new))
                return "".join(f"{base64_text(each)}\n" for each in hashes).encode()
        wanted = parse_path(rest)
        return (
            source.entry_bundle(number, wanted) if isinstance(wanted, EntryBundle) else source.hash_tile(number, wanted)
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SampleServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.connections.add(self.client_address[1])
        if self.server.fault(self):
            return
        if "/entries/" in self.path and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, b"entries are for auditors\n")
            return
        try:
            self.answer(200, self.server.page(self.path))
        except NotKept as missing:
            self.answer(404, f"{missing}\n".encode())

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def sample_server(source: SampleLedger) -> Iterator[SampleServer]:
    """Served until the block ends."""
    with SampleServer(source) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
