"""Search quality on a judged collection: half of the judgements by somebody who had not seen the ranking.

Through the projection and the real questions on a real PostgreSQL. `judged/README.md` says who judged how.
"""

from __future__ import annotations

import pytest

from tests.search.judged_ledger import judged, recalls, searching, stories

RECALL_MIN = 0.95
CLASSES = {"plain", "inflected", "undotted", "misspelt", "mixed"}


@pytest.mark.parametrize("partitions", [1, pytest.param(3, marks=pytest.mark.proof)])
async def test_recall_of_the_first_ten_is_high_in_each_class(postgres, partitions, record_property):
    async with searching(postgres, *stories(partitions), partitions=partitions) as search:
        for name in ("queries_seen.jsonl", "queries_unseen.jsonl"):
            queries = judged(name)
            assert len(queries) >= 40
            recall = await recalls(search, queries)
            record_property(name, {kind: round(share, 3) for kind, share in recall.items()})
            print(name, len(queries), {kind: round(share, 3) for kind, share in sorted(recall.items())})
            assert recall.keys() == CLASSES
            assert {kind: share for kind, share in recall.items() if share < RECALL_MIN} == {}, name
