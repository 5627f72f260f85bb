"""Requests that carry somebody's data and are refused: what comes back must repeat none of it. Synthetic."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.message import Message

from tests.system.erasing_programme import CANARIES, PASSPORT, ZAHRA, Erasing, details, identity
from tests.system.grpc_caller import with_id
from tests.system.small_programme import GREEN, VERIFIER
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2

WRONG_BIRTH_DATE = CANARIES["birth_date"][:-2] + "99"
"""A slip that says nearly all of it: it must not come back either."""


def provoked(client: Erasing) -> dict[str, bytes]:
    """By what was asked: all that the caller gets back, status, details and trailers."""
    return {f"{method} {case}": _refused(client, method, message) for method, case, message in _requests()}


def _refused(client: Erasing, method: str, message: Message) -> bytes:
    body = with_id(message) if "request_id" in message.DESCRIPTOR.fields_by_name else message.SerializeToString()
    with pytest.raises(grpc.RpcError) as raised:
        client.send(method, body)
    error = raised.value
    trailers = b"\n".join(
        one.value if isinstance(one.value, bytes) else one.value.encode() for one in error.trailing_metadata() or ()
    )
    return str(error).encode() + b"\n" + (error.details() or "").encode() + b"\n" + trailers


def _requests() -> list[tuple[str, str, Message]]:
    name, number = CANARIES["full_name"], CANARIES["identity_number"]
    wrong = {
        "full_name": f"{name}\n",
        "email": f"{CANARIES['email']} {name}",
        "phone": f"{CANARIES['phone']} {name}",
        "residence_region": CANARIES["residence_region"] + name,
        "gender": name,
        "birth_date": WRONG_BIRTH_DATE,
    }
    new = "RegistryService/RegisterVolunteer"
    found: list[tuple[str, str, Message]] = [
        (new, field, registry.RegisterVolunteerRequest(details=_with(field, value))) for field, value in wrong.items()
    ]
    for case, document in (
        ("number of no form", values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_NATIONAL_ID, number=number)),
        ("no country", values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_PASSPORT, number=number)),
        ("no such country", values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_PASSPORT, number=number, country="KS")),
        ("registered already", identity()),
    ):
        asked = registry.RegisterVolunteerRequest(details=resources_pb2.PersonalDetails(identity=document))
        found.append((new, case, asked))
    found += [
        (new, "number as id", registry.RegisterVolunteerRequest(volunteer_id=PASSPORT.lower(), details=details())),
        (new, "there already", registry.RegisterVolunteerRequest(volunteer_id="ana", details=_without_document())),
        ("RegistryService/UpdateVolunteer", "nobody", _update("volunteers/nobody")),
        ("RegistryService/UpdateVolunteer", "identity", _update(ZAHRA, "identity")),
        (
            "RegistryService/RecordGuardianConsent",
            "in the past",
            registry.RecordGuardianConsentRequest(
                parent=ZAHRA, guardian_name=CANARIES["guardian"], until_date="2020-01-01"
            ),
        ),
        (
            "RegistryService/AppointMember",
            "not of staff",
            registry.AppointMemberRequest(
                parent=GREEN, member=ZAHRA, role=resources_pb2.MEMBER_ROLE_VERIFIER, member_name=CANARIES["member"]
            ),
        ),
        (
            "RegistryService/AppointMember",
            "there already",
            registry.AppointMemberRequest(
                parent=GREEN,
                appointment_id="named",
                member=VERIFIER,
                role=resources_pb2.MEMBER_ROLE_VERIFIER,
                member_name=CANARIES["member"],
            ),
        ),
        ("DirectoryService/LookupVolunteer", "nobody's", directory.LookupVolunteerRequest(identity=_nobodys())),
        (
            "HoursService/CheckRequirement",
            "nobody's",
            hours.CheckRequirementRequest(identity=_nobodys(), requirement="policies/none"),
        ),
        ("HoursService/BatchGetBalances", "nobody's", hours.BatchGetBalancesRequest(identities=[_nobodys()])),
    ]
    return found


def _with(field: str, value: str) -> resources_pb2.PersonalDetails:
    known = resources_pb2.PersonalDetails()
    setattr(known, field, value)
    return known


def _without_document() -> resources_pb2.PersonalDetails:
    known = details()
    known.ClearField("identity")
    return known


def _update(name: str, path: str = "full_name") -> registry.UpdateVolunteerRequest:
    asked = registry.UpdateVolunteerRequest(name=name, details=details())
    asked.update_mask.paths.append(path)
    return asked


def _nobodys() -> values_pb2.Identity:
    """The number, of a country that did not issue it."""
    return values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_PASSPORT, country="JO", number=PASSPORT)
