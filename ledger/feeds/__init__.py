"""Opportunities from a partner's CSV file: read, compared with the ledger, and sent as commands."""
