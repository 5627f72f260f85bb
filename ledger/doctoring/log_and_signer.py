"""Is the transparency log kept, and can its signer go on?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg

from ledger.doctoring.diagnosis import Diagnosis, ok, warn, wrong
from ledger.doctoring.signed_and_stored import what_is_wrong
from ledger.log_keeping.map_state import MapState
from ledger.log_keeping.signer_folder import need_closed, origins_of, read_keys, read_mapped, read_signed
from ledger.log_keeping.stops import LogStopped, head_in_words
from ledger.settings import Settings
from ledger.transparency.checkpoint import Checkpoint

LAG_SECONDS_MAX: Final = 5.0

# Where events were cut off, the counter still says what it said.
_LAG_SQL: Final = """
    select counters.partition,
           least(counters.position,
                 (select coalesce(max(position), 0) from events where events.partition = counters.partition)),
           signed.size, clock_timestamp(),
           (select recorded_at from events
            where events.partition = counters.partition and events.position = coalesce(signed.size, 0) + 1)
    from partition_counters as counters
    left join (select partition, max(size) as size from log_checkpoints group by 1) as signed using (partition)
    order by 1
"""


MAP_LAG_SECONDS_MAX: Final = 60.0
"""The map follows the log, and may lag in a burst; that proofs are a minute old is worth a look."""

_MAP_LAG_SQL: Final = """
    select counters.partition, coalesce(signed.size, 0), coalesce(noted.size, 0), coalesce(made.size, 0),
           clock_timestamp(),
           (select recorded_at from events
            where events.partition = counters.partition and events.position = coalesce(noted.size, 0) + 1)
    from partition_counters as counters
    left join (select partition, max(size) as size from log_checkpoints group by 1) as signed using (partition)
    left join log_balances as noted using (partition)
    left join map_roots as made using (partition)
    order by 1
"""


def lag_of_log(settings: Settings) -> Iterator[Diagnosis]:
    """Published checkpoints behind the store, partition by partition."""
    if not settings.log_keeper_database:
        return
    with psycopg.connect(settings.log_keeper_database) as connection:
        rows = connection.execute(_LAG_SQL).fetchall()
    for partition, head, size, now, next_recorded_at in rows:
        yield _lag(int(partition), int(head), None if size is None else int(size), now, next_recorded_at)


def _lag(partition: int, head: int, size: int | None, now: datetime, next_recorded_at: datetime | None) -> Diagnosis:
    name = f"log, partition {partition}"
    if size is None:
        return warn(name, f"nothing is signed of {head} events; is keep-log running?")
    if size > head:
        return wrong(name, f"size {size} is signed, the store ends at {head}: it lost events; restore them first")
    lag_seconds = 0.0 if next_recorded_at is None else (now - next_recorded_at).total_seconds()
    if lag_seconds > LAG_SECONDS_MAX:
        return warn(name, f"{head - size} events and {lag_seconds:.0f} s behind the store; is keep-log running?")
    return ok(name, f"size {size} of {head} is signed")


def lag_of_maps(settings: Settings) -> Iterator[Diagnosis]:
    """Signed balances behind the checkpoints, partition by partition."""
    if not settings.log_keeper_database:
        return
    with psycopg.connect(settings.log_keeper_database) as connection:
        rows = connection.execute(_MAP_LAG_SQL).fetchall()
    for partition, *figures in rows:
        yield _map_lag(f"balance map, partition {partition}", *figures)


def _map_lag(
    name: str, signed: int, noted: int, made: int, now: datetime, next_recorded_at: datetime | None
) -> Diagnosis:
    lag_seconds = 0.0 if next_recorded_at is None else (now - next_recorded_at).total_seconds()
    if noted < signed and lag_seconds > MAP_LAG_SECONDS_MAX:
        behind = f"{signed - noted} events and {lag_seconds:.0f} s behind the log, made up to {made}"
        return warn(name, f"{behind}; is keep-log running? While a map is made anew nothing is proven")
    return ok(name, f"size {noted} of {signed} is signed")


def signer(settings: Settings) -> Iterator[Diagnosis]:
    """Keys and memory of the signer, where they are within reach, and whether the store holds what was signed.

    Raises WrongSetting, as the keeper would.
    """
    if not settings.signer_folder:
        yield ok("signer", "LEDGER_SIGNER_FOLDER is not set: the keeper of the log runs elsewhere")
        return
    folder = Path(settings.signer_folder)
    if not folder.is_dir():
        yield warn("signer", f"{folder} is not there; keep-log makes it at its first start")
        return
    need_closed(folder)
    try:
        keys = read_keys(folder, origins_of(settings))
        heads = [read_signed(folder, partition, one).head for partition, one in enumerate(keys)]
        mapped = [read_mapped(folder, partition) for partition in range(len(keys))]
    except FileNotFoundError as missing:
        yield warn("signer", f"{missing.filename} is not there; keep-log makes it at its first start")
    except LogStopped as stopped:
        yield wrong("signer", str(stopped))
    else:
        yield from _signed_and_stored(settings, heads, mapped)


def _signed_and_stored(
    settings: Settings, heads: Sequence[Checkpoint], mapped: Sequence[MapState | None]
) -> Iterator[Diagnosis]:
    found = _found_wrong(settings, heads)
    for partition, (signed, balances, wrongness) in enumerate(zip(heads, mapped, found, strict=True)):
        name = f"signer, partition {partition}"
        if wrongness is not None:
            yield wrong(name, wrongness)
            continue
        told = "no balances mapped" if balances is None else f"balances mapped at {balances.in_words()}"
        yield ok(name, f"signed {head_in_words(signed)}, {told}")


def _found_wrong(settings: Settings, heads: Sequence[Checkpoint]) -> list[str | None]:
    if not settings.log_keeper_database:
        return [None for _ in heads]
    with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
        return [what_is_wrong(connection, partition, signed) for partition, signed in enumerate(heads)]
