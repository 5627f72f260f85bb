"""Is a requirement met: how much of what counts has somebody served in the period, under which version of the rules?

Hours, rules and birth dates are those of the answer's positions: asked again with the same `as_of`, next year, the
answer is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeAlias

from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.domain.values import calendar_date
from ledger.projections.as_of import View, view
from ledger.projections.basis import Basis, Ground, NotYetApplied, Patience, ReadPool, missing
from ledger.projections.birth_dates import BirthDates
from ledger.projections.holders import known_holders, refuse_unknown_holders
from ledger.projections.linked_names import linked_names
from ledger.projections.requirement_facts import newest_dates, served_in
from ledger.projections.requirement_lookups import RequirementLookups
from ledger.projections.requirement_versions import read_requirements
from ledger.requirements.evaluation import Served, evaluate
from ledger.requirements.period import Bounds, PeriodKind
from ledger.requirements.rules import RequirementVersion, in_force
from volunteer_hours.v1.hours_service_pb2 import (
    BatchCheckRequirementsRequest,
    CheckRequirementRequest,
    RequirementCheck,
)
from volunteer_hours.v1.policy_service_pb2 import (
    REQUIREMENT_PERIOD_CALENDAR_MONTH,
    REQUIREMENT_PERIOD_CALENDAR_YEAR,
    REQUIREMENT_PERIOD_HIJRI_MONTH,
    REQUIREMENT_PERIOD_HIJRI_YEAR,
    REQUIREMENT_PERIOD_LIFETIME,
    REQUIREMENT_PERIOD_TWELVE_MONTHS,
    RequirementPeriod,
)
from volunteer_hours.v1.values_pb2 import EvidenceClass, Period

_Request: TypeAlias = CheckRequirementRequest | BatchCheckRequirementsRequest

_NOTHING: Final = Served()
_PERIODS: Final[Mapping[PeriodKind, RequirementPeriod.ValueType]] = {
    "lifetime": REQUIREMENT_PERIOD_LIFETIME,
    "calendar_month": REQUIREMENT_PERIOD_CALENDAR_MONTH,
    "calendar_year": REQUIREMENT_PERIOD_CALENDAR_YEAR,
    "twelve_months": REQUIREMENT_PERIOD_TWELVE_MONTHS,
    "hijri_month": REQUIREMENT_PERIOD_HIJRI_MONTH,
    "hijri_year": REQUIREMENT_PERIOD_HIJRI_YEAR,
}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of one person before the rules are applied."""

    name: str
    version: RequirementVersion
    period: Bounds
    served: Served
    linked: str | None = None
    """Another name of the same person, whose hours are in `served`."""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,) if self.linked is None else (self.name, self.linked)


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcomes for many people, in the order asked, and what they rest on."""

    outcomes: Sequence[RequirementCheck | Refusal]
    basis: Basis


async def check_requirement(
    pool: ReadPool,
    ground: Ground,
    lookups: RequirementLookups,
    request: CheckRequirementRequest,
    holder: str,
    birth_dates: BirthDates,
    seconds_left: float | None,
) -> RequirementCheck:
    """See HoursQuestions.check_requirement."""
    found = await _present_facts(pool, ground, lookups, request, holder, seconds_left)
    if found is None:
        [facts], basis = await _facts(pool, ground, lookups, request, [holder], seconds_left)
    else:
        facts, basis = found
    if isinstance(facts, Refusal):
        raise facts
    births = await birth_dates(facts.names, basis.positions) if facts.version.rules.asks_age else {}
    check = _message(facts, _birth_date(facts, births), _frame(facts.version, facts.period))
    check.requirement_source = facts.version.source
    check.positions.extend(basis.position_messages())
    through = basis.recorded_through_message()
    if through is not None:
        check.recorded_through.CopyFrom(through)
    return check


async def batch_check_requirements(
    pool: ReadPool,
    ground: Ground,
    lookups: RequirementLookups,
    request: BatchCheckRequirementsRequest,
    holders: Sequence[str],
    birth_dates: BirthDates,
    seconds_left: float | None,
) -> Checked:
    """See HoursQuestions.batch_check_requirements."""
    found, basis = await _facts(pool, ground, lookups, request, holders, seconds_left)
    of_age = [one for one in found if not isinstance(one, Refusal) and one.version.rules.asks_age]
    asking = list(dict.fromkeys(name for one in of_age for name in one.names))
    births = await birth_dates(asking, basis.positions) if asking else {}
    frames: dict[tuple[str, Bounds], RequirementCheck] = {}
    outcomes: list[RequirementCheck | Refusal] = []
    for facts in found:
        if isinstance(facts, Refusal):
            outcomes.append(facts)
            continue
        key = (facts.version.name, facts.period)
        if key not in frames:
            frames[key] = _frame(facts.version, facts.period)
        try:
            outcomes.append(_message(facts, _birth_date(facts, births), frames[key]))
        except Refusal as refusal:
            outcomes.append(refusal)
    return Checked(outcomes, basis)


async def _present_facts(
    pool: ReadPool,
    ground: Ground,
    lookups: RequirementLookups,
    request: CheckRequirementRequest,
    holder: str,
    seconds_left: float | None,
) -> tuple[_Facts, Basis] | None:
    """The facts of now, by rules that are kept; None where that way does not lead to an answer."""
    if request.HasField("as_of") or not request.date:
        return None
    day = calendar_date(request.date)
    wanted = ground.wanted(request.positions) if request.positions else {}
    patience: Patience | None = None
    while True:
        found = await lookups.find(request.requirement, holder, day)
        if found is None:
            return None
        behind = missing(wanted, found.basis) if wanted else {}
        if not behind:
            break
        patience = patience or Patience.of(seconds_left)
        if not await patience.wait():
            raise NotYetApplied(behind)
    if found.served is None:
        async with pool.connection() as connection:
            await refuse_unknown_holders(connection, [holder])
    return _Facts(holder, found.version, found.period, found.served or _NOTHING), found.basis


async def _facts(
    pool: ReadPool,
    ground: Ground,
    lookups: RequirementLookups,
    request: _Request,
    holders: Sequence[str],
    seconds_left: float | None,
) -> tuple[list[_Facts | Refusal], Basis]:
    """The facts of the moment asked about, of one snapshot. Refuses REQUIREMENT_UNKNOWN for all where it is for all."""
    day = calendar_date(request.date) if request.date else None
    as_of = request.as_of if request.HasField("as_of") else None
    async with view(pool, ground, request.positions, as_of, seconds_left) as seen:
        requirements = await read_requirements(seen.connection)
        if seen.present:
            lookups.learn(requirements)
        versions = requirements.versions(request.requirement, seen.basis.positions)
        if not versions or (day is not None and in_force(versions, request.requirement, day) is None):
            refuse(Reason.REQUIREMENT_UNKNOWN, requirement=request.requirement)
        known = await known_holders(seen.connection, holders)
        linked = await linked_names(seen, holders)
        days = await _days(seen, holders, linked) if day is None else dict.fromkeys(holders, day)
        chosen = [_chosen(name, name in known, days.get(name), versions, request.requirement) for name in holders]
        asking = [(one.name, one.period) for one in chosen if not isinstance(one, Refusal)]
        # Behind those asked about, so that their numbers stay.
        asking_more = [(linked[name], period) for name, period in asking if name in linked]
        served = await served_in(seen, [*asking, *asking_more])
    more = {pair: served.get(number, _NOTHING) for number, pair in enumerate(asking_more, start=len(asking) + 1)}
    return [
        one if isinstance(one, Refusal) else _together(one, served.get(index, _NOTHING), linked, more)
        for index, one in _numbered(chosen)
    ], seen.basis


async def _days(seen: View, holders: Sequence[str], linked: Mapping[str, str]) -> Mapping[str, date]:
    """The newest service of each holder, under whichever name it was."""
    newest = await newest_dates(seen, list(dict.fromkeys((*holders, *linked.values()))))
    days = {name: [newest[one] for one in (name, linked.get(name, name)) if one in newest] for name in holders}
    return {name: max(found) for name, found in days.items() if found}


def _together(
    facts: _Facts, served: Served, linked: Mapping[str, str], more: Mapping[tuple[str, Bounds], Served]
) -> _Facts:
    other = linked.get(facts.name)
    if other is None:
        return replace(facts, served=served)
    return replace(facts, served=served.with_more(more[other, facts.period]), linked=other)


def _birth_date(facts: _Facts, births: Mapping[str, date | None]) -> date | None:
    """Their own, or else the one known under another name."""
    return next((births[name] for name in facts.names if births.get(name) is not None), None)


def _chosen(
    name: str, is_known: bool, day: date | None, versions: Sequence[RequirementVersion], requirement: str
) -> _Facts | Refusal:
    if not is_known:
        return Refusal(Reason.NOT_FOUND, {"name": name})
    if day is None:
        violation = "date: give one, nothing was served yet from which it could follow"
        return Refusal(Reason.INVALID_ARGUMENT, {"violations": violation})
    found = in_force(versions, requirement, day)
    if found is None:
        return Refusal(Reason.REQUIREMENT_UNKNOWN, {"requirement": requirement})
    return _Facts(name, *found, _NOTHING)


def _numbered(chosen: Sequence[_Facts | Refusal]) -> list[tuple[int, _Facts | Refusal]]:
    """Each with its number among those that were asked about in SQL, from 1; a refused one has none: 0."""
    numbered: list[tuple[int, _Facts | Refusal]] = []
    number = 0
    for one in chosen:
        number += not isinstance(one, Refusal)
        numbered.append((0 if isinstance(one, Refusal) else number, one))
    return numbered


def _frame(version: RequirementVersion, period: Bounds) -> RequirementCheck:
    """The part that all answers under one version about one period share."""
    first = "" if period.first == date.min else period.first.isoformat()
    return RequirementCheck(
        requirement=version.name,
        measure_classes=[_class(measure) for measure in version.rules.measure_classes],
        period_kind=_PERIODS[version.rules.period],
        period=Period(start_date=first, end_date=period.last.isoformat()),
    )


def _class(measure: str) -> EvidenceClass.ValueType:
    return EvidenceClass.Value(f"EVIDENCE_CLASS_{measure.upper()}")


def _message(facts: _Facts, birth_date: date | None, frame: RequirementCheck) -> RequirementCheck:
    """Refuses AGE_UNKNOWN, NO_LEVEL_FOR_AGE."""
    verdict = evaluate(facts.version.rules, facts.served, facts.name, birth_date, facts.period.last)
    check = RequirementCheck(
        name=facts.name,
        met=verdict.met,
        level=verdict.level,
        next_level=verdict.next_level,
        counted_seconds=verdict.counted_seconds,
        missing_seconds=verdict.missing_seconds,
        excluded_seconds=verdict.excluded_seconds,
        entry_count=facts.served.entry_count,
    )
    check.linked_names.extend(facts.names[1:])
    check.MergeFrom(frame)
    return check
