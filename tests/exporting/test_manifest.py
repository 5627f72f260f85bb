"""`manifest.json`: read back as it was written, and not in any other form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.exporting.manifest import ExportedLog, Manifest, read_manifest
from ledger.transparency.failures import Malformed
from ledger.transparency.tree_hash import EMPTY_ROOT

SOUND = Manifest(
    "synthetic-hours",
    (
        ExportedLog(0, "hours.example/log/0", 2**63 - 1, bytes(range(32)), bytes(32)),
        ExportedLog(1, "hours.example/log/1", 0, EMPTY_ROOT, None),
    ),
)


def told(**change: Any) -> bytes:
    return json.dumps({**json.loads(SOUND.to_bytes()), **change}).encode()


def log(number: int = 0, **change: Any) -> dict[str, Any]:
    logs: list[dict[str, Any]] = json.loads(SOUND.to_bytes())["partitions"]
    return {name: value for name, value in {**logs[number], **change}.items() if value is not ...}


def test_it_is_read_as_it_was_written():
    assert read_manifest(SOUND.to_bytes()) == SOUND
    assert json.loads(SOUND.to_bytes())["format"] == "volunteer-hours-export"


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"", "JSON object"),
        (b"\0" * 100, "JSON object"),
        (b"\xff", "UTF-8"),
        (b"[" * 100_000, "JSON object"),
        (b"null", "JSON object"),
        (b" " * (4 * 1024 * 1024 + 1), "at most"),
        (SOUND.to_bytes().replace(b'"version"', b'"version": 1, "version"'), "'version' appears twice"),
        (SOUND.to_bytes().replace(b'"size": 0', b'"size": 0, "size": 1'), "'size' appears twice"),
        (told(format="another"), "format"),
        (told(version=2), "version"),
        (told(version=True), "version"),
        (told(version=1.0), "version"),
        (told(extra=1), "extra"),
        (told(ledger_id=""), "ledger_id"),
        (told(ledger_id="a\0b"), "ledger_id"),
        (told(ledger_id="a" * 256), "ledger_id"),
        (told(ledger_id=7), "ledger_id"),
        (told(partitions=[]), "partitions"),
        (told(partitions={}), "partitions"),
        (told(partitions=[None]), r"partitions\[0\]"),
        (told(partitions=[log(1)]), r"partitions\[0\].partition"),
        (told(partitions=[log(), log()]), r"partitions\[1\].partition"),
        (told(partitions=[log(size=-1)]), "-1 is no number from 0"),
        (told(partitions=[log(size=2**63)]), r"partitions\[0\].size"),
        (told(partitions=[log(size="1")]), r"partitions\[0\].size"),
        (told(partitions=[log(map_root=...)]), "map_root"),
        (told(partitions=[log(), log(1, map_root="A" * 43 + "=")]), "map_root"),
        (told(partitions=[log(root="AA==")]), r"partitions\[0\].root"),
        (told(partitions=[log(root=log()["root"][:-2] + "9=")]), r"partitions\[0\].root"),
        (told(partitions=[log(origin=...)]), "origin"),
        (told(partitions=[log(more=1)]), "more"),
        (told().replace(b"9223372036854775807", b"1" * 5_000), "JSON object"),
    ],
)
def test_another_form_is_none_and_the_member_is_named(data, names):
    with pytest.raises(Malformed, match=names):
        read_manifest(data)
