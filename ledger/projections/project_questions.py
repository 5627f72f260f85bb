"""What projects are there, what was given for them, and how far has one got, now or at any moment?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from math import gcd
from typing import Any, Final, NamedTuple

from ledger.domain.currencies import EXPONENTS
from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import CUT_SQL, View, view
from ledger.projections.basis import Ground, KnownHorizon, ReadPool, timestamp
from ledger.projections.directory_rows import EVERYTHING, DirectoryRows, Listing, beneath
from ledger.projections.project_hours import KEPT, OF_LINES, VOLUNTEERS
from ledger.projections.sums import CLASS_COUNT, evidence_seconds
from ledger.valuation.rated_periods import whole_months
from volunteer_hours.v1 import project_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import LocalizedText, Period

_INT64_MAX: Final = 2**63 - 1
_PROJECTS: Final = Listing("select project, organization, state, plan from projects", "project")
_DONATIONS: Final = Listing(
    """
    select donation, platform, reference, currency, given_date, reported_minor_units, amount_minor_units,
           refunded_minor_units, reported_by, reported_at
    from donations
    """,
    "donation",
)
_THEN: Final = f"""
    with {CUT_SQL}
    select v.project, v.organization, v.state, v.plan
    from project_versions v join cut on cut.partition = v.partition and v.position <= cut.upto
    where v.project = %(project)b
      and (%(known_until)b::timestamptz is null or v.recorded_at <= %(known_until)b)
    order by v.position desc limit 1
"""
_MONEY_NOW: Final = """
    select currency, platform, donation_count::text, given_minor_units::text, refunded_minor_units::text
    from project_money where project = %(project)b order by currency, platform
"""
# Texts: a sum of many donations may be larger than any number that a message has.
_MONEY_THEN: Final = f"""
    with {CUT_SQL}
    select m.currency, m.platform, sum(m.donation_count)::text, sum(m.given_minor_units)::text,
           sum(m.refunded_minor_units)::text
    from donation_movements m join cut on cut.partition = m.partition and m.position <= cut.upto
    where m.project = %(project)b
      and (%(known_until)b::timestamptz is null or m.recorded_at <= %(known_until)b)
    group by m.currency, m.platform order by m.currency, m.platform
"""


class ProjectRow(NamedTuple):
    """A project, as it is or was."""

    project: str
    organization: str
    state: str
    plan: Mapping[str, Any]


class DonationRow(NamedTuple):
    """A donation, as it is."""

    donation: str
    platform: str
    reference: str
    currency: str
    given_date: date
    reported_minor_units: int
    amount_minor_units: int
    refunded_minor_units: int
    reported_by: str
    reported_at: datetime


class MoneyRow(NamedTuple):
    """What came through one platform in one currency."""

    currency: str
    platform: str
    donation_count: int
    given: int
    refunded: int


class ProjectQuestions:
    """Reads the read database. Safe to share between calls.

    Questions that name positions raise NotYetApplied when these are not reached in `seconds_left`.
    """

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        self._pool = pool
        self._ground = Ground(partitions, horizon)
        self._rows = DirectoryRows(pool, self._ground)

    async def get(self, request: pb.GetProjectRequest, seconds_left: float | None) -> pb.Project:
        """A project. Refuses NOT_FOUND."""
        row, _, positions = await self._rows.one(_PROJECTS, request.name, request.positions, seconds_left)
        message = project_message(ProjectRow(*row))
        message.positions.extend(positions)
        return message

    async def page(self, request: pb.ListProjectsRequest, seconds_left: float | None) -> pb.ListProjectsResponse:
        """Projects by name. Refuses PAGE_TOKEN_INVALID."""
        narrowed = EVERYTHING
        if request.organization:
            narrowed = ("organization = %(organization)b", {"organization": request.organization})
        page, _ = await self._rows.page(_PROJECTS, request, seconds_left, narrowed)
        return pb.ListProjectsResponse(
            projects=[project_message(ProjectRow(*row)) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def donations(self, request: pb.ListDonationsRequest, seconds_left: float | None) -> pb.ListDonationsResponse:
        """Donations of one project by name. Refuses PAGE_TOKEN_INVALID."""
        narrowed = beneath(request.parent, "donations", "donation")
        page, _ = await self._rows.page(_DONATIONS, request, seconds_left, narrowed)
        return pb.ListDonationsResponse(
            donations=[donation_message(DonationRow(*row)) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def progress(self, request: pb.GetProjectProgressRequest, seconds_left: float | None) -> pb.ProjectProgress:
        """How far a project has got. Refuses NOT_FOUND, NOT_YET_KNOWN, SUM_TOO_LARGE."""
        as_of = request.as_of if request.HasField("as_of") else None
        async with view(self._pool, self._ground, request.positions, as_of, seconds_left) as seen:
            found = await _rows(seen, _THEN, {"project": request.name})
            if not found:
                refuse(Reason.NOT_FOUND, name=request.name)
            project = ProjectRow(*found[0])
            dates = _dates(project.plan)
            asked = {**dates, "opportunities": list(project.plan["opportunities"])}
            kept = seen.present and whole_months(dates["start_date"], dates["end_date"])
            hours = await _rows(seen, KEPT if kept else OF_LINES, asked)
            money = await _rows(seen, _MONEY_NOW if seen.present else _MONEY_THEN, {"project": request.name})
            volunteers = await _rows(seen, VOLUNTEERS, asked) if request.count_volunteers else [(0,)]
        response = pb.ProjectProgress(
            project=project_message(project),
            volunteer_count=int(volunteers[0][0]),
            positions=seen.basis.position_messages(),
            recorded_through=seen.basis.recorded_through_message(),
        )
        _tell_hours(response, project.plan, hours)
        _tell_money(response, project.plan, [MoneyRow(*row[:2], *map(int, row[2:])) for row in money])
        return response


async def _rows(seen: View, statement: str, parameters: Mapping[str, object]) -> list[Any]:
    cursor = await seen.connection.execute(statement.encode(), {**seen.cut, **parameters}, binary=True)
    return await cursor.fetchall()


def _dates(plan: Mapping[str, Any]) -> dict[str, date]:
    """First and last date of service that count; an open end is open."""
    first, last = plan.get("start_date"), plan.get("end_date")
    return {
        "start_date": date.fromisoformat(first) if first else date.min,
        "end_date": date.fromisoformat(last) if last else date.max,
    }


def _tell_hours(response: pb.ProjectProgress, plan: Mapping[str, Any], rows: Sequence[Sequence[Any]]) -> None:
    totals = [0] * CLASS_COUNT
    for organization, entry_count, *classes in rows:
        response.partners.add(organization=organization, seconds=evidence_seconds(classes), entry_count=entry_count)
        totals = [one + more for one, more in zip(totals, classes, strict=True)]
    response.seconds.CopyFrom(evidence_seconds(totals))
    if plan.get("goal_seconds"):
        response.hours_reached.CopyFrom(_fraction(response.seconds.verified_seconds, plan["goal_seconds"]))


def _tell_money(response: pb.ProjectProgress, plan: Mapping[str, Any], rows: Sequence[MoneyRow]) -> None:
    goal, goal_currency, net = plan.get("goal_minor_units"), plan.get("currency"), 0
    for currency, group in groupby(rows, key=lambda row: row.currency):
        platforms = list(group)
        told = response.donations.add(currency=currency, exponent=EXPONENTS[currency], sums=_sums(platforms))
        for row in platforms:
            told.platforms.add(platform=row.platform, sums=_sums([row]))
        if currency == goal_currency:
            net = told.sums.net_minor_units
    if goal:
        response.money_reached.CopyFrom(_fraction(net, goal))


def _sums(rows: Sequence[MoneyRow]) -> pb.DonationSums:
    given, refunded = sum(row.given for row in rows), sum(row.refunded for row in rows)
    if max(given, refunded) > _INT64_MAX:
        refuse(Reason.SUM_TOO_LARGE, currency=rows[0].currency)
    return pb.DonationSums(
        donation_count=sum(row.donation_count for row in rows),
        given_minor_units=given,
        refunded_minor_units=refunded,
        net_minor_units=given - refunded,
    )


def _fraction(reached: int, goal: int) -> pb.Fraction:
    common = gcd(reached, goal)
    return pb.Fraction(numerator=reached // common, denominator=goal // common)


def project_message(row: ProjectRow) -> pb.Project:
    """The message of a row; `plan` as its JSON has it."""
    plan = row.plan
    message = pb.Project(
        name=row.project,
        organization=row.organization,
        title=_text(plan["title"]),
        description=_text(plan["description"]) if plan.get("description") else None,
        goal_seconds=plan.get("goal_seconds") or 0,
        goal_minor_units=plan.get("goal_minor_units") or 0,
        currency=plan.get("currency") or "",
        opportunities=plan["opportunities"],
        state=pb.PROJECT_STATE_OPEN if row.state == "open" else pb.PROJECT_STATE_CLOSED,
    )
    if plan.get("start_date") or plan.get("end_date"):
        message.period.CopyFrom(Period(start_date=plan.get("start_date") or "", end_date=plan.get("end_date") or ""))
    return message


def donation_message(row: DonationRow) -> pb.Donation:
    """The message of a row."""
    return pb.Donation(
        name=row.donation,
        platform=row.platform,
        reference=row.reference,
        currency=row.currency,
        exponent=EXPONENTS[row.currency],
        given_date=row.given_date.isoformat(),
        reported_minor_units=row.reported_minor_units,
        amount_minor_units=row.amount_minor_units,
        refunded_minor_units=row.refunded_minor_units,
        net_minor_units=row.amount_minor_units - row.refunded_minor_units,
        reported_by=row.reported_by,
        report_time=timestamp(row.reported_at),
    )


def _text(text: Mapping[str, Any]) -> LocalizedText:
    return LocalizedText(ar=text.get("ar") or "", en=text.get("en") or "")
