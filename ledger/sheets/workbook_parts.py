"""The small parts of an XLSX: which sheets it has, where they lie, and how its dates are counted."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from ledger.sheets.xml_parts import Attributes


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A sheet, as the workbook lists it."""

    name: str
    relation: str
    is_shown: bool


class WorkbookPart:
    """The part `workbook.xml`."""

    def __init__(self) -> None:
        self.sheets: list[SheetEntry] = []
        self.epoch_1904 = False
        self.is_calculated = True

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if name == "sheet":
            relation = next((name for name in list(attributes.keys()) if name.endswith(":id")), "")
            self.sheets.append(
                SheetEntry(
                    attributes.get("name") or "",
                    attributes.get(relation) or "",
                    attributes.get("state", "visible") == "visible",
                )
            )
        elif name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "calcPr":
            self.is_calculated = attributes.get("fullCalcOnLoad") not in ("1", "true")

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """There is none."""


class Relations:
    """A part of relations: where the parts lie that another part names."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._targets: dict[str, tuple[str, str]] = {}

    def target(self, relation: str) -> str:
        """The name of a part; empty if there is none."""
        return self._targets.get(relation, ("", ""))[1]

    def type_of(self, relation: str) -> str:
        """What it is, as the end of a URI."""
        return self._targets.get(relation, ("", ""))[0]

    def target_of_type(self, ending: str) -> str:
        """The part of a type; empty if there is none."""
        return next((target for type_of, target in self._targets.values() if type_of.endswith(ending)), "")

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target") or ""
            inside = target.removeprefix("/") if target.startswith("/") else posixpath.join(self._folder, target)
            self._targets[attributes.get("Id") or ""] = (attributes.get("Type") or "", posixpath.normpath(inside))

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """There is none."""
