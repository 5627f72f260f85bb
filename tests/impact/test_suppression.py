"""Nobody can be told from published tables, whatever is subtracted from what: decision 30."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

import pytest

from ledger.impact.suppression import group, retention, told, told_parts

N = 5
SEEDS = range(200)
CELLS = list(product("ab", "xy"))


def published(crossed, axis: int, persons_min: int = N):
    """One table of a crossed one: its lines (keys, hours) as they are told. `crossed`: keys → {person: hours}."""
    hours: dict[str, int] = {}
    people: dict[str, set[int]] = {}
    for keys, served in crossed.items():
        key = keys[axis]
        hours[key] = hours.get(key, 0) + sum(served.values())
        people.setdefault(key, set()).update(served)
    grouping = group(sorted(hours), {key: len(who) for key, who in people.items()}, persons_min)
    lines: list[tuple[tuple[str, ...], int]] = [((key,), hours[key]) for key in grouping.shown]
    if grouping.together:
        lines.append((tuple(grouping.together), sum(hours[key] for key in grouping.together)))
    return lines, people


def synthetic(seed: int):
    """Hours of synthetic persons by sector, region and level; many groups are small."""
    dice = random.Random(seed)
    sizes = [dice.randint(1, 6), dice.randint(1, 5), dice.randint(1, 3)]
    crossed: dict[tuple[str, ...], dict[int, int]] = {}
    for person in range(dice.randint(1, 60)):
        for _ in range(dice.randint(1, 3)):
            # The first keys are common and the last ones rare.
            keys = tuple(f"{axis}{int(dice.paretovariate(1.2)) % size}" for axis, size in enumerate(sizes))
            served = crossed.setdefault(keys, {})
            served[person] = served.get(person, 0) + dice.randint(1, 40)
    return crossed


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_has_enough_people_and_hides_two_groups_at_least(seed):
    crossed = synthetic(seed)
    total = sum(sum(served.values()) for served in crossed.values())
    for axis in range(3):
        lines, people = published(crossed, axis)
        assert sum(hours for _, hours in lines) == total
        for keys, _ in lines:
            behind = set().union(*(people[key] for key in keys))
            assert len(behind) >= N or len(lines) == 1  # then it is the total, which closing a period publishes
            assert len(keys) == 1 or any(len(people[key]) >= N for key in keys) or len(lines) == 1


def bounds(tables, axis: int, hidden: str):
    """The least and the most a hidden group can have over all crossed tables that agree with every published one.

    A solution exists for any split of the line that hides it: the product of the margins over the total. So the bounds
    are those of the split alone; each end is shown by such a solution, which `agrees` compares with all tables.
    """
    [line] = [line for line in tables[axis] if hidden in line[0]]
    keys, hours = line
    ends = []
    for share in (0, hours):
        others = [key for key in keys if key != hidden]
        margin = {key: Fraction(hours - share, len(others)) for key in others} | {hidden: Fraction(share)}
        solution = one_solution(tables, axis, margin)
        assert agrees(solution, tables)
        ends.append(sum((cell for at, cell in solution.items() if at[axis] == hidden), Fraction(0)))
    return ends


def one_solution(tables, axis: int, margin):
    """Crossed cells whose margins are the published lines, with this split of one line, the others split evenly."""
    margins = []
    for at, table in enumerate(tables):
        split = {key: Fraction(hours, len(keys)) for keys, hours in table for key in keys}
        margins.append(split | margin if at == axis else split)
    total = sum(hours for _, hours in tables[0])
    return {
        keys: margins[0][keys[0]] * margins[1][keys[1]] * margins[2][keys[2]] / Fraction(total) ** 2
        for keys in product(*margins)
    }


def agrees(solution, tables) -> bool:
    if any(cell < 0 for cell in solution.values()):
        return False
    return all(
        sum((cell for at, cell in solution.items() if at[axis] in keys), Fraction(0)) == hours
        for axis, table in enumerate(tables)
        for keys, hours in table
    )


@pytest.mark.parametrize("seed", range(60))
def test_who_has_all_tables_cannot_narrow_a_hidden_group(seed):
    crossed = synthetic(seed)
    tables = [published(crossed, axis)[0] for axis in range(3)]
    for axis, table in enumerate(tables):
        for keys, hours in table:
            for hidden in keys if len(keys) > 1 else ():
                assert bounds(tables, axis, hidden) == [0, hours]


def possible_values(tables, axis: int, key: str, total: int) -> set[int]:
    """All that a group can be, over every two-by-two table of whole hours that agrees with the published lines."""
    return {
        sum(cell for at, cell in zip(CELLS, tried, strict=True) if at[axis] == key)
        for tried in product(range(total + 1), repeat=4)
        if sum(tried) == total and _same(tried, tables)
    }


def test_the_attacker_finds_what_is_hidden_badly():
    """The check can fail: a group hidden alone is told by the total."""
    sectors = [(("a",), 2)]  # b is left out, and nothing else is
    assert possible_values([sectors, [(("x", "y"), 5)]], 0, "b", 5) == {3}


@pytest.mark.parametrize("cells", [one for one in product(range(4), repeat=4) if 0 < sum(one) <= 7])
def test_on_small_tables_every_way_to_fill_them_is_tried(cells):
    """Two by two, up to 3 hours each: what is hidden can be all that its line leaves open."""
    crossed = {keys: dict.fromkeys(range(count), 1) for keys, count in zip(CELLS, cells, strict=True) if count}
    tables = [published(crossed, axis, 3)[0] for axis in range(2)]
    for axis, table in enumerate(tables):
        for keys, line in table:
            if len(keys) > 1:
                assert possible_values(tables, axis, keys[0], sum(cells)) == set(range(line + 1))


def _same(tried, tables) -> bool:
    filled = dict(zip(CELLS, tried, strict=True))
    return all(
        sum(cell for at, cell in filled.items() if at[axis] in keys) == line
        for axis, table in enumerate(tables)
        for keys, line in table
    )


def test_counts_of_people_are_left_out_where_they_are_small():
    assert [told(count, N) for count in (0, 1, 4, 5)] == [0, None, None, 5]
    assert told_parts([100, 3, 20, 0], N) == [100, None, None, 0]
    assert told_parts([100, 3, 2, 0], N) == [None, None, None, 0]
    assert told_parts([100, 20], N) == [100, 20]
    assert told_parts([0, 3], N) == [None, None]


def test_retention_is_told_whole_or_not_at_all():
    assert retention(20, 30, 10, N) == (20, 30, 10)
    assert retention(20, 30, 18, N) == (20, None, None)  # two came newly
    assert retention(20, 3, 0, N) == (20, None, None)
    assert retention(0, 0, 0, N) == (0, 0, 0)
