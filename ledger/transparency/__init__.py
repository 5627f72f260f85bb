"""The transparency log and what is proven by it: pure functions over bytes, verifiers apart from signers.

Nothing here reads a clock, a file, a socket or a database, and nothing here imports another part of the ledger.
"""
