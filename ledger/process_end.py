"""How the small processes end: asked to, by an error that a restart cures, or by one that a person must look at."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

from ledger.domain.refusals import InvariantBroken
from ledger.last_words import ENDED_BY
from ledger.log_keeping.stops import LogStopped
from ledger.projections.positions import ForkDetected
from ledger.settings import WrongSetting
from ledger.told_errors import told
from ledger.topic_stops import HistoryDeleted

ENDED: Final = 0
START_AGAIN: Final = 1
"""A server was away, or a client library gave up: the supervisor starts the process again."""
WRONG_SETTING: Final = 2
STOPPED_LOUDLY: Final = 3
"""Two truths, or bytes that cannot be: starting again changes nothing."""

_log = logging.getLogger(__name__)


def exit_code(error: BaseException | None) -> int:
    """The code a process ends with after `error`; no supervisor starts it again after STOPPED_LOUDLY."""
    if error is None:
        return ENDED
    if isinstance(error, WrongSetting):
        return WRONG_SETTING
    if isinstance(error, ForkDetected | HistoryDeleted | InvariantBroken | LogStopped):
        return STOPPED_LOUDLY
    return START_AGAIN


def run_as_process(work: Callable[[threading.Event], None]) -> None:
    """Do `work` until it returns, fails, or SIGTERM or SIGINT sets its event; then end this process with its code."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    try:
        work(stop)
    finally:
        error = sys.exception()
        if error is not None:
            _log.error("%s%s", ENDED_BY, told(error), exc_info=error)
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        # Kafka's client may still hold threads that wait for a broker that is gone: they must not keep us from ending.
        os._exit(exit_code(error))
