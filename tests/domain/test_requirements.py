"""Requirements: periods of both calendars, levels by age, classes, compulsory service, and the version in force."""

from __future__ import annotations

from datetime import date, timedelta

import hijridate
import pytest

from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.requirements.evaluation import CLASSES, Served, evaluate
from ledger.requirements.period import HIJRI_FIRST, HIJRI_LAST, bounds
from ledger.requirements.rules import Level, RequirementRules, RequirementVersion, in_force, read_rules

HOUR = 3_600
DAY = timedelta(days=1)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("kind", "asked", "first", "last"),
    [
        ("calendar_month", "2026-02-14", "2026-02-01", "2026-02-28"),
        ("calendar_month", "2028-02-29", "2028-02-01", "2028-02-29"),
        ("calendar_month", "2026-12-31", "2026-12-01", "2026-12-31"),
        ("calendar_month", "2026-04-30", "2026-04-01", "2026-04-30"),
        ("calendar_year", "2026-01-01", "2026-01-01", "2026-12-31"),
        ("calendar_year", "2026-12-31", "2026-01-01", "2026-12-31"),
        ("twelve_months", "2026-11-23", "2025-11-24", "2026-11-23"),
        ("twelve_months", "2026-12-31", "2026-01-01", "2026-12-31"),
        ("twelve_months", "2028-02-29", "2027-03-01", "2028-02-29"),
        ("twelve_months", "2029-02-28", "2028-02-29", "2029-02-28"),
        ("twelve_months", "2029-03-01", "2028-03-02", "2029-03-01"),
        ("lifetime", "2026-11-23", "0001-01-01", "2026-11-23"),
        # 1 Ramadan 1445 is 11 March 2024, 1 Shawwal 10 April; 1 Muharram 1446 is 7 July 2024.
        ("hijri_month", "2024-03-11", "2024-03-11", "2024-04-09"),
        ("hijri_month", "2024-04-09", "2024-03-11", "2024-04-09"),
        ("hijri_month", "2024-04-10", "2024-04-10", "2024-05-08"),
        ("hijri_year", "2024-07-06", "2023-07-19", "2024-07-06"),
        ("hijri_year", "2024-07-07", "2024-07-07", "2025-06-25"),
        ("hijri_month", "1924-08-01", "1924-08-01", "1924-08-30"),
        ("hijri_year", "2077-11-16", "2076-11-27", "2077-11-16"),
    ],
)
def test_a_period_is_the_one_the_date_lies_in(kind, asked, first, last):
    assert bounds(kind, day(asked)) == (day(first), day(last))


@pytest.mark.parametrize("years", [(1924, 1930), (2020, 2032), (2070, 2077)])
def test_every_hijri_month_and_year_equals_the_days_that_the_calendar_converts_one_by_one(years):
    """Another way round: each day is converted by itself, and the days of one month are counted."""
    first_year, last_year = years
    months: dict[tuple[int, int], list[date]] = {}
    one = max(HIJRI_FIRST, date(first_year, 1, 1))
    until = min(HIJRI_LAST, date(last_year, 12, 31))
    while one <= until:
        converted = hijridate.Gregorian(one.year, one.month, one.day).to_hijri()
        months.setdefault((converted.year, converted.month), []).append(one)
        one += DAY
    for days in list(months.values())[1:-1]:  # the first and the last may be cut off
        assert {bounds("hijri_month", each) for each in (days[0], days[-1])} == {(days[0], days[-1])}
    for year in {year for year, _ in months}:
        if (year, 1) in months and (year, 12) in months and (year + 1, 1) in months and (year - 1, 12) in months:
            first, last = months[year, 1][0], months[year, 12][-1]
            assert {bounds("hijri_year", each) for each in (first, last)} == {(first, last)}


@pytest.mark.parametrize("asked", [HIJRI_FIRST - DAY, HIJRI_LAST + DAY, date.min, date.max])
def test_a_date_outside_the_hijri_tables_is_refused(asked):
    with pytest.raises(Refusal, match="HIJRI_DATE_UNKNOWN"):
        bounds("hijri_month", asked)


def test_the_edges_of_time_do_not_overflow():
    for kind in ("lifetime", "calendar_month", "calendar_year", "twelve_months"):
        for edge in (date.min, date.max):
            first, last = bounds(kind, edge)
            assert first <= edge <= last


FORTY = RequirementRules(levels=(Level("graduation", 40 * HOUR),), period="lifetime")


def served(**seconds: int) -> Served:
    return Served(entry_count=1, free=[seconds.get(name, 0) for name in CLASSES])


@pytest.mark.parametrize(
    ("seconds", "met", "missing"),
    [(0, False, 40 * HOUR), (40 * HOUR - 1, False, 1), (40 * HOUR, True, 0), (41 * HOUR, True, 0)],
)
def test_a_threshold_is_met_to_the_second(seconds, met, missing):
    verdict = evaluate(FORTY, served(verified=seconds), "volunteers/ana", None, day("2026-11-23"))
    assert (verdict.met, verdict.counted_seconds, verdict.missing_seconds) == (met, seconds, missing)
    assert (verdict.level, verdict.next_level) == (("graduation", "") if met else ("", "graduation"))


def test_only_the_classes_of_the_rule_count():
    everything = served(claimed=1, attended=10, verified=100, disputed=1_000, withheld=10_000, reversed=100_000)
    for classes, counted in ((["verified"], 100), (["attended", "verified"], 110), (["claimed", "disputed"], 1_001)):
        levels = [{"name": "graduation", "seconds_min": 40 * HOUR}]
        rules = read_rules({"levels": levels, "period": "lifetime", "measure_classes": classes})
        assert evaluate(rules, everything, "volunteers/ana", None, day("2026-11-23")).counted_seconds == counted


@pytest.mark.parametrize(("counts", "counted", "excluded"), [(False, 5, 7), (True, 12, 0)])
def test_compulsory_service_counts_only_where_the_rule_says_so(counts, counted, excluded):
    rules = RequirementRules(levels=FORTY.levels, period="lifetime", compulsory_service_counts=counts)
    both = Served(2, free=(0, 0, 5, 0, 0, 0), compulsory=(0, 0, 7, 0, 0, 0))
    verdict = evaluate(rules, both, "volunteers/ana", None, day("2026-11-23"))
    assert (verdict.counted_seconds, verdict.excluded_seconds) == (counted, excluded)


BY_AGE = RequirementRules(
    levels=(
        Level("child-gold", 75 * HOUR, age_max_years=13),
        Level("child-bronze", 50 * HOUR, age_max_years=13),
        Level("young-bronze", 100 * HOUR, age_min_years=14, age_max_years=25),
        Level("adult-bronze", 100 * HOUR, age_min_years=26),
    ),
    period="twelve_months",
)


@pytest.mark.parametrize(
    ("born", "level", "following"),
    [
        ("2012-11-24", "child-bronze", "child-gold"),  # 14 tomorrow
        ("2012-11-23", "", "young-bronze"),  # 14 today
        ("2000-11-24", "", "young-bronze"),  # 26 tomorrow
        ("2000-11-23", "", "adult-bronze"),
    ],
)
def test_levels_are_those_for_the_age_at_the_end_of_the_period(born, level, following):
    verdict = evaluate(BY_AGE, served(verified=60 * HOUR), "volunteers/ana", day(born), day("2026-11-23"))
    assert (verdict.level, verdict.next_level, verdict.met) == (level, following, bool(level))
    assert verdict.missing_seconds == (15 if level else 40) * HOUR


def test_who_was_born_on_29_february_is_a_year_older_on_1_march():
    born = day("2012-02-29")
    for on, expected in (("2026-02-28", "child-bronze"), ("2026-03-01", "")):
        assert evaluate(BY_AGE, served(verified=50 * HOUR), "v", born, day(on)).level == expected


def test_without_a_birth_date_a_rule_by_age_is_refused_and_others_are_not():
    with pytest.raises(Refusal, match="AGE_UNKNOWN"):
        evaluate(BY_AGE, served(), "volunteers/ana", None, day("2026-11-23"))
    assert not evaluate(FORTY, served(), "volunteers/ana", None, day("2026-11-23")).met


def test_an_age_without_a_level_is_refused():
    rules = RequirementRules(levels=(Level("adult", HOUR, age_min_years=18),), period="lifetime")
    with pytest.raises(Refusal, match="NO_LEVEL_FOR_AGE"):
        evaluate(rules, served(verified=HOUR), "volunteers/ana", day("2020-01-01"), day("2026-11-23"))


def version(number: int, effective: str, period: str = "calendar_year") -> RequirementVersion:
    rules = read_rules({"levels": [{"name": "l", "seconds_min": HOUR}], "period": period, "kind": "requirement"})
    return RequirementVersion("policies/p", number, day(effective), "synthetic", rules)


@pytest.mark.parametrize(
    ("asked", "number"),
    [("2024-12-31", None), ("2025-01-01", 1), ("2025-12-31", 1), ("2026-01-01", 3), ("2027-05-05", 3)],
)
def test_the_latest_version_in_force_at_the_periods_end_decides(asked, number):
    versions = [version(1, "2025-06-01"), version(2, "2027-01-01"), version(3, "2026-12-31")]
    found = in_force(versions, "policies/p", day(asked))
    assert (found and found[0].version) == number


def test_a_version_may_be_named_and_then_it_is_the_one():
    versions = [version(1, "2025-06-01"), version(2, "2027-01-01", "calendar_month")]
    found = in_force(versions, "policies/p/versions/2", day("2020-02-02"))
    assert found is not None
    assert (found[0].version, found[1]) == (2, (day("2020-02-01"), day("2020-02-29")))
    assert in_force(versions, "policies/p/versions/3", day("2020-02-02")) is None


def test_rules_of_another_form_are_a_broken_invariant():
    for raw in ({}, {"levels": [], "period": "weekly"}, {"levels": [], "period": "lifetime", "surprise": 1}):
        with pytest.raises(InvariantBroken):
            read_rules(raw)
