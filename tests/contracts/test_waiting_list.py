"""A batch's view of a waiting list: whatever was read of it, and however it changed since, the first are the first."""

from __future__ import annotations

import random

import pytest

from ledger.waiting_list import WaitingList


def rows_of(stored: dict[str, int], count: int) -> list[tuple[str, int]]:
    return sorted(stored.items(), key=lambda row: row[1])[:count]


def test_nothing_is_known_before_something_was_read():
    waiting = WaitingList()
    assert waiting.first(1) is None
    waiting.move("later", 9)
    assert waiting.first(1) is None
    waiting.take([], whole=True)
    assert waiting.first(3) == ["later"]


@pytest.mark.parametrize("seed", range(20))
def test_the_first_are_the_first_after_any_changes(seed: int) -> None:
    choice = random.Random(seed)
    stored = {f"r{number}": number + 1 for number in range(choice.randrange(300))}
    true, waiting, position = dict(stored), WaitingList(), 1_000
    for _ in range(400):
        position += 1
        if choice.random() < 0.4 and true:
            name = choice.choice(sorted(true))
            del true[name]
            waiting.move(name, None)
        elif choice.random() < 0.3:
            name = f"r{choice.randrange(400)}"
            if name not in true:
                true[name] = position
                waiting.move(name, position)
        count = choice.randrange(1, 5)
        found = waiting.first(count)
        while found is None:
            wanted = waiting.rows_to_read(count)
            rows = rows_of(stored, wanted)
            waiting.take(rows, whole=len(rows) < wanted)
            found = waiting.first(count)
        assert found == [name for name, _ in rows_of(true, count)]


def test_a_thousand_commands_that_each_take_one_off_read_a_few_times():
    stored = {f"r{number}": number + 1 for number in range(5_000)}
    waiting, reads = WaitingList(), 0
    for number in range(1_000):
        while waiting.first(1) is None:
            wanted = waiting.rows_to_read(1)
            waiting.take(rows_of(stored, wanted), whole=False)
            reads += 1
        assert waiting.first(1) == [f"r{number}"]
        waiting.move(f"r{number}", None)
    assert reads <= 6
