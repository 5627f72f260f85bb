"""PostgreSQL's protocol, read just far enough to know where a client says `commit` and where the server answers it."""

from __future__ import annotations

import struct
from typing import Final

from tests.faults.tcp_proxy import Conversation, Cut, Cuts

_STARTUP_REQUESTS: Final = {80877103, 80877104}  # SSLRequest, GSSENCRequest: answered by one byte, then startup follows
_COMMITTED: Final = b"C\x00\x00\x00\x0bCOMMIT\x00"
_ROLLED_BACK: Final = b"C\x00\x00\x00\x0dROLLBACK\x00"


class PostgresConversation(Conversation):
    """Cuts at a COMMIT of the extended protocol (and of its pipelines), prepared or not."""

    def __init__(self, cuts: Cuts) -> None:
        super().__init__(cuts)
        self._started = False
        self._unread = b""
        self._answer = b""
        self._commits: set[bytes] = set()
        self._cut: Cut | None = None

    def from_client(self, data: bytes) -> bytes:
        self._unread += data
        handed_on = b""
        while (message := self._next_message()) is not None:
            if self._is_commit(message) and self._cut is None:
                self._cut = self.cuts.take()
                if self._cut == "before":
                    self.cuts.count("before")
                    self.close.set()
                    return handed_on
            handed_on += message
            if self._cut == "racing" and message[:1] == b"S":
                # All of the transaction has been handed over; nobody waits for what becomes of it.
                self.cuts.count("racing")
                self.deaf.set()
                return handed_on
        return handed_on

    def from_server(self, data: bytes) -> bytes:
        if self._cut not in ("after", "racing"):
            return data
        # Nothing more reaches the client. The server's side ends only when it says what became of the transaction:
        # closed earlier, the kernel could throw away what the server has not read yet.
        self._answer += data
        if _COMMITTED in self._answer or _ROLLED_BACK in self._answer:
            if self._cut == "after":
                self.cuts.count("after")
            self.close.set()
        return b""

    def _next_message(self) -> bytes | None:
        head = 1 if self._started else 0
        if len(self._unread) < head + 4:
            return None
        length = head + int(struct.unpack_from("!i", self._unread, head)[0])
        if len(self._unread) < length:
            return None
        message, self._unread = self._unread[:length], self._unread[length:]
        if not self._started:
            self._started = struct.unpack_from("!i", message, 4)[0] not in _STARTUP_REQUESTS
        elif message[:1] == b"P":
            name, query, _ = message[5:].split(b"\x00", 2)
            self._commits.discard(name)
            if query.strip().lower() == b"commit":
                self._commits.add(name)
        return message

    def _is_commit(self, message: bytes) -> bool:
        if not self._started or message[:1] != b"B":
            return False
        _, statement, _ = message[5:].split(b"\x00", 2)
        return statement in self._commits
