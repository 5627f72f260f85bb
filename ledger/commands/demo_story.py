"""What the demo shows, told by questions to the service alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from ledger.commands import printing
from ledger.commands.chart import Point, chart
from ledger.commands.connection import Caller, connected
from ledger.commands.entries import entries_table, list_entries
from ledger.commands.hours_report import Ask, Question, report_of
from ledger.commands.import_history import import_leeds2023, print_outcome
from ledger.commands.report import asking, print_reproductions, published_totals, reproduce_with_progress
from ledger.commands.reproduction import Reproduction
from ledger.importing.leeds2023_requests import ORGANIZATION, opportunity_name, shift_name
from volunteer_hours.v1.directory_service_pb2 import GetAttendanceRequest
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.hours_service_pb2 import ListEntriesRequest
from volunteer_hours.v1.positions_pb2 import AsOf, Position
from volunteer_hours.v1.resources_pb2 import AttendanceState

SHOWN: Final = ("recorded", "attended", "withheld", "verified")
INFLATED_EVENT: Final = "13616"
INFLATED_SHIFT: Final = "86004"
BEFORE_ITS_DELETION: Final = "2023-06-17T23:38:46Z"


def tell(caller: Caller, history: Path) -> bool:
    """Import the history and show what became of it; True when every published total was reproduced."""
    outcome = import_leeds2023(caller, history)
    print_outcome(outcome)
    newest = outcome.position_messages()
    with connected(caller) as channel:
        ask = asking(channel, caller)
        question = Question(organization=ORGANIZATION, positions=newest)
        _balances(
            ask, question, f"as its publisher knew it at {BEFORE_ITS_DELETION}", as_of_source(BEFORE_ITS_DELETION)
        )
        _balances(ask, question, "as it stands now", None)
        _inflated_shift(channel, caller, newest)
        done = reproduce_with_progress(ask, published_totals(history / "published_totals.csv"), question)
    _chart(done)
    printing.out.print()
    print_reproductions(done)
    return all(one.holds for one in done)


def as_of_source(text: str) -> AsOf:
    """A moment on the clock of the system a history was imported from."""
    moment = Timestamp()
    moment.FromJsonString(text)
    return AsOf(source_time=moment)


def _balances(ask: Ask, question: Question, when: str, as_of: AsOf | None) -> None:
    answer = ask(Question(organization=question.organization, positions=question.positions, as_of=as_of).request())
    measures = {measure: report_of(answer, measure) for measure in SHOWN}
    sums = {measure: {one.key: one.seconds for one in measures[measure].groups} for measure in SHOWN}
    table = printing.plain_table(f"LEEDS 2023, h:mm:ss by event type, {when}", "event type", *SHOWN, numbers=SHOWN)
    for group in sorted(answer.groups, key=lambda one: one.key):
        table.add_row(group.key, *(printing.hours_text(sums[measure].get(group.key, 0)) for measure in SHOWN))
    table.add_row("total", *(printing.hours_text(measures[measure].total_seconds) for measure in SHOWN), style="bold")
    table.add_row("rounded by type", *(f"{measures[measure].total_hours_rounded:,}" for measure in SHOWN), style="bold")
    printing.out.print()
    printing.out.print(table)


def _inflated_shift(channel: grpc.Channel, caller: Caller, newest: Sequence[Position]) -> None:
    shift = shift_name(INFLATED_EVENT, INFLATED_SHIFT)
    printing.out.print(f"\nShift {INFLATED_SHIFT}: 1,200 hours for 6 people on one day.")
    asked = ListEntriesRequest(
        parent=opportunity_name(INFLATED_EVENT), positions=newest, as_of=as_of_source(BEFORE_ITS_DELETION)
    )
    then = [entry for entry in list_entries(channel, caller, asked)[0] if entry.shift == shift]
    printing.out.print(entries_table(f"its entries as of {BEFORE_ITS_DELETION}", then))
    reasons = ", ".join(sorted({entry.reason for entry in then if entry.reason}))
    printing.out.print(f"withheld at entry, kept and explained, not counted: {reasons}")
    asked = ListEntriesRequest(parent=opportunity_name(INFLATED_EVENT), positions=newest)
    now = [entry for entry in list_entries(channel, caller, asked)[0] if entry.shift == shift]
    printing.out.print(entries_table("its entries now", now))
    attendance = DirectoryServiceStub(channel).GetAttendance(
        GetAttendanceRequest(name=f"{shift}/groupAttendances/r1", positions=newest),
        metadata=caller.metadata,
        timeout=60.0,
    )
    state = AttendanceState.Name(attendance.state).removeprefix("ATTENDANCE_STATE_").lower()
    printing.out.print(f"its publisher deleted it without a trace; here it is {state}, and its history stays")


def _chart(done: Sequence[Reproduction]) -> None:
    points = [Point(one.published.published_at, sum(one.seconds_by_event_type.values()) // 3600) for one in done]
    printing.out.print("\nrecorded hours over time, as of each of the published moments (source clock)\n")
    printing.out.print(chart(points), markup=False)
