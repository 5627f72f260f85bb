"""Where in a file the table stands, as far as the file tells: its encoding, its delimiter, its sheet, its header."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from ledger.sheets.csv_file import CsvFile, readings_of
from ledger.sheets.fields import FIELDS, Kind
from ledger.sheets.guessed_dates import Question
from ledger.sheets.header_words import HEADER_WORDS
from ledger.sheets.mapping import SheetPlace
from ledger.sheets.recognising import is_workbook
from ledger.sheets.rows import Cell, FileUnreadable, RawRow, RawRows
from ledger.sheets.toml_file import Delimiter
from ledger.sheets.words import same_name
from ledger.sheets.workbook import SeveralSheets, open_sheet

LINES_LOOKED_AT: Final = 20
WORDS_OF_A_HEADER: Final = 2
_DELIMITERS: Final[tuple[Delimiter, ...]] = (",", ";", "\t", "|")


def ask_nobody(question: Question) -> str:
    """Nobody is there to answer."""
    return ""


def guessed_place(path: Path, kind: Kind, ask: Callable[[Question], str]) -> tuple[SheetPlace, set[str]]:
    """The place, and which of its settings a person has to confirm. Raises FileUnreadable, OSError."""
    if is_workbook(path):
        place, unsure = _sheet_of(path, ask)
    else:
        place, unsure = _encoding_of(path, ask)
        place = place.model_copy(update={"delimiter": _delimiter_of(path, place)})
    rows = _opened(path, place)
    try:
        return place.model_copy(update={"header_line": _header_line(rows, kind)}), unsure
    finally:
        rows.close()


def _opened(path: Path, place: SheetPlace) -> RawRows:
    return open_sheet(path, place) if is_workbook(path) else CsvFile(path, place)


def _sheet_of(path: Path, ask: Callable[[Question], str]) -> tuple[SheetPlace, set[str]]:
    try:
        open_sheet(path, SheetPlace()).close()
    except SeveralSheets as several:
        names = several.names
        answer = ask(Question("sheet.name", "Which sheet is it?", names))
        return SheetPlace(name=answer if answer in names else names[0]), set() if answer in names else {"name"}
    return SheetPlace(), set()


def _encoding_of(path: Path, ask: Callable[[Question], str]) -> tuple[SheetPlace, set[str]]:
    readings = readings_of(path)
    if not readings:
        return SheetPlace(), set()
    choices = {f"{encoding}: {word}": encoding for encoding, word in readings.items()}
    answer = choices.get(ask(Question("sheet.encoding", "Which of these is a word?", tuple(choices))))
    return SheetPlace.model_validate({"encoding": answer or next(iter(readings))}), set() if answer else {"encoding"}


def _delimiter_of(path: Path, place: SheetPlace) -> Delimiter | None:
    """The one that makes the most cells of a line; None: the file says it itself, or a comma."""
    widths: dict[Delimiter, int] = {}
    for delimiter in _DELIMITERS:
        try:
            rows = CsvFile(path, place.model_copy(update={"delimiter": delimiter}))
        except FileUnreadable:
            continue
        try:
            if rows.declares_its_delimiter:
                return None
            widths[delimiter] = max((len(row.cells) for row in islice(rows.raw_rows(), LINES_LOOKED_AT)), default=0)
        except FileUnreadable:
            continue
        finally:
            rows.close()
    return max(widths, key=widths.__getitem__, default=None)


def _header_line(rows: RawRows, kind: Kind) -> int | None:
    """The line with the most words that stand over columns; None: the first, or no line has any."""
    looked_at: list[RawRow] = list(islice(rows.raw_rows(), LINES_LOOKED_AT))
    known = {same_name(word) for field in FIELDS[kind] for word in HEADER_WORDS[field]}
    counts = [sum(_says(cell, known) for cell in row.cells) for row in looked_at]
    best = max(counts, default=0)
    first = counts.index(best) if counts else 0
    return looked_at[first].number if first and best >= WORDS_OF_A_HEADER else None


def _says(cell: Cell, known: set[str]) -> bool:
    return isinstance(cell, str) and same_name(cell[:200]) in known
