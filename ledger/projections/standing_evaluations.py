"""How do people stand with the watched requirements, at one moment of the read database that is late enough?

For the process that records standings. What is asked of many is asked by the same statements, of one snapshot; every
verdict is what CheckRequirement would answer at its positions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple, TypeAlias

from ledger.domain.refusals import Reason, Refusal
from ledger.projections.as_of import View
from ledger.projections.basis import Ground, Patience, ReadPool
from ledger.projections.birth_dates import BirthDates
from ledger.projections.requirement_facts import newest_dates, served_in
from ledger.projections.requirement_versions import Requirements, read_requirements
from ledger.projections.snapshot import snapshot
from ledger.requirements.evaluation import Served, Verdict, evaluate
from ledger.requirements.period import Bounds
from ledger.requirements.rules import RequirementVersion, in_force

Touched: TypeAlias = Mapping[str, Collection[date] | None]
"""Holder → dates of service whose periods are asked about; None: all dates there are."""

WAIT_SECONDS: Final = 2.0
"""For projections that are behind; whoever asks comes again."""
_DATES: Final = "select holder, array_agg(distinct service_date) from entries where holder = any(%b) group by holder"
_HOLDERS: Final = """
    select holder from balances where holder > %b and holder < 'volunteers0' order by holder limit %b
"""
_FIRST: Final = "volunteers/"
_NOT_EVALUATED: Final = (Reason.AGE_UNKNOWN, Reason.NO_LEVEL_FOR_AGE)


class Evaluated(NamedTuple):
    """How one person stands with one watched requirement in one period."""

    holder: str
    version: RequirementVersion
    period: Bounds
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Verdicts, and the positions they rest on."""

    standings: Sequence[Evaluated]
    positions: Mapping[int, int]


class _Asked(NamedTuple):
    holder: str
    version: RequirementVersion
    period: Bounds


class StandingEvaluations:
    """Reads the read database. Every method waits until `wanted` (partition → position) is applied.

    All raise NotYetApplied when it is not in time, and psycopg.Error or PoolTimeout when the database is away.
    """

    def __init__(self, pool: ReadPool, partitions: int, birth_dates: BirthDates) -> None:
        """`birth_dates` are opened for one evaluation and kept nowhere."""
        self._pool = pool
        self._ground = Ground(partitions, None)
        self._birth_dates = birth_dates

    async def watched(self, wanted: Mapping[int, int]) -> frozenset[str]:
        """The names of all approved versions that are to be told of."""
        async with snapshot(self._pool, self._ground, wanted, Patience.of(WAIT_SECONDS)) as found:
            return _watched(await read_requirements(found.connection))

    async def holders(self, after: str, count: int, wanted: Mapping[int, int]) -> list[str]:
        """The next persons who have hours, by name; `after` is empty for the first ones."""
        async with snapshot(self._pool, self._ground, wanted, Patience.of(WAIT_SECONDS)) as found:
            cursor = await found.connection.execute(_HOLDERS, (after or _FIRST, count), binary=True)
            return [row[0] for row in await cursor.fetchall()]

    async def evaluate(self, touched: Touched, wanted: Mapping[int, int]) -> Evaluations:
        """How the holders stand in the periods of these dates. Who cannot be evaluated for their age is absent."""
        async with snapshot(self._pool, self._ground, wanted, Patience.of(WAIT_SECONDS)) as found:
            seen = View(found.connection, found.basis, None, present=True)
            requirements = await read_requirements(seen.connection)
            asked = await _asked(seen, requirements, touched) if _watched(requirements) else []
            served = await served_in(seen, [(one.holder, one.period) for one in asked]) if asked else {}
        asking_age = list(dict.fromkeys(one.holder for one in asked if one.version.rules.asks_age))
        births = await self._birth_dates(asking_age, found.basis.positions) if asking_age else {}
        standings = _verdicts(asked, served, births)
        return Evaluations(standings, found.basis.positions)


def _watched(requirements: Requirements) -> frozenset[str]:
    return frozenset(one.name for one in requirements.all_versions() if one.rules.is_told)


async def _asked(seen: View, requirements: Requirements, touched: Touched) -> list[_Asked]:
    """Each person's periods, once each, under the versions in force for them, if these are watched."""
    dates = {holder: days for holder, days in touched.items() if days is not None}
    whole = [holder for holder, days in touched.items() if days is None]
    if whole:
        cursor = await seen.connection.execute(_DATES, (whole,), binary=True)
        dates.update(await cursor.fetchall())
    choice = _Choice(requirements)
    newest = await newest_dates(seen, list(dates)) if choice.asks_newest else {}
    found: dict[_Asked, None] = {}
    for holder, days in dates.items():
        for version, period in choice.of(days, newest.get(holder)):
            found[_Asked(holder, version, period)] = None
    return list(found)


class _Choice:
    """Which watched version applies to a date: thousands of people share some hundred dates."""

    def __init__(self, requirements: Requirements) -> None:
        self._policies = {
            version.policy: requirements.versions(version.policy)
            for version in requirements.all_versions()
            if version.rules.is_told
        }
        self.asks_newest = any(
            version.rules.period == "lifetime" for versions in self._policies.values() for version in versions
        )
        """Whether somebody's newest service matters."""
        self._known: dict[tuple[str, date], tuple[RequirementVersion, Bounds] | None] = {}

    def of(self, days: Collection[date], newest: date | None) -> Iterable[tuple[RequirementVersion, Bounds]]:
        """Versions with the periods they are asked about."""
        for policy in self._policies:
            for day in days:
                found = self._at(policy, day)
                # A lifetime goes up to the newest service, whenever it was that moved.
                if found is not None and found[0].rules.period == "lifetime":
                    found = None if newest is None else self._at(policy, newest)
                if found is not None and found[0].rules.is_told:
                    yield found

    def _at(self, policy: str, day: date) -> tuple[RequirementVersion, Bounds] | None:
        key = (policy, day)
        if key not in self._known:
            try:
                self._known[key] = in_force(self._policies[policy], policy, day)
            except Refusal:
                self._known[key] = None  # the calendar's tables do not reach so far: no such period
        return self._known[key]


def _verdicts(
    asked: Sequence[_Asked], served: Mapping[int, Served], births: Mapping[str, date | None]
) -> list[Evaluated]:
    evaluated: list[Evaluated] = []
    for number, (holder, version, period) in enumerate(asked, start=1):
        try:
            verdict = evaluate(version.rules, served.get(number, Served()), holder, births.get(holder), period.last)
        except Refusal as refusal:
            if refusal.reason not in _NOT_EVALUATED:
                raise
            continue
        evaluated.append(Evaluated(holder, version, period, verdict))
    return evaluated
