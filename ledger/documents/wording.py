"""Texts of the catalogue as a document prints them: what is put in is isolated, so that it does not turn the line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from ledger.documents.isolation import by_its_content
from ledger.texts.text import Language, Text

Both: TypeAlias = dict[str, str]
"""`en` and `ar`."""
_COMMAS: Final = {"en": ", ", "ar": "، "}


def said(text: Text, language: Language, **values: str) -> str:
    """The text with its values put in, each isolated. Raises KeyError when one is missing."""
    return text.of(language).format_map({name: by_its_content(value) for name, value in values.items()})


def listed(text: Text, language: Language, items: Iterable[str]) -> str:
    """The text and a list behind it: each item isolated, but not their list, which runs as the sentence does."""
    return f"{said(text, language)} {_COMMAS[language].join(map(by_its_content, items))}"


def in_both(text: Text, **values: str) -> Both:
    """In both languages."""
    return {"en": said(text, "en", **values), "ar": said(text, "ar", **values)}
