"""The part of the whole programme in which a project is supported by hours and donations. Everybody is synthetic."""

from __future__ import annotations

from datetime import date

from ledger.domain.donation import CorrectDonation, RefundDonation, ReportDonation
from ledger.domain.project import CloseProject, LinkOpportunity, OpenProject, UpdateProject
from ledger.domain.project_events import ProjectPlan
from ledger.domain.values import LocalizedText
from tests.system.waiting_programme import Doing

WELL = "projects/synthetic-well"
GIVEN = tuple(f"{WELL}/donations/{number}" for number in range(4))
PLAN = ProjectPlan(
    title=LocalizedText(en="Synthetic well"), goal_seconds=36_000, goal_minor_units=100_000, currency="SAR"
)


async def giving(programme: Doing, organization: str, opportunity: str) -> None:
    """Donations of two platforms in two currencies; one was never paid, one went back in part; then it is closed."""
    await programme.do(
        OpenProject(WELL, organization, PLAN),
        LinkOpportunity(WELL, opportunity),
        UpdateProject(WELL, PLAN.model_copy(update={"start_date": date(2020, 1, 2)}), ("start_date",)),
        *(
            ReportDonation(name, platform, f"r{number}", 5_000 + number, currency, date(2026, 1, 1))
            for number, (name, platform, currency) in enumerate(
                zip(GIVEN, ("one", "one", "two", "two"), ("SAR", "KWD", "SAR", "SAR"), strict=True)
            )
        ),
        CorrectDonation(GIVEN[0], 0, "NEVER_PAID"),
        RefundDonation(GIVEN[2], "back", 1_000, "DONOR_ASKED"),
        CloseProject(WELL),
    )
