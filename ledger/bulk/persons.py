"""Whom a row means: by name, by id in the file's system, or by identity number; and whether the ledger has them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from google.rpc import status_pb2

from ledger.bulk.asking import Questions
from ledger.bulk.names import VOLUNTEER, volunteer_name
from ledger.bulk.refusals import Words
from ledger.bulk.seen_rows import SeenRows
from ledger.domain.identity import passes_luhn
from ledger.sheets.mapping import SheetMapping
from ledger.sheets.values import Values
from ledger.sheets.words import plain, shown
from volunteer_hours.v1.values_pb2 import Identity, IdentityType

FIELD: Final = "volunteer"
CHARACTERS_MAX: Final = 200
REMEMBERED_MAX: Final = 50_000
_TYPE: Final = "IDENTITY_TYPE_"
_NATIONAL: Final = re.compile(r"[12][0-9]{9}")


class Persons:
    """Resolves the column `volunteer` of a page of rows."""

    def __init__(self, questions: Questions, seen: SeenRows, mapping: SheetMapping, words: Words) -> None:
        self._questions = questions
        self._seen = seen
        self._words = words
        self._system = mapping.system
        self._by_number = "identity_type" in mapping.defaults or "identity_type" in mapping.columns
        self._held: dict[tuple[IdentityType.ValueType, str, str], str] = {}
        """Identity documents that were looked up. Only here, and never told."""

    async def names(self, rows: Sequence[Values]) -> list[str]:
        """volunteers/… of each row; empty, with a problem told, where there is none. Raises grpc.RpcError."""
        if self._by_number:
            names = await asyncio.gather(*(self._looked_up(values) for values in rows))
        else:
            names = [self._named(values) for values in rows]
        asked = {name for name in names if name and not self._seen.knows(name)}
        unknown = await self._questions.unknown(sorted(asked)) if asked else set[str]()
        self._seen.remember(asked - unknown)
        for values, name in zip(rows, names, strict=True):
            if name in unknown:
                values.wrong(FIELD, f"the ledger has no {name}", "import volunteers first, or correct the id")
        return ["" if name in unknown else name for name in names]

    def _named(self, values: Values) -> str:
        cell = values.text(FIELD, CHARACTERS_MAX)
        if not cell:
            values.wrong(FIELD, "empty", "say whose row it is")
        elif is_identity_number(cell):
            values.wrong(FIELD, "this is an identity number", 'say which: defaults.identity_type = "national_id"')
        else:
            return volunteer_name(self._system, cell)
        return ""

    async def _looked_up(self, values: Values) -> str:
        number = values.text(FIELD, CHARACTERS_MAX)
        if not number or VOLUNTEER.fullmatch(number):
            return number or self._named(values)
        type_ = identity_type(values)
        if type_ is None:
            return ""
        key = (type_, number, values.code("country"))
        holder = self._held.get(key)
        if holder is None:
            asked = await self._questions.holder_of(Identity(type=type_, number=number, country=key[2]))
            if isinstance(asked, status_pb2.Status):
                values.wrong(FIELD, self._words(asked), "")
                return ""
            if len(self._held) > REMEMBERED_MAX:
                self._held.clear()
            holder = self._held[key] = asked
        if not holder:
            values.wrong(FIELD, "nobody is registered with this identity", "import volunteers first, or correct it")
        return holder


def identity_type(values: Values) -> IdentityType.ValueType | None:
    """The kind of document that a row names; None, with a problem told, for none."""
    word = values.code("identity_type").upper()
    if f"{_TYPE}{word}" in IdentityType.keys()[1:]:
        return IdentityType.Value(f"{_TYPE}{word}")
    known = ", ".join(name.removeprefix(_TYPE).lower() for name in IdentityType.keys()[1:])
    values.wrong("identity_type", f"{shown(word.lower())} is no kind of document", f"write one of {known}")
    return None


def is_identity_number(text: str) -> bool:
    """Whether somebody would put an identity number where an id stands: ids are readable in every event, for ever."""
    bare = plain(text).replace("-", "").replace(" ", "")
    return _NATIONAL.fullmatch(bare) is not None and passes_luhn(bare)
