"""The catalogue has a text for everything that pages for people say, and no other."""

from __future__ import annotations

import re
from typing import Final

from ledger.texts.codes import CODES
from ledger.texts.people_pages import PLURALS, TEXTS
from ledger.web.people import opportunity_care, roster, verification_queue
from ledger.web.people.my_hours import CLASSES, DISPUTE_REASONS
from ledger.web.people.people_files import FOLDER
from ledger.web.people.registering import OUTCOMES
from volunteer_hours.v1 import resources_pb2

TEMPLATES: Final = {path.name: path.read_text("utf-8") for path in (FOLDER / "templates").iterdir()}
SOURCES: Final = "".join(
    [*TEMPLATES.values(), *(path.read_text("utf-8") for path in FOLDER.glob("*.py") if "texts" not in path.name)]
)
BUILT: Final = (
    *("done_", "class", "suggest_", "field_", "region_", "sector_", "weekday_", "level_", "opportunity_"),
    *("registration_", "attendance_", "event_", "reason_", "match_"),
)
"""How keys begin that are put together."""


def test_every_text_that_a_page_asks_for_is_there():
    asked = set(re.findall(r"""\bsay\(["']([a-z_]+)["'][,)]""", SOURCES))
    asked |= set(re.findall(r"parts\.(?:field|block)\('[a-z_]+', '([a-z_]+)'", SOURCES))
    asked |= set(re.findall(r"hint='([a-z_]+)'", SOURCES)) | set(re.findall(r"tab\('[^']+', '([a-z_]+)'", SOURCES))
    asked |= {f"done_{key}" for key in re.findall(r'Gone\([^\n]+, "([a-z_]+)"\)', SOURCES)}
    asked |= {f"{key}_{part}" for _, key in OUTCOMES.values() for part in ("title", "text")}
    asked |= {f"class_{name}" for name in CLASSES}
    assert len(asked) > 150
    assert asked - set(TEXTS) == set()
    counted = set(re.findall(r"words\.count\('([a-z_]+)'", SOURCES)) | set(
        re.findall(r'words\.count\("([a-z_]+)"', SOURCES)
    )
    assert counted == set(PLURALS)


def test_every_code_that_pages_choose_from_has_words():
    chosen = (
        *DISPUTE_REASONS,
        *opportunity_care.CANCEL_REASONS,
        *roster.DECLINE_REASONS,
        *verification_queue.DECLINE_REASONS,
    )
    states = {
        "registration": resources_pb2.RegistrationState,
        "attendance": resources_pb2.AttendanceState,
        "opportunity": resources_pb2.OpportunityState,
        "level": resources_pb2.VolunteeringLevel,
    }
    wanted = {f"reason_{code.lower()}" for code in chosen}
    wanted |= {f"{group}_{name.lower()}" for group, enum in states.items() for name in enum.keys()[1:]}
    assert wanted - set(CODES) == set()


def test_no_text_is_left_over():
    outcomes = {f"{key}_{part}" for _, key in (*OUTCOMES.values(), ("", "none")) for part in ("title", "text")}
    unused = [
        key
        for key in TEXTS
        if not key.startswith(BUILT) and key not in outcomes and not re.search(rf"\b{key}\b", SOURCES)
    ]
    assert unused == []


def test_every_element_that_shows_a_text_of_people_isolates_it():
    """What people wrote is shown through `words.localized`, `say` or `<bdi>`, never bare."""
    shown = re.findall(
        r"\{\{ (?:one|offered|shift)\.(?:title|skill|city|organization)[^}]*\}\}", "".join(TEMPLATES.values())
    )
    assert shown == []
