"""What a witness counts, read at its `/metrics`."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

REGISTRY: Final = CollectorRegistry()

ANSWERS: Final = Counter(
    "ledger_witness_answers", "Requests to cosign, by log and status.", ["origin", "status"], registry=REGISTRY
)
COSIGNED_SIZE: Final = Gauge(
    "ledger_witness_cosigned_size", "Of the checkpoint cosigned last, by log.", ["origin"], registry=REGISTRY
)
ALARMS: Final = Counter(
    "ledger_witness_alarms",
    "Checkpoints signed by a log and not shown to continue what was cosigned: a person must look.",
    ["origin"],
    registry=REGISTRY,
)
