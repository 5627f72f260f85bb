"""A mapping to begin with, guessed from a file's header and first rows, for a person to correct."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from ledger.feeds.reading import FeedFile, FeedUnreadable, Row
from ledger.sheets.dates import DateUnreadable, read_date

ROWS_LOOKED_AT: Final = 1_000
WORDS_MAX: Final = 50
"""A column with more words than these is no column of codes."""
_ENCODINGS: Final = ("utf-8", "cp1252")
_DELIMITERS: Final = (",", ";", "\t", "|")
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("opportunity_id", "id", "record_id", "reference", "الرقم", "المعرف", "رقم الفرصة"),
    "title.en": ("title", "title_en", "name", "opportunity"),
    "title.ar": ("title_ar", "العنوان", "اسم الفرصة", "الفرصة"),
    "description.en": ("summary", "description", "description_en", "details"),
    "description.ar": ("description_ar", "الوصف", "وصف الفرصة"),
    "sector": ("category_desc", "category", "sector", "القطاع", "المجال"),
    "event_type": ("event_type", "recurrence_type", "type"),
    "skills": ("skills", "المهارات"),
    "minimum_age_years": ("minimum_age", "min_age", "minimum_age_years", "العمر الأدنى", "الحد الأدنى للعمر"),
    "level": ("level", "المستوى"),
    "region": ("region", "state", "المنطقة"),
    "city": ("locality", "city", "المدينة"),
    "online": ("online", "virtual", "عن بعد"),
    "places": ("vol_requests", "places", "capacity", "volunteers_needed", "المقاعد", "عدد المتطوعين"),
    "start": ("start_date_date", "start_date", "start", "starts_at", "تاريخ البداية", "تاريخ البدء"),
    "end": ("end_date_date", "end_date", "end", "ends_at", "تاريخ النهاية", "تاريخ الانتهاء"),
    "start_time": ("start_time", "وقت البداية"),
    "end_time": ("end_time", "وقت النهاية"),
    "status": ("status", "الحالة"),
    "source_time": ("last_modified_date", "modified", "updated_at", "last_modified", "created_date"),
}
_DATE_FORMATS: Final = (
    "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
    "%B %d, %Y", "%B %d %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y",
    "%m/%d/%Y 12:00:00 AM", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y",
)  # fmt: skip
_CLOSED: Final = re.compile(r"clos|inactive|expired|cancel|filled|archiv|مغلق|منته|ملغ", re.IGNORECASE)
_OPEN: Final = re.compile(r"^(open|active|published|approved|live|نشط|نشطة|متاح|متاحة|مفتوح|مفتوحة)$", re.IGNORECASE)
_YES: Final = ("yes", "true", "1", "online", "virtual", "نعم", "عن بعد")
_NO: Final = ("no", "false", "0", "in person", "on site", "onsite", "لا", "حضوري")
UNKNOWN: Final = "?"
"""What nobody can guess: the mapping is refused until a person has written something there."""
_TIMES: Final = '["%H:%M", "%I:%M %p"]'


def guessed_mapping(file: Path) -> str:
    """A mapping in TOML that reads this file as far as can be told. Raises FeedUnreadable, OSError."""
    with _opened(file) as feed:
        columns = _columns(feed.header)
        rows = [row.cells for row in islice(feed.rows(), ROWS_LOOKED_AT) if isinstance(row, Row)]
        delimiter, encoding = feed.delimiter, feed.encoding
    parts = [*_beginning(file, delimiter, encoding), "", "[columns]", *_column_lines(columns, feed.header)]
    dates = [row[columns[field]] for row in rows for field in ("start", "end", "source_time") if field in columns]
    parts += ["", "[dates]", f"formats = {_toml(_formats(dates))}"]
    parts += [f"times = {_TIMES}"] if "start_time" in columns else []
    parts += ["", "[defaults]", '# region = "SA-01"', "# places = 10"]
    for field in ("sector", "region", "level", "online", "status"):
        if field in columns:
            parts += ["", *_table(field, columns[field], _words(rows, columns[field]))]
    return "\n".join([*parts, ""])


def _opened(file: Path) -> FeedFile:
    """With the separator that makes the most columns of the header, and the encoding that reads the file."""
    for encoding in _ENCODINGS:
        widths: dict[str, int] = {}
        for delimiter in _DELIMITERS:
            try:
                with FeedFile(file, encoding, delimiter) as tried:
                    widths[delimiter] = len(tried.header)
            except FeedUnreadable:
                continue
        if widths:
            return FeedFile(file, encoding, max(widths, key=lambda one: widths[one]))
    return FeedFile(file, _ENCODINGS[-1])


def _columns(header: Iterable[str]) -> dict[str, str]:
    known = {re.sub(r"[\s-]+", "_", name.lower()): name for name in header}
    found: dict[str, str] = {}
    for field, names in _NAMES.items():
        for name in names:
            column = known.get(re.sub(r"[\s-]+", "_", name))
            if column is not None and column not in found.values():
                found[field] = column
                break
    return found


def _beginning(file: Path, delimiter: str, encoding: str) -> list[str]:
    feed = re.sub(r"[^a-z0-9]+", "-", file.stem.lower())[:30].strip("-") or "partner"
    lines = [
        f"# Guessed from {file.name}: read every line and correct it; docs/opportunity-feed.md says what each means.",
        f"feed = {_toml(feed)}  # part of every id: choose it well, and never change it",
        f"time_zone = {_toml(UNKNOWN)}  # of the file's dates, such as Asia/Riyadh",
        "cut_long_texts = false",
        'several_days = "refuse"  # or first_day, each_day',
    ]
    lines += [f"delimiter = {_toml(delimiter)}"] if delimiter != "," else []
    return lines + ([f"encoding = {_toml(encoding)}"] if encoding != "utf-8" else [])


def _column_lines(columns: Mapping[str, str], header: Iterable[str]) -> list[str]:
    lines = [f"{field} = {_toml(column)}" for field, column in columns.items()]
    lines += [f"# {field} = ?  # is needed" for field in ("id", "title.en") if field not in columns]
    unread = [name for name in header if name and name not in columns.values()]
    return lines + ([f"# not read: {', '.join(unread)}"] if unread else [])


def _formats(texts: Iterable[str]) -> list[str]:
    """Those that read at least one text; a later one only where no earlier one does, so that few are listed."""
    wanted = {" ".join(text.split()) for text in texts if text.strip()}
    found = []
    for layout in _DATE_FORMATS:
        reads = {text for text in wanted if _is_read(text, layout)}
        if reads:
            found.append(layout)
            wanted -= reads
    return found


def _is_read(text: str, layout: str) -> bool:
    try:
        read_date(text, (layout,))
    except DateUnreadable:
        return False
    return True


def _words(rows: Iterable[Mapping[str, str]], column: str) -> list[str]:
    return sorted({word for row in rows if (word := " ".join(row[column].split()))})


def _table(field: str, column: str, words: list[str]) -> list[str]:
    if len(words) > WORDS_MAX:
        return [f"# [values.{field}]: {column} has more than {WORDS_MAX} words"]
    return [
        f"[values.{field}]  # every word of {column}",
        *(f"{_toml(word)} = {_meaning(field, word)}" for word in words),
    ]


def _meaning(field: str, word: str) -> str:
    small = word.lower()
    match field:
        case "status":
            return _toml("closed" if _CLOSED.search(word) else "open" if _OPEN.search(word) else UNKNOWN)
        case "online":
            return "true" if small in _YES else "false" if small in _NO else _toml(UNKNOWN)
        case "level":
            return _toml(small if small in ("general", "skilled", "professional") else UNKNOWN)
        case "region":
            return _toml(word if re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", word) else UNKNOWN)
        case _:
            return _toml(re.sub(r"[^a-z0-9]+", "-", small)[:63].strip("-") or UNKNOWN)


def _toml(value: str | list[str]) -> str:
    # JSON's strings are TOML's but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
