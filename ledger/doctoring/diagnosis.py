"""What a check of the installation says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Health(Enum):
    """How it is."""

    OK = "ok"
    WARN = "warn"
    """It works, and should be looked at."""
    WRONG = "wrong"
    """Something could be lost, exposed or misunderstood, or does not work."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line."""

    health: Health
    name: str
    text: str
    """What is seen and, unless all is well, what would be right."""


def ok(name: str, text: str) -> Diagnosis:
    """All is well."""
    return Diagnosis(Health.OK, name, text)


def warn(name: str, text: str) -> Diagnosis:
    """To be looked at."""
    return Diagnosis(Health.WARN, name, text)


def wrong(name: str, text: str) -> Diagnosis:
    """To be mended."""
    return Diagnosis(Health.WRONG, name, text)
