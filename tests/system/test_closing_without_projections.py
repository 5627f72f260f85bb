"""A closing is repeated while the projections are away: the first answer needs none of them, a new one waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from consumers.project_embedded import feed
from ledger.projections.rebuild import forget_rows
from ledger.settings import Settings
from tests.system.acting import acting_as, channel_to
from tests.system.published_hours import PUBLISHER, Publisher
from tests.system.served_log import served_log
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import reporting_service_pb2 as pb
from volunteer_hours.v1.reporting_service_pb2_grpc import ReportingServiceStub


@contextmanager
def projected(settings: Settings) -> Iterator[None]:
    """The projections follow the store inside the block, and stand still after it."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as projecting:
        done = projecting.submit(feed, settings.database, settings.projector_database, stop)
        try:
            yield
        finally:
            stop.set()
            done.result(30)


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3])
def test_a_repetition_needs_no_projections_and_a_new_closing_waits(postgres, tmp_path: Path, partitions: int):
    with (
        served_log(postgres, tmp_path, 0, partitions=partitions) as served,
        channel_to(served.grpc) as channel,
    ):
        publisher = Publisher(channel, served.grpc, partitions)
        publisher.begin()
        request = publisher.closing("first")
        with projected(served.settings):
            first = publisher.client.send("ReportingService/ClosePeriod", request, PUBLISHER)
        forget_rows(served.settings.projector_database)
        assert publisher.client.send("ReportingService/ClosePeriod", request, PUBLISHER) == first

        late = publisher.closing("late", replaces="periods/first")
        with pytest.raises(grpc.RpcError) as raised:
            ReportingServiceStub(channel).ClosePeriod(late, metadata=acting_as(PUBLISHER), timeout=1)
        assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        with projected(served.settings):
            closed = publisher.close(late)
            assert publisher.shown("periods/first").replaced_by == [closed.name]
        assert closed.totals == pb.ClosedPeriod.FromString(first).totals
        assert_audit_clean(served.settings)
