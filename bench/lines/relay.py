"""The relay from store to topic, acks=all, reading and checking included, beside a plain kafka-python producer.

Our side is not written yet; the plan: a store filled with events before the clock starts, an empty topic, one `relay`
process; measured from its first record to the last acknowledged one. The topic must then hold positions 1..n in
order, each with its valid `hmac`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.ground import Ground
from bench.pairing import Line, Sides
from bench.processes import measured_rate

PLAIN_RECORDS = 100_000


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """The plain producer, every run into a topic of its own."""

    def plain_produce() -> float:
        with ground.fresh_topic() as topic:
            records = ground.scaled(PLAIN_RECORDS, least=5000)
            arguments = [f"--bootstrap={ground.bootstrap}", f"--topic={topic}", f"--records={records}"]
            return measured_rate(ground.folder, "bench.references.plain_produce", arguments)

    yield Sides(reference=plain_produce)


LINE = Line(name="relay", unit="records/s", floor=0.50, sides=sides)
