"""One link for each state that the page can have, with codes that say which."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.statements.desk_port import OpenedStatement
from tests.browser.sample_desk import REVOKED_AT, SampleDesk, opened
from tests.browser.sample_log import StatementLog
from tests.browser.sample_statement import SampleIssuer, SampleStatement, Wanted, issue

TRANSCRIPT_DETAILS: Final = ("full_name", "organizations", "roles", "sectors", "years", "skills", "entries")
CARD_STATES: Final = {
    "valid": "valid",
    "selection": "valid",
    "transcript": "valid",
    "arabic": "valid",
    "unproven": "valid",
    "unasked": "valid",
    "superseded": "superseded",
    "expired": "expired",
    "revoked": "revoked",
    "erased": "erased",
    "unknown": "unknown",
    "withdrawn": "withdrawn",
    "shareexpired": "share_expired",
    "usedup": "used_up",
    "tampered": "tampered",
}
"""Name of a link → the state that its page must show."""
WITH_STATEMENT: Final = ("valid", "superseded", "expired")
"""States in which what the statement says is shown."""


def code_of(name: str) -> str:
    """The code of a link: 26 letters."""
    return name.ljust(26, "a")


@dataclass
class SampleSite:
    """A desk with a link of each kind, and what they were made of."""

    desk: SampleDesk
    statements: dict[str, SampleStatement] = field(default_factory=dict)


def sample_site() -> SampleSite:
    """Everything of it is made anew; statuses can be changed later through the desk's issuer."""
    issuer, log = SampleIssuer(), StatementLog()
    now = int(time.time())
    wanted = {
        "valid": Wanted(place=7),
        "selection": Wanted(place=8, period=("2026-01-01", "2026-06-30"), shown=("organizations",)),
        "transcript": Wanted(place=9, kind="transcript", shown=TRANSCRIPT_DETAILS),
        "arabic": Wanted(place=10, initials="ش. ا.", full_name="شخص اصطناعي"),
        "superseded": Wanted(place=11),
        "expired": Wanted(place=12, issued_at=now - 40 * 86_400, expires_at=now - 86_400),
    }
    statements = {name: issue(issuer, log, each) for name, each in wanted.items()}
    issuer.statuses[11] = 3
    site = SampleSite(SampleDesk(issuer, log), statements)
    links = site.desk.links
    for name, statement in statements.items():
        # Proofs anew: the last checkpoint covers all of them.
        statements[name] = replace(statement, tlog_proof=log.tlog_proof(statement.position))
        links[code_of(name)] = opened(statements[name], "superseded" if name == "superseded" else "valid")
    links[code_of("unproven")] = replace(links[code_of("valid")], event=None, tlog_proof=None)
    # Its list is one that the desk does not have: as if the list could not be asked just now.
    links[code_of("unasked")] = opened(issue(issuer, log, Wanted(place=13, status_list=9)))
    links[code_of("revoked")] = OpenedStatement("revoked", revoked_at=REVOKED_AT)
    links[code_of("erased")] = OpenedStatement("erased")
    links[code_of("withdrawn")] = OpenedStatement("withdrawn")
    links[code_of("shareexpired")] = OpenedStatement("share_expired")
    links[code_of("usedup")] = OpenedStatement("used_up")
    other = statements["arabic"]
    links[code_of("tampered")] = replace(links[code_of("valid")], event=other.event, tlog_proof=other.tlog_proof)
    return site
