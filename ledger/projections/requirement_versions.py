"""Which versions of which requirements are approved, and at which positions were they so?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ledger.projections.snapshot import ReadConnection
from ledger.requirements.rules import RequirementVersion, read_rules

_ALL: Final = """
    select policy, version, kind, effective_date, source, rules, partition, approved_position from policies
"""
STATE_SQL: Final = "select count(*), count(approved_position) from policies"
"""Versions are added and approved, nothing else: two states with the same counts are the same."""

State: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Approved:
    """An approved version and where its approval stands."""

    version: RequirementVersion
    partition: int
    position: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """All approved versions of requirements in one state of the read database."""

    state: State = (-1, -1)
    _by_policy: Mapping[str, Sequence[_Approved]] = field(default_factory=dict)

    def versions(self, requirement: str, upto: Mapping[int, int] | None = None) -> list[RequirementVersion]:
        """Those of the policy that `requirement` names, approved at the positions `upto`; None: in this state."""
        policy = "/".join(requirement.split("/", 2)[:2])
        return [
            one.version
            for one in self._by_policy.get(policy, ())
            if upto is None or one.position <= upto.get(one.partition, 0)
        ]

    def all_versions(self) -> list[RequirementVersion]:
        """Of all policies, approved in this state."""
        return [one.version for versions in self._by_policy.values() for one in versions]


async def read_requirements(connection: ReadConnection) -> Requirements:
    """All there are: some tens, with their rules."""
    rows = await (await connection.execute(_ALL, binary=True)).fetchall()
    by_policy: dict[str, list[_Approved]] = {}
    approved_count = 0
    for policy, version, kind, effective_date, source, rules, partition, approved_position in rows:
        if approved_position is None:
            continue
        approved_count += 1
        if kind == "requirement":
            read = RequirementVersion(policy, version, effective_date, source, read_rules(rules))
            by_policy.setdefault(policy, []).append(_Approved(read, partition, approved_position))
    return Requirements((len(rows), approved_count), by_policy)
