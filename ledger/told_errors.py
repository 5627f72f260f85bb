"""Errors as logs may tell them: what happened and where, without the values that it happened to.

The text of an error is told only where its class is known never to carry what somebody entered. Of all others the name
of the class and the places in the code are enough to find the cause.
"""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg

from ledger.domain.refusals import Refusal

_TELLING: Final = ("ledger.", "consumers.", "kafka.errors")
"""Whose errors speak of no values: by module, for to load Kafka's client only to know its errors takes a while."""
_DATA_EXCEPTION: Final = "22"
"""Class of SQLSTATE whose messages repeat the value that was wrong (PostgreSQL 18, appendix A)."""
_HOME: Final = Path(__file__).parents[1]
CAUSES_MAX: Final = 8


def new_incident() -> str:
    """The id under which a caller can tell of a fault, and by which its cause is found in the log."""
    return secrets.token_hex(8)


def told(error: BaseException) -> str:
    """One line: the class, and what may be told of its text."""
    name = type(error).__name__
    text = " ".join(_text_of(error).split())
    return f"{name}: {text}" if text else name


def told_traceback(error: BaseException) -> str:
    """Where it happened, in Python's order, its causes first. Lines of code are not repeated, nor are values."""
    return "\n".join(_lines_of(error, CAUSES_MAX))


def _text_of(error: BaseException) -> str:
    if isinstance(error, Refusal):
        return error.reason.name  # its details name persons
    if isinstance(error, psycopg.Error):
        return _text_of_database(error)
    return str(error) if isinstance(error, OSError) or _tells(type(error)) else ""


def _tells(kind: type[BaseException]) -> bool:
    return any(base.__module__.startswith(_TELLING) for base in kind.__mro__)


def _text_of_database(error: psycopg.Error) -> str:
    """DETAIL and CONTEXT repeat rows and stay away; without SQLSTATE it is psycopg's own, about connections."""
    if error.sqlstate is None:
        return str(error) if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else ""
    message = None if error.sqlstate.startswith(_DATA_EXCEPTION) else error.diag.message_primary
    return f"{error.sqlstate} {message or ''}"


def _lines_of(error: BaseException, causes_left: int) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes_left:
        yield from _lines_of(cause, causes_left - 1)
        yield "Then:"
    yield "Traceback (most recent call last):"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}"
    yield told(error)
    if isinstance(error, BaseExceptionGroup) and causes_left:
        for one in error.exceptions:
            yield from _lines_of(one, causes_left - 1)


def _place(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(_HOME)) if path.is_relative_to(_HOME) else "/".join(path.parts[-3:])
