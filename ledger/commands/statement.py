"""`statement`: have verified hours stated, share a statement, end it, print it; and ask whether one stands."""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from ledger.commands import arguments, printing
from ledger.commands.connection import connected
from ledger.commands.statement_printing import (
    given_statement,
    print_confirmation,
    print_shares,
    print_statements,
    write_file,
)
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.statement_service_pb2_grpc import StatementServiceStub

PAGE_SIZE: Final = 1_000
TIMEOUT_SECONDS: Final = 60.0


class Detail(StrEnum):
    """What a statement can show beside the sum."""

    NAME = "name"
    ORGANIZATIONS = "organizations"
    ROLES = "roles"
    SECTORS = "sectors"


class Revocation(StrEnum):
    """Why a statement shall hold no more."""

    WITHDRAWN = "withdrawn"
    ISSUED_IN_ERROR = "issued-in-error"
    KEY_COMPROMISED = "key-compromised"


_DETAILS: Final = {
    Detail.NAME: pb.STATEMENT_DETAIL_NAME,
    Detail.ORGANIZATIONS: pb.STATEMENT_DETAIL_ORGANIZATIONS,
    Detail.ROLES: pb.STATEMENT_DETAIL_ROLES,
    Detail.SECTORS: pb.STATEMENT_DETAIL_SECTORS,
}
_REVOCATIONS: Final = {
    Revocation.WITHDRAWN: pb.STATEMENT_REVOCATION_WITHDRAWN,
    Revocation.ISSUED_IN_ERROR: pb.STATEMENT_REVOCATION_ISSUED_IN_ERROR,
    Revocation.KEY_COMPROMISED: pb.STATEMENT_REVOCATION_KEY_COMPROMISED,
}

application = typer.Typer(
    help="Statements of verified hours: issue, list, share, withdraw, revoke, pdf, badge, confirm.",
    no_args_is_help=True,
)

VolunteerArgument = Annotated[str, typer.Argument(metavar="VOLUNTEER", help="volunteers/{volunteer}")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="volunteers/{volunteer}/statements/{statement}")]
ShareArgument = Annotated[str, typer.Argument(metavar="NAME", help="…/statements/{statement}/shares/{share}")]
OrganizationOption = Annotated[
    list[str] | None,
    typer.Option("--organization", help="Only hours served for it; may be repeated.", show_default=False),
]
ShowOption = Annotated[
    list[Detail] | None, typer.Option("--show", help="Beside the sum; may be repeated.", show_default=False)
]
TranscriptOption = Annotated[bool, typer.Option("--transcript", help="Of everything, with all verified entries.")]
DaysOption = Annotated[int, typer.Option("--days", min=0, help="It ends after so many days; 0: it does not.")]
ViewsOption = Annotated[int, typer.Option("--views", min=0, help="It opens so often; 0: as often as wished.")]
OutOption = Annotated[Path, typer.Option("--out", help="The file to write.")]
ShareOption = Annotated[str, typer.Option("--share", help="The link to print as a QR code.", show_default=False)]
ReasonOption = Annotated[Revocation, typer.Option("--reason", help="Why it shall hold no more.")]
GivenArgument = Annotated[
    str, typer.Argument(metavar="CODE|FILE", help="The code of a link, or a file with a credential; -: standard input.")
]


@application.command()
def issue(
    volunteer: VolunteerArgument,
    period: arguments.PeriodOption = None,
    organization: OrganizationOption = None,
    show: ShowOption = None,
    transcript: TranscriptOption = False,
    days: DaysOption = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Where the credential goes.", show_default=False)] = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Have verified hours stated: all of them, or those of a period and of some organisations."""
    request = pb.IssueStatementRequest(
        request_id=str(uuid.uuid4()),
        parent=volunteer,
        kind=pb.STATEMENT_KIND_TRANSCRIPT if transcript else pb.STATEMENT_KIND_STATEMENT,
        period=arguments.parse_period(period),
        organizations=organization or (),
        details=[_DETAILS[detail] for detail in show or ()],
        expire_time=_in_days(days),
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        statement = StatementServiceStub(channel).IssueStatement(
            request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    if out is not None:
        write_file(out, statement.credential.encode())
    print_statements([statement], as_json)


@application.command("list")
def list_(
    volunteer: VolunteerArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """All statements of somebody, and in which state they are."""
    caller = arguments.caller(address, actor, language, data_dir)
    request = pb.ListStatementsRequest(parent=volunteer, page_size=PAGE_SIZE)
    found: list[pb.Statement] = []
    with connected(caller) as channel:
        while True:
            page = StatementServiceStub(channel).ListStatements(
                request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS
            )
            found += page.statements
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    print_statements(found, as_json)


@application.command()
def share(
    name: NameArgument,
    days: DaysOption = 90,
    views: ViewsOption = 0,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Make a link to a statement: whoever has it may open it."""
    request = pb.ShareStatementRequest(
        request_id=str(uuid.uuid4()), name=name, expire_time=_in_days(days), views_max=views
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        shared = StatementServiceStub(channel).ShareStatement(
            request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    print_shares([shared], as_json)


@application.command()
def shares(
    name: NameArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """The links of a statement, and how often each was opened; who opened them: `accesses`."""
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        listed = StatementServiceStub(channel).ListShares(
            pb.ListSharesRequest(parent=name), metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    print_shares(listed.shares, as_json)


@application.command()
def withdraw(
    name: ShareArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Let a link open nothing any more."""
    request = pb.WithdrawShareRequest(request_id=str(uuid.uuid4()), name=name)
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        withdrawn = StatementServiceStub(channel).WithdrawShare(
            request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    print_shares([withdrawn], as_json)


@application.command()
def revoke(
    name: NameArgument,
    reason: ReasonOption = Revocation.WITHDRAWN,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """End a statement for good: whoever checks it is told so."""
    request = pb.RevokeStatementRequest(request_id=str(uuid.uuid4()), name=name, revoked_for=_REVOCATIONS[reason])
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        statement = StatementServiceStub(channel).RevokeStatement(
            request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    print_statements([statement], as_json)


@application.command()
def pdf(
    name: NameArgument,
    out: OutOption,
    share: ShareOption = "",
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Write a statement as a PDF in Arabic and English, with everything that a check needs inside."""
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        document = StatementServiceStub(channel).GetStatementDocument(
            pb.GetStatementDocumentRequest(name=name, share=share), metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    write_file(out, document.pdf)
    printing.out.print(
        f"saved {out}; check it with `hours-ledger verify statement {out} --issuer-keys issuer.json --key @log.vkeys`",
        markup=False,
        soft_wrap=True,
    )


@application.command()
def badge(
    name: NameArgument,
    out: OutOption,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Write a statement as an Open Badge 3.0, for wallets that collect these."""
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        badge = StatementServiceStub(channel).GetStatementBadge(
            pb.GetStatementBadgeRequest(name=name), metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    write_file(out, badge.credential.encode())


@application.command()
def confirm(
    given: GivenArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Ask the ledger whether a statement stands. Exit code 1: it does not, or not as it was issued."""
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        answer = StatementServiceStub(channel).ConfirmStatement(
            given_statement(given), metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    print_confirmation(answer, as_json)
    if answer.state != pb.STATEMENT_STATE_VALID:
        sys.exit(1)


def _in_days(days: int) -> Timestamp | None:
    if not days:
        return None
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC).replace(microsecond=0) + timedelta(days=days))
    return moment
