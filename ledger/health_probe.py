"""Asks a server's standard gRPC health service: `python -m ledger.health_probe HOST:PORT` ends with 0 if it serves.

Over TLS with the certificates that commands use, too: LEDGER_SERVER_CA, LEDGER_CLIENT_CERTIFICATE, LEDGER_CLIENT_KEY.
"""

from __future__ import annotations

import sys

import grpc
from grpc_health.v1 import health_pb2

from ledger.commands.credentials import credentials_for


def serves(address: str, deadline_seconds: float = 3.0, tls: grpc.ChannelCredentials | None = None) -> bool:
    """Whether the server at `address` (host:port) answers SERVING within the deadline."""
    with grpc.secure_channel(address, tls) if tls else grpc.insecure_channel(address) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = check(health_pb2.HealthCheckRequest(), timeout=deadline_seconds, wait_for_ready=True)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("one address is expected, for example: python -m ledger.health_probe 127.0.0.1:50051")
    sys.exit(0 if serves(sys.argv[1], tls=credentials_for(sys.argv[1], None).channel) else 1)
