"""Synthetic rows in the shape of a real city's export: hundreds, with its troubles. No row of it is real."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

HEADER = (
    "opportunity_id", "content_id", "vol_requests", "event_time", "title", "hits", "summary", "is_priority",
    "category_id", "category_desc", "amsl", "org_title", "org_content_id", "addresses_count", "locality", "region",
    "postalcode",
    "primary_loc", "display_url", "recurrence_type", "hours", "created_date", "last_modified_date", "start_date_date",
    "end_date_date", "status", "Latitude", "Longitude", "Community Board", "Council District", "Census Tract",
    "BIN", "BBL", "NTA",
)  # fmt: skip
SECTORS = ("Education", "Environment", "Health", "Helping Neighbors in Need", "Strengthening Communities")
MAPPING = """
feed = "synthetic"
time_zone = "America/New_York"
cut_long_texts = true
several_days = "first_day"
encoding = "cp1252"

[columns]
id = "opportunity_id"
title.en = "title"
description.en = "summary"
sector = "category_desc"
event_type = "recurrence_type"
city = "locality"
places = "vol_requests"
start = "start_date_date"
end = "end_date_date"
status = "status"
source_time = "last_modified_date"

[dates]
formats = ["%B %d, %Y", "%m/%d/%Y 12:00:00 AM"]

[defaults]
region = "US-NY"
places = 10

[values.sector]
"Education" = "education"
"Environment" = "environment"
"Health" = "health"
"Helping Neighbors in Need" = "social-services"
"Strengthening Communities" = "community"

[values.status]
"approved" = "open"
"expired" = "closed"
"""


def synthetic_rows(count: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """Rows by column: the same ones for the same seed."""
    choice = random.Random(seed)
    for number in range(1, count + 1):
        day = date(2011, 1, 1) + timedelta(days=choice.randrange(365))
        until = day + timedelta(days=choice.choice((0, 0, 0, 7, 90)))
        row = dict.fromkeys(HEADER, "")
        row |= {
            "opportunity_id": str(5_000 + number),
            "vol_requests": choice.choice(("", "0", "2", "15", "100")),
            "title": f"Synthetic {number}: {choice.choice(SECTORS).lower()} — helpers wanted ",
            "summary": "<p>Synthetic. Bring water\n &amp; gloves.</p>\n\n"
            + "Come early; ask for the steward. " * choice.randrange(30),
            "category_desc": choice.choice(SECTORS),
            "locality": choice.choice(("", "1 Quay Street\nEast Harbour, NY", "Lower Harbour")),
            "recurrence_type": choice.choice(("onetime", "ongoing", "")),
            "last_modified_date": written(day - timedelta(days=30), choice),
            "start_date_date": written(day, choice),
            "end_date_date": written(until, choice),
            "status": "approved",
        }
        yield row


def written(day: date, choice: random.Random) -> str:
    """In one of the two forms of the export."""
    return f"{day:%B %d, %Y}" if choice.random() < 0.5 else f"{day:%m/%d/%Y} 12:00:00 AM"


def write_feed(file: Path, rows: Iterable[dict[str, str]], encoding: str = "utf-8-sig") -> Path:
    """Write rows as a spreadsheet does."""
    with file.open("w", newline="", encoding=encoding) as text:
        writer = csv.DictWriter(text, HEADER, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    return file
