"""What PolicyService asks: policies with all their versions, as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, LiteralString

import msgspec

from ledger.projections.basis import Ground, KnownHorizon, ReadPool, timestamp
from ledger.projections.directory_rows import DirectoryRows, Listing
from volunteer_hours.v1 import policy_service_pb2 as pb
from volunteer_hours.v1 import values_pb2
from volunteer_hours.v1.positions_pb2 import Position

_FIRST: Final = "version = 1"
"""One row a policy."""
_POLICIES: Final = Listing("select policy, kind from policies", "policy", _FIRST)
_VERSIONS: Final = """
    select policy, name, version, effective_date, source, rules::text, partition,
           proposed_by, proposed_at, proposed_position, approved_by, approved_at, approved_position
    from policies where policy = any(%(names)b) order by policy, version
"""


class PolicyQuestions:
    """Answers from the read database, as `DirectoryQuestions` gives them. Safe to share between calls."""

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        self._rows = DirectoryRows(pool, Ground(partitions, horizon))

    async def get_policy(self, request: pb.GetPolicyRequest, seconds_left: float | None = None) -> pb.Policy:
        """A policy with its versions. Refuses NOT_FOUND."""
        row, versions, positions = await self._rows.one(
            _POLICIES, request.name, request.positions, seconds_left, _VERSIONS
        )
        message = _policy(row, versions)
        message.positions.extend(positions)
        return message

    async def list_policies(
        self, request: pb.ListPoliciesRequest, seconds_left: float | None = None
    ) -> pb.ListPoliciesResponse:
        """Policies by name, of one kind if it is named."""
        narrowed: tuple[LiteralString, Mapping[str, object]] = (_FIRST, {})
        if request.kind:
            narrowed = (f"{_FIRST} and kind = %(kind)b", {"kind": _word(pb.PolicyKind.Name(request.kind))})
        page, versions = await self._rows.page(_POLICIES, request, seconds_left, narrowed, _VERSIONS)
        return pb.ListPoliciesResponse(
            policies=[_policy(row, [one for one in versions if one[0] == row[0]]) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )


def _word(value: str) -> str:
    return value.removeprefix("POLICY_KIND_").lower()


def _policy(row: Sequence[Any], versions: Sequence[Sequence[Any]]) -> pb.Policy:
    return pb.Policy(
        name=row[0],
        kind=pb.PolicyKind.Value(f"POLICY_KIND_{row[1].upper()}"),
        versions=[_version(version) for version in versions],
    )


def _version(row: Sequence[Any]) -> pb.PolicyVersion:
    approved = row[12] is not None
    message = pb.PolicyVersion(
        name=row[1],
        version=row[2],
        effective_date=row[3].isoformat(),
        source=row[4],
        proposed_by=row[7],
        proposed_time=timestamp(row[8]),
        proposed_at=Position(partition=row[6], position=row[9]),
        approved_by=row[10] or "",
        approved_time=timestamp(row[11]) if approved else None,
        approved_at=Position(partition=row[6], position=row[12]) if approved else None,
    )
    _set_rules(message, msgspec.json.decode(row[5]))
    return message


def _set_rules(message: pb.PolicyVersion, rules: dict[str, Any]) -> None:
    kind = rules.pop("kind")
    if kind == "hours":
        rounding = pb.Rounding.Value(f"ROUNDING_{rules.pop('rounding').upper()}")
        message.hours.CopyFrom(pb.HoursRules(**rules, rounding=rounding))
    elif kind == "requirement":
        classes = [values_pb2.EvidenceClass.Value(f"EVIDENCE_CLASS_{one.upper()}") for one in rules["measure_classes"]]
        period = pb.RequirementPeriod.Value(f"REQUIREMENT_PERIOD_{rules['period'].upper()}")
        levels = [pb.RequirementLevel(**level) for level in rules["levels"]]
        message.requirement.CopyFrom(
            pb.RequirementRules(
                measure_classes=classes,
                levels=levels,
                period=period,
                compulsory_service_counts=rules["compulsory_service_counts"],
                watched=rules["watched"],
            )
        )
    else:
        message.rates.CopyFrom(pb.Rates(rates=[pb.Rate(**rate) for rate in rules["rates"]]))
