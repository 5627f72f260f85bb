"""docker-compose.yml and the local stack are one stack: the same parts, the same settings, the same durability."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from ledger import embedded_postgres, local_kafka, local_stack
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text("utf-8")

# Where something is, or from where it may be reached, differs between containers and processes; nothing else may.
PLACES = {
    "PGHOST",
    "PGPORT",
    "LEDGER_KAFKA",
    "LEDGER_GRPC_ADDRESS",
    "LEDGER_HTTP_ADDRESS",
    "LEDGER_INSECURE",
    "LEDGER_SIGNER_FOLDER",
    "LEDGER_ACCESS_SIGNER_FOLDER",
    "LEDGER_TOKEN_JWKS",
}


def compose_environment(service: str) -> dict[str, str]:
    described = SERVICES[service]
    values: dict[str, str] = {}
    for name in described["env_file"]:
        values |= local_stack.read_env_file(PROJECT / name)
    return values | {name: str(value) for name, value in described.get("environment", {}).items()}


def local_environment() -> dict[str, str]:
    described = local_stack.stack_environment(5432, "127.0.0.1:9092", "127.0.0.1:50051", "127.0.0.1:8080")
    return {name: value for name, value in described.items() if name.startswith(("LEDGER_", "PG"))}


def without_places(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in PLACES}


@pytest.mark.parametrize("part", local_stack.PARTS)
def test_every_part_has_the_same_settings_in_both(part: str):
    assert without_places(compose_environment(part)) == without_places(local_environment())
    assert SERVICES[part]["command"] == list(local_stack.PARTS[part])
    assert SERVICES[part]["restart"] == "always"


@pytest.mark.parametrize(
    ("keeper", "variable", "volume"),
    [
        ("keep-log", "LEDGER_SIGNER_FOLDER", "signer"),
        ("keep-log-access", "LEDGER_ACCESS_SIGNER_FOLDER", "signer-access"),
    ],
)
def test_a_signer_s_folder_is_its_keeper_s_alone_and_outlives_its_container(
    tmp_path: Path, keeper: str, variable: str, volume: str
):
    stack = local_stack.LocalStack(tmp_path, "127.0.0.1:50051", "127.0.0.1:8080")
    for part in local_stack.PARTS:
        assert (variable in compose_environment(part)) == (part == keeper)
        assert (variable in stack.environment_of(part)) == (part == keeper)
    folder = compose_environment(keeper)[variable]
    assert SERVICES[keeper]["volumes"] == [f"{volume}:{folder}"]
    assert volume in COMPOSE["volumes"]
    installed = re.search(r"install -d -m 0700 -o ledger -g ledger ((?:\S+ ?(?:\\\n\s+)?)+)", DOCKERFILE)
    assert installed is not None
    assert folder in installed[1].split()


def test_compose_has_exactly_these_parts():
    assert set(SERVICES) == {"postgres", "kafka", "migrate", "create-topics", "new-issuer", *local_stack.PARTS}


def test_only_migrate_holds_the_owner_role():
    owner = local_stack.read_env_file(local_stack.OWNER_ENV)
    assert compose_environment("migrate").items() >= owner.items()
    for part in local_stack.PARTS:
        assert not any("ledger_owner" in value for value in compose_environment(part).values())
    assert not any("ledger_owner" in value for value in local_environment().values())
    password = SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert all(f"{embedded_postgres.OWNER_ROLE}:{password}@" in url for url in owner.values())
    assert SERVICES["postgres"]["environment"]["POSTGRES_USER"] == embedded_postgres.OWNER_ROLE


def test_every_variable_is_a_setting_of_the_ledger():
    known = {f"LEDGER_{name.upper()}" for name in Settings.model_fields}
    given = set(compose_environment("migrate")) | set(compose_environment("serve")) | set(local_environment())
    assert {name for name in given if name.startswith("LEDGER_")} <= known


def test_postgres_has_the_same_settings_in_both():
    command = SERVICES["postgres"]["command"]
    assert command[0] == "postgres"
    given = dict(argument.removeprefix("-c").split("=", 1) for argument in command[1:])
    of_files = {"lc_messages", "log_line_prefix"}  # the image sets these in its own way
    assert given == {name: value for name, value in embedded_postgres.SETTINGS.items() if name not in of_files}
    assert [given[name] for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on", "on", "on"]


def test_kafka_has_the_same_settings_in_both(tmp_path: Path):
    broker = LocalKafka(tmp_path)
    local = dict(line.split("=", 1) for line in broker.settings_text().splitlines())
    given = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in SERVICES["kafka"]["environment"].items()
    }
    places = {"listeners", "advertised.listeners", "log.dirs", "controller.quorum.voters"}
    assert {name: given[name] for name in given.keys() - places} == {
        name: local[name] for name in local.keys() - places
    }
    assert given["log.retention.ms"] == given["log.retention.bytes"] == "-1"


def test_topics_are_created_alike_in_both():
    (command,) = SERVICES["create-topics"]["command"]
    assert dict(re.findall(r"--config ([a-z.]+)=([-a-z0-9]+)", command)) == local_kafka.TOPIC_SETTINGS
    created = dict(re.findall(r'create "\$\$(\w+)" "\$\$(\w+)"', command))
    assert created == local_stack.TOPICS
    assert SERVICES["create-topics"]["env_file"] == ["deploy/stack.env"]


def test_a_shell_creates_both_topics():
    (command,) = SERVICES["create-topics"]["command"]
    script = command.replace("$$", "$").replace("/opt/kafka/bin/kafka-topics.sh", "echo")
    variables = {name: name.lower() for pair in local_stack.TOPICS.items() for name in pair}
    done = subprocess.run(["/bin/sh", "-euc", script], env=variables, capture_output=True, text=True, check=True)
    topics = [re.search(r"--topic (\S+) --partitions (\S+)", line) for line in done.stdout.splitlines()]
    assert [topic and topic.groups() for topic in topics] == [
        (topic.lower(), partitions.lower()) for topic, partitions in local_stack.TOPICS.items()
    ]


def test_everything_published_stays_on_this_machine():
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} would be reachable from outside without authentication"


@pytest.mark.parametrize("line", ["LEDGER_TOPIC", "=value", "LEDGER TOPIC=x"])
def test_wrong_line_in_an_env_file_is_named(tmp_path: Path, line: str):
    (tmp_path / "stack.env").write_text(f"# comment\n\n{line}\n")
    with pytest.raises(ValueError, match="line 3: NAME=value is expected"):
        local_stack.read_env_file(tmp_path / "stack.env")


def test_the_image_takes_in_what_it_runs_and_no_history_of_the_project():
    ignored, *taken = [line for line in (PROJECT / ".dockerignore").read_text("utf-8").split("\n") if line]
    assert ignored == "*"
    copied = {
        name
        for line in (PROJECT / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    assert copied <= {name.removeprefix("!") for name in taken if name.startswith("!")}
    for name in copied:
        assert name[0].isalpha(), f"{name}: nothing hidden, no folder above, not everything"
