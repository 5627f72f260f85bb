"""Why a process of ours ended, in one line out of its log."""

from __future__ import annotations

import json
from typing import Final

ALARM: Final = "ALARM"
ENDED_BY: Final = "ended by "
"""With this begins what `run_as_process` logs last."""


def last_words(said: str) -> str:
    """Its own alarm where it tells of this end, else the error it ended by, else its last line; empty if none.

    A process may have gone on after an earlier alarm, one about a witness for instance: that one is not why it ended.
    """
    lines = [_said_in(line.strip()) for line in said.splitlines() if line.strip()]
    alarms = [line.partition(ALARM)[2].lstrip(": ") for line in lines if ALARM in line]
    ends = [line.partition(ENDED_BY)[2] for line in lines if ENDED_BY in line]
    if alarms and (not ends or ends[-1] in alarms[-1]):
        return alarms[-1]
    return [*lines[-1:], *ends[-1:]][-1] if lines else ""


def _said_in(line: str) -> str:
    """The message of a line of our log; what others or the interpreter wrote there is no JSON, and told as it is."""
    try:
        told = json.loads(line)
    except ValueError:
        return line
    event = told.get("event") if isinstance(told, dict) else None
    return event if isinstance(event, str) else line
