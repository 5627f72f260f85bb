"""A stranger's check: this event is in the log, and since my last visit the log only grew.

Run it with .venv/bin/python while the service and the log's keeper run:

    check_an_event.py log.vkeys kept.checkpoint 17

The keys come from somewhere you trust (`hours-ledger keys --verifier` prints them). The checkpoint file is made at the
first visit and replaced only by one that continues it. LEDGER_TOKEN is an auditor's access token; of an embedded one:
hours-ledger token --actor staff/auditor --role auditor
"""

import os
import sys
from pathlib import Path
from urllib.request import urlopen

import grpc

from ledger.transparency.failures import StepFailed
from ledger.transparency.tlog_proof import parse_tlog_proof
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verify import verify_checkpoint, verify_event, verify_growth
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

PARTITION = 0
AUDITOR = [("authorization", f"Bearer {os.environ['LEDGER_TOKEN']}")]
if len(sys.argv) != 4:
    sys.exit("say which keys, which kept checkpoint and which position: check_an_event.py log.vkeys kept.checkpoint 17")
log_url = f"http://{os.environ.get('LEDGER_HTTP_ADDRESS', '127.0.0.1:8080')}/log/{PARTITION}"
policy = read_policy(Path(sys.argv[1]).read_text("utf-8").splitlines())
kept, position = Path(sys.argv[2]), int(sys.argv[3])

with urlopen(f"{log_url}/proof/{position}", timeout=10) as page:
    proof_file: bytes = page.read()
with grpc.insecure_channel(os.environ.get("LEDGER_GRPC_ADDRESS", "127.0.0.1:50051")) as channel:
    stub = AuditServiceStub(channel)
    wanted = audit.GetEventRequest(partition=PARTITION, position=position)
    event = stub.GetEvent(wanted, timeout=10, metadata=AUDITOR).event
    try:
        verdict = verify_event(proof_file, event, policy)
        if verdict.position != position:
            sys.exit(f"NOT verified: the proof is of position {verdict.position}")
        size = verdict.checkpoint.checkpoint.size
        print(f"position {verdict.position} is in {policy.origin}, size {size}")
        newest = parse_tlog_proof(proof_file).checkpoint
        if kept.exists():
            old_size = verify_checkpoint(kept.read_bytes(), policy).checkpoint.size
            request = audit.GetConsistencyProofRequest(partition=PARTITION, from_size=old_size, to_size=size)
            grown = stub.GetConsistencyProof(request, timeout=10, metadata=AUDITOR).hashes
            verify_growth(kept.read_bytes(), newest, grown, policy)
            print(f"from size {old_size} to {size} the log only grew")
    except StepFailed as failed:
        sys.exit(f"NOT verified, keep all files: {failed}")
kept.write_bytes(newest)
