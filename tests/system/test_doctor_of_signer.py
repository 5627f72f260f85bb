"""The doctor beside a signer whose store is not the one it signed: as the keeper would stop, but nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger import doctor
from ledger.doctoring.diagnosis import Health
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.system.kept_log import as_owner, copied_database, emptied_ledger, keep_once, remembered
from tests.system.stored_history import store_attendances

SIGNER = "signer, partition 0"


@pytest.fixture
def log(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> Settings:
    """A ledger of one partition with 300 events, all signed."""
    settings = emptied_ledger(postgres, kafka, tmp_path, 1)
    store_attendances(settings, 300)
    keep_once(settings)
    return settings


def said(settings: Settings, name: str) -> tuple[Health, str]:
    (found,) = [one for one in doctor.diagnose(settings) if one.name == name]
    return found.health, found.text


def wrong_of_signer(settings: Settings) -> str:
    health, text = said(settings, SIGNER)
    assert health is Health.WRONG, text
    assert doctor.run(settings) == 1
    return text


def head(settings: Settings) -> str:
    signed = remembered(settings, 0).head
    return f"size {signed.size} root {signed.root.hex()} was signed"


def test_a_signer_of_a_longer_history_beside_a_restored_database(postgres: EmbeddedPostgres, log: Settings) -> None:
    restored = log.model_copy(update=copied_database(postgres, log))
    store_attendances(log, 100)
    keep_once(log)
    assert said(log, SIGNER)[0] is Health.OK
    text = wrong_of_signer(restored)
    assert text.startswith(f"{head(log)}, the store's counter says 300 and its last event is 300: an older database")
    assert "bring the missing events back" in text
    # Other events come in, until the store is longer than what was signed.
    store_attendances(restored, 150)
    text = wrong_of_signer(restored)
    assert text.startswith(f"{head(log)}, the newest published checkpoint has size 300 and the tiles end at 300"), text


def test_a_cut_tail_under_a_counter_that_was_left(log: Settings) -> None:
    as_owner(log, "delete from events where position > 290")
    assert wrong_of_signer(log).startswith(f"{head(log)}, the store's counter says 300 and its last event is 290")
    health, text = said(log, "log, partition 0")
    assert (health, text) == (
        Health.WRONG,
        "size 300 is signed, the store ends at 290: it lost events; restore them first",
    )


def test_a_counter_set_back_over_events_that_are_there(log: Settings) -> None:
    as_owner(log, "update partition_counters set position = 290")
    assert wrong_of_signer(log).startswith(f"{head(log)}, the store's counter says 290 and its last event is 300")


def test_another_root_at_the_signed_size(log: Settings) -> None:
    as_owner(log, "update log_checkpoints set root = sha256('') where size = 300")
    text = wrong_of_signer(log)
    assert text.startswith(f"{head(log)}, the checkpoint published at that size has root e3b0c44298fc1c14")
    assert "two histories" in text


def test_a_signed_head_that_is_not_published_yet(log: Settings) -> None:
    store_attendances(log, 100)
    keep_once(log)
    as_owner(log, "delete from log_checkpoints where size > 300")
    # So it stands while witnesses are asked, or after a crash between remembering and publishing.
    assert said(log, SIGNER)[0] is Health.OK
    as_owner(log, "update log_tiles set hashes = sha256('') || substr(hashes, 33) where level = 0 and tile_index = 1")
    assert "two histories" in wrong_of_signer(log)
    as_owner(log, "delete from log_tiles where level = 1")
    assert "and the stored tiles are wrong" in wrong_of_signer(log)


def test_events_from_the_topic_in_a_database_without_log(log: Settings) -> None:
    as_owner(log, "delete from log_checkpoints")
    as_owner(log, "delete from log_tiles")
    assert said(log, SIGNER)[0] is Health.OK
