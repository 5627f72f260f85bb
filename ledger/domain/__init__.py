"""The rules about hours: one file an aggregate, each with its events, how they fold and what is decided.

Nothing here reads a clock, a file, a socket or a database, and nothing here imports Kafka, psycopg or grpc:
what a decision needs is handed to it by a `World`.
"""
