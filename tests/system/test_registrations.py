"""Registrations over gRPC on real servers: approval, waiting lists, shifts that change, consents; P=1 and P=3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import COORDINATOR, Client, request_id, with_id
from tests.system.served_ledger import served_ledger
from tests.system.small_programme import ANA, GARDEN, MORNING, PLACE, VERIFIER, beginnings
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import directory_service_pb2_grpc as directory_grpc
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import policy_service_pb2 as policy_pb
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.positions_pb2 import Position

PEOPLE: Final = tuple(f"volunteers/{name}" for name in ("ana", "ben", "cleo", "dan", "eve"))
SOON: Final = (datetime.now(UTC) + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
FAR: Final = datetime(2080, 5, 1, 6, tzinfo=UTC)
ACCEPTED, WITHDRAWN, REQUESTED, WAITLISTED, DECLINED, ABSENT = (
    resources_pb2.RegistrationState.Value(f"REGISTRATION_STATE_{name}")
    for name in ("ACCEPTED", "WITHDRAWN", "REQUESTED", "WAITLISTED", "DECLINED", "ABSENT")
)


class Asking(Client):
    """A caller that reads what it wrote."""

    def __init__(self, channel: grpc.Channel) -> None:
        super().__init__(channel)
        self._directory = directory_grpc.DirectoryServiceStub(channel)

    def registered(self, method: str, message: Message, actor: str = COORDINATOR) -> resources_pb2.Registration:
        answer = self.send(f"ParticipationService/{method}", with_id(message), actor)
        return resources_pb2.Registration.FromString(answer)

    def register(self, shift: str, person: str) -> resources_pb2.Registration:
        return self.registered("RegisterForShift", participation.RegisterForShiftRequest(shift=shift, volunteer=person))

    def withdraw(self, shift: str, person: str) -> resources_pb2.Registration:
        name = place_of(shift, person)
        return self.registered("WithdrawRegistration", participation.WithdrawRegistrationRequest(name=name))

    def shift(self, method: str, message: Message) -> resources_pb2.Shift:
        return resources_pb2.Shift.FromString(self.send(f"RegistryService/{method}", with_id(message)))

    def volunteer(self, method: str, message: Message) -> resources_pb2.Volunteer:
        return resources_pb2.Volunteer.FromString(self.send(f"RegistryService/{method}", with_id(message)))

    def told(self, shift: str, person: str, at: Position) -> tuple[int, int]:
        """State and rank in the directory."""
        question = directory.GetRegistrationRequest(name=place_of(shift, person), positions=[at])
        found = self._directory.GetRegistration(question, timeout=10)
        return found.state, found.waiting_rank

    def listed(self, shift: str, at: Position) -> list[tuple[str, int, int]]:
        question = directory.ListRegistrationsRequest(parent=shift, positions=[at])
        answer = self._directory.ListRegistrations(question, timeout=10)
        return [(one.volunteer, one.state, one.waiting_rank) for one in answer.registrations]

    def person(self, name: str, at: Position) -> resources_pb2.Volunteer:
        question = directory.GetVolunteerRequest(name=name, positions=[at])
        return self._directory.GetVolunteer(question, metadata=acting_as(COORDINATOR), timeout=10)

    def shown(self, shift: str, at: Position) -> resources_pb2.Shift:
        return self._directory.GetShift(directory.GetShiftRequest(name=shift, positions=[at]), timeout=10)

    def offered(self, at: Position) -> resources_pb2.Opportunity:
        return self._directory.GetOpportunity(directory.GetOpportunityRequest(name=GARDEN, positions=[at]), timeout=10)


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def client(request: pytest.FixtureRequest) -> Iterator[Asking]:
    """The small programme, and five people who have time."""
    with served_ledger(request.param) as address, channel_to(address) as channel:
        asking = Asking(channel)
        for method, message in beginnings():
            asking.send(f"RegistryService/{method}", with_id(message))
        for person in PEOPLE[1:]:
            details = resources_pb2.PersonalDetails(full_name="synthetic person")
            new = registry.RegisterVolunteerRequest(volunteer_id=person.partition("/")[2], details=details)
            asking.send("RegistryService/RegisterVolunteer", with_id(new))
        yield asking


def place_of(shift: str, person: str) -> str:
    return f"{shift}/registrations/{person.partition('/')[2]}"


def stamp(moment: datetime) -> Timestamp:
    return Timestamp(seconds=int(moment.timestamp()))


def opening(shift_id: str, places: int) -> registry.OpenShiftRequest:
    shift = resources_pb2.Shift(time_zone="Asia/Riyadh", places=places, place=PLACE)
    shift.start_time.CopyFrom(stamp(SOON))
    shift.end_time.CopyFrom(stamp(SOON + timedelta(hours=3)))
    return registry.OpenShiftRequest(parent=GARDEN, shift_id=shift_id, shift=shift)


def rules(approval_required: bool, waiting_places: int) -> registry.SetRegistrationRulesRequest:
    told = resources_pb2.RegistrationRules(approval_required=approval_required, waiting_places=waiting_places)
    return registry.SetRegistrationRulesRequest(request_id=request_id(), name=GARDEN, rules=told)


def test_places_are_waited_for_in_order(client: Asking):
    client.send("RegistryService/SetRegistrationRules", rules(False, 2))
    ana, ben, cleo, dan, _ = PEOPLE
    shift = client.shift("OpenShift", opening("narrow", 1)).name
    assert [client.register(shift, person).state for person in (ana, ben, cleo)] == [ACCEPTED, WAITLISTED, WAITLISTED]
    late = participation.RegisterForShiftRequest(request_id=request_id(), shift=shift, volunteer=dan)
    assert client.refused("ParticipationService/RegisterForShift", late).reason == "SHIFT_FULL"
    more = client.shift("UpdateShift", registry.UpdateShiftRequest(name=shift, places=2))
    [now] = more.positions
    assert client.listed(shift, now) == [(ana, ACCEPTED, 0), (ben, ACCEPTED, 0), (cleo, WAITLISTED, 1)]
    client.register(shift, dan)
    leaving = participation.WithdrawRegistrationRequest(request_id=request_id(), name=place_of(shift, ana))
    first = client.send("ParticipationService/WithdrawRegistration", leaving)
    [now] = resources_pb2.Registration.FromString(first).positions
    assert client.told(shift, ana, now) == (WITHDRAWN, 0)
    assert client.told(shift, cleo, now) == (ACCEPTED, 0)
    assert client.told(shift, dan, now) == (WAITLISTED, 1)
    assert (client.shown(shift, now).places, client.shown(shift, now).places_taken) == (2, 2)
    [now] = client.withdraw(shift, dan).positions
    assert client.told(shift, dan, now) == (WITHDRAWN, 0)
    assert client.send("ParticipationService/WithdrawRegistration", leaving) == first
    [now] = client.withdraw(shift, ben).positions
    assert client.shown(shift, now).places_taken == 1


def test_a_member_of_the_organisation_decides_about_requests(client: Asking):
    answer = client.send("RegistryService/SetRegistrationRules", rules(True, 1))
    opportunity = resources_pb2.Opportunity.FromString(answer)
    assert opportunity.registration_rules == client.offered(opportunity.positions[0]).registration_rules
    assert (opportunity.registration_rules.approval_required, opportunity.registration_rules.waiting_places) == (
        True,
        1,
    )
    ana, ben, cleo, *_ = PEOPLE
    shift = client.shift("OpenShift", opening("approved", 1)).name
    assert {client.register(shift, person).state for person in (ana, ben, cleo)} == {REQUESTED}
    approve = participation.ApproveRegistrationRequest(request_id=request_id(), name=place_of(shift, ana))
    method = "ParticipationService/ApproveRegistration"
    refused = client.refused(method, approve, COORDINATOR)
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_A_MEMBER")
    assert client.refused(method, approve, ana).reason == "OWN_REGISTRATION"
    states = [
        client.registered("ApproveRegistration", participation.ApproveRegistrationRequest(name=name), VERIFIER).state
        for name in (place_of(shift, ana), place_of(shift, ben))
    ]
    assert states == [ACCEPTED, WAITLISTED]
    decline = participation.DeclineRegistrationRequest(name=place_of(shift, cleo), reason="SKILLS_MISSING")
    declined = client.registered("DeclineRegistration", decline, VERIFIER)
    assert declined.state == DECLINED
    assert client.told(shift, cleo, declined.positions[0]) == (DECLINED, 0)


def test_a_shift_moves_and_is_cancelled(client: Asking):
    client.send("RegistryService/SetRegistrationRules", rules(False, 1))
    shift = client.shift("OpenShift", opening("moved", 3)).name
    client.register(shift, ANA)
    later = registry.UpdateShiftRequest(name=shift, start_time=stamp(SOON + timedelta(hours=1)))
    later.end_time.CopyFrom(stamp(SOON + timedelta(hours=4)))
    moved = client.shift("UpdateShift", later)
    assert (moved.start_time, moved.end_time, moved.places) == (later.start_time, later.end_time, 3)
    half = registry.UpdateShiftRequest(request_id=request_id(), name=shift, start_time=later.start_time)
    assert client.refused("RegistryService/UpdateShift", half).reason == "SHIFT_TIMES_OR_DATE"
    cancelled = client.shift("CancelShift", registry.CancelShiftRequest(name=shift, reason="WEATHER"))
    assert cancelled.state == resources_pb2.SHIFT_STATE_CANCELLED
    shown = client.shown(shift, cancelled.positions[0])
    assert (shown.state, shown.start_time) == (resources_pb2.SHIFT_STATE_CANCELLED, later.start_time)
    late = participation.RegisterForShiftRequest(request_id=request_id(), shift=shift, volunteer=PEOPLE[1])
    assert client.refused("ParticipationService/RegisterForShift", late).reason == "SHIFT_CANCELLED"
    assert client.withdraw(shift, ANA).state == WITHDRAWN


def test_who_did_not_come_is_absent(client: Asking):
    eve = PEOPLE[4]
    client.register(MORNING, eve)
    absence = participation.RecordAbsenceRequest(name=place_of(MORNING, eve))
    absent = client.registered("RecordAbsence", absence, VERIFIER)
    assert absent.state == ABSENT
    assert client.told(MORNING, eve, absent.positions[0]) == (ABSENT, 0)
    come = participation.CheckInRequest(
        request_id=request_id(), shift=MORNING, volunteer=eve, method=resources_pb2.ATTENDANCE_METHOD_QR
    )
    assert client.refused("ParticipationService/CheckIn", come).reason == "ABSENCE_RECORDED"


def test_charters_and_consents_are_shown_without_who_gave_them(client: Asking):
    ben, guardian = PEOPLE[1], "synthetic guardian"
    charter = registry.AcceptCharterRequest(name=ben, charter="charters/national", charter_version=2)
    assert client.volunteer("AcceptCharter", charter).charters[0].version == 2
    consent = registry.RecordGuardianConsentRequest(
        request_id=request_id(), parent=ben, consent_id="first", guardian_name=guardian, until_date="2090-08-31"
    )
    answer = client.send("RegistryService/RecordGuardianConsent", consent)
    assert guardian.encode() not in answer
    assert client.send("RegistryService/RecordGuardianConsent", consent) == answer
    given = resources_pb2.Volunteer.FromString(answer)
    found = client.person(ben, given.positions[0])
    assert (list(found.consents), list(found.charters)) == (list(given.consents), list(given.charters))
    [shown] = found.consents
    assert (shown.name, shown.until_date, shown.withdrawn) == (f"{ben}/consents/first", "2090-08-31", False)
    withdrawn = client.volunteer(
        "WithdrawGuardianConsent", registry.WithdrawGuardianConsentRequest(name=f"{ben}/consents/first")
    )
    assert client.person(ben, withdrawn.positions[0]).consents[0].withdrawn


def test_what_the_policy_asks_of_a_person_is_learnt_once(client: Asking):
    ask_for_consent(client)
    young = "volunteers/young"
    details = resources_pb2.PersonalDetails(full_name="synthetic minor", birth_date="2064-06-01")
    client.volunteer("RegisterVolunteer", registry.RegisterVolunteerRequest(volunteer_id="young", details=details))
    far = opening("far", 5)
    far.shift.start_time.CopyFrom(stamp(FAR))
    far.shift.end_time.CopyFrom(stamp(FAR + timedelta(hours=3)))
    shift = client.shift("OpenShift", far).name
    come = participation.CheckInRequest(
        request_id=request_id(), shift=shift, volunteer=young, method=resources_pb2.ATTENDANCE_METHOD_APP
    )
    wanted = participation.RegisterForShiftRequest(request_id=request_id(), shift=shift, volunteer=young)
    method = "ParticipationService/RegisterForShift"
    assert client.refused(method, wanted).reason == "GUARDIAN_CONSENT_MISSING"
    client.volunteer("RecordGuardianConsent", registry.RecordGuardianConsentRequest(parent=young, consent_id="one"))
    answer = client.send(method, wanted)
    assert client.send(method, wanted) == answer
    registration = resources_pb2.Registration.FromString(answer)
    assert registration.state == ACCEPTED
    assert client.told(shift, young, registration.positions[0]) == (ACCEPTED, 0)
    withdraw = registry.WithdrawGuardianConsentRequest(name=f"{young}/consents/one")
    client.volunteer("WithdrawGuardianConsent", withdraw)
    assert client.refused("ParticipationService/CheckIn", come).reason == "GUARDIAN_CONSENT_MISSING"
    client.volunteer("RecordGuardianConsent", registry.RecordGuardianConsentRequest(parent=young, consent_id="two"))
    assert client.register(shift, young).state == ACCEPTED
    again = participation.RegisterForShiftRequest(request_id=request_id(), shift=shift, volunteer=young)
    assert client.refused(method, again).reason == "ALREADY_REGISTERED"
    client.send("ParticipationService/CheckIn", come)
    of_ana = participation.RegisterForShiftRequest(request_id=request_id(), shift=shift, volunteer=ANA)
    assert client.refused(method, of_ana).reason == "BIRTH_DATE_MISSING"


def ask_for_consent(client: Asking) -> None:
    """For service from 2080 on, of who is under 18."""
    proposal = policy_pb.ProposePolicyRequest(
        name="policies/standard",
        effective_date="2080-01-01",
        source="a test",
        hours=policy_pb.HoursRules(guardian_consent_required=True),
    )
    proposed = policy_pb.Policy.FromString(client.send("PolicyService/ProposePolicy", with_id(proposal)))
    approval = policy_pb.ApprovePolicyRequest(name=proposed.versions[-1].name)
    client.send("PolicyService/ApprovePolicy", with_id(approval), "staff/authority")


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("RegistryService/SetRegistrationRules", registry.SetRegistrationRulesRequest(name=GARDEN)),
        ("RegistryService/SetRegistrationRules", rules(False, -1)),
        ("RegistryService/SetRegistrationRules", rules(False, 10_001)),
        ("RegistryService/CancelShift", registry.CancelShiftRequest(name=MORNING, reason="rain, and cold")),
        ("RegistryService/AcceptCharter", registry.AcceptCharterRequest(name=ANA, charter="national")),
        ("RegistryService/AcceptCharter", registry.AcceptCharterRequest(name=ANA, charter="charters/c")),
        ("RegistryService/RecordGuardianConsent", registry.RecordGuardianConsentRequest(parent=ANA, until_date="soon")),
        ("RegistryService/RecordGuardianConsent", registry.RecordGuardianConsentRequest(parent=ANA, consent_id="A b")),
        ("RegistryService/WithdrawGuardianConsent", registry.WithdrawGuardianConsentRequest(name=ANA)),
        ("ParticipationService/ApproveRegistration", participation.ApproveRegistrationRequest(name=MORNING)),
        ("ParticipationService/DeclineRegistration", participation.DeclineRegistrationRequest(name=f"{MORNING}/x")),
        ("ParticipationService/RecordAbsence", participation.RecordAbsenceRequest()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_refused_as_such(client: Asking, method: str, message: Message):
    refused = client.refused(method, with_id(message))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert refused.fields
