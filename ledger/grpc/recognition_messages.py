"""Programmes and nominations, from messages to the domain's values and back."""

from __future__ import annotations

from ledger.batch import CommandResult
from ledger.domain.nomination import Nomination
from ledger.domain.recognition import Recognition, RecognitionLevel, RecognitionVersion
from ledger.domain.values import LocalizedText
from ledger.grpc.commands import state_after
from ledger.grpc.values import localized, positions_of
from volunteer_hours.v1 import recognition_service_pb2 as pb
from volunteer_hours.v1 import values_pb2


def level_asked(level: pb.RecognitionLevel) -> RecognitionLevel:
    """A level as it was proposed: what is left out is no threshold."""
    return RecognitionLevel(
        level=level.level,
        display_name=localized(level.display_name),
        verified_seconds_min=level.verified_seconds_min if level.HasField("verified_seconds_min") else None,
        months_min=level.months_min if level.HasField("months_min") else None,
        skills_used_min=level.skills_used_min if level.HasField("skills_used_min") else None,
        organizations_min=level.organizations_min if level.HasField("organizations_min") else None,
        by_nomination=level.by_nomination,
        honoured="team" if level.honours_teams else None,
        persons_min=level.persons_min if level.HasField("persons_min") else None,
    )


def recognition_message(result: CommandResult) -> pb.Recognition:
    """A programme right after a command."""
    state = state_after(result, Recognition)
    return pb.Recognition(name=state.name, versions=map(_version, state.versions), positions=positions_of(result))


def nomination_message(result: CommandResult) -> pb.Nomination:
    """A nomination right after a command."""
    state = state_after(result, Nomination)
    return pb.Nomination(
        name=state.name,
        recognition_version=state.recognition_version,
        level=state.level,
        organization=state.organization,
        nominated_by=state.nominated_by,
        state=pb.NominationState.Value(f"NOMINATION_STATE_{state.state.upper()}"),
        decided_by=state.decided_by,
        reason=state.reason or "",
        positions=positions_of(result),
    )


def _version(version: RecognitionVersion) -> pb.RecognitionVersion:
    return pb.RecognitionVersion(
        name=version.name,
        version=version.number,
        effective_date=version.effective_date.isoformat(),
        source=version.rule_source,
        display_name=_text(version.display_name),
        levels=map(_level, version.levels),
        proposed_by=version.proposed_by,
        approved_by=version.approved_by or "",
    )


def _level(level: RecognitionLevel) -> pb.RecognitionLevel:
    return pb.RecognitionLevel(
        level=level.level,
        display_name=_text(level.display_name),
        verified_seconds_min=level.verified_seconds_min,
        months_min=level.months_min,
        skills_used_min=level.skills_used_min,
        organizations_min=level.organizations_min,
        by_nomination=level.by_nomination,
        honours_teams=level.honoured == "team",
        persons_min=level.persons_min,
    )


def _text(text: LocalizedText) -> values_pb2.LocalizedText:
    return values_pb2.LocalizedText(ar=text.ar or "", en=text.en or "")
