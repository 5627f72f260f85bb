"""May a link be opened now? Who opens it is counted first, then shown.

Used by the page and by ConfirmStatement: a code counts a view in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.projections.statement_questions import Positions, ShareRow, StatementQuestions, StatementRow
from ledger.statements.desk_port import OpenedState
from ledger.statements.kept_documents import KeptDocuments
from ledger.statements.share_codes import code_digest


@dataclass(frozen=True, slots=True)
class Opening:
    """What came of a code."""

    state: OpenedState
    row: StatementRow | None = None
    """None where nothing may be told of the statement: no such link, or none that still works."""
    share: ShareRow | None = None
    positions: Positions | None = None


class Openings:
    """Looks up codes. Safe to share between calls. Raises psycopg.Error and PoolTimeout."""

    def __init__(self, questions: StatementQuestions, documents: KeptDocuments) -> None:
        self._questions = questions
        self._documents = documents

    async def look(self, code: str) -> Opening:
        """What a code would open, before anything is counted."""
        found = await self._questions.by_code(code_digest(code))
        if found is None:
            return Opening("unknown")
        share, row, positions = found
        now = datetime.now(UTC)
        if share.withdrawn_at is not None:
            return Opening("withdrawn", None, share, positions)
        if share.expires_at is not None and share.expires_at <= now:
            return Opening("share_expired", None, share, positions)
        state = row.state(now)
        return Opening(state, None if state == "erased" else row, share, positions)

    async def enter(self, seen: Opening, *, counted: bool) -> Opening:
        """Open what was looked up; with `counted` this browser's view was counted lately and is not counted again."""
        if seen.row is None or seen.share is None or counted:
            return seen
        if await self._documents.count_view(seen.share.share, seen.share.views_max):
            return seen
        return Opening("used_up", None, seen.share, seen.positions)
