"""Small immutable values that several aggregates share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, Field

from ledger.domain.event import Value
from ledger.domain.refusals import Reason, refuse

SECONDS_PER_DAY: Final = 86_400


class Account(StrEnum):
    """Where seconds can stand: outside the ledger, or in one evidence class of a holder."""

    OUTSIDE = "outside"
    CLAIMED = "claimed"
    ATTENDED = "attended"
    VERIFIED = "verified"
    DISPUTED = "disputed"
    WITHHELD = "withheld"
    REVERSED = "reversed"

    # Asked for twice for each entry that is stored; enum's own way to answer is a call of Python code.
    value = property(attrgetter("_value_"))


EVIDENCE_CLASSES: Final = tuple(account for account in Account if account is not Account.OUTSIDE)
COUNTED_CLASSES: Final = (Account.CLAIMED, Account.ATTENDED, Account.VERIFIED, Account.DISPUTED)
"""Classes whose seconds occupy a person's time."""


class Entry(Value):
    """One double-entry movement of seconds between two accounts of one holder."""

    service_date: date
    """The calendar date of service in the place's zone."""
    from_class: Account
    to_class: Account
    seconds: Annotated[int, Field(gt=0)]
    reason: str | None = None


class Interval(Value):
    """A half-open span of time [start, end), both in UTC whole seconds."""

    start: AwareDatetime
    end: AwareDatetime

    @property
    def seconds(self) -> int:
        return int((self.end - self.start).total_seconds())

    @cached_property
    def span(self) -> tuple[int, int]:
        """Its bounds in whole seconds since 1970 UTC."""
        return int(self.start.timestamp()), int(self.end.timestamp())


class Position(Value):
    """Where an event stands: dense numbers 1..n in each ledger partition."""

    partition: Annotated[int, Field(ge=0)]
    position: Annotated[int, Field(ge=1)]


class LocalizedText(Value):
    """A text for people in Arabic, English or both."""

    ar: str | None = None
    en: str | None = None


class ImportedFrom(Value):
    """Which system a migrated record comes from."""

    system: str
    record_id: str


@lru_cache(1_024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone called `name`. Refuses TIME_ZONE_UNKNOWN."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        refuse(Reason.TIME_ZONE_UNKNOWN, time_zone=name)


def calendar_date(text: str) -> date:
    """A date written as ISO 8601. Refuses DATE_INVALID."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        refuse(Reason.DATE_INVALID, value=text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(Reason.DATE_INVALID, value=text)


def whole_seconds(moment: datetime) -> datetime:
    """The moment with its fraction of a second dropped: the ledger counts whole seconds."""
    return moment.replace(microsecond=0)


def precedes(positions: Mapping[int, int], others: Mapping[int, int]) -> bool:
    """Whether `positions` (partition → position) lack, in some partition, what `others` count."""
    return any(positions.get(partition, 0) < position for partition, position in others.items())
