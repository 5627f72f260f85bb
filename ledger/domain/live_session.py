"""A live session: opened with a declared rule, attended by thousands, ended; its peak certified and confirmed.

The aggregate holds two numbers, however many attend: who was there is folded by `live_presence` where it matters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ledger.domain import eligibility, opportunity, prerequisites, registration, shift
from ledger.domain.event import NewEvent, RecordedEvent
from ledger.domain.live_session_events import (
    CurvePoint,
    Ended,
    ExternalCurveAttached,
    Joined,
    LivePresencesRecorded,
    LiveRule,
    LiveSessionEnded,
    LiveSessionOpened,
    LiveSignsRecorded,
    PeakCertified,
    PeakConfirmed,
    Signs,
)
from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.refusals import InvariantBroken, Reason, Refusal, refuse
from ledger.domain.shift import Shift
from ledger.domain.streams import opportunity_of, shift_of
from ledger.domain.values import whole_seconds
from ledger.domain.volunteer import refuse_unknown
from ledger.domain.world import Reads, World, need_states


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A live session as its events leave it."""

    name: str
    organization: str
    rule: LiveRule
    opened_at: datetime
    connections: int = 0
    """How many joined: the next one has the next number."""
    state: Literal["open", "ended"] = "open"
    ended_at: datetime | None = None
    certified: PeakCertified | None = None
    certified_at: datetime | None = None
    confirmed: tuple[tuple[PeakConfirmed, datetime], ...] = ()


def evolve(state: object | None, recorded: RecordedEvent) -> LiveSession:
    """The session after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, LiveSessionOpened() as opened:
            return LiveSession(recorded.stream, opened.organization, opened.rule, opened.at)
        case LiveSession(state="open"), LivePresencesRecorded() as told if told.first_number == state.connections + 1:
            return replace(state, connections=state.connections + len(told.joined))
        case LiveSession(state="open"), LiveSignsRecorded():
            return state
        case LiveSession(state="open"), LiveSessionEnded(at=at):
            return replace(state, state="ended", ended_at=at)
        case LiveSession(), ExternalCurveAttached():
            return state
        case LiveSession(state="ended", certified=None), PeakCertified() as certified:
            return replace(state, certified=certified, certified_at=recorded.recorded_at)
        case LiveSession(), PeakConfirmed() as confirmed if state.certified is not None:
            return replace(state, confirmed=(*state.confirmed, (confirmed, recorded.recorded_at)))
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def existing(world: World, name: str) -> LiveSession:
    """The session called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, LiveSession):
        raise InvariantBroken(f"{name} is no live session: {type(state).__name__}")
    return state


def _open(world: World, name: str) -> LiveSession:
    known = existing(world, name)
    if known.state == "ended":
        refuse(Reason.LIVE_SESSION_ENDED, session=name)
    return known


class _OnSession:
    """What commands about one session read."""

    __slots__ = ()
    session: str

    @property
    def stream(self) -> str:
        return self.session

    @property
    def shift(self) -> str:
        return shift_of(self.session)

    @property
    def opportunity(self) -> str:
        return opportunity_of(self.session)

    def reads(self) -> Reads:
        return Reads(streams=(self.session,))


@dataclass(frozen=True)
class OpenLiveSession(_OnSession):
    """Declare the rule, and let people attend.

    Refuses ALREADY_EXISTS, NOT_FOUND, OPPORTUNITY_CLOSED, SHIFT_CANCELLED.
    """

    session: str
    rule: LiveRule

    def reads(self) -> Reads:
        return Reads(streams=(self.session, self.shift, self.opportunity))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.session) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.session)
        offered = opportunity.existing(world, self.opportunity)
        registration.refuse_closed(offered, shift.existing(world, self.shift))
        opened = LiveSessionOpened(
            session=self.session,
            shift=self.shift,
            opportunity=self.opportunity,
            organization=offered.organization,
            rule=self.rule,
            at=whole_seconds(world.now),
        )
        return [NewEvent(self.session, opened)]


@dataclass(frozen=True)
class RecordPresences(_OnSession):
    """Devices that joined and connections that ended. Who may not attend is left out; their neighbours stand.

    Refuses NOT_FOUND, LIVE_SESSION_ENDED; of a command that leaves out everybody, the first one's reason: NOT_FOUND,
    VOLUNTEER_ERASED, NOT_REGISTERED, ELIGIBILITY_NOT_ESTABLISHED, GUARDIAN_CONSENT_MISSING, TRAINING_MISSING.
    """

    session: str
    base: datetime
    joined: tuple[Joined, ...] = ()
    ended: tuple[Ended, ...] = ()

    def reads(self) -> Reads:
        persons = tuple({one.volunteer for one in self.joined})
        return Reads(streams=(self.session,), exists=persons)

    def decide(self, world: World) -> list[NewEvent]:
        known = _open(world, self.session)
        refused = self._refused(world, known)
        joined = tuple(one for one in self.joined if one.volunteer not in refused)
        if not joined and not self.ended and refused:
            raise refused[self.joined[0].volunteer]
        if any(gone.number > known.connections for gone in self.ended):
            raise InvariantBroken(f"{self.session}: a connection ended that never joined")
        recorded = LivePresencesRecorded(
            session=self.session,
            shift=self.shift,
            opportunity=self.opportunity,
            base=self.base,
            first_number=known.connections + 1,
            joined=joined,
            ended=self.ended,
        )
        return [NewEvent(self.session, recorded)]

    def _refused(self, world: World, known: LiveSession) -> dict[str, Refusal]:
        """Who may not attend, and why. Raises NotLoaded, once for all that is missing."""
        persons = sorted({one.volunteer for one in self.joined})
        wanted: Shift | None = None
        if persons and known.rule.registration_required:
            names = [registration.registration_name(self.shift, volunteer) for volunteer in persons]
            need_states(world, [self.shift, self.opportunity, STANDARD_POLICY_STREAM, *names])
            wanted = shift.existing(world, self.shift)
            offered = opportunity.existing(world, self.opportunity)
            need_states(world, (name for one in persons for name in prerequisites.completions_asked(offered, one)))
        refused: dict[str, Refusal] = {}
        for volunteer in persons:
            try:
                refuse_unknown(world, volunteer)
                if wanted is not None:
                    _refuse_unregistered(world, wanted, volunteer)
            except Refusal as refusal:
                refused[volunteer] = refusal
        return refused


def _refuse_unregistered(world: World, wanted: Shift, volunteer: str) -> None:
    place = registration.found(world, registration.registration_name(wanted.name, volunteer))
    if place is None or place.state != "accepted":
        refuse(Reason.NOT_REGISTERED, volunteer=volunteer, shift=wanted.name)
    eligibility.refuse_ineligible(world, place, wanted)
    offered = opportunity.existing(world, wanted.opportunity)
    prerequisites.refuse_untrained(world, offered, volunteer, shift.day_of_service(wanted))


@dataclass(frozen=True)
class RecordSigns(_OnSession):
    """Which connections were heard of. Refuses NOT_FOUND, LIVE_SESSION_ENDED."""

    session: str
    base: datetime
    through_seconds: int
    signs: tuple[Signs, ...]

    def decide(self, world: World) -> list[NewEvent]:
        _open(world, self.session)
        recorded = LiveSignsRecorded(
            session=self.session,
            shift=self.shift,
            opportunity=self.opportunity,
            base=self.base,
            through_seconds=self.through_seconds,
            signs=self.signs,
        )
        return [NewEvent(self.session, recorded)]


@dataclass(frozen=True)
class EndLiveSession(_OnSession):
    """Nobody attends any more. Refuses NOT_FOUND, LIVE_SESSION_ENDED."""

    session: str

    def decide(self, world: World) -> list[NewEvent]:
        _open(world, self.session)
        ended = LiveSessionEnded(
            session=self.session, shift=self.shift, opportunity=self.opportunity, at=whole_seconds(world.now)
        )
        return [NewEvent(self.session, ended)]


@dataclass(frozen=True)
class AttachExternalCurve(_OnSession):
    """Keep what an outside platform exported, as evidence. Refuses NOT_FOUND, TIMES_REVERSED."""

    session: str
    platform: str
    file_sha256: str
    points: tuple[tuple[datetime, int], ...]

    def decide(self, world: World) -> list[NewEvent]:
        existing(world, self.session)
        _refuse_disorder([moment for moment, _ in self.points])
        base = whole_seconds(self.points[0][0])
        attached = ExternalCurveAttached(
            session=self.session,
            shift=self.shift,
            opportunity=self.opportunity,
            evidence_class="external",
            platform=self.platform,
            file_sha256=self.file_sha256,
            base=base,
            points=tuple(
                CurvePoint(seconds=int((moment - base).total_seconds()), participants=count)
                for moment, count in self.points
            ),
        )
        return [NewEvent(self.session, attached)]


def _refuse_disorder(moments: Iterable[datetime]) -> None:
    earlier: datetime | None = None
    for moment in moments:
        if earlier is not None and moment <= earlier:
            refuse(Reason.TIMES_REVERSED, start=earlier.isoformat(), end=moment.isoformat())
        earlier = moment


@dataclass(frozen=True)
class CertifyPeak(_OnSession):
    """Record what was signed. Refuses NOT_FOUND, LIVE_SESSION_OPEN, PEAK_ALREADY_CERTIFIED."""

    session: str
    certified: PeakCertified

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.session)
        if known.state == "open":
            refuse(Reason.LIVE_SESSION_OPEN, session=self.session)
        if known.certified is not None:
            refuse(Reason.PEAK_ALREADY_CERTIFIED, session=self.session)
        return [NewEvent(self.session, self.certified)]


@dataclass(frozen=True)
class ConfirmPeak(_OnSession):
    """Record an adjudicator's countersignature, which the caller has checked.

    Refuses NOT_FOUND, PEAK_NOT_CERTIFIED, NOTHING_CHANGES.
    """

    session: str
    certificate_sha256: str
    verifier_key: str
    signature: str

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.session)
        if known.certified is None:
            refuse(Reason.PEAK_NOT_CERTIFIED, session=self.session)
        if any(confirmed.verifier_key == self.verifier_key for confirmed, _ in known.confirmed):
            refuse(Reason.NOTHING_CHANGES, name=self.session)
        confirmed = PeakConfirmed(
            session=self.session,
            shift=self.shift,
            opportunity=self.opportunity,
            certificate_sha256=self.certificate_sha256,
            verifier_key=self.verifier_key,
            signature=self.signature,
        )
        return [NewEvent(self.session, confirmed)]
