"""CheckIn: 64 calls in flight to one server process, durable on PostgreSQL, all domain rules; beside the bare echo.

Every call is another registered person's check-in under a request_id of its own, so that none is answered from its
request key. Afterwards the store must hold exactly one event for every answered call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID, uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling
from bench.lines.echo import CHANNELS, IN_FLIGHT, MEASURED_SECONDS, bare_echo
from bench.load import Load, loaded
from bench.pairing import Line, MeasurementFailed, Sides
from bench.programme import day_shift, day_start, volunteer_name
from bench.served import ACTOR, served
from ledger.domain.attendance_events import VolunteerCheckedIn
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import resources_pb2 as resources

METHOD: Final = "/volunteer_hours.v1.ParticipationService/CheckIn"
CALLS_A_SECOND_MAX: Final = 4_000
"""So many requests are prepared for each second; if they end early, the measured stretch does."""
ECHO_REQUESTS: Final = 1_000


def check_in_request(day: int, number: int, request_id: UUID) -> bytes:
    """The serialized request of one synthetic volunteer."""
    return participation.CheckInRequest(
        request_id=str(request_id),
        shift=day_shift(day),
        volunteer=volunteer_name(number),
        check_in_time=Timestamp(seconds=int(day_start(day).timestamp())),
        method=resources.ATTENDANCE_METHOD_QR,
    ).SerializeToString()


def check_in_rate(
    ground: Ground, ledger: BenchLedger, address: str, opened: Callable[[], None] = lambda: None
) -> float:
    """Check-ins a second on a new day; `opened` is called when the day's registrations are stored.

    Raises MeasurementFailed if the store does not hold what was answered.
    """
    load = Load(
        address, METHOD, ACTOR, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=ground.seconds(MEASURED_SECONDS)
    )
    wanted = round(CALLS_A_SECOND_MAX * (load.seconds + load.warm_up_seconds))
    day, numbers = ledger.open_day(registered=wanted)
    opened()
    before = ledger.positions()
    result = loaded(ground.folder, load, [check_in_request(day, number, uuid4()) for number in numbers])
    recorded = ledger.stored_since(before)
    if recorded != {VolunteerCheckedIn.stored_name: result.counts["answered"]}:
        raise MeasurementFailed(f"{result.counts['answered']} calls were answered, the store has {recorded}")
    return result.rate


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """The echo, sent requests of the same size; ours on a ledger of some thousand volunteers."""
    ledger = ground.ledgers.filled(Filling(ground.scaled(20_000, least=2_000)))
    echoed = [check_in_request(0, number, uuid4()) for number in range(ECHO_REQUESTS)]
    with (
        bare_echo(ground, echoed) as reference,
        served(ground.folder, ledger.settings, "serve-check-in") as server,
    ):
        yield Sides(reference=reference, ours=lambda: check_in_rate(ground, ledger, server.address))


LINE = Line(name="check_in", unit="calls/s", floor=0.40, sides=sides)
