"""An auditor's own sums: read every stored event and add up its entries; they must be the ledger's, to the second.

Run it with .venv/bin/python while the service runs. LEDGER_TOKEN is an auditor's access token; of an embedded ledger:
hours-ledger token --actor staff/auditor --role auditor
"""

import json
import os
import sys
from collections import Counter

import grpc

from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

ACTOR = [("authorization", f"Bearer {os.environ['LEDGER_TOKEN']}")]

with grpc.insecure_channel(os.environ.get("LEDGER_GRPC_ADDRESS", "127.0.0.1:50051")) as channel:
    answer = HoursServiceStub(channel).SummarizeHours(
        hours.SummarizeHoursRequest(group_by=hours.SUMMARY_DIMENSION_ORGANIZATION), metadata=ACTOR, timeout=30
    )
    seconds: Counter[str] = Counter()
    for at in answer.positions:
        request = audit.ReplayEventsRequest(partition=at.partition, to_position=at.position)
        for page in AuditServiceStub(channel).ReplayEvents(request, metadata=ACTOR):
            for stored in page.events:
                for entry in json.loads(stored)["data"].get("entries", []):
                    seconds[entry["to_class"]] += entry["seconds"]
                    seconds[entry["from_class"]] -= entry["seconds"]

if sum(seconds.values()) != 0:
    sys.exit("what comes into one account must leave another")
for evidence in ("claimed", "attended", "verified", "disputed", "withheld", "reversed"):
    told = getattr(answer.total, f"{evidence}_seconds")
    print(f"{evidence}: {seconds[evidence]} s added up, {told} s told by the ledger")
    if seconds[evidence] != told:
        sys.exit(f"{evidence} differs")
