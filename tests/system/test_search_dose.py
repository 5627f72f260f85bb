"""A small dose of what `bench/lines/opportunity_search.py` measures: the same rows and questions, fewer of them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bench.searched import Programme, fill, questions
from ledger.projections.basis import POSITIONS_SQL
from ledger.projections.search_candidates import RANKED_MAX, SHIFTS_TOLD_MAX
from ledger.projections.search_questions import SearchQuestions
from ledger.projections.snapshot import BEGIN_SQL, ROLLBACK_SQL
from tests.system.synthetic_events import read_database, reader_pool
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb

OPPORTUNITIES = 2_000
STATEMENTS_MAX = 8
"""The sets of keys, words nearby, those of more keys or days, the candidates, the page."""
STATEMENTS_OF_SUGGESTIONS_MAX = 24
"""Where nothing is found: each suggestion says how many it would find."""
SHIFTS_OF_CANDIDATES_MAX = RANKED_MAX * SHIFTS_TOLD_MAX


class Counting(AsyncConnection[Any]):
    """Counts what a question has the database do."""

    statements: int = 0
    rows: int = 0

    async def execute(self, query: Any, *arguments: Any, **named: Any) -> Any:
        cursor = await super().execute(query, *arguments, **named)
        if query not in (BEGIN_SQL, POSITIONS_SQL, ROLLBACK_SQL):
            self.statements += 1
            self.rows += max(cursor.rowcount, 0)
        return cursor


@pytest.fixture(scope="module")
def filled(postgres):
    settings = read_database(postgres)
    programme = Programme(OPPORTUNITIES)
    fill(settings.owner_read_database, programme)
    return settings, programme


async def test_a_question_has_few_statements_and_bounded_rows(filled):
    """What it costs is measured by `make bench`; here is what it may cost at all."""
    settings, programme = filled
    kwargs = {"autocommit": True}
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        settings.read_database, connection_class=Counting, min_size=1, max_size=1, open=False, kwargs=kwargs
    )
    async with pool:
        search = SearchQuestions(pool, 1)
        for kind, query in questions(programme, 60):
            async with pool.connection() as connection:
                connection.statements = connection.rows = 0
            answer = await search.search(pb.SearchOpportunitiesRequest(query=query, page_size=20))
            async with pool.connection() as connection:
                most = STATEMENTS_MAX if answer.results else STATEMENTS_OF_SUGGESTIONS_MAX
                assert 1 <= connection.statements <= most, (kind, query)
                keys = len(query.split()) * 100
                assert connection.rows <= SHIFTS_OF_CANDIDATES_MAX + keys, (kind, query, connection.rows)


async def test_more_than_can_be_ranked_is_said_and_paged_to_its_end(filled):
    settings, _ = filled
    async with reader_pool(settings) as pool:
        search = SearchQuestions(pool, 1)
        request = pb.SearchOpportunitiesRequest(query="health", page_size=100)
        found: list[str] = []
        while True:
            answer = await search.search(request)
            assert answer.more_than
            assert answer.total == RANKED_MAX
            found += [one.opportunity.name for one in answer.results]
            request.page_token = answer.next_page_token
            if not request.page_token:
                break
        assert len(found) == len(set(found)) == RANKED_MAX
        held = "select count(*) from search_contents where number = any(%s) and keys && array['c:health', 'd:health']"
        numbers = [int(name.removeprefix("opportunities/s")) for name in found]
        with psycopg.connect(settings.read_database) as connection:
            assert connection.execute(held, [numbers]).fetchone() == (RANKED_MAX,)
