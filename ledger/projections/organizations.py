"""Which organisations are there, in which state, and who acts for them?"""

from __future__ import annotations

from typing import Final

import msgspec

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import (
    AppointmentEnded,
    MemberAppointed,
    OrganizationAccredited,
    OrganizationRegistered,
    OrganizationReinstated,
    OrganizationSuspended,
    RoleTrainingRequired,
)
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch

_REGISTERED: Final = """
    insert into organizations (organization, partition, display_name_ar, display_name_en, state)
    values (%s, %s, %s, %s, 'registered')
"""
_ACCREDITED: Final = "update organizations set state = 'accredited', accredited_until = %s where organization = %s"
_STATE: Final = "update organizations set state = %s where organization = %s"
_APPOINTED: Final = """
    insert into appointments (appointment, organization, partition, member, role, from_time, until_time)
    values (%s, %s, %s, %s, %s, %s, %s)
    on conflict (appointment) do update set
        member = excluded.member, role = excluded.role, from_time = excluded.from_time, until_time = excluded.until_time
"""
_ENDED: Final = "update appointments set until_time = %s where appointment = %s"
_TRAINING: Final = """
    update organizations set required_training = (required_training - %s::text) || %s::jsonb where organization = %s
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring organisations and appointments up to date, event by event: there are few."""
    for _, data in batch.directory:
        match data:
            case OrganizationRegistered(organization=name, display_name=shown):
                connection.execute(_REGISTERED, [name, batch.partition, shown.ar, shown.en])
            case OrganizationAccredited(organization=name, accredited_until=until):
                change_one(connection, _ACCREDITED, [until, name])
            case OrganizationSuspended(organization=name):
                change_one(connection, _STATE, ["suspended", name])
            case OrganizationReinstated(organization=name, state=state):
                change_one(connection, _STATE, [state, name])
            case MemberAppointed(appointment=name) as appointed:
                connection.execute(
                    _APPOINTED,
                    [
                        name,
                        appointed.organization,
                        batch.partition,
                        appointed.member,
                        appointed.role,
                        appointed.from_time,
                        appointed.until_time,
                    ],
                )
            case RoleTrainingRequired(organization=name, role=role, required_courses=courses):
                asked = msgspec.json.encode({role: courses} if courses else {}).decode()
                change_one(connection, _TRAINING, [role, asked, name])
            case AppointmentEnded(appointment=name, until_time=until_time):
                change_one(connection, _ENDED, [until_time, name])
            case _:
                pass  # another projection's
