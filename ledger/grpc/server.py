"""The gRPC server of one process: its services, their health, its limits, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.grants import Grants
from ledger.access.identity_keys import IdentityKeys
from ledger.access.past_birth_dates import PastBirthDates
from ledger.access.person_keys import PersonKeys
from ledger.access_ledger.questions import AccessQuestions
from ledger.answer_keys import AnswerKeys
from ledger.application import Application
from ledger.grpc.access_service import AccessService
from ledger.grpc.audit_service import AuditService
from ledger.grpc.commands import Commands
from ledger.grpc.delivery_service import DeliveryService
from ledger.grpc.directory_service import DirectoryService
from ledger.grpc.gate import Gate
from ledger.grpc.hours_service import HoursService
from ledger.grpc.impact_service import ImpactService
from ledger.grpc.interceptor import handlers
from ledger.grpc.live_session_service import LiveSessionService
from ledger.grpc.opportunity_search_service import OpportunitySearchService
from ledger.grpc.own_calls import OwnCalls
from ledger.grpc.participation_service import ParticipationService
from ledger.grpc.personal_details import PersonalDetails
from ledger.grpc.policy_service import PolicyService
from ledger.grpc.project_service import ProjectService
from ledger.grpc.recognition_service import RecognitionService
from ledger.grpc.registry_service import RegistryService
from ledger.grpc.reporting_service import ReportingService
from ledger.grpc.room import TURNED_AWAY_AT_ONCE, Room
from ledger.grpc.signed_answers import SignedAnswers
from ledger.grpc.statement_service import StatementService
from ledger.grpc.stored_donations import StoredDonations
from ledger.grpc.tls import server_credentials
from ledger.grpc.training_service import TrainingService
from ledger.grpc.verification_service import VerificationService
from ledger.live.parts import LiveParts
from ledger.log_serving.completion_proof import CompletionProofs
from ledger.log_serving.log_reader import LogReader
from ledger.projections.anomaly_questions import AnomalyQuestions
from ledger.projections.delivery_questions import DeliveryQuestions
from ledger.projections.directory_questions import DirectoryQuestions
from ledger.projections.honour_questions import HonourQuestions
from ledger.projections.hours_questions import HoursQuestions
from ledger.projections.impact_questions import ImpactQuestions
from ledger.projections.match_questions import MatchQuestions
from ledger.projections.policy_questions import PolicyQuestions
from ledger.projections.project_questions import ProjectQuestions
from ledger.projections.recognition_questions import RecognitionQuestions
from ledger.projections.search_questions import SearchQuestions
from ledger.projections.training_questions import TrainingQuestions
from ledger.projections.watching import Watchers
from ledger.settings import Settings, WrongSetting
from ledger.statements.parts import StatementParts
from ledger.tls_files import TlsFiles
from volunteer_hours.v1 import (
    access_service_pb2,
    audit_service_pb2,
    delivery_service_pb2,
    directory_service_pb2,
    hours_service_pb2,
    impact_service_pb2,
    live_session_service_pb2,
    opportunity_search_service_pb2,
    participation_service_pb2,
    policy_service_pb2,
    project_service_pb2,
    recognition_service_pb2,
    registry_service_pb2,
    reporting_service_pb2,
    statement_service_pb2,
    training_service_pb2,
    verification_service_pb2,
)

log = logging.getLogger(__name__)

_MINUTE_MS: Final = 60_000
OPTIONS: Final = (
    # Without this a second server on the same port starts silently and takes half of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_send_message_length", 16 * 1024 * 1024),
    # Of one connection. A platform that shows a lesson speaks for thousands over a few.
    ("grpc.max_concurrent_streams", 10_000),
    ("grpc.keepalive_time_ms", _MINUTE_MS),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # The shortest pause between a client's pings: this name is the receiving side's.
    ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
    # Whoever connects and says nothing is not waited for: gRPC's own patience is two minutes.
    ("grpc.server_handshake_timeout_ms", 10_000),
    # Connections are renewed, so that callers behind a balancer spread over all processes.
    ("grpc.max_connection_age_ms", 30 * _MINUTE_MS),
    ("grpc.max_connection_age_grace_ms", 5 * _MINUTE_MS),
)

_WRITING: Final = (
    access_service_pb2.DESCRIPTOR.services_by_name["AccessService"],
    registry_service_pb2.DESCRIPTOR.services_by_name["RegistryService"],
    participation_service_pb2.DESCRIPTOR.services_by_name["ParticipationService"],
    verification_service_pb2.DESCRIPTOR.services_by_name["VerificationService"],
    policy_service_pb2.DESCRIPTOR.services_by_name["PolicyService"],
    reporting_service_pb2.DESCRIPTOR.services_by_name["ReportingService"],
    statement_service_pb2.DESCRIPTOR.services_by_name["StatementService"],
    live_session_service_pb2.DESCRIPTOR.services_by_name["LiveSessionService"],
    project_service_pb2.DESCRIPTOR.services_by_name["ProjectService"],
    training_service_pb2.DESCRIPTOR.services_by_name["TrainingService"],
    recognition_service_pb2.DESCRIPTOR.services_by_name["RecognitionService"],
    delivery_service_pb2.DESCRIPTOR.services_by_name["DeliveryService"],
)
_READING: Final = (
    directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"],
    hours_service_pb2.DESCRIPTOR.services_by_name["HoursService"],
    impact_service_pb2.DESCRIPTOR.services_by_name["ImpactService"],
    opportunity_search_service_pb2.DESCRIPTOR.services_by_name["OpportunitySearchService"],
    audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
)
SERVICES: Final[tuple[ServiceDescriptor, ...]] = (*_WRITING, *_READING)
_ALL: Final = ""
"""The name under which health checks ask for the server as a whole."""


class GrpcServer:
    """Serves all services on `settings.grpc_address`."""

    def __init__(
        self,
        settings: Settings,
        *,
        application: Application,
        person_keys: PersonKeys,
        identity_keys: IdentityKeys,
        hours: HoursQuestions,
        impact: ImpactQuestions,
        directory: DirectoryQuestions,
        search: SearchQuestions,
        matches: MatchQuestions,
        policies: PolicyQuestions,
        projects: ProjectQuestions,
        recognition: RecognitionQuestions,
        honours: HonourQuestions,
        deliveries: DeliveryQuestions,
        event_pool: AsyncConnectionPool[AsyncConnection[Any]],
        partitions: int,
        log_reader: LogReader,
        answer_keys: AnswerKeys | None,
        gate: Gate,
        grants: Grants,
        access_questions: AccessQuestions,
        statements: StatementParts,
        live: LiveParts,
        training: TrainingQuestions,
        anomalies: AnomalyQuestions,
        tls: TlsFiles | None = None,
    ) -> None:
        """Wire the services; nothing listens yet."""
        self._credentials = None if tls is None else server_credentials(tls)
        self._settings = settings
        self._health = health.aio.HealthServicer()
        calls_max = settings.maximum_concurrent_rpcs
        self._server = grpc.aio.server(
            options=OPTIONS, maximum_concurrent_rpcs=calls_max + settings.live_streams_max + TURNED_AWAY_AT_ONCE
        )
        commands = Commands(application)
        details = PersonalDetails(person_keys, identity_keys)
        self._watchers = Watchers(calls_max // 2)
        self._live = LiveSessionService(commands, live)
        self._deliveries = DeliveryService(commands, deliveries, event_pool)
        services = (
            AccessService(commands, grants, access_questions),
            RegistryService(commands, details),
            ParticipationService(commands),
            VerificationService(commands),
            PolicyService(commands, policies),
            ReportingService(commands, hours),
            StatementService(commands, partitions, statements, person_keys),
            self._live,
            ProjectService(commands, projects, StoredDonations(event_pool)),
            TrainingService(commands, training, CompletionProofs(event_pool, log_reader)),
            RecognitionService(commands, recognition, honours, statements),
            self._deliveries,
            DirectoryService(directory, person_keys, details, event_pool),
            HoursService(
                hours,
                details,
                event_pool,
                SignedAnswers(event_pool, partitions, answer_keys),
                PastBirthDates(event_pool, person_keys),
                self._watchers,
            ),
            ImpactService(impact),
            OpportunitySearchService(search, matches),
            AuditService(event_pool, partitions, log_reader, commands, anomalies),
        )
        self.own_calls = OwnCalls(zip(services, SERVICES, strict=True), gate)
        """The same services, for pages of this process."""
        room, attending = Room(calls_max), Room(settings.live_streams_max)
        self._server.add_generic_rpc_handlers(
            tuple(
                handlers(each, descriptor, gate, room, attending)
                for each, descriptor in zip(services, SERVICES, strict=True)
            )
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if settings.reflection:
            names = [descriptor.full_name for descriptor in SERVICES]
            reflection.enable_server_reflection(
                (*names, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME),
                self._server,
            )
        self._health_change: asyncio.Task[None] | None = None
        self.takes_commands = True
        """False once a writer has stopped."""

    async def start(self) -> str:
        """Listen; returns the bound address host:port. Raises WrongSetting if it is taken or not ours."""
        address = self._settings.grpc_address
        try:
            port = self._listen(address)
        except RuntimeError as error:
            raise WrongSetting(f"LEDGER_GRPC_ADDRESS {address} cannot be listened on; give a free one") from error
        await self._server.start()
        await self._set_health((_ALL, *(descriptor.full_name for descriptor in SERVICES)), serving=True)
        return f"{address.rpartition(':')[0]}:{port}"

    def _listen(self, address: str) -> int:
        if self._credentials is None:
            return self._server.add_insecure_port(address)
        return self._server.add_secure_port(address, self._credentials)

    async def stop(self, grace_seconds: float) -> None:
        """Say NOT_SERVING, take no new calls, and give those under way `grace_seconds`.

        Calls cut off then lose their answer, not their command: what the application accepted it finishes.
        """
        self._watchers.let_go()
        self._live.let_go()
        self._deliveries.let_go()
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)

    def stopped_writing(self) -> None:
        """Say NOT_SERVING for the writing services: a writer has stopped and commands would only fail."""
        self.takes_commands = False
        names = (_ALL, *(descriptor.full_name for descriptor in _WRITING))
        self._health_change = asyncio.get_running_loop().create_task(self._set_health(names, serving=False))

    async def _set_health(self, names: tuple[str, ...], *, serving: bool) -> None:
        states = health_pb2.HealthCheckResponse
        for name in names:
            await self._health.set(name, states.SERVING if serving else states.NOT_SERVING)
