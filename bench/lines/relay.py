"""The relay from store to topic, acks=all, reading and checking included, beside a plain kafka-python producer.

A relay process finds an empty topic and a store full of events. Measured is what the topic acknowledged from its first
records on: the process's start is left out on both sides. Afterwards the topic must hold positions 1..n in order, each
with the bytes of the store and a valid seal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from kafka import KafkaConsumer, TopicPartition

from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling
from bench.pairing import Line, MeasurementFailed, Sides
from bench.processes import measured_rate
from bench.served import ledger_process
from bench.stretch import Stretch
from ledger.record_seal import RecordSeal
from ledger.settings import Settings

PLAIN_RECORDS: Final = 100_000
WARM_UP_RECORDS: Final = 2_000
VOLUNTEERS: Final = 10_000
ATTENDANCES_EACH: Final = 9
RUN_SECONDS_MAX: Final = 180.0


def relay_filling(ground: Ground, partitions: int = 1) -> Filling:
    """A hundred thousand events, nine of ten an attendance."""
    return Filling(ground.scaled(VOLUNTEERS, least=1_000), ATTENDANCES_EACH, partitions)


def relayed_rate(ground: Ground, ledger: BenchLedger) -> float:
    """Records a second of one relay process into a new topic. Raises MeasurementFailed if the topic is wrong."""
    events = ledger.positions()[0]
    with ground.fresh_topic() as topic:
        settings = ledger.settings.model_copy(update={"kafka": ground.bootstrap, "topic": topic})
        place = TopicPartition(topic, 0)
        with KafkaConsumer(bootstrap_servers=ground.bootstrap, group_id=None, enable_auto_commit=False) as consumer:
            relay = ledger_process(ground.folder, settings, "relay", ["ledger.relay", "--once"])
            stretch = Stretch(relay, warm_up=min(WARM_UP_RECORDS, events // 4), end=events)
            rate = stretch.rate(lambda: consumer.end_offsets([place])[place], RUN_SECONDS_MAX)
        _check_topic(settings, events)
    return rate


def _check_topic(settings: Settings, events: int) -> None:
    seal, wanted = RecordSeal.of(settings), _stored_hashes(settings)
    place, read = TopicPartition(settings.topic, 0), 0
    with KafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=None, enable_auto_commit=False, auto_offset_reset="none"
    ) as consumer:
        consumer.assign([place])
        consumer.seek(place, 0)
        while read < events:
            for record in consumer.poll(timeout_ms=5_000, max_records=5_000).get(place, []):
                stored = record.value or b""
                if seal.fault(record.headers, stored) or hashlib.sha256(stored).digest() != next(wanted):
                    raise MeasurementFailed(f"the topic's record {record.offset} is not the store's next event")
                read += 1


def _stored_hashes(settings: Settings) -> Iterator[bytes]:
    with psycopg.connect(settings.relay_database) as connection, connection.cursor(binary=True) as cursor:
        for row in cursor.stream("select sha256(body) from events where partition = 0 order by position"):
            yield row[0]


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """The plain producer, every run into a topic of its own."""
    ledger = ground.ledgers.filled(relay_filling(ground))

    def plain_produce() -> float:
        with ground.fresh_topic() as topic:
            records = ground.scaled(PLAIN_RECORDS, least=5000)
            arguments = [f"--bootstrap={ground.bootstrap}", f"--topic={topic}", f"--records={records}"]
            return measured_rate(ground.folder, "bench.references.plain_produce", arguments)

    yield Sides(reference=plain_produce, ours=lambda: relayed_rate(ground, ledger))


LINE = Line(name="relay", unit="records/s", floor=0.50, sides=sides)
