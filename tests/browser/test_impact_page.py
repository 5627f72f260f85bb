"""The public page of impact in a browser: both languages, phone and desk, light and dark, axe-core. All synthetic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from playwright.sync_api import Browser

from ledger.web.impact.impact_pages import ImpactPages
from ledger.web.impact.published import Published, PublishedReports, with_tables
from tests.browser.axe import violations
from tests.browser.served_site import served_site
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.reporting_service_pb2 import ClosedPeriod, PeriodTotals
from volunteer_hours.v1.values_pb2 import EvidenceSeconds, Period

HOUR = 3600
HOSTILE = "<script>alert(1)</script>"
TABLES = (
    (pb.IMPACT_DIMENSION_SECTOR, ["education", HOSTILE]),
    (pb.IMPACT_DIMENSION_REGION, ["SA-01", "online"]),
    (pb.IMPACT_DIMENSION_MONTH, ["2026-01", "2026-02"]),
)
SIGHTS = [("ar", 320, "light"), ("en", 320, "dark"), ("ar", 1280, "dark"), ("en", 1280, "light")]


def closed(name: str, first: str, last: str, at: int) -> ClosedPeriod:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(2027, 1, at, tzinfo=UTC))
    seconds = EvidenceSeconds(recorded_seconds=500 * HOUR, verified_seconds=200 * HOUR)
    period = Period(start_date=first, end_date=last)
    totals = PeriodTotals(seconds=seconds, entry_count=9)
    return ClosedPeriod(name=f"periods/{name}", period=period, closed_time=stamp, totals=totals)


PERIODS = [
    closed("again", "2026-01-01", "2026-12-31", 9),
    closed("year", "2026-01-01", "2026-12-31", 2),
    closed("spring", "2026-03-01", "2026-05-31", 5),
    closed("before", "2025-01-01", "2025-12-31", 3),
]


class Reports(PublishedReports):
    """Made here: nothing is asked of a ledger."""

    def __init__(self) -> None:
        pass

    async def all(self) -> list[Published]:
        return with_tables(PERIODS)

    async def report(self, one: Published) -> pb.ImpactReport:
        assert one.has_tables
        total = EvidenceSeconds(recorded_seconds=500 * HOUR, verified_seconds=200 * HOUR)
        report = pb.ImpactReport(period=one.closed.period, total=total, persons_min=5)
        report.people.registered = 1200
        report.shifts.CopyFrom(pb.ImpactShifts(shifts=3, places=40, places_taken=30, no_shows=2))
        for dimension, keys in TABLES:
            rows = [pb.ImpactRow(key=key, seconds=total) for key in keys]
            rows.append(pb.ImpactRow(groups_together=2, seconds=total))
            report.tables.append(pb.ImpactTable(dimension=dimension, rows=rows))
        report.months.add(month="2026-01", newly_registered=7)
        report.demand.add(skill=HOSTILE, places=9, places_left=4)
        return report


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with served_site(None, ImpactPages(Reports())) as address:
        yield address


@pytest.mark.parametrize(("language", "width", "scheme"), SIGHTS)
def test_it_breaks_no_rule_and_fits(pages: str, browser: Browser, axe: Path, language: str, width: int, scheme: str):
    dark = scheme == "dark"
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", java_script_enabled=True
    )
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{pages}/impact?lang={language}")
    assert violations(tab, axe) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert tab.locator("svg.chart[role=img] > title").count() == 3
    assert tab.locator("script").count() == 0
    assert HOSTILE in tab.locator("table").first.inner_text().replace("\u200b", "")
    assert all(url.startswith(pages) for url in asked)
    context.close()


def test_of_periods_that_overlap_one_alone_has_tables():
    assert {one.closed.name.removeprefix("periods/"): one.has_tables for one in with_tables(PERIODS)} == {
        "year": True,
        "again": False,
        "spring": False,
        "before": True,
    }


def test_a_period_that_overlaps_shows_its_totals_alone(pages: str, browser: Browser):
    tab = browser.new_page()
    tab.goto(f"{pages}/impact/again?lang=en")
    assert tab.locator("svg").count() == 0
    assert "only its totals are shown" in tab.locator("main").inner_text()
    assert "500" in tab.locator("dl").inner_text()
    answer = tab.goto(f"{pages}/impact/none")
    assert answer is not None
    assert answer.status == 404
    tab.close()
