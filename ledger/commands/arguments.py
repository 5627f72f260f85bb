"""What several commands take: options with one meaning everywhere, and how times and periods are written."""

from __future__ import annotations

import os
import re
from calendar import monthrange
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from ledger.commands.connection import Caller
from ledger.commands.credentials import credentials_for
from ledger.domain.ledger_kind import LedgerKind
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet
from volunteer_hours.v1.values_pb2 import Period

ADDRESS_DEFAULT: Final = "127.0.0.1:50051"
ACTOR_DEFAULT: Final = "staff/hours-ledger"


class Clock(StrEnum):
    """Which clock an `--as-of` time is read on."""

    LEDGER = "ledger"
    SOURCE = "source"


class Language(StrEnum):
    """The languages refusals are told in."""

    ENGLISH = "en"
    ARABIC = "ar"


def language_of_environment() -> str:
    """Arabic where the terminal speaks Arabic, else English."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return Language.ARABIC.value if spoken.startswith("ar") else Language.ENGLISH.value


AddressOption: TypeAlias = Annotated[
    str, typer.Option("--address", envvar="LEDGER_GRPC_ADDRESS", help="Where the service listens, host:port.")
]
ActorOption: TypeAlias = Annotated[
    str, typer.Option("--actor", envvar="LEDGER_ACTOR", help="Who asks, such as staff/importer.")
]
LanguageOption: TypeAlias = Annotated[
    Language | None,
    typer.Option("--language", help="Language of refusals; by default the terminal's.", show_default=False),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DataDirOption: TypeAlias = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the embedded database lives.", show_default=False)
]
IssuerDirOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="LEDGER_LOCAL_ISSUER",
        help="The embedded ledger's folder: its issuer lets you act as --actor.",
        show_default=False,
    ),
]
LedgerOption: TypeAlias = Annotated[
    LedgerKind, typer.Option("--ledger", help="The ledger of hours, or the one of accesses to it.")
]
AsOfOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="As known at this moment (2023-06-17T23:38:46Z), or at these positions (0:1200,1:900).",
        show_default=False,
    ),
]
ClockOption: TypeAlias = Annotated[
    Clock,
    typer.Option("--clock", help="Read --as-of on the ledger's own clock, or on the clock of imported systems."),
]
PeriodOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--period",
        help="Service dates: 2023, 2023-06, 2023-06-08, or from..until with either end open.",
        show_default=False,
    ),
]
PositionsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--positions",
        help="Wait until the answer is at least as new as these (0:1200,1:900), such as those of your last write.",
        show_default=False,
    ),
]
SignedOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--signed",
        help="Have the answer signed, as of the newest checkpoints, and keep it in this new file for `verify`.",
        show_default=False,
    ),
]


def caller(address: str, actor: str, language: Language | None, data_dir: Path | None = None) -> Caller:
    """The options that say where and who, together. Raises CredentialsMissing."""
    spoken = language.value if language else language_of_environment()
    return Caller(address, actor, spoken, credentials_for(address, data_dir))


def parse_as_of(text: str | None, clock: Clock) -> AsOf | None:
    """The moment asked about. Raises typer.BadParameter with an example of what would be right."""
    if text is None:
        return None
    if re.fullmatch(r"\d+:\d+(,\d+:\d+)*", text):
        return AsOf(positions=PositionSet(positions=parse_positions(text)))
    moment = parse_moment(text)
    return AsOf(source_time=moment) if clock is Clock.SOURCE else AsOf(record_time=moment)


def parse_moment(text: str) -> Timestamp:
    """A date, time and zone. Raises typer.BadParameter with an example of what would be right."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise typer.BadParameter(f"{text!r} is no moment; write a date, time and zone such as 2023-06-17T23:38:46Z")
    moment = Timestamp()
    moment.FromDatetime(value.astimezone(UTC))
    return moment


def parse_positions(text: str | None) -> list[Position]:
    """`0:1200,1:900` as positions, one a partition. Raises typer.BadParameter."""
    if not text:
        return []
    if not re.fullmatch(r"\d+:\d+(,\d+:\d+)*", text):
        raise typer.BadParameter(f"{text!r} are no positions; write partition:position, such as 0:1200,1:900")
    pairs = [pair.split(":") for pair in text.split(",")]
    return [Position(partition=int(partition), position=int(position)) for partition, position in pairs]


def parse_period(text: str | None) -> Period | None:
    """The service dates asked about, both included. Raises typer.BadParameter."""
    if text is None:
        return None
    start, dots, end = text.partition("..")
    if not dots:
        end = start
    try:
        return Period(start_date=_first_day(start), end_date=_last_day(end))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no period; write 2023, 2023-06, 2023-06-08 or 2023-01-01..2023-06-30"
        ) from None


def _first_day(text: str) -> str:
    if not text:
        return ""
    year, month, day = _parts(text)
    return datetime(year, month or 1, day or 1, tzinfo=UTC).date().isoformat()


def _last_day(text: str) -> str:
    if not text:
        return ""
    year, month, day = _parts(text)
    month = month or 12
    return datetime(year, month, day or monthrange(year, month)[1], tzinfo=UTC).date().isoformat()


def _parts(text: str) -> tuple[int, int, int]:
    if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
        raise ValueError(text)
    year, month, day, *_ = (*map(int, text.split("-")), 0, 0)
    if "-" in text and not 1 <= month <= 12:
        raise ValueError(text)
    return year, month, day
