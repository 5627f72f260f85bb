"""Signs of life of a live lesson over gRPC, beside a bare echo of the same requests: what one process can hear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

import grpc

from bench.ground import Ground
from bench.lines.echo import CHANNELS, IN_FLIGHT, MEASURED_SECONDS, bare_echo
from bench.load import Load, calls_per_second
from bench.pairing import Line, MeasurementFailed, Sides
from bench.stated_ledger import COORDINATOR, SHIFT, StatedLedger, stated_ledger
from volunteer_hours.v1 import live_session_service_pb2 as live
from volunteer_hours.v1.live_session_service_pb2_grpc import LiveSessionServiceStub

SIGNAL: Final = "/volunteer_hours.v1.LiveSessionService/SignalPresence"
PERSONS: Final = 1_000


@contextmanager
def hearing(ground: Ground) -> Iterator[Sides]:
    """Devices that joined show signs again and again; what is heard is stored every five seconds meanwhile."""
    with stated_ledger(ground, ground.scaled(PERSONS, least=100)) as ledger:
        requests = _joined(ledger)
        with bare_echo(ground, requests) as reference:
            yield Sides(reference=reference, ours=lambda: _heard_rate(ground, ledger, requests))


def _heard_rate(ground: Ground, ledger: StatedLedger, requests: list[bytes]) -> float:
    """Calls a second."""
    seconds = ground.seconds(MEASURED_SECONDS)
    load = Load(ledger.address, SIGNAL, COORDINATOR, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=seconds)
    return calls_per_second(ground.folder, load, requests, repeat=True)


def _joined(ledger: StatedLedger) -> list[bytes]:
    """A heartbeat of everybody, each of whom has joined. Raises MeasurementFailed for one that is not heard."""
    with grpc.insecure_channel(ledger.address) as channel:
        stub = LiveSessionServiceStub(channel)
        opening = live.OpenLiveSessionRequest(request_id=str(uuid4()), parent=SHIFT, rule=live.LiveRule())
        session = stub.OpenLiveSession(opening, metadata=COORDINATOR, timeout=30).name
        requests = [
            live.SignalPresenceRequest(
                signal=live.PresenceSignal(
                    session=session, volunteer=name, device="phone", kind=live.PRESENCE_SIGNAL_KIND_HEARTBEAT
                )
            )
            for name in ledger.names
        ]
        joining = [stub.SignalPresence.future(request, metadata=COORDINATOR, timeout=60) for request in requests]
        answered = {one.result().answer.kind for one in joining}
        again = stub.SignalPresence(requests[0], metadata=COORDINATOR, timeout=30).answer.kind
    if answered != {live.PRESENCE_ANSWER_KIND_JOINED} or again != live.PRESENCE_ANSWER_KIND_SEEN:
        raise MeasurementFailed("somebody who joined is not heard: this run measures nothing")
    return [request.SerializeToString() for request in requests]


LIVE_SIGNALS = Line(name="live_signals", unit="calls/s", floor=0.4, sides=hearing)
