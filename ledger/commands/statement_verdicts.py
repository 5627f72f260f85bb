"""Verdicts of `verify statement`, for people and for programs: initials and date of issue stand first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from ledger.commands.verdicts import Told
from ledger.credentials.claims import Disclosed, StatementClaims
from ledger.credentials.statement_verdict import State, StatementVerdict
from ledger.domain.values import LocalizedText

_IN_WORDS: Final[dict[State, str]] = {
    "valid": "valid",
    "superseded": "superseded: the hours that it states were corrected since; ask for a new statement",
    "revoked": "revoked: it holds no more",
    "expired": "expired: it holds no more",
}
_OUTCOMES: Final = {"holds": "holds", "fails": "FAILS", "not_shown": "not shown"}
_JOINERS: Final = "\u200c\u200d"
"""Invisible, and letters of some scripts are written with them."""
_DAY: Final = 86_400


def of_link(reason: str) -> Told:
    """Nothing was checked."""
    text = f"needs network: {reason}; open it, or ask for the PDF or the credential"
    return Told({"state": "needs_network", "reason": reason, "steps": []}, (text,))


def of_statement(verdict: StatementVerdict) -> Told:
    """A statement was checked; of one that fails nothing is told but the steps."""
    claims = verdict.claims if verdict.state in _IN_WORDS else None
    disclosed = verdict.disclosed if claims is not None and verdict.state != "revoked" else None
    document = {
        "state": verdict.state,
        "steps": [{"name": one.name, "outcome": one.outcome, "reason": one.reason} for one in verdict.steps],
        "digest": verdict.digest,
        "claims": None if claims is None else claims.model_dump(by_alias=True, exclude_none=True, mode="json"),
        "disclosed": None if disclosed is None else disclosed.model_dump(exclude_none=True, mode="json"),
        "status_age_seconds": verdict.status_age_seconds,
    }
    return Told(document, tuple(map(plain, _lines(verdict, claims, disclosed))))


def plain(text: str) -> str:
    """Text from elsewhere, without what would steer a terminal or turn the order of a line."""
    return "".join(one if one.isprintable() or one in _JOINERS else "\N{REPLACEMENT CHARACTER}" for one in text)


def hours_in_words(seconds: int) -> str:
    """Hours and minutes, and seconds where there are any."""
    minutes, rest = divmod(seconds, 60)
    text = f"{minutes // 60:,} h {minutes % 60} min"
    return f"{text} {rest} s" if rest else text


def _lines(verdict: StatementVerdict, claims: StatementClaims | None, disclosed: Disclosed | None) -> Iterator[str]:
    if claims is None:
        failed = verdict.failed
        yield f"NOT VERIFIED: it fails at the step {failed.name}" if failed else "NOT VERIFIED"
    else:
        yield f"{claims.initials}, issued {_day(claims.iat)}"
        yield _IN_WORDS[verdict.state]
        if verdict.state != "revoked":
            yield from _content(claims, disclosed or Disclosed())
    for one in verdict.steps:
        reason = f": {one.reason}" if one.reason else ""
        yield f"  {one.name:<12} {_OUTCOMES[one.outcome]}{reason}"
    if verdict.status_age_seconds is not None:
        yield f"the list of status is {_age(verdict.status_age_seconds)} old"
    elif claims is not None:
        yield "its status is not known: what became of it since it was issued was not checked"


def _content(claims: StatementClaims, disclosed: Disclosed) -> Iterator[str]:
    yield f"  {hours_in_words(claims.verified_seconds)} of verified hours"
    if disclosed.full_name is not None:
        yield f"  name: {disclosed.full_name}"
    yield f"  period: {claims.period.first or 'from the beginning'} to {claims.period.last or 'the date of issue'}"
    chosen = ", ".join(claims.only_organizations)
    yield f"  organisations: {f'only {chosen}' if chosen else 'all'}"
    for one in disclosed.organizations or ():
        name = _name(one.display_name) or one.name
        yield f"    {name}: {hours_in_words(one.verified_seconds)}, {one.first_date} to {one.last_date}"
    others = [name for name in disclosed.names() if name not in ("full_name", "organizations")]
    if others:
        yield f"  also disclosed (see --json): {', '.join(others)}"
    yield f"  issued by {claims.iss}, {claims.statement}"
    as_of = claims.as_of
    yield f"  rests on the first {as_of.size} events of {as_of.origin}, to {as_of.recorded_through}"
    if claims.exp is not None:
        yield f"  holds until {_day(claims.exp)}"


def _name(text: LocalizedText) -> str:
    return " / ".join(one for one in (text.ar, text.en) if one)


def _day(unix_seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m-%d}"
    except (OverflowError, ValueError, OSError):
        return f"{unix_seconds} s after 1970"


def _age(seconds: int) -> str:
    return f"{seconds // _DAY} days {hours_in_words(seconds % _DAY)}" if seconds >= _DAY else hours_in_words(seconds)
