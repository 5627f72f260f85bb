"""The ledger of accesses: who looked at whose hours, recorded before they are told."""
