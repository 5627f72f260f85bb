"""Measurements of the ledger beside its references, taken in turns on the same machine: `make bench`."""
