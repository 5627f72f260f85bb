"""Pages of a replay whose proofs are checked as they come."""

from __future__ import annotations

import typer

from ledger.commands.connection import CommandFailed
from ledger.commands.key_options import trusted_keys
from ledger.transparency.failures import StepFailed
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verify import verify_page
from volunteer_hours.v1.audit_service_pb2 import ReplayEventsResponse


class ProvenPages:
    """Checks each page under the checkpoint that its stream began with."""

    def __init__(self, policy: TrustPolicy) -> None:
        self._policy = policy
        self._checkpoint = b""
        self.newest = "no page"
        """Of the last page that was checked: which log, and how long."""

    def check(self, page: ReplayEventsResponse) -> None:
        """Return if all events of a page are in the log, where it says. Raises CommandFailed with the step."""
        # A stream that was taken up again begins with the checkpoint that is the newest by then.
        self._checkpoint = page.checkpoint or self._checkpoint
        if not page.events:
            return
        positions = page.positions or range(page.first_position, page.next_position)
        if len(positions) != len(page.events):
            raise CommandFailed(f"{len(page.events)} events came for {len(positions)} positions: nothing is proven")
        try:
            events = list(zip(positions, page.events, strict=True))
            verdict = verify_page(self._checkpoint, page.proof_hashes, events, self._policy)
        except StepFailed as failed:
            raise CommandFailed(f"positions {positions[0]} to {positions[-1]} are not proven: {failed}") from failed
        self.newest = f"{verdict.checkpoint.origin}, size {verdict.checkpoint.size}"


def policy_of(keys: list[str], partition: int) -> TrustPolicy:
    """The keys of a partition's log among those given. Raises typer.BadParameter."""
    policies = trusted_keys(keys).policies
    found = [policy for name, policy in policies.items() if len(policies) == 1 or name.endswith(f"/{partition}")]
    if len(found) != 1:
        raise typer.BadParameter(f"--proofs are checked under the log's keys: give --key of partition {partition}'s")
    return found[0]
