"""Each start of a service stands in the ledger of accesses, with all it was set to and not one secret of it."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
import pytest
from pydantic import SecretStr

from ledger import serve
from ledger.access_ledger.access_settings import access_settings
from ledger.answer_keys import AnswerKeys
from ledger.domain.service_run import SERVE, ServiceStarted
from ledger.service_start import ACTOR, KEYS, key_holders
from ledger.settings import Settings, WrongSetting
from ledger.told_settings import BY_VALUE, fingerprint, told_settings
from tests.system.access_store import access_as_owner
from tests.system.served_log import serving
from tests.system.stored_history import opened_store
from tests.system.whole_ledger_audit import assert_audit_clean

ORIGIN: Final = "hours.authority.test/log"


def holders_file(folder: Path, text: str) -> str:
    file = folder / "holders"
    file.write_text(text, "utf-8")
    return str(file)


@pytest.fixture(scope="module")
def settings(postgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("run")
    return opened_store(postgres, 1).model_copy(
        update={
            "grpc_address": "127.0.0.1:0",
            "log_origin": ORIGIN,
            "request_hash_key": SecretStr(secrets.token_urlsafe(32)),
            "identity_key": SecretStr(secrets.token_urlsafe(32)),
            "relay_key": SecretStr(secrets.token_urlsafe(32)),
            "auditor_token": SecretStr(secrets.token_urlsafe(32)),
            "answer_keys": SecretStr(AnswerKeys.fresh(ORIGIN).setting()),
            "relay_database": f"postgresql://ledger_relay:{secrets.token_urlsafe(24)}@127.0.0.1/ledger_events",
            "key_holders": holders_file(folder, "# stated by the authority\nmaster-key: staff/amal, staff/omar\n"),
        }
    )


def events_of_service(settings: Settings) -> list[dict[str, Any]]:
    with psycopg.connect(access_as_owner(settings).owner_database) as connection:
        rows = connection.execute("select body from events where stream = %s order by version", [SERVE]).fetchall()
    return [json.loads(row[0]) for row in rows]


def test_every_start_is_recorded_and_key_holders_when_they_change(settings, tmp_path):
    folders = [tmp_path / str(number) for number in range(3)]
    for folder in folders:
        folder.mkdir()
    for folder in folders[:2]:
        with serving(settings, folder):
            pass
    other = settings.model_copy(update={"key_holders": holders_file(tmp_path, "signer: staff/sara\n")})
    with serving(other, folders[2]):
        pass
    events = events_of_service(settings)
    assert [event["type"] for event in events] == [
        "service-started",
        "key-holders-listed",
        "service-started",
        "service-started",
        "key-holders-listed",
    ]
    assert {event["actor"] for event in events} == {ACTOR}
    assert len({event["data"]["run"] for event in events if event["type"] == "service-started"}) == 3
    assert events[1]["data"]["key_holders"] == [{"key": "master-key", "holders": ["staff/amal", "staff/omar"]}]
    assert events[4]["data"]["key_holders"] == [{"key": "signer", "holders": ["staff/sara"]}]
    started = events[0]["data"]
    assert "events/0001_event_store" in started["migrations"]
    assert {step.partition("/")[0] for step in started["migrations"]} == {"events", "keys", "read", "access"}
    said = {one["name"]: one for one in started["settings"]}
    assert said["partitions"]["value"] == "1"
    assert said["log_origin"]["value"] == ORIGIN
    assert said["master_key"]["key_ids"] == [settings.master_key.get_secret_value().partition(":")[0]]
    of_access = access_settings(settings)
    assert_audit_clean(of_access.model_copy(update={"owner_database": access_as_owner(settings).owner_database}))


def test_no_secret_of_a_setting_stands_in_it(settings):
    told = (
        ServiceStarted(service=SERVE, run="a", code_version="0", migrations=(), settings=tuple(told_settings(settings)))
        .to_json()
        .decode()
    )
    hidden = [_plain(value) for name, value in settings if name not in BY_VALUE and _plain(value)]
    assert len(hidden) > 10
    for secret in hidden:
        # Parts as well: of a URL the password, of a key's line its digits.
        for part in {secret, *secret.replace("@", " ").replace(":", " ").replace("+", " ").split()}:
            if len(part) >= 16 and part not in told_key_ids(settings):
                for form in (part, quote(part), base64.b64encode(part.encode()).decode(), part.encode().hex()):
                    assert form not in told, form


def told_key_ids(settings: Settings) -> str:
    """Names and public keys, which are told on purpose."""
    return " ".join(key_id for one in told_settings(settings) for key_id in one.key_ids)


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def test_all_settings_are_told_and_one_nobody_thought_about_by_its_fingerprint(settings):
    told = {one.name: one for one in told_settings(settings)}
    assert set(told) == set(Settings.model_fields)
    assert Settings.model_fields.keys() >= BY_VALUE
    for name, one in told.items():
        secret = isinstance(getattr(settings, name), SecretStr)
        assert not (secret and one.value), name
        assert one.value is None or name in BY_VALUE
    one = told["relay_key"]
    assert one.fingerprint == fingerprint(settings, "relay_key", settings.relay_key.get_secret_value())
    assert one.fingerprint != fingerprint(settings, "identity_key", settings.relay_key.get_secret_value())
    other = settings.model_copy(update={"request_hash_key": SecretStr(secrets.token_urlsafe(32))})
    assert one.fingerprint != fingerprint(other, "relay_key", settings.relay_key.get_secret_value())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("front-door: staff/amal", "line 1: the key must be one of"),
        ("\nmaster-key: somebody", "line 2: name who holds it"),
        ("master-key:", "line 1: name who holds it"),
        ("master-key: staff/amal\nmaster-key: staff/omar", "line 2: master-key stands there twice"),
        ("master-key: staff/" + "a" * 21_000, "more than 20000 characters"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_at_the_start(settings, tmp_path, text, said):
    wrong = settings.model_copy(update={"key_holders": holders_file(tmp_path, text)})
    with pytest.raises(WrongSetting, match=said):
        serve.check(wrong)
    with pytest.raises(WrongSetting, match="LEDGER_KEY_HOLDERS cannot be read: FileNotFoundError"):
        serve.check(settings.model_copy(update={"key_holders": str(tmp_path / "nothing")}))


def test_every_key_can_be_stated(settings, tmp_path):
    text = "".join(f"{key}: staff/amal\n" for key in KEYS)
    listed = list(key_holders(settings.model_copy(update={"key_holders": holders_file(tmp_path, text)})))
    assert [one.key for one in listed] == list(KEYS)
