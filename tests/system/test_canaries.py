"""The search for canaries finds what it should: a search that finds nothing anywhere would pass every test."""

from __future__ import annotations

import base64
import json
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.system.canaries import found, told

TEXT = "Zahrá القنارية أحمد 0417"
CANARIES = {"name": TEXT}
DECOMPOSED = unicodedata.normalize("NFD", TEXT)


@pytest.mark.parametrize(
    "hidden",
    [
        TEXT.encode(),
        DECOMPOSED.encode(),
        TEXT.encode("utf-16-le"),
        DECOMPOSED.encode("utf-16-be"),
        TEXT.encode().hex().encode(),
        TEXT.encode("utf-16-le").hex().upper().encode(),
        base64.b64encode(TEXT.encode()),
        base64.b64encode(b"x" + TEXT.encode()),
        base64.urlsafe_b64encode(b"xx" + DECOMPOSED.encode()),
        base64.b64encode(b"x" + TEXT.encode("utf-16-be")),
        quote(TEXT).encode(),
        quote(DECOMPOSED).lower().replace("zahra", "Zahra").encode(),
        quote(TEXT, safe="").replace("%20", "+").encode(),
        json.dumps(TEXT).encode(),
        json.dumps(DECOMPOSED).encode(),
        "".join(f"\\u{ord(one):04X}" if ord(one) > 127 else one for one in TEXT).encode(),
    ],
)
def test_every_form_is_found(tmp_path: Path, hidden: bytes):
    file = tmp_path / "deep" / "file"
    file.parent.mkdir()
    file.write_bytes(b"\0" * 40 + b"before" + hidden + b"after" + b"\0" * 40)
    assert found(CANARIES, [tmp_path])
    assert told(CANARIES, {"a call": file.read_bytes()})


@pytest.mark.parametrize("other", [b"", b"\0" * 1000, "Zahra القنارية".encode(), TEXT[:-1].encode()])
def test_what_is_not_there_is_not_found(tmp_path: Path, other: bytes):
    (tmp_path / "file").write_bytes(other)
    assert found(CANARIES, [tmp_path]) == []
    assert told(CANARIES, {"a call": other}) == []
