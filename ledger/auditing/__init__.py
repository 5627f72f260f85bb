"""Checks of a whole ledger: one file a check. Nothing here imports `ledger.projections`: it checks them."""
