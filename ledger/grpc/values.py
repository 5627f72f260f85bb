"""Values of messages and of the domain, translated both ways. Empty in a message is None in the domain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.batch import CommandResult
from ledger.domain.identity import IdentityType
from ledger.domain.refusals import Reason, refuse
from ledger.domain.values import ImportedFrom, LocalizedText, calendar_date
from ledger.grpc.status import FieldViolation, InvalidRequest
from volunteer_hours.v1 import positions_pb2, values_pb2

YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2199
"""A time outside is a mistake of the caller's clock or units; inside, arithmetic on days cannot overflow."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_SECONDS_MIN: Final = int(datetime(YEAR_MIN, 1, 1, tzinfo=UTC).timestamp())
_SECONDS_MAX: Final = int(datetime(YEAR_MAX + 1, 1, 1, tzinfo=UTC).timestamp())

IDENTITY_TYPES: Final[Mapping[values_pb2.IdentityType.ValueType, IdentityType]] = {
    values_pb2.IDENTITY_TYPE_NATIONAL_ID: "national_id",
    values_pb2.IDENTITY_TYPE_IQAMA: "iqama",
    values_pb2.IDENTITY_TYPE_PASSPORT: "passport",
    values_pb2.IDENTITY_TYPE_OTHER_NATIONAL: "other_national",
}
IDENTITY_NUMBERS: Final[Mapping[str, values_pb2.IdentityType.ValueType]] = {
    name: number for number, name in IDENTITY_TYPES.items()
}


def moment(field: str, timestamp: Timestamp) -> datetime:
    """A time in whole seconds; a fraction is dropped. Refuses INVALID_ARGUMENT outside the years 1900 to 2199."""
    _need_range(field, timestamp)
    return _whole_seconds(timestamp.seconds)


def exact_moment(field: str, timestamp: Timestamp) -> datetime:
    """A time to compare record times with, raised to their microseconds. Refuses as `moment` does."""
    _need_range(field, timestamp)
    return _whole_seconds(timestamp.seconds) + timedelta(microseconds=-(-timestamp.nanos // 1_000))


def _need_range(field: str, timestamp: Timestamp) -> None:
    if not _SECONDS_MIN <= timestamp.seconds < _SECONDS_MAX or not 0 <= timestamp.nanos < 1_000_000_000:
        text = f"give a time in the years {YEAR_MIN} to {YEAR_MAX}"
        raise InvalidRequest([FieldViolation(field, text, "timestamp.range")])


@lru_cache(8_192)
def _whole_seconds(seconds: int) -> datetime:
    """The many who serve at one time share it: made once, it is also hashed once."""
    return datetime.fromtimestamp(seconds, UTC)


def timestamp(moment: datetime) -> Timestamp:
    """A time, with its fraction of a second."""
    seconds = (moment - _EPOCH) // _SECOND
    return Timestamp(seconds=seconds, nanos=moment.microsecond * 1000)


def day(text: str) -> date | None:
    """A calendar date, None for an empty text. Refuses DATE_INVALID, also outside the years 1900 to 2199."""
    if not text:
        return None
    found = calendar_date(text)
    if not YEAR_MIN <= found.year <= YEAR_MAX:
        refuse(Reason.DATE_INVALID, value=text)
    return found


def localized(text: values_pb2.LocalizedText) -> LocalizedText:
    """A text for people as the domain holds it."""
    return LocalizedText(ar=text.ar or None, en=text.en or None)


def localized_message(text: LocalizedText | None) -> values_pb2.LocalizedText | None:
    """A text for people as a message, None for none."""
    return None if text is None else values_pb2.LocalizedText(ar=text.ar or "", en=text.en or "")


def imported(message: positions_pb2.ImportedFrom, given: bool) -> tuple[ImportedFrom | None, datetime | None]:
    """Where a migrated record comes from, and its source time; (None, None) for a native one."""
    if not given:
        return None, None
    source_time = moment("imported_from.source_record_time", message.source_record_time)
    return ImportedFrom(system=message.system, record_id=message.record_id), source_time


def positions_of(result: CommandResult) -> list[positions_pb2.Position]:
    """The positions a command's answer rests on: a read that carries them sees the command."""
    partition, position = result.position
    return [positions_pb2.Position(partition=partition, position=position)]


def id_for(client: str, request_id: str) -> str:
    """The id of a new thing whose request named none: the same request, sent again, means the same thing.

    It also has to lie in the same partition each time, or two copies of one request could be under way in two.
    """
    return hashlib.sha256(f"{client}\n{request_id}".encode()).hexdigest()[:32]
