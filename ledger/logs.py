"""The log of every process: a line of JSON each on stderr, with the fields that are on the list and no others.

No request, name of a person, token or metadata belongs into it. The message says what happened (`event`), names are
pseudonymous ids at most, and errors tell no values (`ledger.told_errors`). On a terminal lines are made for people.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from types import TracebackType
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from ledger.last_words import ENDED_BY
from ledger.security_events import SecurityEvent, security_event
from ledger.told_errors import told, told_traceback

__all__ = ["FIELDS", "SecurityEvent", "configure", "formatter", "security_event"]

FIELDS: Final = ("time", "level", "part", "logger", "event", "client", "cause", "more", "incident", "exception")
"""In the order in which they are written. What else a line brings along is dropped."""
_SHOWN_BEHIND: Final = ("client", "cause", "more", "incident")
_OURS: Final = ("ledger", "consumers")

log = logging.getLogger(__name__)


def configure(part: str, stream: TextIO | None = None) -> None:
    """Log what this process does, as `part` of the ledger (serve, relay, …), to stderr unless said otherwise.

    Whoever has set up logging before, such as a test, is left alone.
    """
    if logging.getLogger().handlers:
        return
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(part, for_people=stream.isatty()))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)
    sys.excepthook = _tell_uncaught
    threading.excepthook = lambda args: _tell_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def formatter(part: str, *, for_people: bool) -> logging.Formatter:
    """How lines are made of records, ours and those of libraries."""

    def add_part(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
        line["part"] = part
        return line

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            _add_logger_name,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        ],
        processors=[
            add_part,
            _first_line_of_others,
            _without_values,
            _only_listed,
            _as_text if for_people else _as_json,
        ],
    )


def _add_logger_name(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    line["logger"] = line["_record"].name
    return line


def _first_line_of_others(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Further lines of libraries' messages show objects: asyncio's the error of a task with all its values."""
    if line["logger"].partition(".")[0] not in _OURS:
        line["event"] = str(line["event"]).partition("\n")[0]
    return line


def _without_values(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    exc_info = line.get("exc_info")
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(error, BaseException):
        line["exception"] = told_traceback(error)
    return line


def _only_listed(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    return {name: line[name] for name in FIELDS if line.get(name) not in (None, "")}


def _as_json(_logger: WrappedLogger, _name: str, line: EventDict) -> str:
    # ASCII alone: no sign in a value can end the line, colour a terminal or turn the direction of writing.
    return json.dumps(line, ensure_ascii=True, default=str)


def _as_text(_logger: WrappedLogger, _name: str, line: EventDict) -> str:
    head = f"{line['time']} {line['level'].upper()} {line['logger']}: {_printable(line['event'])}"
    more = "".join(
        f" {name}={_printable(line[name])}" for name in ("client", "cause", "more", "incident") if name in line
    )
    trace = "".join(f"\n    {_printable(one)}" for one in str(line.get("exception", "")).splitlines())
    return head + more + trace


def _printable(value: object) -> str:
    """With the signs escaped that a terminal would obey, and those that turn the direction of writing."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(value))


def _tell_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error or kind(), trace)
        return
    log.critical("%s%s", ENDED_BY, told(error), exc_info=error)
