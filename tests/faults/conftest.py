"""What a fault test did is told even when it passes: commands, faults, and the seed to repeat it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.loopback import free_port
from tests.conftest import open_folder
from tests.faults.kafka_conversation import KafkaConversation, ProxiedKafka
from tests.faults.postgres_conversation import PostgresConversation
from tests.faults.programme import lay_out
from tests.faults.settled import check_audit, wait_for_lag_zero
from tests.faults.tcp_proxy import TcpProxy
from tests.system.running_ledger import RunningLedger
from tests.system.stored_history import opened_ledger

_TOLD: Final = "told"
Tell = Callable[[str], None]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for some in terminalreporter.stats.values() for report in some if hasattr(report, "when")]
    lines = [
        line for report in reports if report.when == "call" for name, line in report.user_properties if name == _TOLD
    ]
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(str(line))


@pytest.fixture
def tell(request: pytest.FixtureRequest, seed: int) -> Tell:
    """Say something that is printed at the end of the run, by whichever process, and with the test when it fails."""
    told = request.node.user_properties
    told.append((_TOLD, f"{request.node.name}, seed {seed}"))

    def say(text: str) -> None:
        print(text)
        told.extend((_TOLD, f"  {line}") for line in text.splitlines())

    return say


@pytest.fixture(scope="session")
def mortal_postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for all tests that kill one; each leaves it running."""
    with open_folder() as folder, EmbeddedPostgres(folder, tcp=True) as server:
        yield server


@pytest.fixture(scope="session")
def mortal_kafka() -> Iterator[ProxiedKafka]:
    """A broker for all tests that kill one, or cut its connections; each leaves it running."""
    with open_folder() as folder:
        broker = ProxiedKafka(folder)
        broker.inner_port = free_port()
        with TcpProxy(broker.inner_port, KafkaConversation) as broker.proxy, broker:
            yield broker


@dataclass(frozen=True)
class TwoServers:
    """A running ledger of three partitions and two server processes; the first one's appends go through a proxy."""

    ledger: RunningLedger
    proxy: TcpProxy


@pytest.fixture(scope="session")
def two_servers(postgres: EmbeddedPostgres, kafka: LocalKafka) -> Iterator[TwoServers]:
    """One for all tests that end no process; each works under a client's name of its own. At the end it is audited."""
    settings = opened_ledger(postgres, kafka, 3)
    assert postgres.tcp_port is not None
    with open_folder() as folder, TcpProxy(postgres.tcp_port, PostgresConversation) as proxy:
        proxied = settings.model_copy(update={"database": through(proxy, settings.database)})
        with RunningLedger(settings, folder, servers=[proxied, settings]) as ledger:
            asyncio.run(lay_out(ledger.addresses[1]))
            yield TwoServers(ledger, proxy)
            asyncio.run(wait_for_lag_zero(ledger))
            check_audit(settings)


def through(proxy: TcpProxy, url: str) -> str:
    """The same database, reached through the proxy."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{proxy.port}"))
