"""One text in both languages. In `{braces}` stands what is put in; a missing or empty text fails a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

Language: TypeAlias = Literal["ar", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "ar")


class Text(NamedTuple):
    """One text in both languages."""

    ar: str
    en: str

    def of(self, language: Language) -> str:
        """The text in one language."""
        return self.ar if language == "ar" else self.en


class Plural(NamedTuple):
    """A number and its noun, a form for each plural category of the language (Unicode CLDR); `{n}` is the number."""

    ar_none: str
    ar_one: str
    ar_two: str
    ar_few: str
    ar_many: str
    en_one: str
    en: str

    def texts(self) -> Iterator[tuple[str, Text]]:
        """Each form of Arabic with the English one that stands in its place, by its category."""
        english = {"none": self.en, "one": self.en_one, "two": self.en, "few": self.en, "many": self.en}
        arabic = (self.ar_none, self.ar_one, self.ar_two, self.ar_few, self.ar_many)
        for (category, en), ar in zip(english.items(), arabic, strict=True):
            yield category, Text(ar, en)
