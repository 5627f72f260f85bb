"""Whole columns as PostgreSQL arrays in their binary form, made in one go.

psycopg dumps a list element by element through a dumper of its own; for a batch of five hundred commands that took as
long as deciding them.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from itertools import chain, repeat
from typing import ClassVar, Final, TypeAlias

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_LENGTH: Final = struct.Struct("!i").pack
_HEADER: Final = struct.Struct("!iiIii").pack


class BinaryArray:
    """One-dimensional array without nulls; subclasses name the type of its elements."""

    element_oid: ClassVar[int]
    array_oid: ClassVar[int]
    __slots__ = ("data",)

    def __init__(self, count: int, elements: bytes) -> None:
        if count:
            self.data = _HEADER(1, 0, self.element_oid, count, 1) + elements
        else:
            self.data = struct.pack("!iiI", 0, 0, self.element_oid)


class TextArray(BinaryArray):
    """text[]"""

    element_oid, array_oid = 25, 1009
    __slots__ = ()

    def __init__(self, items: Collection[str]) -> None:
        super().__init__(len(items), _with_lengths([item.encode() for item in items]))


class BytesArray(BinaryArray):
    """bytea[]"""

    element_oid, array_oid = 17, 1001
    __slots__ = ()

    def __init__(self, items: Collection[bytes]) -> None:
        super().__init__(len(items), _with_lengths(items))


class IntegerArray(BinaryArray):
    """integer[]"""

    element_oid, array_oid = 23, 1007
    __slots__ = ()

    def __init__(self, items: Collection[int]) -> None:
        super().__init__(len(items), struct.pack("!" + "ii" * len(items), *chain.from_iterable(zip(repeat(4), items))))


class BigintArray(BinaryArray):
    """bigint[]"""

    element_oid, array_oid = 20, 1016
    __slots__ = ()

    def __init__(self, items: Collection[int]) -> None:
        super().__init__(len(items), struct.pack("!" + "iq" * len(items), *chain.from_iterable(zip(repeat(8), items))))


def _with_lengths(items: Collection[bytes]) -> bytes:
    return b"".join(chain.from_iterable(zip(map(_LENGTH, map(len, items)), items, strict=True)))


Buffer: TypeAlias = bytes | bytearray | memoryview


def _dumper(array: type[BinaryArray]) -> type[Dumper]:
    class ArrayDumper(Dumper):
        """Hands over what is encoded already."""

        format = Format.BINARY
        oid = array.array_oid

        def dump(self, obj: BinaryArray) -> Buffer | None:
            return obj.data

    return ArrayDumper


for _array in (TextArray, BytesArray, IntegerArray, BigintArray):
    psycopg.adapters.register_dumper(_array, _dumper(_array))
