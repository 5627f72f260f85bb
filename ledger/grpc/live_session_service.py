"""LiveSessionService: who attends a lesson now, how many did, and a certificate of the peak."""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.domain.event import RecordedEvent
from ledger.domain.live_session import (
    AttachExternalCurve,
    CertifyPeak,
    ConfirmPeak,
    EndLiveSession,
    LiveSession,
    OpenLiveSession,
)
from ledger.domain.live_session_events import (
    RULE_VERSION,
    SILENCE_SECONDS,
    SILENCE_SECONDS_MAX,
    SILENCE_SECONDS_MIN,
    ExternalCurveAttached,
    LiveRule,
)
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.grpc.commands import Commands, new_id, state_after
from ledger.grpc.interceptor import Call
from ledger.grpc.values import moment, positions_of, timestamp
from ledger.live.certifying import Certified
from ledger.live.held_session import AnswerKind, Kind
from ledger.live.parts import LiveParts
from ledger.live.peak_claims import certificate_digest
from ledger.live.peak_confirmation import verify_confirmation
from ledger.live.peak_file import chunks_of
from ledger.transparency.failures import TransparencyFailure
from volunteer_hours.v1 import live_session_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

_KINDS: Final[Mapping[int, Kind]] = {
    pb.PRESENCE_SIGNAL_KIND_JOIN: "join",
    pb.PRESENCE_SIGNAL_KIND_HEARTBEAT: "heartbeat",
    pb.PRESENCE_SIGNAL_KIND_LEAVE: "leave",
}
_ANSWERS: Final[Mapping[AnswerKind, pb.PresenceAnswerKind.ValueType]] = {
    "joined": pb.PRESENCE_ANSWER_KIND_JOINED,
    "seen": pb.PRESENCE_ANSWER_KIND_SEEN,
    "left": pb.PRESENCE_ANSWER_KIND_LEFT,
    "absent": pb.PRESENCE_ANSWER_KIND_ABSENT,
}
_SIGNS_A_SILENCE: Final = 3
"""A device may lose two signs and is still there."""


class LiveSessionService:
    """All methods raise Refusal."""

    def __init__(self, commands: Commands, parts: LiveParts) -> None:
        self._commands = commands
        self._hub = parts.hub
        self._questions = parts.questions
        self._certifying = parts.certifying
        self._attending: set[asyncio.Future[None]] = set()
        """One of each stream: done when the stream shall end."""

    async def OpenLiveSession(self, request: pb.OpenLiveSessionRequest, call: Call) -> pb.LiveSession:
        name = f"{request.parent}/liveSessions/{request.live_session_id or new_id(call, request)}"
        result = await self._commands.execute(call, request, OpenLiveSession(name, _rule(request.rule)))
        return _session(state_after(result, LiveSession), positions_of(result))

    async def Attend(self, requests: AsyncIterator[pb.AttendRequest], call: Call) -> AsyncIterator[pb.AttendResponse]:
        ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._attending.add(ending)
        try:
            while True:
                coming = asyncio.ensure_future(_next(requests))
                await asyncio.wait((coming, ending), return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    coming.cancel()
                    refuse(Reason.UNAVAILABLE)
                request = coming.result()
                if request is None:
                    return
                yield pb.AttendResponse(answer=await self._answered(request.signal))
        finally:
            self._attending.discard(ending)

    def let_go(self) -> None:
        """End all streams: their devices go on at another process, or here after the start."""
        for ending in self._attending:
            if not ending.done():
                ending.set_result(None)

    async def SignalPresence(self, request: pb.SignalPresenceRequest, call: Call) -> pb.SignalPresenceResponse:
        return pb.SignalPresenceResponse(answer=await self._answered(request.signal))

    async def _answered(self, signal: pb.PresenceSignal) -> pb.PresenceAnswer:
        answer, silence = await self._hub.signal(signal.session, signal.volunteer, signal.device, _KINDS[signal.kind])
        return pb.PresenceAnswer(
            kind=_ANSWERS[answer.kind],
            time=Timestamp(seconds=answer.second),
            stored_through_time=Timestamp(seconds=answer.stored_through),
            silence_seconds=silence,
            heartbeat_seconds=silence // _SIGNS_A_SILENCE,
        )

    async def EndLiveSession(self, request: pb.EndLiveSessionRequest, call: Call) -> pb.LiveSession:
        """What this process heard is stored first. What others hear they store within seconds: behind the end it does
        not count, but by the rule whoever is not silent for long is there until the end.
        """
        with contextlib.suppress(Refusal):
            await self._hub.store(request.name)
        result = await self._commands.execute(call, request, EndLiveSession(request.name))
        return _session(state_after(result, LiveSession), positions_of(result))

    async def GetLiveSession(self, request: pb.GetLiveSessionRequest, call: Call) -> pb.LiveSession:
        return await self._questions.get(request, call.seconds_left)

    async def ListLiveSessions(self, request: pb.ListLiveSessionsRequest, call: Call) -> pb.ListLiveSessionsResponse:
        return await self._questions.page(request, call.seconds_left)

    async def GetLiveCurve(self, request: pb.GetLiveCurveRequest, call: Call) -> pb.GetLiveCurveResponse:
        return await self._questions.curve(request, call.seconds_left)

    async def AttachExternalCurve(self, request: pb.AttachExternalCurveRequest, call: Call) -> pb.ExternalCurve:
        points = tuple((moment("points.time", point.time), point.participants) for point in request.points)
        if any(participants < 0 for _, participants in points):
            refuse(Reason.INVALID_ARGUMENT, violations="points.participants: give 0 or more")
        command = AttachExternalCurve(request.name, request.platform, request.file_sha256.hex(), points)
        result = await self._commands.execute(call, request, command)
        return _curve(result.events[0], positions_of(result))

    async def ListExternalCurves(
        self, request: pb.ListExternalCurvesRequest, call: Call
    ) -> pb.ListExternalCurvesResponse:
        events = [event for event in await self._certifying.afterwards(request.name) if _is_curve(event)]
        return pb.ListExternalCurvesResponse(
            curves=[_curve(event, []) for event in events], positions=_last_position(events)
        )

    async def CertifyPeak(self, request: pb.CertifyPeakRequest, call: Call) -> pb.PeakCertificate:
        """A repetition is answered with what was signed first: its signature is random."""
        result = await self._commands.answered_before(call, request)
        if result is None:
            certified = await self._certifying.prepare(request.name, call.seconds_left)
            result = await self._commands.execute(call, request, CertifyPeak(request.name, certified))
        return _certificate(await self._certifying.certified(request.name), positions_of(result))

    async def GetPeakCertificate(self, request: pb.GetPeakCertificateRequest, call: Call) -> pb.PeakCertificate:
        found = await self._certifying.certified(request.name)
        last = found.confirmed[-1][0] if found.confirmed else found.event
        return _certificate(found, [Position(partition=last.partition, position=last.position)])

    async def GetPeakFile(self, request: pb.GetPeakFileRequest, call: Call) -> AsyncIterator[pb.GetPeakFileResponse]:
        for piece in chunks_of(await self._certifying.file(request.name)):
            yield pb.GetPeakFileResponse(content=piece)

    async def ConfirmPeak(self, request: pb.ConfirmPeakRequest, call: Call) -> pb.PeakCertificate:
        digest = certificate_digest((await self._certifying.certified(request.name)).certified.certificate)
        try:
            verify_confirmation(request.verifier_key, request.signature, request.name, digest)
        except TransparencyFailure:
            refuse(Reason.COUNTERSIGNATURE_INVALID, verifier_key=request.verifier_key[:80], session=request.name)
        signature = b64encode(request.signature).decode()
        command = ConfirmPeak(request.name, digest, request.verifier_key, signature)
        result = await self._commands.execute(call, request, command)
        return _certificate(await self._certifying.certified(request.name), positions_of(result))


async def _next(requests: AsyncIterator[pb.AttendRequest]) -> pb.AttendRequest | None:
    return await anext(requests, None)


def _rule(rule: pb.LiveRule) -> LiveRule:
    """As it was declared. Refuses SILENCE_OUT_OF_RANGE, and INVALID_ARGUMENT for a version that is not known here."""
    silence = rule.silence_seconds or SILENCE_SECONDS
    if not SILENCE_SECONDS_MIN <= silence <= SILENCE_SECONDS_MAX:
        refuse(
            Reason.SILENCE_OUT_OF_RANGE,
            seconds=silence,
            seconds_min=SILENCE_SECONDS_MIN,
            seconds_max=SILENCE_SECONDS_MAX,
        )
    if rule.version not in (0, RULE_VERSION):
        refuse(Reason.INVALID_ARGUMENT, violations=f"rule.version: give {RULE_VERSION} or leave it out")
    return LiveRule(
        version=RULE_VERSION,
        silence_seconds=silence,
        registration_required=rule.registration_required,
        excluded=tuple(sorted(rule.excluded)),
    )


def _rule_message(rule: LiveRule) -> pb.LiveRule:
    return pb.LiveRule(
        version=rule.version,
        silence_seconds=rule.silence_seconds,
        registration_required=rule.registration_required,
        excluded=rule.excluded,
    )


def _session(state: LiveSession, positions: list[Position]) -> pb.LiveSession:
    """Right after a command: who is there is told by GetLiveSession."""
    message = pb.LiveSession(
        name=state.name,
        organization=state.organization,
        rule=_rule_message(state.rule),
        state=pb.LIVE_SESSION_STATE_OPEN if state.state == "open" else pb.LIVE_SESSION_STATE_ENDED,
        open_time=timestamp(state.opened_at),
        connections=state.connections,
        positions=positions,
    )
    if state.ended_at is not None:
        message.end_time.CopyFrom(timestamp(state.ended_at))
    return message


def _is_curve(event: RecordedEvent) -> bool:
    return isinstance(event.data, ExternalCurveAttached)


def _curve(event: RecordedEvent, positions: list[Position]) -> pb.ExternalCurve:
    data = event.data
    if not isinstance(data, ExternalCurveAttached):
        raise TypeError(f"{type(data).__name__} is no curve")
    base = int(data.base.timestamp())
    return pb.ExternalCurve(
        name=data.session,
        platform=data.platform,
        file_sha256=bytes.fromhex(data.file_sha256),
        points=[
            pb.CurvePoint(time=Timestamp(seconds=base + point.seconds), participants=point.participants)
            for point in data.points
        ],
        peak_participants=max(point.participants for point in data.points),
        attach_time=timestamp(event.recorded_at.astimezone(UTC)),
        positions=positions,
    )


def _last_position(events: list[RecordedEvent]) -> list[Position]:
    return [Position(partition=event.partition, position=event.position) for event in events[-1:]]


def _certificate(found: Certified, positions: list[Position]) -> pb.PeakCertificate:
    certified = found.certified
    message = pb.PeakCertificate(
        name=certified.session,
        certificate=certified.certificate,
        peak_participants=certified.peak_participants,
        peak_seconds=certified.peak_seconds,
        persons=certified.persons,
        rule=_rule_message(found.claims.rule),
        certify_time=timestamp(_utc(found.event)),
        confirmations=[
            pb.PeakConfirmation(
                verifier_key=one.verifier_key,
                signature=b64decode(one.signature),
                confirm_time=timestamp(_utc(event)),
            )
            for event, one in found.confirmed
        ],
        positions=positions,
    )
    if certified.first_second is not None:
        message.peak_time.CopyFrom(timestamp(certified.first_second))
    return message


def _utc(event: RecordedEvent) -> datetime:
    return event.recorded_at.astimezone(UTC)
