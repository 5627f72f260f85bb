"""docs/format.md as its tables say it: which fields an event has, which may be absent, and of what kind each is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = (DOCS / "format.md").read_text("utf-8")
SHARED: Final = {
    "moves hours": "`holder`, `attendance`, `organization`, `opportunity`, `shift`, `entries`",
    "Presence": "`start`, `end`, `counted`",
    "Decides": "`time_zone`, `crediting`, `served`?, `source`, `imported_from`?, `flags`, `withheld_reason`?",
}
_OBJECT_ROW: Final = re.compile(r"^\| (?:([A-Z]\w+) )?(`\w+`[^|]*) \| ([^|]+) \|", re.MULTILINE)
_NAME: Final = re.compile(r"`(\w+)`(\?)?")


class Field(NamedTuple):
    """A field as a table shows it."""

    name: str
    may_be_absent: bool


def section(title: str) -> str:
    """What stands under a heading, up to the next one."""
    _, _, rest = PAGE.partition(f"\n{title}\n")
    assert rest, title
    return re.split(r"^##", rest, maxsplit=1, flags=re.MULTILINE)[0]


def fields_in(cell: str) -> set[Field]:
    """The fields named in a cell of a table."""
    return {Field(name, bool(absent)) for name, absent in _NAME.findall(cell)}


def streams_of_events() -> dict[str, str]:
    """Stored name → the word in the column `stream`."""
    return dict(re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", section("## Data of each event"), re.MULTILINE))


def fields_of_event(stored_name: str) -> set[Field]:
    """The fields that the page gives an event."""
    row = re.search(rf"^\| `{stored_name}` \| \w+ \| (.*) \|$", PAGE, re.MULTILINE)
    assert row is not None, f"{stored_name} has no row"
    if row[1].startswith("as recorded"):
        return fields_of_event(stored_name.replace("corrected", "recorded")) | {Field("reason", False)}
    shared = (fields_in(fields) for words, fields in SHARED.items() if words in row[1])
    return fields_in(row[1]).union(*shared)


def kinds() -> Iterator[tuple[str, Field, str]]:
    """Object (empty: an event's data), field, kind: every row of the section Fields."""
    for kept_in, names, kind in _OBJECT_ROW.findall(section("### Fields")):
        of = "of opportunities" if "of opportunities" in names else ""
        for field in sorted(fields_in(names)):
            yield f"{kept_in}{of}", field, kind.strip()


def kinds_of_data(stored_name: str) -> dict[str, str]:
    """Field → kind, for one event."""
    found = {field.name: kind for kept_in, field, kind in kinds() if not kept_in}
    if stored_name.startswith("opportunity-"):
        found |= {field.name: kind for kept_in, field, kind in kinds() if kept_in == "of opportunities"}
    return found


def kinds_of_object(kept_in: str) -> dict[Field, str]:
    """Field → kind, for one of the objects inside."""
    return {field: kind for held, field, kind in kinds() if held == kept_in}
