"""A TCP proxy that looses connections on purpose, at the one message a test waits for.

It reads just enough of a protocol to know that message: PostgreSQL's COMMIT, the answer of a gRPC call, a Kafka produce
request. `before`: the message never arrives. `after`: it arrives, takes effect, and its answer is lost. `racing`: it
arrives, and the sender is cut off at once, while the receiver is still at work.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias

Cut: TypeAlias = Literal["before", "after", "racing"]
CUTS: Final[tuple[Cut, ...]] = ("before", "after", "racing")
_CHUNK_BYTES: Final = 65_536


class Cuts:
    """How many messages are still to be lost, how, and how many were."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Cut] = []
        self.made: dict[Cut, int] = dict.fromkeys(CUTS, 0)
        self._was_made = threading.Condition(self._lock)

    def arm(self, cut: Cut) -> None:
        """The next message is lost in this way."""
        with self._lock:
            self._armed.append(cut)

    def take(self) -> Cut | None:
        """What to do with a message that has come; None: let it pass."""
        with self._lock:
            return self._armed.pop(0) if self._armed else None

    def count(self, cut: Cut) -> None:
        """One was lost."""
        with self._was_made:
            self.made[cut] += 1
            self._was_made.notify_all()

    @property
    def total(self) -> int:
        """How many were lost so far."""
        return sum(self.made.values())

    def wait_for(self, total: int, seconds: float = 20.0) -> None:
        """Wait until so many were lost: a cut that did not happen proves nothing."""
        with self._was_made:
            assert self._was_made.wait_for(lambda: self.total >= total, seconds), f"{self.total} cuts, not {total}"


class Conversation(ABC):
    """One connection as the proxy follows it. Each method gets what came and returns what to hand on."""

    def __init__(self, cuts: Cuts) -> None:
        self.cuts = cuts
        self.close = threading.Event()
        """Set: both sides are closed after what was handed on."""
        self.deaf = threading.Event()
        """Set: the client's side is closed, the server's answers are read and thrown away."""

    @abstractmethod
    def from_client(self, data: bytes) -> bytes:
        """What the server is given."""

    @abstractmethod
    def from_server(self, data: bytes) -> bytes:
        """What the client is given."""


class TcpProxy:
    """Listens on a free port of 127.0.0.1 and hands on to another; may refuse new connections for a while."""

    def __init__(self, target_port: int, conversation: Callable[[Cuts], Conversation]) -> None:
        self.cuts = Cuts()
        self.open_doors = threading.Event()
        self.open_doors.set()
        self._target = ("127.0.0.1", target_port)
        self._conversation = conversation
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name=f"proxy-{self.port}", daemon=True).start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Cut off everybody who is connected now."""
        with self._lock:
            for one in list(self._sockets):
                _shut(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self.open_doors.is_set():
                client.close()
                continue
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets |= {client, server}
            talk = self._conversation(self.cuts)
            for work in (self._to_server, self._to_client):
                threading.Thread(target=work, args=(talk, client, server), daemon=True).start()

    def _to_server(self, talk: Conversation, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(_CHUNK_BYTES):
                if handed_on := talk.from_client(data):
                    server.sendall(handed_on)
                if talk.close.is_set() or talk.deaf.is_set():
                    break
        _shut(client)
        if not talk.deaf.is_set():
            _shut(server)
        self._forget(client)

    def _to_client(self, talk: Conversation, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK_BYTES):
                handed_on = talk.from_server(data)
                if handed_on and not talk.deaf.is_set():
                    client.sendall(handed_on)
                if talk.close.is_set():
                    break
        _shut(server)
        _shut(client)
        self._forget(server)

    def _forget(self, one: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(one)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        one.close()
