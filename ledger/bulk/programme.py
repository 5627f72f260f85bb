"""What an older system's hours need: an opportunity for each activity, a shift for each date, times and place."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from ledger.bulk.kind import Import
from ledger.bulk.older_row import ONLINE, OlderRow
from ledger.bulk.records import provenance
from ledger.bulk.refusals import ALREADY_THERE, as_status
from ledger.bulk.request_ids import request_id
from ledger.bulk.shifts import listed_of
from ledger.bulk.steps import Step, Told
from ledger.patient_client import reason_of
from ledger.sheets.values import Values
from volunteer_hours.v1 import registry_service_pb2 as pb
from volunteer_hours.v1.resources_pb2 import Opportunity, Shift
from volunteer_hours.v1.values_pb2 import LocalizedText, Place

KIND: Final = "hours"
PLACES: Final = 1_000_000
"""How many could come is not known of the past, and nobody registers for it."""
OPPORTUNITIES, SHIFTS, ATTENDANCES, HEAD_COUNTS = range(4)
"""The stages in which steps are sent."""
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")


class Programme:
    """Learns what is there, and makes the steps for what is not."""

    def __init__(self, shared: Import) -> None:
        self._shared = shared
        self._system = shared.mapping.system
        self._organizations: dict[str, bool] = {}
        self._offered: dict[str, str] = {}
        """Who offers an opportunity, in the ledger or by a row above."""

    async def needed(self, line: int, row: OlderRow, values: Values, learnt: datetime) -> list[Step]:
        """What has to be made for a row, first. A problem is told where it cannot be. Raises grpc.RpcError."""
        steps: list[Step] = []
        if not await self._has_organization(row.organization):
            values.wrong("organization", f"the ledger has no {row.organization}", "register it first")
            return steps
        if row.opportunity not in self._offered:
            known = await self._shared.questions.opportunity(row.opportunity)
            self._offered[row.opportunity] = row.organization if known is None else known.organization
            if known is None:
                steps.append(self._publish(line, row, learnt))
            else:
                async for shift in self._shared.questions.shifts(row.opportunity):
                    self._shared.seen.keep_shift(shift.name, in_ledger=True)
        if self._offered[row.opportunity] != row.organization:
            what = f"{row.opportunity} is offered by {self._offered[row.opportunity]}"
            values.wrong("organization", what, "correct the organisation, or the activity")
            return steps
        if self._shared.seen.keep_shift(row.shift, in_ledger=False):
            steps.append(self._open(line, row, learnt))
        elif self._shared.seen.is_new_shift(row.shift) and self._shared.seen.is_in_ledger(row.shift):
            await self._list(row.shift, values)
        return steps

    async def _list(self, shift: str, values: Values) -> None:
        try:
            async for attendance in self._shared.questions.attendances(shift):
                self._shared.seen.keep_listed(listed_of(attendance))
        except grpc.aio.AioRpcError as error:
            self._shared.seen.forget_shift(shift)
            values.wrong("organization", self._shared.words(as_status(error)), "")

    async def send(self, step: Step) -> Told:
        """Publish, or open. Raises grpc.RpcError."""
        if step.stage == OPPORTUNITIES:
            refusal = await self._shared.commands.send(pb.PublishOpportunityRequest.FromString(step.request))
        else:
            refusal = await self._shared.commands.send(pb.OpenShiftRequest.FromString(step.request))
        if refusal is not None and reason_of(refusal) in ALREADY_THERE:
            return Told("unchanged", step.line, step.name)
        return step.told() if refusal is None else step.refused(self._shared.words(refusal))

    async def _has_organization(self, name: str) -> bool:
        if name not in self._organizations:
            self._organizations[name] = await self._shared.questions.organization(name)
        return self._organizations[name]

    def _publish(self, line: int, row: OlderRow, learnt: datetime) -> Step:
        language = "ar" if _ARABIC.search(row.activity) else "en"
        request = pb.PublishOpportunityRequest(
            opportunity_id=row.opportunity.removeprefix("opportunities/"),
            opportunity=Opportunity(
                organization=row.organization,
                title=LocalizedText(**{language: row.activity}),
                imported_from=provenance(self._system, row.opportunity, learnt),
            ),
        )
        request.request_id = request_id(self._system, KIND, request)
        return Step("open", line, row.opportunity, request.SerializeToString(), stage=OPPORTUNITIES)

    def _open(self, line: int, row: OlderRow, learnt: datetime) -> Step:
        place = Place(online=True) if row.region == ONLINE else Place(region=row.region)
        place.city = row.city
        shift = Shift(
            time_zone=row.time_zone,
            places=PLACES,
            place=place,
            imported_from=provenance(self._system, row.shift, learnt),
        )
        if row.span is None or row.shift_is_named:
            shift.service_date = row.day.isoformat()
        else:
            shift.start_time.CopyFrom(Timestamp(seconds=row.span[0]))
            shift.end_time.CopyFrom(Timestamp(seconds=row.span[1]))
        request = pb.OpenShiftRequest(parent=row.opportunity, shift_id=row.shift.rpartition("/")[2], shift=shift)
        request.request_id = request_id(self._system, KIND, request)
        return Step("open", line, row.shift, request.SerializeToString(), stage=SHIFTS)
