"""The judged corpus as stored events, projected and asked: all of it synthetic."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.projections.search_questions import SearchQuestions
from tests.system.synthetic_events import Story, cut, projector, read_database, reader_pool
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb

JUDGED = Path(__file__).parent / "judged"
FOUND_MAX = 10


@dataclass(frozen=True)
class Judged:
    """One query and all that answers it."""

    query: str
    kind: str
    language: str
    relevant: frozenset[str]


def judged(name: str) -> list[Judged]:
    """The queries of one file."""
    rows = (json.loads(line) for line in (JUDGED / name).read_text("utf-8").splitlines())
    return [Judged(row["query"], row["class"], row["language"], frozenset(row["relevant"])) for row in rows]


def corpus() -> list[dict[str, Any]]:
    """The opportunities."""
    return [json.loads(line) for line in (JUDGED / "corpus.jsonl").read_text("utf-8").splitlines()]


def stories(partitions: int = 1) -> list[Story]:
    """Each opportunity published with one open shift to come, dealt out to the partitions; cities named in turn in
    Arabic and in English."""
    told = [Story(partition) for partition in range(partitions)]
    organizations: dict[str, str] = {}
    for index, offer in enumerate(corpus()):
        story = told[index % partitions]
        name = json.dumps(offer["organization"], sort_keys=True)
        if name not in organizations:
            organizations[name] = f"organizations/o{len(organizations)}"
            data = {"organization": organizations[name], "display_name": offer["organization"]}
            story.tell("organization-registered", organizations[name], data)
        for kind, stream, data in offered(offer, organizations[name], index):
            story.tell(kind, stream, data)
    return told


def offered(offer: dict[str, Any], organization: str, index: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The events of one opportunity."""
    name = f"opportunities/{offer['id']}"
    details = {key: offer[key] for key in ("title", "description", "sector", "skills", "level", "minimum_age_years")}
    yield "opportunity-published", name, {"opportunity": name, "organization": organization, "details": details}
    begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2 + index % 30)
    place: dict[str, Any] = {"online": True} if offer["online"] else {"region": offer["region"]}
    if offer.get("city"):
        place["city"] = offer["city"].get("ar" if index % 2 else "en") or next(iter(offer["city"].values()))
    shift = {
        "shift": f"{name}/shifts/one",
        "opportunity": name,
        "start": begins.isoformat(),
        "end": (begins + timedelta(hours=3)).isoformat(),
        "time_zone": "Asia/Riyadh",
        "places": 10,
        "place": place,
    }
    yield "shift-opened", f"{name}/shifts/one", shift


@asynccontextmanager
async def searching(postgres: Any, *told: Story, partitions: int = 1) -> AsyncIterator[SearchQuestions]:
    """A read database with these events, asked."""
    settings = read_database(postgres)
    with projector(settings) as projecting:
        for story in told:
            for batch in cut(story.events, 97):
                projecting.apply(story.partition, batch, None)
    async with reader_pool(settings) as pool:
        yield SearchQuestions(pool, partitions)


async def found(search: SearchQuestions, query: str) -> list[str]:
    """The ids of the first results."""
    answer = await search.search(pb.SearchOpportunitiesRequest(query=query, page_size=FOUND_MAX))
    return [one.opportunity.name.removeprefix("opportunities/") for one in answer.results]


async def recalls(search: SearchQuestions, queries: list[Judged]) -> dict[str, float]:
    """Class → the mean over its queries of the share of relevant ones among the first ten."""
    by_class: defaultdict[str, list[float]] = defaultdict(list)
    for one in queries:
        first = await found(search, one.query)
        wanted = min(len(one.relevant), FOUND_MAX)
        by_class[one.kind].append(len(one.relevant & set(first)) / wanted)
    return {kind: sum(shares) / len(shares) for kind, shares in by_class.items()}
