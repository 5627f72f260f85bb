"""Proofs over gRPC out of a log of a million leaves, beside GetBalance; and out of ten million, beside a million.

One server process answers all of it, with 64 calls in flight. A figure is the time within which 99 of 100 calls are
answered; of inclusion and consistency proofs the slower kind counts. Places are random: an inclusion proof leads from
any leaf to the newest checkpoint, which comes along, a consistency proof from any size to any larger one. Before
anything is measured a sample of proofs must hold, by the verifiers that strangers use.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc

from bench.fill_log import FilledLog, fill_log
from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling
from bench.lines.balances import GET, balance_request
from bench.lines.echo import CHANNELS, IN_FLIGHT, MEASURED_SECONDS
from bench.load import Load, loaded
from bench.pairing import Direction, Line, MeasurementFailed, Sides
from bench.served import ACTOR, served
from ledger.transparency.consistency import verify_consistency
from ledger.transparency.failures import ProofRejected
from ledger.transparency.inclusion import verify_inclusion
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

INCLUSION: Final = "/volunteer_hours.v1.AuditService/GetInclusionProof"
CONSISTENCY: Final = "/volunteer_hours.v1.AuditService/GetConsistencyProof"
LEAVES: Final = 1_000_000
MANY_LEAVES: Final = 10_000_000
DISTINCT_REQUESTS: Final = 5_000
SAMPLE: Final = 50
VOLUNTEERS: Final = 10_000
GROWTH_SLACK: Final = 1.3
"""Beside the ratio of the logarithms: what caches hold of the smaller log, they may not of the larger one."""

_dice: Final = random.Random(20_261_124)


def inclusion_requests(log: FilledLog, count: int) -> list[audit.GetInclusionProofRequest]:
    """For leaves all over the log, under its newest checkpoint."""
    positions = _dice.sample(range(1, log.size + 1), count)
    return [audit.GetInclusionProofRequest(partition=log.partition, position=position) for position in positions]


def consistency_requests(log: FilledLog, count: int) -> list[audit.GetConsistencyProofRequest]:
    """From any size to any larger one."""
    pairs = [sorted(_dice.sample(range(1, log.size + 1), 2)) for _ in range(count)]
    return [
        audit.GetConsistencyProofRequest(partition=log.partition, from_size=before, to_size=after)
        for before, after in pairs
    ]


def proofs_p99_ms(ground: Ground, log: FilledLog, address: str) -> float:
    """Of the slower kind."""
    inclusions = [request.SerializeToString() for request in inclusion_requests(log, DISTINCT_REQUESTS)]
    consistencies = [request.SerializeToString() for request in consistency_requests(log, DISTINCT_REQUESTS)]
    return max(
        p99_ms(ground, address, INCLUSION, inclusions),
        p99_ms(ground, address, CONSISTENCY, consistencies),
    )


def balance_p99_ms(ground: Ground, ledger: BenchLedger, address: str) -> float:
    """Of GetBalance, as the line get_balance asks."""
    return p99_ms(ground, address, GET, [balance_request(number) for number in ledger.somebody(DISTINCT_REQUESTS)])


def p99_ms(ground: Ground, address: str, method: str, requests: list[bytes]) -> float:
    """The time within which 99 of 100 calls were answered."""
    load = Load(
        address, method, ACTOR, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=ground.seconds(MEASURED_SECONDS)
    )
    return loaded(ground.folder, load, requests, repeat=True).counts["p99_ms"]


def check_proofs(log: FilledLog, address: str) -> None:
    """Raises MeasurementFailed unless a sample of proofs holds against the tiles' leaves and the log's roots."""
    inclusions, consistencies = inclusion_requests(log, SAMPLE), consistency_requests(log, SAMPLE)
    sizes = [request.position for request in inclusions]
    sizes += [size for request in consistencies for size in (request.from_size, request.to_size)]
    known = dict(zip(sizes, log.leaves_and_roots(sizes), strict=True))
    with grpc.insecure_channel(address) as channel:
        stub = AuditServiceStub(channel)
        try:
            for wanted in inclusions:
                shown = stub.GetInclusionProof(wanted, metadata=ACTOR)
                leaf = known[wanted.position][0]
                verify_inclusion(leaf, shown.leaf_index, shown.size, shown.hashes, log.root)
            for asked in consistencies:
                grown = stub.GetConsistencyProof(asked, metadata=ACTOR)
                before, after = known[asked.from_size][1], known[asked.to_size][1]
                verify_consistency(asked.from_size, before, asked.to_size, after, grown.hashes)
        except ProofRejected as rejected:
            raise MeasurementFailed(f"a proof does not hold, so this run measures nothing: {rejected}") from rejected


def _ledger(ground: Ground) -> BenchLedger:
    """Two partitions: the log of the first has a million leaves, that of the second ten, for whoever asks for them."""
    return ground.ledgers.filled(Filling(ground.scaled(VOLUNTEERS, least=2_000), 1, partitions=2, projected=True))


@contextmanager
def beside_balances(ground: Ground) -> Iterator[Sides]:
    """The same server process asked for balances and for proofs."""
    ledger = _ledger(ground)
    log = fill_log(ledger.settings, 0, ground.scaled(LEAVES, least=50_000))
    with served(ground.folder, ledger.settings, "serve-proofs") as server:
        check_proofs(log, server.address)
        yield Sides(
            reference=lambda: balance_p99_ms(ground, ledger, server.address),
            ours=lambda: proofs_p99_ms(ground, log, server.address),
        )


@contextmanager
def growth(ground: Ground) -> Iterator[Sides]:
    """The same server process asked for proofs out of the larger log and out of the smaller one."""
    ledger = _ledger(ground)
    few = fill_log(ledger.settings, 0, ground.scaled(LEAVES, least=50_000))
    many = fill_log(ledger.settings, 1, ground.scaled(MANY_LEAVES, least=500_000))
    with served(ground.folder, ledger.settings, "serve-proofs-growth") as server:
        for log in (few, many):
            check_proofs(log, server.address)
        yield Sides(
            reference=lambda: proofs_p99_ms(ground, few, server.address),
            ours=lambda: proofs_p99_ms(ground, many, server.address),
        )


PROOFS_OVER_GRPC = Line(
    name="proofs_over_grpc", unit="ms at p99", floor=3.0, sides=beside_balances, direction=Direction.AT_MOST
)
PROOF_GROWTH = Line(
    name="proof_growth",
    unit="ms at p99",
    floor=round(GROWTH_SLACK * math.log(MANY_LEAVES) / math.log(LEAVES), 2),
    sides=growth,
    direction=Direction.AT_MOST,
)
