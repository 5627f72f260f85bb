"""Which versions of which requirements are approved, and at which positions were they so?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger.projections.approved_versions import ApprovedVersion, State, policy_of, read_approved
from ledger.projections.snapshot import ReadConnection
from ledger.requirements.rules import RequirementVersion, read_rules


@dataclass(frozen=True, slots=True)
class Requirements:
    """All approved versions of requirements in one state of the read database."""

    state: State = (-1, -1)
    _by_policy: Mapping[str, Sequence[tuple[ApprovedVersion, RequirementVersion]]] = field(default_factory=dict)

    def versions(self, requirement: str, upto: Mapping[int, int] | None = None) -> list[RequirementVersion]:
        """Those of the policy that `requirement` names, approved at the positions `upto`; None: in this state."""
        found = self._by_policy.get(policy_of(requirement), ())
        return [version for approved, version in found if approved.known_at(upto)]

    def all_versions(self) -> list[RequirementVersion]:
        """Of all policies, approved in this state."""
        return [version for versions in self._by_policy.values() for _, version in versions]


async def read_requirements(connection: ReadConnection) -> Requirements:
    """All there are: some tens, with their rules."""
    state, approved = await read_approved(connection)
    by_policy: dict[str, list[tuple[ApprovedVersion, RequirementVersion]]] = {}
    for one in approved:
        if one.kind == "requirement":
            rules = read_rules(one.rules)
            version = RequirementVersion(one.policy, one.version, one.effective_date, one.source, rules)
            by_policy.setdefault(one.policy, []).append((one, version))
    return Requirements(state, by_policy)
