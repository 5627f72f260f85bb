"""Records that do not belong on the topic, or not there again: what anybody who may write to it could put there."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import psycopg
from kafka import KafkaProducer

from ledger.record_seal import RecordSeal
from ledger.settings import Settings

Bad: TypeAlias = tuple[bytes | None, list[tuple[str, bytes]]]
"""Value and headers."""
CONTENT_TYPE: Final = ("content-type", b"application/cloudevents+json")
OTHER_KEY: Final = RecordSeal(b"a key that the relay does not have")
_BIG_BYTES: Final = 900_000


def _random_bytes(stored: bytes) -> Bad:
    return secrets.token_bytes(200), [CONTENT_TYPE, ("hmac", bytes(32))]


def _no_value(stored: bytes) -> Bad:
    return None, OTHER_KEY.headers(stored)


def _truncated(stored: bytes) -> Bad:
    return stored[: len(stored) // 2], [CONTENT_TYPE, ("hmac", bytes(32))]


def _no_seal(stored: bytes) -> Bad:
    return stored, [CONTENT_TYPE]


def _sealed_by_another(stored: bytes) -> Bad:
    """The same position with another body, honestly signed with the wrong key."""
    forged = stored.replace(b'"seconds":', b'"seconds":9')
    return forged, OTHER_KEY.headers(forged)


def _next_position(stored: bytes) -> Bad:
    """What would be applied at once, if it were believed."""
    event = json.loads(stored)
    event["position"] += 1_000_000
    forged = json.dumps(event, separators=(",", ":")).encode()
    return forged, OTHER_KEY.headers(forged)


def _unknown_type(stored: bytes) -> Bad:
    forged = stored.replace(b'"attendance-recorded"', b'"os.system"').replace(
        b'"schemaversion":1', b'"schemaversion":2'
    )
    return forged, OTHER_KEY.headers(forged)


def _big(stored: bytes) -> Bad:
    return bytes(_BIG_BYTES), [CONTENT_TYPE, ("hmac", bytes(32))]


POISONS: Final[tuple[Callable[[bytes], Bad], ...]] = (
    _random_bytes,
    _no_value,
    _truncated,
    _no_seal,
    _sealed_by_another,
    _next_position,
    _unknown_type,
    _big,
)


class BadProducer:
    """Writes to the topic beside the relay."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._settings = settings
        self._choice = random.Random(f"records/{seed}")
        self._seal = RecordSeal.of(settings)
        self.poisoned = 0
        self.repeated = 0

    def poison(self, count: int) -> None:
        """`count` records that are not the ledger's, of every kind in turn."""
        stored = self._stored()
        records: list[tuple[int, bytes, Bad]] = []
        for number in range(count):
            partition, stream, body = self._choice.choice(stored)
            records.append((partition, stream, POISONS[number % len(POISONS)](body)))
        self._send(records)
        self.poisoned += count

    def repeat_shuffled(self, count: int, window: int = 50) -> None:
        """Old records once more, sealed as they were, each window in an order of its own."""
        stored = self._stored()
        begin = self._choice.randrange(max(1, len(stored) - count))
        again = stored[begin : begin + count]
        windows = [again[place : place + window] for place in range(0, len(again), window)]
        mixed = [row for some in windows for row in self._choice.sample(some, len(some))]
        self._send([(partition, stream, (body, self._seal.headers(body))) for partition, stream, body in mixed])
        self.repeated += len(mixed)

    def send_early_and_shuffled(self, after: dict[int, int], window: int = 50) -> int:
        """In the relay's place: everything behind `after`, out of order and a tenth of it twice; how many records."""
        new = [row for row in self._stored() if json.loads(row[2])["position"] > after.get(row[0], 0)]
        new += self._choice.sample(new, len(new) // 10)
        new.sort(key=lambda row: json.loads(row[2])["position"] + self._choice.uniform(0, window))
        self._send([(partition, stream, (body, self._seal.headers(body))) for partition, stream, body in new])
        return len(new)

    def _stored(self) -> list[tuple[int, bytes, bytes]]:
        with psycopg.connect(self._settings.owner_database) as connection:
            rows = connection.execute("select partition, stream, body from events order by position").fetchall()
        return [(int(row[0]), str(row[1]).encode(), bytes(row[2])) for row in rows]

    def _send(self, records: Sequence[tuple[int, bytes, Bad]]) -> None:
        with KafkaProducer(bootstrap_servers=self._settings.kafka, acks="all", max_request_size=1_048_576) as producer:
            futures = [
                producer.send(self._settings.topic, value, key, headers, partition)
                for partition, key, (value, headers) in records
            ]
            producer.flush(60)
            for future in futures:
                future.get(60)
