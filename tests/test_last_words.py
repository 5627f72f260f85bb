"""Why a process ended: the alarm of its end, and not one it went on after."""

from __future__ import annotations

import pytest

from ledger.last_words import last_words

WITNESS = "2026-01-01 CRITICAL ledger: ALARM: partition 0: witness w: another history\n"
STOPPED = "2026-01-01 CRITICAL ledger: ALARM: the log is not kept any more: ForkRefused: partition 0\n"
TRACEBACK = "Traceback (most recent call last):\n  File x\nledger.E: partition 0\n"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            f"{WITNESS}{STOPPED}2026-01-01 ERROR ledger: ended by ForkRefused: partition 0\n{TRACEBACK}",
            "the log is not kept any more: ForkRefused: partition 0",
        ),
        (
            f"{WITNESS}2026-01-01 ERROR ledger: ended by InvariantBroken: position 4 is missing\n{TRACEBACK}",
            "InvariantBroken: position 4 is missing",
        ),
        ("ALARM: nothing is cosigned any more: no keys\n", "nothing is cosigned any more: no keys"),
        (f"begun\n{TRACEBACK}\n", "ledger.E: partition 0"),
        ("", ""),
    ],
)
def test_the_last_words(said, words):
    assert last_words(said) == words
