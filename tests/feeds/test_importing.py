"""A whole import beside a ledger that is only played: what is sent when, and when nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ledger.feeds.comparing import Present
from ledger.feeds.importing import FeedImport, FileChanged, Told, Wishes
from ledger.feeds.mapping import parse_mapping
from ledger.feeds.reading import FeedFile
from tests.feeds.synthetic_feed import MAPPING, synthetic_rows, write_feed
from volunteer_hours.v1.resources_pb2 import OPPORTUNITY_STATE_PUBLISHED, Opportunity

ORGANIZATION = "organizations/synthetic"


class EmptyLedger:
    """Has nothing, keeps nothing, and remembers what it was sent."""

    def __init__(self, asked: Callable[[], object] = lambda: None) -> None:
        self.sent: list[object] = []
        self.open: list[Opportunity] = []
        self._asked = asked

    async def check_offering(self, organization):
        assert organization == ORGANIZATION

    async def present(self, name, listed=None):
        self._asked()
        return Present(listed)

    async def send(self, requests):
        self.sent += requests

    async def listed(self, organization, feed):
        for opportunity in self.open:
            yield opportunity

    async def published(self, organization, feed):
        for opportunity in self.open:
            yield opportunity


def importing(file, ledger, **wishes):
    told: list[Told] = []
    mapping = parse_mapping(MAPPING.encode())
    with FeedFile(file, mapping.encoding) as feed:
        wished = Wishes(ORGANIZATION, **wishes)
        run = FeedImport(ledger, feed, mapping, wished, tell=told.append, explain=str).run()
        return asyncio.run(run), told


def test_a_dry_run_sends_nothing_and_an_import_a_command_for_each(tmp_path):
    file = write_feed(tmp_path / "feed.csv", synthetic_rows(300))
    ledger = EmptyLedger()
    outcome, told = importing(file, ledger, dry_run=True)
    assert (outcome.counts["create"], len(told), ledger.sent, outcome.sent) == (300, 300, [], False)
    outcome, told = importing(file, ledger)
    assert (outcome.counts["create"], len(told), len(ledger.sent), outcome.sent) == (300, 300, 600, True)


def test_the_same_file_sends_the_same_requests(tmp_path):
    file = write_feed(tmp_path / "feed.csv", synthetic_rows(40))
    first, second = EmptyLedger(), EmptyLedger()
    importing(file, first)
    importing(file, second, continue_on_error=True)
    assert first.sent == second.sent


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[150].update(title="another"),
        lambda rows: rows.pop(),
        lambda rows: rows.append({**rows[0], "opportunity_id": "9999"}),
        lambda rows: rows[140].update(vol_requests="many"),
    ],
    ids=["a title", "a row less", "a row more", "a row that is wrong now"],
)
def test_a_file_that_changes_while_it_is_read_stops_the_import(tmp_path, change):
    rows = list(synthetic_rows(200))
    file = write_feed(tmp_path / "feed.csv", rows)
    asked = [0]

    def somebody_writes() -> None:
        asked[0] += 1
        if asked[0] == 200:  # all of them were checked by now
            change(rows)
            write_feed(file, rows)

    ledger = EmptyLedger(somebody_writes)
    with pytest.raises(FileChanged):
        importing(file, ledger)
    assert len(ledger.sent) <= 2 * 200


def test_a_row_that_is_refused_is_not_missing_and_neither_is_one_twice(tmp_path):
    rows = list(synthetic_rows(4))
    rows[1]["vol_requests"] = "many"
    rows[2]["opportunity_id"] = rows[0]["opportunity_id"]
    ledger = EmptyLedger()
    for number in (5001, 5002, 7777):
        offered = Opportunity(name=f"opportunities/synthetic--{number}", state=OPPORTUNITY_STATE_PUBLISHED)
        offered.imported_from.system, offered.imported_from.record_id = "synthetic", str(number)
        offered.organization = ORGANIZATION
        ledger.open.append(offered)
    outcome, told = importing(
        write_feed(tmp_path / "feed.csv", rows), ledger, close_missing=True, continue_on_error=True
    )
    assert [one.name for one in told if one.happened == "missing"] == ["opportunities/synthetic--7777"]
    assert "rows were refused" in outcome.not_closed


def test_one_wrong_row_or_a_file_that_breaks_off_sends_nothing(tmp_path):
    rows = list(synthetic_rows(200))
    rows[199]["vol_requests"] = "many"
    ledger = EmptyLedger()
    outcome, told = importing(write_feed(tmp_path / "feed.csv", rows), ledger)
    assert (outcome.counts["refused"], len(told), ledger.sent) == (1, 1, [])
    broken = write_feed(tmp_path / "broken.csv", rows[:199])
    broken.write_bytes(broken.read_bytes() + b'"')
    outcome, told = importing(broken, ledger)
    assert (outcome.counts["refused"], ledger.sent) == (1, [])
    outcome, told = importing(broken, ledger, continue_on_error=True)
    assert (outcome.counts["create"], outcome.counts["refused"], len(ledger.sent)) == (199, 1, 398)
