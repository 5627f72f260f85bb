"""A statement of somebody who will be erased, on real servers: what it says must be nowhere afterwards. Synthetic."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ledger.credentials.issuer_key_file import add_key, create
from ledger.credentials.sd_jwt import disclosed_claims, read_credential
from ledger.settings import Settings
from tests.system.grpc_caller import Client, with_id
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position


@dataclass(frozen=True)
class Stated:
    """What the person was given."""

    name: str
    credential: str
    code: str


def with_issuer(settings: Settings, folder: Path) -> Settings:
    """Settings of a service that issues statements."""
    keys = folder / "statement-keys.json"
    create(keys)
    add_key(keys, int(time.time()))
    return settings.model_copy(update={"statement_issuer": "https://hours.example", "statement_keys": str(keys)})


def state(client: Client, person: str, full_name: str) -> Stated:
    """Issued with the name, shared, printed and confirmed: the name went through all of it."""
    asked = pb.IssueStatementRequest(parent=person, statement_id="s", details=[pb.STATEMENT_DETAIL_NAME])
    statement = pb.Statement.FromString(client.send("StatementService/IssueStatement", with_id(asked)))
    assert disclosed_claims(read_credential(statement.credential)).full_name == full_name
    sharing = pb.ShareStatementRequest(name=statement.name)
    share = pb.StatementShare.FromString(client.send("StatementService/ShareStatement", with_id(sharing)))
    printing = pb.GetStatementDocumentRequest(name=statement.name, share=share.name, positions=share.positions)
    answer = client.send("StatementService/GetStatementDocument", printing)
    assert pb.StatementDocument.FromString(answer).pdf.startswith(b"%PDF")
    assert confirmed(client, statement.credential).state == pb.STATEMENT_STATE_VALID
    return Stated(statement.name, statement.credential, share.code)


def confirmed(client: Client, credential: str) -> pb.StatementConfirmation:
    """What an employer's system is told."""
    asked = pb.ConfirmStatementRequest(credential=credential)
    return pb.StatementConfirmation.FromString(client.send("StatementService/ConfirmStatement", asked))


def assert_nothing_is_told(client: Client, settings: Settings, stated: Stated, erased: Sequence[Position]) -> None:
    """Of a statement whose person was erased, at these positions or later."""
    asked = pb.GetStatementRequest(name=stated.name, positions=erased)
    shown = pb.Statement.FromString(client.send("StatementService/GetStatement", asked))
    assert (shown.state, shown.credential, shown.balance_proof) == (pb.STATEMENT_STATE_ERASED, "", b"")
    told = confirmed(client, stated.credential)
    assert (told.state, told.name, told.initials) == (pb.STATEMENT_STATE_ERASED, "", "")
    listed = client.send("StatementService/ListShares", pb.ListSharesRequest(parent=stated.name))
    assert [(one.code, one.uri) for one in pb.ListSharesResponse.FromString(listed).shares] == [("", "")]
    printing = pb.GetStatementDocumentRequest(name=stated.name)
    assert client.refused("StatementService/GetStatementDocument", printing).reason == "VOLUNTEER_ERASED"
    badge = pb.GetStatementBadgeRequest(name=stated.name)
    assert client.refused("StatementService/GetStatementBadge", badge).reason == "VOLUNTEER_ERASED"
    with psycopg.connect(settings.owner_keys_database) as keys:
        assert keys.execute("select event_id from statement_documents").fetchall() == []
