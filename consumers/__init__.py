"""The small loops around the ledger, one a process: they poll and commit; what an event means is said elsewhere."""
