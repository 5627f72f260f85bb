"""What must hold once all faults are over: store = topic = projections = what the clients know."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import psycopg

from ledger.projections.canonical_hash import canonical_hash, canonical_hashes
from ledger.settings import Settings
from tests.faults.caller import Caller
from tests.faults.history import History, check_store, stored_events
from tests.system.running_ledger import PROJECT, RunningLedger
from tests.system.stored_history import (
    caught_up,
    heads_of,
    projected,
    settings_environment,
    stored_hashes,
    topic_records,
)
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.positions_pb2 import Position

LAG_SECONDS_MAX = 60.0


async def wait_for_lag_zero(ledger: RunningLedger) -> float:
    """I11: all servers answer and everything stored is projected, within a minute; how many seconds it took."""
    began = time.monotonic()
    for name in ledger.servers:
        await asyncio.to_thread(ledger.wait_ready, name)
    while not await asyncio.to_thread(_caught_up, ledger.settings):
        assert ledger.stopped_loudly() == [], ledger.log_tails()
        assert time.monotonic() - began < LAG_SECONDS_MAX, f"{_lag(ledger.settings)}\n{ledger.log_tails()}"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


def _lag(settings: Settings) -> str:
    return f"{heads_of(settings)} stored, {projected(settings)[0]} projected"


def _caught_up(settings: Settings) -> bool:
    try:
        return caught_up(settings)
    except psycopg.OperationalError:
        return False


async def check_settled(ledger: RunningLedger, history: History, caller: Caller, *, in_any_order: bool = False) -> None:
    """Everything the clients know against everything that is there; nobody may be writing. `check_audit` comes after.

    `in_any_order`: somebody else than the relay has written to the topic too.
    """
    settings = ledger.settings
    assert ledger.stopped_loudly() == [], ledger.log_tails()
    assert caller.broken == []
    events = await asyncio.to_thread(stored_events, settings)
    problems = check_store(history, events) + history.problems
    assert problems == [], "\n".join(problems[:20])
    await _check_balances(history, caller, heads_of(settings), stored_seconds(events))
    await asyncio.to_thread(check_topic_is_store, settings, in_any_order=in_any_order)


def stored_seconds(events: Iterable[dict[str, Any]]) -> Counter[str]:
    """Holder → the seconds that the stored events brought into the ledger."""
    seconds: Counter[str] = Counter()
    for event in events:
        for entry in event["data"].get("entries", ()):
            seconds[event["data"]["holder"]] += entry["seconds"] if entry["from_class"] == "outside" else 0
    return seconds


async def _check_balances(
    history: History, caller: Caller, heads: dict[int, int], stored_seconds: Counter[str]
) -> None:
    at = [Position(partition=partition, position=position) for partition, position in heads.items()]
    volunteers = history.volunteers()
    for first in range(0, len(volunteers), 1000):
        question = hours.BatchGetBalancesRequest(names=volunteers[first : first + 1000], positions=at)
        # The last fault may have been this very server's: it may still be starting.
        answer = await caller.ask("HoursService/BatchGetBalances", question.SerializeToString(), seconds=30, ready=True)
        for balance in hours.BatchGetBalancesResponse.FromString(answer).balances:
            least = history.acknowledged_minutes(balance.name)
            assert history.check_balance(balance.name, balance.seconds.attended_seconds, least) is None
            assert balance.seconds.attended_seconds == balance.seconds.recorded_seconds
            assert balance.seconds.attended_seconds == stored_seconds[balance.name], balance.name


def check_topic_is_store(settings: Settings, *, in_any_order: bool = False) -> None:
    """I4: the relay's records, without their repetitions, are the store, by position and hash; the rest is nobody's."""
    key = settings.relay_key.get_secret_value().encode()
    for partition in range(settings.partitions):
        seen: dict[int, bytes] = {}
        for record in topic_records(settings, partition):
            value, seal = record.value or b"", dict(record.headers).get("hmac")
            if seal != hmac.digest(key, value, "sha256"):
                continue
            position = json.loads(value)["position"]
            digest = hashlib.sha256(value).digest()
            assert seen.setdefault(position, digest) == digest, f"position {position} has two hashes"
            assert in_any_order or position <= len(seen), f"position {position} came before {len(seen)}"
        assert [seen[position] for position in sorted(seen)] == stored_hashes(settings, partition)


def check_audit(settings: Settings) -> None:
    """`hours-ledger audit` finds nothing, lag included."""
    done = subprocess.run(
        [sys.executable, "-m", "ledger", "audit", "--settled", "--json"],
        cwd=PROJECT,
        env=settings_environment(settings),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["findings"] == 0, done.stdout


def read_hash(settings: Settings) -> str:
    """The canonical hash of the read database."""
    with psycopg.connect(settings.owner_read_database) as connection:
        return canonical_hash(canonical_hashes(connection))
