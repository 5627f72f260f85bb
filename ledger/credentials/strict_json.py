"""JSON that every reader takes in one way: RFC 8259 leaves open what a member means that is there twice.

Two programs could then read two statements out of the same signed bytes.
"""

from __future__ import annotations

import json
from typing import Final

import msgspec

from ledger.transparency.failures import Malformed


def need_one_reading(data: bytes, form: str) -> None:
    """Raise Malformed unless this is a JSON object in UTF-8 without a repeated member, null or a half surrogate."""
    try:
        if _is_as_we_write(data):
            return
        text = data.decode("utf-8")
        members: object = _JSON.decode(text)
        # A half of a surrogate pair may be escaped: then it is no character in any text made of it.
        json.dumps(members, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Malformed(form, f"it must be JSON in UTF-8, each member once and none of them null: {error}") from error
    if not isinstance(members, dict):
        raise Malformed(form, "it must be a JSON object")


def _is_as_we_write(data: bytes) -> bool:
    """What is read and written again is the same bytes only if no member was repeated (a dict drops one)."""
    if not data.startswith(b"{") or b"null" in data or b"\\" in data:
        return False
    return msgspec.json.encode(msgspec.json.decode(data)) == data


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    if None in members.values():
        raise ValueError("what has no value must be absent, not null")
    return members


def _no_number(text: str) -> object:
    raise ValueError(f"a number must be whole, not {text[:30]}")


_JSON: Final = json.JSONDecoder(object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
