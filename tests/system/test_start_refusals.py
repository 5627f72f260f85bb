"""With what a service does not start: each thing is put wrong on a real database, and named."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from pydantic import SecretStr

from ledger import doctor, serve
from ledger.access.master_keys import new_master_key
from ledger.answer_keys import AnswerKeys
from ledger.doctoring.diagnosis import Health
from ledger.process_end import WRONG_SETTING
from ledger.production import production_faults, production_remarks
from ledger.secret_strength import BYTES_MIN, is_published, too_weak
from ledger.settings import Settings, WrongSetting
from tests.system.access_store import access_as_owner, with_access_store
from tests.system.certificates import Authority
from tests.system.stored_history import opened_store, settings_environment

PROJECT: Final = Path(__file__).parents[2]
ORIGIN: Final = "hours.authority.test/log"


def fresh() -> SecretStr:
    return SecretStr(secrets.token_urlsafe(32))


@pytest.fixture(scope="module")
def settings(postgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A ledger that may go into production."""
    folder = tmp_path_factory.mktemp("start")
    made = with_access_store(opened_store(postgres, 1))
    certificate, key = folder / "server.pem", folder / "server.key"
    Authority.fresh().server().write(certificate, key)
    key.chmod(0o600)
    return made.model_copy(
        update={
            "production": True,
            "reflection": False,
            "tls_certificate": str(certificate),
            "tls_key": str(key),
            "first_clients": "",
            "log_origin": ORIGIN,
            "request_hash_key": fresh(),
            "identity_key": fresh(),
            "relay_key": fresh(),
            "auditor_token": fresh(),
            "master_key": SecretStr(new_master_key()),
            "answer_keys": SecretStr(AnswerKeys.fresh(ORIGIN).setting()),
            "grpc_address": "127.0.0.1:0",
        }
    )


def refused(settings: Settings) -> str:
    """What `serve` says when it does not start."""
    with pytest.raises(WrongSetting) as raised:
        serve.check(settings)
    return str(raised.value)


def test_what_may_go_into_production_starts(settings):
    serve.check(settings)
    assert not [one for one in doctor.diagnose(settings) if one.name == "production" and one.health is Health.WRONG]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reflection": True}, "LEDGER_REFLECTION is on"),
        ({"insecure": True}, "LEDGER_INSECURE is on"),
        ({"tls_certificate": "", "tls_key": ""}, "LEDGER_TLS_CERTIFICATE and LEDGER_TLS_KEY are not both set"),
        (
            {"token_issuer": "", "token_audience": "", "token_jwks": ""},
            "neither LEDGER_TOKEN_ISSUER nor LEDGER_TLS_CLIENT_CA is set",
        ),
        (
            {"log_origin": "volunteer-hours.localhost/log", "answer_keys": SecretStr("")},
            "LEDGER_LOG_ORIGIN is the example",
        ),
        ({"identity_key": SecretStr("example-identity-key-5b8e1d7f3a9c2046")}, "LEDGER_IDENTITY_KEY is an example"),
        ({"relay_key": SecretStr("a relay key for tests, of 32 bytes")}, "LEDGER_RELAY_KEY is an example"),
        ({"auditor_token": SecretStr("example-auditor-token-3f9d0c7a61be58")}, "LEDGER_AUDITOR_TOKEN is an example"),
        (
            {"relay_database": "postgresql://ledger_relay:example-relay-password@/ledger_events"},
            "LEDGER_RELAY_DATABASE is an example",
        ),
    ],
)
def test_what_is_good_for_trying_alone_is_refused_in_production_and_only_there(settings, wrong, said):
    put_wrong = settings.model_copy(update=wrong)
    assert said in refused(put_wrong)
    told = [one.text for one in doctor.diagnose(put_wrong) if one.health is Health.WRONG]
    assert any(said in text for text in told), told
    serve.check(put_wrong.model_copy(update={"production": False}))


@pytest.mark.parametrize(
    ("url", "mode", "is_read"),
    [
        ("postgresql://ledger_relay@db.authority.test/ledger_events", "", True),
        ("postgresql://ledger_relay@127.0.0.1,db.authority.test/ledger_events", "", True),
        ("postgresql://ledger_relay@db.authority.test/ledger_events?sslmode=require", "", True),
        ("postgresql://ledger_relay@db.authority.test/ledger_events?sslmode=verify-full", "", False),
        ("postgresql://ledger_relay@db.authority.test/ledger_events", "verify-full", False),
        ("postgresql://ledger_relay@db.authority.test/ledger_events?sslmode=prefer", "verify-full", True),
        ("postgresql://ledger_relay@localhost/ledger_events", "", False),
        ("postgresql:///ledger_events?host=/var/run/postgresql", "", False),
    ],
)
def test_no_database_on_another_machine_is_spoken_to_in_the_clear(settings, monkeypatch, url, mode, is_read):
    monkeypatch.setenv("PGSSLMODE", mode or "prefer")
    said = list(production_faults(settings.model_copy(update={"relay_database": url})))
    assert any(one.startswith("LEDGER_RELAY_DATABASE is on another machine") for one in said) == is_read


def test_a_database_that_the_environment_places_elsewhere_is_looked_at_too(settings, monkeypatch):
    local = settings.model_copy(update={"relay_database": "postgresql://ledger_relay@/ledger_events"})
    monkeypatch.setenv("PGHOST", "db.authority.test")
    assert "LEDGER_RELAY_DATABASE is on another machine" in " ".join(production_faults(local))


def test_one_secret_for_all_auditors_is_warned_about(settings):
    assert "LEDGER_AUDITOR_TOKEN is one secret for all" in " ".join(production_remarks(settings))
    without = settings.model_copy(update={"auditor_token": SecretStr("")})
    assert "LEDGER_AUDITOR_TOKEN" not in " ".join(production_remarks(without))


def test_a_broker_on_another_machine_is_warned_about(settings):
    said = " ".join(production_remarks(settings.model_copy(update={"kafka": "127.0.0.1:9092,kafka.test:9092"})))
    assert "LEDGER_KAFKA is on another machine and is spoken to in plain text" in said
    assert "LEDGER_KAFKA" not in " ".join(production_remarks(settings.model_copy(update={"kafka": "127.0.0.1:9092"})))


def test_all_that_is_wrong_is_named_at_once(settings):
    said = refused(settings.model_copy(update={"reflection": True, "insecure": True}))
    assert len(said.splitlines()) == 2


def test_a_key_that_everybody_can_read_is_refused_in_production(settings, tmp_path):
    key = tmp_path / "server.key"
    key.write_bytes(Path(settings.tls_key).read_bytes())
    key.chmod(0o644)
    assert "LEDGER_TLS_KEY names a file that every user" in refused(settings.model_copy(update={"tls_key": str(key)}))


def test_a_client_that_may_do_everything_is_warned_about(settings, caplog):
    serve.check(settings.model_copy(update={"first_clients": "ministry"}))
    assert "LEDGER_FIRST_CLIENTS may do what an administrator may" in caplog.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"identity_key": SecretStr("short")}, f"LEDGER_IDENTITY_KEY has 5 bytes; set one of at least {BYTES_MIN}"),
        ({"request_hash_key": SecretStr("")}, "LEDGER_REQUEST_HASH_KEY has 0 bytes"),
        ({"request_hash_key": SecretStr("0" * 40)}, "LEDGER_REQUEST_HASH_KEY is made of 1 different signs"),
        ({"auditor_token": SecretStr("abababababababababab")}, "LEDGER_AUDITOR_TOKEN is made of 2 different signs"),
        ({"master_key": SecretStr("old:" + "0" * 64)}, "LEDGER_MASTER_KEY is made of too few different signs"),
        ({"insecure": False, "tls_certificate": "", "tls_key": "", "grpc_address": "0.0.0.0:0"}, "LEDGER_GRPC_ADDRESS"),
    ],
)
@pytest.mark.parametrize("production", [True, False])
def test_what_is_never_right_is_refused_everywhere(settings, production, wrong, said):
    put_wrong = settings.model_copy(update={"production": production, **wrong})
    if production and "tls_certificate" in wrong:
        assert "LEDGER_TLS_CERTIFICATE" in refused(put_wrong) or said in refused(put_wrong)
    else:
        assert said in refused(put_wrong)


def test_one_secret_for_two_purposes_is_refused(settings):
    same = settings.model_copy(update={"production": False, "relay_key": settings.identity_key})
    assert "LEDGER_IDENTITY_KEY and LEDGER_RELAY_KEY are the same" in refused(same)


@pytest.fixture
def owner(settings: Settings) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    """Setting → its database, as its owner."""
    urls = {
        "database": settings.owner_database,
        "keys_database": settings.owner_keys_database,
        "read_database": settings.owner_read_database,
    }
    connections = {name: psycopg.connect(url, autocommit=True) for name, url in urls.items()}
    yield connections
    for connection in connections.values():
        connection.close()


@pytest.mark.parametrize(
    ("place", "give", "take", "said"),
    [
        (
            "database",
            "grant update on events to ledger_service",
            "revoke update on events from ledger_service",
            "LEDGER_DATABASE: ledger_service may UPDATE on events",
        ),
        (
            "database",
            "grant delete on request_keys to ledger_service",
            "revoke delete on request_keys from ledger_service",
            "LEDGER_DATABASE: ledger_service may DELETE on request_keys",
        ),
        (
            "database",
            "grant trigger on events to ledger_service",
            "revoke trigger on events from ledger_service",
            "ledger_service may TRIGGER on events",
        ),
        (
            "database",
            "grant create on schema public to ledger_service",
            "revoke create on schema public from ledger_service",
            "ledger_service may CREATE in schema public",
        ),
        (
            "database",
            "create table owned (); alter table owned owner to ledger_service",
            "drop table owned",
            "ledger_service may all to owned, which it owns",
        ),
        (
            "database",
            "alter role ledger_service createrole bypassrls",
            "alter role ledger_service nocreaterole nobypassrls",
            "ledger_service may create roles, pass row security",
        ),
        (
            "database",
            "grant pg_write_all_data to ledger_service",
            "revoke pg_write_all_data from ledger_service",
            "all that pg_write_all_data may",
        ),
        (
            "database",
            "grant select on events to ledger_reader",
            "revoke select on events from ledger_reader",
            "ledger_reader may read events of",
        ),
        (
            "keys_database",
            "grant update on person_keys to ledger_service",
            "revoke update on person_keys from ledger_service",
            "LEDGER_KEYS_DATABASE: ledger_service may UPDATE on person_keys",
        ),
        (
            "keys_database",
            "grant select on person_keys to ledger_reader",
            "revoke select on person_keys from ledger_reader",
            "ledger_reader may read person_keys of",
        ),
        (
            "read_database",
            "grant update on balances to ledger_reader",
            "revoke update on balances from ledger_reader",
            "LEDGER_READ_DATABASE: ledger_reader may UPDATE on balances",
        ),
    ],
)
def test_a_role_that_may_more_than_its_work_is_refused(settings, owner, place, give, take, said):
    plain = settings.model_copy(update={"production": False})
    owner[place].execute(give)
    try:
        assert said in refused(plain)
        told = [f"{one.name}: {one.text}" for one in doctor.diagnose(plain) if one.health is Health.WRONG]
        assert any(said.partition(" may ")[2] in text for text in told), told
    finally:
        owner[place].execute(take)
    serve.check(plain)


def test_a_superuser_in_the_place_of_a_role_is_refused(settings):
    for name, own in (("database", "owner_database"), ("keys_database", "owner_keys_database")):
        put_wrong = settings.model_copy(update={"production": False, name: getattr(settings, own)})
        assert re.search(f"LEDGER_{name.upper()}: .* is a superuser", refused(put_wrong))
    owner = access_as_owner(settings).owner_database
    of_access = settings.model_copy(update={"production": False, "access_database": owner})
    assert re.search("LEDGER_ACCESS_DATABASE: .* is a superuser", refused(of_access))


def test_the_keeper_refuses_a_superuser_too(settings, tmp_path):
    put_wrong = settings.model_copy(
        update={"log_keeper_database": settings.owner_database, "signer_folder": str(tmp_path / "signer")}
    )
    done = process(put_wrong, "keep-log")
    assert done.returncode == WRONG_SETTING, done.stderr
    assert "ended by WrongSetting: LEDGER_LOG_KEEPER_DATABASE: ledger_owner is a superuser" in done.stderr


def test_the_process_itself_ends_and_says_why(settings):
    done = process(settings.model_copy(update={"reflection": True}), "serve")
    assert done.returncode == WRONG_SETTING, done.stderr
    assert "LEDGER_REFLECTION is on" in " ".join(done.stderr.split())
    assert "serving" not in done.stdout


def process(settings: Settings, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ledger", command],
        cwd=PROJECT,
        env={**settings_environment(settings), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SECRET: Final = re.compile(
    r"LEDGER_(?:REQUEST_HASH_KEY|IDENTITY_KEY|RELAY_KEY|AUDITOR_TOKEN|MASTER_KEY|ANSWER_KEYS)\"?[=:] *\"?"
    r"([^\s\"`]{16,})"
    r"|postgresql://[a-z_]+:([^@\s]+)@"
    r"|(?:request_hash_key|identity_key|relay_key|auditor_token)\"?[=:] *SecretStr\(\"([^\"]{16,})\"\)"
)


def test_every_secret_in_this_projects_files_is_known_to_be_an_example():
    """Whatever is not, somebody may take into production and it would be let through."""
    files = [PROJECT / "docker-compose.yml", PROJECT / "README.md", *PROJECT.glob("deploy/*.env")]
    files += [*PROJECT.glob("docs/**/*.md"), *PROJECT.glob("bench/**/*.py"), PROJECT / "tests/system/stored_history.py"]
    found = [
        (file.name, next(filter(None, match.groups())))
        for file in files
        for match in SECRET.finditer(file.read_text("utf-8"))
    ]
    assert len(found) > 10
    assert not [(file, text) for file, text in found if not is_published(text)]


def test_a_secret_made_at_random_is_taken_for_none_of_them():
    for _ in range(1_000):
        text = secrets.token_urlsafe(32)
        assert not is_published(text)
        assert too_weak(text) is None
