"""A small history that has a bit of everything `save` can tell, for what is saved and imported again. Synthetic."""

from __future__ import annotations

from tests.system.club_programme import VERIFIER, Club, counts, new_id
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.hours_service_pb2 import BatchGetBalancesRequest
from volunteer_hours.v1.resources_pb2 import PersonalDetails
from volunteer_hours.v1.values_pb2 import IDENTITY_TYPE_PASSPORT, Identity

PERSONS = (1, 2, 3, 4, 5)
ROWS = (
    # id, person, date, start, duration, verified; "": nobody verified it, "all": all of it
    ("a", 1, "2026-03-01", "08:00", "4:00", "all"),
    ("b", 1, "2026-03-01", "11:00", "3:00", ""),  # an hour of it is withheld: the person was elsewhere
    ("c", 2, "2026-03-02", "22:30", "3:15", "2.5"),  # past midnight; in part
    ("d", 3, "2026-03-03", "00:00", "20:00", ""),  # above the cap: withheld whole
    ("e", 4, "2026-03-04", "09:00", "0:00:07", "all"),
    ("f", 4, "2026-03-05", "09:00", "1:00", ""),  # withdrawn
)


def history(club: Club) -> None:
    """Persons with details, attendances verified, in part, withheld and withdrawn, and a head count."""
    identity = Identity(type=IDENTITY_TYPE_PASSPORT, number="SYN12345", country="JO")
    details = PersonalDetails(full_name="=Synthetic Person", phone="+966500000001", identity=identity, gender="female")
    request = registry.RegisterVolunteerRequest(
        request_id=new_id(), volunteer_id=f"{club.system}--{PERSONS[0]}", details=details
    )
    club.registry.RegisterVolunteer(request, timeout=60)
    club.register(*PERSONS[1:])
    rows = [
        {"id": id_, "volunteer": person, "date": date, "start_time": start, "duration": length}
        for id_, person, date, start, length, _ in ROWS
    ]
    assert counts(club.import_("attendances", club.written("attendances", rows, shift=club.shift))) == {"create": 6}
    for person in PERSONS[1:3]:  # two attendances of one id
        noted = participation.AttendanceRecord(
            shift=club.shift, volunteer=f"volunteers/{club.system}--{person}", attendance_id="x"
        )
        recording = participation.RecordAttendanceRequest(request_id=new_id(), attendance=noted)
        club.participation.RecordAttendance(recording, timeout=60)
    verified = [
        {"id": id_, "volunteer": person, "verified": "" if seconds == "all" else seconds}
        for id_, person, _, _, _, seconds in ROWS
        if seconds
    ]
    answer = club.import_("verifications", club.written("verifications", verified), "--actor", VERIFIER)
    assert counts(answer) == {"change": 3}
    name = f"volunteers/{club.system}--4/attendances/{club.system}--f"
    withdraw = participation.WithdrawAttendanceRequest(request_id=new_id(), name=name, reason="SYNTHETIC")
    club.participation.WithdrawAttendance(withdraw, timeout=60)
    evening = club.open_shift("evening", "2026-03-06 15:00")
    heads = participation.RecordGroupAttendanceRequest(request_id=new_id(), shift=evening, head_count=12)
    club.told(club.participation.RecordGroupAttendance(heads, timeout=60))


def balances(club: Club) -> dict[str, tuple[int, int, int]]:
    """Attended, verified and withheld seconds of every person, and of the head counts."""
    names = [f"volunteers/{club.system}--{person}" for person in PERSONS] + [club.opportunity]
    found = club.hours.BatchGetBalances(BatchGetBalancesRequest(names=names), timeout=60).balances
    return {
        one.name: (one.seconds.attended_seconds, one.seconds.verified_seconds, one.seconds.withheld_seconds)
        for one in found
    }
