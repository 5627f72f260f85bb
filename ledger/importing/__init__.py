"""Imports of other systems' histories. Each is an ordinary gRPC client: it writes no table."""
