"""Kafka's protocol, read just far enough to know a produce request and the answer that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.local_kafka import LocalKafka
from tests.faults.tcp_proxy import Conversation, Cut, Cuts, TcpProxy

_PRODUCE: Final = 0


class KafkaConversation(Conversation):
    """Cuts a produce request before the broker sees it, or its answer once the broker gives it."""

    def __init__(self, cuts: Cuts) -> None:
        super().__init__(cuts)
        self._from_client = _Messages()
        self._from_server = _Messages()
        self._cut: Cut | None = None
        self._correlation = b""

    def from_client(self, data: bytes) -> bytes:
        handed_on = b""
        for message in self._from_client.add(data):
            if int.from_bytes(message[4:6], "big") == _PRODUCE and self._cut is None:
                self._cut, self._correlation = self.cuts.take(), message[8:12]
                if self._cut == "before":
                    self.cuts.count("before")
                    self.close.set()
                    return handed_on
                if self._cut == "racing":
                    self.cuts.count("racing")
                    self.close.set()
                    return handed_on + message
            handed_on += message
        return handed_on

    def from_server(self, data: bytes) -> bytes:
        handed_on = b""
        for message in self._from_server.add(data):
            if self._cut == "after" and message[4:8] == self._correlation:
                self.cuts.count("after")
                self.close.set()
                return handed_on
            handed_on += message
        return handed_on


class _Messages:
    """Bytes in, whole messages out, each with its size before it."""

    def __init__(self) -> None:
        self._unread = b""

    def add(self, data: bytes) -> Iterator[bytes]:
        self._unread += data
        while len(self._unread) >= 4:
            length = 4 + int.from_bytes(self._unread[:4], "big")
            if len(self._unread) < length:
                return
            message, self._unread = self._unread[:length], self._unread[length:]
            yield message


class ProxiedKafka(LocalKafka):
    """A broker with a second listener that is advertised at a proxy's port.

    Clients that begin at the proxy stay behind it: a broker otherwise sends them to its own address.
    """

    inner_port: int = 0
    proxy: TcpProxy

    def settings_text(self) -> str:
        listener, advertised = f"PLAINTEXT://127.0.0.1:{self.port}", f"PROXIED://127.0.0.1:{self.proxy.port}"
        return (
            super()
            .settings_text()
            .replace(f"listeners={listener},", f"listeners={listener},PROXIED://127.0.0.1:{self.inner_port},", 1)
            .replace(f"advertised.listeners={listener}", f"advertised.listeners={listener},{advertised}")
            .replace("map=PLAINTEXT:PLAINTEXT", "map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT")
        )
