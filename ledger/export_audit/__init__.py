"""The audit of an export: files in, findings out. No database, no network, and nothing of `ledger.projections`."""
