"""StatementService: signed confirmations of hours, for the person; and for systems of employers whether one stands."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from ledger.access.person_keys import ERASED, PersonKeys
from ledger.batch import CommandResult
from ledger.credentials.open_badge import open_badge
from ledger.credentials.sd_jwt import disclosed_claims, read_credential
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.domain.statement import RevokeStatement, Share, ShareStatement, Statement, WithdrawShare
from ledger.domain.statement_events import CODE_PATH, Detail, Revocation, StatementKind
from ledger.domain.streams import partition_of, volunteer_of
from ledger.grpc.commands import Commands, new_id, state_after
from ledger.grpc.interceptor import Call
from ledger.grpc.statement_messages import (
    DETAILS,
    KINDS,
    REVOCATIONS,
    confirmation_message,
    issued_page,
    row_message,
    share_message,
    share_row_message,
    statement_message,
)
from ledger.grpc.values import day, moment, positions_of
from ledger.projections.stated_hours import Scope
from ledger.projections.statement_questions import ShareRow
from ledger.statements.issuing import Prepared
from ledger.statements.kept_documents import Document
from ledger.statements.parts import StatementParts
from ledger.statements.share_codes import code_digest, new_code
from ledger.statements.signing import Wish, shown_details
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

_DETAIL_NAMES: Final = {number: name for name, number in DETAILS.items()}


class StatementService:
    """Writes statements and reads them. All methods raise Refusal."""

    def __init__(
        self,
        commands: Commands,
        partitions: int,
        parts: StatementParts,
        person_keys: PersonKeys,
    ) -> None:
        self._commands = commands
        self._partitions = partitions
        self._issuer = parts.issuer
        self._issuing = parts.issuing
        self._questions = parts.questions
        self._documents = parts.documents
        self._printed = parts.printed
        self._confirming = parts.confirming
        self._person_keys = person_keys

    async def IssueStatement(self, request: pb.IssueStatementRequest, call: Call) -> pb.Statement:
        """A repetition is answered with the credential that was issued first, though its salts are random."""
        result = await self._commands.answered_before(call, request)
        if result is not None:
            return await self._issued(result)
        prepared = await self._issuing.prepare(self._wish(request, call), call.seconds_left)
        result = await self._commands.execute(call, request, prepared.command)
        if state_after(result, Statement).event_id != prepared.command.event_id:
            return await self._issued(result)  # the same request came twice at once, and the other one was first
        return _with_positions(_shown(statement_message(state_after(result, Statement)), prepared.document), result)

    async def BatchIssueStatements(
        self, request: pb.BatchIssueStatementsRequest, call: Call
    ) -> pb.BatchIssueStatementsResponse:
        """One outcome an item. What was issued when the page came first is neither signed nor kept again."""
        outcomes = await self._commands.page_answered_before(call, request, request.items)
        wishes: dict[int, Wish] = {}
        for number, item in enumerate(request.items):
            if number not in outcomes:
                try:
                    wishes[number] = self._wish_of(item, request, new_id(call, request, f"/{number}"), "statement")
                except Refusal as refusal:
                    outcomes[number] = refusal
        ready: dict[int, Prepared] = {}
        for number, one in zip(wishes, await self._prepared(wishes, call), strict=True):
            if isinstance(one, Refusal):
                outcomes[number] = one
            else:
                ready[number] = one
        commands = [(one.command, request.items[number]) for number, one in ready.items()]
        results = await self._commands.execute_page(call, request, commands, list(ready))
        outcomes.update(zip(ready, results, strict=True))
        return issued_page(request.request_id, [outcomes[number] for number in range(len(request.items))])

    async def _prepared(self, wishes: Mapping[int, Wish], call: Call) -> list[Prepared | Refusal]:
        return await self._issuing.prepare_all(list(wishes.values()), call.seconds_left) if wishes else []

    async def GetStatement(self, request: pb.GetStatementRequest, call: Call) -> pb.Statement:
        row, positions = await self._questions.one(request.name, request.positions, call.seconds_left)
        message = row_message(row, datetime.now(UTC))
        if not row.erased:  # the keys may be destroyed a moment later
            message = await self._with_document(message, row.event_id)
        message.positions.extend(positions)
        return message

    async def ListStatements(self, request: pb.ListStatementsRequest, call: Call) -> pb.ListStatementsResponse:
        rows, token, positions = await self._questions.page(request, call.seconds_left)
        now = datetime.now(UTC)
        messages = [row_message(row, now) for row in rows]
        return pb.ListStatementsResponse(statements=messages, next_page_token=token, positions=positions)

    async def RevokeStatement(self, request: pb.RevokeStatementRequest, call: Call) -> pb.Statement:
        reason: Revocation = REVOCATIONS[request.revoked_for]
        result = await self._commands.execute(call, request, RevokeStatement(request.name, reason))
        message = statement_message(state_after(result, Statement))
        message.positions.extend(positions_of(result))
        return message

    async def ShareStatement(self, request: pb.ShareStatementRequest, call: Call) -> pb.StatementShare:
        """The code is drawn before the event is recorded; a repetition opens the one that was sealed in it."""
        code, event_id = new_code(), secrets.token_hex(16)
        sealed = await self._person_keys.seal(volunteer_of(request.name), event_id, {CODE_PATH: code})
        command = ShareStatement(
            request.name,
            code_digest(code),
            sealed[CODE_PATH],
            event_id,
            moment("expire_time", request.expire_time) if request.HasField("expire_time") else None,
            request.views_max or None,
        )
        result = await self._commands.execute(call, request, command)
        shared = _share_of(result)
        known = code if shared.event_id == event_id else await self._code(share_row(shared))
        return self._shared(shared, known, result)

    async def WithdrawShare(self, request: pb.WithdrawShareRequest, call: Call) -> pb.StatementShare:
        statement = request.name.rsplit("/", 2)[0]
        result = await self._commands.execute(call, request, WithdrawShare(statement, request.name))
        withdrawn = state_after(result, Statement).shares[request.name]
        return self._shared(withdrawn, "", result)

    async def ListShares(self, request: pb.ListSharesRequest, call: Call) -> pb.ListSharesResponse:
        rows, positions = await self._questions.shares(request.parent, request.positions, call.seconds_left)
        codes = await self._codes(rows)
        views = await self._documents.views([row.share for row in rows])
        now = datetime.now(UTC)
        messages = [
            share_row_message(row, code, self._issuer, views.get(row.share, 0), now)
            for row, code in zip(rows, codes, strict=True)
        ]
        return pb.ListSharesResponse(shares=messages, positions=positions)

    async def GetStatementDocument(self, request: pb.GetStatementDocumentRequest, call: Call) -> pb.StatementDocument:
        row, _ = await self._questions.one(request.name, request.positions, call.seconds_left)
        if row.erased:
            refuse(Reason.VOLUNTEER_ERASED, name=row.volunteer)
        code = await self._code_to_print(request, call) if request.share else ""
        return pb.StatementDocument(pdf=await self._printed.pdf(row, code))

    async def GetStatementBadge(self, request: pb.GetStatementBadgeRequest, call: Call) -> pb.StatementBadge:
        row, _ = await self._questions.one(request.name, request.positions, call.seconds_left)
        document = None if row.erased else await self._documents.get(row.event_id)
        if document is None:
            refuse(Reason.VOLUNTEER_ERASED, name=row.volunteer)
        credential = read_credential(document.credential)
        key = self._issuing.signing()
        badge = open_badge(credential.claims, disclosed_claims(credential), credential.digest, key)
        return pb.StatementBadge(credential=badge)

    async def ConfirmStatement(self, request: pb.ConfirmStatementRequest, call: Call) -> pb.StatementConfirmation:
        if request.WhichOneof("statement") == "share_code":
            return confirmation_message(await self._confirming.by_code(request.share_code))
        return confirmation_message(await self._confirming.by_credential(request.credential))

    def _wish(self, request: pb.IssueStatementRequest, call: Call) -> Wish:
        kind = KINDS[request.kind]
        if kind == "transcript" and (request.period.start_date or request.period.end_date or request.organizations):
            refuse(Reason.TRANSCRIPT_IS_WHOLE)
        return self._wish_of(request, request, new_id(call, request), kind)

    def _wish_of(
        self,
        asked: pb.IssueStatementRequest | pb.StatementItem,
        request: pb.IssueStatementRequest | pb.BatchIssueStatementsRequest,
        new: str,
        kind: StatementKind,
    ) -> Wish:
        """`request` says which positions it must count; `new`: the id of one that has none."""
        first, last = day(asked.period.start_date), day(asked.period.end_date)
        if first is not None and last is not None and last < first:
            refuse(Reason.DATES_REVERSED, start_date=first, end_date=last)
        partition = partition_of(asked.parent, self._partitions)
        shown: list[Detail] = [_DETAIL_NAMES[number] for number in asked.details]
        return Wish(
            statement=f"{asked.parent}/statements/{asked.statement_id or new}",
            scope=Scope(asked.parent, first or date.min, last or date.max, tuple(asked.organizations)),
            kind=kind,
            shown=shown_details(kind, shown),
            expires=moment("expire_time", asked.expire_time) if asked.HasField("expire_time") else None,
            size_min=_size_min(request.positions, partition, self._partitions),
        )

    async def _issued(self, result: CommandResult) -> pb.Statement:
        state = state_after(result, Statement)
        return _with_positions(await self._with_document(statement_message(state), state.event_id), result)

    async def _with_document(self, message: pb.Statement, event_id: str) -> pb.Statement:
        document = await self._documents.get(event_id)
        if document is None:
            message.state = pb.STATEMENT_STATE_ERASED
            return message
        return _shown(message, document)

    async def _code_to_print(self, request: pb.GetStatementDocumentRequest, call: Call) -> str:
        rows, _ = await self._questions.shares(request.name, request.positions, call.seconds_left)
        found = next(
            (row for row in rows if row.share == request.share and row.withdrawn_at is None and not row.erased), None
        )
        if found is None:
            refuse(Reason.NOT_FOUND, name=request.share)
        return await self._code(found)

    async def _code(self, row: ShareRow) -> str:
        return (await self._codes([row]))[0]

    async def _codes(self, rows: Sequence[ShareRow]) -> list[str]:
        """Those that still open: the codes of withdrawn links are of no use, those of the erased are gone."""
        texts = await self._person_keys.open_all([row.code for row in rows])
        return [
            "" if text is ERASED or row.erased or row.withdrawn_at is not None else text
            for row, text in zip(rows, texts, strict=True)
        ]

    def _shared(self, shared: Share, code: str, result: CommandResult) -> pb.StatementShare:
        message = share_message(shared, code, self._issuer)
        message.positions.extend(positions_of(result))
        return message


def _shown(message: pb.Statement, document: Document) -> pb.Statement:
    message.credential = document.credential
    message.balance_proof = (document.balance_proof or "").encode()
    return message


def _with_positions(message: pb.Statement, result: CommandResult) -> pb.Statement:
    message.positions.extend(positions_of(result))
    return message


def share_row(shared: Share) -> ShareRow:
    """A link right after its event, as the projections will know it."""
    told = shared.shared
    return ShareRow(
        shared.name,
        told.statement,
        told.code,
        shared.event_id,
        shared.shared_at,
        told.expires,
        told.views_max,
        withdrawn_at=None,
        erased=False,
    )


def _share_of(result: CommandResult) -> Share:
    """The link that the command made: the last one."""
    return list(state_after(result, Statement).shares.values())[-1]


def _size_min(asked: Sequence[Position], partition: int, partitions: int) -> int:
    """The position of the person's partition that must be counted. Refuses POSITION_UNKNOWN."""
    for one in asked:
        if one.partition >= partitions:
            refuse(Reason.POSITION_UNKNOWN, partition=one.partition, partition_max=partitions - 1)
    return max((one.position for one in asked if one.partition == partition), default=0)
