"""What a check of a statement ends with: each step by its stable name, and one state (docs/statements.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ledger.credentials.claims import Disclosed, StatementClaims

StepName: TypeAlias = Literal["form", "signature", "disclosures", "log", "complete", "status"]
Outcome: TypeAlias = Literal["holds", "fails", "not_shown"]
State: TypeAlias = Literal[
    "valid", "superseded", "revoked", "erased", "expired", "tampered", "unknown", "needs_network"
]


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step ended."""

    name: StepName
    outcome: Outcome
    reason: str = ""
    """Why it fails or is not shown; of one that holds what was found, such as whose key it is."""


@dataclass(frozen=True, slots=True)
class StatementVerdict:
    """The end of a check. `erased`, `unknown` and `needs_network` are never its own: others say so."""

    state: State
    steps: tuple[StepResult, ...]
    """All six, in order; those behind a failed one are not shown."""
    claims: StatementClaims | None = None
    """Only once the signature holds: nothing else may be told of it."""
    disclosed: Disclosed | None = None
    """Only once the disclosures hold."""
    digest: str | None = None
    """Of the credential; with `claims`."""
    status_age_seconds: int | None = None
    """How old the list of status is; None where none was given that the issuer signed."""

    @property
    def failed(self) -> StepResult | None:
        """The step that failed, if one did."""
        return next((step for step in self.steps if step.outcome == "fails"), None)
