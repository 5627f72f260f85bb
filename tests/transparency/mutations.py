"""Changed proofs, checkpoints and requests, at random from a seed: most by structure, some by bytes.

Structure is what somebody who knows the format would change: swapped proofs, keys, sizes, trees, signatures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from functools import cache

from ledger.transparency.line_grammar import base64_text
from ledger.transparency.signed_note import NoteSignature, parse_note
from ledger.transparency.tlog_proof import HEADER, TlogProof
from ledger.transparency.trust_policy import TrustPolicy
from tests.transparency.sample_log import SampleLog, sample_entries

SIZES = (1, 2, 3, 7, 8, 100, 255, 256, 257, 300, 511, 512)
ORIGIN = "log.example/hours/0"


@dataclass
class Logs:
    """The log that is believed, a fork of it under the same keys, an impostor of its name, and a log beside it."""

    chance: random.Random
    own: SampleLog = field(default_factory=lambda: SampleLog(ORIGIN, sample_entries(512)))
    fork: SampleLog = field(
        default_factory=lambda: SampleLog(ORIGIN, [*sample_entries(200), *sample_entries(312, "forked")])
    )
    impostor: SampleLog = field(default_factory=lambda: SampleLog(ORIGIN, sample_entries(512), seed=2))
    beside: SampleLog = field(default_factory=lambda: SampleLog("log.example/hours/1", sample_entries(512, "beside")))

    def __post_init__(self) -> None:
        self.checkpoint = cache(lambda number, size: self.all[number].checkpoint(size))
        self.signed = {
            (size, log.tree.root(size)): log.entries[:size] for log in (self.own, self.fork) for size in SIZES
        }
        """What the believed keys have signed: the truth that every verdict is compared with."""

    @property
    def all(self) -> tuple[SampleLog, ...]:
        return (self.own, self.fork, self.impostor, self.beside)

    @property
    def policy(self) -> TrustPolicy:
        return self.own.policy()

    def any_log(self) -> int:
        return self.chance.choice((0, 0, 0, 1, 2, 3))

    def any_size(self) -> int:
        return self.chance.choice(SIZES)

    def any_checkpoint(self) -> bytes:
        return self.checkpoint(self.any_log(), self.any_size())


def change_checkpoint(logs: Logs, data: bytes) -> bytes:
    """By structure."""
    chance, note, other = logs.chance, parse_note(data), parse_note(logs.any_checkpoint())
    lines, foreign = list(note.signatures), chance.choice(other.signatures)
    head = data.split(b"\n")
    match chance.randrange(9):
        case 0:
            return logs.any_checkpoint()
        case 1:  # The signatures of another head under this text.
            return written(note.text, other.signatures)
        case 2:
            lines[chance.randrange(len(lines))] = foreign
        case 3:
            del lines[chance.randrange(len(lines))]
        case 4:  # One signer's signature as another's.
            first, second = chance.sample(range(len(lines)), 2)
            lines[first] = replace(lines[second], name=lines[first].name, key_id=lines[first].key_id)
        case 5:
            head[1] = b"%d" % logs.any_size()
            return b"\n".join(head)
        case 6:
            head[2] = other.text.split(b"\n")[2]
            return b"\n".join(head)
        case 7:
            head[0] = other.text.split(b"\n")[0] + chance.choice((b"", b"/balances"))
            return b"\n".join(head)
        case _:
            lines.insert(chance.randrange(len(lines) + 1), foreign)
            chance.shuffle(lines)
    return written(note.text, tuple(lines))


def written(text: bytes, lines: tuple[NoteSignature, ...]) -> bytes:
    """A note without the care that `format_note` takes."""
    return text + b"\n" + "".join(line.line() for line in lines).encode()


def change_hashes(logs: Logs, hashes: list[bytes]) -> list[bytes]:
    """By structure: hashes of the right length in the wrong place."""
    chance = logs.chance
    tree = chance.choice(logs.all).tree
    size = logs.any_size()
    others = [*tree.inclusion_proof(chance.randrange(size), size), tree.root(size), tree.leaf_hash(size - 1)]
    changed = list(hashes)
    at = chance.randrange(len(changed) + 1)
    match chance.randrange(6):
        case 0:
            changed.insert(at, chance.choice(others))
        case 1:
            del changed[at : at + 1]
        case 2:
            chance.shuffle(changed)
        case 3:
            changed[at : at + 1] = [chance.choice(others)]
        case 4:
            changed = changed[:at]
        case _:
            return others[:-2]
    return changed


def change_proof(logs: Logs, proof: TlogProof, event: bytes) -> tuple[TlogProof, bytes]:
    """By structure: proof, index, event, checkpoint."""
    chance = logs.chance
    log = logs.all[logs.any_log()]
    size = logs.any_size()
    index = chance.randrange(size)
    match chance.randrange(8):
        case 0:
            return proof, log.entries[index]
        case 1:
            return replace(proof, index=chance.choice((index, proof.index ^ 1, proof.index + 512, 2**62))), event
        case 2:
            return replace(proof, hashes=tuple(change_hashes(logs, list(proof.hashes)))), event
        case 3:
            return replace(proof, hashes=tuple(log.tree.inclusion_proof(index, size))), event
        case 4:
            return replace(proof, checkpoint=change_checkpoint(logs, proof.checkpoint)), event
        case 5:
            return TlogProof(index, tuple(log.tree.inclusion_proof(index, size)), logs.any_checkpoint()), event
        case 6:  # A node of the tree as an entry.
            pair = proof.index & ~1
            inner = logs.own.tree.leaf_hash(pair) + logs.own.tree.leaf_hash(pair | 1)
            return replace(proof, index=proof.index // 2, hashes=proof.hashes[1:]), inner
        case _:
            return proof, chance.choice((event + b" ", event[:-1], event * 2, b"", proof.checkpoint))


def change_bytes(chance: random.Random, data: bytes) -> bytes:
    """Without knowing what they mean."""
    changed = bytearray(data)
    at, end = sorted(chance.choices(range(len(data) + 1), k=2))
    match chance.randrange(6):
        case 0 | 1:
            changed[at % len(data)] ^= 1 << chance.randrange(8)
        case 2:
            del changed[at : at + chance.randrange(1, 5)]
        case 3:
            changed[at:at] = chance.randbytes(chance.randrange(1, 5))
        case 4:
            lines = data.split(b"\n")
            first, second = chance.choices(range(len(lines)), k=2)
            lines[first], lines[second] = lines[second], lines[first]
            return b"\n".join(lines)
        case _:
            return data[at:end] if chance.random() < 0.5 else data[:at] + data[end:]
    return bytes(changed)


def loosely_written(proof: TlogProof) -> bytes:
    """A proof file without the care that `format_tlog_proof` takes."""
    lines = [HEADER, f"index {proof.index}", *map(base64_text, proof.hashes)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + proof.checkpoint
