"""Statements over gRPC: issuing them beside a library's bare issuing, confirming them beside GetBalance.

`issue_statement` does all that is done for people: the hours are read at a signed size, the balance is proven, the
credential is sealed and kept, event and look are recorded. The reference only makes the text of a credential, which
`credential_issue` measures by itself. The promise (issue 7: a quarter of bare issuing) is `batch_issue_statements`: a
page pays every journey to a database once. A single call pays them alone; its bound says when it becomes dearer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc

from bench.ground import Ground
from bench.lines.credentials import bare_issuing, issuing_rate
from bench.lines.echo import CHANNELS, IN_FLIGHT, MEASURED_SECONDS
from bench.load import Load, calls_per_second
from bench.pairing import Line, MeasurementFailed, Sides
from bench.stated_ledger import COORDINATOR, PAGE_STATEMENTS, StatedLedger, stated_ledger
from ledger.credentials.sd_jwt import read_credential
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import statement_service_pb2 as statements
from volunteer_hours.v1.statement_service_pb2_grpc import StatementServiceStub

GET: Final = "/volunteer_hours.v1.HoursService/GetBalance"
ISSUE: Final = "/volunteer_hours.v1.StatementService/IssueStatement"
ISSUE_PAGE: Final = "/volunteer_hours.v1.StatementService/BatchIssueStatements"
CONFIRM: Final = "/volunteer_hours.v1.StatementService/ConfirmStatement"
PERSONS: Final = 1_000
STATEMENTS: Final = 500
ISSUES_PER_SECOND_MAX: Final = 2_500
PAGED_PER_SECOND_MAX: Final = 5_000
PAGES_IN_FLIGHT: Final = 4
"""More requests than can be answered: each is sent once."""


def issue_rate(ground: Ground, ledger: StatedLedger) -> float:
    """IssueStatement calls a second."""
    seconds = ground.seconds(MEASURED_SECONDS)
    load = Load(ledger.address, ISSUE, COORDINATOR, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=seconds)
    count = round(ISSUES_PER_SECOND_MAX * (seconds + load.warm_up_seconds))
    return calls_per_second(ground.folder, load, [ledger.issue_request(number) for number in range(count)])


def paged_rate(ground: Ground, ledger: StatedLedger) -> float:
    """Statements a second, issued by pages."""
    seconds = ground.seconds(MEASURED_SECONDS)
    load = Load(
        ledger.address, ISSUE_PAGE, COORDINATOR, in_flight=PAGES_IN_FLIGHT, channels=PAGES_IN_FLIGHT, seconds=seconds
    )
    count = round(PAGED_PER_SECOND_MAX * (seconds + load.warm_up_seconds) / PAGE_STATEMENTS)
    pages = [ledger.page_request(number) for number in range(count)]
    return PAGE_STATEMENTS * calls_per_second(ground.folder, load, pages)


def answered_rate(ground: Ground, ledger: StatedLedger, method: str, requests: list[bytes]) -> float:
    """Calls a second."""
    seconds = ground.seconds(MEASURED_SECONDS)
    load = Load(ledger.address, method, COORDINATOR, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=seconds)
    return calls_per_second(ground.folder, load, requests, repeat=True)


@contextmanager
def issuing(ground: Ground) -> Iterator[Sides]:
    """One server, its projections and its keeper on the same machine as the load."""
    with stated_ledger(ground, ground.scaled(PERSONS, least=100)) as ledger:
        yield Sides(reference=lambda: issuing_rate(ground, bare_issuing()), ours=lambda: issue_rate(ground, ledger))


@contextmanager
def issuing_pages(ground: Ground) -> Iterator[Sides]:
    """The same for many at once."""
    with stated_ledger(ground, ground.scaled(PERSONS, least=100)) as ledger:
        _check_page(ledger)
        yield Sides(reference=lambda: issuing_rate(ground, bare_issuing()), ours=lambda: paged_rate(ground, ledger))


@contextmanager
def confirming(ground: Ground) -> Iterator[Sides]:
    """The same server asked for balances, and whether credentials stand; both are recorded as looks."""
    with stated_ledger(ground, ground.scaled(PERSONS, least=100)) as ledger:
        credentials = [one.credential for one in ledger.issue(ground.scaled(STATEMENTS, least=50))]
        _check(ledger, credentials[-1])
        balances = [hours.GetBalanceRequest(name=name).SerializeToString() for name in ledger.names]
        confirmations = [
            statements.ConfirmStatementRequest(credential=credential).SerializeToString() for credential in credentials
        ]
        yield Sides(
            reference=lambda: answered_rate(ground, ledger, GET, balances),
            ours=lambda: answered_rate(ground, ledger, CONFIRM, confirmations),
        )


def _check(ledger: StatedLedger, credential: str) -> None:
    """Raises MeasurementFailed unless the newest statement stands, and a changed one does not."""
    with grpc.insecure_channel(ledger.address) as channel:
        stub = StatementServiceStub(channel)

        def state(text: str) -> statements.StatementState.ValueType:
            request = statements.ConfirmStatementRequest(credential=text)
            return stub.ConfirmStatement(request, metadata=COORDINATOR, timeout=30).state

        for _ in range(100):  # until the projections know it
            if state(credential) == statements.STATEMENT_STATE_VALID:
                break
        else:
            raise MeasurementFailed("a statement that was just issued does not stand")
        if state(credential[:-2] + "A~") != statements.STATEMENT_STATE_TAMPERED:
            raise MeasurementFailed("a changed credential is taken: this run measures nothing")


def _check_page(ledger: StatedLedger) -> None:
    """Raises MeasurementFailed unless all of a page is issued, and what was issued is kept and readable."""
    with grpc.insecure_channel(ledger.address) as channel:
        stub = StatementServiceStub(channel)
        request = statements.BatchIssueStatementsRequest.FromString(ledger.page_request(0))
        told = stub.BatchIssueStatements(request, metadata=COORDINATOR, timeout=30)
        for outcome in told.outcomes:
            asked = statements.GetStatementRequest(name=outcome.issued.name, positions=told.positions)
            kept = stub.GetStatement(asked, metadata=COORDINATOR, timeout=30)
            claims = read_credential(kept.credential).claims
            if claims.verified_seconds != outcome.issued.verified_seconds or not kept.balance_proof:
                raise MeasurementFailed(f"{outcome.issued.name} is not what was issued: this run measures nothing")


ISSUE_STATEMENT = Line(name="issue_statement", unit="statements/s", floor=0.04, sides=issuing)
BATCH_ISSUE_STATEMENTS = Line(name="batch_issue_statements", unit="statements/s", floor=0.25, sides=issuing_pages)
CONFIRM_STATEMENT = Line(name="confirm_statement", unit="calls/s", floor=0.40, sides=confirming)
