"""Rules of policies, from messages to the domain's values and back. What a message leaves out has its default."""

from __future__ import annotations

from typing import Final

from ledger.batch import CommandResult
from ledger.domain.policy import HoursRules, Policy, PolicyVersion, Rate, Rates, RequirementRules, Rules
from ledger.domain.policy_rules import Kind, Level, Period, Rounding
from ledger.domain.values import Account, calendar_date
from ledger.grpc.commands import state_after
from ledger.grpc.values import day, positions_of
from volunteer_hours.v1 import policy_service_pb2 as pb
from volunteer_hours.v1 import values_pb2

KINDS: Final[dict[Kind, pb.PolicyKind.ValueType]] = {
    "hours": pb.POLICY_KIND_HOURS,
    "requirement": pb.POLICY_KIND_REQUIREMENT,
    "rates": pb.POLICY_KIND_RATES,
}
ROUNDINGS: Final[dict[Rounding, pb.Rounding.ValueType]] = {
    "down": pb.ROUNDING_DOWN,
    "nearest": pb.ROUNDING_NEAREST,
    "up": pb.ROUNDING_UP,
}
PERIODS: Final[dict[Period, pb.RequirementPeriod.ValueType]] = {
    "lifetime": pb.REQUIREMENT_PERIOD_LIFETIME,
    "calendar_month": pb.REQUIREMENT_PERIOD_CALENDAR_MONTH,
    "calendar_year": pb.REQUIREMENT_PERIOD_CALENDAR_YEAR,
    "twelve_months": pb.REQUIREMENT_PERIOD_TWELVE_MONTHS,
    "hijri_month": pb.REQUIREMENT_PERIOD_HIJRI_MONTH,
    "hijri_year": pb.REQUIREMENT_PERIOD_HIJRI_YEAR,
}
CLASSES: Final[dict[Account, values_pb2.EvidenceClass.ValueType]] = {
    Account.CLAIMED: values_pb2.EVIDENCE_CLASS_CLAIMED,
    Account.ATTENDED: values_pb2.EVIDENCE_CLASS_ATTENDED,
    Account.VERIFIED: values_pb2.EVIDENCE_CLASS_VERIFIED,
    Account.DISPUTED: values_pb2.EVIDENCE_CLASS_DISPUTED,
    Account.WITHHELD: values_pb2.EVIDENCE_CLASS_WITHHELD,
    Account.REVERSED: values_pb2.EVIDENCE_CLASS_REVERSED,
}
_ROUNDING_NAMES: Final = {number: name for name, number in ROUNDINGS.items()}
_PERIOD_NAMES: Final = {number: name for name, number in PERIODS.items()}
_CLASS_NAMES: Final = {number: name for name, number in CLASSES.items()}


def rules_asked(request: pb.ProposePolicyRequest) -> Rules:
    """The rules of a proposal. Refuses DATE_INVALID."""
    match request.WhichOneof("rules"):
        case "hours":
            return _hours(request.hours)
        case "requirement":
            return _requirement(request.requirement)
        case _:
            return Rates(rates=tuple(_rate(rate) for rate in request.rates.rates))


def _hours(asked: pb.HoursRules) -> HoursRules:
    # A field without presence has its default, 0 or no, unless it was set; the others are told only when they are.
    told = {field.name: value for field, value in asked.ListFields() if field.name != "rounding"}
    return HoursRules(**told, rounding=_ROUNDING_NAMES.get(asked.rounding, "down"))


def _requirement(asked: pb.RequirementRules) -> RequirementRules:
    measured = tuple(_CLASS_NAMES[number] for number in asked.measure_classes)
    return RequirementRules(
        measure_classes=measured or (Account.VERIFIED,),
        levels=tuple(_level(level) for level in asked.levels),
        period=_PERIOD_NAMES[asked.period],
        compulsory_service_counts=asked.compulsory_service_counts,
        watched=asked.watched,
    )


def _level(asked: pb.RequirementLevel) -> Level:
    return Level(
        name=asked.name,
        seconds_min=asked.seconds_min,
        age_min_years=asked.age_min_years if asked.HasField("age_min_years") else None,
        age_max_years=asked.age_max_years if asked.HasField("age_max_years") else None,
    )


def _rate(asked: pb.Rate) -> Rate:
    return Rate(
        from_date=calendar_date(asked.from_date),
        until_date=day(asked.until_date),
        currency=asked.currency,
        minor_units_per_hour=asked.minor_units_per_hour,
        source=asked.source,
    )


def policy_message(result: CommandResult) -> pb.Policy:
    """A policy as a command left it."""
    policy = state_after(result, Policy)
    return pb.Policy(
        name=policy.name,
        kind=KINDS[policy.kind],
        versions=[_version(version) for version in policy.versions],
        positions=positions_of(result),
    )


def _version(version: PolicyVersion) -> pb.PolicyVersion:
    message = pb.PolicyVersion(
        name=version.name,
        version=version.number,
        effective_date=version.effective_date.isoformat(),
        source=version.rule_source,
        proposed_by=version.proposed_by,
        approved_by=version.approved_by or "",
    )
    set_rules(message, version.rules)
    return message


def set_rules(message: pb.PolicyVersion, rules: Rules) -> None:
    """Say the rules in the message, every one of them, those with their default too."""
    match rules:
        case HoursRules():
            told = rules.model_dump(exclude={"kind", "rounding"}, exclude_none=True)
            message.hours.CopyFrom(pb.HoursRules(**told, rounding=ROUNDINGS[rules.rounding]))
        case RequirementRules():
            message.requirement.CopyFrom(_requirement_message(rules))
        case Rates():
            message.rates.CopyFrom(pb.Rates(rates=[_rate_message(rate) for rate in rules.rates]))


def _requirement_message(rules: RequirementRules) -> pb.RequirementRules:
    return pb.RequirementRules(
        measure_classes=[CLASSES[account] for account in rules.measure_classes],
        levels=[pb.RequirementLevel(**level.model_dump(exclude_none=True)) for level in rules.levels],
        period=PERIODS[rules.period],
        compulsory_service_counts=rules.compulsory_service_counts,
        watched=rules.watched,
    )


def _rate_message(rate: Rate) -> pb.Rate:
    return pb.Rate(
        from_date=rate.from_date.isoformat(),
        until_date="" if rate.until_date is None else rate.until_date.isoformat(),
        currency=rate.currency,
        minor_units_per_hour=rate.minor_units_per_hour,
        source=rate.source,
    )
