"""A partner's CSV file, imported into a really served ledger: dry run, again, changed, closed, cut off. All synthetic."""

from __future__ import annotations

import csv
import json
import uuid
from pathlib import Path

import pytest

from tests.system.acting import channel_to
from tests.system.served_ledger import PROJECT, answered, hours_ledger, served_in_a_folder
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub
from volunteer_hours.v1.resources_pb2 import OPPORTUNITY_STATE_CLOSED
from volunteer_hours.v1.values_pb2 import LocalizedText

EXAMPLE = PROJECT / "examples" / "opportunity-feed"


@pytest.fixture(scope="module", params=[1, 3], ids=["P=1", "P=3"])
def served(request):
    with served_in_a_folder(request.param) as ledger:
        yield ledger


def organization_of(served, id_: str) -> str:
    with channel_to(served.grpc) as channel:
        request = registry.RegisterOrganizationRequest(
            request_id=str(uuid.uuid4()), organization_id=id_, display_name=LocalizedText(en=f"{id_} (synthetic)")
        )
        answer = RegistryServiceStub(channel).RegisterOrganization(request, timeout=60)
        seen = directory.GetOrganizationRequest(name=answer.name, positions=answer.positions)
        DirectoryServiceStub(channel).GetOrganization(seen, timeout=60)
    return answer.name


def imported(served, file: Path, mapping: Path, organization: str, *options: str):
    done = hours_ledger(
        "import", "opportunities", file, "--mapping", mapping, "--organization", organization, "--json", *options,
        address=served.grpc,
    )  # fmt: skip
    return done, json.loads(done.stdout)


def counts(answer) -> dict[str, int]:
    return {what: count for what, count in answer["counts"].items() if count}


def test_the_example_is_imported_and_again_changes_nothing(served):
    harbour = organization_of(served, "harbour")
    arguments = (served, EXAMPLE / "harbour.csv", EXAMPLE / "harbour.toml", harbour)
    done, dry = imported(*arguments, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert counts(dry) == {"create": 7, "unchanged": 1} and not dry["sent"]
    assert counts(imported(*arguments)[1]) == {"create": 7, "unchanged": 1}
    assert counts(imported(*arguments)[1]) == {"unchanged": 8}
