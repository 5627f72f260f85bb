"""The part of the whole programme in which statements are issued, shared, restated and revoked. Persons are synthetic.

What they state is true: sum, size and root are taken from the stored events. Their credentials are of no use.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Protocol

import psycopg

from ledger.access.person_keys import PersonKeys
from ledger.domain.follow_ups import FOLLOW_UP_ACTOR
from ledger.domain.statement import IssueStatement, RestateStatement, RevokeStatement, ShareStatement, WithdrawShare
from ledger.domain.statement_events import CODE_PATH, StatementIssued
from ledger.domain.values import Position
from ledger.domain.world import Command
from ledger.settings import Settings
from ledger.transparency.tree_hash import leaf_hash, root_of
from tests.system.closing_programme import Doing


class Sealing(Doing, Protocol):
    """What sends commands, and seals."""

    @property
    def keys(self) -> PersonKeys: ...


async def statements(programme: Sealing, settings: Settings) -> None:
    """Of everybody who has verified hours: one that is superseded and restored, and one that is revoked."""
    for number, (holder, (partition, size, root, seconds)) in enumerate(sorted(_verified(settings).items())):
        for name in ("kept", "ended"):
            issued = StatementIssued(
                statement=f"{holder}/statements/{name}",
                holder=holder,
                kind="transcript" if name == "ended" else "statement",
                organizations=(),
                shown=("name", "organizations"),
                verified_seconds=seconds,
                size=size,
                root=root,
                credential_digest=hashlib.sha256(f"{holder} {name}".encode()).hexdigest(),
                issuer_key="k" * 43,
                status_list=0,
                status_index=2 * number + (name == "ended"),
                expires=datetime.now(UTC).replace(microsecond=0) + timedelta(days=300),
            )
            event_id = hashlib.sha256(issued.statement.encode()).hexdigest()[:32]
            await programme.do(IssueStatement(issued.statement, issued, event_id))
        await _share(programme, f"{holder}/statements/kept", number)
        await _restate(programme, f"{holder}/statements/kept", seconds, Position(partition=partition, position=size))
        await programme.do(RevokeStatement(f"{holder}/statements/ended", "withdrawn"))


async def _share(programme: Sealing, statement: str, number: int) -> None:
    holder = "/".join(statement.split("/")[:2])
    for twice in range(2):
        event_id = f"{number:x}{twice}".rjust(32, "5")
        sealed = await programme.keys.seal(holder, event_id, {CODE_PATH: "synthetic code"})
        digest = hashlib.sha256(event_id.encode()).hexdigest()
        expires = None if twice else datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        await programme.do(
            ShareStatement(statement, digest, sealed[CODE_PATH], event_id, expires, None if twice else 3)
        )
    await programme.do(WithdrawShare(statement, f"{statement}/shares/1"))


async def _restate(programme: Doing, statement: str, seconds: int, at: Position) -> None:
    """A look of a moment at which an hour less was there, and one at which it was back."""
    looks: list[Command] = [
        RestateStatement(statement, seconds - 1, True, (at,), at),
        RestateStatement(statement, seconds, False, (at,), at),
    ]
    for look in looks:
        await programme.do(look, actor=FOLLOW_UP_ACTOR)


def _verified(settings: Settings) -> dict[str, tuple[int, int, str, int]]:
    """Person → (partition, size, root in hexadecimal, verified seconds), from the stored bytes alone."""
    bodies: dict[int, list[bytes]] = defaultdict(list)
    sums: dict[str, tuple[int, int]] = {}
    with psycopg.connect(settings.database) as connection:
        for partition, body in connection.execute("select partition, body from events order by partition, position"):
            bodies[partition].append(body)
            data = json.loads(body)["data"]
            for entry in data.get("entries", []):
                signs = (entry["to_class"] == "verified") - (entry["from_class"] == "verified")
                if signs and data["holder"].startswith("volunteers/"):
                    seconds = sums.get(data["holder"], (partition, 0))[1] + signs * entry["seconds"]
                    sums[data["holder"]] = partition, seconds
    heads = {one: (len(stored), root_of([leaf_hash(body) for body in stored]).hex()) for one, stored in bodies.items()}
    return {holder: (one, *heads[one], seconds) for holder, (one, seconds) in sums.items() if seconds}
