"""A desk for tests: links by their codes, views counted, receipts taken back. Nothing is stored anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ledger.domain.refusals import Reason, refuse
from ledger.statements.desk_port import OpenedState, OpenedStatement
from tests.browser.sample_log import StatementLog
from tests.browser.sample_statement import SampleIssuer, SampleStatement

CORRECTED_AT = datetime(2026, 5, 3, 9, tzinfo=UTC)
REVOKED_AT = datetime(2026, 5, 3, 9, tzinfo=UTC)


def opened(statement: SampleStatement, state: OpenedState = "valid") -> OpenedStatement:
    """What a desk gives of a statement that may be shown."""
    return OpenedStatement(
        state,
        credential=statement.credential,
        event=statement.event,
        tlog_proof=statement.tlog_proof,
        balance_proof=statement.balance_proof,
        now_verified_seconds=112 * 3_600 if state == "superseded" else None,
        superseded_at=CORRECTED_AT if state == "superseded" else None,
    )


@dataclass
class SampleDesk:
    """See StatementDesk."""

    issuer: SampleIssuer
    log: StatementLog
    links: dict[str, OpenedStatement] = field(default_factory=dict)
    views: dict[str, int] = field(default_factory=dict)
    available: bool = True
    status_list_of: Callable[[int, int], str] | None = None
    """Instead of the issuer's list as it is now."""

    async def open(self, code: str, receipt: str | None) -> OpenedStatement:
        if not self.available:
            refuse(Reason.SERVER_BUSY)
        found = self.links.get(code)
        if found is None:
            return OpenedStatement("unknown")
        if receipt != f"receipt of {code}":
            self.views[code] = self.views.get(code, 0) + 1
        return replace(found, receipt=f"receipt of {code}") if found.credential else found

    async def honour_status_list(self, partition: int, number: int) -> str:
        """See StatementDesk."""
        return await self.status_list(partition, number)

    async def status_list(self, partition: int, number: int) -> str:
        if self.status_list_of is not None:
            return self.status_list_of(partition, number)
        if (partition, number) != (0, 0):
            refuse(Reason.NOT_FOUND, name=f"statements/status/{partition}-{number}")
        return self.issuer.status_list(number)

    def issuer_document(self) -> bytes:
        return self.issuer.document()

    def log_keys(self) -> Sequence[str]:
        return self.log.vkeys
