"""Which other name had a person, at the positions of an answer? A link holds while both names' streams say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ledger.projections.as_of import CUT_SQL, View

_LINKED: Final = f"""
    with {CUT_SQL}
    select one.volunteer, one.linked
    from volunteer_links one
    join cut on cut.partition = one.partition and one.position <= cut.upto
    join volunteer_links other on other.volunteer = one.linked and other.linked = one.volunteer
    join cut others on others.partition = other.partition and other.position <= others.upto
    where one.volunteer = any(%(names)b)
      and (one.ended_position is null or one.ended_position > cut.upto)
      and (other.ended_position is null or other.ended_position > others.upto)
"""


async def linked_names(seen: View, names: Sequence[str]) -> Mapping[str, str]:
    """Name → the other one, for those that are linked."""
    cursor = await seen.connection.execute(_LINKED, {**seen.cut, "names": list(names)}, binary=True)
    return dict(await cursor.fetchall())
