"""Reading what was typed: texts, numbers and times become what a request takes, or the field is named."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.web.people.visit import FormWrong, Visit

T = TypeVar("T")

_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
"""Arabic and Persian keyboards type these."""
_DIGITS_MAX: Final = 9


class Fields:
    """One form; `need` at the end refuses it if a field was wrong."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._wrong: dict[str, str] = {}

    def text(self, name: str) -> str:
        """One line."""
        return " ".join(self._visit.typed(name).split())

    def block(self, name: str) -> str:
        """Several lines, with line feeds alone between them."""
        lines = self._visit.typed(name).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return "\n".join(line.replace("\t", " ").rstrip() for line in lines).strip()

    def lines(self, name: str) -> list[str]:
        """Its lines, each once, empty ones left out."""
        return list(dict.fromkeys(filter(None, (" ".join(line.split()) for line in self.block(name).split("\n")))))

    def tick(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self._visit.typed(name) == "1"

    def number(self, name: str, low: int, high: int, empty: int | None = None) -> int:
        """A whole number; `empty`: what nothing means."""
        text = self._visit.typed(name).translate(_DIGITS)
        if not text and empty is not None:
            return empty
        if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS_MAX or not low <= int(text) <= high:
            return self._is_wrong(name, "field_number", low)
        return int(text)

    def zone(self, name: str) -> ZoneInfo | None:
        """A time zone by its name."""
        try:
            return ZoneInfo(self._visit.typed(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return self._is_wrong(name, "field_zone", None)

    def moment(self, name: str, zone: ZoneInfo | None) -> Timestamp | None:
        """A local time, such as 2026-12-03T16:00, by the clock of a zone."""
        try:
            local = datetime.fromisoformat(self._visit.typed(name))
        except ValueError:
            return self._is_wrong(name, "field_times", None)
        if local.tzinfo is not None:
            return self._is_wrong(name, "field_times", None)
        return None if zone is None else Timestamp(seconds=int(local.replace(tzinfo=zone).timestamp()))

    def mark(self, name: str, key: str) -> None:
        """A field is not as it should be."""
        self._wrong[name] = key

    def need(self) -> None:
        """Raises FormWrong if any field was."""
        if self._wrong:
            raise FormWrong(self._wrong)

    def _is_wrong(self, name: str, key: str, instead: T) -> T:
        self.mark(name, key)
        return instead
