"""Reference: kafka-python's producer alone, as safe as the relay (acks=all, idempotent), values already in memory.

Its setting is the best of those tried, twice each (thousand records/s of 700 bytes: batches of 16 kB without linger 7
to 10, 64 kB with 5 ms 21 to 26, 256 kB with 10 ms 27 to 33, 900 kB with 20 ms 37 to 42 and with 50 ms 40 to 41), with
crc32c and without compression.
"""

from __future__ import annotations

import argparse
import hashlib
import time

from kafka import KafkaProducer
from kafka.producer.future import FutureRecordMetadata

from bench.processes import print_rate

LINGER_MS = 50
BATCH_BYTES = 900_000
VALUE_BYTES = 700
DISTINCT_VALUES = 1000
WARM_UP_RECORDS = 2000
FLUSH_SECONDS_MAX = 60.0
CONTENT_TYPE = ("content-type", b"application/cloudevents+json")


def produce_rate(bootstrap: str, topic: str, records: int) -> float:
    """Records a second into one partition, from the first send until the last is acknowledged."""
    # Text that does not repeat, as an event's ids and signatures; keys as long as a stream's name; the topic's headers.
    values = [_text(f"value-{number}", VALUE_BYTES) for number in range(DISTINCT_VALUES)]
    signatures = [hashlib.sha256(value).digest() for value in values]
    keys = [f"volunteers/synthetic-{number:08}".encode("ascii") for number in range(DISTINCT_VALUES)]
    with KafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=LINGER_MS,
        batch_size=BATCH_BYTES,
        compression_type=None,
    ) as producer:

        def send(number: int) -> FutureRecordMetadata:
            which = number % DISTINCT_VALUES
            headers = [CONTENT_TYPE, ("hmac", signatures[which])]
            return producer.send(topic, values[which], key=keys[which], headers=headers, partition=0)

        _acknowledged(producer, [send(number) for number in range(WARM_UP_RECORDS)])
        started = time.perf_counter()
        _acknowledged(producer, [send(number) for number in range(records)])
        return records / (time.perf_counter() - started)


def _acknowledged(producer: KafkaProducer, sent: list[FutureRecordMetadata]) -> None:
    """Wait for all; raises KafkaError for the first record that was not taken."""
    producer.flush(FLUSH_SECONDS_MAX)
    for record in sent:
        record.get(0)


def _text(seed: str, length: int) -> bytes:
    return hashlib.shake_256(seed.encode("ascii")).hexdigest(length // 2 + 1).encode("ascii")[:length]


def main() -> None:
    """Print the rate as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.references.plain_produce", description=__doc__)
    parser.add_argument("--bootstrap", required=True, help="HOST:PORT of a broker")
    parser.add_argument("--topic", required=True, help="an existing topic")
    parser.add_argument("--records", type=int, default=60_000)
    wanted = parser.parse_args()
    print_rate(produce_rate(wanted.bootstrap, wanted.topic, wanted.records))


if __name__ == "__main__":
    main()
