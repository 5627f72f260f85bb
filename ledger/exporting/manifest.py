"""`manifest.json` of an export: which logs lie beside it, how long they are and what their roots are.

It repeats what the signed notes say and is signed by nobody. What it claims is believed only where the notes agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import SIZE_MAX, base64_text, read_hash

MANIFEST: Final = "manifest.json"
MANIFEST_BYTES_MAX: Final = 4 * 1024 * 1024
FORMAT: Final = "volunteer-hours-export"
VERSION: Final = 1
PARTITIONS_MAX: Final = 1_024

_FORM: Final = "manifest"
_MEMBERS: Final = frozenset({"format", "version", "ledger_id", "partitions"})
_OF_A_LOG: Final = frozenset({"partition", "origin", "size", "root"})
_MAP_ROOT: Final = "map_root"
_LEDGER_ID: Final = re.compile("[!-~]{1,255}")
_ORIGIN: Final = re.compile("[!-*,-~]{1,246}")
"""So that the note's name, longer by `/balances`, fits into a signature too (`docs/transparency.md`, A checkpoint)."""


@dataclass(frozen=True, slots=True)
class ExportedLog:
    """The log of one partition, as far as it was exported."""

    partition: int
    origin: str
    size: int
    """Events: positions 1 to this one."""
    root: bytes
    """Of the log at this size."""
    map_root: bytes | None
    """Of the balance map at this size; None where there are no events."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of an export."""

    ledger_id: str
    logs: tuple[ExportedLog, ...]
    """By partition, from 0 on without a gap."""

    @property
    def partitions(self) -> int:
        """How many the ledger has."""
        return len(self.logs)

    def plain(self) -> dict[str, object]:
        """For machines: the members of `manifest.json`."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "ledger_id": self.ledger_id,
            "partitions": [_told(log) for log in self.logs],
        }

    def to_bytes(self) -> bytes:
        """What is written. Raises Malformed for a manifest that could not be read back."""
        data = json.dumps(self.plain(), ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass") + b"\n"
        if read_manifest(data) != self:
            raise Malformed(_FORM, "its logs must stand in order of partition")
        return data


def read_manifest(data: bytes) -> Manifest:
    """Read `manifest.json`.

    Raises:
        Malformed: a member is missing, repeated, unknown or of the wrong kind; the message names it.
    """
    if len(data) > MANIFEST_BYTES_MAX:
        raise Malformed(_FORM, f"it must have at most {MANIFEST_BYTES_MAX} bytes")
    try:
        told: object = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_int=_digits)
    except (ValueError, RecursionError) as error:
        raise Malformed(_FORM, f"it must be a JSON object in UTF-8: {error}") from error
    members = _object(told, "it", _MEMBERS)
    if members["format"] != FORMAT:
        raise Malformed(_FORM, f"format must be {FORMAT!r}, not {_short(members['format'])}")
    if _whole(members["version"], "version") != VERSION:
        raise Malformed(_FORM, f"version must be {VERSION}, which this program knows, not {_short(members['version'])}")
    logs = members["partitions"]
    if not isinstance(logs, list) or not 1 <= len(logs) <= PARTITIONS_MAX:
        raise Malformed(_FORM, f"partitions must be an array of 1 to {PARTITIONS_MAX} objects, one a partition")
    read = tuple(_log(number, each) for number, each in enumerate(logs))
    if len({log.origin for log in read}) != len(read):
        raise Malformed(_FORM, "origins of partitions must differ from each other")
    return Manifest(_text(members["ledger_id"], "ledger_id", _LEDGER_ID), read)


def need_ledger_id(ledger_id: str) -> None:
    """Raise Malformed for an id that no ledger can have."""
    _text(ledger_id, "ledger_id", _LEDGER_ID)


def _log(number: int, told: object) -> ExportedLog:
    what = f"partitions[{number}]"
    named = told if isinstance(told, dict) else {}
    members = _object(told, what, _OF_A_LOG | ({_MAP_ROOT} if _MAP_ROOT in named else frozenset()))
    partition, size = _whole(members["partition"], f"{what}.partition"), _whole(members["size"], f"{what}.size")
    if partition != number:
        raise Malformed(_FORM, f"{what}.partition must be {number}: all partitions, in order; it is {partition}")
    if (size > 0) != (_MAP_ROOT in members):
        raise Malformed(_FORM, f"{what}.map_root must be there if and only if there are events; size is {size}")
    return ExportedLog(
        partition,
        _text(members["origin"], f"{what}.origin", _ORIGIN),
        size,
        _root(members["root"], f"{what}.root"),
        _root(members[_MAP_ROOT], f"{what}.{_MAP_ROOT}") if size else None,
    )


def _told(log: ExportedLog) -> dict[str, object]:
    told: dict[str, object] = {
        "partition": log.partition,
        "origin": log.origin,
        "size": log.size,
        "root": base64_text(log.root),
    }
    return told if log.map_root is None else {**told, _MAP_ROOT: base64_text(log.map_root)}


def _object(told: object, what: str, wanted: frozenset[str]) -> Mapping[str, object]:
    if not isinstance(told, dict):
        raise Malformed(_FORM, f"{what} must be a JSON object")
    if told.keys() != wanted:
        missing, unknown = sorted(wanted - told.keys()), [_short(name) for name in sorted(told.keys() - wanted)[:5]]
        raise Malformed(_FORM, f"{what} must have the members {sorted(wanted)}; missing {missing}, unknown {unknown}")
    return told


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"the member {_short(name)} appears twice")
        members[name] = value
    return members


def _whole(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= SIZE_MAX:
        raise Malformed(_FORM, f"{what} must be a whole number from 0 to {SIZE_MAX}, not {_short(value)}")
    return value


def _text(value: object, what: str, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise Malformed(_FORM, f"{what} must be a text like {form.pattern}, not {_short(value)}")
    return value


def _root(value: object, what: str) -> bytes:
    if not isinstance(value, str):
        raise Malformed(_FORM, f"{what} must be a hash in base64, not {_short(value)}")
    return read_hash(value, _FORM, what)


def _digits(text: str) -> int:
    # 19 digits hold every size; thousands of them would only keep us busy. -0 is none of this format's numbers.
    if not text.isdecimal() or len(text) > len(str(SIZE_MAX)):
        raise ValueError(f"{text[:30]} is no number from 0 to {SIZE_MAX}")
    return int(text)


def _short(value: object) -> str:
    return ascii(value)[:80]
