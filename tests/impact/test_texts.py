"""Every text of impact reports is there in both languages, and nothing is asked for that is not."""

import re
from pathlib import Path
from string import Formatter

import pytest

from ledger.impact.texts import TEXTS
from volunteer_hours.v1 import impact_service_pb2 as pb

PROJECT = Path(__file__).parents[2]
ASKING = (
    *(PROJECT / "ledger" / "impact").glob("*.py"),
    *(PROJECT / "ledger" / "web" / "impact").rglob("*.*"),
    PROJECT / "ledger" / "documents" / "impact.typ",
)


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_is_there_in_arabic_and_english_with_the_same_values(key):
    text = TEXTS[key]
    assert text.en.strip()
    assert text.ar.strip()
    words = re.sub(r"\{[a-z]+\}", "", text.ar)
    assert key == "other_language" or re.search("[\u0621-\u064a]", words) or not re.search("[A-Za-z]", words)
    fields = [{name for _, name, _, _ in Formatter().parse(one) if name} for one in text]
    assert fields[0] == fields[1]


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
