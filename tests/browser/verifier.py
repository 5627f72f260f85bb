"""The browser's verifier without its page: evidence in, verdicts out, many at a time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from playwright.sync_api import Page

from ledger.credentials.verify_statement import StatementEvidence

Verdict = dict[str, Any]

STATUS_SECONDS_MAX: Final = 24 * 3_600
"""As offline: so old a list may be."""
_VERIFY: Final = """
async ([evidences, trust]) => {
  const { verifyStatement } = await import("/check/verify.js");
  const { readBase64 } = await import("/check/bytes.js");
  const bytes = (text) => (text === null ? null : readBase64(text, "test"));
  return Promise.all(evidences.map(async (one) => {
    const evidence = {
      credential: one.credential, event: bytes(one.event), tlogProof: bytes(one.tlogProof),
      balanceProof: bytes(one.balanceProof), statusList: one.statusList, linkDigest: null,
    };
    const { state, steps, credential, disclosed } = await verifyStatement(evidence, trust);
    return { state, steps, claims: credential?.claims ?? null, disclosed: disclosed ?? null };
  }));
}
"""


def verdicts(
    page: Page,
    evidences: Sequence[StatementEvidence],
    issuer: Mapping[str, object],
    log_keys: Sequence[str],
    now: int,
) -> list[Verdict]:
    """What the browser says of each; `page` is any page of the site."""
    trust = {
        "issuer": dict(issuer),
        "logKeys": list(log_keys),
        "now": now,
        "statusSecondsMax": STATUS_SECONDS_MAX,
    }
    found: list[Verdict] = page.evaluate(_VERIFY, [[_plain(one) for one in evidences], trust])
    return found


def failed_step(verdict: Verdict) -> str | None:
    """The first step that fails."""
    return next((str(step["name"]) for step in verdict["steps"] if step["outcome"] == "fails"), None)


def _plain(evidence: StatementEvidence) -> dict[str, str | None]:
    return {
        "credential": evidence.credential,
        "event": _base64(evidence.event),
        "tlogProof": _base64(evidence.tlog_proof),
        "balanceProof": _base64(evidence.balance_proof),
        "statusList": evidence.status_list,
    }


def _base64(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()
