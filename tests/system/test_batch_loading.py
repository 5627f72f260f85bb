"""What a batch reads at once: a stream that a decision surely asks for costs no second round trip."""

from __future__ import annotations

from ledger import append_sql
from ledger.aggregate_cache import AggregateCache
from ledger.batch import Loaded
from ledger.batch_loading import Loading
from ledger.binary_arrays import BinaryArray, IntegerArray, TextArray
from ledger.domain.world import Reads
from tests.domain.programme import GARDEN, GREEN, MORNING, programme


async def no_birth_dates(_: object) -> dict[str, None]:
    return {}


def test_the_organization_of_a_known_opportunity_is_read_with_it():
    scenario, cache = programme(), AggregateCache()
    cache.keep({GARDEN: (1, scenario.state(GARDEN))})
    reads = Reads(streams=(MORNING, GARDEN))
    loading = Loading(cache, no_birth_dates)
    assert asked(loading, reads) == (TextArray([MORNING, GARDEN, GREEN]).data, IntegerArray([0, 1, 0]).data)
    unknown = Loading(AggregateCache(), no_birth_dates)
    assert asked(unknown, reads) == (TextArray([MORNING, GARDEN]).data, IntegerArray([0, 0]).data)


def asked(loading: Loading, reads: Reads) -> tuple[bytes, ...]:
    """Streams, and the versions after which they are read."""
    [(text, columns)] = loading.statements(reads, Loaded())
    assert text == append_sql.STREAMS
    return tuple(column.data for column in columns if isinstance(column, BinaryArray))
