"""`verify` for a balance proof file: offline, by numbered steps, with a list of entries and a checkpoint if given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from ledger.commands.verdicts import Told, signer, signer_text
from ledger.transparency.account_balance import AccountBalance
from ledger.transparency.entry_chain import CLASS_NUMBERS, Entry
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_hash
from ledger.transparency.steps import step
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verify import CheckpointVerdict
from ledger.transparency.verify_balance import verify_entries
from ledger.transparency.verify_balance_file import (
    ENTRIES_FIRST_STEP,
    BalanceFileVerdict,
    verify_balance_file,
    verify_checkpoint_of_note,
)

ENTRIES_BYTES_MAX: Final = 256 * 1024 * 1024
_FORM: Final = "entries"
_CLASSES: Final = tuple(CLASS_NUMBERS)[1:]


class _ListedEntry(msgspec.Struct):
    """One entry as `entries --json` prints it; what decides nothing here is passed over."""

    position: int
    entry_index: int
    from_class: str
    to_class: str
    seconds: int
    service_date: str
    reason: str
    attendance: str
    event_leaf_hash: str


class _Listed(msgspec.Struct):
    entries: list[_ListedEntry]


def balance_check(data: bytes, entries: bytes | None, checkpoint: bytes | None) -> Callable[[TrustPolicy], Told]:
    """What is to be checked: a balance proof file, the whole list of entries, the checkpoint behind the note."""

    def check(policy: TrustPolicy) -> Told:
        verdict = verify_balance_file(data, policy)
        said = verdict.balance
        if entries is not None:
            with step(ENTRIES_FIRST_STEP, "the list is one that `entries --json` printed"):
                listed = _listed(entries)
            verify_entries(said.holder, listed, said.balance, first=ENTRIES_FIRST_STEP)
        behind = None if checkpoint is None else verify_checkpoint_of_note(checkpoint, said.note, policy)
        return _told(verdict, behind, whole_list=entries is not None)

    return check


def _listed(data: bytes) -> list[Entry]:
    try:
        listed = msgspec.json.decode(data, type=_Listed)
        return [
            Entry(
                position=one.position,
                entry_index=one.entry_index,
                from_class=CLASS_NUMBERS[one.from_class],
                to_class=CLASS_NUMBERS[one.to_class],
                seconds=one.seconds,
                service_date=one.service_date,
                reason=one.reason,
                attendance=one.attendance,
                event_leaf_hash=read_hash(one.event_leaf_hash, _FORM, "event_leaf_hash"),
            )
            for one in listed.entries
        ]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise Malformed(_FORM, f"it must be what `hours-ledger entries NAME --json` prints: {error}") from error


def _told(verdict: BalanceFileVerdict, behind: CheckpointVerdict | None, *, whole_list: bool) -> Told:
    said, balance = verdict.balance, verdict.balance.balance
    note = said.note
    document = {
        "verified": "balance",
        "holder": said.holder,
        "known": said.is_known,
        **_seconds(balance),
        "entry_count": balance.entry_count,
        "entries_head": base64_text(balance.head),
        "entries": "all" if whole_list else None,
        "origin": note.log_origin,
        "partition": note.partition,
        "partitions": note.partitions,
        "size": note.size,
        "root": base64_text(note.log_root),
        "map_root": base64_text(note.map_root),
        "signed_by": [signer(one) for one in verdict.signed],
        "witnesses": sorted({one.key.name for one in behind.cosigned}) if behind else [],
    }
    return Told(document, (_sentence(verdict), *_lines(verdict, behind, whole_list=whole_list)))


def _sentence(verdict: BalanceFileVerdict) -> str:
    said = verdict.balance
    if said.is_known:
        return f"verified: these are all the hours of {said.holder} in the first {said.note.size} events"
    return f"verified: the first {said.note.size} events hold no hours of {said.holder}"


def _lines(verdict: BalanceFileVerdict, behind: CheckpointVerdict | None, *, whole_list: bool) -> list[str]:
    said, balance = verdict.balance, verdict.balance.balance
    held = [f"{name} {seconds} s" for name, seconds in zip(_CLASSES, balance.seconds, strict=True) if seconds]
    lines = [f"  {', '.join(held)}; {balance.entry_count} entries"] if held or said.is_known else []
    if whole_list:
        lines.append(
            "  the list of entries is whole: none is missing, added or moved, and of each are proven position,"
        )
        lines.append("  classes, seconds, date, reason, attendance and event; what else it shows says the event itself")
    note = said.note
    lines.append(f"  log {note.log_origin}, partition {note.partition} of {note.partitions}, size {note.size}")
    lines.append(f"  map root {base64_text(note.map_root)}")
    signed = [*verdict.signed, *(behind.signed if behind else ())]
    return [*lines, *(f"  signed by {signer_text(one)}" for one in signed)]


def _seconds(balance: AccountBalance) -> dict[str, int]:
    recorded = sum(balance.seconds) - balance.reversed_seconds
    named = {f"{name}_seconds": seconds for name, seconds in zip(_CLASSES, balance.seconds, strict=True)}
    return {**named, "recorded_seconds": recorded}
