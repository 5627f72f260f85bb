"""What a measurement stands on: a folder, a real PostgreSQL and a real Kafka broker, started when first asked for.

Both sides of a line use the same servers with the same settings; every side gets a fresh database or topic.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from kafka.admin import KafkaAdminClient
from psycopg import sql

from bench.ledgers import Ledgers
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import TOPIC_SETTINGS, LocalKafka


class Ground:
    """The servers of one run; everything that was started here ends with the block."""

    def __init__(self, *, scale: float = 1.0, database_url: str | None = None, bootstrap: str | None = None) -> None:
        """Use the given servers, or start own ones when they are needed. `scale` multiplies all sizes."""
        self.scale = scale
        self._database_url = database_url
        self._bootstrap = bootstrap
        self._started = ExitStack()
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """A temporary folder of this run, removed at its end."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="hours-bench-"))
            self._folder.chmod(0o755)  # PostgreSQL runs as another user when we are root, and must reach its own folder
            self._started.callback(shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def scaled(self, size: int, least: int = 1) -> int:
        """A size of the full measurement, adjusted."""
        return max(least, round(size * self.scale))

    def seconds(self, full: float) -> float:
        """The length of a measured stretch, adjusted; at least one second."""
        return max(1.0, full * self.scale)

    @property
    def database_url(self) -> str:
        """The PostgreSQL server, by the URL of a role that may create databases."""
        if self._database_url is None:
            server = self._started.enter_context(EmbeddedPostgres(self.folder / "postgres", tcp=True))
            self._database_url = server.dsn()
        return self._database_url

    @cached_property
    def ledgers(self) -> Ledgers:
        """The filled ledgers of this run."""
        return Ledgers(self.database_url)

    @property
    def bootstrap(self) -> str:
        """The Kafka broker, host:port."""
        if self._bootstrap is None:
            self._bootstrap = self._started.enter_context(LocalKafka(self.folder / "kafka")).bootstrap
        return self._bootstrap

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """A new empty database's URL; dropped at the end of the block."""
        name = f"bench_{uuid4().hex[:12]}"
        self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(self.database_url)._replace(path=f"/{name}"))
        finally:
            self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def fresh_topic(self, partitions: int = 1) -> Iterator[str]:
        """A new empty topic's name; deleted at the end of the block."""
        name = f"bench-{uuid4().hex[:12]}"
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            admin.create_topics(
                {name: {"num_partitions": partitions, "replication_factor": 1, "configs": TOPIC_SETTINGS}},
                wait_for_metadata=True,
            )
            try:
                yield name
            finally:
                admin.delete_topics([name])

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._started.close()
