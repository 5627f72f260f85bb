"""What is published carries the cosignatures of a quorum, or what was declared for when there is none is done."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access_ledger.access_settings import access_settings
from ledger.access_ledger.recording import AccessRecorder
from ledger.doctoring.diagnosis import Health
from ledger.doctoring.witnesses import witnesses as witnesses_of_doctor
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.log_keeping.signer_folder import origins_of
from ledger.log_keeping.signer_keys import LogKeys, SignedCheckpoint
from ledger.log_keeping.tile_store import TileStore
from ledger.log_serving.log_reader import LogReader
from ledger.settings import Settings
from ledger.transparency.witness_protocol import monitoring_path
from ledger.web.entry_readers import EntryReaders
from ledger.web.http_server import HttpServer
from ledger.web.site import site
from ledger.witness_quorum import quorum_of
from tests.system.kept_log import (
    as_owner,
    assert_sound,
    is_caught_up,
    keep_once,
    published,
)
from tests.system.served_witness import ServedWitness
from tests.system.stored_history import store_attendances, wait_until
from tests.system.witnessed_log import (
    NAMES,
    all_up,
    asking,
    assert_witnessed,
    cosigners,
    kept,
    three_witnesses,
    vkeys_of,
    witnessed_ledger,
)


@pytest.fixture
def witnesses(tmp_path: Path) -> Iterator[list[ServedWitness]]:
    yield from three_witnesses(tmp_path)


@pytest.fixture
def log(postgres: EmbeddedPostgres, tmp_path: Path, witnesses: list[ServedWitness]) -> Settings:
    return witnessed_ledger(postgres, tmp_path, witnesses)


# --- a quorum


def test_nothing_is_published_without_a_quorum_from_the_empty_tree_on(log: Settings, witnesses: list[ServedWitness]):
    all_up(log, witnesses)
    for count in (0, 1, 255, 300):
        if count:
            store_attendances(log, count)
        keep_once(log)
    assert [one.size for one in published(log)] == [0, 1, 256, 556]
    assert_witnessed(log, witnesses)


def test_with_one_of_three_away_it_is_never_more_than_five_seconds_behind(
    log: Settings, witnesses: list[ServedWitness]
):
    all_up(log, witnesses[:2])
    with kept(log):
        wait_until(lambda: is_caught_up(log))
        for _ in range(2):
            store_attendances(log, 40)
            wait_until(lambda: is_caught_up(log), seconds=5)
        begun, before = time.monotonic(), len(published(log))
        while time.monotonic() < begun + 2.5:
            store_attendances(log, 60)
        wait_until(lambda: is_caught_up(log), seconds=5)
        # Still about one a second: asking costs no signature.
        assert len(published(log)) - before <= time.monotonic() - begun + 2
        assert_witnessed(log, witnesses)
        size = published(log)[-1].size
        assert cosigners(log, witnesses, size) == set(NAMES[:2])
    assert_witnessed(log, witnesses)


@pytest.mark.proof
def test_partitions_are_witnessed_each_for_itself(
    postgres: EmbeddedPostgres, tmp_path: Path, witnesses: list[ServedWitness]
):
    settings = witnessed_ledger(postgres, tmp_path, witnesses, partitions=3)
    all_up(settings, witnesses[:2])
    for partition in range(3):
        store_attendances(settings, 10 + partition, partition=partition)
    keep_once(settings)
    for partition, origin in enumerate(origins_of(settings)):
        shown = witnesses[0].folder / f"cosigned-{monitoring_path(origin).split('/')[0]}"
        assert f"\n{10 + partition}\n".encode() in shown.read_bytes()
    assert_sound(settings)


# --- without one


def test_hold_publishes_nothing_signs_no_second_head_and_tiles_grow(
    log: Settings, witnesses: list[ServedWitness], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    signed, sign = list[int](), LogKeys.sign

    def noted(keys: LogKeys, size: int, root: bytes, unix_seconds: int) -> SignedCheckpoint:
        signed.append(size)
        return sign(keys, size, root, unix_seconds)

    monkeypatch.setattr(LogKeys, "sign", noted)
    all_up(log, witnesses[:1])
    store_attendances(log, 9_000)
    with kept(log):
        wait_until(lambda: tiles_size(log) >= 8_192)
        time.sleep(1.5)
        assert published(log) == []
        assert signed == [0]
        witnesses[1].start(vkeys_of(log))
        wait_until(lambda: is_caught_up(log))
    assert signed == [0, 9_000]
    assert f"witness {NAMES[2]}: it does not answer: ConnectionRefusedError" in caplog.text
    assert_witnessed(log, witnesses)


def tiles_size(settings: Settings) -> int:
    with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
        return TileStore(connection, 0).size()


def test_publish_is_a_fallback_that_says_so_and_the_quorum_is_added_when_it_comes(
    log: Settings, witnesses: list[ServedWitness], caplog: pytest.LogCaptureFixture
):
    falling = asking(log, witnesses, witnesses_fallback="publish", witnesses_fallback_seconds=1.0)
    all_up(falling, witnesses[:1])
    store_attendances(falling, 10)
    with kept(falling):
        wait_until(lambda: is_caught_up(falling), seconds=10)
        assert cosigners(falling, witnesses, 10) == {NAMES[0]}
        assert "size 10 root" in caplog.text
        assert "is published without its quorum: 1 of 2 witnesses cosigned it within 1 s" in caplog.text
        (before,) = (one.note for one in published(falling) if one.size == 10)
        assert figures(falling) == {"ledger_log_cosigners": 1.0, "ledger_log_cosigners_required": 2.0}
        assert_said(falling, Health.WARN, "quorum, partition 0", "1 of 3 witnesses cosigned size 10, 2 are required")
        assert_said(falling, Health.OK, f"witness {NAMES[0]}, partition 0", "cosigned size 10; published is 10")
        assert_said(falling, Health.WARN, f"witness {NAMES[1]}, partition 0", "does not answer on http://127.0.0.1:")
        witnesses[1].start(vkeys_of(falling))
        wait_until(lambda: cosigners(falling, witnesses, 10) == set(NAMES[:2]), seconds=40)
        assert figures(falling)["ledger_log_cosigners"] == 2.0
        assert_said(falling, Health.OK, "quorum, partition 0", "2 of 3 witnesses cosigned size 10, 2 are required")
    (after,) = (one.note for one in published(falling) if one.size == 10)
    assert after.startswith(before)
    assert_sound(falling)


def figures(settings: Settings) -> dict[str, float]:
    """What a scrape of `serve` tells of the witnesses."""

    async def scraped() -> bytes:
        pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            settings.database, open=False, kwargs={"autocommit": True}
        )
        async with pool:
            nobody = EntryReaders(None, AccessRecorder(access_settings(settings)), "")
            pages = site(LogReader(pool, 1), pool, nobody, lambda: True, quorum_of(settings))
            server = HttpServer("127.0.0.1:0", pages, 1.0)
            address = server.bind()
            server.start()
            try:
                return await asyncio.to_thread(lambda: urlopen(f"http://{address}/metrics", timeout=10).read())
            finally:
                await server.stop()

    told = asyncio.run(scraped()).decode()
    found = re.findall(r"^(ledger_log_cosigners\w*)(?:{partition=\"0\"})? (\S+)$", told, re.MULTILINE)
    return {name: float(value) for name, value in found}


def assert_said(settings: Settings, health: Health, name: str, text: str) -> None:
    said = list(witnesses_of_doctor(settings))
    assert any(one.health is health and one.name == name and text in one.text for one in said), said


def test_the_doctor_names_each_witness_with_what_to_do(log: Settings, witnesses: list[ServedWitness]):
    assert_said(log, Health.WARN, f"witness {NAMES[0]}", "nothing is published yet; does it know the log's keys?")
    few = log.model_copy(update={"witnesses_required": 1})
    assert_said(few, Health.WARN, "witnesses", "LEDGER_WITNESSES_REQUIRED is 1 of 3: two histories could each find")
    all_up(log, witnesses[:2])
    witnesses[2].start(LogKeys.fresh("elsewhere.example/log").verifier_lines())
    store_attendances(log, 5)
    keep_once(log)
    third = f"witness {NAMES[2]}, partition 0"
    assert_said(log, Health.WARN, third, "refuses with 404: it does not watch this log; give its operator the log's")
    witnesses[2].stop()
    witnesses[2].start(vkeys_of(log))
    assert_said(log, Health.OK, third, "cosigned size 5 just now; it had cosigned nothing of this log")
    assert_said(log, Health.OK, third, "cosigned size 5; published is 5")
    witnesses[2].stop()
    store_attendances(log, 5)
    keep_once(log)
    witnesses[2].start(vkeys_of(log))
    assert_said(log, Health.WARN, third, "cosigned size 5, 5 behind what is published")
    as_owner(log, "delete from events where position > 8")
    as_owner(log, "delete from log_checkpoints where size > 5")
    as_owner(log, "update partition_counters set position = 8")
    text = "cosigned size 10, the store ends at 8: two histories, or lost events"
    assert_said(log, Health.WRONG, f"witness {NAMES[0]}, partition 0", text)
