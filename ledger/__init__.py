"""An auditable ledger of volunteer hours: immutable events, double-entry seconds, answers that name their positions."""

__version__ = "0.1.0"
