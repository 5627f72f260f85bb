"""JSON that every reader takes in one way: RFC 8259 leaves open what a member means that is there twice.

Two programs could then read two statements out of the same signed bytes.
"""

from __future__ import annotations

import json
from typing import Final, TypeAlias

import msgspec

from ledger.transparency.failures import Malformed


def need_one_reading(data: bytes, form: str) -> None:
    """Raise Malformed unless this is JSON in UTF-8 without a repeated member, null, fraction or half surrogate."""
    try:
        if _is_as_we_write(data):
            return
        text = data.decode("utf-8")
        value: object = _JSON.decode(text)
        # A half of a surrogate pair may be escaped: then it is no character in any text made of it.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Malformed(form, f"it must be JSON in UTF-8, each member once and none of them null: {error}") from error


def _is_as_we_write(data: bytes) -> bool:
    """Many times as quick as to look closer, and good for all that this ledger writes.

    What is read and written again is the same bytes only if no member was repeated (a dict drops one) and no text or
    number has a second spelling.
    """
    try:
        return msgspec.json.encode(_PLAIN.decode(data)) == data
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    if None in members.values():
        raise ValueError("what has no value must be absent, not null")
    return members


def _no_number(text: str) -> object:
    raise ValueError(f"a number must be whole, not {text[:30]}")


_Plain0: TypeAlias = str | bool | int
_Plain1: TypeAlias = _Plain0 | list[_Plain0] | dict[str, _Plain0]
_Plain2: TypeAlias = _Plain0 | list[_Plain1] | dict[str, _Plain1]
_Plain3: TypeAlias = _Plain0 | list[_Plain2] | dict[str, _Plain2]
_Plain4: TypeAlias = _Plain0 | list[_Plain3] | dict[str, _Plain3]
"""Neither null nor a fraction, to the depth that a statement reaches."""

_PLAIN: Final = msgspec.json.Decoder(_Plain4)
_JSON: Final = json.JSONDecoder(object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
