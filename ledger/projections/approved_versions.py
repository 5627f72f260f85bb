"""Which versions of which policies are approved, and at which positions were they so?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from ledger.projections.snapshot import ReadConnection

_ALL: Final = """
    select policy, version, kind, effective_date, source, rules, partition, approved_position from policies
"""
STATE_SQL: Final = "select count(*), count(approved_position) from policies"
"""Versions are added and approved, nothing else: two states with the same counts are the same."""

State: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ApprovedVersion:
    """An approved version of a policy, its rules as decoded JSON, and where its approval stands."""

    policy: str
    version: int
    kind: str
    effective_date: date
    source: str
    rules: object
    partition: int
    position: int

    @property
    def name(self) -> str:
        """policies/{policy}/versions/{version}"""
        return f"{self.policy}/versions/{self.version}"

    def known_at(self, upto: Mapping[int, int] | None) -> bool:
        """Whether it was approved at these positions (partition → position); None: at all."""
        return upto is None or self.position <= upto.get(self.partition, 0)


def policy_of(named: str) -> str:
    """policies/{policy}, of a policy or of one of its versions."""
    return "/".join(named.split("/", 2)[:2])


async def read_approved(connection: ReadConnection) -> tuple[State, list[ApprovedVersion]]:
    """All there are: some tens, with their rules."""
    rows = await (await connection.execute(_ALL, binary=True)).fetchall()
    approved = [ApprovedVersion(*row) for row in rows if row[-1] is not None]
    return (len(rows), len(approved)), approved
