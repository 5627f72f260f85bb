"""Rows of spreadsheets as commands over gRPC: checked against the ledger, all of them, before one is sent."""
