"""What the clients know: every command they sent, with its key, and how it ended for them.

    ok       answered: exactly one durable result, and the same answer for ever
    refused  answered with a refusal: nothing was recorded
    unknown  no answer: recorded once or not at all; sending it again tells

Minutes are powers of two, each once a person: so a balance names the set of attendances that it is made of.
"""

from __future__ import annotations

import bisect
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import grpc
import psycopg

from ledger.settings import Settings

Outcome: TypeAlias = Literal["ok", "refused", "unknown"]
SLOTS: Final = 11
"""1, 2, 4 … 1024 minutes: each fits a day of its own."""
FIRST_DAY: Final = datetime(2026, 3, 1, tzinfo=UTC)
NEVER_KNOWN: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)
"""After these a client cannot tell whether its command was recorded."""


def slot_span(slot: int) -> tuple[datetime, datetime]:
    """When a person's attendance of 2**slot minutes lasted: slots lie two days apart, so no rule of a day is met."""
    start = FIRST_DAY + timedelta(days=2 * slot)
    return start, start + timedelta(minutes=1 << slot)


@dataclass(slots=True)
class Operation:
    """One command of one client. `key` is the request_id, with `/{item}` for one item of a page."""

    key: str
    method: str
    body: bytes
    actor: str
    volunteer: str = ""
    minutes: int = 0
    """What it adds to the volunteer's attended time; 0 for commands about other things."""
    outcome: Outcome = "unknown"
    answer: bytes = b""
    reason: str = ""
    page: str = ""
    """The page's request_id, for an item of one."""

    def ended(self, outcome: Outcome, *, answer: bytes = b"", reason: str = "") -> None:
        """How it ended. An answer that was given once never becomes another one."""
        if outcome == "unknown":
            return
        if self.outcome == "ok":
            assert outcome == "ok", f"{self.method} {self.key} was ok, then {outcome} {reason}"
            assert answer == self.answer, f"{self.method} {self.key} was answered differently the second time"
        assert not (self.outcome == "refused" and outcome == "ok"), f"{self.method} {self.key}: refused, then recorded"
        self.outcome, self.answer, self.reason = outcome, answer, reason


@dataclass
class History:
    """All operations of a run, sent under one client's name: request ids are the client's own."""

    client: str = "fault-tests"
    operations: list[Operation] = field(default_factory=list)
    reads: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    """What a reader saw that cannot be."""
    answered_at: list[float] = field(default_factory=list)
    """When commands were answered, monotonic seconds."""
    _by_volunteer: dict[str, list[Operation]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, operation: Operation) -> Operation:
        """Note a command before it is sent."""
        with self._lock:
            self.operations.append(operation)
            self._by_volunteer[operation.volunteer].append(operation)
        return operation

    def counts(self) -> Counter[Outcome]:
        """ok, refused, unknown."""
        return Counter(operation.outcome for operation in self.operations)

    def first_answers(self, healed: Iterable[tuple[str, float]]) -> dict[str, float]:
        """I11: what was brought back → the longest time from then to the next answered command, in seconds."""
        answered, longest = sorted(self.answered_at), dict[str, float]()
        for kind, at in healed:
            following = bisect.bisect_left(answered, at)
            if following < len(answered):
                longest[kind] = max(longest.get(kind, 0.0), round(answered[following] - at, 1))
        return longest

    def share_ok(self) -> float:
        """Of all commands: a run in which little succeeds proves nothing."""
        return self.counts()["ok"] / max(1, len(self.operations))

    def acknowledged_minutes(self, volunteer: str) -> int:
        """What the volunteer's balance must hold at least."""
        return sum(one.minutes for one in self._of(volunteer) if one.outcome == "ok")

    def possible_minutes(self, volunteer: str) -> int:
        """What it may hold at most."""
        return sum(one.minutes for one in self._of(volunteer) if one.outcome != "refused")

    def volunteers(self) -> list[str]:
        """Everybody who may have hours."""
        return sorted({one.volunteer for one in self.operations if one.minutes})

    def check_balance(self, volunteer: str, attended_seconds: int, least: int) -> str | None:
        """I3: the balance decodes to a set of attendances: those of `least` minutes, beside them only ones we sent."""
        minutes, rest = divmod(attended_seconds, 60)
        most = self.possible_minutes(volunteer)
        if rest or minutes >> SLOTS:
            return f"{volunteer}: {attended_seconds} seconds are no sum of different slots: something counts twice"
        if least & ~minutes:
            return f"{volunteer}: attendances of {_slots(least & ~minutes)} minutes are missing, known before"
        if minutes & ~most:
            return f"{volunteer}: attendances of {_slots(minutes & ~most)} minutes were refused or never sent"
        return None

    def _of(self, volunteer: str) -> Iterator[Operation]:
        return iter(self._by_volunteer[volunteer])


def _slots(minutes: int) -> list[int]:
    return [1 << slot for slot in range(SLOTS) if minutes >> slot & 1]


def stored_events(settings: Settings) -> list[dict[str, Any]]:
    """Everything in the event store, read by nobody's code but this, in order; fails on a hole (I4, first half)."""
    events: list[dict[str, Any]] = []
    with psycopg.connect(settings.owner_database) as connection:
        # Reading many events takes a busy machine a while, and a server of ours ends transactions that idle.
        connection.execute("set idle_in_transaction_session_timeout = 0")
        heads: dict[int, int] = dict(
            connection.execute("select partition, position from partition_counters").fetchall()
        )
        rows = connection.execute("select partition, position, body from events order by partition, position")
        seen: Counter[int] = Counter()
        for partition, position, body in rows:
            seen[partition] += 1
            assert position == seen[partition], f"partition {partition}: {seen[partition]} is missing"
            events.append(json.loads(body))
    assert seen == Counter(heads), f"counters {heads} do not say what is stored: {dict(seen)}"
    return events


def check_store(history: History, events: Iterable[dict[str, Any]]) -> list[str]:
    """I1 durable, I2 no phantom, I3 exactly once: every key against what is stored."""
    by_key: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["client"] == history.client:
            by_key[event["requestid"]].append(event)
    problems: list[str] = []
    for operation in history.operations:
        stored = by_key.pop(operation.key, [])
        if operation.outcome == "ok" and len(stored) != 1:
            problems.append(f"{operation.method} {operation.key} is acknowledged and stored {len(stored)} times")
        elif operation.outcome == "refused" and stored:
            problems.append(f"{operation.method} {operation.key} was refused ({operation.reason}) and is stored")
        elif len(stored) > 1:
            problems.append(f"{operation.method} {operation.key} is stored {len(stored)} times")
        problems += [problem for event in stored if (problem := _other_hours(operation, event))]
    problems += [f"{key} is stored and nobody sent it" for key in by_key]
    return problems


def _other_hours(operation: Operation, event: dict[str, Any]) -> str | None:
    seconds = sum(entry["seconds"] for entry in event["data"].get("entries", ()))
    if seconds == 60 * operation.minutes:
        return None
    return f"{operation.method} {operation.key} is stored with {seconds} seconds, not {60 * operation.minutes}"
