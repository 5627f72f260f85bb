"""A partner's CSV file, imported into a served ledger: dry run, again, changed, closed, cut off. All synthetic."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests.feeds.synthetic_feed import MAPPING, synthetic_rows, write_feed
from tests.system.acting import channel_to, issuer_folder, token_for
from tests.system.served_ledger import PROJECT, answered, hours_ledger, served_in_a_folder
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.audit_service_pb2 import ReplayEventsRequest
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceStub
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub
from volunteer_hours.v1.resources_pb2 import MEMBER_ROLE_COORDINATOR, OPPORTUNITY_STATE_CLOSED, SHIFT_STATE_OPEN
from volunteer_hours.v1.values_pb2 import LocalizedText

EXAMPLE = PROJECT / "examples" / "opportunity-feed"


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def served(request):
    with served_in_a_folder(request.param) as ledger:
        yield ledger


class Partner:
    """An organisation with a feed of its own on a served ledger."""

    def __init__(self, served, folder: Path, mapping: str = MAPPING) -> None:
        self.feed = f"p{uuid.uuid4().hex[:8]}"
        self.served = served
        self.mapping = folder / "feed.toml"
        self.mapping.write_text(mapping.replace('feed = "synthetic"', f'feed = "{self.feed}"'), "utf-8")
        self.file = folder / "feed.csv"
        self.organization = f"organizations/{self.feed}"
        self.channel = channel_to(served.grpc)
        self.registry = RegistryServiceStub(self.channel)
        self.directory = DirectoryServiceStub(self.channel)
        self.audit = AuditServiceStub(self.channel)
        request = registry.RegisterOrganizationRequest(
            request_id=str(uuid.uuid4()), organization_id=self.feed, display_name=LocalizedText(en="Synthetic partner")
        )
        self.told(self.registry.RegisterOrganization(request, timeout=60))

    def command(self) -> list[str]:
        return ["import", "opportunities", str(self.file), "--mapping", str(self.mapping), "--organization"]

    def run(self, *options: str, code: int = 0, organization: str = "", **environment: str):
        """The import's JSON; it ended as it should."""
        organization = organization or self.organization
        done = hours_ledger(*self.command(), organization, "--json", *options, address=self.served.grpc, **environment)
        assert (done.returncode, done.stdout != "") == (code, True), (done.stdout[-2000:], done.stderr)
        return json.loads(done.stdout)

    def process(self) -> subprocess.Popen[bytes]:
        """The import as a process of its own."""
        variables = {"LEDGER_LOCAL_ISSUER": str(issuer_folder()), "LEDGER_GRPC_ADDRESS": self.served.grpc}
        command = [sys.executable, "-m", "ledger", *self.command(), self.organization]
        return subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)

    def told(self, answer) -> None:
        """Wait until the directory has what was just answered."""
        seen = directory.GetOrganizationRequest(name=self.organization, positions=answer.positions)
        self.directory.GetOrganization(seen, timeout=60)

    def register_somebody(self, shift: str) -> None:
        volunteer = registry.RegisterVolunteerRequest(request_id=str(uuid.uuid4()), volunteer_id=f"v-{self.feed}")
        volunteer.details.full_name = "Synthetic Person"
        self.registry.RegisterVolunteer(volunteer, timeout=60)
        register = participation.RegisterForShiftRequest(
            request_id=str(uuid.uuid4()), shift=shift, volunteer=f"volunteers/v-{self.feed}"
        )
        self.told(ParticipationServiceStub(self.channel).RegisterForShift(register, timeout=60))

    def opportunity(self, row: dict[str, str]):
        name = f"opportunities/{self.feed}--{row['opportunity_id']}"
        return self.directory.GetOpportunity(directory.GetOpportunityRequest(name=name), timeout=60)

    def shifts(self, row: dict[str, str]):
        parent = f"opportunities/{self.feed}--{row['opportunity_id']}"
        return self.directory.ListShifts(directory.ListShiftsRequest(parent=parent), timeout=60).shifts

    def subjects(self) -> list[str]:
        """The streams of all events of all partitions."""
        pages = [
            page
            for partition in range(self.served.partitions)
            for page in self.audit.ReplayEvents(ReplayEventsRequest(partition=partition, page_size=1000), timeout=60)
        ]
        return [str(json.loads(event)["subject"]) for page in pages for event in page.events]

    def streams(self) -> Counter[str]:
        """How many events each opportunity and shift of this feed has."""
        return Counter(one for one in self.subjects() if one.startswith(f"opportunities/{self.feed}--"))

    def recorded(self) -> int:
        return len(self.subjects())


@pytest.fixture
def partner(served, tmp_path):
    partner = Partner(served, tmp_path)
    yield partner
    partner.channel.close()


def counts(answer) -> dict[str, int]:
    return {what: count for what, count in answer["counts"].items() if count}


def problems(answer) -> list[str]:
    return [f"line {row['line']} {one['column']}: {one['what']}" for row in answer["rows"] for one in row["problems"]]


def test_the_example_is_imported_as_the_page_says(served, tmp_path):
    partner = Partner(served, tmp_path)
    mapping = (EXAMPLE / "harbour.toml").read_text("utf-8").replace('feed = "harbour"', f'feed = "{partner.feed}"')
    partner.mapping.write_text(mapping, "utf-8")
    partner.file = EXAMPLE / "harbour.csv"
    before = partner.recorded()
    assert counts(partner.run("--dry-run")) == {"create": 7, "unchanged": 1}
    assert partner.recorded() == before
    assert counts(partner.run()) == {"create": 7, "unchanged": 1}
    assert partner.recorded() == before + 7 + 6
    shore = partner.opportunity({"opportunity_id": "1001"})
    assert shore.description.en == "Synthetic.\nBring gloves & water.\n\nWe meet at the pier."
    assert (shore.sector, shore.event_type, shore.imported_from.record_id) == ("environment", "onetime", "1001")
    [shift] = partner.shifts({"opportunity_id": "1001"})
    assert (shift.start_time.ToJsonString(), shift.places, shift.place.region) == ("2011-07-30T13:00:00Z", 50, "US-NY")
    assert partner.opportunity({"opportunity_id": "1004"}).title.en == "=Tutors for the summer"
    assert counts(partner.run()) == {"unchanged": 8}
    assert partner.recorded() == before + 13


def test_the_lines_of_the_page_run_as_they_are_printed(served, monkeypatch):
    page = (PROJECT / "docs" / "opportunity-feed.md").read_text("utf-8")
    lines = [shlex.split(line) for line in re.findall(r"^\$ (.+)$", page, re.MULTILINE)]
    monkeypatch.chdir(PROJECT / lines[0][1])
    with channel_to(served.grpc) as channel:
        request = registry.RegisterOrganizationRequest(
            request_id=str(uuid.uuid4()), organization_id="harbour", display_name=LocalizedText(en="Synthetic harbour")
        )
        answer = RegistryServiceStub(channel).RegisterOrganization(request, timeout=60)
        seen = directory.GetOrganizationRequest(name=answer.name, positions=answer.positions)
        DirectoryServiceStub(channel).GetOrganization(seen, timeout=60)
    guess, dry, real = (hours_ledger(*line[1 : line.index(">") if ">" in line else None], address=served.grpc)
                        for line in lines[1:])  # fmt: skip
    assert 'title.en = "title"' in guess.stdout
    assert dry.stdout.splitlines()[-1] == _counted(7, "; nothing was sent"), dry
    assert real.stdout.splitlines()[-1] == _counted(7), real


def _counted(created: int, ending: str = "") -> str:
    return f"{created} create, 0 update, 0 close, 1 unchanged, 0 refused, 0 missing{ending}"


def test_hundreds_of_rows_again_changed_closed_and_gone(partner):
    rows = list(synthetic_rows(150))
    write_feed(partner.file, rows, "cp1252")
    assert counts(partner.run()) == {"create": 150}
    recorded = partner.recorded()
    assert counts(partner.run()) == {"unchanged": 150}
    assert partner.recorded() == recorded

    rows[0]["title"] = "Synthetic: another title"
    rows[1]["vol_requests"] = "44"
    rows[2]["start_date_date"] = rows[2]["end_date_date"] = "May 5, 2012"
    rows[3]["status"] = "expired"
    gone = rows.pop(4)
    write_feed(partner.file, rows)
    dry = partner.run("--dry-run")
    assert counts(dry) == {"update": 3, "close": 1, "unchanged": 145, "missing": 1}
    assert [row["changes"] for row in dry["rows"][:3]] == [
        ["title"], ["1 shift changed"], ["1 shift opened", "1 shift cancelled"],
    ]  # fmt: skip
    assert partner.recorded() == recorded
    assert counts(partner.run("--close-missing")) == {"update": 3, "close": 2, "unchanged": 145}
    assert partner.recorded() == recorded + 1 + 1 + 2 + 1 + 1
    assert counts(partner.run("--close-missing")) == {"unchanged": 149}
    assert partner.opportunity(rows[0]).title.en == "Synthetic: another title"
    assert [shift.places for shift in partner.shifts(rows[1])] == [44]
    assert [one.service_date for one in partner.shifts(rows[2]) if one.state == SHIFT_STATE_OPEN] == ["2012-05-05"]
    assert partner.opportunity(gone).state == OPPORTUNITY_STATE_CLOSED


def test_a_change_that_is_taken_back_and_made_again_is_recorded_each_time(partner):
    rows = list(synthetic_rows(1))
    for title, action in (("A", "create"), ("B", "update"), ("A", "update"), ("B", "update"), ("B", "unchanged")):
        rows[0]["title"] = title
        write_feed(partner.file, rows)
        assert counts(partner.run()) == {action: 1}
        assert partner.opportunity(rows[0]).title.en == title


def test_one_wrong_row_and_nothing_is_sent_unless_that_is_asked(partner):
    rows = list(synthetic_rows(20))
    rows[5]["start_date_date"] = "30.07.2011"
    rows[6]["category_desc"] = "Space travel"
    rows[7]["opportunity_id"] = rows[0]["opportunity_id"]
    write_feed(partner.file, rows)
    before = partner.recorded()
    refused = partner.run(code=1)
    assert partner.recorded() == before
    assert not refused["sent"]
    assert counts(refused)["refused"] == 3
    told = problems(refused)
    assert [line.split(":")[0] for line in told] == [
        f"line {_line_of(partner.file, 5)} start_date_date", f"line {_line_of(partner.file, 6)} category_desc",
        f"line {_line_of(partner.file, 7)} opportunity_id",
    ]  # fmt: skip
    assert "30.07.2011" in told[0]
    assert "Space travel" in told[1]
    assert "in line 2 already" in told[2]
    assert counts(partner.run("--continue-on-error", code=1)) == {"create": 17, "refused": 3}
    rows[5]["start_date_date"], rows[6]["category_desc"] = rows[5]["end_date_date"], "Health"
    rows[7]["opportunity_id"] = "x7"
    write_feed(partner.file, rows)
    assert counts(partner.run()) == {"create": 3, "unchanged": 17}


def _line_of(file: Path, row: int) -> int:
    """Where a row begins, counted without our reader: the id begins the line."""
    starts = [n for n, line in enumerate(file.read_text("utf-8-sig").splitlines(), 1) if line.startswith("50")]
    return starts[row]


def test_a_file_that_cannot_be_read_on_sends_nothing_and_closes_nothing(partner):
    rows = list(synthetic_rows(6))
    write_feed(partner.file, rows)
    partner.run()
    whole = partner.file.read_bytes()
    partner.file.write_bytes(whole + b'9001,"never closed\n')
    before = partner.recorded()
    assert "quotation mark" in problems(partner.run("--close-missing", code=1))[0]
    write_feed(partner.file, rows[:2])
    cut_off = partner.run("--close-missing", code=1)
    assert counts(cut_off) == {"unchanged": 2, "missing": 4}
    assert "4 of 6 would go" in cut_off["not_closed"]
    write_feed(partner.file, [])
    assert "no row" in partner.run("--close-missing", "--close-many", code=1)["not_closed"]
    assert partner.recorded() == before
    write_feed(partner.file, rows[:2])
    assert counts(partner.run("--close-missing", "--close-many")) == {"unchanged": 2, "close": 4}


def test_who_is_registered_keeps_the_place_at_another_time_and_is_not_moved_to_another_place(served, tmp_path):
    with_times = MAPPING.replace("places = 10", 'places = 10\nstart_time = "09:00"\nend_time = "13:00"')
    partner = Partner(served, tmp_path, with_times)
    [row] = synthetic_rows(1)
    row |= {"start_date_date": "July 30, 2031", "end_date_date": "July 30, 2031", "vol_requests": "2"}
    write_feed(partner.file, [row])
    partner.run()
    partner.register_somebody(partner.shifts(row)[0].name)
    row |= {"start_date_date": "July 31, 2031", "end_date_date": "July 31, 2031"}
    write_feed(partner.file, [row])
    assert counts(partner.run()) == {"update": 1}
    [shift] = partner.shifts(row)
    assert (shift.start_time.ToJsonString(), shift.places_taken) == ("2031-07-31T13:00:00Z", 1)
    row["locality"] = "Another city"
    write_feed(partner.file, [row])
    assert "1 registered" in problems(partner.run(code=1))[0]
    assert len(partner.shifts(row)) == 1


def test_a_coordinator_imports_for_their_own_organisation_alone(partner):
    coordinator, client = f"staff/c-{partner.feed}", f"app-{partner.feed}"
    register = ("client", "register", client, "--system-name", "synthetic", "--role", "coordinator")
    answered(hours_ledger(*register, "--json", address=partner.served.grpc))
    appoint = registry.AppointMemberRequest(
        request_id=str(uuid.uuid4()),
        parent=partner.organization,
        member=coordinator,
        role=MEMBER_ROLE_COORDINATOR,
        member_name="Synthetic Coordinator",
    )
    partner.told(partner.registry.AppointMember(appoint, timeout=60))
    other = registry.RegisterOrganizationRequest(
        request_id=str(uuid.uuid4()), organization_id=f"o-{partner.feed}", display_name=LocalizedText(en="Other")
    )
    partner.told(partner.registry.RegisterOrganization(other, timeout=60))
    write_feed(partner.file, synthetic_rows(3))
    as_coordinator = {"LEDGER_TOKEN": token_for(coordinator, client, roles=())}
    _wait_until_let_in(partner, as_coordinator)
    before = partner.recorded()
    refused = partner.run(code=1, organization=f"organizations/o-{partner.feed}", **as_coordinator)
    assert counts(refused) == {"refused": 3}
    assert partner.recorded() == before
    assert counts(partner.run(**as_coordinator)) == {"create": 3}


def _wait_until_let_in(partner: Partner, token: dict[str, str]) -> None:
    """New clients and appointments are looked for every second."""
    deadline = time.monotonic() + 30
    command = [*partner.command(), partner.organization, "--dry-run"]
    while hours_ledger(*command, address=partner.served.grpc, **token).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_killed_midway_and_run_again_ends_as_if_it_had_run_once(partner):
    count = 300
    write_feed(partner.file, synthetic_rows(count))
    before = partner.recorded()
    with partner.process() as importing:
        deadline = time.monotonic() + 60
        while partner.recorded() < before + 50:
            assert time.monotonic() < deadline
            assert importing.poll() is None
        importing.kill()
    assert importing.returncode == -signal.SIGKILL
    written = partner.recorded() - before
    assert 50 <= written < 2 * count, written
    partner.run()
    streams = partner.streams()
    assert len(streams) == 2 * count
    assert set(streams.values()) == {1}
    assert counts(partner.run()) == {"unchanged": count}


def test_two_people_who_import_one_file_at_once_record_it_once(partner):
    write_feed(partner.file, synthetic_rows(150))
    with partner.process() as first, partner.process() as second:
        assert (first.wait(120), second.wait(120)) == (0, 0)
    assert len(partner.streams()) == 2 * 150
    assert set(partner.streams().values()) == {1}


def test_what_people_see(partner):
    rows = list(synthetic_rows(3))
    write_feed(partner.file, rows)
    done = hours_ledger(*partner.command(), partner.organization, "--dry-run", address=partner.served.grpc)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"line 2      create     opportunities/{partner.feed}--5001: 1 shift opened")
    assert lines[-1].startswith("3 create, 0 update")
    assert lines[-1].endswith("nothing was sent")
    rows[1]["vol_requests"] = "many"
    write_feed(partner.file, rows)
    done = hours_ledger(*partner.command(), partner.organization, address=partner.served.grpc)
    assert done.returncode == 1
    assert "1 refused; nothing was sent" in done.stderr
    assert 'vol_requests: "many": write a whole number from 0 to 1,000,000' in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "give --mapping and --organization"),
        (("--mapping", "missing.toml", "--organization", "organizations/x"), 2, "cannot be read"),
        (("--mapping", str(EXAMPLE / "harbour.csv"), "--organization", "organizations/x"), 2, "no TOML"),
        (("--mapping", str(EXAMPLE / "harbour.toml"), "--organization", "organizations/nobody"), 1, "NOT_FOUND"),
    ],
)
def test_wrong_use_is_told(served, arguments, code, told):
    done = hours_ledger("import", "opportunities", EXAMPLE / "harbour.csv", *arguments, address=served.grpc)
    assert done.returncode == code, done
    assert told in " ".join(done.stderr.replace("│", " ").split()), done.stderr


def test_a_feed_that_is_not_there_and_one_that_has_other_columns(served, partner, tmp_path):
    done = hours_ledger("import", "opportunities", tmp_path / "none.csv", "--guess")
    assert done.returncode == 1
    assert "none.csv cannot be read" in done.stderr.replace("\n", "")
    partner.file.write_text("id,name\n1,x\n", "utf-8")
    done = hours_ledger(*partner.command(), partner.organization, address=served.grpc)
    assert done.returncode == 2
    assert "the file has no column 'opportunity_id'" in " ".join(done.stderr.replace("│", " ").split())
