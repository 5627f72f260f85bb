"""A small programme in which every kind of event happens, recorded by the application. All persons are synthetic."""

from __future__ import annotations

import asyncio
import secrets
import threading
from datetime import UTC, date, datetime, timedelta

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from consumers import project
from ledger import relay
from ledger.access.identity_keys import IdentityKeys
from ledger.access.master_keys import master_keys
from ledger.access.person_keys import PersonKeys
from ledger.application import Application
from ledger.batch import CommandResult
from ledger.domain.appointing import AppointMember, EndAppointment
from ledger.domain.attendance import CheckIn, CheckOut, CorrectAttendance, RecordAttendance, WithdrawAttendance
from ledger.domain.claims import ClaimHours, ConfirmAttendance, WithdrawClaim
from ledger.domain.client import ClientTerms, RegisterClient, RevokeClient, UpdateClient
from ledger.domain.disputes import DisputeHours, ResolveDispute
from ledger.domain.erasure import EraseVolunteer
from ledger.domain.follow_ups import FOLLOW_UP_ACTOR
from ledger.domain.group_attendance import CorrectGroupAttendance, RecordGroupAttendance, WithdrawGroupAttendance
from ledger.domain.identity import IdentityType
from ledger.domain.linking import (
    ApproveVolunteerLink,
    EndVolunteerLink,
    JoinVolunteer,
    LinkVolunteers,
    in_order,
)
from ledger.domain.member import NAME_PATH, EraseMember, NameMember
from ledger.domain.opportunity import CloseOpportunity, OpportunityDetails, PublishOpportunity, UpdateOpportunity
from ledger.domain.organization import (
    AccreditOrganization,
    RegisterOrganization,
    ReinstateOrganization,
    SuspendOrganization,
)
from ledger.domain.policy import ApprovePolicy, HoursRules, Level, ProposePolicy, RequirementRules
from ledger.domain.preference_events import PREFERENCES_PATH
from ledger.domain.preferences import SetVolunteerPreferences
from ledger.domain.registration import RegisterForShift, WithdrawRegistration
from ledger.domain.requirement_standing import RecordStanding, standing_name
from ledger.domain.shift import OpenShift, Place
from ledger.domain.shift_changes import UpdateShift
from ledger.domain.values import Account, ImportedFrom, LocalizedText, Position
from ledger.domain.verification import AdjustHours, DeclineHours, ReverseHours, VerifyHours
from ledger.domain.volunteer import DETAILS_PATH, RegisterVolunteer, SealedDetails, UpdateVolunteer
from ledger.domain.world import Command
from ledger.search import preferences
from ledger.search.preferences import Preferences
from ledger.settings import Settings
from tests.system.closing_programme import close, close_again
from tests.system.delivering_programme import delivering
from tests.system.giving_programme import giving
from tests.system.honouring_programme import honouring
from tests.system.lesson_programme import lesson
from tests.system.reviewing_programme import reviewing
from tests.system.stated_programme import statements
from tests.system.training_programme import training
from tests.system.transfer_programme import transfers
from tests.system.waiting_programme import waiting

GREEN, OTHER = "organizations/green", "organizations/other"
GARDEN, CLOSED = "opportunities/garden", "opportunities/closed"
MORNING, DATED = f"{GARDEN}/shifts/morning", f"{GARDEN}/shifts/dated"
FORGOTTEN = "volunteers/synthetic-forgotten"
TWIN = "volunteers/twin"
PERSONS = tuple(f"volunteers/synthetic-{number}" for number in range(6))
CONFIRMED = f"{PERSONS[5]}/attendances/confirmed"
VERIFIER, JUDGE = "staff/verifier", "staff/judge"
NAME = LocalizedText(en="Synthetic", ar="اصطناعي")
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
START = TODAY - timedelta(days=10) + timedelta(hours=8)
HOUR = timedelta(hours=1)
SOURCE = ImportedFrom(system="synthetic", record_id="7")


class Programme:
    """Sends commands one after another to one application."""

    def __init__(self, application: Application, settings: Settings, keys: PersonKeys) -> None:
        self._application = application
        self._identity_keys = IdentityKeys(settings.identity_key.get_secret_value().encode(), verify_check_digit=False)
        self.keys = keys

    async def do(self, *commands: Command, actor: str = "staff/coordinator") -> CommandResult:
        for command in commands:
            result = await self._application.execute(
                command, client="tests", actor=actor, request_id=secrets.token_hex(8), request_body=b"synthetic"
            )
        return result

    async def page(self, *commands: Command) -> None:
        outcomes = await self._application.execute_page(
            [(command, b"item") for command in commands],
            client="tests",
            actor="staff/coordinator",
            request_id=secrets.token_hex(8),
        )
        assert all(isinstance(outcome, CommandResult) for outcome in outcomes), outcomes

    async def register(self, volunteer: str, kind: IdentityType, number: str) -> None:
        event_id = secrets.token_hex(16)
        shown = self._identity_keys.document(kind, number, "XX")
        texts = {"full_name": "Synthetic person", "identity_type": shown.kind, "identity_number": shown.number}
        sealed = await self._sealed(volunteer, event_id, texts)
        key = self._identity_keys.key_of(shown)
        await self.do(RegisterVolunteer(volunteer, sealed, key, event_id))

    async def name_member(self, member: str) -> None:
        event_id = secrets.token_hex(16)
        sealed = await self.keys.seal(member, event_id, {NAME_PATH: "Synthetic member"})
        await self.do(NameMember(member, sealed[NAME_PATH], event_id))

    async def prefer(self, volunteer: str) -> None:
        event_id, wanted = secrets.token_hex(16), preferences.written(Preferences(skills=("synthetic",)))
        sealed = await self.keys.seal(volunteer, event_id, {PREFERENCES_PATH: wanted})
        await self.do(SetVolunteerPreferences(volunteer, sealed[PREFERENCES_PATH], event_id))

    async def update(self, volunteer: str) -> None:
        event_id = secrets.token_hex(16)
        sealed = await self._sealed(volunteer, event_id, {"email": "synthetic@example.org"})
        await self.do(UpdateVolunteer(volunteer, sealed, ("full_name",), event_id))

    async def _sealed(self, volunteer: str, event_id: str, texts: dict[str, str]) -> SealedDetails:
        paths = {f"{DETAILS_PATH}.{field}": text for field, text in texts.items()}
        sealed = await self.keys.seal(volunteer, event_id, paths)
        return SealedDetails(**{path.removeprefix(f"{DETAILS_PATH}."): seal for path, seal in sealed.items()})


def everywhere(settings: Settings) -> Settings:
    """Recorded, published and projected."""
    record(settings)
    publish_and_project(settings)
    return settings


def record(settings: Settings) -> None:
    """Let everything happen."""
    asyncio.run(_record(settings))


def publish_and_project(settings: Settings) -> None:
    """Everything stored goes to the topic, and from there to the projections."""
    relay.run(settings, stop=threading.Event(), once=True)
    project.run(settings, stop=threading.Event(), once=True)


async def _record(settings: Settings) -> None:
    async def no_birth_dates(_: object) -> dict[str, None]:
        return {}

    hash_key = settings.request_hash_key.get_secret_value().encode()
    pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(settings.keys_database, open=False)
    application = Application(settings.database, settings.ledger_id, settings.partitions, hash_key, no_birth_dates)
    await application.open()
    await pool.open()
    try:
        programme = Programme(application, settings, PersonKeys(pool, settings.ledger_id, master_keys(settings)))
        await _beginnings(programme)
        await _registrations(programme)
        await _attendances(programme)
        await close(programme, settings)
        await _claims_and_disputes(programme)
        await _groups(programme)
        await _policies(programme)
        await _standings(programme)
        await _erasure(programme)
        await _links(programme)
        await _clients(programme)
        await lesson(programme, MORNING, START, f"{FORGOTTEN}-anew")
        await training(programme, GREEN, START, PERSONS)
        await transfers(programme, MORNING, DATED, START, PERSONS)
        await waiting(programme, GREEN, VERIFIER, PERSONS)
        await giving(programme, GREEN, GARDEN)
        await reviewing(programme)
        await delivering(programme, settings)
        await honouring(programme, GREEN, VERIFIER)
        await close_again(programme, settings)
        await _ends(programme)
        await statements(programme, settings)
    finally:
        await application.close()
        await pool.close()


async def _beginnings(programme: Programme) -> None:
    details = OpportunityDetails(title=NAME, sector="environment", event_type="planting", skills=("digging",))
    await programme.do(
        RegisterOrganization(GREEN, NAME),
        AccreditOrganization(GREEN, None),
        AppointMember(f"{GREEN}/appointments/verifier", VERIFIER, "verifier"),
        AppointMember(f"{GREEN}/appointments/judge", JUDGE, "verifier"),
        RegisterOrganization(OTHER, LocalizedText(en="Other")),
        PublishOpportunity(GARDEN, GREEN, details, SOURCE, START),
        PublishOpportunity(CLOSED, GREEN, details),
        UpdateOpportunity(GARDEN, details.model_copy(update={"event_type": "watering"}), ("event_type",)),
        OpenShift(MORNING, START, START + 4 * HOUR, "Asia/Riyadh", None, 5, Place(region="SA-01"), SOURCE, START),
        OpenShift(DATED, None, None, "Europe/London", START.date(), 9, Place(online=True)),
        UpdateShift(MORNING, 50),
    )
    for number, volunteer in enumerate(PERSONS):
        await programme.register(volunteer, "passport", f"SYN{number:07}")
    await programme.update(PERSONS[1])
    await programme.prefer(PERSONS[0])


async def _registrations(programme: Programme) -> None:
    await programme.do(*(RegisterForShift(MORNING, volunteer) for volunteer in PERSONS))
    place = f"{MORNING}/registrations/{PERSONS[5].removeprefix('volunteers/')}"
    await programme.do(WithdrawRegistration(place), RegisterForShift(MORNING, PERSONS[5]), WithdrawRegistration(place))


async def _attendances(programme: Programme) -> None:
    one, two, three, four, five, _ = PERSONS
    await programme.do(
        CheckIn(f"{one}/attendances/a", MORNING, one, START, "qr"),
        CheckOut(f"{one}/attendances/a", START + 3 * HOUR, "qr"),
        CheckIn(f"{two}/attendances/still-there", MORNING, two, datetime.now(UTC) - HOUR, "app"),
        CheckIn(f"{three}/attendances/mistake", MORNING, three, START, "kiosk"),
        WithdrawAttendance(f"{three}/attendances/mistake"),
    )
    await programme.page(
        RecordAttendance(f"{three}/attendances/a", MORNING, three, START, START + 2 * HOUR),
        RecordAttendance(f"{three}/attendances/b", MORNING, three, START + HOUR, START + 5 * HOUR),
        RecordAttendance(f"{four}/attendances/long", MORNING, four, START, START + 30 * HOUR),
        RecordAttendance(f"{five}/attendances/a", MORNING, five, START, START + HOUR, SOURCE, START),
        RecordAttendance(f"{five}/attendances/b", MORNING, five, START + 2 * HOUR, START + 3 * HOUR),
    )
    await programme.do(VerifyHours(f"{one}/attendances/a", 7200), actor=VERIFIER)
    await programme.do(ReverseHours(f"{one}/attendances/a", "MISTAKEN"), actor=VERIFIER)
    await programme.do(VerifyHours(f"{five}/attendances/a"), actor=VERIFIER)
    await programme.do(DeclineHours(f"{five}/attendances/b", "NOT_SEEN"), actor=VERIFIER)
    await programme.do(
        WithdrawAttendance(f"{three}/attendances/a"),
        CorrectAttendance(f"{four}/attendances/long", START, START + 3 * HOUR),
        CorrectAttendance(f"{five}/attendances/a", START, START + HOUR / 2),
    )


async def _claims_and_disputes(programme: Programme) -> None:
    last = PERSONS[5]
    a, b, c, d = (f"{last}/attendances/{name}" for name in "abcd")
    spans = ((a, 0, 3), (b, 2, 4), (c, 4, 5), (d, 5, 6))
    await programme.do(
        *(ClaimHours(name, MORNING, last, START + begin * HOUR, START + end * HOUR) for name, begin, end in spans),
        WithdrawClaim(d),
        actor=last,
    )
    await programme.do(VerifyHours(a), actor=VERIFIER)
    await programme.do(AdjustHours(a, 3600, "LEFT_EARLY"), actor=VERIFIER)
    await programme.do(*(DisputeHours(name, "NOT_THERE") for name in (a, b, c)), actor=last)
    await programme.do(ResolveDispute(a, "REJECTED", "SEEN"), ResolveDispute(b, "UPHELD", "NOT_SEEN"), actor=JUDGE)
    await programme.do(RecordAttendance(CONFIRMED, MORNING, last, START + 7 * HOUR, START + 8 * HOUR))
    await programme.do(ConfirmAttendance(CONFIRMED), actor=last)


async def _groups(programme: Programme) -> None:
    group = f"{DATED}/groupAttendances"
    await programme.do(
        *(RecordGroupAttendance(f"{group}/{name}", DATED, 5, 3601, SOURCE, START) for name in "abcd"),
        CorrectGroupAttendance(f"{group}/a", 600, 864_000_000),
        WithdrawGroupAttendance(f"{group}/b"),
    )
    await programme.do(VerifyHours(f"{group}/c", 3600), actor=VERIFIER)
    await programme.do(ReverseHours(f"{group}/c", "MISTAKEN"), actor=VERIFIER)
    await programme.do(DeclineHours(f"{group}/d", "NOT_SEEN"), actor=VERIFIER)


async def _policies(programme: Programme) -> None:
    """One version asks for two verifiers, one is replaced, one is in force for dates to come; another policy waits."""
    since = TODAY.date() + timedelta(days=100)
    two_words = HoursRules(two_verifiers_above_seconds=0)
    await programme.do(ProposePolicy("policies/standard", START.date(), "synthetic", two_words))
    await programme.do(ApprovePolicy("policies/standard/versions/2"), actor="staff/approver")
    await programme.do(VerifyHours(CONFIRMED), actor=VERIFIER)
    forty_hours = RequirementRules(levels=(Level(name="met", seconds_min=144_000),), period="lifetime")
    await programme.do(
        ProposePolicy("policies/standard", since, "synthetic", HoursRules(year_seconds_max=1_512_000)),
        ProposePolicy("policies/standard", since, "synthetic", HoursRules(rounding_seconds=900)),
        ProposePolicy("policies/graduation", since, "synthetic", forty_hours),
    )
    await programme.do(ApprovePolicy("policies/standard/versions/4"), actor="staff/approver")


async def _standings(programme: Programme) -> None:
    """As a process that follows records them: some hours of long ago, of which one person's are taken back."""
    year = START - timedelta(days=400)
    rules = RequirementRules(
        levels=(Level(name="an-hour", seconds_min=3600),),
        measure_classes=(Account.ATTENDED,),
        period="calendar_year",
        watched=True,
    )
    await programme.do(ProposePolicy("policies/served", year.date(), "synthetic", rules))
    await programme.do(ApprovePolicy("policies/served/versions/1"), actor="staff/approver")
    for volunteer in PERSONS[:3]:
        served = f"{volunteer}/attendances/long-ago"
        recorded = await programme.do(RecordAttendance(served, MORNING, volunteer, year, year + HOUR))
        await programme.do(_standing(volunteer, year, recorded, "an-hour"), actor="ledger/follow-ups")
    withdrawn = await programme.do(WithdrawAttendance(served))
    await programme.do(_standing(volunteer, year, withdrawn, None), actor="ledger/follow-ups")
    # A version that is not watched: where this ledger is served, nothing more is told.
    unwatched = rules.model_copy(update={"watched": False})
    await programme.do(ProposePolicy("policies/served", year.date(), "synthetic", unwatched))
    await programme.do(ApprovePolicy("policies/served/versions/2"), actor="staff/approver")


async def _erasure(programme: Programme) -> None:
    """One is erased, and registers again as somebody else. Whoever follows erasures may not have come by yet."""
    await programme.register(FORGOTTEN, "passport", "SYN9999999")
    await programme.do(EraseVolunteer(FORGOTTEN))
    await programme.register(f"{FORGOTTEN}-anew", "passport", "SYN9999999")


async def _links(programme: Programme) -> None:
    """Two names of one person, linked, undone and linked again; a member of staff with a name, erased."""
    await programme.register(TWIN, "other_national", "SYN-9999998")
    pair = in_order(TWIN, f"{FORGOTTEN}-anew")
    for ends in (True, False):
        await programme.do(LinkVolunteers(*pair))
        await programme.do(ApproveVolunteerLink(*pair), actor="staff/approver")
        await programme.do(JoinVolunteer(pair[1], pair[0]), actor=FOLLOW_UP_ACTOR)
        if ends:
            await programme.do(EndVolunteerLink(*pair, "MISTAKEN"))
            await programme.do(EndVolunteerLink(pair[1], pair[0], "MISTAKEN"), actor=FOLLOW_UP_ACTOR)
    await programme.name_member("staff/forgotten")
    await programme.do(EraseMember("staff/forgotten"))


def _standing(volunteer: str, year: datetime, cause: CommandResult, level: str | None) -> RecordStanding:
    partition, position = cause.position
    seen = Position(partition=partition, position=position)
    return RecordStanding(
        standing=standing_name(volunteer, "policies/served", str(year.year)),
        requirement="policies/served/versions/1",
        period_start=date(year.year, 1, 1),
        period_end=date(year.year, 12, 31),
        level=level,
        counted_seconds=3600 if level else 0,
        evaluated_at=(seen,),
        cause=seen,
    )


async def _clients(programme: Programme) -> None:
    terms = ClientTerms(system_name="synthetic", own_roles=("government_reader",), purposes=("graduation",))
    later = terms.model_copy(update={"delegated_roles": ("volunteer",)})
    await programme.do(
        RegisterClient("clients/ministry", terms),
        UpdateClient("clients/ministry", later),
        RevokeClient("clients/ministry", "key-lost"),
    )


async def _ends(programme: Programme) -> None:
    await programme.do(
        CloseOpportunity(CLOSED),
        EndAppointment(f"{GREEN}/appointments/verifier"),
        SuspendOrganization(OTHER, "UNDER_REVIEW"),
        SuspendOrganization(GREEN, "UNDER_REVIEW"),
        ReinstateOrganization(GREEN),
    )
