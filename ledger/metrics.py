"""What a running service counts, in one registry of its own: read at `/metrics`."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

REGISTRY: Final = CollectorRegistry()

GRPC_CALLS: Final = Counter(
    "ledger_grpc_calls", "gRPC calls that ended, by method and how.", ["method", "ended"], registry=REGISTRY
)
HTTP_REQUESTS: Final = Counter(
    "ledger_http_requests", "HTTP requests answered, by kind of page and status.", ["page", "status"], registry=REGISTRY
)
EVENTS: Final = Gauge("ledger_events", "The last position recorded, one a partition.", ["partition"], registry=REGISTRY)
LOG_SIZE: Final = Gauge(
    "ledger_log_size", "Positions that the newest checkpoint holds.", ["partition"], registry=REGISTRY
)
BALANCES_SIZE: Final = Gauge(
    "ledger_balances_size",
    "Positions that the newest signed balances count. What ledger_log_size is ahead of it is the map's lag.",
    ["partition"],
    registry=REGISTRY,
)
CHECKPOINT_AGE_SECONDS: Final = Gauge(
    "ledger_log_checkpoint_age_seconds",
    "Since the newest checkpoint was signed. It grows while nothing is recorded: compare size and events first.",
    ["partition"],
    registry=REGISTRY,
)
LOG_COSIGNERS: Final = Gauge(
    "ledger_log_cosigners", "Witnesses that cosigned the newest checkpoint.", ["partition"], registry=REGISTRY
)
LOG_COSIGNERS_REQUIRED: Final = Gauge(
    "ledger_log_cosigners_required",
    "How many should have: with fewer it was published by the declared fallback.",
    registry=REGISTRY,
)
FOLLOW_UPS: Final = Counter(
    "ledger_follow_ups",
    "Commands that events elsewhere made necessary, by rule and outcome: OK, or the reason of a refusal to look at.",
    ["rule", "outcome"],
    registry=REGISTRY,
)
LOOKS: Final = Counter(
    "ledger_looks",
    "Events of looks at persons' hours: recorded, or refused because they could not be, so that nothing was told.",
    ["ended"],
    registry=REGISTRY,
)
DELIVERY_LAG_SECONDS: Final = Gauge(
    "ledger_delivery_lag_seconds",
    "Since when the oldest entry that a receiver has not acknowledged is recorded. One process tells it.",
    ["subscription"],
    registry=REGISTRY,
)
DELIVERY_OPEN_PIECES: Final = Gauge(
    "ledger_delivery_open_pieces",
    "Pieces that a receiver refused, or was not sent for what they lack.",
    ["subscription"],
    registry=REGISTRY,
)
DELIVERY_STALLED: Final = Gauge(
    "ledger_delivery_stalled",
    "1 if nothing was taken for longer than the subscription allows, or a piece is open for longer.",
    ["subscription"],
    registry=REGISTRY,
)
CHILD_STOPPED: Final = Gauge(
    "ledger_child_stopped",
    "1 if this child of the process stopped with an alarm and is not started again: somebody must look at its log.",
    ["child"],
    registry=REGISTRY,
)
EVENT_STORE_REACHED: Final = Gauge(
    "ledger_event_store_reached", "1 if the event store told the figures beside this one.", registry=REGISTRY
)
SECURITY_EVENTS: Final = Counter(
    "ledger_security_events",
    "Who was turned away, by kind. The log names clients and causes, not every time: here each one counts.",
    ["kind"],
    registry=REGISTRY,
)


class CallEnds:
    """How the calls of one gRPC method ended."""

    def __init__(self, method: str) -> None:
        """`method` as in `AuditService/GetEvent`. Labels are looked up once, not in each call."""
        self.answered = GRPC_CALLS.labels(method, "answered")
        self.refused = GRPC_CALLS.labels(method, "refused")
        """By a rule, a deadline, or a database that is away."""
        self.broken = GRPC_CALLS.labels(method, "broken")
