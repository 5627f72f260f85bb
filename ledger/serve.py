"""`serve`: everything one process needs to take commands and answer questions.

Before it listens it reads the real settings of the database and the topic: with wrong ones it refuses to start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import psycopg
import uvloop
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from ledger.access.door import Door, first_clients
from ledger.access.facts import StoredFacts
from ledger.access.grants import Grants
from ledger.access.identity_keys import IdentityKeys
from ledger.access.master_keys import master_keys
from ledger.access.past_birth_dates import PastBirthDates
from ledger.access.past_details import PastDetails
from ledger.access.person_keys import PersonKeys
from ledger.access.quotas import QuotaLimits, Quotas
from ledger.access.tokens import token_verifier
from ledger.access_ledger.access_settings import access_settings
from ledger.access_ledger.persons import AccessPersons
from ledger.access_ledger.questions import AccessQuestions
from ledger.access_ledger.recording import AccessRecorder
from ledger.answer_keys import answer_keys
from ledger.application import Application
from ledger.child_process import ChildProcess
from ledger.database_guard import check_database
from ledger.database_rights import check_rights, read_by_others
from ledger.deliveries_watching import DeliveriesWatching
from ledger.embedded_ledger import EmbeddedLedger
from ledger.erasing import Erasing
from ledger.following import Following
from ledger.garbage import look_for_cycles_less_often
from ledger.grpc.gate import Gate
from ledger.grpc.server import GrpcServer
from ledger.horizon import Horizon
from ledger.live.live_completions import LiveCompletions
from ledger.live.live_hours import LiveHours
from ledger.live.parts import live_parts
from ledger.log_serving.log_reader import LogReader
from ledger.loopback import is_loopback
from ledger.milestones_following import MilestonesFollowing
from ledger.open_ledger import check_same_ledger
from ledger.postgres_place import default_data_dir
from ledger.production import production_faults, production_remarks
from ledger.projections.anomaly_questions import AnomalyQuestions
from ledger.projections.basis import Ground
from ledger.projections.delivery_questions import DeliveryQuestions
from ledger.projections.directory_questions import DirectoryQuestions
from ledger.projections.honour_questions import HonourQuestions
from ledger.projections.hours_questions import HoursQuestions
from ledger.projections.impact_questions import ImpactQuestions
from ledger.projections.match_questions import MatchQuestions
from ledger.projections.milestone_evaluations import MilestoneEvaluations
from ledger.projections.policy_questions import PolicyQuestions
from ledger.projections.project_questions import ProjectQuestions
from ledger.projections.recognition_questions import RecognitionQuestions
from ledger.projections.search_questions import SearchQuestions
from ledger.projections.standing_evaluations import StandingEvaluations
from ledger.projections.training_questions import TrainingQuestions
from ledger.secret_strength import faults_of_secrets
from ledger.service_start import key_holders, record_start
from ledger.settings import Settings, WrongSetting
from ledger.standings_following import StandingsFollowing
from ledger.statements.parts import statement_parts
from ledger.statements.restating import StatementsFollowing
from ledger.statements.statement_settings import LogKeys, statement_keys
from ledger.supervisor import Supervisor
from ledger.tls_files import tls_files
from ledger.web.entry_readers import EntryReaders
from ledger.web.http_server import HttpServer
from ledger.web.impact.impact_pages import ImpactPages
from ledger.web.impact.published import PublishedReports
from ledger.web.people.pages import people_pages
from ledger.web.people.pages_settings import pages_faults
from ledger.web.site import site
from ledger.witness_quorum import quorum_of

log = logging.getLogger(__name__)

GRACE_SECONDS: Final = 10.0
KEEP_SECONDS: Final = 0.2
CHILDREN: Final = {"projections": "consumers.project_embedded", "keep-log": "ledger.log_keeping.keep_both"}
"""Of an embedded ledger: each child's name and module."""
OBJECTS_MADE: Final = 200_000
"""By two full batches of commands, all of them on the way to be forgotten: to look for cycles among them is in vain."""
Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a process listens, host:port."""

    grpc: str
    http: str


def run(settings: Settings, *, embedded: bool, data_dir: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        WrongSetting: a setting, the database's durability or the topic's retention is wrong.
    """
    with contextlib.ExitStack() as stack:
        if embedded:
            _need_loopback(settings)
            settings = stack.enter_context(embedded_parts(settings, data_dir or default_data_dir()))
        check(settings)
        uvloop.run(_serve(settings))


@contextlib.contextmanager
def embedded_parts(settings: Settings, data_dir: Path) -> Iterator[Settings]:
    """The embedded database, and two children, all kept running: one feeds the projections, one keeps the logs."""
    ledger = EmbeddedLedger(data_dir, settings)
    whole = ledger.start()
    without_keys = whole.model_copy(update={"master_key_file": "", "master_key": SecretStr("")})  # they open nothing
    environment = {**os.environ, **as_environment(without_keys)}
    children = [
        ChildProcess(name, [sys.executable, "-m", module], data_dir / f"{name}.log", environment=environment)
        for name, module in CHILDREN.items()
    ]
    supervisor, stopping = Supervisor(), threading.Event()

    def keep_running() -> None:
        while not stopping.wait(KEEP_SECONDS):
            supervisor.restart_what_ended()

    keeper = threading.Thread(target=keep_running, name="keeper", daemon=True)
    try:
        supervisor.watch_server("PostgreSQL", ledger.postgres)
        for child in children:
            supervisor.watch_child(child)
        keeper.start()
        yield whole
    finally:
        stopping.set()
        if keeper.is_alive():
            keeper.join()
        supervisor.stop_children()
        ledger.stop()


def as_environment(settings: Settings) -> dict[str, str]:
    """The settings as LEDGER_ variables for a child process."""
    plain: dict[str, str] = {}
    for name, value in settings:
        text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        plain[f"LEDGER_{name.upper()}"] = str(text)
    return plain


def check(settings: Settings) -> None:
    """Refuse to start on settings under which the ledger could lose or expose something. Raises WrongSetting."""
    if tls_files(settings) is None:
        _check_address("grpc_address", settings.grpc_address, settings.insecure)
        _check_address("http_address", settings.http_address, settings.insecure)
    token_verifier(settings)
    _refuse([*map(" ".join, faults_of_secrets(settings)), *production_faults(settings), *pages_faults(settings)])
    for remark in production_remarks(settings):
        log.warning("%s", remark)
    master_keys(settings)
    list(key_holders(settings))
    if statement_keys(settings) is None:
        log.warning("LEDGER_STATEMENT_ISSUER is not set: no statements are issued")
    LogKeys(settings).lines()
    if answer_keys(settings) is None:
        log.warning("LEDGER_ANSWER_KEYS is not set: questions with proof are refused")
    _check_store(settings, "LEDGER_DATABASE")
    of_access = access_settings(settings)
    if not of_access.database:
        raise WrongSetting("LEDGER_ACCESS_DATABASE is not set: who looks at hours is recorded there, or nobody looks")
    try:
        _check_store(of_access, "LEDGER_ACCESS_DATABASE")
    except psycopg.OperationalError as away:
        raise WrongSetting(f"LEDGER_ACCESS_DATABASE cannot be used; is it migrated? {away}") from away
    _check_roles(settings)
    quorum_of(settings)
    if settings.kafka:
        from ledger.topic_guard import check_topic  # Kafka's client takes a while to load, and is needed for this alone

        check_topic(settings)
        check_topic(of_access)


def _check_store(settings: Settings, variable: str) -> None:
    """Raise WrongSetting if a ledger's event store is not opened, is another's, or could lose something."""
    with psycopg.connect(settings.database) as connection:
        check_database(connection)
        check_rights(connection, "database", variable)
        opened = connection.execute("select to_regclass('ledger') is not null").fetchone() == (True,)
        row = connection.execute("select ledger_id, partitions from ledger").fetchone() if opened else None
        if row is None:
            raise WrongSetting(f"{variable} holds no ledger yet; run `hours-ledger migrate` first")
        check_same_ledger(settings, row[0], row[1])


def _check_roles(settings: Settings) -> None:
    """Raise WrongSetting if a role may do more than its work, or read what is not its business."""
    others: list[str] = []
    for name in ("read_database", "keys_database"):
        with psycopg.connect(getattr(settings, name)) as connection:
            role = check_rights(connection, name)
            if name == "keys_database":
                _refuse(read_by_others(connection, "person_keys", others))
            else:
                others.append(role)
    with psycopg.connect(settings.database) as connection:
        _refuse(read_by_others(connection, "events", others))


def _refuse(faults: Iterable[str]) -> None:
    """Raise WrongSetting that names all of them, if there are any."""
    told = list(faults)
    if told:
        raise WrongSetting("\n".join(told))


def _need_loopback(settings: Settings) -> None:
    """Whoever reads an embedded ledger's folder may act as anybody: it is for this machine alone."""
    for name in ("grpc_address", "http_address"):
        if not is_loopback(getattr(settings, name).rsplit(":", 1)[0]):
            raise WrongSetting(f"LEDGER_{name.upper()} of an embedded ledger must be a loopback address")


def _check_address(name: str, address: str, insecure: bool) -> None:
    if is_loopback(address.rsplit(":", 1)[0]):
        return
    if not insecure:
        raise WrongSetting(
            f"LEDGER_{name.upper()} is {address}: set LEDGER_TLS_CERTIFICATE and LEDGER_TLS_KEY, or make it a loopback "
            "address; LEDGER_INSECURE=1 is for a proxy in front that ends TLS"
        )
    log.warning("LEDGER_INSECURE: whoever is on the way to %s can read tokens and answers", address)


async def _serve(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with serving(settings) as addresses:
        look_for_cycles_less_often(OBJECTS_MADE)
        print(f"serving gRPC on {addresses.grpc}\nserving HTTP on {addresses.http}", flush=True)
        await stopping.wait()


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Addresses]:
    """A running server; gives the addresses it listens on. Leaving drains it: what was accepted is finished."""
    of_access = access_settings(settings)
    async with (
        _pool(settings.database, 16) as events,
        _pool(settings.keys_database, 4) as keys,
        _pool(settings.read_database, 16) as read,
        # Pages are for anybody: however many are asked for, those who record hours never wait for a connection.
        _pool(settings.database, 4) as log_pages,
        _pool(of_access.database, 4) as accesses,
    ):
        person_keys = PersonKeys(keys, settings.ledger_id, master_keys(settings))
        horizon = Horizon(events, settings.partitions)
        await horizon.look()
        grants = Grants(events)
        await grants.look()
        tokens = token_verifier(settings)
        door = Door(
            grants, tokens, first_clients(settings.first_clients), asks_certificates=bool(settings.tls_client_ca)
        )
        tls = tls_files(settings)
        application = Application(
            settings.database,
            settings.ledger_id,
            settings.partitions,
            settings.request_hash_key.get_secret_value().encode(),
            person_keys.birth_dates,
            on_stop=lambda _: server.stopped_writing(),
        )
        recorder = AccessRecorder(of_access)
        statements = statement_parts(
            settings, events=events, keys=keys, read=read, person_keys=person_keys, access_log=recorder
        )
        live = live_parts(settings, application, events=events, read=read)
        hours = HoursQuestions(read, settings.partitions, horizon)
        deliveries = DeliveryQuestions(read, settings.partitions, horizon)
        impact = ImpactQuestions(read, Ground(settings.partitions, horizon), PastDetails(events, person_keys).at)
        server = GrpcServer(
            settings,
            application=application,
            person_keys=person_keys,
            identity_keys=IdentityKeys(
                settings.identity_key.get_secret_value().encode(), verify_check_digit=settings.verify_check_digit
            ),
            hours=hours,
            impact=impact,
            directory=DirectoryQuestions(read, settings.partitions, horizon),
            search=SearchQuestions(read, settings.partitions, horizon),
            matches=MatchQuestions(read, settings.partitions, person_keys.open_all, horizon),
            policies=PolicyQuestions(read, settings.partitions, horizon),
            projects=ProjectQuestions(read, settings.partitions, horizon),
            anomalies=AnomalyQuestions(read, settings.partitions, horizon),
            recognition=RecognitionQuestions(read, settings.partitions, horizon),
            honours=HonourQuestions(read, settings.partitions, horizon),
            deliveries=deliveries,
            event_pool=events,
            partitions=settings.partitions,
            log_reader=LogReader(events, settings.partitions),
            answer_keys=answer_keys(settings),
            gate=Gate(door, Quotas(quota_limits(settings)), StoredFacts(events, read), recorder),
            grants=grants,
            access_questions=AccessQuestions(accesses),
            statements=statements,
            live=live,
            training=TrainingQuestions(read, settings.partitions, horizon),
            tls=tls,
        )
        readers = EntryReaders(door, recorder, settings.auditor_token.get_secret_value())
        log_reader = LogReader(log_pages, settings.partitions)
        pages = site(
            log_reader,
            log_pages,
            readers,
            lambda: server.takes_commands,
            quorum_of(settings),
            (LogReader(accesses, of_access.partitions), accesses),
            statements.desk,
            people_pages(settings, door, tokens, server.own_calls),
            ImpactPages(PublishedReports(hours, impact)),
        )
        http = HttpServer(settings.http_address, pages, GRACE_SECONDS, tls=tls)
        http_address = http.bind()
        await record_start(settings)
        await application.open()
        recorder.open()
        evaluations = StandingEvaluations(read, settings.partitions, PastBirthDates(events, person_keys).at)
        tasks = [
            asyncio.create_task(horizon.watch(), name="horizon"),
            asyncio.create_task(grants.watch(), name="grants"),
            asyncio.create_task(person_keys.watch(), name="forgetting"),
            asyncio.create_task(Erasing(events, person_keys).watch(), name="erasing"),
            asyncio.create_task(AccessPersons(accesses).watch(), name="persons of accesses"),
            asyncio.create_task(Following(application, events).watch(), name="following"),
            asyncio.create_task(StandingsFollowing(application, events, evaluations).watch(), name="standings"),
            asyncio.create_task(
                StatementsFollowing(application, events, read, settings.partitions).watch(), name="statements"
            ),
        ]
        milestones = MilestonesFollowing(application, events, MilestoneEvaluations(read, settings.partitions))
        tasks.append(asyncio.create_task(milestones.watch(), name="milestones"))
        tasks.append(asyncio.create_task(LiveHours(application, events).watch(), name="hours of live sessions"))
        completing = LiveCompletions(application, events)
        tasks.append(asyncio.create_task(completing.watch(), name="completions by live sessions"))
        watching = DeliveriesWatching(events, deliveries)
        tasks.append(asyncio.create_task(watching.watch(), name="deliveries"))
        if tokens is not None:
            tasks.append(asyncio.create_task(tokens.watch(), name="token keys"))
        try:
            grpc_address = await server.start()
            http.start()
            yield Addresses(grpc_address, http_address)
        finally:
            await server.stop(GRACE_SECONDS)
            await live.hub.close()
            await http.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await application.close()
            await recorder.close()


def quota_limits(settings: Settings) -> QuotaLimits:
    """What one client may ask of this process."""
    return QuotaLimits(settings.quota_calls_per_second, settings.quota_bytes_per_second, settings.quota_streams)


@contextlib.asynccontextmanager
async def _pool(url: str, size: int) -> AsyncIterator[Pool]:
    pool: Pool = AsyncConnectionPool(
        url, min_size=1, max_size=size, open=False, kwargs={"autocommit": True, "prepare_threshold": 0}
    )
    await pool.open(wait=True, timeout=30)
    try:
        yield pool
    finally:
        await pool.close()
