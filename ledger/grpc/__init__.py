"""The ledger's gRPC services: each turns messages into commands or questions, and what comes back into messages."""
