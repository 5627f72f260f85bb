"""Values of a message by a path of field names, such as `attendances.volunteer`: what rules and looks are written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from ledger.domain.refusals import InvariantBroken

Texts: TypeAlias = Callable[[Message], Iterator[str]]


def texts_at(descriptor: Descriptor, path: str) -> Texts:
    """A function that gives the texts a path leads to in messages of that kind, empty ones left out.

    Raises:
        InvariantBroken: there is no such field, or it is no text.
    """
    name, _, rest = path.partition(".")
    field = descriptor.fields_by_name.get(name)
    if field is None:
        raise InvariantBroken(f"{descriptor.full_name} has no field {name}")
    if rest:
        if field.message_type is None:
            raise InvariantBroken(f"{descriptor.full_name}.{name} holds no message")
        return _within(field, texts_at(field.message_type, rest))
    if field.type != FieldDescriptor.TYPE_STRING:
        raise InvariantBroken(f"{descriptor.full_name}.{name} is no text")
    return _texts(field)


def _texts(field: FieldDescriptor) -> Texts:
    name = field.name
    if field.is_repeated:
        return lambda message: (text for text in getattr(message, name) if text)

    def one(message: Message) -> Iterator[str]:
        text = getattr(message, name)
        if text:
            yield text

    return one


def _within(field: FieldDescriptor, inner: Texts) -> Texts:
    name = field.name
    if field.is_repeated:
        return lambda message: (text for one in getattr(message, name) for text in inner(one))

    def of_one(message: Message) -> Iterator[str]:
        if message.HasField(name):
            yield from inner(getattr(message, name))

    return of_one
