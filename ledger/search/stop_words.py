"""Words that say nothing about what is sought, normalised, of both languages: `stop_words.txt`."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

STOP_WORDS: Final = frozenset(files("ledger.search").joinpath("stop_words.txt").read_text("utf-8").split())
