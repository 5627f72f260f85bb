"""Which statements are there, in which state, which links open them, and whose status is not valid?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from ledger.domain.refusals import Reason, refuse
from ledger.domain.sealed import SealedField
from ledger.domain.statement_events import CODE_PATH
from ledger.projections.basis import Ground, Patience, ReadPool
from ledger.projections.page_token import read_token, rows_wanted, token_of
from ledger.projections.snapshot import snapshot
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

Positions: TypeAlias = Mapping[int, int]
"""Partition → position."""
State: TypeAlias = Literal["valid", "superseded", "revoked", "erased", "expired"]

_COLUMNS: Final = """
    s.statement, s.volunteer, s.partition, s.position, s.event_id, s.kind, s.period_start, s.period_end,
    s.organizations, s.shown, s.verified_seconds, s.size, s.root, s.credential_digest, s.status_list, s.status_index,
    s.issued_at, s.expires_at, s.revoked_for, s.revoked_at, s.now_verified_seconds, s.superseded_at,
    coalesce(v.erased, false)
"""
_FROM: Final = "statements s left join volunteers v on v.volunteer = s.volunteer"
_AT: Final = "array(select array[partition, position] from positions order by partition)"
_ONE: Final = f"select {_COLUMNS} from {_FROM} where s.statement = %b"
_PAGE: Final = f"""
    select {_COLUMNS} from {_FROM}
    where s.volunteer = %(holder)b and s.position > %(after)b order by s.position limit %(rows)b
"""
_PAGE_OF_EVERYBODY: Final = f"""
    select {_COLUMNS} from {_FROM} where s.statement > %(after)b order by s.statement limit %(rows)b
"""
EVERYBODY: Final = "volunteers/-"
_SHARE_COLUMNS: Final = """
    h.share, h.statement, h.sealed_code, h.event_id, h.shared_at, h.expires_at, h.views_max, h.withdrawn_at,
    coalesce(v.erased, false)
"""
_SHARES: Final = f"""
    select {_SHARE_COLUMNS}
    from statement_shares h join statements s on s.statement = h.statement
    left join volunteers v on v.volunteer = s.volunteer
    where h.statement = %b order by h.shared_at, h.share
"""
_BY_CODE: Final = f"""
    select {_AT}, {_SHARE_COLUMNS}, {_COLUMNS}
    from statement_shares h join statements s on s.statement = h.statement
    left join volunteers v on v.volunteer = s.volunteer
    where h.code_digest = %b
"""
_NOT_VALID: Final = """
    select status_index, revoked_at is not null from statements
    where partition = %(partition)b and status_list = %(list)b and (revoked_at is not null or superseded_at is not null)
    union all
    select s.status_index, true from volunteers v join statements s on s.volunteer = v.volunteer
    where v.erased and s.partition = %(partition)b and s.status_list = %(list)b
    order by 2
"""
_NOW: Final = f"select {_AT}, {_COLUMNS} from {_FROM} where s.statement = %b"
_HAS_LIST: Final = "select exists (select from statements where partition = %b and status_list = %b)"
_SHARE_WIDTH: Final = 9


class StatementRow(NamedTuple):
    """A statement as the projections know it."""

    statement: str
    volunteer: str
    partition: int
    position: int
    event_id: str
    kind: str
    period_start: date | None
    period_end: date | None
    organizations: Sequence[str]
    shown: Sequence[str]
    verified_seconds: int
    size: int
    root: str
    credential_digest: str
    status_list: int
    status_index: int
    issued_at: datetime
    expires_at: datetime | None
    revoked_for: str | None
    revoked_at: datetime | None
    now_verified_seconds: int | None
    superseded_at: datetime | None
    erased: bool

    def state(self, now: datetime) -> State:
        """What is to be told of it first: what makes it worthless, then what changes its worth."""
        if self.erased:
            return "erased"
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "valid" if self.superseded_at is None else "superseded"


class ShareRow(NamedTuple):
    """A link as the projections know it."""

    share: str
    statement: str
    sealed_code: str
    event_id: str
    shared_at: datetime
    expires_at: datetime | None
    views_max: int | None
    withdrawn_at: datetime | None
    erased: bool
    """The person: the code is nobody's business any more, also while a process remembers their key."""

    @property
    def code(self) -> SealedField:
        """What opens it, sealed."""
        return SealedField("/".join(self.share.split("/", 2)[:2]), self.event_id, CODE_PATH, self.sealed_code)


class StatementQuestions:
    """Reads the read database. Safe to share between calls.

    Questions that name positions raise NotYetApplied when these are not reached in `seconds_left`.
    """

    def __init__(self, pool: ReadPool, partitions: int) -> None:
        self._pool = pool
        self._ground = Ground(partitions, None)

    async def one(
        self, name: str, asked: Iterable[Position], seconds_left: float | None
    ) -> tuple[StatementRow, list[Position]]:
        """The statement of this name, and the positions. Refuses NOT_FOUND."""
        async with snapshot(self._pool, self._ground, self._ground.wanted(asked), Patience.of(seconds_left)) as found:
            row = await (await found.connection.execute(_ONE, (name,), binary=True)).fetchone()
            if row is None:
                refuse(Reason.NOT_FOUND, name=name)
            return StatementRow(*row), found.basis.position_messages()

    async def page(
        self, request: pb.ListStatementsRequest, seconds_left: float | None
    ) -> tuple[list[StatementRow], str, list[Position]]:
        """A page of statements, somebody's or everybody's, the token of the next one, and the positions.

        Refuses PAGE_TOKEN_INVALID.
        """
        token, rows_max = read_token(request, request.page_token), rows_wanted(request.page_size)
        everybody = request.parent == EVERYBODY
        beginning: str | int = "" if everybody else 0
        after = beginning if token is None else token.after[0]
        if not isinstance(after, type(beginning)):
            refuse(Reason.PAGE_TOKEN_INVALID)
        parameters = {"holder": request.parent, "after": after, "rows": rows_max + 1}
        wanted = self._ground.wanted(request.positions)
        statement = _PAGE_OF_EVERYBODY if everybody else _PAGE
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            rows = await (await found.connection.execute(statement, parameters, binary=True)).fetchall()
        page = [StatementRow(*row) for row in rows[:rows_max]]
        last: tuple[str | int, ...] = () if not page else (page[-1].statement if everybody else page[-1].position,)
        token_text = token_of(request, last) if len(rows) > rows_max else ""
        return page, token_text, found.basis.position_messages()

    async def shares(
        self, statement: str, asked: Iterable[Position], seconds_left: float | None
    ) -> tuple[list[ShareRow], list[Position]]:
        """The links of a statement, the oldest first, and the positions. Refuses NOT_FOUND."""
        async with snapshot(self._pool, self._ground, self._ground.wanted(asked), Patience.of(seconds_left)) as found:
            rows = await (await found.connection.execute(_SHARES, (statement,), binary=True)).fetchall()
            if not rows and await (await found.connection.execute(_ONE, (statement,), binary=True)).fetchone() is None:
                refuse(Reason.NOT_FOUND, name=statement)
        return [ShareRow(*row) for row in rows], found.basis.position_messages()

    async def by_name(self, name: str) -> tuple[StatementRow, Positions] | None:
        """The statement of this name now, and at which positions; None: there is none."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_NOW, (name,), prepare=True, binary=True)).fetchone()
        return None if row is None else (StatementRow(*row[1:]), dict(row[0]))

    async def by_code(self, code_digest: str) -> tuple[ShareRow, StatementRow, Positions] | None:
        """What a link opens now, and at which positions; None: nobody ever made it."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_BY_CODE, (code_digest,), prepare=True, binary=True)).fetchone()
        if row is None:
            return None
        return ShareRow(*row[1 : 1 + _SHARE_WIDTH]), StatementRow(*row[1 + _SHARE_WIDTH :]), dict(row[0])

    async def not_valid(self, partition: int, status_list: int) -> Mapping[int, bool]:
        """Places of a list that are not valid → whether revoked or erased; else superseded. Refuses NOT_FOUND."""
        async with self._pool.connection() as connection:
            asked = {"partition": partition, "list": status_list}
            rows = await (await connection.execute(_NOT_VALID, asked, binary=True)).fetchall()
            if not rows and status_list:
                known = await (await connection.execute(_HAS_LIST, (partition, status_list), binary=True)).fetchone()
                if known != (True,):
                    refuse(Reason.NOT_FOUND, name=f"status/{partition}-{status_list}")
        return dict(rows)
