"""A served ledger with a live lesson and people who attend it, for tests. Persons are synthetic."""

from __future__ import annotations

import time
from collections.abc import Sequence

from google.protobuf.message import Message

from tests.system.grpc_caller import Client, with_id
from tests.system.small_programme import MORNING, beginnings
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import live_session_service_pb2 as pb
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.positions_pb2 import Position

LESSON = f"{MORNING}/liveSessions/lesson"
TEST_ACCOUNT = "volunteers/test-account"
JOIN, HEARTBEAT, LEAVE = (
    pb.PRESENCE_SIGNAL_KIND_JOIN,
    pb.PRESENCE_SIGNAL_KIND_HEARTBEAT,
    pb.PRESENCE_SIGNAL_KIND_LEAVE,
)
JOINED, SEEN, LEFT = pb.PRESENCE_ANSWER_KIND_JOINED, pb.PRESENCE_ANSWER_KIND_SEEN, pb.PRESENCE_ANSWER_KIND_LEFT
UNKNOWN = resources_pb2.PersonalDetails()
FOLLOWS_SECONDS_MAX = 20.0


class Lesson(Client):
    """A caller that holds a lesson."""

    written: Sequence[Position] = ()

    def begin(self, persons: Sequence[str], silence_seconds: int = 90, *, registration_required: bool = False) -> None:
        """An organisation, its shift, these people, and an open session."""
        for method, message in beginnings():
            self.send(f"RegistryService/{method}", with_id(message))
        self.register(*persons, TEST_ACCOUNT)
        rule = pb.LiveRule(
            silence_seconds=silence_seconds, excluded=[TEST_ACCOUNT], registration_required=registration_required
        )
        self.open(rule)

    def register(self, *persons: str) -> None:
        for person in persons:
            wanted = registry.RegisterVolunteerRequest(volunteer_id=person.removeprefix("volunteers/"), details=UNKNOWN)
            self.send("RegistryService/RegisterVolunteer", with_id(wanted))

    def open(self, rule: pb.LiveRule, session_id: str = "lesson") -> pb.LiveSession:
        request = pb.OpenLiveSessionRequest(parent=MORNING, live_session_id=session_id, rule=rule)
        return self._told("OpenLiveSession", request)

    def signal(
        self,
        volunteer: str,
        kind: pb.PresenceSignalKind.ValueType,
        device: str = "phone",
        session: str = LESSON,
    ) -> pb.PresenceAnswer:
        signal = pb.PresenceSignal(session=session, volunteer=volunteer, device=device, kind=kind)
        body = self.send("LiveSessionService/SignalPresence", pb.SignalPresenceRequest(signal=signal))
        return pb.SignalPresenceResponse.FromString(body).answer

    def end(self) -> pb.LiveSession:
        return self._told("EndLiveSession", pb.EndLiveSessionRequest(name=LESSON))

    def _told(self, method: str, request: Message) -> pb.LiveSession:
        told = pb.LiveSession.FromString(self.send(f"LiveSessionService/{method}", with_id(request)))
        self.written = list(told.positions)
        return told

    def session(self) -> pb.LiveSession:
        request = pb.GetLiveSessionRequest(name=LESSON, positions=self.written)
        return pb.LiveSession.FromString(self.send("LiveSessionService/GetLiveSession", request))

    def curve(self) -> list[tuple[int, int]]:
        request = pb.GetLiveCurveRequest(name=LESSON, positions=self.written)
        told = pb.GetLiveCurveResponse.FromString(self.send("LiveSessionService/GetLiveCurve", request))
        return [(point.time.seconds, point.participants) for point in told.points]

    def certify(self) -> pb.PeakCertificate:
        request = with_id(pb.CertifyPeakRequest(name=LESSON))
        return pb.PeakCertificate.FromString(self.send("LiveSessionService/CertifyPeak", request))

    def peak_file(self) -> bytes:
        request = pb.GetPeakFileRequest(name=LESSON).SerializeToString()
        pieces = self.stream_of("LiveSessionService/GetPeakFile", request)
        return b"".join(pb.GetPeakFileResponse.FromString(piece).content for piece in pieces)

    def wait_for_hours(self, volunteer: str, seconds: int) -> None:
        """Until so many are attended; they follow the end."""
        began = time.monotonic()
        while (found := self.attended(volunteer)) != seconds:
            assert time.monotonic() - began < FOLLOWS_SECONDS_MAX, f"{volunteer} has {found} s, not {seconds}"
            time.sleep(0.05)

    def attended(self, volunteer: str) -> int:
        body = self.send("HoursService/GetBalance", hours.GetBalanceRequest(name=volunteer))
        return int(hours.Balance.FromString(body).seconds.attended_seconds)
