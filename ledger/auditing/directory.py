"""Check: the directory's rows say what the domain's own fold says, at the position the projections have got to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from ledger.auditing import deliveries, live_sessions, projects, recognition, training
from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Database, Snapshots
from ledger.auditing.statements import share_rows, statement_rows
from ledger.domain.anomaly import Anomaly
from ledger.domain.closed_period import ClosedPeriod
from ledger.domain.event import RecordedEvent
from ledger.domain.initiative import Initiative
from ledger.domain.link_events import VolunteerLinked, VolunteerLinkEnded
from ledger.domain.opportunity import Opportunity, OpportunityPublished, OpportunityUpdated
from ledger.domain.organization import Organization
from ledger.domain.policy import Policy, PolicyApproved, PolicyEnacted, PolicyProposed, stored_rules
from ledger.domain.preference_events import VolunteerPreferencesSet
from ledger.domain.registration import Registration
from ledger.domain.requirement_standing import RequirementStanding, StandingTold
from ledger.domain.shift import Shift, ShiftOpened
from ledger.domain.values import ImportedFrom
from ledger.domain.volunteer import Volunteer
from ledger.search.local_times import city_key, local_times

Rows: TypeAlias = Iterator[tuple[str, dict[str, object]]]
"""Key and columns of the rows that a stream must have."""
Kinds: TypeAlias = str | tuple[str, ...]
"""Of the streams that a table is made from."""

_TAKEN: Final = """
    with told as (
        select shift, min(partition) as partition, count(*) filter (where state in ('accepted', 'absent')) as taken
        from registrations group by shift
    )
    select shift, shifts.partition, coalesce(told.taken, 0), shifts.places_taken
    from told full join shifts using (shift)
    where coalesce(told.taken, 0) is distinct from shifts.places_taken
    limit 1000
"""


class DirectoryCheck:
    """One table of the directory beside the streams it is made from."""

    def __init__(
        self, moment: Snapshots, table: str, key: str, kinds: Kinds, made: Callable[[list[Step]], Rows], report: Report
    ) -> None:
        self._moment = moment
        self._table = Table(_read(moment), "projection", table, key, report)
        self._kinds = (kinds,) if isinstance(kinds, str) else kinds
        self._made = made
        self._own_streams = made not in (_appointments, _policies, share_rows, recognition.recognition_rows)

    def streams(self, streams: list[FoldedStream]) -> None:
        """Fold up to where the projections are, and compare."""
        expected: list[tuple[FoldedStream, str, dict[str, object]]] = []
        for stream in streams:
            if stream.kind not in self._kinds:
                continue
            steps = stream.until(self._moment.prefix(stream.partition))
            if stream.broken:
                self._table.uncertain = True
            elif steps:
                expected += [(stream, key, columns) for key, columns in self._made(steps)]
        held = self._table.rows([key for _, key, _ in expected])
        for stream, key, columns in expected:
            position = stream.until(self._moment.prefix(stream.partition))[-1].event.position
            where = Where(self._table.place, stream.partition, position, key)
            self._table.compare(where, {"partition": stream.partition, **columns}, held.get(key))

    def end(self) -> None:
        """No row without its stream."""
        self._table.end(self._moment.store, named_by_streams=self._own_streams)


def checks(moment: Snapshots, report: Report) -> list[DirectoryCheck]:
    """All tables of the directory but attendances."""
    tables: list[tuple[str, str, Kinds, Callable[[list[Step]], Rows]]] = [
        ("policies", "name", "policies", _policies),
        ("closed_periods", "period", "periods", _closed_periods),
        ("anomaly_reviews", "anomaly", "anomalies", _anomaly_reviews),
        ("organizations", "organization", "organizations", _organizations),
        ("appointments", "appointment", "organizations", _appointments),
        ("initiatives", "initiative", "initiatives", _initiatives),
        ("volunteers", "volunteer", "volunteers", _volunteers),
        ("opportunities", "opportunity", "opportunities", _opportunities),
        ("shifts", "shift", "opportunities/shifts", _shifts),
        ("registrations", "registration", "opportunities/shifts/registrations", _registrations),
        ("live_sessions", "session", live_sessions.KIND, live_sessions.session_rows),
        ("projects", "project", projects.PROJECTS, projects.project_rows),
        ("donations", "donation", projects.DONATIONS, projects.donation_rows),
        ("subscriptions", "subscription", deliveries.SUBSCRIPTIONS, deliveries.subscription_rows),
        ("courses", "course", training.COURSES, training.course_rows),
        ("training_sessions", "training_session", training.SESSIONS, training.training_session_rows),
        ("requirement_standings", "standing", "volunteers/requirements/standings", _standings),
        ("recognitions", "name", "recognitions", recognition.recognition_rows),
        ("milestones", "milestone", (recognition.MILESTONES, recognition.TEAM_MILESTONES), recognition.milestone_rows),
        ("nominations", "nomination", recognition.NOMINATIONS, recognition.nomination_rows),
        ("statements", "statement", "volunteers/statements", statement_rows),
        ("statement_shares", "share", "volunteers/statements", share_rows),
    ]
    return [DirectoryCheck(moment, table, key, kinds, made, report) for table, key, kinds, made in tables]


def check_places_taken(read: Database, report: Report) -> None:
    """shifts.places_taken is the number of registrations that hold a place, which were compared before."""
    for shift, partition, told, held in read.execute(_TAKEN):
        report.differs(Where("projection shifts", partition, row=shift), "places_taken", told, held)


def _read(moment: Snapshots) -> Database:
    if moment.read is None:
        raise ValueError("there is no read database to check")
    return moment.read


def _policies(steps: list[Step]) -> Rows:
    state = steps[-1].state
    if not isinstance(state, Policy):
        return
    proposed: dict[int, RecordedEvent] = {}
    approved: dict[int, RecordedEvent] = {}
    for event in (step.event for step in steps):
        match event.data:
            case PolicyEnacted(version=number):
                proposed[number] = approved[number] = event
            case PolicyProposed(version=number):
                proposed[number] = event
            case PolicyApproved(version=number):
                approved[number] = event
    for version in state.versions:
        yield (
            version.name,
            {
                "policy": state.name,
                "version": version.number,
                "kind": state.kind,
                "effective_date": version.effective_date,
                "source": version.rule_source,
                "rules": stored_rules(version.rules),
                **_known_of("proposed", proposed[version.number]),
                **_known_of("approved", approved.get(version.number)),
            },
        )


def _known_of(what: str, event: RecordedEvent | None) -> dict[str, object]:
    known = (None, None, None) if event is None else (event.position, event.recorded_at, event.actor)
    return dict(zip((f"{what}_position", f"{what}_at", f"{what}_by"), known, strict=True))


def _closed_periods(steps: list[Step]) -> Rows:
    state = steps[-1].state
    if isinstance(state, ClosedPeriod):
        yield (
            state.name,
            {
                "position": state.closed_at.position,
                "closed_at": state.closed_time,
                "closed_by": state.closed_by,
                "start_date": state.start_date,
                "end_date": state.end_date,
                "closed_positions": [one.position for one in state.positions],
                **state.totals.model_dump(),
                "replaces": state.replaces,
            },
        )


def _anomaly_reviews(steps: list[Step]) -> Rows:
    state = steps[-1].state
    if isinstance(state, Anomaly):
        yield (
            state.name,
            {
                "position": state.position,
                "anomaly_kind": state.last.anomaly_kind,
                "subjects": list(state.last.subjects),
                "start_date": state.last.start_date,
                "end_date": state.last.end_date,
                "outcome": state.last.outcome,
                "reason": state.last.reason,
                "evidence_events": state.last.evidence_events,
                "evidence_seconds": state.last.evidence_seconds,
                "reviewed_by": state.reviewed_by,
                "reviewed_at": state.review_time,
            },
        )


def _organizations(steps: list[Step]) -> Rows:
    state = steps[-1].state
    if isinstance(state, Organization):
        yield (
            state.name,
            {
                "display_name_ar": state.display_name.ar,
                "display_name_en": state.display_name.en,
                "state": state.state,
                "accredited_until": state.accredited_until,
                "required_training": {role: list(courses) for role, courses in state.required_training.items()},
            },
        )


def _appointments(steps: list[Step]) -> Rows:
    state = steps[-1].state
    if isinstance(state, Organization):
        for name, appointment in state.appointments.items():
            yield (
                name,
                {
                    "organization": state.name,
                    "member": appointment.member,
                    "role": appointment.role,
                    "from_time": appointment.from_time,
                    "until_time": appointment.until_time,
                },
            )


def _initiatives(steps: list[Step]) -> Rows:
    state = steps[-1].state
    if isinstance(state, Initiative):
        yield (
            state.name,
            {
                "display_name_ar": state.display_name.ar,
                "display_name_en": state.display_name.en,
                "responsible": list(state.responsible),
            },
        )


def _volunteers(steps: list[Step]) -> Rows:
    state, first = steps[-1].state, steps[0].event
    if isinstance(state, Volunteer):
        details = {
            field: {"event_id": sealed.event_id, "sealed": sealed.sealed} for field, sealed in state.details.items()
        }
        consents = {
            consent.name: {
                "until_date": None if consent.until_date is None else consent.until_date.isoformat(),
                "withdrawn": consent.withdrawn,
            }
            for consent in state.consents.values()
        }
        charters = {charter.name: charter.version for charter in state.charters.values()}
        sealed = state.preferences
        preferences = None if sealed is None else {"event_id": sealed.event_id, "sealed": sealed.sealed}
        set_at = [step.event.recorded_at for step in steps if isinstance(step.event.data, VolunteerPreferencesSet)]
        yield (
            state.name,
            {
                "details": details,
                "consents": consents,
                "charters": charters,
                "erased": state.erased,
                "registered_position": first.position,
                "registered_at": first.source_time or first.recorded_at,
                "preferences": preferences,
                "preferences_set_at": None if sealed is None else set_at[-1],
            },
        )


def _opportunities(steps: list[Step]) -> Rows:
    state, first = steps[-1].state, steps[0].event
    if isinstance(state, Opportunity) and isinstance(first.data, OpportunityPublished):
        columns = {"organization": state.organization, "state": state.state}
        yield (
            state.name,
            {
                **columns,
                "details": state.details.model_dump(mode="json"),
                **_imported(first.data.imported_from),
                "source_recorded_at": first.source_time,
                "approval_required": state.approval_required,
                "waiting_places": state.waiting_places,
            },
        )


def _shifts(steps: list[Step]) -> Rows:
    state, first = steps[-1].state, steps[0].event
    if isinstance(state, Shift) and isinstance(first.data, ShiftOpened):
        yield (
            state.name,
            {
                "opportunity": state.opportunity,
                "start_time": state.start,
                "end_time": state.end,
                "time_zone": state.time_zone,
                "service_date": state.service_date,
                "places": state.places,
                "region": state.place.region,
                "online": state.place.online,
                "city": state.place.city,
                "state": state.state,
                "city_key": city_key(state.place.city),
                **local_times(
                    state.time_zone,
                    state.start,
                    state.end,
                    None if state.service_date is None else state.service_date.isoformat(),
                )._asdict(),
                **_imported(first.data.imported_from),
                "source_recorded_at": first.source_time,
                "opened_position": first.position,
                "opened_at": first.recorded_at,
            },
        )


def _registrations(steps: list[Step]) -> Rows:
    state = steps[-1].state
    if isinstance(state, Registration):
        columns = {"shift": state.shift, "volunteer": state.volunteer, "state": state.state}
        yield state.name, {**columns, "waiting_order": state.waiting_order}


def _standings(steps: list[Step]) -> Rows:
    state, last = steps[-1].state, steps[-1].event
    if isinstance(state, RequirementStanding) and isinstance(last.data, StandingTold):
        told = last.data
        yield (
            state.name,
            {
                "requirement": told.requirement,
                "period_start": told.period_start,
                "period_end": told.period_end,
                "level": state.level,
                "counted_seconds": told.counted_seconds,
                "evaluated_at": {str(partition): position for partition, position in state.evaluated_at.items()},
                "cause_partition": told.cause.partition,
                "cause_position": told.cause.position,
                "position": last.position,
                "recorded_at": last.recorded_at,
            },
        )


def _imported(imported_from: ImportedFrom | None) -> dict[str, object]:
    if imported_from is None:
        return {"imported_system": None, "imported_record_id": None}
    return {"imported_system": imported_from.system, "imported_record_id": imported_from.record_id}


class VolunteerLinkCheck:
    """volunteer_links: which names were one person, and from which position to which."""

    def __init__(self, moment: Snapshots, report: Report) -> None:
        self._moment = moment
        self._table = Table(_read(moment), "projection", "volunteer_links", "volunteer", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """A row for each time a person's stream says that they are linked."""
        wanted = [stream for stream in streams if stream.kind == "volunteers"]
        for stream in wanted:
            self._table.uncertain |= stream.broken
        said = {stream.name: self._said(stream) for stream in wanted}
        held = self._table.rows_of_many([name for name, rows in said.items() if rows], "position")
        for stream in wanted:
            for position, expected in said[stream.name].items():
                where = Where(self._table.place, stream.partition, position, stream.name)
                self._table.compare(where, expected, held.get((stream.name, position)))

    def end(self) -> None:
        """No further row."""
        self._table.end(self._moment.store)

    def _said(self, stream: FoldedStream) -> dict[int, dict[str, object]]:
        rows: dict[int, dict[str, object]] = {}
        for step in stream.until(self._moment.prefix(stream.partition)):
            event = step.event
            if isinstance(event.data, VolunteerLinked):
                linked = event.data.linked_volunteer
                rows[event.position] = {"partition": event.partition, "linked": linked, "ended_position": None}
            elif isinstance(event.data, VolunteerLinkEnded) and rows:
                last = rows[max(rows)]
                last["ended_position"] = event.position if last["ended_position"] is None else last["ended_position"]
        return rows


class OpportunityVersionCheck:
    """opportunity_versions: what was known of an opportunity, and since when."""

    def __init__(self, moment: Snapshots, report: Report) -> None:
        self._moment = moment
        self._table = Table(_read(moment), "projection", "opportunity_versions", "opportunity", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """A row for each event that says an opportunity's details."""
        wanted = [stream for stream in streams if stream.kind == "opportunities"]
        held = self._table.rows_of_many([stream.name for stream in wanted], "position")
        for stream in wanted:
            self._table.uncertain |= stream.broken
            for step in stream.until(self._moment.prefix(stream.partition)):
                self._one(stream, step, held)

    def end(self) -> None:
        """No further row."""
        self._table.end(self._moment.store)

    def _one(self, stream: FoldedStream, step: Step, held: dict[tuple[str, int], dict[str, object]]) -> None:
        event = step.event
        if not isinstance(event.data, OpportunityPublished | OpportunityUpdated):
            return
        where = Where(self._table.place, stream.partition, event.position, stream.name)
        expected = {
            "partition": event.partition,
            "recorded_at": event.recorded_at,
            "source_recorded_at": event.source_time,
            "organization": event.data.organization,
            "sector": event.data.details.sector,
            "event_type": event.data.details.event_type,
            "compulsory_service": event.data.details.compulsory_service,
            "level": event.data.details.level,
            "partner_type": event.data.details.partner_type,
            "skills": list(event.data.details.skills),
        }
        self._table.compare(where, expected, held.get((stream.name, event.position)))
