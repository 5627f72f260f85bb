"""A served ledger with one person's verified hours, for tests of statements. Persons are synthetic."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf.message import Message

from tests.system.grpc_caller import Client, with_id
from tests.system.small_programme import ANA, VERIFIER, beginnings, record
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import Position

HOUR = 3600
SIGNED_SECONDS_MAX = 60.0
FULL_NAME = "شخص اصطناعي Synthetic Person"
FOLLOWS_SECONDS_MAX = 10.0
"""The issue's own limit: so soon a page tells of a correction."""
REVOKED = pb.STATEMENT_STATE_REVOKED
SUPERSEDED = pb.STATEMENT_STATE_SUPERSEDED
VALID = pb.STATEMENT_STATE_VALID


class Statements(Client):
    """A caller that records hours and has them stated."""

    written: Sequence[Position] = ()
    """The positions of the last verification."""
    seen: Sequence[Position] = ()
    """Those of the last statement or link: what reads must know of."""

    def begin(self) -> None:
        """One organisation, two of its shifts, and Ana, who has three verified hours of two."""
        for method, message in beginnings():
            if method == "RegisterVolunteer":
                details = resources_pb2.PersonalDetails(full_name=FULL_NAME)
                message = registry.RegisterVolunteerRequest(volunteer_id="ana", details=details)
            self.send(f"RegistryService/{method}", with_id(message))
        self.attended("a1", "2026-11-20 05:00", "2026-11-20 07:00")
        self.attended("a2", "2026-11-20 08:00", "2026-11-20 09:00")
        self.verify("a1")
        self.verify("a2")
        self.wait_until_signed(ANA, self.written)

    def wait_until_signed(self, holder: str, written: Sequence[Position]) -> None:
        """Until the log covers what was written: on a busy machine a fresh ledger takes longer than a caller waits."""
        [last] = written
        request = audit.GetBalanceProofRequest(name=holder, size_min=last.position)
        began = time.monotonic()
        while True:
            try:
                self.send("AuditService/GetBalanceProof", request)
                return
            except grpc.RpcError:
                assert time.monotonic() - began < SIGNED_SECONDS_MAX, "the log's keeper signs nothing"

    def attended(self, attendance_id: str, start: str, end: str) -> None:
        self.send("ParticipationService/RecordAttendance", record(start, end, attendance_id=attendance_id))

    def verify(self, attendance_id: str) -> None:
        message = verification.VerifyHoursRequest(name=f"{ANA}/attendances/{attendance_id}")
        answer = self.send("VerificationService/VerifyHours", with_id(message), VERIFIER)
        self.written = list(resources_pb2.Attendance.FromString(answer).positions)

    def reverse(self, attendance_id: str) -> None:
        message = verification.ReverseHoursRequest(name=f"{ANA}/attendances/{attendance_id}", reason="MISTAKE")
        self.send("VerificationService/ReverseHours", with_id(message), VERIFIER)

    def as_ana(self, method: str, message: Message | bytes) -> bytes:
        return self.send(f"StatementService/{method}", message, ANA)

    def issue(self, statement_id: str = "", **asked: Any) -> pb.Statement:
        """Counts what was written last."""
        request = pb.IssueStatementRequest(parent=ANA, statement_id=statement_id, positions=self.written, **asked)
        statement = pb.Statement.FromString(self.as_ana("IssueStatement", with_id(request)))
        self.seen = list(statement.positions)
        return statement

    def get(self, name: str) -> pb.Statement:
        return pb.Statement.FromString(
            self.as_ana("GetStatement", pb.GetStatementRequest(name=name, positions=self.seen))
        )

    def wait_for_state(self, name: str, state: int) -> float:
        """Seconds until the ledger tells this of a statement."""
        began = time.monotonic()
        while self.get(name).state != state:
            assert time.monotonic() - began < FOLLOWS_SECONDS_MAX, f"{name} is not {state} in time"
            time.sleep(0.05)
        return time.monotonic() - began

    def share(self, name: str, **asked: Any) -> pb.StatementShare:
        request = with_id(pb.ShareStatementRequest(name=name, **asked))
        share = pb.StatementShare.FromString(self.as_ana("ShareStatement", request))
        self.seen = list(share.positions)
        return share

    def shares(self, name: str) -> list[pb.StatementShare]:
        answer = self.as_ana("ListShares", pb.ListSharesRequest(parent=name, positions=self.seen))
        return list(pb.ListSharesResponse.FromString(answer).shares)

    def wait_for_share(self, statement: str, state: int = pb.SHARE_STATE_OPEN) -> None:
        """Until the projections know its last link, in this state."""
        began = time.monotonic()
        while not (shares := self.shares(statement)) or shares[-1].state != state:
            assert time.monotonic() - began < FOLLOWS_SECONDS_MAX, f"{statement} has no such link in time"
            time.sleep(0.05)

    def confirm(self, **asked: str) -> pb.StatementConfirmation:
        answer = self.send("StatementService/ConfirmStatement", pb.ConfirmStatementRequest(**asked), "staff/clerk")
        return pb.StatementConfirmation.FromString(answer)

    def erase(self) -> None:
        self.send("RegistryService/EraseVolunteer", with_id(registry.EraseVolunteerRequest(name=ANA)))
