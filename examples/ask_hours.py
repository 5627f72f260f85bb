"""How many hours has a programme, and may I rely on it? Run it with .venv/bin/python while the service runs.

LEDGER_TOKEN is an access token of somebody who may ask; of an embedded ledger:
hours-ledger token --actor staff/visitor --role auditor
"""

import os

import grpc

from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

address = os.environ.get("LEDGER_GRPC_ADDRESS", "127.0.0.1:50051")
with grpc.insecure_channel(address) as channel:
    answer = HoursServiceStub(channel).SummarizeHours(
        hours.SummarizeHoursRequest(group_by=hours.SUMMARY_DIMENSION_EVENT_TYPE),
        metadata=[("authorization", f"Bearer {os.environ['LEDGER_TOKEN']}")],
        timeout=10,
    )
for group in answer.groups:
    recorded, verified = group.seconds.recorded_seconds, group.seconds.verified_seconds
    print(f"{group.key or '(no type)'}: {recorded / 3600:,.1f} h recorded, {verified} s verified")
for at in answer.positions:
    print(f"computed at partition {at.partition}, position {at.position}")
