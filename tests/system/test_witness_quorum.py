"""How witnesses are set, and what a wrong setting says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.settings import Settings, WrongSetting
from ledger.witness_quorum import quorum_of
from tests.system.served_witness import ServedWitness
from tests.system.witnessed_log import (
    NAMES,
    three_witnesses,
)


@pytest.fixture
def witnesses(tmp_path: Path) -> Iterator[list[ServedWitness]]:
    yield from three_witnesses(tmp_path)


# --- settings


def test_settings_of_witnesses(witnesses: list[ServedWitness], tmp_path: Path):
    for number, witness in enumerate(witnesses):
        lines = "".join(f"{key.line()}\n" for key in witness.keys.verifier_keys)
        tmp_path.joinpath(f"{number}.vkeys").write_text(lines, "utf-8")
    as_files = [f"{one.setting.split()[0]}/  @{tmp_path}/{number}.vkeys" for number, one in enumerate(witnesses)]
    for given in (as_files, "\n".join(as_files), ", ".join(one.setting for one in witnesses)):
        quorum = quorum_of(Settings.model_validate({"witnesses": given, "witnesses_required": 2}))
        assert [one.name for one in quorum.witnesses] == list(NAMES)
        assert [one.url for one in quorum.witnesses] == [f"http://{one.address}" for one in witnesses]
        assert [one.keys for one in quorum.witnesses] == [tuple(one.keys.verifier_keys) for one in witnesses]
        assert (quorum.required, quorum.fallback_seconds) == (2, None)
    assert quorum_of(Settings(witnesses="", witnesses_required=0)).witnesses == ()


@pytest.mark.parametrize(
    ("given", "required", "says"),
    [
        ("", 1, "LEDGER_WITNESSES_REQUIRED must be 0 to 0"),
        ("{0}", 0, "LEDGER_WITNESSES_REQUIRED must be 1 to 1"),
        ("{0},{1}", 3, "LEDGER_WITNESSES_REQUIRED must be 1 to 2"),
        ("{0},{0}", 1, "names a witness twice"),
        ("ftp://w.example {k}", 1, "'ftp://w.example' must be the URL of a witness"),
        ("http://[ {k}", 1, "must be the URL of a witness"),
        ("https://w.example", 1, "after https://w.example must stand the verifier keys"),
        ("https://w.example {k} {k1}", 1, "of one name"),
        ("https://w.example x", 1, "it must be <name>"),
        ("https://w.example @/nowhere", 1, "@/nowhere cannot be read"),
    ],
)
def test_wrong_settings_are_named(witnesses: list[ServedWitness], given: str, required: int, says: str):
    each = [one.setting for one in witnesses]
    keys = [one.keys.verifier_keys[0].line() for one in witnesses]
    settings = Settings(witnesses=given.format(*each, k=keys[0], k1=keys[1]), witnesses_required=required)
    with pytest.raises(WrongSetting, match=f"^(?=LEDGER_WITNESSES).*{re.escape(says)}"):
        quorum_of(settings)
