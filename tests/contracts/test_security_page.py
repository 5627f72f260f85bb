"""docs/security.md says what is so: its tests exist, its settings, limits and keys are those of the code.

The ids of requirements and their levels are from the OWASP Application Security Verification Standard 5.0.0, (c) OWASP
Foundation, CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/); only ids, written shorter.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, get_args

import pytest
from pydantic import SecretStr

from ledger.access import token_text
from ledger.batch_writer import WAITING_MAX
from ledger.event_bytes import EVENT_BYTES_MAX
from ledger.grpc import access_service, event_replay
from ledger.grpc.server import OPTIONS
from ledger.logs import FIELDS
from ledger.projections import age_questions, basis, page_token
from ledger.security_events import SecurityEvent
from ledger.settings import Settings
from ledger.web.http_server import CONNECTIONS_MAX, HEAD_SECONDS_MAX

PROJECT: Final = Path(__file__).parents[2]
PAGE: Final = (PROJECT / "docs" / "security.md").read_text("utf-8")
LEVEL_1: Final = """
1.2.1-5 1.3.1-2 1.5.1 2.1.1 2.2.1-2 2.3.1 3.2.1-2 3.3.1 3.4.1-2 3.5.1-3 4.1.1 4.4.1 5.2.1-2 5.3.1-2 6.1.1 6.2.1-8
6.3.1-2 6.4.1-2 7.2.1-4 7.4.1-2 8.1.1 8.2.1-2 8.3.1 9.1.1-3 9.2.1 10.4.1-5 11.3.1-2 11.4.1 12.1.1 12.2.1-2 13.4.1
14.2.1 14.3.1 15.1.1 15.2.1 15.3.1
"""
LEVEL_2: Final = """
1.1.1-2 1.2.6-9 1.3.3-11 1.4.1-3 1.5.2 2.1.2-3 2.2.3 2.3.2-4 2.4.1 3.3.2-4 3.4.3-6 3.5.4-5 3.7.1-2 4.1.2-3 4.2.1 4.3.1-2
4.4.2-4 5.1.1 5.2.3 5.4.1-3 6.1.2-3 6.2.9-12 6.3.3-4 6.4.3-4 6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3 7.3.1-2 7.4.3-5 7.5.1-2
7.6.1-2 8.1.2 8.2.3 8.4.1 9.2.2-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.6-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3
11.3.3 11.4.2-4 11.5.1 11.6.1 12.1.2-3 12.3.1-4 13.1.1 13.2.1-5 13.3.1-2 13.4.2-5 14.1.1-2 14.2.2-4
14.3.2-3 15.1.2-3 15.2.2-3 15.3.2-7 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1 17.2.1-4 17.3.1-2
"""
REQUIREMENT: Final = re.compile(r"([1-9]|1[0-7])\.[1-9]\.([1-9]|1[0-9])")
SECTION: Final = re.compile(r"([1-9]|1[0-7])\.[1-9]")
TEST: Final = re.compile(r"`(tests/[a-z0-9_/]+\.py)::([^`]*)`")
OPERATOR: Final = re.compile(r"operator \(([1-9])\)")


def expanded(text: str) -> list[str]:
    """`1.2.1-5` is five ids."""
    ids: list[str] = []
    for one in text.split():
        section, _, numbers = one.rpartition(".")
        first, _, last = numbers.partition("-")
        ids += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return ids


ALL: Final = frozenset(expanded(LEVEL_1) + expanded(LEVEL_2))


def part(title: str) -> str:
    """What stands below a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def rows(text: str) -> Iterator[list[str]]:
    """Cells of each row of the tables in `text`, without heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    for line in lines:
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if cells[0] not in ("id", "ids", "---"):
            yield cells


CHAPTERS: Final = [title for title in re.findall(r"^### (.*)$", PAGE, re.MULTILINE) if re.match("V[0-9]+ ", title)]


def met() -> list[list[str]]:
    return [row for chapter in CHAPTERS for row in rows(part(chapter))]


def not_met() -> list[str]:
    return [row[0] for row in rows(part("Not met"))]


def not_applicable() -> list[str]:
    """Ids; a section stands for all that is in it."""
    ids: list[str] = []
    for first, *_ in rows(part("Does not apply")):
        for one in first.split(", "):
            assert SECTION.fullmatch(one) or REQUIREMENT.fullmatch(one), one
            ids += [one] if one.count(".") == 2 else [id_ for id_ in sorted(ALL) if id_.startswith(f"{one}.")]
    return ids


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((PROJECT / file).read_text("utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def test_the_lists_are_those_of_the_standard():
    assert (len(expanded(LEVEL_1)), len(expanded(LEVEL_2)), len(ALL)) == (70, 183, 253)


def test_every_requirement_of_levels_1_and_2_is_accounted_for_once():
    told = [row[0] for row in met()] + not_met() + not_applicable()
    assert [id_ for id_ in told if not REQUIREMENT.fullmatch(id_)] == []
    assert [id_ for id_, times in Counter(told).items() if times > 1] == []
    assert sorted(set(told) - ALL) == []
    assert sorted(ALL - set(told)) == []


def test_each_stands_in_its_chapter_and_in_order():
    for chapter in CHAPTERS:
        ids = [[int(number) for number in row[0].split(".")] for row in rows(part(chapter))]
        assert ids == sorted(ids), chapter
        assert {id_[0] for id_ in ids} == {int(chapter.split()[0].removeprefix("V"))}


def test_the_numbers_that_the_page_gives_are_those_of_its_tables():
    counted = re.search(
        r"of the (\d+) requirements of levels 1 and 2 there are (\d+) met, (\d+) \[not met\]\(#not-met\) or only in "
        r"part, and (\d+) that \[do not apply\]",
        " ".join(part("OWASP ASVS 5.0").split()),
        re.IGNORECASE,
    )
    assert counted is not None
    assert [int(number) for number in counted.groups()] == [
        len(ALL),
        len(met()),
        len(not_met()),
        len(not_applicable()),
    ]


def test_every_test_that_is_named_exists():
    named = TEST.findall(PAGE)
    assert len(named) > 100
    assert [(file, name) for file, name in named if not (PROJECT / file).is_file() or name not in names_in(file)] == []
    assert PAGE.count("tests/") == len(named) + PAGE.count("`tests/contracts/test_security_page.py`")


def test_whatever_is_met_is_shown_by_a_test_or_is_a_named_duty_of_the_operator():
    duties = re.findall(r"^([1-9])\. ", part("What an operator must do"), re.MULTILINE)
    for row in met():
        assert len(row) == 4, row
        shown = row[3]
        named = OPERATOR.findall(shown)
        assert TEST.search(shown) or named, row[0]
        assert set(named) <= set(duties), row[0]
        assert not OPERATOR.sub("", TEST.sub("", shown)).strip(", "), row[0]


def test_every_threat_is_answered_by_a_test():
    threats = [row for row in rows(part("Against whom, and with what")) if row[0] != "who or what"]
    assert len(threats) > 10
    assert [row[0] for row in threats if len(row) != 3 or not TEST.search(row[2])] == []


def test_every_setting_that_is_named_is_one():
    commands_alone = {"LEDGER_SERVER_CA"}
    known = {f"LEDGER_{name.upper()}" for name in Settings.model_fields} | commands_alone
    named = set(re.findall(r"`(LEDGER_[A-Z_]+[A-Z])[=`]", PAGE))
    assert len(named) > 15
    assert named <= known


def test_every_key_of_the_settings_is_listed():
    secret = {
        name
        for name, field in Settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    }
    elsewhere = {"master_key": "master_key_file", "auditor_token": ""}
    wanted = {elsewhere.get(name, name) for name in secret} | {"tls_key", "token_jwks"}
    assert {name for name in wanted if name and f"`LEDGER_{name.upper()}`" not in part("Keys")} == set()


def test_logs_are_those_of_the_code():
    text = part("Logs")
    assert [name for name in (*FIELDS, *SecurityEvent) if f"`{name}`" not in text] == []


def number(setting: str) -> str:
    return f"{Settings.model_fields[setting].default:,}"


GRPC: Final = dict(OPTIONS)
LIMITS: Final = {
    "one client, in one process": [
        f"{number('quota_calls_per_second')} calls a second",
        f"{Settings.model_fields['quota_bytes_per_second'].default >> 20} MiB a second",
        f"{number('quota_streams')} streams",
    ],
    "one process": [
        f"{number('maximum_concurrent_rpcs')} calls",
        f"{WAITING_MAX:,} commands",
        f"{CONNECTIONS_MAX:,} connections",
    ],
    "a message": [f"{GRPC['grpc.max_receive_message_length'] >> 20} MiB received", f"{EVENT_BYTES_MAX:,} bytes"],
    "a list": [f"{page_token.PAGE_SIZE_MAX:,} rows"],
    "a token": [f"{token_text.TOKEN_BYTES_MAX:,} bytes", f"{token_text.LIFE_SECONDS_MAX:,} seconds"],
    "a connection": [f"{HEAD_SECONDS_MAX:.0f} seconds", f"{GRPC['grpc.max_connection_age_ms'] // 60_000} minutes"],
    "a question": [
        f"{basis.WAIT_SECONDS_MAX:.0f} seconds",
        f"{age_questions.PERSONS_MAX:,} persons",
        f"{age_questions.QUESTIONS_MAX} such questions",
    ],
}


def test_limits_are_those_of_the_code():
    told = {row[0]: row[1] for row in rows(part("Limits")) if row[0] != "of"}
    assert told.keys() == LIMITS.keys()
    assert [(of, limit) for of, limits in LIMITS.items() for limit in limits if limit not in told[of]] == []
    assert page_token.PAGE_SIZE_MAX == event_replay.PAGE_SIZE_MAX == access_service.PAGE_SIZE_MAX
    assert GRPC["grpc.server_handshake_timeout_ms"] == HEAD_SECONDS_MAX * 1_000


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_the_page_is_found_from_where_people_begin(page):
    assert "security.md)" in (PROJECT / page).read_text("utf-8")
