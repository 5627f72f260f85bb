"""Impact by age, gender and residency of a served ledger: seals are opened, and an erased person is not stated."""

from __future__ import annotations

import time
import uuid

import grpc

from tests.system.acting import acting_as
from tests.system.served_ledger import answered, hours_ledger, served_ledger
from volunteer_hours.v1 import registry_service_pb2
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub

PERIOD = ("--period", "2020-01-01..2029-12-31")
SEALED = ("AGE_BAND", "GENDER", "RESIDENCY")


def tables(told) -> dict[str, dict[str, int]]:
    """Dimension → key → seconds recorded."""
    return {
        table["dimension"].removeprefix("IMPACT_DIMENSION_"): {
            row.get("key", ""): int(row["seconds"].get("recorded_seconds", 0)) for row in table["rows"]
        }
        for table in told["tables"]
    }


def test_person_tables_are_what_sums_by_age_say_and_forget_who_is_erased():
    with served_ledger(3) as address:
        made = answered(hours_ledger("generate", "--volunteers", "12", "--seed", "7", "--json", address=address))
        positions = ("--positions", ",".join(f"{at['partition']}:{at['position']}" for at in made["positions"]))
        asking = ("report", "impact", *PERIOD, *positions, "--persons-min", "1", "--persons", "--json")
        told = answered(hours_ledger(*asking, address=address))
        shown = tables(told)
        by_age = ("report", "--by", "age-band", *PERIOD, *positions, "--json")
        ages = answered(hours_ledger(*by_age, address=address))
        assert shown["AGE_BAND"] == {group["key"]: group["seconds"] for group in ages["groups"]}
        assert set(shown["GENDER"]) == {"female", "male"}
        total = int(told["total"]["recorded_seconds"])
        assert all(sum(shown[name].values()) == total for name in SEALED)
        without = [one for one in asking if one != "--persons"]
        assert "GENDER" not in tables(answered(hours_ledger(*without, address=address)))

        erase("volunteers/synthetic-7-1-12-v1", address)
        deadline = time.monotonic() + 20
        while not (after := tables(answered(hours_ledger(*asking, address=address))))["GENDER"].get(""):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert all(sum(after[name].values()) == total for name in SEALED)


def erase(name: str, address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        request = registry_service_pb2.EraseVolunteerRequest(request_id=str(uuid.uuid4()), name=name)
        RegistryServiceStub(channel).EraseVolunteer(request, metadata=acting_as("staff/amal"), timeout=20)
