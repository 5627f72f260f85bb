"""What an opportunity, and who offers it, is found by: from its details, as whoever has them holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ledger.search.concepts import without_stop_words
from ledger.search.keys import TEXT_WORDS_MAX, Offered
from ledger.search.normalise import words_of
from ledger.search.stems import stems_of


class Text(Protocol):
    """In Arabic, English or both."""

    @property
    def ar(self) -> str | None: ...

    @property
    def en(self) -> str | None: ...


class Details(Protocol):
    """Of an opportunity."""

    @property
    def title(self) -> Text: ...

    @property
    def description(self) -> Text | None: ...

    @property
    def sector(self) -> str | None: ...

    @property
    def event_type(self) -> str | None: ...

    @property
    def skills(self) -> Sequence[str]: ...

    @property
    def level(self) -> str | None: ...

    @property
    def minimum_age_years(self) -> int: ...


def offered(organization: str, published: bool, details: Details) -> Offered:
    """What an opportunity is found by, from its details."""
    return Offered(
        organization=organization,
        published=published,
        titles=_texts(details.title),
        descriptions=_texts(details.description),
        sector=details.sector or "",
        labels=[*details.skills, details.event_type or ""],
        level=details.level or "",
        minimum_age_years=details.minimum_age_years,
    )


def name_stems(text: Text) -> list[str]:
    """The words of an organisation's name, as they are asked for."""
    words = [word for one in _texts(text) for word in without_stop_words(words_of(one, TEXT_WORDS_MAX))]
    return sorted({stem for word in words for stem in stems_of(word)})


def _texts(text: Text | None) -> list[str]:
    return [] if text is None else [one for one in (text.ar, text.en) if one]
