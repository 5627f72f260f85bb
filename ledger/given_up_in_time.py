"""An end to what a server far away makes us wait for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException


@contextmanager
def given_up_in_time(connected: socket.socket, seconds_max: float) -> Iterator[None]:
    """Raise TimeoutError when it takes too long: the timeout of the socket itself begins anew with every byte."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    deadline = threading.Timer(seconds_max, cut)
    deadline.daemon = True
    deadline.start()
    try:
        yield
    except (OSError, HTTPException):
        if not late.is_set():
            raise
    finally:
        deadline.cancel()
    # Cut off in the middle of its head, an answer may look whole.
    if late.is_set():
        raise TimeoutError(f"no whole answer within {seconds_max:.0f} s")
