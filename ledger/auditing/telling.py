"""A report as it is printed, for people and for programs."""

from __future__ import annotations

import json

from ledger.auditing.finding import FINDINGS_KEPT_MAX, Report


def tell(report: Report, *, as_json: bool = False) -> int:
    """Print what was found and give the exit code: 0 clean, 1 findings."""
    if as_json:
        findings = [finding.plain() for finding in report.findings]
        print(json.dumps({"findings": report.count, "first": findings, "notes": report.notes}, indent=2))
        return _code(report)
    for note in report.notes:
        print(f"note: {note}")
    for finding in report.findings:
        print(f"finding: {finding.line()}")
    for place, count in report.by_place.items():
        if count > FINDINGS_KEPT_MAX:
            print(f"finding: {place}: {count - FINDINGS_KEPT_MAX} more")
    print(f"findings: {report.count}")
    return _code(report)


def _code(report: Report) -> int:
    return 1 if report.count else 0
