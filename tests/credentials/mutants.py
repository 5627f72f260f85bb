"""Changed statements, at random from a seed: what somebody would try who knows the formats, and changed bytes.

Plain data out: whoever verifies statements (the command line, the service, the browser's script) verifies these, with
`World.trust`'s keys and at NOW. One that need not fail may hold only with the content that was issued, or less of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ledger.credentials.verify_statement import StatementEvidence
from tests.credentials.credential_mutations import CREDENTIAL_CHANGES
from tests.credentials.evidence_mutations import EVIDENCE_CHANGES
from tests.credentials.sample_statements import Statement, World, sample_world

TOGETHER_SHARE = 0.15
"""Of mutants that are changed in several ways at once."""
BARE_SHARE = 0.5
"""Of changed credentials that come without event and proofs: then the log's digest does not help to find the change."""


@dataclass(frozen=True)
class Mutant:
    """One changed statement."""

    name: str
    """Of the changes."""
    of: str
    """The statement it was made of."""
    may_hold: bool
    """By rule it need not fail: disclosures left away or in another order, evidence left away, several changes."""
    evidence: StatementEvidence


@dataclass(frozen=True)
class Ground:
    """What mutants are made of: the world that is believed, and another with the same names and other keys."""

    world: World
    other: World
    chance: random.Random

    def any_statement(self) -> Statement:
        return self.chance.choice(list(self.world.statements.values()))


Change = Callable[[Ground, Statement, StatementEvidence], StatementEvidence | None]
"""None: this statement cannot be changed so."""


def mutants(seed: int, count: int, world: World | None = None) -> Iterator[Mutant]:
    """So many; each is another one than the statement it was made of."""
    ground = Ground(world or sample_world(), sample_world(seed=2), random.Random(seed))
    changes = {**CREDENTIAL_CHANGES, **EVIDENCE_CHANGES}
    names = list(changes)
    made = 0
    while made < count:
        statement = ground.any_statement()
        together = ground.chance.random() < TOGETHER_SHARE
        # In turn, so that every kind is there in every dose.
        chosen = ground.chance.sample(names, ground.chance.randint(2, 3)) if together else [names[made % len(names)]]
        given = statement.evidence
        if not together and chosen[0] in CREDENTIAL_CHANGES and ground.chance.random() < BARE_SHARE:
            given = StatementEvidence(given.credential, status_list=given.status_list)
        evidence: StatementEvidence | None = given
        for name in chosen:
            evidence = evidence and changes[name].apply(ground, statement, evidence)
        if evidence is None or evidence == given:
            continue
        made += 1
        yield Mutant("+".join(chosen), statement.name, together or changes[chosen[0]].may_hold, evidence)
