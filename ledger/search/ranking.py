"""The order of results: a score that is the sum of the reasons told, then the next start, then the order of publishing.

Nothing in it depends on what else is stored but the rareness of words, which later pages take from the first one: so
what is published in between changes no score. docs/finding.md, "What is found and how it is ranked".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from ledger.search.fits import Fits
from ledger.search.question import SCORES, Group, Why
from ledger.search.sets import CHUNK_NUMBERS, Chunk, Numbers, has

SOON: Final = timedelta(days=14)
RARENESS_MAX: Final = 12
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Told(NamedTuple):
    """One reason, and what it adds."""

    why: Why | Fits
    asked: str
    matched: str
    score: int


@dataclass(frozen=True, slots=True)
class Opened:
    """One open shift of a candidate."""

    shift: str
    begins_at: datetime
    places_left: int
    region: str | None
    city_key: str | None
    online: bool


@dataclass(slots=True)
class Candidate:
    """An opportunity that was found, not yet ranked."""

    chunk: Chunk
    offset: int
    """Its number within the chunk."""
    sector: str | None
    level: str | None
    shifts: list[Opened] = field(default_factory=list)
    """The next that fit, soonest first."""

    @property
    def number(self) -> tuple[int, int]:
        """Partition and number: the order of publishing."""
        return self.chunk[0], self.chunk[1] * CHUNK_NUMBERS + self.offset

    @property
    def begins_at(self) -> datetime:
        """Of the next shift."""
        return self.shifts[0].begins_at if self.shifts else _NEVER


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score and why."""

    candidate: Candidate
    score: int
    reasons: Sequence[Told]

    @property
    def place(self) -> tuple[int, datetime, tuple[int, int]]:
        """Results are ascending by this."""
        return -self.score, self.candidate.begins_at, self.candidate.number


def rareness_of(size: int, whole: int) -> int:
    """How much a word says, 1 to 12: 1 for what more than half have, and 1 more each time that half as many have it."""
    return min(max((whole // max(size, 1)).bit_length(), 1), RARENESS_MAX)


def ranked(
    candidates: Sequence[Candidate],
    groups: Sequence[Group],
    rareness: Sequence[int],
    pairs: Sequence[str],
    sets: Mapping[str, Numbers],
    now: datetime,
) -> list[Ranked]:
    """All candidates, the best first."""
    scored = (_ranked(one, groups, rareness, pairs, sets, now) for one in candidates)
    return sorted(scored, key=lambda one: one.place)


def _ranked(
    one: Candidate,
    groups: Sequence[Group],
    rareness: Sequence[int],
    pairs: Sequence[str],
    sets: Mapping[str, Numbers],
    now: datetime,
) -> Ranked:
    told: list[Told] = []
    for group, factor in zip(groups, rareness, strict=True):
        all_met = [met for met in group.keys if has(sets.get(met.key, {}), one.chunk, one.offset)]
        if all_met:
            best, further = all_met[0], len({met.why for met in all_met}) - 1
            told.append(Told(best.why, group.word, best.matched, (best.score + further) * factor))
    if groups and len(told) == len(groups):
        told.append(Told(Why.ALL_WORDS, "", "", SCORES[Why.ALL_WORDS] * len(groups)))
    if pairs and all(has(sets.get(pair, {}), one.chunk, one.offset) for pair in pairs):
        told.append(Told(Why.EXACT_PHRASE, "", "", SCORES[Why.EXACT_PHRASE]))
    told += occasion(one.shifts, now)
    return Ranked(one, sum(reason.score for reason in told), told)


def occasion(shifts: Sequence[Opened], now: datetime) -> list[Told]:
    """What the next shift adds."""
    told: list[Told] = []
    if shifts and now < shifts[0].begins_at <= now + SOON:
        told.append(Told(Why.SOON, "", "", SCORES[Why.SOON]))
    if shifts and shifts[0].places_left > 0:
        told.append(Told(Why.PLACES_LEFT, "", "", SCORES[Why.PLACES_LEFT]))
    return told
