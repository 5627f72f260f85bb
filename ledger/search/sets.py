"""Sets of opportunities' numbers: as bytes in rows of `search_keys`, and as whole numbers that are joined and met.

The form of the bytes stands in docs/finding.md, "Keys". A number beyond 2^15 lies in a later chunk.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Final, TypeAlias

from ledger.domain.refusals import InvariantBroken

CHUNK_NUMBERS: Final = 32_768
_BITMAP_BYTES_MAX: Final = CHUNK_NUMBERS // 8
_LIST, _BITMAP, _ALL_BUT, _GAPS = 0, 1, 2, 3
_FURTHER: Final = 255
_FEW: Final = 16
"""One of so many: fewer are a shorter list than a bitmap. What more are in is read fastest from a bitmap."""
_WORD_BYTES: Final = 8

_NO_FORM: Final = "a row of search_keys has none of the forms of a set"

Chunk: TypeAlias = tuple[int, int]
"""Partition and chunk."""
Numbers: TypeAlias = dict[Chunk, int]
"""Chunk → bits, the lowest for its first number; no chunk without one."""


def packed(bits: int) -> bytes:
    """The numbers of one chunk as they are stored: a bitmap or, where few are in it or few are not, a shorter form."""
    length, count = bits.bit_length(), bits.bit_count()
    forms: list[bytes] = []
    if _FEW * count < length:
        numbers = list(bits_of(bits))
        forms = [bytes([_LIST]) + struct.pack(f"!{count}H", *numbers), bytes([_GAPS]) + _gaps(numbers)]
    elif _FEW * (length - count) < length:
        absent = bits_of(bits ^ (1 << length) - 1)
        forms = [bytes([_ALL_BUT]) + struct.pack(f"!{1 + length - count}H", length - 1, *absent)]
    return min([*forms, bytes([_BITMAP]) + bits.to_bytes((length + 7) // 8, "little")], key=len)


def unpacked(stored: bytes) -> int:
    """The bits of one chunk. Raises InvariantBroken for bytes of another form."""
    body = stored[1:]
    match stored[:1]:
        case b"\x01" if len(body) <= _BITMAP_BYTES_MAX:
            return int.from_bytes(body, "little")
        case b"\x00" if len(body) % 2 == 0:
            return _with(struct.unpack(f"!{len(body) // 2}H", body))
        case b"\x02" if len(body) % 2 == 0 and body:
            last, others = int.from_bytes(body[:2]), _with(struct.unpack(f"!{len(body) // 2 - 1}H", body[2:]))
            if last < CHUNK_NUMBERS and not others >> last:
                return others ^ (2 << last) - 1
        case b"\x03":
            return _with([at for gap, at in zip(body, accumulate(body), strict=True) if gap != _FURTHER])
    raise InvariantBroken(_NO_FORM)


def _gaps(numbers: Iterable[int]) -> bytes:
    """How much further the next number is, a byte each; 255: so much further, and none there."""
    found, before = bytearray(), 0
    for number in numbers:
        further, gap = divmod(number - before, _FURTHER)
        found += bytes([_FURTHER]) * further
        found.append(gap)
        before = number
    return bytes(found)


def _with(numbers: Iterable[int]) -> int:
    bitmap = bytearray(_BITMAP_BYTES_MAX)
    for number in numbers:
        if number >= CHUNK_NUMBERS:
            raise InvariantBroken(_NO_FORM)
        bitmap[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bitmap, "little")


def bits_of(bits: int) -> Iterator[int]:
    """Which bits are set, ascending."""
    for start, word in enumerate(struct.unpack(f"<{_BITMAP_BYTES_MAX // _WORD_BYTES}Q", _padded(bits))):
        while word:
            lowest = word & -word
            yield start * 64 + lowest.bit_length() - 1
            word ^= lowest


def _padded(bits: int) -> bytes:
    return bits.to_bytes(_BITMAP_BYTES_MAX, "little")


def joined(sets: Iterable[Numbers]) -> Numbers:
    """What is in one of them at least."""
    whole: Numbers = {}
    for one in sets:
        for chunk, bits in one.items():
            whole[chunk] = whole.get(chunk, 0) | bits
    return whole


def met(one: Numbers, other: Numbers) -> Numbers:
    """What is in both."""
    return {chunk: both for chunk, bits in one.items() if (both := bits & other.get(chunk, 0))}


def without(one: Numbers, other: Numbers) -> Numbers:
    """What is in the first alone."""
    return {chunk: left for chunk, bits in one.items() if (left := bits & ~other.get(chunk, 0))}


def size(numbers: Numbers) -> int:
    """How many there are."""
    return sum(bits.bit_count() for bits in numbers.values())


def has(numbers: Mapping[Chunk, int], chunk: Chunk, offset: int) -> bool:
    """Whether one number is in it."""
    return bool(numbers.get(chunk, 0) >> offset & 1)


def by_how_many(sets: Iterable[Numbers], most: int) -> list[Numbers]:
    """At index k what is in at least k + 1 of the sets; no further than `most`."""
    at_least: list[Numbers] = [{} for _ in range(most)]
    for one in sets:
        for level in range(most - 1, 0, -1):
            at_least[level] = joined((at_least[level], met(at_least[level - 1], one)))
        at_least[0] = joined((at_least[0], one))
    return at_least
