"""Whoever is told of hours under a linked name is recorded to have looked at both."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from ledger.access.permissions import PERMISSIONS
from ledger.grpc.gate import looked_at
from volunteer_hours.v1 import hours_service_pb2 as pb

ANA, BEN, CY = "volunteers/ana", "volunteers/ben", "volunteers/cy"
LINKED = pb.RequirementCheck(name=ANA, linked_names=[BEN])
METHODS = pb.DESCRIPTOR.services_by_name["HoursService"].methods_by_name


@pytest.mark.parametrize(
    ("method", "request_", "answer", "persons"),
    [
        ("GetBalance", pb.GetBalanceRequest(name=ANA), pb.Balance(name=ANA, linked_names=[BEN]), (ANA, BEN)),
        ("GetBalance", pb.GetBalanceRequest(name=ANA), pb.Balance(name=ANA), (ANA,)),
        ("WatchBalance", pb.WatchBalanceRequest(name=ANA), pb.Balance(name=ANA, linked_names=[BEN]), (ANA, BEN)),
        (
            "BatchGetBalances",
            pb.BatchGetBalancesRequest(names=[ANA, CY]),
            pb.BatchGetBalancesResponse(balances=[pb.Balance(name=ANA, linked_names=[BEN]), pb.Balance(name=CY)]),
            (ANA, CY, BEN),
        ),
        ("CheckRequirement", pb.CheckRequirementRequest(name=ANA), LINKED, (ANA, BEN)),
        ("WatchRequirement", pb.WatchRequirementRequest(name=ANA), LINKED, (ANA, BEN)),
        (
            "BatchCheckRequirements",
            pb.BatchCheckRequirementsRequest(names=[ANA]),
            pb.BatchCheckRequirementsResponse(results=[pb.RequirementResult(check=LINKED)]),
            (ANA, BEN),
        ),
    ],
)
def test_a_look_names_every_person_whose_hours_are_told(
    method: str, request_: Message, answer: Message, persons: tuple[str, ...]
):
    looks = PERMISSIONS[f"HoursService/{method}"].looks
    assert looks is not None
    assert looked_at(looks, METHODS[method])(request_, answer) == (persons, ())
