"""Who attends which live session since when, and was heard of when last? A row a session, and one a connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import accumulate
from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.live_session_data import (
    LivePresencesRecorded,
    LiveSessionEnded,
    LiveSessionOpened,
    LiveSignsRecorded,
)
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch, OtherEvent

_OPENED: Final = """
    insert into live_sessions (
        session, partition, position, shift, organization, silence_seconds, registration_required, excluded,
        opened_at, through
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_THROUGH: Final = "update live_sessions set through = greatest(through, %s) where session = %s"
_ENDED: Final = "update live_sessions set through = %s, ended_at = %s where session = %s"
_JOINED: Final = """
    insert into live_connections (session, number, partition, volunteer, joined, last_sign, has_ended)
    select %s, number, %s, volunteer, joined, joined, false
    from unnest(%s::int[], %s::text[], %s::bigint[]) as told (number, volunteer, joined)
"""
_SIGNS: Final = """
    update live_connections c set last_sign = greatest(last_sign, told.second)
    from unnest(%s::int[], %s::bigint[]) as told (number, second), live_sessions s
    where s.session = %s and c.session = s.session and c.number = told.number
      and not c.has_ended and told.second - c.last_sign <= s.silence_seconds
"""
"""After longer silence than declared a connection had ended at its last sign: what comes then does not count."""
_GONE: Final = "update live_connections set has_ended = true where session = %s and number = any(%s)"

Sign = tuple[int, int]
"""Number of the connection, second."""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring sessions and connections up to date, event by event: what a sign counts for depends on those before."""
    for event, data in batch.directory:
        match data:
            case LiveSessionOpened():
                _open(connection, event, data)
            case LivePresencesRecorded():
                _presences(connection, event, data)
            case LiveSignsRecorded():
                base = epoch(data.base)
                told = [(number, base + heard.seconds) for heard in data.signs for number in accumulate(heard.numbers)]
                _signs(connection, data.session, told)
                change_one(connection, _THROUGH, [base + data.through_seconds, data.session])
            case LiveSessionEnded():
                change_one(connection, _ENDED, [epoch(data.at), epoch(data.at), data.session])
            case _:
                pass  # another projection's


def _open(connection: ReadDatabase, event: OtherEvent, data: LiveSessionOpened) -> None:
    rule, opened_at = data.rule, epoch(data.at)
    connection.execute(
        _OPENED,
        [
            data.session,
            event.partition,
            event.position,
            data.shift,
            data.organization,
            rule.silence_seconds,
            rule.registration_required,
            rule.excluded,
            opened_at,
            opened_at,
        ],
    )


def _presences(connection: ReadDatabase, event: OtherEvent, data: LivePresencesRecorded) -> None:
    base = epoch(data.base)
    if data.joined:
        numbers = [data.first_number + place for place in range(len(data.joined))]
        persons, seconds = [one.volunteer for one in data.joined], [base + one.seconds for one in data.joined]
        connection.execute(_JOINED, [data.session, event.partition, numbers, persons, seconds])
    left = [(gone.number, base + gone.seconds) for gone in data.ended if gone.ended_by == "left"]
    # A leave is a sign of life first; it counts only if the silence before it was not too long.
    _signs(connection, data.session, left)
    if data.ended:
        connection.execute(_GONE, [data.session, [gone.number for gone in data.ended]])
    told = [base + one.seconds for one in data.joined] + [second for _, second in left]
    if told:
        change_one(connection, _THROUGH, [max(told), data.session])


def _signs(connection: ReadDatabase, session: str, told: Iterable[Sign]) -> None:
    for signs in _rounds(told):
        connection.execute(_SIGNS, [[number for number, _ in signs], [second for _, second in signs], session])


def _rounds(told: Iterable[Sign]) -> Iterator[list[Sign]]:
    """The signs in order, such that no round has two of one connection: an update changes a row once."""
    rounds: list[list[Sign]] = []
    seen: Counter[int] = Counter()
    for number, second in told:
        if seen[number] == len(rounds):
            rounds.append([])
        rounds[seen[number]].append((number, second))
        seen[number] += 1
    return iter(rounds)


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp())
