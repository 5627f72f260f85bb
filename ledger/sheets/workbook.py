"""An XLSX file: bounded before anything of it is read, and the one sheet of it that is meant."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from ledger.sheets.mapping import SheetPlace
from ledger.sheets.merges import Merged, Merges, MergesFound
from ledger.sheets.number_formats import Styles
from ledger.sheets.rows import FileUnreadable, RawRow
from ledger.sheets.shared_texts import SharedTexts
from ledger.sheets.sheet_cells import CellReading
from ledger.sheets.sheet_rows import SheetRows
from ledger.sheets.words import same_name
from ledger.sheets.workbook_parts import Relations, SheetEntry, WorkbookPart
from ledger.sheets.xml_parts import AGAIN, CHUNK_BYTES, Elements, damage_told, parse_all

FILE_BYTES_MAX: Final = 500 << 20
ENTRIES_MAX: Final = 10_000
SHEET_BYTES_MAX: Final = 1 << 30
TEXTS_BYTES_MAX: Final = 256 << 20
PART_BYTES_MAX: Final = 16 << 20
_WORKSHEET: Final = "/worksheet"
_SHARED: Final = "/sharedStrings"
_STYLES: Final = "/styles"
_WORKBOOK: Final = "/officeDocument"


def open_sheet(path: Path, place: SheetPlace) -> SheetFile:
    """The sheet that is meant. Raises FileUnreadable, OSError."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise FileUnreadable(f"the file is larger than {FILE_BYTES_MAX >> 20} MB", "save the sheet as CSV in UTF-8")
    with ExitStack() as opened:
        with damage_told():
            archive = opened.enter_context(zipfile.ZipFile(path))
        texts = SharedTexts(opened.enter_context(TemporaryFile()))
        sheet = Workbook(archive).sheet(place, texts)
        sheet.opened = opened.pop_all()
        return sheet


class SeveralSheets(FileUnreadable):
    """Several sheets hold something, and the mapping names none."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"{len(names)} sheets hold something", f"say which in sheet.name: {_listed(names)}")
        self.names = tuple(names)


class Workbook:
    """What the parts around the sheets say."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._check_entries()
        root = self._relations("")
        name = root.target_of_type(_WORKBOOK)
        self._part = WorkbookPart()
        self._parse(name or "", self._part, PART_BYTES_MAX)
        self._related = self._relations(name or "")
        self._styles = Styles()
        if styles := self._related.target_of_type(_STYLES):
            self._parse(styles, self._styles, PART_BYTES_MAX)

    def sheet(self, place: SheetPlace, texts: SharedTexts) -> SheetFile:
        """The one of the mapping's name, else the only one that holds something. Raises FileUnreadable."""
        if name := self._related.target_of_type(_SHARED):
            self._parse(name, texts, TEXTS_BYTES_MAX)
        texts.done()
        reading = CellReading(texts.get, self._styles.meaning, self._part.epoch_1904, self._part.is_calculated)
        sheets = {
            entry.name: SheetFile(self._archive, self._target(entry), reading, place)
            for entry in self._chosen(place.name)
        }
        return self._only(sheets, named=place.name is not None)

    def _chosen(self, name: str | None) -> list[SheetEntry]:
        if name is None:
            return [entry for entry in self._part.sheets if entry.is_shown and self._is_worksheet(entry)]
        exact = [entry for entry in self._part.sheets if entry.name == name]
        found = exact or [entry for entry in self._part.sheets if same_name(entry.name) == same_name(name)]
        if len(found) != 1 or not self._is_worksheet(found[0]):
            raise FileUnreadable(f"no one sheet {name!r}", f"it has {_listed([one.name for one in self._part.sheets])}")
        return found

    def _only(self, sheets: Mapping[str, SheetFile], *, named: bool) -> SheetFile:
        filled = {name: sheet for name, sheet in sheets.items() if named or next(sheet.raw_rows(), None) is not None}
        if len(filled) == 1:
            return next(iter(filled.values()))
        if filled:
            raise SeveralSheets(list(filled))
        hidden = [entry.name for entry in self._part.sheets if not entry.is_shown]
        raise FileUnreadable(
            "no sheet that is shown holds anything",
            f"name it in sheet.name: {_listed(hidden)}" if hidden else "is it the right file?",
        )

    def _is_worksheet(self, entry: SheetEntry) -> bool:
        return self._related.type_of(entry.relation).endswith(_WORKSHEET)

    def _target(self, entry: SheetEntry) -> zipfile.ZipInfo:
        return self._info(self._related.target(entry.relation), SHEET_BYTES_MAX)

    def _relations(self, part: str) -> Relations:
        folder, name = posixpath.split(part)
        relations = Relations(folder)
        self._parse(posixpath.join(folder, "_rels", f"{name}.rels"), relations, PART_BYTES_MAX)
        return relations

    def _parse(self, name: str, elements: Elements, bytes_max: int) -> None:
        with damage_told(), self._archive.open(self._info(name, bytes_max)) as part:
            parse_all(part, elements)

    def _info(self, name: str, bytes_max: int) -> zipfile.ZipInfo:
        try:
            info = self._archive.getinfo(name)
        except KeyError:
            raise FileUnreadable(f"the file is damaged: it has no {name or 'workbook'}", AGAIN) from None
        if info.file_size > bytes_max:
            raise FileUnreadable(
                f"{name} unpacks to {info.file_size >> 20:,} MB: at most {bytes_max >> 20:,} are read",
                "save the sheet as CSV in UTF-8",
            )
        if info.flag_bits & 1:
            raise FileUnreadable("the file is protected by a password", "save it again without one")
        return info

    def _check_entries(self) -> None:
        names = self._archive.namelist()
        if len(names) > ENTRIES_MAX:
            raise FileUnreadable(f"the file has {len(names):,} parts", AGAIN)
        if len(set(names)) < len(names):
            raise FileUnreadable("the file has two parts of one name, and programs read different ones", AGAIN)
        for name in names:
            if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
                raise FileUnreadable(f"the file has a part that leads out of it: {name[:60]!r}", AGAIN)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:20]))


@dataclass
class SheetFile:
    """One sheet of an archive."""

    archive: zipfile.ZipFile
    part: zipfile.ZipInfo
    reading: CellReading
    place: SheetPlace
    rows_are_whole: bool = False
    opened: ExitStack = field(default_factory=ExitStack)
    """What is to be closed with it."""
    _under_way: SheetRows | None = None
    _merged: list[Merged] | None = None

    @property
    def epoch_1904(self) -> bool:
        """Whether its days are counted from 1904."""
        return self.reading.epoch_1904

    @property
    def size_bytes(self) -> int:
        """Of the sheet, unpacked."""
        return self.part.file_size

    @property
    def bytes_read(self) -> int:
        """How far the reading under way has come."""
        return 0 if self._under_way is None else self._under_way.bytes_read

    def raw_rows(self) -> Iterator[RawRow]:
        """Each row that is not blank. Raises FileUnreadable."""
        if self._merged is None:
            self._merged = self._merged_ranges()
        merges = Merges(self._merged, repeat=self.place.merged == "repeat") if self._merged else None
        self._under_way = SheetRows(self.reading, merges)
        with damage_told(), self.archive.open(self.part) as part:
            yield from self._under_way.read(part)

    def close(self) -> None:
        """Let go of the file."""
        self.opened.close()

    def _merged_ranges(self) -> list[Merged]:
        """They stand behind the rows: most sheets have none, which a look at the bytes tells without parsing them."""
        sought, before, wide = b"mergeCell", b"", False
        with damage_told(), self.archive.open(self.part) as part:
            while chunk := part.read(CHUNK_BYTES):
                wide = wide or (not before and b"\0" in chunk[:4])
                if wide or sought in before[-len(sought) :] + chunk:
                    break
                before = chunk
            else:
                return []
        found = MergesFound()
        with damage_told(), self.archive.open(self.part) as part:
            parse_all(part, found)
        return found.ranges
