"""Somebody with every sealed field, on real servers: what tests of erasures begin with, and ask with. Synthetic."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc
import psycopg

from ledger.settings import Settings
from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import Client, with_id
from tests.system.running_ledger import RunningLedger
from tests.system.small_programme import ANA, GREEN, VERIFIER, beginnings, record
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import audit_service_pb2_grpc as audit_grpc
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import directory_service_pb2_grpc as directory_grpc
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import hours_service_pb2_grpc as hours_grpc
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2, verification_service_pb2

ZAHRA, ANEW = "volunteers/zahra", "volunteers/zahra-anew"
ACTOR = acting_as("staff/coordinator")

FOLLOWS_SECONDS_MAX = 15.0
PASSPORT = "SYNCANARY0417"
CANARIES = {
    "full_name": "Zahrá Canary-Synthétique زهراء أحمد",
    "birth_date": "1931-08-17",
    "identity_number": PASSPORT,
    "email": "canary-first@synthetic.example",
    "email_later": "canary-later@synthetic.example",
    "phone": "+966500417417",
    "residence_region": "QZ-9X7",
    "guardian": unicodedata.normalize("NFD", "Mère Canary-Synthétique آمنة مؤمن"),
    "preference": "Canary-Souhait خط الرقعة",
    "member": "Vérificatrice Canary سارة إبراهيم",
}
"""Every sealed field but gender and type of document: these are words that stand everywhere. In Latin and Arabic
letters, composed and decomposed."""


def details() -> resources_pb2.PersonalDetails:
    return resources_pb2.PersonalDetails(
        full_name=CANARIES["full_name"],
        birth_date=CANARIES["birth_date"],
        identity=identity(),
        email=CANARIES["email"],
        phone=CANARIES["phone"],
        gender="female",
        residence_region=CANARIES["residence_region"],
    )


def identity() -> values_pb2.Identity:
    return values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_PASSPORT, country="XX", number=PASSPORT)


class Erasing(Client):
    """A caller with all it needs to erase somebody and to look what is left."""

    def __init__(self, channel: grpc.Channel) -> None:
        super().__init__(channel)
        self.channel = channel
        self.directory = directory_grpc.DirectoryServiceStub(channel)
        self.hours = hours_grpc.HoursServiceStub(channel)
        self.audit = audit_grpc.AuditServiceStub(channel)

    def begin(self) -> None:
        """The programme, and Zahra with every sealed field, a guardian, and hours of which one is verified."""
        for method, message in beginnings():
            self.send(f"RegistryService/{method}", with_id(message))
        self.send("RegistryService/AppointMember", named())
        new = registry.RegisterVolunteerRequest(volunteer_id="zahra", details=details())
        self.send("RegistryService/RegisterVolunteer", with_id(new))
        update = registry.UpdateVolunteerRequest(name=ZAHRA)
        update.details.email = CANARIES["email_later"]
        update.update_mask.paths.append("email")
        self.send("RegistryService/UpdateVolunteer", with_id(update))
        consent = registry.RecordGuardianConsentRequest(
            parent=ZAHRA, consent_id="c", guardian_name=CANARIES["guardian"]
        )
        self.send("RegistryService/RecordGuardianConsent", with_id(consent))
        preferring = registry.SetVolunteerPreferencesRequest(name=ZAHRA)
        preferring.preferences.skills.append(CANARIES["preference"])
        self.send("RegistryService/SetVolunteerPreferences", with_id(preferring))
        for person in (ZAHRA, ANA):
            self.send("ParticipationService/RecordAttendance", served(person, "2026-11-20 05:00", "2026-11-20 06:00"))
        self.send("ParticipationService/RecordAttendance", served(ZAHRA, "2026-11-20 07:00", "2026-11-20 08:30"))
        verify = verification_service_pb2.VerifyHoursRequest(name=f"{ZAHRA}/attendances/at-05")
        self.send("VerificationService/VerifyHours", with_id(verify), VERIFIER)

    def erase_member(self) -> resources_pb2.Member:
        """The verifier."""
        answer = self.send("RegistryService/EraseMember", with_id(registry.EraseMemberRequest(name=VERIFIER)))
        return resources_pb2.Member.FromString(answer)

    def member(self) -> resources_pb2.Member:
        return self.directory.GetMember(directory.GetMemberRequest(name=VERIFIER), metadata=ACTOR, timeout=20)

    def erase(self, name: str = ZAHRA) -> resources_pb2.Volunteer:
        answer = self.send("RegistryService/EraseVolunteer", with_id(registry.EraseVolunteerRequest(name=name)))
        return resources_pb2.Volunteer.FromString(answer)

    def receipt(self, name: str = ZAHRA) -> directory.ErasureReceipt:
        return self.directory.GetErasureReceipt(
            directory.GetErasureReceiptRequest(name=name), metadata=ACTOR, timeout=10
        )

    def volunteer(self, after: resources_pb2.Volunteer) -> resources_pb2.Volunteer:
        question = directory.GetVolunteerRequest(name=after.name, positions=after.positions)
        return self.directory.GetVolunteer(question, metadata=ACTOR, timeout=20)

    def sums(self) -> list[bytes]:
        """The balances of all who have hours."""
        answers = [self.hours.GetBalance(hours.GetBalanceRequest(name=name)) for name in (ZAHRA, ANA)]
        return [answer.seconds.SerializeToString(deterministic=True) for answer in answers]


def named() -> bytes:
    """The verifier is a coordinator, too, and has a name."""
    appointment = registry.AppointMemberRequest(
        parent=GREEN,
        appointment_id="named",
        member=VERIFIER,
        role=resources_pb2.MEMBER_ROLE_COORDINATOR,
        member_name=CANARIES["member"],
    )
    return with_id(appointment)


def served(person: str, start: str, end: str) -> bytes:
    return with_id(record(start, end, volunteer=person, attendance_id=f"at-{start[11:13]}"))


@contextmanager
def served_ledger(settings: Settings, folder: Path, servers: int) -> Iterator[tuple[RunningLedger, list[Erasing]]]:
    with RunningLedger(settings, folder, servers=servers) as running:
        channels = [channel_to(address) for address in running.addresses]
        yield running, [Erasing(channel) for channel in channels]
        for channel in channels:
            channel.close()


def keys_of(settings: Settings, person: str) -> list[tuple[object, ...]]:
    with psycopg.connect(settings.owner_keys_database) as connection:
        return connection.execute("select * from person_keys where volunteer = %s", [person]).fetchall()


def events_of(client: Erasing, partitions: int) -> list[list[bytes]]:
    pages = [client.audit.ReplayEvents(audit.ReplayEventsRequest(partition=number)) for number in range(partitions)]
    return [[event for page in one for event in page.events] for one in pages]


def proofs_of(client: Erasing, sizes: Sequence[int]) -> list[audit.InclusionProof]:
    """Of the newest event of each partition, in the tree that was signed then; it is waited for."""
    for number, size in enumerate(sizes):
        client.audit.GetCheckpoint(audit.GetCheckpointRequest(partition=number, size_min=size), timeout=30)
    return [
        client.audit.GetInclusionProof(audit.GetInclusionProofRequest(partition=number, position=size, size=size))
        for number, size in enumerate(sizes)
    ]
