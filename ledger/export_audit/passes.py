"""The passes of an export audit, by number: what each shows, and which findings say that it does not hold."""

from __future__ import annotations

from typing import Final, NamedTuple

from ledger.auditing.finding import Finding, Report
from ledger.export_audit import balances_check, closed_periods_check, log_tree_check, notes_check, once_check
from ledger.export_audit.places import BUNDLES_PLACE, EVENTS_PLACE


class Pass(NamedTuple):
    """One pass."""

    number: int
    holds: str
    places: frozenset[str]


PASSES: Final = (
    Pass(
        1,
        "the folder holds one export, whole and nothing else, and its manifest says what the notes say",
        frozenset({notes_check.MANIFEST_PLACE, notes_check.FILES_PLACE}),
    ),
    Pass(2, "each log's two notes go together and are signed by its keys", frozenset(notes_check.NOTE_PLACES.values())),
    Pass(3, "every event is as docs/format.md says, at its position", frozenset({BUNDLES_PLACE, EVENTS_PLACE})),
    Pass(
        4,
        "the events are the leaves of the log that was signed",
        frozenset({log_tree_check.PLACE, log_tree_check.ROOT_PLACE, log_tree_check.KEPT_PLACE}),
    ),
    Pass(5, "the entries add up to the balances that were signed", frozenset({balances_check.PLACE})),
    Pass(
        6,
        "no version of a stream is missing, no event id and no request is there twice",
        frozenset({once_check.STREAMS, once_check.IDS, once_check.REQUESTS}),
    ),
    Pass(
        7,
        "every closed period has the sums of the events it counted",
        frozenset({closed_periods_check.PLACE}),
    ),
)


def first_failed(report: Report) -> tuple[Pass, Finding] | None:
    """The first pass that does not hold, and its first finding; None if all do."""
    for each in PASSES:
        for finding in report.findings:
            if finding.where.place in each.places:
                return each, finding
    return None
