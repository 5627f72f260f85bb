"""Keys of persons under master keys: wrapped, rotated while others seal, and what lay plain is wrapped by `migrate`."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from ledger import rewrapping
from ledger.access.key_wrapping import StoredKey
from ledger.access.master_keys import MasterKeys, master_keys, new_master_key, parsed, put_first
from ledger.access.person_keys import PersonKeys, Pool
from ledger.access.seal import new_key, seal_text
from ledger.doctoring.diagnosis import Health
from ledger.doctoring.master_key import master_key
from ledger.domain.refusals import InvariantBroken
from ledger.domain.sealed import SealedField
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.migrate import migrate
from ledger.rewrapping import rewrap
from ledger.settings import Settings, WrongSetting

EVENT, PATH = "e" * 32, "details.full_name"


@pytest.fixture
def settings(postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    """Fresh databases and a master key in a file."""
    unique, file = uuid.uuid4().hex[:8], tmp_path / "master.key"
    put_first(file, new_master_key())
    made = Settings(
        owner_database=postgres.dsn(f"events_{unique}"),
        owner_keys_database=postgres.dsn(f"keys_{unique}"),
        owner_read_database=postgres.dsn(f"read_{unique}"),
        keys_database=postgres.dsn(f"keys_{unique}", "ledger_service"),
        master_key_file=str(file),
    )
    migrate(made)
    return made


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    async with AsyncConnectionPool(settings.keys_database, min_size=1, max_size=4, open=False) as pool:
        yield pool


def stored(settings: Settings) -> list[StoredKey]:
    with psycopg.connect(settings.owner_keys_database) as connection:
        rows = connection.execute("select key_id, volunteer, key, master_key_id from person_keys").fetchall()
    return [StoredKey(*row) for row in rows]


def store(settings: Settings, row: StoredKey) -> None:
    with psycopg.connect(settings.keys_database) as service:
        statement = "insert into person_keys (key_id, volunteer, key, master_key_id) values (%s, %s, %s, %s)"
        service.execute(statement, [row.key_id, row.volunteer, row.key, row.master_key_id])


def lines(settings: Settings) -> str:
    return content(Path(settings.master_key_file)).decode()


def content(file: Path) -> bytes:
    return file.read_bytes()


def told(settings: Settings, health: Health) -> list[str]:
    return [one.text for one in master_key(settings) if one.health is health]


async def sealed(keys: PersonKeys, person: str) -> SealedField:
    return SealedField(person, EVENT, PATH, (await keys.seal(person, EVENT, {PATH: person}))[PATH])


async def test_no_key_lies_plain(settings: Settings, pool: Pool):
    wrapping = master_keys(settings)
    made = (await PersonKeys(pool, settings.ledger_id, wrapping).keys_for(["volunteers/ana"]))["volunteers/ana"]
    [row] = stored(settings)
    assert row.master_key_id == wrapping.master_key_id
    assert made.key not in row.key
    assert wrapping.unwrap([row]) == [made]


async def test_a_row_moved_to_another_person_or_ledger_opens_nothing(settings: Settings, pool: Pool):
    wrapping = master_keys(settings)
    await PersonKeys(pool, settings.ledger_id, wrapping).keys_for(["volunteers/ana"])
    [row] = stored(settings)
    for wrong in (
        StoredKey(row.key_id, "volunteers/ben", row.key, row.master_key_id),
        StoredKey("x" * 22, row.volunteer, row.key, row.master_key_id),
    ):
        with pytest.raises(InvariantBroken):
            wrapping.unwrap([wrong])
    elsewhere = MasterKeys("another-ledger", lines(settings))
    with pytest.raises(InvariantBroken):
        elsewhere.unwrap([row])


async def test_a_rotation_in_the_middle_of_sealing_loses_nothing(
    settings: Settings, pool: Pool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rewrapping, "BATCH_ROWS", 7)
    servers = [PersonKeys(pool, settings.ledger_id, master_keys(settings)) for _ in range(2)]
    fields = [await sealed(servers[0], f"volunteers/before-{number}") for number in range(40)]

    async def go_on(server: PersonKeys, name: str) -> None:
        fields.extend([await sealed(server, f"volunteers/{name}-{number}") for number in range(60)])

    put_first(Path(settings.master_key_file), new_master_key())
    rotating = asyncio.to_thread(rewrap, settings.owner_keys_database, master_keys(settings))
    rows, *_ = await asyncio.gather(rotating, go_on(servers[0], "a"), go_on(servers[1], "b"))
    assert rows >= 40
    assert len(fields) == 160
    newest = master_keys(settings).master_key_id
    assert {row.master_key_id for row in stored(settings)} == {newest}
    for server in (*servers, PersonKeys(pool, settings.ledger_id, master_keys(settings))):
        assert await server.open_all(fields) == [field.person for field in fields]
    # The old master key is needed no more.
    only = MasterKeys(settings.ledger_id, lines(settings).splitlines()[0])
    assert len(await PersonKeys(pool, settings.ledger_id, only).open_all(fields)) == 160


async def test_a_rotation_that_ended_in_the_middle_goes_on(
    settings: Settings, pool: Pool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rewrapping, "BATCH_ROWS", 5)
    server = PersonKeys(pool, settings.ledger_id, master_keys(settings))
    fields = [await sealed(server, f"volunteers/{number}") for number in range(20)]
    put_first(Path(settings.master_key_file), new_master_key())

    class EndsAtTheThirdBatch(MasterKeys):
        batches = 0

        def wrap(self, keys):
            self.batches += 1
            if self.batches == 3:
                raise KeyboardInterrupt
            return super().wrap(keys)

    text = lines(settings)
    with pytest.raises(KeyboardInterrupt):
        rewrap(settings.owner_keys_database, EndsAtTheThirdBatch(settings.ledger_id, text))
    assert len({row.master_key_id for row in stored(settings)}) == 2
    assert await server.open_all(fields) == [field.person for field in fields]
    assert rewrap(settings.owner_keys_database, master_keys(settings)) == 10
    assert len({row.master_key_id for row in stored(settings)}) == 1
    assert await server.open_all(fields) == [field.person for field in fields]


async def test_what_lay_plain_is_wrapped_by_migrate(settings: Settings, pool: Pool):
    plain = new_key("volunteers/old")
    field = SealedField(plain.volunteer, EVENT, PATH, seal_text(plain, settings.ledger_id, EVENT, PATH, "Old"))
    store(settings, StoredKey(plain.key_id, plain.volunteer, plain.key, None))
    assert [text for text in told(settings, Health.WRONG) if "1 lie plain" in text]
    with pytest.raises(WrongSetting):
        migrate(settings.model_copy(update={"master_key_file": ""}))
    migrate(settings)
    [row] = stored(settings)
    assert plain.key not in row.key
    assert not told(settings, Health.WRONG)
    assert await PersonKeys(pool, settings.ledger_id, master_keys(settings)).open(field) == "Old"
    with psycopg.connect(settings.owner_keys_database, autocommit=True) as owner:
        owner.execute("checkpoint")
        where = "select current_setting('data_directory'), pg_relation_filepath('person_keys')"
        [(folder, path)] = owner.execute(where).fetchall()
    written = content(Path(folder, path))
    assert plain.key_id.encode() in written
    assert plain.key not in written


def test_the_doctor_names_what_is_wrong_with_a_master_key(settings: Settings):
    file = Path(settings.master_key_file)
    assert not told(settings, Health.WRONG) + told(settings, Health.WARN)
    file.chmod(0o644)
    assert told(settings, Health.WRONG) == ["has mode 0644: others than its owner can read it; make it 0600"]
    file.chmod(0o600)
    store(settings, *master_keys(settings).wrap([new_key("volunteers/ana")]))
    old = master_keys(settings).master_key_id
    put_first(file, new_master_key())
    [rotate] = told(settings, Health.WARN)
    assert rotate == f"1 are wrapped under {old}; run `hours-ledger keys --rotate-master`"
    file.write_text(new_master_key())
    assert f"1 are wrapped under {old}, which is not at hand" in told(settings, Health.WRONG)[0]
    example = settings.model_copy(
        update={"master_key_file": "", "master_key": SecretStr(f"example-key:{'a' * 64}"), "keys_database": ""}
    )
    assert "holds an example" in told(example, Health.WARN)[0]
    missing = settings.model_copy(update={"master_key_file": ""})
    assert "set one of LEDGER_MASTER_KEY_FILE" in told(missing, Health.WRONG)[0]


@pytest.mark.parametrize("text", ["", "secret", "a:b", f"a:{'f' * 63}", f"a:{'f' * 64} a:{'e' * 64}", f"A:{'f' * 64}"])
def test_what_is_no_master_key_is_not_repeated(text: str):
    with pytest.raises(WrongSetting) as wrong:
        parsed(text)
    assert "f" * 60 not in str(wrong.value)


def test_a_new_master_key_goes_first_and_its_file_is_private(tmp_path: Path):
    file = tmp_path / "master.key"
    lines = [new_master_key() for _ in range(3)]
    for line in lines:
        put_first(file, line)
    assert file.read_text("utf-8").split() == lines[::-1]
    assert file.stat().st_mode & 0o777 == 0o600
