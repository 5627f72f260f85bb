"""What RecognitionService asks of programmes, milestones and nominations as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ledger.domain.milestone import level_of
from ledger.projections.basis import Ground, KnownHorizon, ReadPool, timestamp
from ledger.projections.directory_rows import DirectoryRows, Listing, beneath
from volunteer_hours.v1 import recognition_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import LocalizedText

_FIRST: Final = "version = 1"
"""One row a programme."""
_RECOGNITIONS: Final = Listing("select recognition from recognitions", "recognition", _FIRST)
_VERSIONS: Final = """
    select recognition, name, version, effective_date, source, display_name::text, levels::text, proposed_by,
           approved_by
    from recognitions where recognition = any(%(names)b) order by recognition, version
"""
MILESTONE_SQL: Final = """
    select milestone, recognition_version, reached, counted_seconds, months, skills_count, organizations_count,
           evaluated_at::text, cause_partition, cause_position, partition, position, recorded_at, persons_count
    from milestones
"""
_MILESTONES: Final = Listing(MILESTONE_SQL, "milestone")
_NOMINATIONS: Final = Listing(
    """
    select nomination, recognition_version, level, organization, nominated_by, state, decided_by, reason
    from nominations
    """,
    "nomination",
)


class RecognitionQuestions:
    """Answers from the read database, as `DirectoryQuestions` gives them. Safe to share between calls."""

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        self._rows = DirectoryRows(pool, Ground(partitions, horizon))

    async def get(self, request: pb.GetRecognitionRequest, seconds_left: float | None = None) -> pb.Recognition:
        """A programme with its versions. Refuses NOT_FOUND."""
        row, versions, positions = await self._rows.one(
            _RECOGNITIONS, request.name, request.positions, seconds_left, _VERSIONS
        )
        return pb.Recognition(name=row[0], versions=map(_version, versions), positions=positions)

    async def page(
        self, request: pb.ListRecognitionsRequest, seconds_left: float | None = None
    ) -> pb.ListRecognitionsResponse:
        """Programmes by name."""
        page, versions = await self._rows.page(_RECOGNITIONS, request, seconds_left, (_FIRST, {}), _VERSIONS)
        return pb.ListRecognitionsResponse(
            recognitions=[
                pb.Recognition(name=row[0], versions=[_version(one) for one in versions if one[0] == row[0]])
                for row in page.rows
            ],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def milestone(self, request: pb.GetMilestoneRequest, seconds_left: float | None = None) -> pb.Milestone:
        """How a milestone was told last. Refuses NOT_FOUND for one never reached."""
        row, _, positions = await self._rows.one(_MILESTONES, request.name, request.positions, seconds_left)
        message = milestone_message(row)
        message.positions.extend(positions)
        return message

    async def milestones(
        self, request: pb.ListMilestonesRequest, seconds_left: float | None = None
    ) -> pb.ListMilestonesResponse:
        """Those of one person or team by name, lost ones too."""
        narrowed = beneath(request.parent, "recognitions", "milestone")
        page, _ = await self._rows.page(_MILESTONES, request, seconds_left, narrowed)
        return pb.ListMilestonesResponse(
            milestones=map(milestone_message, page.rows),
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def nomination(self, request: pb.GetNominationRequest, seconds_left: float | None = None) -> pb.Nomination:
        """A nomination. Refuses NOT_FOUND."""
        row, _, positions = await self._rows.one(_NOMINATIONS, request.name, request.positions, seconds_left)
        return pb.Nomination(
            name=row[0],
            recognition_version=row[1],
            level=row[2],
            organization=row[3],
            nominated_by=row[4],
            state=pb.NominationState.Value(f"NOMINATION_STATE_{row[5].upper()}"),
            decided_by=row[6],
            reason=row[7] or "",
            positions=positions,
        )


def milestone_message(row: Sequence[Any]) -> pb.Milestone:
    """From a row of MILESTONE_SQL."""
    return pb.Milestone(
        name=row[0],
        recognition_version=row[1],
        level=level_of(row[0]),
        reached=row[2],
        counted_seconds=row[3],
        months=row[4],
        skills_count=row[5],
        organizations_count=row[6],
        evaluated_at=places_of(row[7]),
        cause=Position(partition=row[8], position=row[9]),
        told_at=Position(partition=row[10], position=row[11]),
        record_time=timestamp(row[12]),
        persons_count=row[13],
    )


def places_of(stored: str) -> list[Position]:
    """From {partition: position} as it is kept, by partition."""
    places = msgspec.json.decode(stored, type=dict[int, int])
    return [Position(partition=partition, position=position) for partition, position in sorted(places.items())]


def _version(row: Sequence[Any]) -> pb.RecognitionVersion:
    levels: list[dict[str, Any]] = msgspec.json.decode(row[6])
    return pb.RecognitionVersion(
        name=row[1],
        version=row[2],
        effective_date=row[3].isoformat(),
        source=row[4],
        display_name=LocalizedText(**msgspec.json.decode(row[5], type=dict[str, str])),
        levels=[
            pb.RecognitionLevel(
                **{name: value for name, value in level.items() if name not in ("display_name", "honoured")},
                display_name=LocalizedText(**level["display_name"]),
                honours_teams=level.get("honoured") == "team",
            )
            for level in levels
        ],
        proposed_by=row[7],
        approved_by=row[8] or "",
    )
