"""A request of every method, made from its descriptor: valid by its rules, naming what one tenant has."""

from __future__ import annotations

import re
import uuid

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from buf.validate import validate_pb2
from tests.system.grpc_caller import at
from tests.system.two_tenants import names_of
from volunteer_hours.v1.registry_service_pb2 import EraseMemberRequest

PLAIN = (
    "2026-11-20",
    "SYNTHETIC_REASON",
    "Asia/Riyadh",
    "SA-01",
    "synthetic",
    "key-lost",
    "SAR",
    "1-1-0-1of1@1",
    "staff/somebody",
    "a" * 64,
    "a" * 26,
)
"""Whatever is not a resource's name: the first that a pattern lets through is taken."""
LOOSE = {"time_zone": "Asia/Riyadh", "city": "", "member": "staff/somebody", "responsible": "staff/somebody"}
"""Fields whose pattern would let a resource's name through; who answers for an initiative gets a role by it."""
NO_NAMES = ("platform", "verifier_key")
IDS = {"volunteer_id", "organization_id", "client_id"}
"""Fields in which a tenant's own id is named; other ids are new ones."""

_NUMBERS = (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64)


def sample(method: MethodDescriptor, which: str, first: str = "persons") -> Message:
    """A request that names what `which` has wherever it may name something."""
    request: Message = GetMessageClass(method.input_type)()
    _fill(request, which, first)
    if isinstance(request, EraseMemberRequest):  # of somebody whose roles nobody else here needs
        request.name = f"staff/spare-{which}"
    return request


def _fill(message: Message, which: str, first: str) -> None:
    for field in message.DESCRIPTOR.fields:
        assert isinstance(field, FieldDescriptor)
        if field.name in ("page_token", "as_of", "positions", "proof", "imported_from", "replaces", "identities"):
            continue
        if field.containing_oneof is not None and field.containing_oneof.fields[0] is not field:
            continue
        if field.name == "service_date" and "start_time" in message.DESCRIPTOR.fields_by_name:
            continue  # the times, or the date
        if field.name == "identity" and "name" in message.DESCRIPTOR.fields_by_name:
            continue  # one of the two
        _set(message, field, which, first)


def _set(message: Message, field: FieldDescriptor, which: str, first: str) -> None:
    if field.type == FieldDescriptor.TYPE_STRING:
        value = _text(field, which, first)
        if value and field.is_repeated:
            getattr(message, field.name).append(value)
        elif value:
            setattr(message, field.name, value)
    elif field.type == FieldDescriptor.TYPE_BYTES:
        setattr(message, field.name, bytes(field.GetOptions().Extensions[validate_pb2.field].bytes.len))
    elif field.enum_type is not None and not field.is_repeated:
        setattr(message, field.name, field.enum_type.values[1].number)
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        _set_message(message, field, which, first)
    elif field.type in _NUMBERS and field.name != "partition" and not field.is_repeated:
        setattr(message, field.name, 1)


def _set_message(message: Message, field: FieldDescriptor, which: str, first: str) -> None:
    inner = getattr(message, field.name).add() if field.is_repeated else getattr(message, field.name)
    if isinstance(inner, Timestamp):
        inner.CopyFrom(at("2026-11-20 09:00" if "end" in field.name or "out" in field.name else "2026-11-20 05:00"))
    elif isinstance(inner, FieldMask):
        titled = {"opportunity", "project"} & set(message.DESCRIPTOR.fields_by_name)
        inner.paths.append("title" if titled else "full_name")
    else:
        inner.SetInParent() if not field.is_repeated else None
        _fill(inner, which, first)


def _text(field: FieldDescriptor, which: str, first: str) -> str:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if field.name == "request_id":
        return str(uuid.uuid4())
    if field.name in IDS:
        return which
    if field.name in LOOSE:
        return LOOSE[field.name]
    pattern = rules.string.pattern or rules.repeated.items.string.pattern
    if field.name in (
        "title",
        "ar",
        "en",
        "system_name",
        "source",
        "full_name",
        "guardian_name",
        "description",
        *NO_NAMES,
    ):
        return "synthetic"
    if not pattern:
        return ""
    if field.name.endswith("_id"):
        return uuid.uuid4().hex[:12]
    return next((text for text in (*names_of(which, first), *PLAIN) if re.search(pattern, text)), "")
