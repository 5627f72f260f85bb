"""HTTP/2, read just far enough to know where a call begins and where its answer begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.faults.tcp_proxy import Conversation, Cut, Cuts

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADERS: Final = 1
_END_STREAM: Final = 0x1


class GrpcConversation(Conversation):
    """Cuts a call before the server sees it, or its answer once the server gives it."""

    def __init__(self, cuts: Cuts) -> None:
        super().__init__(cuts)
        self._from_client = _Frames(_PREFACE)
        self._from_server = _Frames(b"")
        self._cut: Cut | None = None
        self._cut_stream = 0

    def from_client(self, data: bytes) -> bytes:
        handed_on = b""
        for kind, flags, stream, frame in self._from_client.add(data):
            if kind == _HEADERS and self._cut is None:
                self._cut, self._cut_stream = self.cuts.take(), stream
                if self._cut == "before":
                    self.cuts.count("before")
                    self.close.set()
                    return handed_on
            handed_on += frame
            if self._cut == "racing" and stream == self._cut_stream and flags & _END_STREAM:
                # Both sides are closed: the server sees its caller go while the method is at work.
                self.cuts.count("racing")
                self.close.set()
                return handed_on
        return handed_on

    def from_server(self, data: bytes) -> bytes:
        handed_on = b""
        for kind, _, stream, frame in self._from_server.add(data):
            if self._cut == "after" and kind == _HEADERS and stream == self._cut_stream:
                # Headers of an answer leave when the method has returned: the command is done.
                self.cuts.count("after")
                self.close.set()
                return handed_on
            handed_on += frame
        return handed_on


class _Frames:
    """Bytes in, whole frames out: (type, flags, stream, bytes)."""

    def __init__(self, preface: bytes) -> None:
        self._preface = preface
        self._unread = b""

    def add(self, data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
        self._unread += data
        if self._preface:
            if len(self._unread) < len(self._preface):
                return
            preface, self._unread, self._preface = self._preface, self._unread[len(self._preface) :], b""
            yield -1, 0, 0, preface
        while len(self._unread) >= 9:
            length = 9 + int.from_bytes(self._unread[:3], "big")
            if len(self._unread) < length:
                return
            frame, self._unread = self._unread[:length], self._unread[length:]
            yield frame[3], frame[4], int.from_bytes(frame[5:9], "big") & 0x7FFFFFFF, frame
