"""The one check that walks everything: every system test may close with it."""

from __future__ import annotations

from ledger.audit import audit
from ledger.settings import Settings


def assert_audit_clean(settings: Settings, *, settled: bool = False) -> None:
    """Nothing anywhere contradicts the events. `settled`: topic and projections have caught up, too."""
    report = audit(settings, settled=settled)
    assert report.count == 0, "\n".join(finding.line() for finding in report.findings[:20])
