"""Planted fraud is found, and ordinary years raise few alarms: measured through the statement over real rows.

Thresholds were chosen on the tuning seeds; the held-out seeds were measured once, at the end (docs/anomalies.md).
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from tests.anomalies.measured import Measured, found_in, project
from tests.anomalies.ordinary import ordinary
from tests.anomalies.planted import History, history
from tests.anomalies.told import OPENED, RIYADH, Shift, Told
from tests.system.synthetic_events import read_database

TUNING = range(100, 120)
"""ANOMALY_SEEDS=100-119 measures them."""
HELD_OUT = range(900, 920)
FLOOR = 0.9
FALSE_PER_THOUSAND_MAX = 1.0


def measured(postgres: EmbeddedPostgres, histories: list[History]) -> Measured:
    settings = read_database(postgres)
    result = Measured()
    for one in histories:
        project(settings, one)
        result.add(one, found_in(settings))
    print("\n".join(result.lines()))
    return result


def hold(result: Measured) -> None:
    assert {kind for kind in result.planted if result.recall(kind) < FLOOR} == set()
    assert {kind for kind in result.false if result.false_per_thousand(kind) > FALSE_PER_THOUSAND_MAX} == set()


def test_planted_fraud_is_found_in_a_small_year(postgres: EmbeddedPostgres):
    result = measured(postgres, [history(TUNING[0], 300, instances=1)])
    assert result.planted.total() == 8
    assert result.found == result.planted
    assert result.false.total() <= 2


def test_a_year_in_which_nobody_cheats_raises_next_to_nothing(postgres: EmbeddedPostgres):
    honest = ordinary(7, 300)
    result = measured(postgres, [History(honest.told.stored(), (), 300)])
    assert result.false.total() <= 1


@pytest.mark.proof
@pytest.mark.timeout(3_600)
def test_recall_and_false_alarms_over_twenty_seeds(postgres: EmbeddedPostgres, capsys: pytest.CaptureFixture[str]):
    first, _, last = os.environ.get("ANOMALY_SEEDS", "").partition("-")
    seeds = range(int(first), int(last) + 1) if first else HELD_OUT
    settings = read_database(postgres)
    result = Measured()
    for seed in seeds:
        one = history(seed, 2_000)
        project(settings, one)
        result.add(one, found_in(settings))
    with capsys.disabled():  # a full dose's figures are kept
        print("\n".join(("", *result.lines())))
    hold(result)


def test_a_wrong_place_that_was_withdrawn_or_declined_is_no_travel(postgres: EmbeddedPostgres):
    """Two at once in two cities, told by hand: found while both stand."""
    for declined in (False, True):
        told = Told(1)
        told.organization("organizations/o")
        told.volunteer("volunteers/a", OPENED)
        told.opportunity("opportunities/p", "organizations/o")
        day = datetime(2025, 5, 1, 9, tzinfo=RIYADH)
        shifts = [
            Shift(f"opportunities/p/shifts/{city.lower()}", "organizations/o", day, day + timedelta(hours=4))
            for city in ("Riyadh", "Jeddah")
        ]
        for shift in shifts:
            told.shift(shift, shift.name.rpartition("/")[2])
            served = told.serve("volunteers/a", shift, shift.start, shift.end, shift.end, "staff/c")
        if declined:
            told.decline(served, "staff/v", day + timedelta(days=1))
        settings = read_database(postgres)
        project(settings, History(told.stored(), (), 1))
        assert [one.kind for one in found_in(settings)] == ([] if declined else ["impossible_travel"])
