"""A ledger saved into files, and the files imported into an empty one: the same balances. All synthetic."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.system.club_programme import VERIFIER, Club, counts, new_id
from tests.system.served_ledger import hours_ledger, served_in_a_folder
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.hours_service_pb2 import BatchGetBalancesRequest
from volunteer_hours.v1.resources_pb2 import PersonalDetails
from volunteer_hours.v1.values_pb2 import IDENTITY_TYPE_PASSPORT, Identity

pytestmark = pytest.mark.skipif(find_spec("ledger.commands.save") is None, reason="nothing is saved in this version")
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


@pytest.mark.parametrize("ending", ["csv", pytest.param("xlsx", marks=pytest.mark.proof)])
def test_saved_and_imported_into_an_empty_ledger_the_balances_are_the_same(tmp_path, ending):
    persons, attendances = (tmp_path / f"{table}.{ending}" for table in ("volunteers", "attendances"))
    with served_in_a_folder(3) as old:
        club = Club(old, tmp_path, "synthetic-club")
        history(club)
        before = balances(club)
        for table, file in (("volunteers", persons), ("attendances", attendances)):
            saved = hours_ledger("save", table, file, address=old.grpc)
            assert saved.returncode == 0, saved.stderr
    with served_in_a_folder(1) as new:
        again = Club(new, tmp_path, "synthetic-club", offers=False)
        told = {"create": len(PERSONS)}
        assert counts(again.imported("volunteers", persons, "saved")) == told
        assert counts(again.imported("hours", attendances, "saved")) == {"open": 3, "create": 6}
        told = {"change": 3}
        assert counts(again.imported("verifications", attendances, "saved", "--actor", VERIFIER)) == told
        assert balances(again) == before
        assert sum(sum(seconds) for seconds in before.values()) > 0
        person = again.person(PERSONS[0])
        assert (person.full_name, person.phone, person.identity.number) == (
            "=Synthetic Person", "+966500000001", "SYN12345",
        )  # fmt: skip
        recorded = again.recorded()
        for kind, file, rows in (
            ("volunteers", persons, 5),
            ("hours", attendances, 6),
            ("verifications", attendances, 3),
        ):
            assert counts(again.imported(kind, file, "saved", "--actor", VERIFIER)) == {"unchanged": rows}
        assert again.recorded() == recorded
