"""Who can have hours: a volunteer, or an opportunity for its head counts. Somebody known without entries has zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.domain.refusals import Reason, refuse
from ledger.projections.snapshot import ReadConnection

_KNOWN: Final = """
    select volunteer from volunteers where volunteer = any(%(names)b)
    union all select opportunity from opportunities where opportunity = any(%(names)b)
    union all select holder from balances where holder = any(%(names)b)
"""


async def refuse_unknown_holders(connection: ReadConnection, names: Sequence[str]) -> None:
    """Refuse NOT_FOUND for the first of `names` that the ledger does not know."""
    if not names:
        return
    known = await known_holders(connection, names)
    for name in names:
        if name not in known:
            refuse(Reason.NOT_FOUND, name=name)


async def known_holders(connection: ReadConnection, names: Sequence[str]) -> set[str]:
    """Those of `names` that the ledger knows."""
    cursor = await connection.execute(_KNOWN, {"names": list(names)}, binary=True)
    return {row[0] for row in await cursor.fetchall()}
