"""A process that ends at one chosen step, before it took effect or after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


class Crash(Exception):
    """The process ends here."""


def crash_at(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, *, after: bool, turn: int = 1) -> None:
    """The `turn`th call of a function ends the process, before or after it did its work."""
    real: Callable[..., Any] = getattr(owner, name)
    calls = [0]

    def crashing(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == turn and not after:
            raise Crash(name)
        result = real(*arguments, **named)
        if calls[0] == turn:
            raise Crash(name)
        return result

    monkeypatch.setattr(owner, name, crashing)
