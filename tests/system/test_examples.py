"""The examples, and the command lines in the pages for people, run as they are printed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, Parse
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from ledger.access.caller import Role
from ledger.commands.demo import grpcurl_line
from tests.system.acting import channel_to, token_for
from tests.system.served_ledger import PROJECT, Done, hours_ledger, served_ledger

PAGES = ["README.md", "docs/import-and-report.md", "docs/command-line.md", "docs/out.md"]
FILES = (".jsonl", ".pdf", ".csv", ".xlsx", ".parquet")
"""Endings of files that command lines write, unless they name one of the project's."""


TOKENS = {
    "LEDGER_TOKEN": token_for("staff/auditor", roles=(Role.AUDITOR,)),
    "COORDINATOR_TOKEN": token_for("staff/synthetic-coordinator", roles=(Role.ADMINISTRATOR,)),
    "VERIFIER_TOKEN": token_for("staff/synthetic-verifier", roles=(Role.ADMINISTRATOR,)),
}


@pytest.fixture(scope="module")
def demonstrated():
    """A served ledger on which the demo ran: its address, and what the demo showed."""
    with served_ledger() as served:
        yield served, hours_ledger("demo", "--once", "--connect", served)


@pytest.fixture
def address(demonstrated):
    return demonstrated[0]


def run(program: str, address: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, program],
        cwd=PROJECT,
        env={**os.environ, "LEDGER_GRPC_ADDRESS": address, **TOKENS},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def shows_the_whole_story(done: Done) -> None:
    assert done.returncode == 0, done.stderr
    shown = done.stdout.splitlines()
    assert shown[-1] == "published totals reproduced: 79 of 79"
    rounded = [line.split()[-4:] for line in shown if line.startswith("rounded by type")]
    assert rounded == [["8,913", "7,713", "1,200", "0"], ["17,766", "17,766", "0", "0"]]
    assert "withheld at entry, kept and explained, not counted: DURATION_ABOVE_CAP" in shown
    assert any("withheld → reversed" in line and "PUBLISHER_DELETED" in line for line in shown)
    assert any("█" in line for line in shown)
    assert max(map(len, shown[3:])) <= 100


def test_the_demo_shows_the_whole_story_on_a_service_that_runs(demonstrated):
    shows_the_whole_story(demonstrated[1])


@pytest.mark.proof
def test_the_demo_brings_its_own_service_and_leaves_nothing(server_dir):
    shows_the_whole_story(hours_ledger("demo", "--once", "--data-dir", server_dir))
    assert answered_by_nobody(server_dir)


def answered_by_nobody(folder: Path) -> bool:
    """Whether no process holds the database's folder any more."""
    return not (folder / "postgresql" / "cluster" / "postmaster.pid").exists()


def test_ask_hours(address):
    done = run("examples/ask_hours.py", address)
    assert done.returncode == 0, done.stderr
    assert "Partner Events: " in done.stdout
    assert ", 0 s verified" in done.stdout


def test_record_an_hour(address):
    done = run("examples/record_an_hour.py", address)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(": 10800 s verified\n")


def test_replay_and_add_up(address):
    done = run("examples/replay_and_add_up.py", address)
    assert done.returncode == 0, done.stderr
    assert re.search(r"attended: \d{8} s added up", done.stdout)


def test_the_grpcurl_line_names_what_reflection_shows(address):
    """grpcurl asks the server for the types and reads the question as JSON with them; so does this."""
    words = shlex.split(grpcurl_line(address))
    question, target, method = words[words.index("-d") + 1], words[-2], words[-1]
    with channel_to(target) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        service, name = method.split("/")
        described = pool.FindServiceByName(service).methods_by_name[name]
        request = Parse(question, GetMessageClass(described.input_type)(), descriptor_pool=pool)
        call: grpc.UnaryUnaryMultiCallable[Message, Message] = channel.unary_unary(
            f"/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(described.output_type).FromString,
        )
        header = words[words.index("-H") + 1].replace(
            "$LEDGER_TOKEN", token_for("staff/visitor", roles=(Role.AUDITOR,))
        )
        name, value = header.split(": ")
        answer = call(request, metadata=((name, value),), timeout=10)
    assert {group.get("key") for group in MessageToDict(answer)["groups"]} >= {"LEEDS 2023 Events", "Partner Events"}


def command_lines(page: str) -> list[str]:
    """Lines that begin with `$ hours-ledger` and ask a running service or only print."""
    text = (PROJECT / page).read_text("utf-8")
    return [line.removeprefix("$ hours-ledger ") for line in text.splitlines() if line.startswith("$ hours-ledger ")]


@pytest.mark.parametrize("page", PAGES)
def test_the_command_lines_of_a_page_work(address, page, tmp_path, monkeypatch):
    lines = command_lines(page)
    assert lines, f"{page} shows no command line"
    for line in lines:
        words = [
            str(tmp_path / word) if word.endswith(FILES) and not (PROJECT / word).exists() else word
            for word in shlex.split(line)
        ]
        done = hours_ledger(*words, address=address)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
