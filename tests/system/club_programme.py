"""An organisation with a spreadsheet of its own on a served ledger. Every person, club and hour is synthetic."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from tests.system.acting import channel_to, issuer_folder
from tests.system.served_ledger import PROJECT, hours_ledger
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.audit_service_pb2 import ReplayEventsRequest
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceStub
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub
from volunteer_hours.v1.resources_pb2 import MEMBER_ROLE_VERIFIER, Opportunity, PersonalDetails, Shift
from volunteer_hours.v1.values_pb2 import LocalizedText, Place

VERIFIER = "staff/verifier"
SYNTHETIC = LocalizedText(en="Synthetic club")
MAPPING = """
kind = "{kind}"
system = "{system}"
time_zone = "Asia/Riyadh"
[columns]
{columns}
[dates]
formats = ["%Y-%m-%d"]
[defaults]
{defaults}
"""


class Club:
    """Has an organisation and a verifier; and offers a shift of four hours on 2026-03-01, from 08:00 in Riyadh."""

    def __init__(self, served, folder: Path, system: str = "", opportunity: str = "", *, offers: bool = True) -> None:
        self.system = system or f"c{uuid.uuid4().hex[:8]}"
        self.served = served
        self.folder = folder
        self.organization = f"organizations/{self.system}"
        self.opportunity = f"opportunities/{opportunity or self.system}"
        self.shift = f"{self.opportunity}/shifts/1"
        self.channel = channel_to(served.grpc)
        self.registry = RegistryServiceStub(self.channel)
        self.participation = ParticipationServiceStub(self.channel)
        self.directory = DirectoryServiceStub(self.channel)
        self.hours = HoursServiceStub(self.channel)
        self.audit = AuditServiceStub(self.channel)
        self._found()
        if offers:
            self._offer()

    def _found(self) -> None:
        self.registry.RegisterOrganization(
            registry.RegisterOrganizationRequest(
                request_id=new_id(), organization_id=self.system, display_name=SYNTHETIC
            ),
            timeout=60,
        )
        accredit = registry.AccreditOrganizationRequest(request_id=new_id(), name=self.organization)
        self.registry.AccreditOrganization(accredit, timeout=60)
        self.appoint(VERIFIER, MEMBER_ROLE_VERIFIER)

    def appoint(self, member: str, role) -> None:
        request = registry.AppointMemberRequest(
            request_id=new_id(), parent=self.organization, member=member, role=role, member_name="Synthetic Member"
        )
        self.told(self.registry.AppointMember(request, timeout=60))

    def _offer(self) -> None:
        publish = registry.PublishOpportunityRequest(
            request_id=new_id(),
            opportunity_id=self.opportunity.removeprefix("opportunities/"),
            opportunity=Opportunity(organization=self.organization, title=SYNTHETIC),
        )
        self.registry.PublishOpportunity(publish, timeout=60)
        self.open_shift("1", "2026-03-01 05:00")

    def open_shift(self, shift_id: str, start: str, hours_long: int = 4) -> str:
        begin = int(datetime.fromisoformat(f"{start}+00:00").timestamp())
        shift = Shift(
            start_time=Timestamp(seconds=begin),
            end_time=Timestamp(seconds=begin + hours_long * 3600),
            time_zone="Asia/Riyadh",
            places=50,
            place=Place(region="SA-01"),
        )
        opening = registry.OpenShiftRequest(
            request_id=new_id(), parent=self.opportunity, shift_id=shift_id, shift=shift
        )
        answer = self.registry.OpenShift(opening, timeout=60)
        self.told(answer)
        return answer.name

    def register(self, *ids: object) -> None:
        """Persons of the club's own system, each with that id in it."""
        for id_ in ids:
            request = registry.RegisterVolunteerRequest(
                request_id=new_id(),
                volunteer_id=f"{self.system}--{id_}",
                details=PersonalDetails(full_name="Synthetic Person"),
            )
            answer = self.registry.RegisterVolunteer(request, timeout=60)
        self.told(answer)

    def told(self, answer) -> None:
        """Wait until the directory has what was just answered."""
        self.seen(answer.positions)

    def seen(self, positions) -> None:
        question = directory.ListOrganizationsRequest(page_size=1, positions=positions)
        self.directory.ListOrganizations(question, timeout=60)

    def written(self, kind: str, rows: Sequence[Mapping[str, object]], **defaults: str) -> tuple[Path, Path]:
        """A file and its mapping; every column has the name of its field."""
        file, mapping = self.folder / f"{kind}.csv", self.folder / f"{kind}.toml"
        fields = list(rows[0]) if rows else ["id", "volunteer", "shift"]
        with file.open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, fields)
            writer.writeheader()
            writer.writerows(rows)
        columns = "\n".join(f'{field} = "{field}"' for field in fields)
        given = "\n".join(f'{field} = "{value}"' for field, value in defaults.items())
        mapping.write_text(
            MAPPING.format(kind=kind, system=self.system, columns=columns, defaults=given), encoding="utf-8"
        )
        return file, mapping

    def import_(self, kind: str, files: tuple[Path, Path], *options: str, code: int = 0, **environment: str):
        """The import's JSON; it ended as it should."""
        file, mapping = files
        return self.imported(kind, file, str(mapping), *options, code=code, **environment)

    def imported(self, kind: str, file: Path, mapping: str, *options: str, code: int = 0, **environment: str):
        """The same by any mapping."""
        command = ["import", kind, str(file), "--mapping", mapping, "--json", *options]
        done = hours_ledger(*command, address=self.served.grpc, **environment)
        assert (done.returncode, done.stdout != "") == (code, True), (done.stdout[-2000:], done.stderr)
        answer = json.loads(done.stdout)
        self.seen([Position(**one) for one in answer["positions"]])
        return answer

    def process(self, kind: str, files: tuple[Path, Path]) -> subprocess.Popen[bytes]:
        """The import as a process of its own, which tells a line as soon as its row is settled."""
        variables = {"LEDGER_LOCAL_ISSUER": str(issuer_folder()), "LEDGER_GRPC_ADDRESS": self.served.grpc}
        variables["PYTHONUNBUFFERED"] = "1"
        command = [sys.executable, "-m", "ledger", "import", kind, str(files[0]), "--mapping", str(files[1])]
        return subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **variables}, stdout=subprocess.PIPE)

    def events(self) -> list[bytes]:
        """All events of all partitions; asked again where the service is busy with what was just killed."""
        for _ in range(20):
            with suppress(grpc.RpcError):
                return self._replayed()
            time.sleep(0.5)
        return self._replayed()

    def _replayed(self) -> list[bytes]:
        return [
            event
            for partition in range(self.served.partitions)
            for page in self.audit.ReplayEvents(ReplayEventsRequest(partition=partition, page_size=1000), timeout=60)
            for event in page.events
        ]

    def recorded(self) -> int:
        """How many events are stored."""
        return len(self.events())

    def seconds(self) -> dict[str, int]:
        """The organisation's hours by class."""
        question = hours.SummarizeHoursRequest(
            organization=self.organization, group_by=hours.SUMMARY_DIMENSION_OPPORTUNITY
        )
        total = self.hours.SummarizeHours(question, timeout=60).total
        return {
            name: getattr(total, f"{name}_seconds")
            for name in ("attended", "verified", "withheld", "reversed")
            if getattr(total, f"{name}_seconds")
        }

    def person(self, id_: object):
        name = f"volunteers/{self.system}--{id_}"
        return self.directory.GetVolunteer(directory.GetVolunteerRequest(name=name), timeout=60).details

    def attendance(self, id_: object, person: object):
        name = f"volunteers/{self.system}--{person}/attendances/{self.system}--{id_}"
        return self.directory.GetAttendance(directory.GetAttendanceRequest(name=name), timeout=60)


def new_id() -> str:
    return str(uuid.uuid4())


def counts(answer) -> dict[str, int]:
    return {what: count for what, count in answer["counts"].items() if count}


def problems(answer) -> list[str]:
    return [f"line {row['line']} {one['column']}: {one['what']}" for row in answer["rows"] for one in row["problems"]]


def notes(answer) -> list[str]:
    return [f"line {row['line']} {row['action']}: {note}" for row in answer["rows"] for note in row["notes"]]


def rows_of(ids: Iterable[int], **fields: object) -> list[dict[str, object]]:
    """Attendances of persons 1 to 5, half an hour each, of one person one after the other."""
    return [
        {"id": id_, "volunteer": id_ % 5 + 1, "date": _date(id_), "start_time": _clock(id_), "duration": "0:30"}
        | fields
        for id_ in ids
    ]


def _date(id_: int) -> str:
    return f"2026-03-{1 + id_ // 240:02}"


def _clock(id_: int) -> str:
    minutes = 30 * (id_ % 240 // 5)
    return f"{minutes // 60:02}:{minutes % 60:02}"
