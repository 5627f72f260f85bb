"""An embedded ledger whose master key is lost says so and does not start; it makes no new one. Synthetic."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ledger.access.key_wrapping import StoredKey
from ledger.access.master_keys import master_keys, new_master_key, put_first
from ledger.access.seal import new_key
from ledger.embedded_ledger import EmbeddedLedger
from ledger.settings import Settings, WrongSetting
from tests.system.served_ledger import hours_ledger


@contextmanager
def started(folder: Path) -> Iterator[Settings]:
    ledger = EmbeddedLedger(folder, Settings())
    settings = ledger.start()
    try:
        yield settings
    finally:
        ledger.stop()


@pytest.fixture
def folder(server_dir: Path) -> Path:
    """A ledger that has wrapped a key, and is at rest."""
    with started(server_dir) as settings:
        key = new_key(f"volunteers/{secrets.token_hex(4)}")
        [row] = master_keys(settings).wrap([key])
        add(settings, row)
    return server_dir


def add(settings: Settings, row: StoredKey) -> None:
    with psycopg.connect(settings.owner_keys_database) as keys:
        keys.execute(
            "insert into person_keys (key_id, volunteer, key, master_key_id) values (%s, %s, %s, %s)",
            [row.key_id, row.volunteer, row.key, row.master_key_id],
        )


def test_a_lost_key_is_named_and_nothing_is_made_in_its_place(folder: Path):
    file = folder / "master.key"
    kept = file.read_text("utf-8")
    file.unlink()
    for _ in range(2):  # the first refusal leaves nothing running that would hinder the second
        with pytest.raises(WrongSetting, match=f"1 under {kept.partition(':')[0]}"), started(folder):
            pass
        assert not file.exists()
    file.write_text(kept, "utf-8")
    with started(folder):
        pass


def test_another_key_in_its_place_opens_nothing_either(folder: Path):
    file = folder / "master.key"
    kept = file.read_text("utf-8")
    file.unlink()
    put_first(file, new_master_key())
    with pytest.raises(WrongSetting, match=re.escape("keys of persons are wrapped 1 under")), started(folder):
        pass
    file.write_text(file.read_text("utf-8") + kept, "utf-8")
    with started(folder):
        pass


def test_serve_says_it_in_one_line_and_ends(folder: Path):
    (folder / "master.key").unlink()
    done = hours_ledger("serve", "--embedded", "--data-dir", folder, "--grpc-address", "127.0.0.1:0")
    assert done.returncode == 2
    assert "master.key lacks a master key" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_ledger_that_has_wrapped_nothing_gets_a_key(server_dir: Path):
    with started(server_dir):
        pass
    (server_dir / "master.key").unlink()
    with started(server_dir):
        assert (server_dir / "master.key").exists()


def test_a_wrong_line_is_no_key(folder: Path):
    (folder / "master.key").write_text("nonsense\n", "utf-8")
    with pytest.raises(WrongSetting, match="master key 1 must be"), started(folder):
        pass
