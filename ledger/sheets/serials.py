"""Days and times as spreadsheets count them: a number of days since an epoch, of which the fraction is the time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from ledger.sheets.dates import Moment
from ledger.sheets.words import ValueWrong

DAY_SECONDS: Final = 86_400
EPOCH_1904: Final = date(1904, 1, 1)
_EPOCH_1900: Final = date(1899, 12, 30)
_NEVER_WAS: Final = 60
"""29 February 1900, which Excel has and no calendar: numbers before it count from a day later."""
SERIAL_MAX: Final = 2_958_465
"""31 December 9999."""


def moment_of_serial(serial: float, *, epoch_1904: bool) -> datetime:
    """The wall clock that a number means. Raises ValueWrong."""
    if not 0 <= serial <= SERIAL_MAX:
        raise ValueWrong(f"the number {serial} is no date", "write the date")
    days, seconds = divmod(round(serial * DAY_SECONDS), DAY_SECONDS)
    if epoch_1904:
        day = EPOCH_1904 + timedelta(days=days)
    elif days == _NEVER_WAS:
        raise ValueWrong("the number 60 is 29 February 1900, a day that never was", "write the date")
    else:
        day = _EPOCH_1900 + timedelta(days=days + (days < _NEVER_WAS))
    return datetime.combine(day, time()) + timedelta(seconds=seconds)


def day_of_serial(serial: float, *, epoch_1904: bool) -> Moment:
    """A bare number: a date, with a time of day if it has a fraction. Raises ValueWrong."""
    moment = moment_of_serial(serial, epoch_1904=epoch_1904)
    return Moment(moment.date(), moment.time() if moment.time() != time() else None)


def length_of_serial(serial: float) -> timedelta:
    """How long a number is as a duration, in whole seconds. Raises ValueWrong."""
    if abs(serial) > SERIAL_MAX:
        raise ValueWrong(f"the number {serial} is no duration", "write the duration")
    return timedelta(seconds=round(serial * DAY_SECONDS))


def clock_of(length: timedelta) -> time | None:
    """The time of day so long after midnight; None where that is another day."""
    if not timedelta() <= length < timedelta(days=1):
        return None
    minutes, second = divmod(length.seconds, 60)
    return time(minutes // 60, minutes % 60, second)
