"""What the fault tests are about: two organisations, shifts with many places, persons by the dozen. All synthetic."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.faults.caller import Caller
from tests.faults.history import SLOTS, History, Operation, slot_span
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2

COORDINATOR: Final = "staff/coordinator"
VERIFIER: Final = "staff/verifier"
ORGANIZATIONS: Final = ("green", "blue")
NAME: Final = values_pb2.LocalizedText(en="synthetic")
PLACE: Final = values_pb2.Place(region="SA-01")


def request_id(choice: random.Random) -> str:
    """A key that a repeated run chooses again."""
    return str(uuid.UUID(int=choice.getrandbits(128), version=4))


def shift_name(organization: str, shift: str = "open") -> str:
    """The shift of an organisation's one opportunity."""
    return f"opportunities/{organization}-garden/shifts/{shift}"


def with_key(message: Message, key: str) -> bytes:
    """A request's bytes with its request_id: field 1 of every command."""
    return message.SerializeToString() + b"\x0a\x24" + key.encode()


def stamp(moment: datetime) -> Timestamp:
    """As the API takes it."""
    return Timestamp(seconds=int(moment.timestamp()))


async def lay_out(address: str, places: int = 1_000_000) -> None:
    """Everything that must be there before hours can be: organisations, verifiers, opportunities, one shift each."""
    choice = random.Random()
    async with Caller([address], client="laying-out") as caller:
        for organization in ORGANIZATIONS:
            for method, message in _beginnings(organization, places):
                body = with_key(message, request_id(choice))
                await caller.ask(f"RegistryService/{method}", body, seconds=30)


def _beginnings(organization: str, places: int) -> list[tuple[str, Message]]:
    name, opportunity = f"organizations/{organization}", f"{organization}-garden"
    start = datetime(2026, 3, 1, 6, tzinfo=UTC)
    shift = resources_pb2.Shift(
        start_time=stamp(start),
        end_time=stamp(start + timedelta(hours=4)),
        time_zone="UTC",
        places=places,
        place=PLACE,
    )
    verifier = registry.AppointMemberRequest(
        parent=name, appointment_id="verifier", member=VERIFIER, role=resources_pb2.MEMBER_ROLE_VERIFIER
    )
    return [
        ("RegisterOrganization", registry.RegisterOrganizationRequest(organization_id=organization, display_name=NAME)),
        ("AccreditOrganization", registry.AccreditOrganizationRequest(name=name)),
        ("AppointMember", verifier),
        (
            "PublishOpportunity",
            registry.PublishOpportunityRequest(
                opportunity_id=opportunity, opportunity=resources_pb2.Opportunity(organization=name, title=NAME)
            ),
        ),
        (
            "OpenShift",
            registry.OpenShiftRequest(parent=f"opportunities/{opportunity}", shift_id="open", shift=shift),
        ),
    ]


class Attendances:
    """Commands that each record an attendance of their own; a new person when the last one's slots are used up."""

    def __init__(self, caller: Caller, history: History, seed: int) -> None:
        self._caller = caller
        self._prefix = history.client
        self._commands = Commands(history, random.Random(f"{seed}/{history.client}"))
        self._made = 0

    async def next(self, count: int) -> list[Operation]:
        """Commands to be sent; their persons are registered already."""
        made: list[Operation] = []
        for _ in range(count):
            number, slot = divmod(self._made, SLOTS)
            person = f"{self._prefix}-{number}"
            if slot == 0:
                registered = await self._caller.send(self._commands.register_volunteer(person), tries=5)
                assert registered.outcome == "ok", registered
            made.append(self._commands.record(f"volunteers/{person}", slot, shift_name("green")))
            self._made += 1
        return made


class Commands:
    """Makes commands and notes them in a history before they are sent."""

    def __init__(self, history: History, choice: random.Random) -> None:
        self._history = history
        self._choice = choice

    def register_volunteer(self, volunteer_id: str) -> Operation:
        details = resources_pb2.PersonalDetails(full_name=f"synthetic person {volunteer_id}")
        message = registry.RegisterVolunteerRequest(volunteer_id=volunteer_id, details=details)
        return self._note("RegistryService/RegisterVolunteer", message)

    def register_for_shift(self, volunteer: str, shift: str) -> Operation:
        message = participation.RegisterForShiftRequest(shift=shift, volunteer=volunteer)
        return self._note("ParticipationService/RegisterForShift", message)

    def record(self, volunteer: str, slot: int, shift: str) -> Operation:
        message = participation.RecordAttendanceRequest(attendance=attendance(volunteer, slot, shift))
        return self._note("ParticipationService/RecordAttendance", message, volunteer, 1 << slot)

    def check_in(self, volunteer: str, slot: int, shift: str) -> Operation:
        message = participation.CheckInRequest(
            shift=shift,
            volunteer=volunteer,
            attendance_id=f"slot-{slot}",
            check_in_time=stamp(slot_span(slot)[0]),
            method=resources_pb2.ATTENDANCE_METHOD_QR,
        )
        return self._note("ParticipationService/CheckIn", message)

    def check_out(self, volunteer: str, slot: int) -> Operation:
        message = participation.CheckOutRequest(
            name=f"{volunteer}/attendances/slot-{slot}",
            check_out_time=stamp(slot_span(slot)[1]),
            method=resources_pb2.ATTENDANCE_METHOD_QR,
        )
        return self._note("ParticipationService/CheckOut", message, volunteer, 1 << slot)

    def page(self, volunteer: str, slots: list[int], shift: str) -> tuple[str, list[Operation]]:
        """A page whose last item must be refused: its shift is not there."""
        key = request_id(self._choice)
        records = [attendance(volunteer, slot, shift) for slot in slots]
        records.append(attendance(volunteer, 0, shift_name("green", "absent")))
        minutes = [*(1 << slot for slot in slots), 0]
        items = [
            self._history.add(
                Operation(
                    f"{key}/{number}",
                    "RecordAttendances",
                    record.SerializeToString(),
                    COORDINATOR,
                    volunteer,
                    minutes[number],
                    page=key,
                )
            )
            for number, record in enumerate(records)
        ]
        return key, items

    def wrong(self, volunteer: str) -> Operation:
        """A command that must always be refused."""
        kind = self._choice.randrange(3)
        if kind == 0:
            return self.record_nothing(attendance(volunteer, 0, shift_name("green", "absent")))
        reversed_times = attendance(volunteer, 3, shift_name("green"))
        reversed_times.start_time.CopyFrom(stamp(slot_span(3)[1] + timedelta(hours=1)))
        if kind == 1:
            return self.record_nothing(reversed_times)
        message = participation.RegisterForShiftRequest(shift=shift_name("blue"), volunteer="volunteers/nobody")
        return self._note("ParticipationService/RegisterForShift", message)

    def record_nothing(self, record: participation.AttendanceRecord) -> Operation:
        message = participation.RecordAttendanceRequest(attendance=record)
        return self._note("ParticipationService/RecordAttendance", message)

    def _note(self, method: str, message: Message, volunteer: str = "", minutes: int = 0) -> Operation:
        key = request_id(self._choice)
        return self._history.add(Operation(key, method, with_key(message, key), COORDINATOR, volunteer, minutes))


def attendance(volunteer: str, slot: int, shift: str) -> participation.AttendanceRecord:
    """2**slot minutes of a person; the service chooses the name, from the request's key."""
    start, end = slot_span(slot)
    return participation.AttendanceRecord(
        shift=shift, volunteer=volunteer, start_time=stamp(start), end_time=stamp(end)
    )
