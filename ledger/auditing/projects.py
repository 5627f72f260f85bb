"""Rows that projects and donations must have in the read database, by the domain's own fold; and the sums of money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Database, Snapshots
from ledger.domain.donation import Donation
from ledger.domain.project import Project
from ledger.domain.project_events import DonationCorrected, DonationRefunded, DonationReported

Made: TypeAlias = Callable[[Step], dict[str, object]]
"""The columns of an event's row, but for where and when it was recorded."""

PROJECTS: Final = "projects"
DONATIONS: Final = "projects/donations"
_MONEY: Final = """
    with told as (
        select project, currency, platform, min(partition) as partition, max(position) as position,
               sum(donation_count) as donation_count, sum(given_minor_units) as given_minor_units,
               sum(refunded_minor_units) as refunded_minor_units
        from donation_movements group by project, currency, platform
    )
    select project, currency, platform, to_jsonb(told) as told, to_jsonb(held) as held
    from told full join project_money held using (project, currency, platform)
    where to_jsonb(told) - 'position' is distinct from to_jsonb(held)
    limit 1000
"""
_SUMS: Final = ("partition", "donation_count", "given_minor_units", "refunded_minor_units")


def project_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """The row of one project, from its events."""
    state = steps[-1].state
    if isinstance(state, Project):
        yield state.name, {"position": steps[0].event.position, **_known(state)}


def donation_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """The row of one donation, from its events."""
    state = steps[-1].state
    if not isinstance(state, Donation):
        return
    first = state.reported
    yield (
        state.name,
        {
            "position": steps[0].event.position,
            "project": first.project,
            "platform": first.platform,
            "reference": first.reference,
            "currency": first.currency,
            "given_date": first.given_date,
            "reported_minor_units": first.amount_minor_units,
            "amount_minor_units": state.amount_minor_units,
            "refunded_minor_units": state.refunded_minor_units,
            "reported_by": state.reported_by,
            "reported_at": state.reported_at,
        },
    )


class ProjectVersionCheck:
    """project_versions: what was known of a project, and since when."""

    def __init__(self, moment: Snapshots, read: Database, report: Report) -> None:
        self._moment = moment
        self._table = Table(read, "projection", "project_versions", "project", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """A row for each event of a project."""
        _compare(self._table, self._moment, [one for one in streams if one.kind == PROJECTS], _version)

    def end(self) -> None:
        """No further row."""
        self._table.end(self._moment.store)


class DonationMovementCheck:
    """donation_movements: what each event of a donation moved."""

    def __init__(self, moment: Snapshots, read: Database, report: Report) -> None:
        self._moment = moment
        self._table = Table(read, "projection", "donation_movements", "donation", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """A row for each event of a donation."""
        _compare(self._table, self._moment, [one for one in streams if one.kind == DONATIONS], _movement)

    def end(self) -> None:
        """No further row."""
        self._table.end(self._moment.store)


def check_money(read: Database, report: Report) -> None:
    """project_money is the sum of the movements, which were compared with the events before."""
    for project, currency, platform, told, held in read.execute(_MONEY):
        _differing(report, f"{project} {currency} {platform}", told, held)


def _differing(report: Report, row: str, told: dict[str, Any] | None, held: dict[str, Any] | None) -> None:
    one = told or held or {}
    where = Where("projection project_money", one.get("partition"), one.get("position"), row)
    if told is None:
        report.differs(where, "row", "none", "there")
    else:
        report.compare(where, {name: told[name] for name in _SUMS}, held)


def _known(state: Project) -> dict[str, object]:
    return {"organization": state.organization, "state": state.state, "plan": state.plan.model_dump(mode="json")}


def _version(step: Step) -> dict[str, object]:
    return _known(step.state) if isinstance(step.state, Project) else {}


def _movement(step: Step) -> dict[str, object]:
    data = step.event.data
    count = given = refunded = 0
    match data:
        case DonationReported():
            count, given = 1, data.amount_minor_units
        case DonationCorrected():
            given = data.amount_minor_units - data.former_minor_units
        case DonationRefunded():
            refunded = data.refunded_minor_units
        case _:
            return {}
    return {
        "project": data.project,
        "platform": data.platform,
        "currency": data.currency,
        "donation_count": count,
        "given_minor_units": given,
        "refunded_minor_units": refunded,
    }


def _compare(table: Table, moment: Snapshots, wanted: list[FoldedStream], made: Made) -> None:
    held = table.rows_of_many([stream.name for stream in wanted], "position")
    for stream in wanted:
        table.uncertain |= stream.broken
        for step in stream.until(moment.prefix(stream.partition)):
            event = step.event
            expected = {"partition": event.partition, "recorded_at": event.recorded_at, **made(step)}
            where = Where(table.place, stream.partition, event.position, stream.name)
            table.compare(where, expected, held.get((stream.name, event.position)))
