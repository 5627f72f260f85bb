"""One row by its name, or a page of rows in order of their names, each at one moment of the read database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString, TypeAlias

from ledger.domain.refusals import Reason, refuse
from ledger.projections.basis import Ground, Patience, ReadPool
from ledger.projections.page_token import read_token, rows_wanted, token_of
from ledger.projections.snapshot import ReadConnection, snapshot
from volunteer_hours.v1 import delivery_service_pb2 as delivery_pb
from volunteer_hours.v1 import directory_service_pb2 as pb
from volunteer_hours.v1 import policy_service_pb2 as policy_pb
from volunteer_hours.v1 import project_service_pb2 as project_pb
from volunteer_hours.v1 import recognition_service_pb2 as recognition_pb
from volunteer_hours.v1 import training_service_pb2 as training_pb
from volunteer_hours.v1.hours_service_pb2 import ListClosedPeriodsRequest
from volunteer_hours.v1.positions_pb2 import Position

Narrowed: TypeAlias = tuple[LiteralString, Mapping[str, object]]
"""A condition and its parameters."""
EVERYTHING: Final[Narrowed] = ("true", {})
"""The filter of a list without one."""


ListRequest: TypeAlias = (
    pb.ListOrganizationsRequest
    | pb.ListInitiativesRequest
    | pb.ListVolunteersRequest
    | pb.ListOpportunitiesRequest
    | pb.ListShiftsRequest
    | pb.ListRegistrationsRequest
    | pb.ListAttendancesRequest
    | pb.ListRequirementStandingsRequest
    | policy_pb.ListPoliciesRequest
    | ListClosedPeriodsRequest
    | project_pb.ListProjectsRequest
    | project_pb.ListDonationsRequest
    | training_pb.ListCoursesRequest
    | training_pb.ListTrainingSessionsRequest
    | recognition_pb.ListRecognitionsRequest
    | recognition_pb.ListMilestonesRequest
    | delivery_pb.ListLagsRequest
    | delivery_pb.ListRefusalsRequest
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list."""

    rows: Sequence[Sequence[Any]]
    next_page_token: str
    positions: Sequence[Position]


@dataclass(frozen=True, slots=True)
class Listing:
    """A table whose rows are listed by name."""

    select: LiteralString
    """select … from …"""
    key: LiteralString
    """The column with the name."""
    also: LiteralString = "true"
    """A condition besides the name, for an index that begins with the holder."""


class DirectoryRows:
    """Reads rows for the questions of the directory."""

    def __init__(self, pool: ReadPool, ground: Ground) -> None:
        self._pool = pool
        self._ground = ground

    async def one(
        self,
        listing: Listing,
        name: str,
        asked: Iterable[Position],
        seconds_left: float | None,
        also: LiteralString | None = None,
    ) -> tuple[Sequence[Any], list[Sequence[Any]], list[Position]]:
        """The row called `name`, the rows that belong to it by the statement `also`, and the positions.

        Refuses NOT_FOUND.
        """
        wanted = self._ground.wanted(asked)
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            statement = f"{listing.select} where {listing.key} = %(name)b and {listing.also}"
            parameters = {"name": name, "holder": holder_of(name)}
            row = await (await found.connection.execute(statement, parameters, binary=True)).fetchone()
            if row is None:
                refuse(Reason.NOT_FOUND, name=name)
            belonging = [] if also is None else await _belonging(found.connection, also, [name])
            return row, belonging, found.basis.position_messages()

    async def page(
        self,
        listing: Listing,
        request: ListRequest,
        seconds_left: float | None,
        narrowed: Narrowed = EVERYTHING,
        also: LiteralString | None = None,
    ) -> tuple[Page, list[Sequence[Any]]]:
        """A page of the rows that the condition `narrowed` leaves, and what belongs to them by the statement `also`.

        Refuses PAGE_TOKEN_INVALID.
        """
        after = _after(request)
        rows_max = rows_wanted(request.page_size)
        condition, parameters = narrowed
        statement = f"""
            {listing.select} where {listing.key} > %(after)b and {condition} order by {listing.key} limit %(rows)b
        """
        wanted = self._ground.wanted(request.positions)
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            cursor = await found.connection.execute(
                statement, {**parameters, "after": after, "rows": rows_max + 1}, binary=True
            )
            rows = await cursor.fetchall()
            names = [row[0] for row in rows[:rows_max]]
            belonging = [] if also is None else await _belonging(found.connection, also, names)
        token = token_of(request, (names[-1],)) if len(rows) > rows_max else ""
        return Page(rows[:rows_max], token, found.basis.position_messages()), belonging


def beneath(parent: str, collection: str, key: LiteralString) -> Narrowed:
    """The condition for names parent/collection/…: one range of an index in byte order."""
    # "0" is the sign after "/": every name that begins with the prefix lies before it.
    return (
        f"{key} >= %(first)b and {key} < %(end)b",
        {"first": f"{parent}/{collection}/", "end": f"{parent}/{collection}0"},
    )


def holder_of(name: str) -> str:
    """Whose hours an attendance moves: the first two parts of its name."""
    return "/".join(name.split("/", 2)[:2])


async def _belonging(connection: ReadConnection, statement: LiteralString, names: list[str]) -> list[Sequence[Any]]:
    parameters = {"names": names, "holders": list({holder_of(name) for name in names})}
    rows = await (await connection.execute(statement, parameters, binary=True)).fetchall()
    return list(rows)


def _after(request: ListRequest) -> str:
    token = read_token(request, request.page_token)
    if token is None:
        return ""
    names = [key for key in token.after if isinstance(key, str)]
    if len(names) != 1:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return names[0]
