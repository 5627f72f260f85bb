"""Which table of rates values hours: the version named or the one in force, as approved at an answer's positions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from ledger.domain.policy_rules import Rates
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.projections.approved_versions import ApprovedVersion, policy_of, read_approved
from ledger.projections.snapshot import ReadConnection


@dataclass(frozen=True, slots=True)
class RateTable:
    """The rates of one approved version."""

    name: str
    """policies/{policy}/versions/{version}"""
    rates: Rates


async def rates_in_force(
    connection: ReadConnection, named: str, upto: Mapping[int, int], day: date | None
) -> RateTable:
    """`named` is a policy, in its latest version whose effective date is not after `day`, or exactly one version.

    Of those approved at the positions `upto` (partition → position); `day` is None where nothing is recorded there.
    Refuses RATES_UNKNOWN.
    """
    _, approved = await read_approved(connection)
    known = [one for one in approved if one.policy == policy_of(named) and one.kind == "rates" and one.known_at(upto)]
    if named == policy_of(named):
        known = [one for one in known if day is not None and one.effective_date <= day]
    else:
        known = [one for one in known if one.name == named]
    if not known:
        refuse(Reason.RATES_UNKNOWN, rates=named, date="" if day is None else day.isoformat())
    latest = max(known, key=lambda one: one.version)
    return RateTable(latest.name, _rates(latest))


def _rates(version: ApprovedVersion) -> Rates:
    try:
        return Rates.model_validate_json(json.dumps(version.rules))
    except ValidationError as error:  # they were checked when they were proposed
        raise InvariantBroken(f"rates of {version.name} that cannot be read: {error}") from error
