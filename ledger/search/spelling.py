"""Words one letter apart: both lose a letter, or none, and are the same. So each word is kept with all such forms.

The idea is SymSpell's (deletion neighbourhoods). Forms are kept as hashes, and what they find is compared.
"""

from __future__ import annotations

import hashlib
from typing import Final

REPAIRED_LETTERS_MIN: Final = 3
"""A shorter word is one letter away from too many."""


def forms_of(word: str) -> list[int]:
    """Hashes of the word and of the word less each letter, as int64, ascending, each once."""
    forms = {word, *(word[:index] + word[index + 1 :] for index in range(len(word)))}
    return sorted({_hash(form) for form in forms})


def is_one_apart(word: str, other: str) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbours makes one of the other."""
    if word == other or abs(len(word) - len(other)) > 1:
        return False
    if len(word) > len(other):
        word, other = other, word
    start = next((index for index, letter in enumerate(word) if other[index] != letter), len(word))
    if len(word) != len(other):
        return word[start:] == other[start + 1 :]
    replaced = word[start + 1 :] == other[start + 1 :]
    swapped = word[start : start + 2] == other[start : start + 2][::-1] and word[start + 2 :] == other[start + 2 :]
    return replaced or swapped


def _hash(form: str) -> int:
    return int.from_bytes(hashlib.blake2b(form.encode(), digest_size=8).digest(), "big", signed=True)
