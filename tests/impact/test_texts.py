"""The catalogue has a text for everything that impact reports ask for."""

import re
from pathlib import Path

from ledger.texts.impact_report import TEXTS
from volunteer_hours.v1 import impact_service_pb2 as pb

PROJECT = Path(__file__).parents[2]
ASKING = (
    *(PROJECT / "ledger" / "impact").glob("*.py"),
    *(PROJECT / "ledger" / "web" / "impact").rglob("*.*"),
    PROJECT / "ledger" / "documents" / "impact.typ",
)


def test_every_text_asked_for_is_there():
    asked = set()
    for file in ASKING:
        if file.suffix in (".py", ".html", ".typ"):
            asked |= set(re.findall(r"""(?:said|say|label)\(\s*["']([a-z_]+)["']""", file.read_text("utf-8")))
    assert len(asked) > 30
    assert asked <= set(TEXTS)


def test_every_dimension_has_a_title():
    names = [name.removeprefix("IMPACT_DIMENSION_").lower() for name in pb.ImpactDimension.DESCRIPTOR.values_by_name][
        1:
    ]
    assert {f"table_{name}" for name in names} <= set(TEXTS)
