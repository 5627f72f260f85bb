"""Answers as text and as JSON. Data goes to standard output; progress and remarks go to standard error."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import EvidenceSeconds

CLASSES: Final = ("claimed", "attended", "verified", "disputed", "withheld", "reversed")
MEASURES: Final = ("recorded", *CLASSES)

out: Final = Console(highlight=False, soft_wrap=True)
remarks: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """One JSON document, plain and complete, whatever the terminal's width."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def progress() -> Progress:
    """A progress bar on standard error; it shows nothing where no person watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=remarks,
        disable=not remarks.is_terminal,
    )


def plain_table(title: str, *columns: str, numbers: Container[str] = ()) -> Table:
    """A table that fits a terminal of 80 columns: no frames, nothing cut off. `numbers` stand to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(
            column, justify="right" if column in numbers else "left", no_wrap=True, header_style="underline"
        )
    return table


def seconds_of(seconds: EvidenceSeconds, measure: str) -> int:
    """One class of an answer, or `recorded`, by its name."""
    value: int = getattr(seconds, f"{measure}_seconds")
    return value


def seconds_by_class(seconds: EvidenceSeconds) -> dict[str, int]:
    """All classes and `recorded`, named with their unit."""
    return {f"{measure}_seconds": seconds_of(seconds, measure) for measure in MEASURES}


def hours_text(seconds: int) -> str:
    """Exact: hours, minutes and seconds, such as 1,234:56:07."""
    sign = "-" if seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    return f"{sign}{hours:,}:{rest // 60:02}:{rest % 60:02}"


def positions_json(positions: Iterable[Position]) -> list[dict[str, int]]:
    """Positions as in the API."""
    return [{"partition": one.partition, "position": one.position} for one in positions]


def positions_text(positions: Iterable[Position]) -> str:
    """Positions as the options of this program take them: 0:1200,1:900."""
    return ",".join(f"{one.partition}:{one.position}" for one in positions) or "none"


def time_text(time: Timestamp) -> str:
    """A moment in RFC 3339, UTC."""
    return time.ToJsonString()


def whole_seconds_text(time: Timestamp) -> str:
    """The same without fractions of a second, where people compare by eye."""
    return Timestamp(seconds=time.seconds).ToJsonString()
