"""The real history of LEEDS 2023, saved into a file and imported into an empty ledger: the same totals everywhere."""

from __future__ import annotations

import pytest

from ledger.bulk.saved import NAMED
from tests.system.acting import channel_to
from tests.system.club_programme import Club, counts
from tests.system.served_ledger import HISTORY, answered, hours_ledger, served_in_a_folder
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

ORGANIZATION = "leeds-2023"
pytestmark = pytest.mark.proof


def by_opportunity(address: str) -> dict[str, tuple[int, int, int]]:
    """Attended, withheld and all recorded seconds that stand, of every opportunity."""
    question = hours.SummarizeHoursRequest(
        organization=f"organizations/{ORGANIZATION}", group_by=hours.SUMMARY_DIMENSION_OPPORTUNITY
    )
    with channel_to(address) as channel:
        groups = HoursServiceStub(channel).SummarizeHours(question, timeout=60).groups
    return {
        group.key: (group.seconds.attended_seconds, group.seconds.withheld_seconds, group.seconds.recorded_seconds)
        for group in groups
        if group.seconds.attended_seconds or group.seconds.withheld_seconds
    }


def test_the_real_history_goes_through_a_file_without_loss(tmp_path):
    file = tmp_path / "attendances.csv"
    with served_in_a_folder() as old:
        answered(hours_ledger("import", "leeds2023", HISTORY, "--json", address=old.grpc))
        saved = hours_ledger("save", "attendances", file, address=old.grpc)
        assert saved.returncode == 0, saved.stderr
        before = by_opportunity(old.grpc)
    with served_in_a_folder() as new:
        again = Club(new, tmp_path, ORGANIZATION, offers=False)
        told = counts(again.imported("hours", file, NAMED))
        assert told["create"] > 1_000
        assert set(told) == {"open", "create"}
        after = by_opportunity(new.grpc)
        assert {name: seconds[:2] for name, seconds in after.items()} == {
            name: seconds[:2] for name, seconds in before.items()
        }
        assert counts(again.imported("hours", file, NAMED)) == {"unchanged": told["create"]}
        again.channel.close()
