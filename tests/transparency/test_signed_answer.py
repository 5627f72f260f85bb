"""Signed answers: strict text, one file, numbered steps; and nothing changed has a verdict for what was not signed."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ledger.answer_keys import AnswerKeys
from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.failures import Malformed, StepFailed
from ledger.transparency.signed_answer import (
    FILE_HEADER,
    LogHead,
    SignedAnswer,
    format_answer_file,
    need_lines_signed,
    parse_answer,
    parse_answer_file,
)
from ledger.transparency.signed_note import parse_note
from ledger.transparency.signing import SeedSigner, sign_checkpoint
from ledger.transparency.tree_hash import EMPTY_ROOT, leaf_hashes, root_of
from ledger.transparency.trust_policy import TrustPolicy, read_policy
from ledger.transparency.verifier_key import SignatureType
from ledger.transparency.verify_answer import steps_of, verify_answer
from tests.transparency.go_checks import ask_go
from tests.transparency.mutations import change_bytes, written
from tests.transparency.sample_log import SIGNED_AT, SampleLog, sample_entries

ORIGIN = "log.example/hours"
METHOD = "volunteer_hours.v1.HoursService/GetBalance"
LOGS = [SampleLog(f"{ORIGIN}/{number}", sample_entries(40, f"log {number}")) for number in range(3)]
KINDS = (SignatureType.ED25519, SignatureType.ML_DSA_44)
SIGNERS = [SeedSigner(f"{ORIGIN}/answers", kind, bytes([kind] * 32)) for kind in KINDS]
KEYS = AnswerKeys(SIGNERS)
OTHER_KEYS = AnswerKeys.fresh(ORIGIN)
SIZES = (7, 20, 33)
POLICIES = {log.origin: log.policy() for log in LOGS}
PAGE = (Path(__file__).parents[2] / "docs" / "signed-answers.md").read_text("utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def answer(
    question: bytes = b"question", result: bytes = b"result", sizes: Sequence[int] = (7, 20, 33)
) -> SignedAnswer:
    heads = tuple(LogHead(log.origin, size, log.tree.root(size)) for log, size in zip(LOGS, sizes, strict=False))
    return SignedAnswer(ORIGIN, METHOD, question, result, heads)


@cache
def checkpoint(number: int, size: int) -> bytes:
    return LOGS[number].checkpoint(size)


def checkpoints(sizes: Sequence[int] = SIZES) -> list[bytes]:
    return [checkpoint(number, size) for number, size in enumerate(sizes)]


def failed_step(note: bytes, notes: Sequence[bytes], policies: dict[str, TrustPolicy] | None = None) -> int:
    with pytest.raises(StepFailed) as failed:
        verify_answer(note, notes, KEYS.policy, POLICIES if policies is None else policies)
    return failed.value.number


def signed_loosely(checkpoint: Checkpoint) -> bytes:
    """Signed by the service's keys although `SignedAnswer` would not have said it."""
    return sign_checkpoint(checkpoint, SIGNERS, SIGNED_AT)


def rooted(*lines: str) -> bytes:
    """Signed, and true of its lines, whatever they say."""
    root = root_of(leaf_hashes(line.encode() for line in lines))
    return signed_loosely(Checkpoint(KEYS.name, len(lines), root, lines))


@pytest.mark.parametrize("sizes", [(7,), (7, 20, 33), (1, 40, 1)])
@pytest.mark.parametrize("length", [0, 1, 100_000])
def test_what_was_signed_verifies_and_reads_as_it_was_written(sizes, length):
    given = answer(b"\x00" * length, random.Random(length).randbytes(length), sizes)
    note, behind = KEYS.sign(given, SIGNED_AT), checkpoints(sizes)
    verdict = verify_answer(note, behind, KEYS.policy, POLICIES)
    assert verdict.answer == given
    assert [one.unix_seconds for one in verdict.note.signed] == [None, SIGNED_AT]
    assert [len(log.cosigned) for log in verdict.logs] == [2] * len(sizes)
    assert parse_answer_file(format_answer_file(note, behind)) == (note, tuple(behind))


def test_an_empty_log_is_named_like_the_others():
    heads = (LogHead(LOGS[0].origin, 7, LOGS[0].tree.root(7)), LogHead(LOGS[1].origin, 0, EMPTY_ROOT))
    given = SignedAnswer(ORIGIN, METHOD, b"", b"", heads)
    empty = sign_checkpoint(Checkpoint(LOGS[1].origin, 0, EMPTY_ROOT), LOGS[1].signers, SIGNED_AT)
    verdict = verify_answer(KEYS.sign(given, SIGNED_AT), [LOGS[0].checkpoint(7), empty], KEYS.policy, POLICIES)
    assert verdict.answer == given
    with pytest.raises(Malformed, match="is empty"):
        replace(given, logs=(replace(heads[0], size=0),))


@pytest.mark.parametrize(
    "changes",
    [
        {"log_origin": "log.example/hours "},
        {"log_origin": "log.example+hours"},
        {"log_origin": "x" * 260},
        {"log_origin": "log.example/others"},
        {"method": "GetBalance"},
        {"method": "a/b\nresult"},
        {"method": "a/b c"},
        {"logs": ()},
        {"logs": answer().logs[::-1]},
        {"logs": answer().logs[1:]},
        {"logs": (replace(answer().logs[0], size=2**63),)},
        {"logs": (replace(answer().logs[0], root=b"\x00" * 31),)},
    ],
)
def test_what_could_not_be_read_back_cannot_be_said(changes):
    with pytest.raises(Malformed):
        replace(answer(), **changes)


def test_each_step_can_fail():
    given, notes = answer(), checkpoints()
    note = KEYS.sign(given, SIGNED_AT)
    other = KEYS.sign(answer(b"another question"), SIGNED_AT)
    head, (question, result, *logs) = given.checkpoint(), given.lines()
    swapped = replace(head, extension=(question, answer(result=b"more").lines()[1], *logs))
    for number, changed_note, changed_notes in (
        (1, b"nothing", notes),
        (2, b"one line\n\n" + note.partition(b"\n\n")[2], notes),
        (3, note.replace(b"hours/answers\n", b"hours/replies\n", 1), notes),
        (3, notes[0], notes),
        (4, note.replace(b"\nresult ", b"\nresult AA", 1), notes),
        (4, written(parse_note(note).text, parse_note(other).signatures), notes),
        (5, written(parse_note(note).text, parse_note(note).signatures[1:]), notes),
        (6, written(parse_note(note).text, parse_note(note).signatures[:1]), notes),
        (8, signed_loosely(replace(head, size=head.size + 1)), notes),
        (8, signed_loosely(swapped), notes),
        (9, rooted(result), notes),
        (9, rooted(result, *logs), notes),
        (9, rooted(question, result), notes),
        (9, rooted(question, result, *logs, "one more"), notes),
        (9, rooted(question, result, *logs[::-1]), notes),
        (9, rooted(question, result, *logs[1:]), notes),
        (9, rooted(f"{question} ", result, *logs), notes),
        (9, rooted(question, f"{result}=", *logs), notes),
        (9, rooted(question, result, logs[0].replace(" 7 ", " 07 "), *logs[1:]), notes),
        (10, note, notes[:2]),
        (10, note, [*notes, notes[0]]),
        (11, note, [b"nothing", *notes[1:]]),
        (13, note, [notes[1], notes[0], notes[2]]),
        (18, note, [LOGS[0].checkpoint(8), *notes[1:]]),
        (26, note, [notes[0], LOGS[1].checkpoint(21), notes[2]]),
        (34, note, [*notes[:2], LOGS[2].checkpoint(1)]),
        (33, note, [*notes[:2], LOGS[2].checkpoint(33, LOGS[2].signers[:3])]),
    ):
        assert failed_step(changed_note, changed_notes) == number, (number, changed_note[:200])
    assert failed_step(note, notes, {}) == 10
    assert failed_step(note, notes, {**POLICIES, LOGS[1].origin: LOGS[0].policy()}) == 21
    assert failed_step(OTHER_KEYS.sign(given, SIGNED_AT), notes) == 5
    assert steps_of(3) == 34


def test_a_failure_names_the_answer_s_note_and_the_service():
    """What lacks is a signature of the service: nobody must look for it in a checkpoint, or at the log."""
    note = KEYS.sign(answer(), SIGNED_AT)
    text, signatures = parse_note(note).text, parse_note(note).signatures
    other = parse_note(KEYS.sign(answer(b"another question"), SIGNED_AT)).signatures
    for changed, holds in (
        (written(text, other), "the signatures of known keys in the answer's note are theirs"),
        (written(text, signatures[1:]), "the answer's note is signed by the service's Ed25519 key"),
        (written(text, signatures[:1]), "the answer's note is signed by the service's ML-DSA-44 key"),
    ):
        with pytest.raises(StepFailed) as failed:
            verify_answer(changed, checkpoints(), KEYS.policy, POLICIES)
        assert failed.value.step == holds


def test_size_and_root_say_every_byte_below_them():
    """So the ML-DSA-44 signature, which covers no more, covers the whole answer."""
    head = answer().checkpoint()
    need_lines_signed(head)
    for number, line in enumerate(head.extension):
        for changed in (line + "x", line[:-1], ""):
            lines = (*head.extension[:number], changed, *head.extension[number + 1 :])
            with pytest.raises(Malformed):
                need_lines_signed(replace(head, extension=lines))
    with pytest.raises(Malformed):
        need_lines_signed(replace(head, extension=head.extension[:-1]))
    assert parse_answer(parse_checkpoint_text(head.text())) == answer()


def test_a_signature_of_one_answer_fits_no_other_and_no_checkpoint():
    first, second = KEYS.sign(answer(), SIGNED_AT), KEYS.sign(answer(result=b"other"), SIGNED_AT)
    for signatures in (parse_note(second).signatures, parse_note(LOGS[0].checkpoint(7)).signatures):
        mixed = written(parse_note(first).text, signatures)
        assert failed_step(mixed, checkpoints()) in (4, 5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        FILE_HEADER.encode(),
        FILE_HEADER.encode() + b"\n\n",
        FILE_HEADER.encode() + b"\n\ntext\n\nsignatures",
        FILE_HEADER.encode() + b"\n\ntext\n\nsignatures\n\ntext\n",
        FILE_HEADER.upper().encode() + b"\n\ntext\n\nsignatures\n",
        FILE_HEADER.encode() + b"\n\ntext\n\nsignatures\xff\n",
        FILE_HEADER.encode() + b"\r\n\r\ntext\n\nsignatures\n",
    ],
)
def test_what_is_no_file_is_refused(data):
    with pytest.raises(Malformed):
        parse_answer_file(data)


@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.proof)])
def test_no_changed_file_has_a_verdict_for_what_was_not_signed(seed, count):
    chance = random.Random(seed)
    given = [answer(bytes([number]), bytes([number] * 3), (number + 1, 20, 33)) for number in range(4)]
    notes = [KEYS.sign(one, SIGNED_AT) for one in given]
    forged = [OTHER_KEYS.sign(one, SIGNED_AT) for one in given]
    outcomes = dict.fromkeys(range(steps_of(3) + 1), 0)
    for _ in range(count):
        number = chance.randrange(4)
        note, behind = notes[number], checkpoints((number + 1, 20, 33))
        match chance.randrange(8):
            case 0:
                note = change_bytes(chance, note)
            case 1:
                note = forged[number]
            case 2:  # another answer's text, or its signatures
                note = written(parse_note(note).text, parse_note(chance.choice(notes)).signatures)
            case 3:  # a line of another answer, or of a log
                lines = note.split(b"\n")
                at = chance.randrange(7)
                lines[at] = chance.choice((*notes, *behind)).split(b"\n")[min(at, 2) if chance.random() < 0.3 else 0]
                note = b"\n".join(lines)
            case 4:
                behind[chance.randrange(3)] = checkpoint(chance.randrange(3), chance.randint(1, 40))
            case 5:
                behind = behind[:2] if chance.random() < 0.5 else behind[::-1]
            case 6:
                behind[0] = change_bytes(chance, behind[0])
            case _:
                note = note.replace(b" 20 ", b" 21 ")
        try:
            file = format_answer_file(note, behind)
            verdict = verify_answer(*parse_answer_file(file), KEYS.policy, POLICIES)
        except Malformed:
            outcomes[1] += 1
            continue
        except StepFailed as failure:
            outcomes[failure.number] += 1
            continue
        outcomes[0] += 1
        assert verdict.answer in given
        for log, head in zip(verdict.logs, verdict.answer.logs, strict=True):
            assert (log.checkpoint.origin, log.checkpoint.size) == (head.origin, head.size)
    assert outcomes[0] < count / 4, "harmless: the same note or checkpoint again, a line of a stranger"
    # Few changes need not meet every step.
    assert count < 20_000 or min(outcomes[step] for step in (4, 10, 18)) > 0


def test_go_takes_an_answer_and_no_changed_one(go_check):
    """Read as a checkpoint, its lines hashed by RFC 6962: nothing of ours is needed."""
    given = answer()
    head, (question, _, *logs) = given.checkpoint(), given.lines()
    good = KEYS.sign(given, SIGNED_AT)
    notes = [
        good,
        good.replace(b"\nresult ", b"\nresult AA", 1),
        signed_loosely(replace(head, size=head.size + 1)),
        signed_loosely(replace(head, extension=(question, answer(result=b"more").lines()[1], *logs))),
        written(parse_note(good).text, parse_note(good).signatures[:1]),
    ]
    keys = KEYS.verifier_lines()
    answers = ask_go(go_check, [{"Kind": "answer", "Note": note, "Keys": keys, "Origin": given.name} for note in notes])
    assert [one.good for one in answers] == [True, False, False, False, False], answers


def test_the_page_s_example_verifies():
    [file] = [block.encode() for block in BLOCKS if block.startswith(FILE_HEADER + "\n\nhours")]
    [vkey] = [block.strip() for block in BLOCKS if block.startswith("hours.example/log/answers+")]
    signer = SeedSigner("hours.example/log/answers", SignatureType.ED25519, bytes(range(0x40, 0x60)))
    assert signer.key.line() == vkey
    log_page = (Path(__file__).parents[2] / "docs" / "transparency.md").read_text("utf-8")
    log_vkey = re.findall(r"^hours\.example/log/0\+\S+$", log_page, re.MULTILINE)[0]
    policies = {"hours.example/log/0": read_policy([log_vkey])}
    verdict = verify_answer(*parse_answer_file(file), read_policy([vkey]), policies)
    assert verdict.answer.method == METHOD
    assert [(log.size, log.origin) for log in verdict.answer.logs] == [(3, "hours.example/log/0")]
