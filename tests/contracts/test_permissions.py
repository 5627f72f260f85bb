"""The table of permissions and the protos speak of the same methods, and every answer about persons is recorded."""

import pytest
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from ledger.access.message_paths import texts_at
from ledger.access.permissions import ORDER, PERMISSIONS
from ledger.domain.refusals import InvariantBroken
from ledger.grpc.gate import looked_at
from ledger.grpc.server import SERVICES
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import resources_pb2

METHODS = {f"{service.name}/{method.name}": method for service in SERVICES for method in service.methods}
READING = ("DirectoryService", "HoursService", "OpportunitySearchService", "AuditService")
PERSONAL = {"volunteer", "attendance", "registration"}
"""Words that begin the fields in which an answer names a person."""


def test_every_method_has_a_row_and_every_row_a_method():
    assert PERMISSIONS.keys() == METHODS.keys()


@pytest.mark.parametrize("name", METHODS)
def test_rules_look_at_fields_that_requests_have(name: str):
    request = GetMessageClass(METHODS[name].input_type)
    for role, rule in PERMISSIONS[name].roles.items():
        assert role in ORDER
        for path in rule.paths:
            texts_at(request, path)


@pytest.mark.parametrize("name", [name for name, row in PERMISSIONS.items() if row.looks])
def test_looks_are_found_in_requests_and_answers(name: str):
    looks = PERMISSIONS[name].looks
    assert looks is not None
    looked = looked_at(looks, METHODS[name])
    nothing = GetMessageClass(METHODS[name].input_type)(), GetMessageClass(METHODS[name].output_type)()
    assert looked(*nothing)[0] == ()


@pytest.mark.parametrize("name", [name for name in METHODS if name.partition("/")[0] in READING])
def test_whoever_reads_of_a_person_is_recorded(name: str):
    """A method that can answer with a person's name, or with events, has looks."""
    if name not in NOT_OF_PERSONS:
        assert PERMISSIONS[name].looks is not None, f"{name} tells of persons, and nobody would know who looked"
    else:
        assert not _names_persons(METHODS[name]), NOT_OF_PERSONS[name]


NOT_OF_PERSONS = {
    "DirectoryService/GetOrganization": "offers",
    "DirectoryService/ListOrganizations": "offers",
    "DirectoryService/GetInitiative": "offers",
    "DirectoryService/ListInitiatives": "offers",
    "DirectoryService/GetMember": "staff, not their hours",
    "DirectoryService/GetErasureReceipt": "what is left of an erased person: nothing of hours",
    "DirectoryService/GetOpportunity": "offers",
    "DirectoryService/ListOpportunities": "offers",
    "DirectoryService/GetShift": "offers",
    "DirectoryService/ListShifts": "offers",
    "OpportunitySearchService/SearchOpportunities": "offers",
    "HoursService/SummarizeHours": "sums",
    "HoursService/GetClosedPeriod": "sums",
    "HoursService/ListClosedPeriods": "sums",
    "AuditService/GetCheckpoint": "hashes",
    "AuditService/GetInclusionProof": "hashes",
    "AuditService/GetConsistencyProof": "hashes",
}


def _names_persons(method: MethodDescriptor) -> bool:
    return _mentions(method.output_type, set())


def _mentions(message: Descriptor, seen: set[str]) -> bool:
    if message.full_name in seen:
        return False
    seen.add(message.full_name)
    inner = (field.message_type for field in message.fields if isinstance(field.message_type, Descriptor))
    return bool(PERSONAL & {field.name for field in message.fields}) or any(_mentions(one, seen) for one in inner)


def test_an_answer_that_names_a_person_otherwise_does_not_leave_unrecorded():
    name = "DirectoryService/ListVolunteers"
    looks = PERMISSIONS[name].looks
    assert looks is not None
    looked, request = looked_at(looks, METHODS[name]), directory.ListVolunteersRequest()
    answer = directory.ListVolunteersResponse(volunteers=[resources_pb2.Volunteer(name="volunteers/ana")])
    assert looked(request, answer)[0] == ("volunteers/ana",)
    answer.volunteers[0].name = "passport"
    with pytest.raises(InvariantBroken, match="whose hours an answer tells"):
        looked(request, answer)


def test_a_path_that_leads_nowhere_is_noticed():
    with pytest.raises(InvariantBroken, match="has no field nonsense"):
        texts_at(GetMessageClass(METHODS["HoursService/GetBalance"].input_type), "nonsense")
    with pytest.raises(InvariantBroken, match="is no text"):
        texts_at(GetMessageClass(METHODS["HoursService/GetBalance"].input_type), "proof")
