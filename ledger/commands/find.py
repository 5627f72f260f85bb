"""`find`: opportunities by words, with why each was found."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from google.protobuf.json_format import MessageToDict
from rich.table import Table
from rich.text import Text

from ledger.commands import arguments, printing
from ledger.commands.connection import connected
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb
from volunteer_hours.v1.opportunity_search_service_pb2_grpc import OpportunitySearchServiceStub
from volunteer_hours.v1.resources_pb2 import Shift

LANGUAGES: Final = {"ar": pb.LANGUAGE_ARABIC, "en": pb.LANGUAGE_ENGLISH}

QueryArgument = Annotated[str, typer.Argument(metavar="QUERY", help="Words in Arabic, English or both; '' for all.")]
CityOption = Annotated[list[str] | None, typer.Option("--city", help="Only shifts there; may be given again.")]
RegionOption = Annotated[list[str] | None, typer.Option("--region", help="Only shifts there, such as SA-01.")]
SectorOption = Annotated[list[str] | None, typer.Option("--sector", help="Only of this sector.")]
FromOption = Annotated[str, typer.Option("--from", help="The first day, such as 2026-12-01.")]
UntilOption = Annotated[str, typer.Option("--until", help="The last day.")]
OnlineOption = Annotated[bool, typer.Option("--online", help="Only what is served online.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=100, help="Show at most so many.")]
LangOption = Annotated[str, typer.Option("--lang", help="Of titles and labels: ar or en.")]


def find(
    query: QueryArgument,
    city: CityOption = None,
    region: RegionOption = None,
    sector: SectorOption = None,
    first_day: FromOption = "",
    last_day: UntilOption = "",
    online: OnlineOption = False,
    limit: LimitOption = 20,
    lang: LangOption = "en",
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Opportunities that can be joined, the best first, and why each was found."""
    if lang not in LANGUAGES:
        raise typer.BadParameter("write ar or en", param_hint="--lang")
    caller = arguments.caller(address, actor, language, data_dir)
    wanted = pb.OpportunityFilter(
        cities=city or (),
        regions=region or (),
        sectors=sector or (),
        from_date=first_day,
        until_date=last_day,
        online=online,
    )
    request = pb.SearchOpportunitiesRequest(query=query, language=LANGUAGES[lang], filter=wanted, page_size=limit)
    with connected(caller) as channel:
        answer = OpportunitySearchServiceStub(channel).SearchOpportunities(
            request, metadata=caller.metadata, timeout=60.0
        )
    if as_json:
        printing.print_json(MessageToDict(answer, preserving_proto_field_name=True))
    else:
        _print(answer, lang)


def _print(answer: pb.SearchOpportunitiesResponse, lang: str) -> None:
    for suggestion in answer.suggestions:
        kind = pb.SuggestionKind.Name(suggestion.kind).removeprefix("SUGGESTION_KIND_").lower().replace("_", " ")
        line = f"{kind}: {suggestion.value or suggestion.text} ({suggestion.count})"
        printing.out.print(line, markup=False, highlight=False)
    table = Table("opportunity", "title", "next shift", "left", "score", "why")
    for result in answer.results:
        title = result.opportunity.title
        text = (title.ar or title.en) if lang == "ar" else (title.en or title.ar)
        shift = result.shifts[0] if result.shifts else pb.OpenShift()
        cells = (
            result.opportunity.name,
            text,
            _when(shift.shift),
            str(shift.places_left),
            str(result.score),
            ", ".join(_why(told) for told in result.reasons),
        )
        table.add_row(*(Text(cell) for cell in cells))
    if answer.results:
        printing.out.print(table)
    more = "more than " if answer.more_than else ""
    printing.out.print(f"{more}{answer.total} found", markup=False, highlight=False)


def _when(shift: Shift) -> str:
    return printing.time_text(shift.start_time) if shift.HasField("start_time") else shift.service_date


def _why(told: pb.ToldReason) -> str:
    name = pb.MatchReason.Name(told.reason).removeprefix("MATCH_REASON_").lower().replace("_", " ")
    return f"{name}: {told.matched}" if told.matched else name
