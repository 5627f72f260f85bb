"""The log: only the fields on the list, no value of anybody's, nothing that could end a line or colour a terminal."""

from __future__ import annotations

import ast
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.logs import FIELDS, formatter
from ledger.told_errors import told

PROJECT = Path(__file__).parents[1]
CANARY = "1098765432"
HOSTILE = 'x\n{"level": "critical"}\r\x1b[31m\x9b2J\u2028\u202eesrever\x00'


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What loggers under `ledger.tried` and `library` write, as JSON."""
    yield from _written(for_people=False)


@pytest.fixture
def shown() -> Iterator[io.StringIO]:
    """The same on a terminal."""
    yield from _written(for_people=True)


def _written(*, for_people: bool) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter("serve", for_people=for_people))
    loggers = [logging.getLogger(name) for name in ("ledger.tried", "library")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield stream
    for logger in loggers:
        logger.removeHandler(handler)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_when_who_and_what(written):
    logging.getLogger("ledger.tried").warning("partition %s: %s", 3, "stands still")
    (line,) = lines(written)
    assert list(line) == ["time", "level", "part", "logger", "event"]
    assert (line["level"], line["part"], line["logger"]) == ("warning", "serve", "ledger.tried")
    assert line["event"] == "partition 3: stands still"
    assert str(line["time"]).endswith("Z")
    assert datetime.fromisoformat(str(line["time"])).utcoffset() is not None


def test_a_field_that_is_not_on_the_list_is_dropped(written):
    logging.getLogger("ledger.tried").warning("turned away", extra={"client": "ministry", "body": CANARY})
    (line,) = lines(written)
    assert line["client"] == "ministry"
    assert set(line) <= set(FIELDS)
    assert CANARY not in written.getvalue()


def test_whatever_a_value_holds_a_line_stays_one_line_of_ascii(written):
    logging.getLogger("ledger.tried").warning("from %s", HOSTILE, extra={"client": HOSTILE})
    text = written.getvalue()
    assert text.isascii()
    assert text.count("\n") == 1
    assert all(sign.isprintable() for sign in text[:-1])
    (line,) = lines(written)
    assert line["event"] == f"from {HOSTILE}"


def test_on_a_terminal_no_value_can_give_orders_to_it(shown):
    logging.getLogger("ledger.tried").warning("from %s", HOSTILE, extra={"cause": HOSTILE})
    text = shown.getvalue()
    assert text.count("\n") == 1
    assert all(sign.isprintable() for sign in text[:-1])


def test_of_a_strange_error_only_class_and_place_are_told(written):
    try:
        int(f"x{CANARY}")
    except ValueError:
        logging.getLogger("ledger.tried").exception("failed")
    (line,) = lines(written)
    assert CANARY not in written.getvalue()
    assert "Traceback" in str(line["exception"])
    assert "tests/test_logs.py" in str(line["exception"])
    assert str(line["exception"]).endswith("\nValueError")


def test_causes_are_told_without_their_values_too(written):
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            raise InvariantBroken("position 4 is missing") from cause
    except InvariantBroken:
        logging.getLogger("ledger.tried").exception("the writer stops")
    (line,) = lines(written)
    assert "KeyError" in str(line["exception"])
    assert str(line["exception"]).endswith("InvariantBroken: position 4 is missing")
    assert CANARY not in written.getvalue()


def test_errors_that_were_raised_together_are_all_told(written):
    try:
        raise ExceptionGroup("two", [InvariantBroken("position 4 is missing"), ValueError(CANARY)])
    except ExceptionGroup:
        logging.getLogger("ledger.tried").exception("failed")
    assert "position 4 is missing" in written.getvalue()
    assert CANARY not in written.getvalue()


def test_of_a_librarys_message_the_first_line_is_kept(written):
    logging.getLogger("library").error("Task exception was never retrieved\nfuture: <Task exception=%r>", CANARY)
    assert lines(written)[0]["event"] == "Task exception was never retrieved"
    assert CANARY not in written.getvalue()


@pytest.mark.parametrize(
    "statement",
    [
        "create temp table once (number text primary key); insert into once values ('1098765432'), ('1098765432')",
        "select '1098765432x'::int",
        "select cast('1098765432x' as date)",
        "do $$ begin raise exception 'not this' using detail = '1098765432'; end $$",
    ],
)
def test_the_databases_errors_name_no_row(postgres, statement):
    with psycopg.connect(postgres.dsn()) as connection, pytest.raises(psycopg.Error) as failed:
        connection.execute(statement)
    assert CANARY in str(failed.value), "the error itself tells it"
    assert CANARY not in told(failed.value)
    assert str(failed.value.sqlstate) in told(failed.value)


def test_a_database_that_is_away_is_told_in_one_line():
    with pytest.raises(psycopg.OperationalError) as away:
        psycopg.connect("postgresql://nobody@127.0.0.1:1/nothing")
    assert "127.0.0.1" in told(away.value)
    assert "\n" not in told(away.value)


def test_a_refusal_is_told_by_its_reason():
    assert told(Refusal(Reason.NOT_FOUND, {"name": "volunteers/ana"})) == "Refusal: NOT_FOUND"


def test_a_process_writes_json_to_stderr_and_its_end_as_well():
    program = (
        "import logging; from ledger.logs import configure; configure('relay')\n"
        "logging.getLogger('ledger.relay').info('begun')\n"
        "import warnings; warnings.warn('old')\n"
        f"raise ValueError('{CANARY}')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)
    told_lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in told_lines] == ["info", "warning", "critical"]
    assert told_lines[-1]["event"] == "ended by ValueError"
    assert {line["part"] for line in told_lines} == {"relay"}
    assert CANARY not in done.stderr
    assert (done.returncode, done.stdout) == (1, "")


def test_no_call_logs_an_error_as_it_is():
    """An error is told by `told`, by its class, or with exc_info: its text may hold what somebody entered."""
    told_errors = 0
    for file in [*PROJECT.glob("ledger/**/*.py"), *PROJECT.glob("consumers/**/*.py")]:
        tree = ast.parse(file.read_text("utf-8"))
        caught = {one.name for one in ast.walk(tree) if isinstance(one, ast.ExceptHandler) and one.name} | {"error"}
        for call in filter(_logs, ast.walk(tree)):
            assert isinstance(call, ast.Call)
            told_errors += sum("told(" in ast.unparse(one) for one in call.args)
            bare = [one for one in call.args if isinstance(one, ast.Name) and one.id in caught]
            assert not bare, f"{file}:{call.lineno}: {ast.unparse(call)}"
            inside = {one.id for text in call.args if isinstance(text, ast.JoinedStr) for one in _names(text)}
            assert not inside & caught, f"{file}:{call.lineno}: {ast.unparse(call)}"
    assert told_errors > 10


def _names(node: ast.AST) -> Iterator[ast.Name]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Name))


def _logs(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("log", "_log")
    )


def test_nobody_sets_up_logging_but_one_module():
    named = {
        file.relative_to(PROJECT).as_posix()
        for file in [*PROJECT.glob("ledger/**/*.py"), *PROJECT.glob("consumers/**/*.py")]
        if "basicConfig" in file.read_text("utf-8")
    }
    assert named == {"ledger/logs.py"}
