"""A service that signs answers, over logs that are signed when a test says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import grpc

from consumers.project_embedded import feed
from ledger.answer_keys import AnswerKeys
from ledger.domain.streams import partition_of
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.transparency.verify_answer import AnswerVerdict, verify_answer
from tests.system.acting import channel_to
from tests.system.grpc_caller import Client
from tests.system.log_writer import LogWriter
from tests.system.served_log import ServedLog, served_log
from tests.system.small_programme import ANA, record
from tests.system.stored_history import heads_of
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

KEYS = AnswerKeys.fresh("volunteer-hours.localhost/log")
HOUR = 3_600
A = TypeVar(
    "A",
    pb.Balance,
    pb.BatchGetBalancesResponse,
    pb.ListEntriesResponse,
    pb.SummarizeHoursResponse,
    pb.RequirementCheck,
    pb.BatchCheckRequirementsResponse,
    pb.ExplainBalanceResponse,
    pb.ListRestatementsResponse,
)


@dataclass
class Asked:
    """A service that signs answers, over logs that are signed when a test says so."""

    log: ServedLog
    channel: grpc.Channel
    writers: list[LogWriter]

    @property
    def stub(self) -> HoursServiceStub:
        return HoursServiceStub(self.channel)

    @property
    def client(self) -> Client:
        return Client(self.channel)

    @property
    def partitions(self) -> int:
        return self.log.settings.partitions

    @property
    def home(self) -> int:
        """The partition of Ana's hours."""
        return partition_of(ANA, self.partitions)

    def sign(self) -> dict[int, int]:
        """Checkpoints over all that is recorded; gives the sizes."""
        heads = heads_of(self.log.settings)
        for partition, size in heads.items():
            if size not in self.writers[partition].checkpoints:
                self.writers[partition].grow_to(size)
        return heads

    def serve(self, day: int) -> resources_pb2.Attendance:
        """One more hour of Ana's."""
        request = record(f"2026-10-{day:02} 05:00", f"2026-10-{day:02} 06:00")
        return resources_pb2.Attendance.FromString(self.client.send("ParticipationService/RecordAttendance", request))

    def checked(self, answer: A) -> AnswerVerdict:
        """The verdict on an answer; it says the very result that came beside it."""
        policies = {writer.origin: writer.policy for writer in self.writers}
        verdict = verify_answer(answer.signed_answer, answer.checkpoints, KEYS.policy, policies)
        signed, shown = type(answer).FromString(verdict.answer.response), type(answer)()
        shown.CopyFrom(answer)
        shown.ClearField("signed_answer")
        shown.ClearField("checkpoints")
        assert signed == shown
        assert {log.checkpoint.size for log in verdict.logs} == {one.position for one in answer.positions}
        return verdict


@contextmanager
def asked_service(postgres: EmbeddedPostgres, folder: Path, partitions: int) -> Iterator[Asked]:
    """A service over an opened ledger, with its projections fed; nothing is signed yet."""
    stop = threading.Event()
    with (
        served_log(postgres, folder, 0, partitions=partitions, answer_keys=KEYS.setting()) as log,
        channel_to(log.grpc) as channel,
        ThreadPoolExecutor(1) as projecting,
    ):
        done = projecting.submit(feed, log.settings.database, log.settings.projector_database, stop)
        try:
            yield Asked(log, channel, [LogWriter(log.settings, partition) for partition in range(partitions)])
        finally:
            stop.set()
            done.result(30)
