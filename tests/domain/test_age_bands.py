"""Bands of age: without a gap, by completed years, and nothing said of whoever has no birth date."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.projections.age_bands import AgeBands

DAY = date(2027, 2, 28)


@pytest.mark.parametrize(
    ("starts", "keys"),
    [
        ([], ["0-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]),
        ([18], ["0-17", "18+"]),
        ([0], ["0+"]),
        ([1, 2], ["0", "1", "2+"]),
        ([120], ["0-119", "120+"]),
    ],
)
def test_the_bands_are_named_by_their_lowest_and_highest_age(starts, keys):
    assert AgeBands(starts).keys == keys


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2009, 2, 28), "18-24"),  # eighteen on this day
        (date(2009, 3, 1), "0-17"),
        (date(2008, 2, 29), "18-24"),  # a year is completed on 1 March where there is no 29 February
        (date(2002, 2, 28), "25-34"),
        (date(2002, 3, 1), "18-24"),
        (DAY, "0-17"),
        (date(2027, 3, 1), ""),  # born later: no age
        (date(1850, 1, 1), "65+"),
        (None, ""),
    ],
)
def test_ages_are_completed_years(born, band):
    assert AgeBands([]).key(born, DAY) == band
