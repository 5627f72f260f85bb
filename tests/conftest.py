"""Real servers for tests, the seed of everything random, and no skipped test."""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="repeat a run: the seed that run printed")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--seed") is None:
        config.option.seed = random.SystemRandom().randrange(2**32)


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.getoption('--seed')} (repeat with --seed {config.getoption('--seed')})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections.append(("seed", f"repeat with --seed {item.config.getoption('--seed')}"))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    # A check that did not run proves nothing: a skip fails the run.
    if reporter is not None and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("a skipped test fails the run", red=True)


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of everything random in this run."""
    chosen: int = pytestconfig.getoption("--seed")
    return chosen


@contextmanager
def open_folder() -> Iterator[Path]:
    """A short temporary folder that a server under another user can walk through (pytest's own are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="hours-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def folder_of_databases() -> Iterator[Path]:
    """As `open_folder`, for hundreds of databases: nobody waits the half minute that it takes to delete their files."""
    with open_folder() as folder:
        yield folder
        doomed = Path(tempfile.mkdtemp(prefix="hours-test-doomed-"))
        folder.rename(doomed / "data")
    subprocess.Popen(["rm", "-rf", str(doomed)], start_new_session=True)


@pytest.fixture
def server_dir() -> Iterator[Path]:
    """A data folder for servers that a test starts itself."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL for the whole run: make databases of your own in it, and never kill it."""
    with folder_of_databases() as folder:
        server = EmbeddedPostgres(folder, tcp=True)
        server.start()
        try:
            without_checkpoints(server)
            yield server
        finally:
            server.kill()  # hundreds of databases that nobody wants any more: to end in order would take a minute


def without_checkpoints(server: EmbeddedPostgres) -> None:
    """Commits are as durable as ever; a server that is killed at last need not write hundreds of databases out."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("alter system set max_wal_size = '32GB'")
        connection.execute("alter system set checkpoint_timeout = '1d'")
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """One Kafka broker for the whole run: make topics of your own in it, and never kill it."""
    with open_folder() as folder:
        broker = LocalKafka(folder, short_lived=True)
        broker.start()
        try:
            yield broker
        finally:
            broker.kill()


@pytest.fixture
def fresh_postgres(server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this test's own, to be killed."""
    with EmbeddedPostgres(server_dir, tcp=True) as server:
        yield server


@pytest.fixture
def fresh_kafka(server_dir: Path) -> Iterator[LocalKafka]:
    """A Kafka broker of this test's own, to be killed."""
    with LocalKafka(server_dir / "kafka", short_lived=True) as broker:
        yield broker
