"""Who holds a level as of a moment, and what does an honour rest on?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ledger.credentials.honour_badge import BadgedHonour
from ledger.domain.initiative import is_initiative
from ledger.domain.milestone import level_of
from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import View, view
from ledger.projections.basis import Ground, KnownHorizon, ReadPool, timestamp
from ledger.projections.entry_questions import ENTRY_COLUMNS, entry_message
from ledger.projections.page_token import PageToken, read_token, rows_wanted, token_of
from ledger.projections.recognition_questions import places_of
from volunteer_hours.v1 import recognition_service_pb2 as pb
from volunteer_hours.v1.hours_service_pb2 import Entry
from volunteer_hours.v1.positions_pb2 import Position

_UPTO: Final = "(%(upto_by_partition)b::bigint[])[h.partition + 1]"
"""Up to which position the partition of a row counts: looked up in an array, so that no join stands in the way of
reading the index alone."""
_HELD: Final = f"""
    h.since_position <= {_UPTO} and (h.until_position is null or h.until_position > {_UPTO})
"""
_HELD_BY_TIME: Final = f"""
    h.since_position <= {_UPTO} and h.since_at <= %(known_until)b::timestamptz
    and (h.until_position is null or h.until_position > {_UPTO} or h.until_at > %(known_until)b::timestamptz)
"""
"""By a source time: what the ledger itself told was known when it was recorded."""
_COUNT: Final = "select count(*) from honours h where h.recognition = %(recognition)b and h.level = %(level)b and"
_PAGE: Final = """
    select h.honour, h.holder, h.recognition_version, h.partition, h.since_position, h.since_at
    from honours h
    where h.recognition = %(recognition)b and h.level = %(level)b
      and (h.holder, h.honour) > (%(holder)b, %(honour)b)
      and not exists (select from volunteers v where v.volunteer = h.holder and v.erased) and"""
_ORDER: Final = "order by h.holder, h.honour limit %(rows)b"
_ONE: Final = """
    select h.honour, h.holder, h.recognition_version, h.partition, h.since_position, h.since_at, h.counted_seconds,
           h.months, h.skills_count, h.organizations_count, h.evaluated_at::text, h.cause_partition, h.cause_position,
           h.persons_count
    from honours h
    where h.honour = %(name)b and"""
_ENTRIES: Final = f"""
    select {ENTRY_COLUMNS}
    from entries e
    where e.holder = %(holder)b and e.position <= (%(upto)b::bigint[])[e.partition + 1]
      and 3 in (e.from_class, e.to_class) and (e.position, e.entry_index) > (%(position)b, %(entry_index)b)
    order by e.position, e.entry_index limit %(rows)b
"""
"""3: verified. A person's entries all lie in one partition."""
_TEAM_ENTRIES: Final = f"""
    select {ENTRY_COLUMNS}
    from entries e
    where starts_with(e.organization, 'initiatives/') and hashtext(e.organization) = hashtext(%(holder)b::text)
      and e.organization = %(holder)b and e.position <= (%(upto)b::bigint[])[e.partition + 1]
      and 3 in (e.from_class, e.to_class)
      and (e.partition, e.position, e.entry_index) > (%(partition)b, %(position)b, %(entry_index)b)
    order by e.partition, e.position, e.entry_index limit %(rows)b
"""
_BADGED: Final = """
    select h.honour, h.holder, h.recognition_version, h.level, r.display_name::text, r.levels::text, r.source,
           h.since_at, h.partition, h.since_position, h.counted_seconds,
           exists (select from volunteers v where v.volunteer = h.holder and v.erased)
    from honours h join recognitions r on r.name = h.recognition_version
    where h.honour = %b and h.until_position is null
"""
_EVENTS: Final = "select partition, positions from nominations where nomination = %b"
_NOWHERE: Final = (0, 0, -1)


class _NamedLevel(msgspec.Struct):
    level: str
    display_name: dict[str, str]


class HonourQuestions:
    """Answers from the read database, as of positions, record time or source time. Safe to share between calls."""

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        self._pool = pool
        self._ground = Ground(partitions, horizon)

    async def page(self, request: pb.ListHonoursRequest, seconds_left: float | None = None) -> pb.ListHonoursResponse:
        """Who holds a level, by name. Refuses PAGE_TOKEN_INVALID, NOT_YET_KNOWN."""
        token = read_token(request, request.page_token)
        holder, honour = _after(token)
        as_of = request.as_of if request.HasField("as_of") else None
        rows = rows_wanted(request.page_size)
        pinned = None if token is None else token.positions
        async with view(self._pool, self._ground, request.positions, as_of, seconds_left, pinned) as seen:
            asked = {
                **_cut(seen),
                "recognition": request.parent,
                "level": request.level,
                "holder": holder,
                "honour": honour,
                "rows": rows + 1,
            }
            held = _held(seen)
            count = await (await seen.connection.execute(f"{_COUNT} {held}", asked, binary=True)).fetchone()
            cursor = await seen.connection.execute(f"{_PAGE} {held} {_ORDER}", asked, binary=True)
            found = await cursor.fetchall()
        more, shown = len(found) > rows, found[:rows]
        return pb.ListHonoursResponse(
            honours=map(_honour, shown),
            honour_count=0 if count is None else count[0],
            next_page_token=token_of(request, (shown[-1][1], shown[-1][0]), seen.basis.positions) if more else "",
            positions=seen.basis.position_messages(),
            recorded_through=seen.basis.recorded_through_message(),
        )

    async def explain(
        self, request: pb.ExplainHonourRequest, seconds_left: float | None = None
    ) -> pb.ExplainHonourResponse:
        """What an honour that is held rests on. Refuses NOT_FOUND for one that is not held, PAGE_TOKEN_INVALID."""
        token = read_token(request, request.page_token)
        as_of = request.as_of if request.HasField("as_of") else None
        pinned = None if token is None else token.positions
        async with view(self._pool, self._ground, request.positions, as_of, seconds_left, pinned) as seen:
            asked = {**_cut(seen), "name": request.name}
            row = await (await seen.connection.execute(f"{_ONE} {_held(seen)}", asked, binary=True)).fetchone()
            if row is None:
                refuse(Reason.NOT_FOUND, name=request.name)
            answer = pb.ExplainHonourResponse(honour=_honour(row), positions=seen.basis.position_messages())
            if row[6] is None:
                answer.events.extend(await _events(seen, request.name))
                return answer
            answer.milestone.CopyFrom(_milestone(row))
            rows = rows_wanted(request.page_size)
            entries = await _entries(seen, row, _entries_after(token), rows + 1)
        answer.entries.extend(entries[:rows])
        if len(entries) > rows:
            last = entries[rows - 1]
            place = (last.position.partition, last.position.position, last.entry_index)
            answer.next_page_token = token_of(request, place, seen.basis.positions)
        return answer

    async def badged(self, request: pb.GetHonourBadgeRequest, seconds_left: float | None = None) -> BadgedHonour:
        """What a badge says of an honour that is held. Refuses NOT_FOUND, VOLUNTEER_ERASED."""
        async with view(self._pool, self._ground, request.positions, None, seconds_left) as seen:
            row = await (await seen.connection.execute(_BADGED, (request.name,), binary=True)).fetchone()
        if row is None:
            refuse(Reason.NOT_FOUND, name=request.name)
        if row[11]:
            refuse(Reason.VOLUNTEER_ERASED, name=row[1])
        return BadgedHonour(
            honour=row[0],
            holder=row[1],
            recognition_version=row[2],
            level=row[3],
            names=_names(row[4], row[5], row[3]),
            rule_source=row[6],
            since=row[7],
            partition=row[8],
            position=row[9],
            counted_seconds=row[10],
        )


def _names(programme: str, levels: str, level: str) -> dict[str, str]:
    """Language → programme and level, in the languages that the level has."""
    of_programme = msgspec.json.decode(programme, type=dict[str, str])
    known = {one.level: one.display_name for one in msgspec.json.decode(levels, type=list[_NamedLevel])}
    return {
        language: f"{of_programme[language]}: {text}" if language in of_programme else text
        for language, text in known[level].items()
    }


def _cut(seen: View) -> dict[str, object]:
    return {"upto_by_partition": _by_partition(seen.basis.positions), "known_until": seen.known_until}


def _by_partition(positions: Mapping[int, int]) -> list[int]:
    return [positions.get(partition, 0) for partition in range(max(positions, default=0) + 1)]


def _held(seen: View) -> str:
    return _HELD if seen.known_until is None else _HELD_BY_TIME


async def _entries(seen: View, row: Sequence[Any], after: tuple[int, int, int], rows: int) -> list[Entry]:
    evaluated_at = msgspec.json.decode(row[10], type=dict[int, int])
    partition, position, entry_index = after
    asked = {
        "holder": row[1],
        "upto": _by_partition(evaluated_at),
        "position": position,
        "entry_index": entry_index,
        "rows": rows,
    }
    if is_initiative(row[1]):
        cursor = await seen.connection.execute(_TEAM_ENTRIES, {**asked, "partition": partition}, binary=True)
    else:
        cursor = await seen.connection.execute(_ENTRIES, asked, binary=True)
    return [entry_message(one) for one in await cursor.fetchall()]


async def _events(seen: View, nomination: str) -> list[Position]:
    row = await (await seen.connection.execute(_EVENTS, (nomination,), binary=True)).fetchone()
    return [] if row is None else [Position(partition=row[0], position=position) for position in row[1]]


def _after(token: PageToken | None) -> tuple[str, str]:
    if token is None:
        return "", ""
    names = [key for key in token.after if isinstance(key, str)]
    if len(names) != 2 or not token.positions:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return names[0], names[1]


def _entries_after(token: PageToken | None) -> tuple[int, int, int]:
    if token is None:
        return _NOWHERE
    keys = [key for key in token.after if isinstance(key, int)]
    if len(keys) != 3 or not token.positions:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return keys[0], keys[1], keys[2]


def _honour(row: Sequence[Any]) -> pb.Honour:
    return pb.Honour(
        name=row[0],
        holder=row[1],
        recognition_version=row[2],
        since=Position(partition=row[3], position=row[4]),
        since_time=timestamp(row[5]),
    )


def _milestone(row: Sequence[Any]) -> pb.Milestone:
    return pb.Milestone(
        name=row[0],
        recognition_version=row[2],
        level=level_of(row[0]),
        reached=True,
        counted_seconds=row[6],
        months=row[7],
        skills_count=row[8],
        organizations_count=row[9],
        evaluated_at=places_of(row[10]),
        cause=Position(partition=row[11], position=row[12]),
        told_at=Position(partition=row[3], position=row[4]),
        record_time=timestamp(row[5]),
        persons_count=row[13],
    )
