"""Do the witnesses answer, where do they stand, and did they cosign what is published?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg

from ledger.doctoring.diagnosis import Diagnosis, ok, warn, wrong
from ledger.log_keeping.witness_asked import HINTS
from ledger.log_keeping.witness_call import Cosigned, NoAnswer, OtherSize, Refused, WitnessCaller
from ledger.settings import Settings
from ledger.transparency.checkpoint import parse_checkpoint_text
from ledger.transparency.failures import TransparencyFailure
from ledger.transparency.signed_note import Note, format_note, parse_note
from ledger.transparency.witness_protocol import AddCheckpoint
from ledger.witness_quorum import Quorum, Witness, quorum_of

_NEWEST_SQL: Final = """
    select distinct on (partition) partition, size, checkpoint from log_checkpoints order by partition, size desc
"""
# Where events were cut off, the counter still says what it said.
_HEAD_SQL: Final = """
    select least(position, (select coalesce(max(position), 0) from events where partition = counters.partition))
    from partition_counters as counters where partition = %s
"""


@dataclass(frozen=True, slots=True)
class _Newest:
    """What is published of one partition."""

    partition: int
    size: int
    note: bytes


def witnesses(settings: Settings) -> Iterator[Diagnosis]:
    """Each witness asked for the newest published checkpoint of each partition. Raises WrongSetting."""
    quorum = quorum_of(settings)
    if not quorum.witnesses:
        yield ok("witnesses", "LEDGER_WITNESSES is not set: nobody cosigns checkpoints before they are published")
        return
    if 2 * quorum.required <= len(quorum.witnesses):
        told = f"LEDGER_WITNESSES_REQUIRED is {quorum.required} of {len(quorum.witnesses)}"
        yield warn("witnesses", f"{told}: two histories could each find so many; require more than half")
    if not settings.log_keeper_database:
        return
    with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
        newest = [_Newest(row[0], row[1], bytes(row[2])) for row in connection.execute(_NEWEST_SQL)]
        for one in newest:
            yield _quorum_under(one, quorum)
        for witness in quorum.witnesses:
            yield from _standing_of(witness, newest, connection)


def _quorum_under(newest: _Newest, quorum: Quorum) -> Diagnosis:
    name = f"quorum, partition {newest.partition}"
    try:
        count = len(quorum.cosigners(newest.note))
    except TransparencyFailure as failure:
        return wrong(name, f"the published checkpoint of size {newest.size} carries a wrong signature: {failure}")
    told = f"{count} of {len(quorum.witnesses)} witnesses cosigned size {newest.size}, {quorum.required} are required"
    return ok(name, told) if count >= quorum.required else warn(name, f"{told}: it was published without its quorum")


def _standing_of(
    witness: Witness, newest: list[_Newest], connection: psycopg.Connection[tuple[object, ...]]
) -> Iterator[Diagnosis]:
    if not newest:
        yield warn(f"witness {witness.name}", "was not asked: nothing is published yet; does it know the log's keys?")
    caller = WitnessCaller(witness)
    for one in newest:
        name = f"witness {witness.name}, partition {one.partition}"
        match caller.ask_now(*_question(one)):
            case Cosigned():
                yield ok(name, f"cosigned size {one.size} just now; it had cosigned nothing of this log")
            case OtherSize(size) if size < one.size:
                yield warn(name, f"cosigned size {size}, {one.size - size} behind what is published")
            case OtherSize(size):
                row = connection.execute(_HEAD_SQL, [one.partition]).fetchone()
                head = 0 if row is None else row[0]
                if isinstance(head, int) and size > head:
                    yield wrong(name, f"cosigned size {size}, the store ends at {head}: two histories, or lost events")
                else:
                    yield ok(name, f"cosigned size {size}; published is {one.size}")
            case Refused(status, reason):
                yield warn(name, f"refuses with {status}: {HINTS.get(status, reason)}")
            case NoAnswer(reason):
                yield warn(name, f"does not answer on {witness.url}: {reason}")
                return


def _question(newest: _Newest) -> tuple[AddCheckpoint, bytes]:
    """What is published, from size 0: a witness that has cosigned anything names its size and changes nothing."""
    note = parse_note(newest.note)
    origin = parse_checkpoint_text(note.text).origin
    own = Note(note.text, tuple(line for line in note.signatures if line.name == origin))
    return AddCheckpoint(0, (), format_note(own)), note.text
