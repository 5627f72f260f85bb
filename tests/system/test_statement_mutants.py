"""The service itself takes no changed statement: credentials it issued, changed in every way we know. Synthetic."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc
import pytest

from ledger.credentials.sd_jwt import disclosed_claims, read_credential
from ledger.credentials.verify_statement import StatementEvidence
from tests.credentials.credential_mutations import CREDENTIAL_CHANGES
from tests.credentials.mutants import Ground
from tests.credentials.sample_statements import Statement, World, sample_world
from tests.system.acting import acting_as, channel_to
from tests.system.served_ledger import served_ledger
from tests.system.statement_programme import Statements
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.statement_service_pb2_grpc import StatementServiceStub

TOGETHER = 16
SHOWN = (
    [pb.STATEMENT_DETAIL_NAME],
    [pb.STATEMENT_DETAIL_NAME, pb.STATEMENT_DETAIL_ORGANIZATIONS, pb.STATEMENT_DETAIL_ROLES],
    [pb.STATEMENT_DETAIL_SECTORS],
)


@dataclass(frozen=True)
class Issued:
    """A service, and the statements it issued as the mutations know them."""

    channel: grpc.Channel
    world: World

    def state(self, credential: str) -> pb.StatementState.ValueType:
        answer = StatementServiceStub(self.channel).ConfirmStatement(
            pb.ConfirmStatementRequest(credential=credential), metadata=acting_as("staff/clerk"), timeout=60
        )
        if answer.state == pb.STATEMENT_STATE_VALID:
            return answer.state
        assert (answer.name, answer.initials, answer.verified_seconds) == ("", "", 0)
        return answer.state


@pytest.fixture(scope="module")
def issued() -> Iterator[Issued]:
    with served_ledger() as address, channel_to(address) as channel:
        ana, world = Statements(channel), sample_world()
        ana.begin()
        world.statements.clear()
        for number, details in enumerate(SHOWN):
            statement = ana.issue(f"s{number}", details=details)
            read = read_credential(statement.credential)
            shown = disclosed_claims(read).model_dump(exclude_none=True, mode="json")
            claims = json.loads(read.jwt.payload)
            world.statements[statement.name] = Statement(
                statement.name, claims, shown, StatementEvidence(statement.credential)
            )
            ana.get(statement.name)  # waits until the projections know it
        yield Issued(channel, world)


def changed(issued: Issued, seed: int, count: int) -> Iterator[tuple[str, str, str]]:
    """(kind of change, changed credential, as it was issued), each kind in turn."""
    ground, made = Ground(issued.world, sample_world(seed=2), random.Random(seed)), 0
    names = list(CREDENTIAL_CHANGES)
    while made < count:
        statement, name = ground.any_statement(), names[made % len(names)]
        found = CREDENTIAL_CHANGES[name].apply(ground, statement, statement.evidence)
        if found is None:
            names = [*names[1:], names[0]]  # this statement cannot be changed so: the next one
            continue
        made += 1
        # What is no text of gRPC's is not sent: a client library refuses it first.
        yield name, found.credential.encode("utf-8", "replace").decode(), statement.evidence.credential


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.proof)])
def test_the_service_confirms_no_mutant(issued: Issued, seed: int, count: int):
    told: Counter[str] = Counter()

    def ask(mutant: tuple[str, str, str]) -> None:
        name, credential, original = mutant
        state = issued.state(credential) if credential else pb.STATEMENT_STATE_TAMPERED
        told[pb.StatementState.Name(state)] += 1
        if state == pb.STATEMENT_STATE_VALID:
            assert CREDENTIAL_CHANGES[name].may_hold, name
            assert set(credential.split("~")) <= set(original.split("~")), name

    with ThreadPoolExecutor(TOGETHER) as threads:
        list(threads.map(ask, changed(issued, seed, count)))
    assert told.total() == count
    assert told["STATEMENT_STATE_TAMPERED"] > count / 2
    assert 0 < told["STATEMENT_STATE_VALID"] < count / 5, told
