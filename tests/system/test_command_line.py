"""The command line as people and scripts meet it: words, exit codes, JSON, and the service's refusals."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ledger.access.caller import Role
from tests.system.acting import token_for
from tests.system.served_ledger import answered, hours_ledger, served_ledger

COMMANDS = [
    "demo",
    "serve",
    "relay",
    "consume",
    "keep-log",
    "migrate",
    "token",
    "client",
    "accesses",
    "find",
    "import",
    "generate",
    "balance",
    "entries",
    "report",
    "period",
    "replay",
    "keys",
    "verify",
    "witness",
    "audit",
    "rebuild",
    "doctor",
    "bench",
]


@pytest.fixture(scope="module")
def synthetic():
    """A served ledger with synthetic people, and the answer of the command that made them."""
    with served_ledger() as address:
        made = answered(hours_ledger("generate", "--volunteers", "60", "--seed", "5", "--json", address=address))
        yield address, made


def positions_of(made) -> str:
    return ",".join(f"{at['partition']}:{at['position']}" for at in made["positions"])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    done = hours_ledger(command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_all_commands_are_listed():
    as_module = subprocess.run([sys.executable, "-m", "ledger", "--help"], capture_output=True, text=True, check=True)
    listed = as_module.stdout
    assert [command for command in COMMANDS if f" {command} " not in listed] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["report", "--as-of", "yesterday"], "2023-06-17T23:38:46Z"),
        (["report", "--as-of", "2023-06-17T23:38:46"], "zone"),
        (["report", "--period", "2023-13"], "2023-06"),
        (["report", "--positions", "12"], "0:1200"),
        (["report", "--measure", "everything"], "recorded"),
        (["balance"], "NAME"),
        (["generate", "--volunteers", "0"], "1"),
        (["serve"], "LEDGER_DATABASE"),
        (["serve", "--data-dir", "somewhere"], "--embedded"),
        (["relay"], "LEDGER_RELAY_DATABASE"),
        (["keep-log"], "LEDGER_LOG_KEEPER_DATABASE"),
        (["migrate"], "LEDGER_OWNER_DATABASE"),
        (["nothing-like-it"], "No such command"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_would_be_right(arguments, says):
    done = hours_ledger(*arguments)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_setting_of_the_wrong_form_is_named():
    done = hours_ledger("serve", "--embedded", LEDGER_PARTITIONS="many")
    assert done.returncode == 2
    assert "LEDGER_PARTITIONS" in done.stderr


def test_without_a_service_it_says_how_to_start_one():
    done = hours_ledger("report", "--address", "127.0.0.1:1")
    assert done.returncode == 1
    assert "serve --embedded" in done.stderr
    assert done.stdout == ""


def test_a_folder_without_a_history_ends_with_1(tmp_path):
    done = hours_ledger("import", "leeds2023", tmp_path)
    assert done.returncode == 1
    assert "revisions.csv" in done.stderr


@pytest.mark.parametrize("command", ["audit", "doctor", "rebuild"])
def test_a_folder_without_a_ledger_ends_with_1(tmp_path, command):
    done = hours_ledger(command, "--data-dir", tmp_path)
    assert done.returncode == 1
    assert "holds no ledger" in done.stderr


def test_a_refusal_is_told_with_its_reason_and_in_arabic(synthetic):
    address, _ = synthetic
    english = hours_ledger("balance", "volunteers/nobody-at-all", address=address)
    assert english.returncode == 1
    assert english.stderr.startswith("NOT_FOUND: There is no volunteers/nobody-at-all")
    for arabic in (
        hours_ledger("balance", "volunteers/nobody-at-all", "--language", "ar", address=address),
        hours_ledger("balance", "volunteers/nobody-at-all", address=address, LC_ALL="ar_SA.UTF-8"),
    ):
        assert arabic.returncode == 1
        assert arabic.stderr.startswith("NOT_FOUND: لا يوجد volunteers/nobody-at-all")


def test_a_wrong_field_is_named(synthetic):
    address, _ = synthetic
    done = hours_ledger("balance", "Volunteers/Not A Name", address=address)
    assert done.returncode == 1
    assert "INVALID_ARGUMENT" in done.stderr
    assert "name" in done.stderr


def test_generated_people_have_hours_of_three_kinds(synthetic):
    address, made = synthetic
    assert made["made"]["volunteers"] == 60
    assert made["made"]["verified"] > 0
    assert made["made"]["check_outs"] > 0
    report = answered(
        hours_ledger("report", "--by", "sector", "--positions", positions_of(made), "--json", address=address)
    )
    assert report["total_seconds"] > 0
    verified = answered(
        hours_ledger("report", "--measure", "verified", "--positions", positions_of(made), "--json", address=address)
    )
    assert 0 < verified["total_seconds"] < report["total_seconds"]


def test_generated_twice_nothing_changes(synthetic):
    address, made = synthetic
    again = answered(hours_ledger("generate", "--volunteers", "60", "--seed", "5", "--json", address=address))
    assert again == made


def test_a_balance_is_the_sum_of_its_entries(synthetic):
    address, made = synthetic
    positions = positions_of(made)
    checked = 0
    for number in range(1, 61, 10):
        name = f"volunteers/synthetic-5-1-60-v{number}"
        balance = answered(hours_ledger("balance", name, "--positions", positions, "--json", address=address))
        listed = answered(hours_ledger("entries", name, "--positions", positions, "--json", address=address))["entries"]
        assert len(listed) == balance["entry_count"]
        for evidence in ("attended", "verified", "withheld", "reversed"):
            moved = sum(one["seconds"] for one in listed if one["to_class"] == evidence)
            moved -= sum(one["seconds"] for one in listed if one["from_class"] == evidence)
            assert balance[f"{evidence}_seconds"] == moved
        checked += len(listed)
    assert checked > 0


def test_replay_gives_every_stored_event_and_goes_on_where_asked(synthetic, tmp_path):
    address, made = synthetic
    last = made["positions"][0]["position"]
    whole = hours_ledger("replay", address=address)
    assert whole.returncode == 0
    events = [json.loads(line) for line in whole.stdout.splitlines()]
    assert [event["position"] for event in events] == list(range(1, last + 1))
    assert events[0]["type"] == "ledger-opened"
    file = tmp_path / "events.jsonl"
    assert hours_ledger("replay", "--to", "40", "--out", file, address=address).returncode == 0
    rest = hours_ledger("replay", "--from", "41", "--out", file, address=address)
    assert f"go on with --from {last + 1}" in rest.stderr
    assert file.read_text("utf-8") == whole.stdout


def test_no_name_of_a_person_is_stored_readable(synthetic):
    address, _ = synthetic
    assert "synthetic volunteer" not in hours_ledger("replay", address=address).stdout


def test_people_see_tables(synthetic):
    address, made = synthetic
    shown = hours_ledger("report", "--by", "month", "--positions", positions_of(made), address=address).stdout
    assert "2025-" in shown
    assert "computed at positions 0:" in shown


@pytest.mark.parametrize("command", ["audit", "rebuild", "doctor"])
def test_a_database_that_is_away_is_told_in_words(command):
    done = hours_ledger(
        command,
        LEDGER_DATABASE="postgresql://127.0.0.1:1/nowhere",
        LEDGER_READ_DATABASE="postgresql://127.0.0.1:1/nowhere",
        LEDGER_PROJECTOR_DATABASE="postgresql://127.0.0.1:1/nowhere",
        LEDGER_KAFKA="127.0.0.1:1" if command == "rebuild" else "",
    )
    assert done.returncode == 1
    assert "127.0.0.1" in done.stdout + done.stderr


def test_a_system_is_let_in_asks_and_is_seen(synthetic):
    address, made = synthetic
    words = ["--system-name", "synthetic ministry", "--role", "government_reader", "--purpose", "graduation", "--json"]
    [registered] = answered(hours_ledger("client", "register", "ministry-one", *words, address=address))
    assert registered["name"] == "clients/ministry-one"
    assert registered["terms"]["purposes"] == ["graduation"]
    person = "volunteers/synthetic-5-1-60-v1"
    token = token_for("staff/clerk", client="ministry-one", roles=(Role.GOVERNMENT_READER,))
    unsaid = hours_ledger("balance", person, address=address, LEDGER_TOKEN=token)
    assert (unsaid.returncode, "PURPOSE_NEEDED" in unsaid.stderr) == (1, True)
    asked = {"LEDGER_TOKEN": token, "LEDGER_PURPOSE": "graduation"}
    assert hours_ledger("balance", person, "--positions", positions_of(made), address=address, **asked).returncode == 0
    [look, *_] = answered(hours_ledger("accesses", person, "--json", address=address))
    assert (look["client"], look["actor"], look["purpose"]) == ("ministry-one", "staff/clerk", "graduation")
    assert (look["role"], look["method"], look["volunteers"]) == (
        "ROLE_GOVERNMENT_READER",
        "HoursService/GetBalance",
        [person],
    )
    shown = hours_ledger("accesses", person, "--limit", "1", address=address)
    assert "staff/clerk" in shown.stdout
    revoked = hours_ledger("client", "revoke", "ministry-one", "--reason", "key-lost", address=address)
    assert "revoked: key-lost" in revoked.stdout
    refused = hours_ledger("balance", person, address=address, **asked)
    assert (refused.returncode, "UNAUTHENTICATED" in refused.stderr) == (1, True)
    assert "ministry-one" in hours_ledger("client", "list", address=address).stdout


def test_a_certificate_that_is_none_is_refused_before_anything_is_sent(tmp_path):
    file = tmp_path / "no.pem"
    file.write_text("nothing")
    done = hours_ledger("client", "register", "x", "--system-name", "x", "--certificate", file, address="127.0.0.1:1")
    assert (done.returncode, "is no certificate in PEM" in done.stderr) == (1, True)
