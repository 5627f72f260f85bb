"""Texts in a message by a path of field names, such as `attendances.volunteer`: rules and looks are written so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from ledger.domain.refusals import InvariantBroken

Texts: TypeAlias = Callable[[Message], Iterator[str]]


_KNOWN: Final[dict[tuple[str, str], Texts]] = {}
"""By kind of message and path: as many as the table of permissions has."""


def texts_at(kind: type[Message], path: str) -> Texts:
    """A function that gives the texts a path leads to in messages of that kind, empty ones left out.

    Raises:
        InvariantBroken: there is no such field, or it is no text.
    """
    of = kind.DESCRIPTOR.full_name, path
    if of not in _KNOWN:
        _KNOWN[of] = _made(kind, path)
    return _KNOWN[of]


def _made(kind: type[Message], path: str) -> Texts:
    name, _, rest = path.partition(".")
    field = kind.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        raise InvariantBroken(f"{kind.DESCRIPTOR.full_name} has no field {name}")
    if rest:
        if not isinstance(field.message_type, Descriptor):
            raise InvariantBroken(f"{kind.DESCRIPTOR.full_name}.{name} holds no message")
        return _within(name, texts_at(GetMessageClass(field.message_type), rest), many=field.is_repeated)
    if field.type != FieldDescriptor.TYPE_STRING:
        raise InvariantBroken(f"{kind.DESCRIPTOR.full_name}.{name} is no text")
    return _texts(name, many=field.is_repeated)


def _texts(name: str, *, many: bool) -> Texts:
    if many:
        return lambda message: (text for text in getattr(message, name) if text)

    def one(message: Message) -> Iterator[str]:
        text = getattr(message, name)
        if text:
            yield text

    return one


def _within(name: str, inner: Texts, *, many: bool) -> Texts:
    if many:
        return lambda message: (text for one in getattr(message, name) for text in inner(one))

    def of_one(message: Message) -> Iterator[str]:
        if message.HasField(name):
            yield from inner(getattr(message, name))

    return of_one
